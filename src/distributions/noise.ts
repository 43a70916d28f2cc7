/**
 * Standard draws by inversion: one uniform number each, mapped on the host in float64 and rounded once, so that all
 * backends draw the same. Where `jax.random` has the family, these are its draws, to rounding.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Key from "../tensor/Key.ts"
import type { Shape } from "../tensor/Shape.ts"

/** `quantile(u)` at each cell, for u uniform on [min, 1) in steps of 2⁻²³. */
export const inverted = (key: Key.Key, shape: Shape, quantile: (u: number) => number, min = 0): tf.Tensor => {
  const values = Key.uniformValues(key, shape, min, 1)
  for (let i = 0; i < values.length; i++) values[i] = quantile(values[i]!)
  return tf.tensor(values, [...shape], "float32")
}

/** Half of a step: what is added to a uniform number, or put in the place of zero, where 0 and 1 must not occur. */
export const halfStep = 2 ** -24

/** Draws of rate 1, never exactly zero. */
export const exponential = (key: Key.Key, shape: Shape): tf.Tensor =>
  inverted(key, shape, (u) => -Math.log1p(-Math.max(u, halfStep)))
