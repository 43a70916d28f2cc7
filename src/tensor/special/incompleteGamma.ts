/**
 * The regularized incomplete gamma functions of tensors, P(a, x) = ∫₀ˣ tᵃ⁻¹ e⁻ᵗ dt / Γ(a) and Q = 1 − P: a Gamma(a, 1)
 * variable's chance to be below x, and above. Each is good relatively in its own tail.
 *
 * Both are differentiable in x and in the shape a. A second derivative in a is not implemented; the mixed one is, and
 * those in x are, to any order.
 */
import * as tf from "@tensorflow/tfjs-core"
import { type Elementwise, elementwise } from "./elementwise.ts"
import { trigamma } from "./gamma.ts"
import * as density from "./scalar/gammaDensity.ts"
import * as slope from "./scalar/gammaSlope.ts"
import * as incomplete from "./scalar/incompleteGamma.ts"

type OfShape = Elementwise<[a: tf.Tensor, x: tf.Tensor]>

/** P(a, x) for a, x ≥ 0, else NaN. P(0, x) is 1, P(∞, x) is 0, and P(0, 0) and P(∞, ∞) are NaN. */
export const gammainc: OfShape = elementwise(
  "gammainc",
  ["a", "x"],
  incomplete.gammainc,
  (a, x) => gammaincShape(a, x),
  (a, x) => gammaDensity(a, x),
)

/** Q(a, x) = 1 − P(a, x). */
export const gammaincc: OfShape = elementwise(
  "gammaincc",
  ["a", "x"],
  incomplete.gammaincc,
  (a, x) => tf.neg(gammaincShape(a, x)),
  (a, x) => tf.neg(gammaDensity(a, x)),
)

/** ∂P/∂a, negative. */
export const gammaincShape: OfShape = elementwise(
  "gammaincShape",
  ["a", "x"],
  slope.gammaincShape,
  "the second one of gammainc in a",
  (a, x) => tf.mul(gammaDensity(a, x), logMinusDigamma(a, x)),
)

/** xᵃ⁻¹ e⁻ˣ / Γ(a), that is ∂P/∂x; 0 where x < 0. */
export const gammaDensity: OfShape = elementwise(
  "gammaDensity",
  ["a", "x"],
  density.gammaDensity,
  (a, x) => tf.mul(gammaDensity(a, x), logMinusDigamma(a, x)),
  (a, x) => tf.mul(gammaDensity(a, x), tf.div(tf.sub(tf.sub(a, 1), x), x)),
)

/** log x − ψ(a). */
export const logMinusDigamma: OfShape = elementwise(
  "logMinusDigamma",
  ["a", "x"],
  slope.logMinusDigamma,
  (a) => tf.neg(trigamma(a)),
  (_, x) => tf.reciprocal(x),
)
