/**
 * The derivative of the incomplete gamma functions in the shape a, of float64s, as the slope of a quantile:
 *
 *   dx/da at constant P(a, x) = −(∂P/∂a) / p(x; a)
 *
 * which is what the implicit reparameterization of a Gamma draw needs (Figurnov, Mohamed and Mnih, "Implicit
 * reparameterization gradients", NeurIPS 2018). It is positive. The regions and sums are those of
 * incompleteGamma.ts, each differentiated term by term; the density divides out on paper, so that nothing under- or
 * overflows where the slope itself does not. On x ≤ a both terms of the series' derivative are negative, on x ≥ a
 * both of the fraction's positive: no digits cancel. Relative error below 1e-10.
 */
import { gammaDensity } from "./gammaDensity.ts"
import { isInside, isLower } from "./incompleteGamma.ts"
import { digamma } from "./polygamma.ts"
import { isCentral, temmeSlope } from "./temme.ts"

/** dx/da for a > 0 and x ≥ 0: 0 at x = 0; NaN outside. */
export const gammaSlope = (a: number, x: number): number => {
  if (!isInside(a, x)) return a > 0 && a < Number.POSITIVE_INFINITY && x === 0 ? 0 : Number.NaN
  if (isCentral(a, x)) return temmeSlope(a, x)
  return isLower(a, x) ? seriesSlope(a, x) : fractionSlope(a, x)
}

/** ∂P/∂a = −(dx/da) p(x; a), negative; 0 at x = 0 and ∞. */
export const gammaincShape = (a: number, x: number): number => {
  if (!isInside(a, x)) return a > 0 && (x === 0 || x === Number.POSITIVE_INFINITY) ? 0 : Number.NaN
  const density = gammaDensity(a, x)
  return density === 0 ? 0 : -gammaSlope(a, x) * density
}

/** log x − ψ(a), which at large a is small against both. */
export const logMinusDigamma = (a: number, x: number): number => Math.log(x) - digamma(a)

const seriesSlope = (a: number, x: number): number => {
  let term = 1
  let sum = 1
  let harmonic = 0
  let sumSlope = 0
  for (let d = a + 1; term > PRECISION * sum; d++) {
    const inverse = 1 / d
    term *= x * inverse
    harmonic += inverse
    sum += term
    sumSlope += term * harmonic
  }
  return (x / a) * (sumSlope - sum * (Math.log(x) - digamma(a + 1)))
}

const fractionSlope = (a: number, x: number): number => {
  let [term, sum, ratio] = [1, 1, 0]
  let [termSlope, sumSlope, ratioSlope] = [0, 0, 0]
  for (
    let k = 1;
    Math.abs(term) > PRECISION * sum || Math.abs(termSlope) > PRECISION * Math.abs(sumSlope);
    k++
  ) {
    const s = x - a + 2 * k
    const q = s * s - 1
    const p = k * (k - a)
    const tau = p * (1 + ratio)
    const tauSlope = p * ratioSlope - k * (1 + ratio)
    const rest = 1 / (q - tau)
    ratio = tau * rest
    ratioSlope = (tauSlope * q + 2 * tau * s) * rest * rest
    termSlope = ratioSlope * term + ratio * termSlope
    term *= ratio
    sum += term
    sumSlope += termSlope
  }
  const first = 1 / (x + 1 - a)
  return x * first * (sum * (Math.log(x) - digamma(a) + first) + sumSlope)
}

const PRECISION = 1e-13
