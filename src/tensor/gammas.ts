/**
 * The gamma distribution and what is made of it, as tensor functions: log-densities, entropies, divergences,
 * estimates, and draws that are differentiable in their parameters. The loops are in `kernels/gamma`; a backend
 * registers them when it is acquired. Each is evaluated in float64 and rounded once, since at large concentrations
 * log-gammas of 1e7 cancel down to one.
 *
 * All are differentiable once in every argument. Shapes broadcast; they must. A draw comes from the key and the
 * parameters' values, in an operation: nothing is read back to the host.
 *
 * ```ts
 * gammaLogDensity(tf.scalar(1e6), tf.scalar(1e6), tf.scalar(1))   // −7.8267, to the last digit
 * drawGamma(Key.key(0), tf.tensor([0.5, 3e4]), tf.tensor([1, 1]))
 * ```
 */
import type * as tf from "@tensorflow/tfjs-core"
import type { Key } from "./Key.ts"
import { alike, run, words } from "./kernels/call.ts"

/** log of rateᵃ xᵃ⁻¹ e^(−rate x) / Γ(a), for x > 0. */
export const gammaLogDensity = (x: tf.Tensor, a: tf.Tensor, rate: tf.Tensor): tf.Tensor =>
  run("GuidepostGammaLogDensity", alike({ x, a, rate }))

/** log of rateᵃ x⁻ᵃ⁻¹ e^(−rate/x) / Γ(a), for x > 0. */
export const inverseGammaLogDensity = (x: tf.Tensor, a: tf.Tensor, rate: tf.Tensor): tf.Tensor =>
  run("GuidepostInverseGammaLogDensity", alike({ x, a, rate }))

/** log of xᵃ⁻¹ (1 − x)ᵇ⁻¹ / B(a, b), for 0 ≤ x ≤ 1. */
export const betaLogDensity = (x: tf.Tensor, a: tf.Tensor, b: tf.Tensor): tf.Tensor =>
  run("GuidepostBetaLogDensity", alike({ x, a, b }))

/** log of Γ(Σa)/ΠΓ(aᵢ) · Πxᵢ^(aᵢ − 1), for x on the simplex: `[..., K]` to `[...]`. */
export const dirichletLogDensity = (x: tf.Tensor, a: tf.Tensor): tf.Tensor =>
  run("GuidepostDirichletLogDensity", alike({ x, a }))

/** log of (1 + z²/ν)^(−(ν + 1)/2) / (√ν B(½, ν/2) scale), with z = (x − loc)/scale and ν = df. */
export const studentLogDensity = (x: tf.Tensor, df: tf.Tensor, loc: tf.Tensor, scale: tf.Tensor): tf.Tensor =>
  run("GuidepostStudentTLogDensity", alike({ x, df, loc, scale }))

/** log of ab xᵃ⁻¹ (1 − xᵃ)ᵇ⁻¹, for 0 ≤ x ≤ 1: a beta's relative. */
export const kumaraswamyLogDensity = (x: tf.Tensor, a: tf.Tensor, b: tf.Tensor): tf.Tensor =>
  run("GuidepostKumaraswamyLogDensity", alike({ x, a, b }))

/** The entropy of Gamma(a, 1): a + log Γ(a) + (1 − a) ψ(a). */
export const gammaEntropy = (a: tf.Tensor): tf.Tensor => run("GuidepostGammaEntropy", { a })

/** The entropy of the inverse of a Gamma(a, 1) draw: a + log Γ(a) − (1 + a) ψ(a). */
export const inverseGammaEntropy = (a: tf.Tensor): tf.Tensor => run("GuidepostInverseGammaEntropy", { a })

/** The entropy of a standard Student's t: ½(ν + 1) [ψ((ν + 1)/2) − ψ(ν/2)] + ½ log ν + log B(½, ν/2). */
export const studentEntropy = (df: tf.Tensor): tf.Tensor => run("GuidepostStudentTEntropy", { df })

/** log B(a) + (A − K) ψ(A) − Σ (aᵢ − 1) ψ(aᵢ), with A = Σa: `[..., K]` to `[...]`. */
export const dirichletEntropy = (a: tf.Tensor): tf.Tensor => run("GuidepostDirichletEntropy", { a })

/** P(X ≤ x) for a gamma: P(a, rate x), for x ≥ 0. */
export const gammaCdf = (x: tf.Tensor, a: tf.Tensor, rate: tf.Tensor): tf.Tensor =>
  run("GuidepostGammaCdf", alike({ x, a, rate }))

/** P(X ≤ x) for an inverse gamma: Q(a, rate/x), for x > 0. */
export const inverseGammaCdf = (x: tf.Tensor, a: tf.Tensor, rate: tf.Tensor): tf.Tensor =>
  run("GuidepostInverseGammaCdf", alike({ x, a, rate }))

/** P(X ≤ x) for a beta: the incomplete beta function Iₓ(a, b), for 0 ≤ x ≤ 1. */
export const betaCdf = (x: tf.Tensor, a: tf.Tensor, b: tf.Tensor): tf.Tensor =>
  run("GuidepostBetaCdf", alike({ x, a, b }))

/** P(X ≤ x) for a Kumaraswamy: 1 − (1 − xᵃ)ᵇ, for 0 ≤ x ≤ 1. */
export const kumaraswamyCdf = (x: tf.Tensor, a: tf.Tensor, b: tf.Tensor): tf.Tensor =>
  run("GuidepostKumaraswamyCdf", alike({ x, a, b }))

/** P(X ≤ x) for a Student's t, with its digits in the lower tail. */
export const studentCdf = (x: tf.Tensor, df: tf.Tensor, loc: tf.Tensor, scale: tf.Tensor): tf.Tensor =>
  run("GuidepostStudentTCdf", alike({ x, df, loc, scale }))

/** The x below which a gamma variable is with probability p, in [0, 1], else NaN. */
export const gammaIcdf = (p: tf.Tensor, a: tf.Tensor, rate: tf.Tensor): tf.Tensor =>
  run("GuidepostGammaIcdf", alike({ p, a, rate }))

/** That of an inverse gamma. */
export const inverseGammaIcdf = (p: tf.Tensor, a: tf.Tensor, rate: tf.Tensor): tf.Tensor =>
  run("GuidepostInverseGammaIcdf", alike({ p, a, rate }))

/** That of a Kumaraswamy: (1 − (1 − p)^(1/b))^(1/a). */
export const kumaraswamyIcdf = (p: tf.Tensor, a: tf.Tensor, b: tf.Tensor): tf.Tensor =>
  run("GuidepostKumaraswamyIcdf", alike({ p, a, b }))

/** That of a Student's t. */
export const studentIcdf = (p: tf.Tensor, df: tf.Tensor, loc: tf.Tensor, scale: tf.Tensor): tf.Tensor =>
  run("GuidepostStudentTIcdf", alike({ p, df, loc, scale }))

/** KL(Gamma(a, 1) ‖ Gamma(b, ratio)) = (a − b) ψ(a) − log Γ(a) + log Γ(b) − b log ratio + a(ratio − 1). */
export const gammaDivergence = (a: tf.Tensor, b: tf.Tensor, ratio: tf.Tensor): tf.Tensor =>
  run("GuidepostGammaDivergence", alike({ a, b, ratio }))

/** KL of two Dirichlets, log B(b) − log B(a) + Σ (aᵢ − bᵢ) (ψ(aᵢ) − ψ(A)): `[..., K]` to `[...]`. */
export const dirichletDivergence = (a: tf.Tensor, b: tf.Tensor): tf.Tensor =>
  run("GuidepostDirichletDivergence", alike({ a, b }))

/** The a for which log a − ψ(a) = s, for s > 0; ∞ for 0. */
export const gammaShape = (s: tf.Tensor): tf.Tensor => run("GuidepostGammaShape", { s })

/** The a for which ψ(a) = y. */
export const inverseDigamma = (y: tf.Tensor): tf.Tensor => run("GuidepostInverseDigamma", { y })

/** The a for which ψ(aᵢ) − ψ(Σa) = gᵢ: `[..., K]` to `[..., K]`. */
export const dirichletEstimate = (g: tf.Tensor): tf.Tensor => run("GuidepostDirichletEstimate", { g })

/** Gamma draws, positive and finite; the shape a and the rate have one shape, the draw's. */
export const drawGamma = (key: Key, a: tf.Tensor, rate: tf.Tensor): tf.Tensor =>
  run("GuidepostGammaDraw", { a, rate }, { inverse: false, ...words(key) })

/** Draws of rate/g, with g a Gamma(a, 1) draw; positive and finite. */
export const drawInverseGamma = (key: Key, a: tf.Tensor, rate: tf.Tensor): tf.Tensor =>
  run("GuidepostGammaDraw", { a, rate }, { inverse: true, ...words(key) })

/** Dirichlet draws of concentrations `[..., K]`, none exactly 0. */
export const drawDirichlet = (key: Key, a: tf.Tensor): tf.Tensor =>
  run("GuidepostDirichletDraw", { a }, words(key))

/** Draws of a standard Student's t, finite. */
export const drawStudent = (key: Key, df: tf.Tensor): tf.Tensor =>
  run("GuidepostStudentTDraw", { df }, words(key))
