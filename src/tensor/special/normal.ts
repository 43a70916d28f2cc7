/**
 * The standard normal's cumulative distribution Φ, its logarithm and its inverse, of tensors; within half an ulp of
 * float32, or little more, in both tails. Differentiable to any order.
 */
import * as tf from "@tensorflow/tfjs-core"
import { elementwise, type Unary } from "./elementwise.ts"
import * as scalar from "./scalar/normal.ts"

/** Φ(x). For 1 − Φ(x) take Φ(−x), which keeps the digits of the upper tail. */
export const ndtr: Unary = elementwise("ndtr", ["x"], scalar.ndtr, (x) => normalDensity(x))

/** log Φ(x): where Φ(x) is 0 in float32, below −14, it is about −x²/2. */
export const logNdtr: Unary = elementwise("logNdtr", ["x"], scalar.logNdtr, (x) => normalHazard(x))

/** Φ⁻¹(p): ∓∞ at 0 and 1, NaN outside [0, 1]. */
export const ndtri: Unary = elementwise("ndtri", ["p"], scalar.ndtri, (p) => ndtriSlope(p))

/** The standard normal's density φ(x). */
export const normalDensity: Unary = elementwise("normalDensity", ["x"], scalar.normalDensity, (x) =>
  tf.neg(tf.mul(x, normalDensity(x))),
)

/** φ(x)/Φ(x), the derivative of log Φ: about −x at −∞. */
export const normalHazard: Unary = elementwise("normalHazard", ["x"], scalar.normalHazard, (x) =>
  normalHazardSlope(x),
)

/** −h(x + h) with h = φ/Φ, the second derivative of log Φ. */
export const normalHazardSlope: Unary = elementwise(
  "normalHazardSlope",
  ["x"],
  scalar.normalHazardSlope,
  (x) => {
    const h = normalHazard(x)
    return tf.neg(tf.add(tf.mul(normalHazardSlope(x), tf.add(x, tf.mul(h, 2))), h))
  },
)

/** 1/φ(Φ⁻¹(p)). */
export const ndtriSlope: Unary = elementwise("ndtriSlope", ["p"], scalar.ndtriSlope, (p) =>
  tf.mul(ndtri(p), tf.square(ndtriSlope(p))),
)
