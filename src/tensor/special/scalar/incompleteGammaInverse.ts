/**
 * The inverses of the incomplete gamma functions in x, the quantiles of Gamma(a, 1), and their derivatives, of
 * float64s: Newton's method on the logarithm of the smaller tail, in log x (concaveRoot.ts). It starts from
 *
 *   log x = (log p + log Γ(a + 1))/a,   below the root since P(a, x) ≤ xᵃ/Γ(a + 1), and the root itself where x is tiny
 *   x = −log q,                         above the root for a < 1, since Q(a, x) ≤ e⁻ˣ there
 *   x = a (1 − 1/(9a) + z/(3√a))³,      E. B. Wilson and M. M. Hilferty, "The distribution of chi-square", Proceedings
 *                                       of the National Academy of Sciences 17 (1931), 684–688, with z = Φ⁻¹(p)
 *
 * Relative error below 1e-11 for a from 1e-6 to 1e10; beyond, where the third is better than float64's rounding of x,
 * it is the result. Derivatives in a at constant probability are those of gammaSlope.ts.
 */
import { concaveRoot } from "./concaveRoot.ts"
import { lgamma, lgamma1p } from "./gamma.ts"
import { gammaDensity, logPower } from "./gammaDensity.ts"
import { gammaSlope } from "./gammaSlope.ts"
import { gammainc, gammaincc } from "./incompleteGamma.ts"
import { ndtri } from "./normal.ts"
import { digamma } from "./polygamma.ts"

/** The x with P(a, x) = p, for a > 0 and p in [0, 1]; else NaN. */
export const gammaincinv = (a: number, p: number): number => Math.exp(logGammaQuantile(a, p, 1 - p))

/** The x with Q(a, x) = q, for a > 0 and q in [0, 1]; else NaN. */
export const gammainccinv = (a: number, q: number): number => Math.exp(logGammaQuantile(a, 1 - q, q))

/** dx/dp of {@link gammaincinv}, one over the density there. */
export const gammaincinvSlope = (a: number, p: number): number =>
  quantileSlope(a, logGammaQuantile(a, p, 1 - p))

/** dx/dq of {@link gammainccinv}. */
export const gammainccinvSlope = (a: number, q: number): number =>
  -quantileSlope(a, logGammaQuantile(a, 1 - q, q))

/** dx/da of {@link gammaincinv}. */
export const gammaincinvShape = (a: number, p: number): number =>
  quantileShape(a, logGammaQuantile(a, p, 1 - p))

/** dx/da of {@link gammainccinv}. */
export const gammainccinvShape = (a: number, q: number): number =>
  quantileShape(a, logGammaQuantile(a, 1 - q, q))

/**
 * log x for the x that a Gamma(a, 1) variable is below with probability p and above with probability q = 1 − p, which
 * has digits where p is near 1: −∞ where p is 0, ∞ where q is; NaN where one is negative, unless 0 < a < ∞.
 */
export const logGammaQuantile = (a: number, p: number, q: number): number => {
  if (!(a > 0 && a < Number.POSITIVE_INFINITY && p >= 0 && q >= 0)) return Number.NaN
  if (p === 0 || q === 0) return p === 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  const normal = logOfNormal(a, p < q ? ndtri(p) : -ndtri(q))
  if (a > 1e10) return normal
  const least = ((p < q ? Math.log(p) : Math.log1p(-q)) + (a < 0.5 ? lgamma1p(a) : lgamma(a + 1))) / a
  if (least < -30) return least
  const slope = (y: number) => a * Math.exp(logPower(a, Math.exp(y)))
  if (p < q) {
    const start = a < 1 || !(normal > least) ? least : normal
    return concaveRoot(p, start, least, 40, (y) => gammainc(a, Math.exp(y)), slope)
  }
  const start = a < 1 ? Math.log(-Math.log(q)) : normal
  // In −log x, in which Q grows.
  return -concaveRoot(
    q,
    -start,
    -40,
    -least,
    (y) => gammaincc(a, Math.exp(-y)),
    (y) => slope(-y),
  )
}

/** Wilson and Hilferty's; NaN where the cube is of a negative number. */
const logOfNormal = (a: number, z: number): number =>
  Math.log(a) + 3 * Math.log1p((z / Math.sqrt(a) - 1 / (3 * a)) / 3)

/** dx/dp times a factor, by the logarithms of x and of the factor. */
export const quantileSlope = (a: number, log: number, logFactor = 0): number => {
  // Where it is an end, the power of x decides.
  if (!Number.isFinite(log)) return Math.exp(logFactor) / gammaDensity(a, Math.exp(log))
  const logPowerThere = log < -600 ? a * log - lgamma1p(a) : logPower(a, Math.exp(log))
  return Math.exp(logFactor + log - logPowerThere) / a
}

/** d log x/da at constant probability, by log x. Where x is next to nothing, P(a, x) is xᵃ/Γ(a + 1). */
export const logQuantileShape = (a: number, log: number): number => {
  if (log < -600) return (digamma(a + 1) - log) / a
  const x = Math.exp(log)
  return gammaSlope(a, x) / x
}

const quantileShape = (a: number, log: number): number => (log < -600 ? 0 : gammaSlope(a, Math.exp(log)))
