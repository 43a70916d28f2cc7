/**
 * Means and variances of the square roots of gamma and beta draws, of float64s. With
 *
 *   f(a) = log Γ(a + ½)² / (Γ(a) Γ(a + 1)) = −1/(4a) + …
 *
 * a Gamma(a, 1) draw's root has the mean √a e^(f/2) and the variance a (1 − e^f); a Beta(a, b) draw's, with h = f(a) −
 * f(a + b), the mean √(a/(a + b)) e^(h/2) and the variance a/(a + b) (1 − e^h). As a second moment less the square of
 * a mean the variances have no digit at a large a; so f comes from its series there (of DLMF 5.11.13).
 */
import { lgamma } from "./gamma.ts"
import { digamma } from "./polygamma.ts"
import { poly } from "./polynomial.ts"

/** E √x for a Gamma(a, 1) draw x. */
export const rootGammaMean = (a: number): number => Math.sqrt(a) * Math.exp(0.5 * f(a))

/** Var √x for the same: ¼ at a large a. */
export const rootGammaVariance = (a: number): number => -a * Math.expm1(f(a))

/** Its derivative. */
export const rootGammaVarianceSlope = (a: number): number => {
  const at = f(a)
  return -Math.expm1(at) - a * Math.exp(at) * slope(a)
}

/** E √x for a Beta(a, b) draw x. */
export const rootBetaMean = (a: number, b: number): number =>
  Math.sqrt(a / (a + b)) * Math.exp(0.5 * (f(a) - f(a + b)))

/** Its derivative in a. */
export const rootBetaMeanA = (a: number, b: number): number =>
  0.5 * rootBetaMean(a, b) * (b / (a * (a + b)) + slope(a) - slope(a + b))

/** Its derivative in b. */
export const rootBetaMeanB = (a: number, b: number): number =>
  -0.5 * rootBetaMean(a, b) * (1 / (a + b) + slope(a + b))

/** Var √x for the same. */
export const rootBetaVariance = (a: number, b: number): number => (-a / (a + b)) * Math.expm1(f(a) - f(a + b))

/** Its derivative in a. */
export const rootBetaVarianceA = (a: number, b: number): number => {
  const sum = a + b
  const h = f(a) - f(sum)
  return (-b / sum / sum) * Math.expm1(h) - (a / sum) * Math.exp(h) * (slope(a) - slope(sum))
}

/** Its derivative in b. */
export const rootBetaVarianceB = (a: number, b: number): number => {
  const sum = a + b
  const h = f(a) - f(sum)
  return (a / sum / sum) * Math.expm1(h) + (a / sum) * Math.exp(h) * slope(sum)
}

const f = (a: number): number => {
  if (a < LARGE) return 2 * lgamma(a + 0.5) - lgamma(a) - lgamma(a + 1)
  const y = 1 / a
  return y * poly(SERIES, y * y)
}

const slope = (a: number): number => {
  if (a < LARGE) return 2 * digamma(a + 0.5) - digamma(a) - digamma(a + 1)
  const y = 1 / a
  return -y * y * poly(SLOPES, y * y)
}

const LARGE = 20

/** Of f: odd powers of 1/a alone. */
const SERIES = [-1 / 4, 1 / 96, -1 / 320, 17 / 7168, -31 / 9216, 691 / 90112]

/** Of −f′, each term's power put in. */
const SLOPES = SERIES.map((c, i) => c * (2 * i + 1))
