/**
 * The incomplete gamma functions P(a, x) = ∫₀ˣ p(t; a) dt and Q = 1 − P, with p the density of Gamma(a, 1), of
 * float64s; relative error below 1e-12 in each, in both tails. After Gil, Segura and Temme, "Efficient and accurate
 * algorithms for the computation and inversion of the incomplete gamma function ratios", SIAM Journal on Scientific
 * Computing 34 (2012), A2965–A2981:
 *
 * - a ≥ 30 and x within 30% of it: Temme's uniform expansion (temme.ts), which takes no more terms as a grows;
 * - x ≤ a, or x < 2: the power series of P (DLMF 8.11.4); where Q is wanted and a < 1, that of Q, which does
 *   not start from 1;
 * - else: the continued fraction of Q (DLMF 8.9.2).
 */
import { lgamma1p } from "./gamma.ts"
import { logPower } from "./gammaDensity.ts"
import { isCentral, temmeTail } from "./temme.ts"

/** P(a, x) for a, x ≥ 0. At a = 0 all the mass is at 0, so that P(0, x) = 1; P(0, 0) and P(∞, ∞) are NaN. */
export const gammainc = (a: number, x: number): number => {
  if (!isInside(a, x)) return edge(a, x, 1)
  if (isCentral(a, x)) return x > a ? 1 - temmeTail(a, x) : temmeTail(a, x)
  return isLower(a, x) ? Math.min(1, lowerSeries(a, x)) : 1 - upperFraction(a, x)
}

/** Q(a, x) = 1 − P(a, x). */
export const gammaincc = (a: number, x: number): number => {
  if (!isInside(a, x)) return edge(a, x, 0)
  if (isCentral(a, x)) return x > a ? temmeTail(a, x) : 1 - temmeTail(a, x)
  if (!isLower(a, x)) return upperFraction(a, x)
  return a < 1 ? Math.max(0, upperSeries(a, x)) : 1 - lowerSeries(a, x)
}

/** Whether the series of P is to be used, and not the fraction of Q. */
export const isLower = (a: number, x: number): boolean => x <= a || x < 2

/** Whether neither argument is at an end of its range. */
export const isInside = (a: number, x: number): boolean =>
  a > 0 && x > 0 && a < Number.POSITIVE_INFINITY && x < Number.POSITIVE_INFINITY

const edge = (a: number, x: number, beyond: number): number => {
  if (!(a >= 0 && x >= 0) || (a === 0 && x === 0) || (a === x && a === Number.POSITIVE_INFINITY))
    return Number.NaN
  return a === 0 || x === Number.POSITIVE_INFINITY ? beyond : 1 - beyond
}

/** xᵃ e⁻ˣ/Γ(a + 1) · Σ xⁿ/((a + 1) … (a + n)). */
const lowerSeries = (a: number, x: number): number => {
  const head = Math.exp(logPower(a, x))
  if (head === 0) return 0
  let term = 1
  let sum = 1
  for (let d = a + 1; term > PRECISION * sum; d++) {
    term *= x / d
    sum += term
  }
  return head * sum
}

/** Q = 1 − xᵃ/Γ(1 + a) + xᵃ/Γ(1 + a) · a Σ (−1)ⁿ⁺¹ xⁿ/(n! (a + n)), the first difference by expm1. */
const upperSeries = (a: number, x: number): number => {
  const exponent = a * Math.log(x) - (a < 0.5 ? lgamma1p(a) : lgamma1p(a - 1) + Math.log(a))
  let power = 1
  let sum = 0
  for (let n = 1; n < 40 && power > PRECISION; n++) {
    power *= x / n
    sum += (n % 2 === 1 ? power : -power) / (a + n)
  }
  return Math.exp(exponent) * a * sum - Math.expm1(exponent)
}

/** xᵃ e⁻ˣ/Γ(a) · 1/(x + 1 − a − 1(1 − a)/(x + 3 − a − …)), summed as a series of its convergents' differences. */
const upperFraction = (a: number, x: number): number => {
  const head = Math.exp(logPower(a, x))
  if (head === 0) return 0
  let term = 1
  let sum = 1
  let ratio = 0
  for (let k = 1; Math.abs(term) > PRECISION * sum; k++) {
    const s = x - a + 2 * k
    const tau = k * (k - a) * (1 + ratio)
    ratio = tau / (s * s - 1 - tau)
    term *= ratio
    sum += term
  }
  return (head * a * sum) / (x + 1 - a)
}

/** Where the sums stop: far below float32's rounding, 6e-8. */
const PRECISION = 1e-13
