/**
 * The inverses in x of the incomplete gamma and beta functions, of tensors: the quantiles of Gamma(a, 1) and Beta(a, b)
 * variables. The derivatives are those of the implicit function: along p one over the density, along a shape what keeps
 * the probability constant. Second derivatives are not implemented.
 *
 * ```ts
 * gammaincinv(tf.scalar(2.5), tf.scalar(0.3))                // 1.49995
 * betaincinv(tf.scalar(2), tf.scalar(3), tf.scalar(0.3))     // 0.27238
 * ```
 */
import type * as tf from "@tensorflow/tfjs-core"
import { type Elementwise, elementwise } from "./elementwise.ts"
import * as beta from "./scalar/incompleteBetaInverse.ts"
import * as gamma from "./scalar/incompleteGammaInverse.ts"

type OfShape = Elementwise<[a: tf.Tensor, p: tf.Tensor]>
type OfShapes = Elementwise<[a: tf.Tensor, b: tf.Tensor, p: tf.Tensor]>

const [first, second, third] = ["gammaincinv", "gammainccinv", "betaincinv"].map(
  (name) => `the second one of ${name}`,
) as [string, string, string]

/** The x with P(a, x) = p, for 0 < a < ∞ and p in [0, 1], else NaN. Near p = 1 take {@link gammainccinv} of 1 − p. */
export const gammaincinv: OfShape = elementwise(
  "gammaincinv",
  ["a", "p"],
  gamma.gammaincinv,
  (a, p) => gammaincinvShape(a, p),
  (a, p) => gammaincinvSlope(a, p),
)

/** ∂x/∂a of {@link gammaincinv}, positive. */
export const gammaincinvShape: OfShape = elementwise(
  "gammaincinvShape",
  ["a", "p"],
  gamma.gammaincinvShape,
  first,
  first,
)

/** ∂x/∂p of {@link gammaincinv}, positive. */
export const gammaincinvSlope: OfShape = elementwise(
  "gammaincinvSlope",
  ["a", "p"],
  gamma.gammaincinvSlope,
  first,
  first,
)

/** The x with Q(a, x) = q, for 0 < a < ∞ and q in [0, 1], else NaN. */
export const gammainccinv: OfShape = elementwise(
  "gammainccinv",
  ["a", "q"],
  gamma.gammainccinv,
  (a, q) => gammainccinvShape(a, q),
  (a, q) => gammainccinvSlope(a, q),
)

/** ∂x/∂a of {@link gammainccinv}, positive. */
export const gammainccinvShape: OfShape = elementwise(
  "gammainccinvShape",
  ["a", "q"],
  gamma.gammainccinvShape,
  second,
  second,
)

/** ∂x/∂q of {@link gammainccinv}, negative. */
export const gammainccinvSlope: OfShape = elementwise(
  "gammainccinvSlope",
  ["a", "q"],
  gamma.gammainccinvSlope,
  second,
  second,
)

/**
 * The x with Iₓ(a, b) = p, for 0 < a, b < ∞ and p in [0, 1], else NaN. Where float32 cannot hold x, next to 1, 1 − x is
 * betaincinv(b, a, 1 − p), from a 1 − p that was not made of p.
 */
export const betaincinv: OfShapes = elementwise(
  "betaincinv",
  ["a", "b", "p"],
  beta.betaincinv,
  (a, b, p) => betaincinvA(a, b, p),
  (a, b, p) => betaincinvB(a, b, p),
  (a, b, p) => betaincinvSlope(a, b, p),
)

/** ∂x/∂a, positive. */
export const betaincinvA: OfShapes = elementwise(
  "betaincinvA",
  ["a", "b", "p"],
  beta.betaincinvA,
  third,
  third,
  third,
)

/** ∂x/∂b, negative. */
export const betaincinvB: OfShapes = elementwise(
  "betaincinvB",
  ["a", "b", "p"],
  beta.betaincinvB,
  third,
  third,
  third,
)

/** ∂x/∂p, positive. */
export const betaincinvSlope: OfShapes = elementwise(
  "betaincinvSlope",
  ["a", "b", "p"],
  beta.betaincinvSlope,
  third,
  third,
  third,
)
