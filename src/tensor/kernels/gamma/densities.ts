/**
 * Log-densities of the gamma's relatives, with their partial derivatives, of float64s. At large concentrations each
 * is a small difference of large terms; the scalar functions that they are made of here cancel those on paper.
 */

import { lbeta } from "../../special/scalar/beta.ts"
import { betaLogDensity } from "../../special/scalar/betaDensity.ts"
import { lbetaSlope } from "../../special/scalar/betaSlope.ts"
import { gammaLogDensity } from "../../special/scalar/gammaDensity.ts"
import { digamma } from "../../special/scalar/polygamma.ts"
import { log1pMinus } from "../../special/scalar/polynomial.ts"
import { digammaStep } from "../counts/saddle.ts"
import type { Formula } from "./formula.ts"

/** log of rateᵃ xᵃ⁻¹ e^(−rate x) / Γ(a), for x > 0. */
export const gammaDensity: Formula = {
  name: "GuidepostGammaLogDensity",
  inputs: ["x", "a", "rate"],
  value: (x, a, rate) => gammaLogDensity(a, rate * x) + Math.log(rate),
  partials: [
    (x, a, rate) => (a - 1) / x - rate,
    (x, a, rate) => Math.log(rate * x) - digamma(a),
    (x, a, rate) => (a - rate * x) / rate,
  ],
}

/** log of rateᵃ x⁻ᵃ⁻¹ e^(−rate/x) / Γ(a), for x > 0: that of 1/x, a gamma draw, less 2 log x. */
export const inverseGammaDensity: Formula = {
  name: "GuidepostInverseGammaLogDensity",
  inputs: ["x", "a", "rate"],
  value: (x, a, rate) => gammaLogDensity(a, rate / x) + Math.log(rate / x) - Math.log(x),
  partials: [
    (x, a, rate) => (rate / x - a - 1) / x,
    (x, a, rate) => Math.log(rate / x) - digamma(a),
    (x, a, rate) => a / rate - 1 / x,
  ],
}

/** log of xᵃ⁻¹ (1 − x)ᵇ⁻¹ / B(a, b), for 0 ≤ x ≤ 1. */
export const betaDensity: Formula = {
  name: "GuidepostBetaLogDensity",
  inputs: ["x", "a", "b"],
  value: (x, a, b) => betaLogDensity(a, b, x),
  partials: [
    // A power of zero has no part in it, though x be at the end.
    (x, a, b) => (a === 1 ? 0 : (a - 1) / x) - (b === 1 ? 0 : (b - 1) / (1 - x)),
    (x, a, b) => Math.log(x) - lbetaSlope(a, b),
    (x, a, b) => Math.log1p(-x) - lbetaSlope(b, a),
  ],
}

/** log of (1 + z²/ν)^(−(ν + 1)/2) / (√ν B(½, ν/2) scale), with z = (x − loc)/scale and ν = df. */
export const studentDensity: Formula = {
  name: "GuidepostStudentTLogDensity",
  inputs: ["x", "df", "loc", "scale"],
  value: (x, df, loc, scale) => studentLogDensity((x - loc) / scale, df) - Math.log(scale),
  partials: [
    (x, df, loc, scale) => -pull((x - loc) / scale, df) / scale,
    (x, df, loc, scale) => studentSlope((x - loc) / scale, df),
    (x, df, loc, scale) => pull((x - loc) / scale, df) / scale,
    (x, df, loc, scale) => {
      const z = (x - loc) / scale
      return (z * pull(z, df) - 1) / scale
    },
  ],
}

/** That of a standard one. */
export const studentLogDensity = (z: number, df: number): number =>
  -0.5 * (df + 1) * Math.log1p((z * z) / df) - 0.5 * Math.log(df) - lbeta(0.5, 0.5 * df)

/** −∂ log p/∂z = (ν + 1) z/(ν + z²). */
const pull = (z: number, df: number): number => ((df + 1) * z) / (df + z * z)

/** ∂ log p/∂ν. At large ν it is of the size of z⁴/ν², and its terms of that of 1/ν. */
const studentSlope = (z: number, df: number): number => {
  const w = (z * z) / df
  const part = w / (1 + w)
  const rest = w < 0.4 ? -log1pMinus(w) - w * part : part - Math.log1p(w)
  return 0.5 * (digammaStep(0.5 * df, 0.5) - 1 / df + rest + part / df)
}
