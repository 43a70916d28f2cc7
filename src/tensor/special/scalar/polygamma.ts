/**
 * The derivatives of log Γ, of one float64: digamma ψ, trigamma ψ′, and ψ⁽ⁿ⁾.
 *
 * For x ≥ 8 the asymptotic series (DLMF 5.11.2 and 5.15.8), below it the recurrence, for x < 0 the reflection (DLMF
 * 5.5.4, 5.15.6). Beyond ψ′ by ψ⁽ⁿ⁾(x) = (−1)ⁿ⁺¹ n! ζ(n + 1, x) and the Euler–Maclaurin sum for Hurwitz's zeta
 * (DLMF 25.11.5). Relative error below 2e-15 for x > 0, save at ψ's zero 1.4616…, where the absolute one is.
 */
import { poly } from "./polynomial.ts"

/** ψ(x) = Γ′(x)/Γ(x); −∞ at 0 (∞ at −0), NaN at −1, −2, … and −∞, where the two sides differ. */
export const digamma = (x: number): number => {
  if (!(x > 0)) return digammaReflected(x)
  let z = x
  let sum = 0
  while (z < 8) {
    sum -= 1 / z
    z += 1
  }
  const y = 1 / z
  return sum + (Math.log(z) - y * (0.5 + y * poly(DIGAMMA, y * y)))
}

/** ψ′(x); ∞ at 0, −1, −2, …. */
export const trigamma = (x: number): number => {
  if (!(x > 0)) return trigammaReflected(x)
  let z = x
  let sum = 0
  while (z < 8) {
    sum += 1 / (z * z)
    z += 1
  }
  const y = 1 / z
  return sum + y * (1 + y * (0.5 + y * poly(BERNOULLI, y * y)))
}

/** ψ⁽ⁿ⁾(x) for n = 0, 1, 2, …: at 0, −1, −2, … it is ∞ where n is odd, NaN where n is even (−∞ at 0). */
export const polygamma = (n: number, x: number): number => {
  if (n === 0) return digamma(x)
  if (n === 1) return trigamma(x)
  const sign = n % 2 === 1 ? 1 : -1
  const s = n + 1
  if (x > 0) return sign * factorial(n) * hurwitz(s, x)
  if (x === 0) return sign * Number.POSITIVE_INFINITY
  const below = Math.ceil(x) - x
  if (below === 0) return sign > 0 ? Number.POSITIVE_INFINITY : Number.NaN
  // ζ(s, x), the sum over x, x + 1, …, is the sum over all of x + ℤ, which is 0 halfway between where n is even, less
  // what lies below x.
  const all = hurwitz(s, 1 - below) + sign * hurwitz(s, below)
  return sign * factorial(n) * (all - sign * hurwitz(s, 1 - x))
}

/**
 * ψ⁽ⁿ⁾(a + b) − ψ⁽ⁿ⁾(a) for a, b > 0. The difference as it stands is rounding alone where b is far below a; there it
 * is b · ψ⁽ⁿ⁺¹⁾(a + b/2), the midpoint rule, whose error is (b/a)²/12 of it or so.
 */
export const polygammaStep = (n: number, a: number, b: number): number =>
  b < 1e-5 * a ? b * polygamma(n + 1, a + 0.5 * b) : polygamma(n, a + b) - polygamma(n, a)

const digammaReflected = (x: number): number => {
  if (x === 0) return -1 / x
  const distance = x - Math.round(x)
  if (!(Math.abs(distance) > 0)) return Number.NaN
  return digamma(1 - x) - Math.PI / Math.tan(Math.PI * distance)
}

const trigammaReflected = (x: number): number => {
  const distance = x - Math.round(x)
  if (!(Math.abs(distance) > 0)) return distance === 0 ? Number.POSITIVE_INFINITY : Number.NaN
  const slope = Math.PI / Math.sin(Math.PI * distance)
  return slope * slope - trigamma(1 - x)
}

/** ζ(s, x) = Σ (x + k)⁻ˢ for s ≥ 2 and x > 0. The terms of the remainder fall while 2π(x + k) exceeds s + 2j. */
const hurwitz = (s: number, x: number): number => {
  const from = 10 + s / 2
  let z = x
  let sum = 0
  while (z < from) {
    const term = z ** -s
    sum += term
    if (term < 1e-17 * sum) return sum
    z += 1
  }
  const power = z ** -s
  if (power === 0) return sum
  let rest = power * (z / (s - 1) + 0.5)
  let factor = (power * s) / z
  for (let j = 0; j < ZETA.length; j++) {
    rest += ZETA[j]! * factor
    factor *= ((s + 2 * j + 1) * (s + 2 * j + 2)) / (z * z)
  }
  return sum + rest
}

const factorial = (n: number): number => {
  let product = 1
  for (let k = 2; k <= n; k++) product *= k
  return product
}

/** B₂ₖ, from k = 1. */
const BERNOULLI = [
  1 / 6,
  -1 / 30,
  1 / 42,
  -1 / 30,
  5 / 66,
  -691 / 2730,
  7 / 6,
  -3617 / 510,
  43867 / 798,
  -174611 / 330,
]

/** B₂ₖ / 2k. */
const DIGAMMA = BERNOULLI.map((b, i) => b / (2 * i + 2))

/** B₂ₖ / (2k)!. */
const ZETA = BERNOULLI.map((b, i) => b / factorial(2 * i + 2))
