/**
 * The error function and its kin, of tensors; within half an ulp of float32, or little more. tfjs's own `erf` has an
 * absolute error of 1.5e-7 and no complement: from x = 4 on its tail is rounding. Differentiable to any order, but
 * for `erfcx` (twice).
 */
import * as tf from "@tensorflow/tfjs-core"
import { elementwise, type Unary } from "./elementwise.ts"
import * as scalar from "./scalar/erf.ts"
import * as slope from "./scalar/erfSlope.ts"

/** 2/√π ∫₀ˣ e^(−t²) dt, odd, in [−1, 1]. */
export const erf: Unary = elementwise("erf", ["x"], scalar.erf, (x) => erfSlope(x))

/** 1 − erf(x), in [0, 2], good relatively down to its smallest, at x = 10. */
export const erfc: Unary = elementwise("erfc", ["x"], scalar.erfc, (x) => tf.neg(erfSlope(x)))

/** e^(x²) erfc(x), about 1/(x√π) at large x. */
export const erfcx: Unary = elementwise("erfcx", ["x"], scalar.erfcx, (x) => erfcxSlope(x))

/** The inverse of `erf`: ±∞ at ±1, NaN beyond. */
export const erfinv: Unary = elementwise("erfinv", ["x"], scalar.erfinv, (x) => erfinvSlope(x))

/** 2/√π e^(−x²). */
export const erfSlope: Unary = elementwise("erfSlope", ["x"], slope.erfSlope, (x) =>
  tf.mul(tf.mul(x, -2), erfSlope(x)),
)

/** erfcx′(x) = 2x erfcx(x) − 2/√π. */
export const erfcxSlope: Unary = elementwise("erfcxSlope", ["x"], slope.erfcxSlope, (x) => erfcxCurve(x))

/** erfcx″(x). */
export const erfcxCurve: Unary = elementwise("erfcxCurve", ["x"], slope.erfcxCurve, "the third one of erfcx")

/** √π/2 exp(erfinv(x)²). */
export const erfinvSlope: Unary = elementwise("erfinvSlope", ["x"], slope.erfinvSlope, (x) =>
  tf.mul(tf.mul(erfinv(x), 2), tf.square(erfinvSlope(x))),
)
