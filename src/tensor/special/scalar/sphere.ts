/**
 * The von Mises–Fisher distribution's functions of its concentration κ alone, of float64s: with the order ν = d/2 − 1 of
 * its dimension d, F = log E e^{κ(w − 1)} over the uniform distribution, and A = 1 + F′ the mean of w, where w is the
 * coordinate along the mean direction.
 */
import {
  besselQuotient,
  besselQuotientRest,
  besselQuotientSlope,
  logMean,
  logMeanExp,
} from "./besselOrder.ts"

/** The entropy less that of the uniform distribution, F − κF′: 0 at κ = 0, and −κ²/(4ν + 4) near it. */
export const sphereEntropy = (order: number, k: number): number => {
  if (k === Number.POSITIVE_INFINITY) return Number.NEGATIVE_INFINITY
  // Without what is −κ + κ, of which less than the rounding would be left at a small κ.
  return k < 1
    ? logMean(order, k) - k * besselQuotient(order, k)
    : logMeanExp(order, k) - k * besselQuotientRest(order, k)
}

/** Its derivative −κA′. */
export const sphereEntropySlope = (order: number, k: number): number =>
  k === Number.POSITIVE_INFINITY ? -0 : -k * besselQuotientSlope(order, k)

/** KL(p ‖ q) of two with one mean direction: F(q) − F(p) − (q − p) F′(p), nowhere negative. */
export const sphereDivergence = (order: number, p: number, q: number): number => {
  const rise = logMeanExp(order, q) - logMeanExp(order, p)
  const found = rise - (q - p) * besselQuotientRest(order, p)
  // Between equals rounding may leave less.
  return found < 0 ? 0 : found
}

/** Its derivative in p's concentration. */
export const sphereDivergenceFrom = (order: number, p: number, q: number): number =>
  (p - q) * besselQuotientSlope(order, p)

/** Its derivative in q's concentration. */
export const sphereDivergenceTo = (order: number, p: number, q: number): number =>
  besselQuotientRest(order, q) - besselQuotientRest(order, p)

/**
 * The κ at which 1 − A = `rest`, ∞ at 0, and 0 from 1 on, which rounding may step over: by Newton's method from S. Sra, "A short note on parameter
 * approximation for von Mises–Fisher distributions", Computational Statistics 27 (2012), 177–190.
 */
export const sphereConcentration = (order: number, rest: number): number => {
  if (rest >= 1) return 0
  if (!(rest > 0)) return rest === 0 ? Number.POSITIVE_INFINITY : Number.NaN
  const r = 1 - rest
  let k = (r * (2 * order + 2 - r * r)) / (rest * (2 - rest))
  for (let round = 0; round < 30; round++) {
    const step = (besselQuotientRest(order, k) + rest) / besselQuotientSlope(order, k)
    const next = Math.max(k - step, 0.5 * k)
    if (Math.abs(next - k) <= 1e-13 * k) return next
    k = next
  }
  return k
}

/** Its derivative. */
export const sphereConcentrationSlope = (order: number, rest: number): number =>
  -1 / besselQuotientSlope(order, sphereConcentration(order, rest))
