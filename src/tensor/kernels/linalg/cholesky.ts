/**
 * The Cholesky factor, [...batch, n, n] to [...batch, n, n], A = LLᵀ with L lower-triangular, and its gradient.
 *
 * Both read (A + Aᵀ)/2, so the gradient is symmetric and is the gradient in every element of A. The backward pass is
 * the factorization run in reverse (Murray, "Differentiation of the Cholesky decomposition", arXiv:1602.07527,
 * section 4, the unblocked algorithm). It factorizes A again, for a third of its time: from the factor rounded to
 * float32, A⁻¹ of a squared-exponential kernel with condition number 10⁷ is off by 3e-5 instead of 1e-7.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { LoopKernel } from "../loop.ts"
import { call, savedOutput } from "./batches.ts"
import { factorize } from "./factorize.ts"

/** Input a; output L with zeros above the diagonal, and NaN on and below it where a member has no factor. */
export const cholesky: LoopKernel<object> = {
  name: "GuidepostCholesky",
  inputs: ["a"],
  outputs: ([a]) => [a!.shape],
  run: ({ inputs, outputs, shapes }) => {
    const a = inputs[0]!
    const out = outputs[0]!
    const n = shapes[0]!.at(-1)!
    const l = new Float64Array(n * n)
    out.fill(0)
    for (let start = 0; start < a.length; start += n * n) {
      const failed = factorize(a, start, n, l) >= 0
      for (let i = 0; i < n; i++) {
        for (let j = 0; j <= i; j++) out[start + i * n + j] = failed ? Number.NaN : l[i * n + j]!
      }
    }
  },
}

/** Inputs a and dl, the gradient in L, of which the lower triangle counts; output the gradient in a, symmetric. */
export const choleskyBackward: LoopKernel<object> = {
  name: "GuidepostCholeskyBackward",
  inputs: ["a", "dl"],
  outputs: ([a]) => [a!.shape],
  run: ({ inputs, outputs, shapes }) => {
    const [a, dl] = inputs as [Float32Array, Float32Array]
    const out = outputs[0]!
    const n = shapes[0]!.at(-1)!
    const l = new Float64Array(n * n)
    const g = new Float64Array(n * n)
    for (let start = 0; start < a.length; start += n * n) {
      if (factorize(a, start, n, l) >= 0) {
        out.fill(Number.NaN, start, start + n * n)
        continue
      }
      for (let i = 0; i < n * n; i++) g[i] = dl[start + i]!
      reverse(l, g, n)
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < i; j++) {
          const half = 0.5 * g[i * n + j]!
          out[start + i * n + j] = half
          out[start + j * n + i] = half
        }
        out[start + i * n + i] = g[i * n + i]!
      }
    }
  },
}

/** Turns the gradient in L, the lower triangle of `g`, into that in the lower triangle of A, from the last column back. */
const reverse = (l: Float64Array, g: Float64Array, n: number): void => {
  for (let j = n - 1; j >= 0; j--) {
    const row = j * n
    const inverse = 1 / l[row + j]!
    let pivot = g[row + j]!
    for (let i = j + 1; i < n; i++) {
      const below = i * n
      const c = g[below + j]! * inverse
      g[below + j] = c
      pivot -= c * l[below + j]!
      for (let k = 0; k < j; k++) {
        g[below + k]! -= c * l[row + k]!
        g[row + k]! -= c * l[below + k]!
      }
    }
    const c = pivot * inverse
    g[row + j] = 0.5 * c
    for (let k = 0; k < j; k++) g[row + k]! -= c * l[row + k]!
  }
}

export const choleskyGradient: tf.GradConfig = {
  kernelName: cholesky.name,
  inputsToSave: ["a"],
  gradFunc: (dy, [a]) => ({ a: () => call(choleskyBackward.name, { a: a!, dl: dy as tf.Tensor }) }),
}

/**
 * With S the gradient in A for a given dL, and C the incoming one, made symmetric: the gradient in dL is the forward
 * derivative in the direction C, L Φ(M) with M = L⁻¹CL⁻ᵀ (Murray, section 3, equation 8), where Φ takes the lower
 * triangle and halves its diagonal. That in L is dL Φ(M)ᵀ − 2 S C L⁻ᵀ, from there on to A as before.
 */
export const choleskyBackwardGradient: tf.GradConfig = {
  kernelName: choleskyBackward.name,
  inputsToSave: ["a", "dl"],
  outputsToSave: [true],
  gradFunc: (dy, saved) => {
    const [a, dl] = saved as [tf.Tensor, tf.Tensor]
    const s = savedOutput(saved[2]!, () => call(choleskyBackward.name, { a, dl }))
    const l = call(cholesky.name, { a })
    const solve = (b: tf.Tensor) =>
      call("GuidepostTriangularSolve", { l, b }, { lower: true, transpose: false })
    const c = tf.mul(tf.add(dy as tf.Tensor, transposed(dy as tf.Tensor)), 0.5)
    const half = solve(c) // L⁻¹C, whose transpose is CL⁻ᵀ
    const phi = lowerHalvingDiagonal(solve(transposed(half)))
    return {
      a: () => {
        const inL = tf.sub(tf.matMul(lower(dl), phi, false, true), tf.mul(tf.matMul(s, half, false, true), 2))
        return call(choleskyBackward.name, { a, dl: inL })
      },
      dl: () => lower(tf.matMul(l, phi)),
    }
  },
}

const lower = (x: tf.Tensor, to = 0): tf.Tensor =>
  call("GuidepostBand", { x }, { from: Number.NEGATIVE_INFINITY, to })

const lowerHalvingDiagonal = (x: tf.Tensor): tf.Tensor => tf.mul(tf.add(lower(x), lower(x, -1)), 0.5)

const transposed = (x: tf.Tensor): tf.Tensor => {
  const axes = [...x.shape.keys()]
  return tf.transpose(x, [...axes.slice(0, -2), x.rank - 1, x.rank - 2])
}
