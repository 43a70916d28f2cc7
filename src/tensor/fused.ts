/**
 * What a training step runs over its largest tensors, each in one pass instead of a chain of operations: the
 * Bernoulli log-probability in logits, Adam's moments, and whether all is finite. The loops are in `kernels/`; a backend registers them
 * when it is acquired.
 *
 * ```ts
 * const logLikelihood = tf.sum(bernoulliLogProb(logits, images), -1)
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { ShapeMismatch } from "./errors.ts"
import type { AdamAttrs } from "./kernels/adam.ts"
import * as Shape from "./Shape.ts"

/**
 * log p(x) of a Bernoulli with the given logits, x·l − softplus(l), elementwise; any x in [0, 1] will do. The
 * shapes broadcast. Differentiable in both, to any order. Exact to rounding for all finite logits: the naive
 * log(σ(l)) is −∞ from l = −104 on. Throws `ShapeMismatch` where the shapes do not broadcast.
 */
export const bernoulliLogProb = (logits: tf.Tensor, x: tf.Tensor): tf.Tensor =>
  tf.tidy(() => {
    const shape = Shape.broadcast(logits.shape, x.shape)
    if (shape === undefined) {
      throw new ShapeMismatch({
        where: "bernoulliLogProb",
        expected: `x that broadcasts with the logits' ${Shape.format(logits.shape)}`,
        found: Shape.format(x.shape),
      })
    }
    return tf.engine().runKernel("GuidepostBernoulliLogProb", {
      logits: stretch(logits, shape),
      x: stretch(x, shape),
    }) as tf.Tensor
  })

/** Adam's constants for one step: decay rates, ε, the bias corrections 1 − b1ᵗ and 1 − b2ᵗ, and what to scale by. */
export type AdamOptions = AdamAttrs

/** One Adam step for one tensor: what to add to the parameter, and the moments to keep. */
export interface AdamMoments {
  readonly update: tf.Tensor
  readonly m: tf.Tensor
  readonly v: tf.Tensor
}

/**
 * The moments m′ = b1·m + (1 − b1)·g and v′ = b2·v + (1 − b2)·g², and
 * update = scale · (m′/correction1) / (√(v′/correction2) + eps); `scale` is the learning rate with a minus sign.
 * All tensors have one shape. It has no gradient. Throws `ShapeMismatch` where the shapes differ.
 */
export const adamMoments = (g: tf.Tensor, m: tf.Tensor, v: tf.Tensor, options: AdamOptions): AdamMoments => {
  for (const moment of [m, v]) {
    if (!Shape.equals(g.shape, moment.shape)) {
      throw new ShapeMismatch({
        where: "adamMoments",
        expected: `moments of the gradient's shape ${Shape.format(g.shape)}`,
        found: Shape.format(moment.shape),
      })
    }
  }
  const out = tf.engine().runKernel("GuidepostAdam", { g, m, v }, { ...options })
  const [update, newM, newV] = out as [tf.Tensor, tf.Tensor, tf.Tensor]
  return { update, m: newM, v: newV }
}

/** A scalar: 0 if every element of x is finite, else NaN. It has no gradient. */
export const allFinite = (x: tf.Tensor): tf.Tensor =>
  tf
    .engine()
    .runKernel("GuidepostAllFinite", { x: x.dtype === "float32" ? x : tf.cast(x, "float32") }) as tf.Tensor

const stretch = (x: tf.Tensor, shape: Shape.Shape): tf.Tensor => {
  const float = x.dtype === "float32" ? x : tf.cast(x, "float32")
  return Shape.equals(float.shape, shape) ? float : tf.broadcastTo(float, [...shape])
}
