/**
 * The density of Gamma(a, 1), p(x; a) = xᵃ⁻¹ e⁻ˣ / Γ(a), of float64s, and its logarithm.
 *
 * At large a its terms a log x, x and log Γ(a) are each of the size of a log a and cancel down to log a. With
 * μ = (x − a)/a and Stirling's series they are a · (log(1 + μ) − μ) − ½ log 2πa − 1/(12a) + …, where nothing cancels.
 */
import { HALF_LOG_2PI, lgamma, stirling } from "./gamma.ts"
import { log1pMinus } from "./polynomial.ts"

/** p(x; a): 0 where x < 0, NaN unless a is positive and finite. */
export const gammaDensity = (a: number, x: number): number => Math.exp(gammaLogDensity(a, x))

/** log p(x; a): −∞ where x < 0, NaN unless a is positive and finite. */
export const gammaLogDensity = (a: number, x: number): number => {
  if (!(x > 0 && a > 0 && x < Number.POSITIVE_INFINITY && a < Number.POSITIVE_INFINITY)) return edge(a, x)
  return logPower(a, x) + Math.log(a / x)
}

/** log [xᵃ e⁻ˣ / Γ(a + 1)], for a, x > 0 and finite. */
export const logPower = (a: number, x: number): number => {
  if (a < 8) return a * Math.log(x) - x - lgamma(a + 1)
  const mu = (x - a) / a
  // Far below a, 1 + μ has lost the digits of x.
  const power = mu < -0.5 ? Math.log(x / a) - mu : log1pMinus(mu)
  return a * power - 0.5 * Math.log(a) - HALF_LOG_2PI - stirling(a)
}

const edge = (a: number, x: number): number => {
  if (Number.isNaN(x) || !(a > 0 && a < Number.POSITIVE_INFINITY)) return Number.NaN
  if (x !== 0 || a > 1) return Number.NEGATIVE_INFINITY
  return a === 1 ? 0 : Number.POSITIVE_INFINITY
}
