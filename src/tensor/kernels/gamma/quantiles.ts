/**
 * Quantiles of the gamma's relatives, with their partial derivatives, of float64s; those of a beta are the special
 * function `betaincinv`. They are made of logarithms of the standard quantiles, which hold where these underflow: a
 * gamma's median at a shape of 1e-3 is 1e-301.
 *
 * Derivatives in a shape are those of the implicit function, along which the probability stays: dx/da = −(∂F/∂a)/p.
 */
import { logitBetaQuantile } from "../../special/scalar/incompleteBetaInverse.ts"
import {
  logGammaQuantile,
  logQuantileShape,
  quantileSlope,
} from "../../special/scalar/incompleteGammaInverse.ts"
import { studentLogDensity } from "./densities.ts"
import type { Formula } from "./formula.ts"
import { studentTailSlope } from "./moments.ts"

/** The x with P(a, rate x) = p. */
export const gammaIcdf: Formula = {
  name: "GuidepostGammaIcdf",
  inputs: ["p", "a", "rate"],
  value: (p, a, rate) => Math.exp(logGammaQuantile(a, p, 1 - p) - Math.log(rate)),
  partials: [
    (p, a, rate) => quantileSlope(a, logGammaQuantile(a, p, 1 - p), -Math.log(rate)),
    (p, a, rate) => {
      const log = logGammaQuantile(a, p, 1 - p)
      return times(Math.exp(log - Math.log(rate)), logQuantileShape(a, log))
    },
    (p, a, rate) => -Math.exp(logGammaQuantile(a, p, 1 - p) - Math.log(rate)) / rate,
  ],
}

/** The x with Q(a, rate/x) = p. */
export const inverseGammaIcdf: Formula = {
  name: "GuidepostInverseGammaIcdf",
  inputs: ["p", "a", "rate"],
  value: (p, a, rate) => Math.exp(Math.log(rate) - logGammaQuantile(a, 1 - p, p)),
  partials: [
    (p, a, rate) => {
      const log = logGammaQuantile(a, 1 - p, p)
      // At 0 the density has a zero of any order.
      return p === 0 ? Number.POSITIVE_INFINITY : quantileSlope(a, log, Math.log(rate) - 2 * log)
    },
    (p, a, rate) => {
      const log = logGammaQuantile(a, 1 - p, p)
      return -times(Math.exp(Math.log(rate) - log), logQuantileShape(a, log))
    },
    (p, a) => Math.exp(-logGammaQuantile(a, 1 - p, p)),
  ],
}

/** loc + scale · t, with P(T ≤ t) = p for the standard one. */
export const studentIcdf: Formula = {
  name: "GuidepostStudentTIcdf",
  inputs: ["p", "df", "loc", "scale"],
  value: (p, df, loc, scale) => loc + scale * studentQuantile(p, df),
  partials: [
    (p, df, _, scale) => scale * Math.exp(-studentLogDensity(studentQuantile(p, df), df)),
    (p, df, _, scale) => {
      const t = studentQuantile(p, df)
      const slope = studentTailSlope(t * t, df) * Math.exp(-studentLogDensity(t, df))
      return scale * times(Math.sign(t), slope)
    },
    () => 1,
    (p, df) => studentQuantile(p, df),
  ],
}

/** From w = ν/(ν + t²), a Beta(ν/2, ½) variable, which is below w with twice the chance of the tail: √(ν/e^logit w). */
const studentQuantile = (p: number, df: number): number => {
  const both = 2 * Math.min(p, 1 - p)
  const t = Math.sqrt(df) * Math.exp(-0.5 * logitBetaQuantile(0.5 * df, 0.5, both, 1 - both))
  return p < 0.5 ? -t : t
}

/** A product, which is 0 where the first factor is. */
const times = (x: number, y: number): number => (x === 0 ? 0 : x * y)
