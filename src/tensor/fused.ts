/**
 * What most training steps run, each in one pass instead of a chain of operations: the Bernoulli log-probability in
 * logits, the divergence of two normals, Adam's moments, and whether all is finite. The loops are in `kernels/`; a
 * backend registers them when it is acquired.
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

/** The means and standard deviations of two normal distributions, p and q. */
export interface TwoNormals {
  readonly locP: tf.Tensor
  readonly scaleP: tf.Tensor
  readonly locQ: tf.Tensor
  readonly scaleQ: tf.Tensor
}

/**
 * KL(p ‖ q) = ½(r² − 1) − log r + ½((μp − μq)/σq)² with r = σp/σq, elementwise; the shapes broadcast. Differentiable in
 * all four, to any order. Exact to rounding at any scales, equal ones and 1e±30 among them. Throws `ShapeMismatch` where
 * the shapes do not broadcast.
 */
export const normalDivergence = ({ locP, scaleP, locQ, scaleQ }: TwoNormals): tf.Tensor =>
  tf.tidy(() => {
    const shapes = [locP, scaleP, locQ, scaleQ].map((x) => x.shape)
    const shape = Shape.broadcast(...shapes)
    if (shape === undefined) {
      throw new ShapeMismatch({
        where: "normalDivergence",
        expected: "means and scales that broadcast",
        found: shapes.map(Shape.format).join(", "),
      })
    }
    // The kernel takes one number for all elements as it is.
    const filled = (x: tf.Tensor) => (x.size === 1 ? x : stretch(x, shape))
    return tf.engine().runKernel("GuidepostNormalDivergence", {
      locP: filled(locP),
      scaleP: filled(scaleP),
      locQ: filled(locQ),
      scaleQ: filled(scaleQ),
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

/** A scalar: 0 if every element of all these tensors is finite, else NaN. It has no gradient. */
export const allFinite = (tensors: ReadonlyArray<tf.Tensor>): tf.Tensor =>
  tf.tidy(() => {
    const inputs = Object.fromEntries(tensors.map((x, i) => [i, float(x)]))
    return tf.engine().runKernel("GuidepostAllFinite", inputs) as tf.Tensor
  })

const stretch = (x: tf.Tensor, shape: Shape.Shape): tf.Tensor =>
  Shape.equals(x.shape, shape) ? float(x) : tf.broadcastTo(float(x), [...shape])

const float = (x: tf.Tensor): tf.Tensor => (x.dtype === "float32" ? x : tf.cast(x, "float32"))
