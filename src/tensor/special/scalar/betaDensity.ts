/**
 * The density of Beta(a, b), p(x; a, b) = xᵃ⁻¹ (1 − x)ᵇ⁻¹ / B(a, b), of float64s, and its logarithm.
 *
 * At large a and b its terms are of the size of a and cancel down to log a. With u = (xb − ya)/a, v = (ya − xb)/b
 * and y = 1 − x, they are a · (log(1 + u) − u) + b · (log(1 + v) − v) + ½ log(ab/(2π(a + b))) and Stirling's
 * remainders, where nothing cancels: Didonato and Morris, "Algorithm 708", ACM Transactions on Mathematical Software
 * 18 (1992), 360–373, their BRCOMP.
 */
import { lbeta } from "./beta.ts"
import { HALF_LOG_2PI, stirling } from "./gamma.ts"
import { log1pMinus } from "./polynomial.ts"

/** p(x; a, b): 0 outside [0, 1], NaN unless a and b are positive and finite. */
export const betaDensity = (a: number, b: number, x: number): number => Math.exp(betaLogDensity(a, b, x))

/** log p(x; a, b): −∞ outside [0, 1], NaN unless a and b are positive and finite. */
export const betaLogDensity = (a: number, b: number, x: number): number => {
  if (!(a > 0 && b > 0 && a < Number.POSITIVE_INFINITY && b < Number.POSITIVE_INFINITY)) return Number.NaN
  if (!(x > 0 && x < 1)) return edge(a, b, x)
  const y = 1 - x
  return logPowers(a, b, x, y) - logOf(x, y) - logOf(y, x)
}

/** log [xᵃ yᵇ / B(a, b)], for a, b > 0 and x + y = 1, both positive. */
export const logPowers = (a: number, b: number, x: number, y: number): number => {
  if (a < 8 || b < 8) return a * logOf(x, y) + b * logOf(y, x) - lbeta(a, b)
  const delta = x * b - y * a
  const sum = a + b
  const size = 0.5 * Math.log(a * (b / sum)) - HALF_LOG_2PI
  return (
    a * power(delta / a, (x * sum) / a) +
    b * power(-delta / b, (y * sum) / b) +
    (size + stirling(sum) - stirling(a) - stirling(b))
  )
}

/** log x, where y = 1 − x is known too: near 1, x has lost the digits of y. */
export const logOf = (x: number, y: number): number => (x < 0.5 ? Math.log(x) : Math.log1p(-y))

/** log(1 + u) − u; near u = −1, the sum has lost the digits of the `ratio` that it is. */
const power = (u: number, ratio: number): number => (u < -0.5 ? Math.log(ratio) - u : log1pMinus(u))

/** At an end of [0, 1] the power there decides; where it is 1 what is left is log of the other parameter. */
const edge = (a: number, b: number, x: number): number => {
  if (Number.isNaN(x)) return x
  if (x !== 0 && x !== 1) return Number.NEGATIVE_INFINITY
  const [own, other] = x === 0 ? [a, b] : [b, a]
  return own === 1 ? Math.log(other) : own < 1 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY
}
