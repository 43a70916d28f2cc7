/**
 * The inverse of LLᵀ from its Cholesky factor, l [...batch, n, n]: W = L⁻¹ by substitution, then WᵀW, all in float64;
 * symmetric to the bit. A third of the work of solving for the identity.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { LoopKernel } from "../loop.ts"
import { batchOf, call, savedOutput } from "./batches.ts"

/** Input l, of which the lower triangle is read; output (LLᵀ)⁻¹. */
export const choleskyInverse: LoopKernel<object> = {
  name: "GuidepostCholeskyInverse",
  inputs: ["l"],
  outputs: ([l]) => [l!.shape],
  run: ({ inputs, outputs, shapes }) => {
    const l = inputs[0]!
    const out = outputs[0]!
    const n = shapes[0]!.at(-1)!
    const w = new Float64Array(n * n)
    const v = new Float64Array(n * n)
    for (let start = 0; start < l.length; start += n * n) {
      invert(l, start, n, w)
      square(w, n, v)
      for (let i = 0; i < n; i++) {
        for (let j = 0; j <= i; j++) {
          out[start + i * n + j] = v[i * n + j]!
          out[start + j * n + i] = v[i * n + j]!
        }
      }
    }
  },
}

/** The lower triangle of `w` becomes L⁻¹, row by row: wᵢ = (eᵢ − Σ_j<i l_ij wⱼ) / l_ii. */
const invert = (l: Float32Array, start: number, n: number, w: Float64Array): void => {
  for (let i = 0; i < n; i++) {
    const row = i * n
    const inverse = 1 / l[start + row + i]!
    w.fill(0, row, row + i)
    for (let j = 0; j < i; j++) {
      const factor = l[start + row + j]! * inverse
      for (let k = 0; k <= j; k++) w[row + k]! -= factor * w[j * n + k]!
    }
    w[row + i] = inverse
  }
}

/** The lower triangle of `v` becomes that of WᵀW. */
const square = (w: Float64Array, n: number, v: Float64Array): void => {
  v.fill(0)
  for (let k = 0; k < n; k++) {
    const row = k * n
    for (let i = 0; i <= k; i++) {
      const factor = w[row + i]!
      for (let j = 0; j <= i; j++) v[i * n + j]! += factor * w[row + j]!
    }
  }
}

/**
 * With V the inverse and H = dV + dVᵀ: dL = −VHVL = −V(L⁻¹H)ᵀ, the lower triangle, from dV = −V d(LLᵀ) V and VL = L⁻ᵀ.
 */
export const choleskyInverseGradient: tf.GradConfig = {
  kernelName: choleskyInverse.name,
  inputsToSave: ["l"],
  outputsToSave: [true],
  gradFunc: (dys, saved) => {
    const l = saved[0]!
    const v = savedOutput(saved[1]!, () => call(choleskyInverse.name, { l }))
    const dy = dys as tf.Tensor
    const axes = [...dy.shape.keys()]
    return {
      l: () => {
        const h = tf.add(dy, tf.transpose(dy, [...axes.slice(0, -2), dy.rank - 1, dy.rank - 2]))
        const b = call("GuidepostTriangularSolve", { l, b: h }, { lower: true, transpose: false })
        return tf.neg(call("GuidepostOuterSum", { a: v, b }, { batch: batchOf(l.shape, 2), part: "lower" }))
      },
    }
  },
}
