/**
 * Means and variances of the square roots of gamma and beta draws, of tensors: those of chi-distributed numbers, and of
 * lengths in a ball. Evaluated in float64 and rounded once; differentiable once.
 */
import * as tf from "@tensorflow/tfjs-core"
import { type Elementwise, elementwise, type Unary } from "./elementwise.ts"
import { lbetaSlope } from "./gamma.ts"
import * as roots from "./scalar/rootMoments.ts"

type Binary = Elementwise<[a: tf.Tensor, b: tf.Tensor]>

/** E √x = Γ(a + ½)/Γ(a) for a Gamma(a, 1) draw x. */
export const rootGammaMean: Unary = elementwise("rootGammaMean", ["a"], roots.rootGammaMean, (a) =>
  tf.neg(tf.mul(rootGammaMean(a), lbetaSlope(a, tf.scalar(0.5)))),
)

/** Var √x for the same; ¼ at a large a. */
export const rootGammaVariance: Unary = elementwise(
  "rootGammaVariance",
  ["a"],
  roots.rootGammaVariance,
  (a) => rootGammaVarianceSlope(a),
)

/** Its derivative. */
export const rootGammaVarianceSlope: Unary = elementwise(
  "rootGammaVarianceSlope",
  ["a"],
  roots.rootGammaVarianceSlope,
  "a second derivative of rootGammaVariance",
)

/** E √x for a Beta(a, b) draw x. */
export const rootBetaMean: Binary = elementwise(
  "rootBetaMean",
  ["a", "b"],
  roots.rootBetaMean,
  (a, b) => rootBetaMeanA(a, b),
  (a, b) => rootBetaMeanB(a, b),
)

const noSecondMean = "a second derivative of rootBetaMean"

/** Its derivative in a. */
export const rootBetaMeanA: Binary = elementwise(
  "rootBetaMeanA",
  ["a", "b"],
  roots.rootBetaMeanA,
  noSecondMean,
  noSecondMean,
)

/** Its derivative in b. */
export const rootBetaMeanB: Binary = elementwise(
  "rootBetaMeanB",
  ["a", "b"],
  roots.rootBetaMeanB,
  noSecondMean,
  noSecondMean,
)

/** Var √x for the same. */
export const rootBetaVariance: Binary = elementwise(
  "rootBetaVariance",
  ["a", "b"],
  roots.rootBetaVariance,
  (a, b) => rootBetaVarianceA(a, b),
  (a, b) => rootBetaVarianceB(a, b),
)

const noSecond = "a second derivative of rootBetaVariance"

/** Its derivative in a. */
export const rootBetaVarianceA: Binary = elementwise(
  "rootBetaVarianceA",
  ["a", "b"],
  roots.rootBetaVarianceA,
  noSecond,
  noSecond,
)

/** Its derivative in b. */
export const rootBetaVarianceB: Binary = elementwise(
  "rootBetaVarianceB",
  ["a", "b"],
  roots.rootBetaVarianceB,
  noSecond,
  noSecond,
)
