/**
 * The modified Bessel function I_ν of any order ν ≥ 0 for x ≥ 0, scaled by e⁻ˣ, and A = I_{ν+1}/I_ν, of float64s. Half
 * of d less 1 is the order that belongs to the sphere in d dimensions: (2/x)^ν Γ(ν + 1) I_ν(x) is the mean of e^{xw}
 * where w is a coordinate of a point that lies anywhere on it, and A is the mean of w under the density ∝ e^{xw}.
 *
 * For x² ≤ 900 or ≤ 40(ν + 1) the power series (DLMF 10.25.2), whose terms are all positive; beyond, Debye's expansion
 * (DLMF 10.41.3 and 10.41.5), in powers of s = 1/R where R² = ν² + x²: it holds for a large R whatever the order, 0
 * included, and its seventeenth term at R = 30 is below 1e-17. Relative error below 1e-13, but for `logIveSlope` beside
 * its zero near x = ν².
 */
import { lgamma } from "./gamma.ts"
import { poly } from "./polynomial.ts"

/** log(e⁻ˣ I_ν(x)), about −½ log 2πx at large x, where I_ν is itself infinite. */
export const logIve = (order: number, x: number): number => {
  if (!isInside(order, x)) return Number.NaN
  if (x === 0) return order === 0 ? 0 : Number.NEGATIVE_INFINITY
  if (x === Number.POSITIVE_INFINITY) return Number.NEGATIVE_INFINITY
  if (!isFar(order, x)) return logMeanExp(order, x) + order * Math.log(0.5 * x) - lgamma(order + 1)
  const { r, u } = debye(order, x)
  return (
    climb(order, x, r) + order * Math.log(x / (order + r)) - 0.5 * Math.log(2 * Math.PI * r) + Math.log(u)
  )
}

/** The derivative of `logIve` in x: A + ν/x − 1. */
export const logIveSlope = (order: number, x: number): number => {
  if (!isInside(order, x)) return Number.NaN
  if (x === 0) return order === 0 ? -1 : Number.POSITIVE_INFINITY
  if (x === Number.POSITIVE_INFINITY) return 0
  if (!isFar(order, x)) return besselQuotient(order, x) + (order - x) / x
  const { r, excess } = debye(order, x)
  return climb(order, x, r) / x + (x / r) * excess
}

/** log of the mean of e^{x(w − 1)}, log((2/x)^ν Γ(ν + 1) I_ν(x)) − x: from 0 down, −x + x²/(4ν + 4) at small x. */
export const logMeanExp = (order: number, x: number): number => {
  if (!isInside(order, x)) return Number.NaN
  if (x === Number.POSITIVE_INFINITY) return Number.NEGATIVE_INFINITY
  if (!isFar(order, x)) return Math.log1p(seriesLess1(order, x)) - x
  const { r, u } = debye(order, x)
  const growth = climb(order, x, r) - order * Math.log(0.5 * (order + r)) + lgamma(order + 1)
  return growth - 0.5 * Math.log(2 * Math.PI * r) + Math.log(u)
}

/** log of the mean of e^{xw}, `logMeanExp` and x, with the digits of a small one: x²/(4ν + 4). */
export const logMean = (order: number, x: number): number =>
  isInside(order, x) && !isFar(order, x) ? Math.log1p(seriesLess1(order, x)) : logMeanExp(order, x) + x

/** A = I_{ν+1}(x)/I_ν(x), from 0 up to 1. */
export const besselQuotient = (order: number, x: number): number =>
  x === Number.POSITIVE_INFINITY && order >= 0 ? 1 : x * besselShare(order, x)

/** A − 1, which is −(ν + ½)/x at large x, where A itself has rounded to 1. */
export const besselQuotientRest = (order: number, x: number): number => {
  if (!isInside(order, x)) return Number.NaN
  if (x === Number.POSITIVE_INFINITY) return 0
  if (!isFar(order, x)) return besselQuotient(order, x) - 1
  const { r, excess } = debye(order, x)
  return (x / r) * excess - (order + order * (order / (r + x))) / (r + order)
}

/** A/x, from 1/(2ν + 2) down. */
export const besselShare = (order: number, x: number): number => {
  if (!isInside(order, x)) return Number.NaN
  if (x === Number.POSITIVE_INFINITY) return 0
  if (!isFar(order, x)) {
    return (1 + seriesLess1(order + 1, x)) / ((2 * order + 2) * (1 + seriesLess1(order, x)))
  }
  const { r, excess } = debye(order, x)
  return 1 / (r + order) + excess / r
}

/** The derivative of A, 1 − A² − (2ν + 1)A/x: the variance of w; (ν + ½)/x² at large x. */
export const besselQuotientSlope = (order: number, x: number): number => {
  if (!isInside(order, x)) return Number.NaN
  if (x === Number.POSITIVE_INFINITY) return 0
  if (!isFar(order, x)) {
    const share = besselShare(order, x)
    return 1 - (share * x) ** 2 - (2 * order + 1) * share
  }
  const { r, q, excess, moment } = debye(order, x)
  return (order / (r + order) + q * excess - (1 - q) * moment) / r
}

/** The derivative of A/x. */
export const besselShareSlope = (order: number, x: number): number => {
  if (!isInside(order, x)) return Number.NaN
  if (x === Number.POSITIVE_INFINITY) return 0
  const share = besselShare(order, x)
  // Of A′ − A/x nothing would be left at a small x.
  return isFar(order, x)
    ? (besselQuotientSlope(order, x) - share) / x
    : x * share * (besselShare(order + 1, x) - share)
}

const isInside = (order: number, x: number): boolean => order >= 0 && x >= 0

const isFar = (order: number, x: number): boolean => x > 30 && x * x > 40 * (order + 1)

/** R − x, of which the difference as it stands has no digit at a large x. */
const climb = (order: number, x: number, r: number): number => order * (order / (r + x))

/** Σ (x²/4)ᵏ / (k! (ν + 1)ₖ) from k = 1. */
const seriesLess1 = (order: number, x: number): number => {
  const q = 0.25 * x * x
  let [sum, term] = [0, 1]
  for (let k = 1; ; k++) {
    term *= q / (k * (k + order))
    sum += term
    if (!(term > 1e-17 * sum)) return sum
  }
}

interface Debye {
  /** R. */
  readonly r: number
  /** ν²/R². */
  readonly q: number
  /** Σ Uₖ/νᵏ. */
  readonly u: number
  /** S, where Σ Vₖ/νᵏ = Σ Uₖ/νᵏ · (1 + (1 − q) S): about −1/(2R). */
  readonly excess: number
  /** (s ∂/∂s + 2q ∂/∂q) S, which is −R²/x times its derivative in x. */
  readonly moment: number
}

const debye = (order: number, x: number): Debye => {
  const r = Math.hypot(order, x)
  const s = 1 / r
  const q = (order * s) ** 2
  // From 300 on the ninth term is below 1e-17.
  const count = r > 300 ? 9 : U.length
  const u = double(U, count, s, q)
  const excess = double(D, count, s, q) / u
  const moment = (double(D_MOMENT, count, s, q) - excess * double(U_MOMENT, count, s, q)) / u
  return { r, q, u, excess, moment }
}

/** Σ sᵏ Σ cₖⱼ qʲ, over the first `count` of k. */
const double = (terms: ReadonlyArray<ReadonlyArray<number>>, count: number, s: number, q: number): number => {
  let sum = 0
  for (let k = count - 1; k >= 0; k--) sum = sum * s + poly(terms[k]!, q)
  return sum
}

/** The coefficients of p^{k + 2j} in Uₖ(p), DLMF 10.41.9. */
const U: Array<Array<number>> = [[1]]
/** Those of Dₖ(p) = (Vₖ(p) − Uₖ(p))/(1 − p²), DLMF 10.41.10. */
const D: Array<Array<number>> = [[0]]
for (let k = 0; k < 17; k++) {
  const next = new Array<number>(k + 2).fill(0)
  U[k]!.forEach((c, j) => {
    const m = k + 2 * j
    next[j]! += c * (m / 2 + 1 / (8 * (m + 1)))
    next[j + 1]! -= c * (m / 2 + 5 / (8 * (m + 3)))
  })
  D.push(U[k]!.map((c, j) => -c * (k + 2 * j + 0.5)))
  U.push(next)
}

/** With each power's degree in s, as √q is one too. */
const weighed = (terms: ReadonlyArray<ReadonlyArray<number>>) =>
  terms.map((row, k) => row.map((c, j) => c * (k + 2 * j)))
const U_MOMENT = weighed(U)
const D_MOMENT = weighed(D)
