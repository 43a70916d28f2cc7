/**
 * The inverse of the incomplete beta function in x, the quantiles of Beta(a, b), and its derivatives, of float64s:
 * Newton's method on the logarithm of the smaller tail, in u = log x/(1 − x) (concaveRoot.ts). The density of u is
 * below eᵃᵘ/B(a, b) and e^(−bu)/B(a, b), so that the root lies between
 *
 *   (log p + log a + log B(a, b))/a ≤ u ≤ −(log q + log b + log B(a, b))/b
 *
 * the start where a ≤ 1, or b ≤ 1; where both are above 1 it is the normal approximation of M. Abramowitz and
 * I. Stegun, "Handbook of Mathematical Functions" (1964), 26.5.22. Relative error below 1e-9 for a, b from 1e-6 to
 * 1e6: that of I, times what the quantile makes of it.
 */
import { lbeta } from "./beta.ts"
import { betaDensity, logPowers } from "./betaDensity.ts"
import { betaSlopeA, betaSlopeB } from "./betaSlope.ts"
import { concaveRoot } from "./concaveRoot.ts"
import { betaincOf } from "./incompleteBeta.ts"
import { ndtri } from "./normal.ts"

/** The x with Iₓ(a, b) = p, for a, b > 0 and p in [0, 1]; else NaN. */
export const betaincinv = (a: number, b: number, p: number): number =>
  logistic(logitBetaQuantile(a, b, p, 1 - p))

/** dx/dp, one over the density there. */
export const betaincinvSlope = (a: number, b: number, p: number): number => {
  const u = logitBetaQuantile(a, b, p, 1 - p)
  if (!Number.isFinite(u)) return 1 / betaDensity(a, b, logistic(u))
  const [x, y] = [logistic(u), logistic(-u)]
  return x * y * Math.exp(-logPowers(a, b, x, y))
}

/** dx/da, positive. */
export const betaincinvA = (a: number, b: number, p: number): number => {
  const u = logitBetaQuantile(a, b, p, 1 - p)
  return betaSlopeA(a, b, logistic(u), logistic(-u))
}

/** dx/db, negative. */
export const betaincinvB = (a: number, b: number, p: number): number => {
  const u = logitBetaQuantile(a, b, p, 1 - p)
  return betaSlopeB(a, b, logistic(u), logistic(-u))
}

/**
 * log x/(1 − x) for the x that a Beta(a, b) variable is below with probability p and above with probability q = 1 − p,
 * which has digits where p is near 1: −∞ where p is 0, ∞ where q is, and ±700 for what is further out; NaN where one is
 * negative, unless 0 < a, b < ∞.
 */
export const logitBetaQuantile = (a: number, b: number, p: number, q: number): number => {
  if (!(a > 0 && b > 0 && a < Number.POSITIVE_INFINITY && b < Number.POSITIVE_INFINITY && p >= 0 && q >= 0)) {
    return Number.NaN
  }
  if (p === 0 || q === 0) return p === 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return p < q ? lower(a, b, p, q) : -lower(b, a, q, p)
}

const lower = (a: number, b: number, p: number, q: number): number => {
  const whole = lbeta(a, b)
  const least = Math.max(-FAR, (Math.log(p) + Math.log(a) + whole) / a)
  const most = Math.min(FAR, -(Math.log(q) + Math.log(b) + whole) / b)
  const start = a > 1 && b > 1 ? ofNormal(a, b, ndtri(p)) : a > 1 ? most : least
  return concaveRoot(
    p,
    start,
    Math.min(least, FAR),
    Math.max(most, -FAR),
    (u) => betaincOf(a, b, logistic(u), logistic(-u)),
    (u) => Math.exp(logPowers(a, b, logistic(u), logistic(-u))),
  )
}

const ofNormal = (a: number, b: number, z: number): number => {
  const [left, right] = [1 / (2 * a - 1), 1 / (2 * b - 1)]
  const lambda = (z * z - 3) / 6
  const h = 2 / (left + right)
  const w = (-z * Math.sqrt(h + lambda)) / h - (right - left) * (lambda + 5 / 6 - 2 / (3 * h))
  return Math.log(a / b) - 2 * w
}

const logistic = (u: number): number => 1 / (1 + Math.exp(-u))

/** e to this, and to minus this, are float64s. */
const FAR = 700
