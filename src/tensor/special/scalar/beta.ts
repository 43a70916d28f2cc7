/**
 * log B(a, b) = log Γ(a) + log Γ(b) − log Γ(a + b), of two float64s. The terms are of the size of a log a and cancel
 * down to that of b log a; the formulas below, Stirling's series (DLMF 5.11.1) put in, cancel them on paper.
 */
import { HALF_LOG_2PI, lgamma, stirling } from "./gamma.ts"
import { log1pMinus } from "./polynomial.ts"

/** log B(a, b) for a, b ≥ 0; ∞ where one is 0, −∞ where one is ∞, NaN where both are or one is negative. */
export const lbeta = (a: number, b: number): number => {
  const small = Math.min(a, b)
  const large = Math.max(a, b)
  if (!(small > 0 && large < Number.POSITIVE_INFINITY)) return lbetaEdge(small, large)
  const sum = small + large
  if (small >= 8) {
    const logs = (small - 0.5) * Math.log(small / sum) - large * Math.log1p(small / large)
    return HALF_LOG_2PI + logs - 0.5 * Math.log(large) + (stirling(small) + stirling(large) - stirling(sum))
  }
  return lgamma(small) - lgammaStep(large, small)
}

/** log Γ(a + b) − log Γ(a) for a, b > 0 and b ≤ a. */
const lgammaStep = (a: number, b: number): number => {
  if (a < 8) return lgamma(a + b) - lgamma(a)
  const sum = a + b
  // (a + b − ½) log(a + b) − (a − ½) log a − b, with log(1 + b/a) − b/a kept apart.
  const u = b / a
  return a * log1pMinus(u) + (b - 0.5) * Math.log1p(u) + b * Math.log(a) + (stirling(sum) - stirling(a))
}

const lbetaEdge = (small: number, large: number): number => {
  if (!(small >= 0)) return Number.NaN
  if (small > 0) return Number.NEGATIVE_INFINITY
  return large === Number.POSITIVE_INFINITY ? Number.NaN : Number.POSITIVE_INFINITY
}
