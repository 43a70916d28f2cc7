/**
 * The modified Bessel functions I₀ and I₁, scaled by e^−|x|, and their quotient, of one float64.
 *
 * For |x| ≤ 16 the power series (DLMF 10.25.2), whose terms are all positive; beyond, the asymptotic one (DLMF
 * 10.40.1), whose twentieth term at 16 is 3e-14. What falls off faster than its parts at large x, like I₁ − I₀, has the
 * difference of their series, term by term. Relative error below 1e-13.
 */
import { poly } from "./polynomial.ts"

/** e^−|x| I₀(x), even, about 1/√(2πx). */
export const i0e = (x: number): number => {
  const t = Math.abs(x)
  return t <= BOUND ? Math.exp(-t) * poly(POWER_0, 0.25 * t * t) : asymptotic(LARGE_0, t)
}

/** e^−|x| I₁(x), odd. */
export const i1e = (x: number): number => {
  const t = Math.abs(x)
  if (t <= BOUND) return Math.exp(-t) * 0.5 * x * poly(POWER_1, 0.25 * t * t)
  return Math.sign(x) * asymptotic(LARGE_1, t)
}

/** The derivative of `i0e`, e^−|x| (I₁ − sign(x) I₀): odd, −1 at 0⁺ and 1 at 0⁻, 0 at 0 itself. */
export const i0eSlope = (x: number): number => {
  const t = Math.abs(x)
  if (t === 0) return 0
  const value = t <= BOUND ? i1e(t) - i0e(t) : asymptotic(LARGE_DIFFERENCE, t)
  return x < 0 ? -value : value
}

/** The derivative of `i1e`, e^−|x| (I₀ − I₁/x − |I₁|): even, ½ at 0. */
export const i1eSlope = (x: number): number => {
  const t = Math.abs(x)
  if (t > BOUND) return -asymptotic(LARGE_DIFFERENCE, t) - asymptotic(LARGE_1, t) / t
  const q = 0.25 * t * t
  return Math.exp(-t) * (poly(POWER_0, q) - 0.5 * (t + 1) * poly(POWER_1, q))
}

/** log(e^−|x| I₀(x)), −|x| + x²/4 at small x. */
export const logI0e = (x: number): number => {
  const t = Math.abs(x)
  if (t > BOUND) return Math.log(i0e(t))
  const q = 0.25 * t * t
  return Math.log1p(q * poly(POWER_0_REST, q)) - t
}

/** I₁(x)/I₀(x) in (−1, 1), odd: the mean resultant length of a von Mises density with concentration x. */
export const besselRatio = (x: number): number => {
  const t = Math.abs(x)
  if (t > BOUND) return Math.sign(x) * (1 + relative(LARGE_DIFFERENCE, t))
  const q = 0.25 * t * t
  return (0.5 * x * poly(POWER_1, q)) / poly(POWER_0, q)
}

/** I₁(x)/I₀(x) − sign(x), the derivative of `logI0e`: odd, −1/(2x) at large x; 0 at 0. */
export const besselRatioRest = (x: number): number => {
  const t = Math.abs(x)
  if (t === 0) return 0
  const value = t <= BOUND ? besselRatio(t) - 1 : relative(LARGE_DIFFERENCE, t)
  return x < 0 ? -value : value
}

/** The derivative of `besselRatio`, 1 − A/x − A²: even, ½ at 0, 1/(2x²) at large x. */
export const besselRatioSlope = (x: number): number => {
  const t = Math.abs(x)
  if (t > BOUND) {
    // With A = 1 − 1/(2t) + e.
    const e = relative(LARGE_REST, t)
    return 0.25 / (t * t) - e * (2 + e)
  }
  const q = 0.25 * t * t
  const half = (0.5 * poly(POWER_1, q)) / poly(POWER_0, q)
  return 1 - half - half * half * t * t
}

const asymptotic = (series: ReadonlyArray<number>, t: number): number =>
  t === Number.POSITIVE_INFINITY ? 0 : poly(series, 1 / t) / Math.sqrt(2 * Math.PI * t)

const relative = (series: ReadonlyArray<number>, t: number): number =>
  poly(series, 1 / t) / poly(LARGE_0, 1 / t)

const BOUND = 16

/** 1/(k! (k + ν)!). */
const power = (order: number): ReadonlyArray<number> => {
  const terms = [1]
  for (let k = 1; k < 37; k++) terms.push(terms[k - 1]! / (k * (k + order)))
  return terms
}

const POWER_0 = power(0)
const POWER_1 = power(1)
const POWER_0_REST = POWER_0.slice(1)

/** (−1)ᵏ aₖ(ν) = Π ((2j − 1)² − 4ν²) / (k! 8ᵏ). */
const large = (order: number): ReadonlyArray<number> => {
  const terms = [1]
  for (let k = 1; k < 21; k++) {
    terms.push((terms[k - 1]! * ((2 * k - 1) ** 2 - 4 * order * order)) / (8 * k))
  }
  return terms
}

const LARGE_0 = large(0)
const LARGE_1 = large(1)
const LARGE_DIFFERENCE = LARGE_1.map((term, k) => term - LARGE_0[k]!)
const LARGE_REST = LARGE_DIFFERENCE.map((term, k) => (k === 0 ? 0 : term + LARGE_0[k - 1]! / 2))
