/**
 * Log-masses of counts in their saddle-point form, of float64s (C. Loader, "Fast and accurate computation of binomial
 * probabilities", 2000):
 *
 *   log C(n, x) pˣ qⁿ⁻ˣ = −½ log(2π x(n − x)/n) + δ(n) − δ(x) − δ(n − x) − D(x, np) − D(n − x, nq)
 *
 * where δ is Stirling's remainder and D(x, m) = x log(x/m) + m − x the deviance. As differences of log-factorials the
 * terms are of the size of n log n, 1e7 for a million trials, and cancel down to one digit in float32; here each is
 * of the size of the result. Counts may be any non-negative numbers: the formulas hold for real ones too.
 */

import { HALF_LOG_2PI, lgamma, stirling } from "../../special/scalar/gamma.ts"
import { digamma } from "../../special/scalar/polygamma.ts"
import { log1pMinus } from "../../special/scalar/polynomial.ts"

/** δ(x) = log Γ(x + 1) − (x + ½) log x + x − ½ log 2π for x > 0; 1/(12x) − … at large x. */
export const stirlingError = (x: number): number =>
  x >= 8 ? stirling(x) : lgamma(x) - (x - 0.5) * Math.log(x) + x - HALF_LOG_2PI

/**
 * D(x, m) = x log(x/m) + m − x for x, m ≥ 0, which is (x − m)²/2m near m, where the terms as they stand cancel. Its
 * factor 1 + u is m/x: the relative error stays that of x − m.
 */
export const deviance = (x: number, m: number): number => {
  if (x === 0) return m
  if (m === 0) return Number.POSITIVE_INFINITY
  const u = (m - x) / x
  return Math.abs(u) < 0.4 ? -x * log1pMinus(u) : x * Math.log(x / m) + (m - x)
}

/** log λˣ e^−λ / x!, for x, λ ≥ 0. */
export const poissonLogMass = (x: number, rate: number): number => {
  if (x === 0) return -rate
  return -0.5 * Math.log(x) - HALF_LOG_2PI - stirlingError(x) - deviance(x, rate)
}

/** A probability p, its complement q = 1 − p, and their logarithms, each to full precision however small. */
export interface Chance {
  readonly p: number
  readonly q: number
  readonly logP: number
  readonly logQ: number
}

/** log C(x + y, x) pˣ qʸ, for x, y ≥ 0. */
export const binomialLogMass = (x: number, y: number, chance: Chance): number => {
  if (x === 0) return y === 0 ? 0 : y * chance.logQ
  if (y === 0) return x * chance.logP
  const n = x + y
  const spread = -0.5 * (Math.log(x) + Math.log(y / n)) - HALF_LOG_2PI
  const errors = stirlingError(n) - stirlingError(x) - stirlingError(y)
  return spread + errors - part(x, n, chance.p, chance.logP) - part(y, n, chance.q, chance.logQ)
}

/** D(x, np); where p has underflowed, by its logarithm. */
const part = (x: number, n: number, p: number, logP: number): number =>
  p > 1e-290 ? deviance(x, n * p) : x * (Math.log(x / n) - logP) - x

/** log C(x + a − 1, x) = log Γ(a + x)/(Γ(a) x!), for x ≥ 0 and a > 0. */
export const logMultichoose = (a: number, x: number): number => {
  if (x === 0) return 0
  const n = a + x
  // C(x + a − 1, x) = C(x + a, x) · a/n, in the saddle-point form with p = x/n, q = a/n, less their logarithms.
  const spread = -0.5 * (Math.log(x) + Math.log(n / a)) - HALF_LOG_2PI
  const errors = stirlingError(n) - stirlingError(x) - stirlingError(a)
  return spread + errors + x * Math.log1p(a / x) + a * Math.log1p(x / a)
}

/**
 * ψ(a + x) − ψ(a), for x ≥ 0 and a > 0: the derivative of {@link logMultichoose} in a. At large a it is about x/a,
 * which the difference as it stands loses among the digits of log a.
 */
export const digammaStep = (a: number, x: number): number => {
  if (x === 0) return 0
  if (a < 8) return digamma(a + x) - digamma(a)
  return Math.log1p(x / a) + (digammaError(a + x) - digammaError(a))
}

/** ψ(x) − log x for x ≥ 8. DLMF 5.11.2. */
const digammaError = (x: number): number => {
  const y = 1 / x
  const y2 = y * y
  const tail =
    1 / 12 - y2 * (1 / 120 - y2 * (1 / 252 - y2 * (1 / 240 - y2 * (1 / 132 - y2 * (691 / 32760 - y2 / 12)))))
  return -y * 0.5 - y2 * tail
}
