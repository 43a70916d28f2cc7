/**
 * Kernels of log-masses of vectors of counts, `[..., K]` to `[...]`: multinomial and Dirichlet-multinomial; in
 * float64 by the formulas of saddle.ts, rounded once. A count has no gradient: zero flows back into it.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { LoopKernel } from "../loop.ts"
import { share } from "./masses.ts"
import { digammaStep, logMultichoose, stirlingError } from "./saddle.ts"

/** Whether the weights are probabilities or logits. */
export interface WeightAttrs {
  readonly logits: boolean
}

/**
 * Inputs counts x and weights w, of one shape `[..., K]`. With n = Σx the terms −x log(x/n) and x log w are of the
 * size of n log n, but cancel in float64, to 1e-9 at a million.
 */
export const multinomialMass: LoopKernel<WeightAttrs> = {
  name: "GuidepostMultinomialLogMass",
  inputs: ["x", "w"],
  outputs: ([x]) => [x!.shape.slice(0, -1)],
  run: ({ inputs, outputs, shapes, attrs }) => {
    const [x, w] = inputs as [Float32Array, Float32Array]
    const out = outputs[0]!
    const k = shapes[0]!.at(-1)!
    for (let row = 0; row < out.length; row++) {
      const start = row * k
      let n = 0
      for (let i = start; i < start + k; i++) n += x[i]!
      const shift = attrs.logits ? logSumExp(w, start, k) : 0
      let sum = 0
      let remainder = n === 0 ? 0 : remainderOf(n)
      for (let i = start; i < start + k; i++) {
        const count = x[i]!
        if (count === 0) continue
        const logP = attrs.logits ? w[i]! - shift : Math.log(w[i]!)
        sum += count * (logP - Math.log(count / n))
        remainder -= remainderOf(count)
      }
      out[row] = sum + remainder
    }
  },
}

export const multinomialMassGradient: tf.GradConfig = {
  kernelName: multinomialMass.name,
  inputsToSave: ["x", "w"],
  gradFunc: (dy, saved, attrs) => {
    const [x, w] = saved as [tf.Tensor, tf.Tensor]
    const slope = () => tf.engine().runKernel(multinomialSlope.name, { x, w }, attrs) as tf.Tensor
    return {
      x: () => tf.zerosLike(x),
      w: () => tf.mul(tf.expandDims(dy as tf.Tensor, -1), slope()),
    }
  },
}

/** The derivative in the weights: x − n softmax(w) of logits, of which the two cancel; else x / w. */
export const multinomialSlope: LoopKernel<WeightAttrs> = {
  name: "GuidepostMultinomialSlope",
  inputs: ["x", "w"],
  outputs: ([x]) => [x!.shape],
  run: ({ inputs, outputs, shapes, attrs }) => {
    const [x, w] = inputs as [Float32Array, Float32Array]
    const out = outputs[0]!
    const k = shapes[0]!.at(-1)!
    for (let start = 0; start < out.length; start += k) {
      let n = 0
      for (let i = start; i < start + k; i++) n += x[i]!
      const shift = attrs.logits ? logSumExp(w, start, k) : 0
      for (let i = start; i < start + k; i++) {
        if (attrs.logits) out[i] = x[i]! - n * Math.exp(w[i]! - shift)
        else out[i] = x[i] === 0 ? 0 : x[i]! / w[i]!
      }
    }
  },
}

export const multinomialSlopeGradient: tf.GradConfig = {
  kernelName: multinomialSlope.name,
  inputsToSave: ["x", "w"],
  gradFunc: (dy, saved, attrs) => {
    const [x, w] = saved as [tf.Tensor, tf.Tensor]
    const direction = dy as tf.Tensor
    const inLogits = () => {
      const p = tf.softmax(w)
      const across = tf.sum(tf.mul(p, direction), -1, true)
      return tf.mul(tf.mul(tf.sum(x, -1, true), p), tf.sub(across, direction))
    }
    const inProbs = () => tf.neg(tf.mul(direction, share(share(x, w), w)))
    return { x: () => tf.zerosLike(x), w: attrs.logits ? inLogits : inProbs }
  },
}

/** Inputs counts x and concentrations a, of one shape `[..., K]`. */
export const dirichletMultinomialMass: LoopKernel<object> = {
  name: "GuidepostDirichletMultinomialLogMass",
  inputs: ["x", "a"],
  outputs: ([x]) => [x!.shape.slice(0, -1)],
  run: ({ inputs, outputs, shapes }) => {
    const [x, a] = inputs as [Float32Array, Float32Array]
    const out = outputs[0]!
    const k = shapes[0]!.at(-1)!
    for (let row = 0; row < out.length; row++) {
      let [n, total, sum] = [0, 0, 0]
      for (let i = row * k; i < (row + 1) * k; i++) {
        n += x[i]!
        total += a[i]!
        sum += logMultichoose(a[i]!, x[i]!)
      }
      out[row] = sum - logMultichoose(total, n)
    }
  },
}

/** The derivative in each concentration: ψ(a + x) − ψ(a), less the same of the totals. */
export const dirichletMultinomialSlope: LoopKernel<object> = {
  name: "GuidepostDirichletMultinomialSlope",
  inputs: ["x", "a"],
  outputs: ([x]) => [x!.shape],
  run: ({ inputs, outputs, shapes }) => {
    const [x, a] = inputs as [Float32Array, Float32Array]
    const out = outputs[0]!
    const k = shapes[0]!.at(-1)!
    for (let start = 0; start < out.length; start += k) {
      let [n, total] = [0, 0]
      for (let i = start; i < start + k; i++) {
        n += x[i]!
        total += a[i]!
      }
      const whole = digammaStep(total, n)
      for (let i = start; i < start + k; i++) out[i] = digammaStep(a[i]!, x[i]!) - whole
    }
  },
}

export const dirichletMultinomialMassGradient: tf.GradConfig = {
  kernelName: dirichletMultinomialMass.name,
  inputsToSave: ["x", "a"],
  gradFunc: (dy, saved) => {
    const [x, a] = saved as [tf.Tensor, tf.Tensor]
    const slope = () => tf.engine().runKernel(dirichletMultinomialSlope.name, { x, a }) as tf.Tensor
    return {
      x: () => tf.zerosLike(x),
      a: () => tf.mul(tf.expandDims(dy as tf.Tensor, -1), slope()),
    }
  },
}

/** log n! − (n log n − n). */
const remainderOf = (n: number): number => 0.5 * Math.log(2 * Math.PI * n) + stirlingError(n)

const logSumExp = (w: Float32Array, start: number, k: number): number => {
  let most = Number.NEGATIVE_INFINITY
  for (let i = start; i < start + k; i++) most = Math.max(most, w[i]!)
  let sum = 0
  for (let i = start; i < start + k; i++) sum += Math.exp(w[i]! - most)
  return most + Math.log(sum)
}
