/**
 * More families whose draws are differentiable by implicit reparameterization, as tensor functions: von Mises', von
 * Mises and Fisher's, the inverse Gaussian and the continuous Bernoulli. The loops are in `kernels/paths`; a backend
 * registers them when it is acquired. Each is evaluated in float64 and rounded once, and differentiable once in every
 * argument.
 *
 * ```ts
 * drawVonMises(Key.key(0), tf.tensor([0, 1]), tf.tensor([0.5, 3e4]))
 * ```
 */
import type * as tf from "@tensorflow/tfjs-core"
import type { Key } from "./Key.ts"
import { alike, run, words } from "./kernels/call.ts"

/** Draws in [−π, π]; the mean direction and the concentration have one shape, the draw's. */
export const drawVonMises = (key: Key, loc: tf.Tensor, concentration: tf.Tensor): tf.Tensor =>
  run("GuidepostVonMisesDraw", { loc, concentration }, words(key))

/** κ (cos(x − μ) − 1) − log 2π − log e⁻ᵏ I₀(κ). Shapes broadcast. */
export const vonMisesLogDensity = (x: tf.Tensor, loc: tf.Tensor, concentration: tf.Tensor): tf.Tensor =>
  run("GuidepostVonMisesLogDensity", alike({ x, loc, concentration }))

/** cos x − 1, with the digits of a small x. */
export const cosineLess1 = (x: tf.Tensor): tf.Tensor => run("GuidepostCosineLess1", { x })

/** P(X ≤ x) on [−π, π], with its digits in the lower tail. Shapes broadcast. */
export const vonMisesCdf = (x: tf.Tensor, loc: tf.Tensor, concentration: tf.Tensor): tf.Tensor =>
  run("GuidepostVonMisesCdf", alike({ x, loc, concentration }))

/** Unit vectors `[..., d]` of the mean directions' shape; the concentrations are `[...]`. */
export const drawVonMisesFisher = (key: Key, meanDirection: tf.Tensor, concentration: tf.Tensor): tf.Tensor =>
  run("GuidepostVonMisesFisherDraw", { meanDirection, concentration }, words(key))

/** 1 less the cosine between directions `[..., d]`, which need not be of unit length: `[...]`. Shapes broadcast. */
export const versine = (a: tf.Tensor, b: tf.Tensor): tf.Tensor => run("GuidepostVersine", alike({ a, b }))

/** Positive and finite draws; the mean and the concentration have one shape, the draw's. */
export const drawInverseGaussian = (key: Key, loc: tf.Tensor, concentration: tf.Tensor): tf.Tensor =>
  run("GuidepostInverseGaussianDraw", { loc, concentration }, words(key))

/** ½ log(λ/(2πx³)) − λ(x − μ)²/(2μ²x), for x > 0, a mean μ and a concentration λ. Shapes broadcast. */
export const inverseGaussianLogDensity = (
  x: tf.Tensor,
  loc: tf.Tensor,
  concentration: tf.Tensor,
): tf.Tensor => run("GuidepostInverseGaussianLogDensity", alike({ x, loc, concentration }))

/** P(X ≤ x) for an inverse Gaussian, for x > 0, with its digits in the lower tail. Shapes broadcast. */
export const inverseGaussianCdf = (x: tf.Tensor, loc: tf.Tensor, concentration: tf.Tensor): tf.Tensor =>
  run("GuidepostInverseGaussianCdf", alike({ x, loc, concentration }))

/** The entropy of an inverse Gaussian. Shapes broadcast. */
export const inverseGaussianEntropy = (loc: tf.Tensor, concentration: tf.Tensor): tf.Tensor =>
  run("GuidepostInverseGaussianEntropy", alike({ loc, concentration }))

/** Draws in (0, 1) of the logits' shape. */
export const drawContinuousBernoulli = (key: Key, logits: tf.Tensor): tf.Tensor =>
  run("GuidepostContinuousBernoulliDraw", { logits }, words(key))

/** log of η e^(ηx)/(e^η − 1), for 0 ≤ x ≤ 1 and logits η. Shapes broadcast. */
export const continuousBernoulliLogDensity = (x: tf.Tensor, logits: tf.Tensor): tf.Tensor =>
  run("GuidepostContinuousBernoulliLogDensity", alike({ x, logits }))

/** Its mean ½ + ½ (coth η/2 − 2/η). */
export const continuousBernoulliMean = (logits: tf.Tensor): tf.Tensor =>
  run("GuidepostContinuousBernoulliMean", { logits })

/** Its variance 1/η² − ¼/sinh² η/2. */
export const continuousBernoulliVariance = (logits: tf.Tensor): tf.Tensor =>
  run("GuidepostContinuousBernoulliVariance", { logits })

/** Its entropy log((e^η − 1)/η) − η · mean. */
export const continuousBernoulliEntropy = (logits: tf.Tensor): tf.Tensor =>
  run("GuidepostContinuousBernoulliEntropy", { logits })

/** KL of two, by their logits. Shapes broadcast. */
export const continuousBernoulliDivergence = (p: tf.Tensor, q: tf.Tensor): tf.Tensor =>
  run("GuidepostContinuousBernoulliDivergence", alike({ p, q }))

/** The logits of the one of mean m, for 0 < m < 1. */
export const continuousBernoulliLogits = (m: tf.Tensor): tf.Tensor =>
  run("GuidepostContinuousBernoulliLogits", { m })

/** (e^(ηx) − 1)/(e^η − 1), for 0 ≤ x ≤ 1. Shapes broadcast. */
export const continuousBernoulliCdf = (x: tf.Tensor, logits: tf.Tensor): tf.Tensor =>
  run("GuidepostContinuousBernoulliCdf", alike({ x, logits }))

/** log(1 + u(e^η − 1))/η, for 0 ≤ u ≤ 1. Shapes broadcast. */
export const continuousBernoulliIcdf = (u: tf.Tensor, logits: tf.Tensor): tf.Tensor =>
  run("GuidepostContinuousBernoulliIcdf", alike({ u, logits }))
