/**
 * Log-masses of counts, and draws of them, as tensor functions. The loops are in `kernels/counts`; a backend
 * registers them when it is acquired. Sums of log-factorials cancel from 1e7 down to one at a million trials, so a
 * float32 `lgamma` cannot make them: each function here is evaluated in float64 and rounded once.
 *
 * Scores are differentiable in the parameters, and pass a gradient of zero to the count. Shapes broadcast; they must.
 * A draw comes from the key and the parameters' values, in an operation: nothing is read back to the host.
 *
 * ```ts
 * poissonLogMass(tf.scalar(1e6), tf.scalar(1e6))   // −7.8267, to the last digit
 * drawPoisson(Key.key(0), tf.tensor([0.5, 3e4]))
 * ```
 */
import type * as tf from "@tensorflow/tfjs-core"
import type { Key } from "./Key.ts"
import { alike, run, words } from "./kernels/call.ts"
import type { ChanceBy } from "./kernels/counts/chance.ts"

export type { ChanceBy } from "./kernels/counts/chance.ts"

/** log λˣ e^−λ / x!, for λ ≥ 0. */
export const poissonLogMass = (x: tf.Tensor, rate: tf.Tensor): tf.Tensor =>
  run("GuidepostPoissonLogMass", alike({ x, rate }))

/** P(X ≤ x) of a Poisson, for any number x; differentiable in the rate. */
export const poissonCdf = (x: tf.Tensor, rate: tf.Tensor): tf.Tensor =>
  run("GuidepostPoissonCdf", alike({ x, rate }))

/** P(X ≤ x) of a binomial, for any number x; differentiable in the chance once. */
export const binomialCdf = (
  x: tf.Tensor,
  n: tf.Tensor,
  chance: tf.Tensor,
  by: "probs" | "logits",
): tf.Tensor => run("GuidepostBinomialCdf", alike({ x, n, chance }), { by })

/** P(X ≤ x) of a negative binomial, for any number x; differentiable in c and the chance once. */
export const negativeBinomialCdf = (x: tf.Tensor, c: tf.Tensor, chance: tf.Tensor, by: ChanceBy): tf.Tensor =>
  run("GuidepostNegativeBinomialCdf", alike({ x, c, chance }), { by })

/**
 * x log(x/m) + m − x for x, m ≥ 0: the divergence of two Poissons. It is (x − m)²/2m where the two are near, and the
 * terms as they stand cancel.
 */
export const deviance = (x: tf.Tensor, m: tf.Tensor): tf.Tensor => run("GuidepostDeviance", alike({ x, m }))

/** log C(n, x) pˣ (1 − p)ⁿ⁻ˣ, for 0 ≤ x ≤ n; the chance p by `probs` or by `logits`. */
export const binomialLogMass = (
  x: tf.Tensor,
  n: tf.Tensor,
  chance: tf.Tensor,
  by: "probs" | "logits",
): tf.Tensor => run("GuidepostBinomialLogMass", alike({ x, n, chance }), { by })

/**
 * log Γ(x + c)/(Γ(c) x!) pˣ (1 − p)ᶜ, for c > 0: the chance p of a count by `probs`, by `logits`, or as a mixture of
 * Poissons with gamma-distributed rates, by the gamma's `rate` or `mean`. Differentiable in c once, in p to any order.
 */
export const negativeBinomialLogMass = (
  x: tf.Tensor,
  c: tf.Tensor,
  chance: tf.Tensor,
  by: ChanceBy,
): tf.Tensor => run("GuidepostNegativeBinomialLogMass", alike({ x, c, chance }), { by })

/** log of n!/Πx! · Πwˣ with n = Σx: `[..., K]` to `[...]`. Weights are probabilities (as they are) or `logits`. */
export const multinomialLogMass = (x: tf.Tensor, w: tf.Tensor, logits: boolean): tf.Tensor =>
  run("GuidepostMultinomialLogMass", alike({ x, w }), { logits })

/** log-mass of counts whose probabilities are Dirichlet of concentrations a: `[..., K]` to `[...]`. */
export const dirichletMultinomialLogMass = (x: tf.Tensor, a: tf.Tensor): tf.Tensor =>
  run("GuidepostDirichletMultinomialLogMass", alike({ x, a }))

/** Integers from `low` to `high`, both included and equally likely; the two have one shape. */
export const drawInteger = (key: Key, low: tf.Tensor, high: tf.Tensor): tf.Tensor =>
  run("GuidepostIntegerDraw", { low, high }, words(key))

/** Poisson draws of the rate's shape. */
export const drawPoisson = (key: Key, rate: tf.Tensor): tf.Tensor =>
  run("GuidepostPoissonDraw", { rate }, words(key))

/** How many failures come before the first success, of the chance's shape. */
export const drawGeometric = (key: Key, chance: tf.Tensor, by: "probs" | "logits"): tf.Tensor =>
  run("GuidepostGeometricDraw", { chance }, { by, ...words(key) })

/** Successes of n trials; n and the chance have one shape. */
export const drawBinomial = (key: Key, n: tf.Tensor, chance: tf.Tensor, by: "probs" | "logits"): tf.Tensor =>
  run("GuidepostBinomialDraw", { n, chance }, { by, ...words(key) })

/** Negative binomial draws; c and the chance have one shape. */
export const drawNegativeBinomial = (key: Key, c: tf.Tensor, chance: tf.Tensor, by: ChanceBy): tf.Tensor =>
  run("GuidepostNegativeBinomialDraw", { c, chance }, { by, ...words(key) })

/** Counts `[..., K]` of n `[...]` trials, by weights `[..., K]`. */
export const drawMultinomial = (key: Key, n: tf.Tensor, w: tf.Tensor, logits: boolean): tf.Tensor =>
  run("GuidepostMultinomialDraw", { w, n }, { logits, ...words(key) })

/** Counts `[..., K]` of n `[...]` trials, by weights drawn from a Dirichlet of concentrations `[..., K]`. */
export const drawDirichletMultinomial = (key: Key, n: tf.Tensor, a: tf.Tensor): tf.Tensor =>
  run("GuidepostDirichletMultinomialDraw", { w: a, n }, words(key))
