/**
 * Weighted maximum likelihood: `Family.fit(values, weights)` gives the parameters that maximize
 * Σₙ wₙ log p(xₙ), the closed-form M-step of expectation maximization.
 *
 * Values are `[N, ...batch, ...event]`, weights (zero or positive, all one by default) `[N, ...batch]`; their batch
 * dimensions broadcast, so that one column of values and K columns of weights fit K members of a family. What comes
 * back are the parameters at `[...batch]`, ready for the family's constructor, differentiable in both arguments.
 *
 * ```ts
 * const x = Exponential({ rate: 3 }).sample(Key.key(0), [1000])
 * Exponential.fit(x)                                            // { rate: near 3 }
 * Exponential.fit(tf.reshape(x, [1000, 1]), responsibilities)   // [1000, K] gives K rates
 * ```
 *
 * A column without any weight gives NaN: nothing is known of its parameters.
 */
import * as tf from "@tensorflow/tfjs-core"
import { ShapeMismatch } from "../tensor/errors.ts"
import { broadcast, expandRight, format } from "../tensor/Shape.ts"

/**
 * Σₙ wₙ xₙ / Σₙ wₙ: values `[N, ...batch, ...event]` and weights `[N, ...batch]` to `[...batch, ...event]`.
 * Throws `ShapeMismatch` where there are no values, or where the shapes do not broadcast.
 */
export const weightedMean = (values: tf.Tensor, weights?: tf.Tensor, eventRank = 0): tf.Tensor => {
  checkShapes(values, weights, eventRank)
  if (weights === undefined) return tf.mean(values, 0)
  const total = tf.sum(weights, 0)
  return tf.div(tf.sum(tf.mul(expandRight(weights, eventRank), values), 0), expandRight(total, eventRank))
}

/** Σₙ wₙ (xₙ − center)² / Σₙ wₙ: what `weightedMean` of squares less its square rounds off. */
export const weightedSquares = (
  values: tf.Tensor,
  center: tf.Tensor | number,
  weights?: tf.Tensor,
  eventRank = 0,
): tf.Tensor => weightedMean(tf.square(tf.sub(values, center)), weights, eventRank)

/** Throws `ShapeMismatch` where there are no values, or where values and weights do not broadcast. */
export const checkShapes = (values: tf.Tensor, weights?: tf.Tensor, eventRank = 0): void => {
  const outer = values.shape.slice(0, Math.max(values.rank - eventRank, 0))
  const found = weights?.shape ?? outer
  if (outer.length > 0 && outer[0] !== 0 && outer.length === found.length && broadcast(outer, found)) return
  throw new ShapeMismatch({
    where: "fit",
    expected: "values [N, ...batch, ...event] and weights [N, ...batch] that broadcast, with N above 0",
    found: `values ${format(values.shape)}${weights ? `, weights ${format(weights.shape)}` : ""}`,
  })
}
