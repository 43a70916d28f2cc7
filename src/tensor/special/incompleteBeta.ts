/**
 * The regularized incomplete beta function of tensors, Iₓ(a, b) = ∫₀ˣ tᵃ⁻¹ (1 − t)ᵇ⁻¹ dt / B(a, b), a Beta(a, b)
 * variable's chance to be below x, and its complement. Each is good relatively in its own tail, for a, b ≥ 1e-6.
 *
 * Both are differentiable in all three arguments. Second derivatives in a and b, with one another or themselves, are
 * not implemented; those with x are, and those in x, to any order.
 */
import * as tf from "@tensorflow/tfjs-core"
import { type Elementwise, elementwise } from "./elementwise.ts"
import { lbetaSlope } from "./gamma.ts"
import * as density from "./scalar/betaDensity.ts"
import * as slope from "./scalar/betaSlope.ts"
import * as incomplete from "./scalar/incompleteBeta.ts"

type OfShapes = Elementwise<[a: tf.Tensor, b: tf.Tensor, x: tf.Tensor]>

/**
 * Iₓ(a, b) for a, b ≥ 0 and x in [0, 1], else NaN. Where x lies so near 1 that float32 cannot hold 1 − x, take the
 * complement with the arguments changed about, Iₓ(a, b) = betaincc(b, a, 1 − x), from a 1 − x that was not made of x. So
 * a Student's t of ν degrees is below −t with the chance ½ betaincc(½, ν/2, t²/(ν + t²)) where t² < ν, and ½
 * betainc(ν/2, ½, ν/(ν + t²)) beyond: right for all ν and t.
 */
export const betainc: OfShapes = elementwise(
  "betainc",
  ["a", "b", "x"],
  incomplete.betainc,
  (a, b, x) => betaincA(a, b, x),
  (a, b, x) => betaincB(a, b, x),
  (a, b, x) => betaDensity(a, b, x),
)

/** 1 − Iₓ(a, b). */
export const betaincc: OfShapes = elementwise(
  "betaincc",
  ["a", "b", "x"],
  incomplete.betaincc,
  (a, b, x) => tf.neg(betaincA(a, b, x)),
  (a, b, x) => tf.neg(betaincB(a, b, x)),
  (a, b, x) => tf.neg(betaDensity(a, b, x)),
)

/** ∂I/∂a, negative. */
export const betaincA: OfShapes = elementwise(
  "betaincA",
  ["a", "b", "x"],
  slope.betaincA,
  "the second one of betainc in a",
  "the second one of betainc, in a and b",
  (a, b, x) => tf.mul(betaDensity(a, b, x), tf.sub(tf.log(x), lbetaSlope(a, b))),
)

/** ∂I/∂b, positive. */
export const betaincB: OfShapes = elementwise(
  "betaincB",
  ["a", "b", "x"],
  slope.betaincB,
  "the second one of betainc, in a and b",
  "the second one of betainc in b",
  (a, b, x) => tf.mul(betaDensity(a, b, x), tf.sub(tf.log1p(tf.neg(x)), lbetaSlope(b, a))),
)

/** xᵃ⁻¹ (1 − x)ᵇ⁻¹ / B(a, b), that is ∂I/∂x; 0 outside [0, 1]. */
export const betaDensity: OfShapes = elementwise(
  "betaDensity",
  ["a", "b", "x"],
  density.betaDensity,
  (a, b, x) => tf.mul(betaDensity(a, b, x), tf.sub(tf.log(x), lbetaSlope(a, b))),
  (a, b, x) => tf.mul(betaDensity(a, b, x), tf.sub(tf.log1p(tf.neg(x)), lbetaSlope(b, a))),
  (a, b, x) =>
    tf.mul(betaDensity(a, b, x), tf.sub(tf.div(tf.sub(a, 1), x), tf.div(tf.sub(b, 1), tf.sub(1, x)))),
)
