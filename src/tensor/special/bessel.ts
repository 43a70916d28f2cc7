/**
 * The modified Bessel functions I₀ and I₁, scaled by e^−|x|, and what von Mises' distribution makes of them; of tensors,
 * within half an ulp of float32, or little more. Differentiable twice, `i1e` and `besselRatio` once.
 */
import * as tf from "@tensorflow/tfjs-core"
import { elementwise, type Unary } from "./elementwise.ts"
import * as scalar from "./scalar/bessel.ts"

/** e^−|x| I₀(x), even, about 1/√(2πx). It has a corner at 0, where its derivative is given as 0. */
export const i0e: Unary = elementwise("i0e", ["x"], scalar.i0e, (x) => i0eSlope(x))

/** e^−|x| I₁(x), odd. */
export const i1e: Unary = elementwise("i1e", ["x"], scalar.i1e, (x) => i1eSlope(x))

/**
 * log(e^−|x| I₀(x)): log I₀(κ) = logI0e(κ) + κ. With it von Mises' log-density is κ(cos(x − μ) − 1) − log 2π − logI0e(κ),
 * where nothing overflows.
 */
export const logI0e: Unary = elementwise("logI0e", ["x"], scalar.logI0e, (x) => besselRatioRest(x))

/** I₁(x)/I₀(x), odd, in (−1, 1): von Mises' mean resultant length at concentration x. */
export const besselRatio: Unary = elementwise("besselRatio", ["x"], scalar.besselRatio, (x) =>
  besselRatioSlope(x),
)

/** I₁(x)/I₀(x) − sign(x), which is −1/(2x) at large x, where the ratio itself has rounded to 1. */
export const besselRatioRest: Unary = elementwise("besselRatioRest", ["x"], scalar.besselRatioRest, (x) =>
  besselRatioSlope(x),
)

/** The derivative of `i0e`. */
export const i0eSlope: Unary = elementwise("i0eSlope", ["x"], scalar.i0eSlope, (x) =>
  tf.sub(i1eSlope(x), tf.mul(tf.sign(x), i0eSlope(x))),
)

/** The derivative of `i1e`. */
export const i1eSlope: Unary = elementwise("i1eSlope", ["x"], scalar.i1eSlope, "the second one of i1e")

/** The derivative of `besselRatio`. */
export const besselRatioSlope: Unary = elementwise(
  "besselRatioSlope",
  ["x"],
  scalar.besselRatioSlope,
  "the second one of besselRatio",
)
