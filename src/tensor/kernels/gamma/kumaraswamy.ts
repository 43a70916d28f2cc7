/**
 * The Kumaraswamy distribution's log-density, cumulative distribution and quantiles, with their partial derivatives, of
 * float64s. With L = log x and l = log(1 − xᵃ) they are log ab + (a − 1) L + (b − 1) l, 1 − eᵇˡ, and its inverse: in
 * float32, l has lost its digits where xᵃ is small and b large.
 */
import { log1mexp } from "../../special/scalar/exponential.ts"
import type { Formula } from "./formula.ts"

/** log of ab xᵃ⁻¹ (1 − xᵃ)ᵇ⁻¹, for 0 ≤ x ≤ 1. */
export const kumaraswamyDensity: Formula = {
  name: "GuidepostKumaraswamyLogDensity",
  inputs: ["x", "a", "b"],
  value: (x, a, b) => logDensity(x, a, b),
  partials: [
    (x, a, b) => {
      // There the first power decides, unless it is none; for a = 1 the second is one of 1 − x.
      if (x === 0) return a === 1 ? 1 - b : (a - 1) / 0
      return (a - 1 - times(b - 1, a / Math.expm1(-a * Math.log(x)))) / x
    },
    (x, a, b) => 1 / a + Math.log(x) + times(b - 1, slope(x, a)),
    (x, a, b) => 1 / b + logRest(x, a),
  ],
}

/** P(X ≤ x) = 1 − (1 − xᵃ)ᵇ, for 0 ≤ x ≤ 1. */
export const kumaraswamyCdf: Formula = {
  name: "GuidepostKumaraswamyCdf",
  inputs: ["x", "a", "b"],
  value: (x, a, b) => -Math.expm1(b * logRest(x, a)),
  partials: [
    (x, a, b) => Math.exp(logDensity(x, a, b)),
    (x, a, b) => -b * times(Math.exp(b * logRest(x, a)), slope(x, a)),
    (x, a, b) => -times(Math.exp(b * logRest(x, a)), logRest(x, a)),
  ],
}

/** The x with P(X ≤ x) = p: (1 − (1 − p)^(1/b))^(1/a). */
export const kumaraswamyIcdf: Formula = {
  name: "GuidepostKumaraswamyIcdf",
  inputs: ["p", "a", "b"],
  value: (p, a, b) => Math.exp(logQuantile(p, a, b)),
  partials: [
    (p, a, b) => {
      if (p === 0 || p === 1) return Math.exp(-logDensity(p, a, b))
      const t = -Math.log1p(-p) / b
      return Math.exp(logQuantile(p, a, b)) / Math.expm1(t) / (1 - p) / a / b
    },
    (p, a, b) => {
      const log = logQuantile(p, a, b)
      return -times(Math.exp(log), log) / a
    },
    (p, a, b) => {
      if (p === 0 || p === 1) return 0
      const t = -Math.log1p(-p) / b
      return ((-Math.exp(logQuantile(p, a, b)) / a) * (t / Math.expm1(t))) / b
    },
  ],
}

const logDensity = (x: number, a: number, b: number): number =>
  Math.log(a) + Math.log(b) + times(a - 1, Math.log(x)) + times(b - 1, logRest(x, a))

/** log(1 − xᵃ). */
const logRest = (x: number, a: number): number => log1mexp(-a * Math.log(x))

/** Its derivative in a, −L/(x⁻ᵃ − 1), with its limits at both ends. */
const slope = (x: number, a: number): number => {
  if (x === 0) return 0
  return x === 1 ? 1 / a : -Math.log(x) / Math.expm1(-a * Math.log(x))
}

const logQuantile = (p: number, a: number, b: number): number => log1mexp(-Math.log1p(-p) / b) / a

/** A product, which is 0 where the first factor is: a power of zero has no part in the density, though x be an end. */
const times = (x: number, y: number): number => (x === 0 ? 0 : x * y)
