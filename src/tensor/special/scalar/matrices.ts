/**
 * The concentrations at which the LKJ and the Wishart distribution expect a given log-determinant, of float64s: their
 * likelihood equations. Both sides are convex and falling functions of the concentration, and each has a bound of the
 * form c/x from below: from where the bound meets the given number Newton's method climbs to the root, and never beyond.
 */
import { digamma, polygammaStep, trigamma } from "./polygamma.ts"

/**
 * The η > 0 for which E log det LLᵀ = −s, for an LKJ distribution of D ≥ 2 rows: ∞ for s = 0, and 0 for ∞. The squared
 * l_kk are betas of η + (D − k)/2 and (k − 1)/2, so that s = Σᵢ ψ(η + (D − 1)/2) − ψ(η + (D − 1 − i)/2), i = 1 … D − 1.
 */
export const lkjConcentration = (dimension: number, s: number): number => {
  if (!(dimension >= 2 && s >= 0)) return Number.NaN
  if (s === 0 || s === Number.POSITIVE_INFINITY) return 1 / s
  // Of each difference: ψ(x + h) − ψ(x) ≥ h/(x + h), and of the last one, of which x is η, also 1/2x.
  const start = Math.max(0.5 / s, (dimension * (dimension - 1)) / 4 / s - (dimension - 1) / 2)
  return climb(
    start,
    (eta) => lkjSum(0, dimension, eta) - s,
    (eta) => lkjSum(1, dimension, eta),
  )
}

/** Its derivative in s. */
export const lkjConcentrationSlope = (dimension: number, s: number): number => {
  const x = lkjConcentration(dimension, s)
  return Number.isNaN(x) ? x : 1 / lkjSum(1, dimension, x)
}

/**
 * The ν > n − 1 for which a Wishart distribution's n log(ν/2) − Σᵢ ψ((ν − i + 1)/2) is s, i = 1 … n: ∞ for s = 0, and
 * n − 1 for ∞. The left side is log det E W − E log det W, of W = LLᵀ, whatever the scale; s that of data.
 */
export const wishartConcentration = (dimension: number, s: number): number =>
  dimension - 1 + wishartFreedom(dimension, s)

/** Its derivative in s. */
export const wishartConcentrationSlope = (dimension: number, s: number): number => {
  const x = wishartFreedom(dimension, s)
  return Number.isNaN(x) ? x : 1 / wishartSlope(dimension, x)
}

/** The least of the degrees of freedom on A's diagonal, ν − n + 1, which has digits where it is small. */
const wishartFreedom = (dimension: number, s: number): number => {
  if (!(dimension >= 1 && s >= 0)) return Number.NaN
  if (s === 0 || s === Number.POSITIVE_INFINITY) return 1 / s
  // Since log x − ψ(x) ≥ 1/2x, each term is i/ν or more, and the last one 1/(ν − n + 1).
  const start = Math.max(1 / s, (dimension * (dimension + 1)) / 2 / s - (dimension - 1))
  return climb(
    start,
    (least) => wishartSum(dimension, least) - s,
    (least) => wishartSlope(dimension, least),
  )
}

/** log x − ψ(x), which is near 1/(2x) at large x, where the difference as it stands has lost its digits. */
export const logMinusDigamma = (x: number): number =>
  x < 1e4 ? Math.log(x) - digamma(x) : (0.5 + 1 / (12 * x)) / x

/** The root of a convex falling function from a start to its left, to the last digits. */
const climb = (start: number, f: (x: number) => number, slope: (x: number) => number): number => {
  let x = start
  for (let i = 0; i < LONGEST; i++) {
    const step = -f(x) / slope(x)
    if (!(step > CLOSE * x)) return x
    x += step
  }
  return x
}

/** Steps near float64's rounding. */
const CLOSE = 1e-14

/** Many times what it takes: nothing may hang. */
const LONGEST = 200

/** Σᵢ ψ⁽ᵐ⁾(η + (D − 1)/2) − ψ⁽ᵐ⁾(η + (D − 1 − i)/2), the m-th derivative of what is to be s. */
const lkjSum = (m: number, dimension: number, eta: number): number => {
  let sum = 0
  for (let i = 1; i < dimension; i++) sum += polygammaStep(m, eta + (dimension - 1 - i) / 2, i / 2)
  return sum
}

/** Σᵢ log(ν/2) − ψ(x), x = (ν − i + 1)/2, by how far ψ is from log x, and log x from log(ν/2). */
const wishartSum = (dimension: number, least: number): number => {
  let sum = 0
  for (let i = 0; i < dimension; i++) {
    const x = (least + (dimension - 1 - i)) / 2
    sum += logMinusDigamma(x) + Math.log1p(i / 2 / x)
  }
  return sum
}

/** Its derivative. */
const wishartSlope = (dimension: number, least: number): number => {
  let sum = 0
  for (let i = 0; i < dimension; i++) {
    const x = (least + (dimension - 1 - i)) / 2
    const excess = x < 1e4 ? 1 / x - trigamma(x) : -(0.5 + 1 / (6 * x)) / x / x
    sum += 0.5 * excess - i / 2 / x / (2 * x + i)
  }
  return sum
}
