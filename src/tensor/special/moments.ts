/**
 * Logarithms of the moments of Weibull and Kumaraswamy distributions, of tensors, and of what a variance is made of:
 * log(E x² / (E x)²), which the difference of the two logarithms has no digit of where a distribution is narrow.
 * Besides, E log(1 − x) of a Kumaraswamy. Evaluated in float64 and rounded once; differentiable twice.
 */
import * as tf from "@tensorflow/tfjs-core"
import { type Elementwise, elementwise, type Unary } from "./elementwise.ts"
import { lbetaSlope, trigamma } from "./gamma.ts"
import { lbeta } from "./scalar/beta.ts"
import { lgamma, lgamma1p } from "./scalar/gamma.ts"
import * as kumaraswamy from "./scalar/kumaraswamy.ts"
import { polygammaStep } from "./scalar/polygamma.ts"

const second = ["a second derivative of logComplement", "a second derivative of logComplement"] as const

type Binary = Elementwise<[a: tf.Tensor, b: tf.Tensor]>

/** log Γ(1 + 2t) − 2 log Γ(1 + t) for t ≥ 0; about π²t²/6 near 0. */
export const logGammaSpread: Unary = elementwise(
  "logGammaSpread",
  ["t"],
  (t) => ofOneMore(2 * t) - 2 * ofOneMore(t),
  (t) => logGammaSpreadSlope(t),
)

/** 2ψ(1 + 2t) − 2ψ(1 + t). */
export const logGammaSpreadSlope: Unary = elementwise(
  "logGammaSpreadSlope",
  ["t"],
  (t) => 2 * polygammaStep(0, 1 + t, t),
  (t) => {
    const at = (n: number) => trigamma(tf.add(tf.mul(t, n), 1))
    return tf.sub(tf.mul(at(2), 4), tf.mul(at(1), 2))
  },
)

/** log(b B(1 + t, b)), the logarithm of E xʳ for a Kumaraswamy(a, b) draw, with t = r/a. */
export const logPowerMean: Binary = elementwise(
  "logPowerMean",
  ["t", "b"],
  (t, b) => Math.log(b) + lbeta(1 + t, b),
  (t, b) => lbetaSlope(tf.add(t, 1), b),
  (t, b) => tf.add(tf.reciprocal(b), lbetaSlope(b, tf.add(t, 1))),
)

/** log of E x²ʳ / (E xʳ)² for the same. */
export const logPowerSpread: Binary = elementwise(
  "logPowerSpread",
  ["t", "b"],
  (t, b) => lbeta(1 + 2 * t, b) - 2 * lbeta(1 + t, b) - Math.log(b),
  (t, b) => tf.mul(tf.sub(lbetaSlope(tf.add(tf.mul(t, 2), 1), b), lbetaSlope(tf.add(t, 1), b)), 2),
  (t, b) => {
    const at = (n: number) => lbetaSlope(b, tf.add(tf.mul(t, n), 1))
    return tf.sub(at(2), tf.add(tf.mul(at(1), 2), tf.reciprocal(b)))
  },
)

/** E log(1 − x) for a Kumaraswamy(a, b) draw, with t = 1/a; differentiable once. */
export const logComplement: Binary = elementwise(
  "logComplement",
  ["t", "b"],
  kumaraswamy.logComplement,
  (t, b) => logComplementT(t, b),
  (t, b) => logComplementB(t, b),
)

/** Its derivative in t. */
export const logComplementT: Binary = elementwise(
  "logComplementT",
  ["t", "b"],
  kumaraswamy.logComplementT,
  ...second,
)

/** Its derivative in b. */
export const logComplementB: Binary = elementwise(
  "logComplementB",
  ["t", "b"],
  kumaraswamy.logComplementB,
  ...second,
)

/** log Γ(1 + t), which the sum 1 + t rounds off near 0. */
const ofOneMore = (t: number): number => (t <= 0.5 ? lgamma1p(t) : lgamma(1 + t))
