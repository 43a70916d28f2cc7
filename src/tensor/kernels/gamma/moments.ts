/**
 * Entropies, divergences, cumulative distributions and estimates of the gamma's relatives, with their partial
 * derivatives, of float64s. log Γ(a) and ψ(a) stand beside one another in most of them, and cancel.
 */

import { lbeta } from "../../special/scalar/beta.ts"
import { betaDensity } from "../../special/scalar/betaDensity.ts"
import { betaincA, betaincB } from "../../special/scalar/betaSlope.ts"
import { lgamma } from "../../special/scalar/gamma.ts"
import { gammaDensity } from "../../special/scalar/gammaDensity.ts"
import { gammaincShape } from "../../special/scalar/gammaSlope.ts"
import { betainc, betaincc } from "../../special/scalar/incompleteBeta.ts"
import { gammainc, gammaincc } from "../../special/scalar/incompleteGamma.ts"
import { logMinusDigamma } from "../../special/scalar/matrices.ts"
import { digamma, polygammaStep, trigamma } from "../../special/scalar/polygamma.ts"
import { digammaStep } from "../counts/saddle.ts"
import { studentLogDensity } from "./densities.ts"
import type { Formula } from "./formula.ts"

/** The entropy of Gamma(a, 1): a + log Γ(a) + (1 − a) ψ(a). */
export const gammaEntropy: Formula = {
  name: "GuidepostGammaEntropy",
  inputs: ["a"],
  value: (a) => a + lgamma(a) + (1 - a) * digamma(a),
  partials: [(a) => 1 + (1 - a) * trigamma(a)],
}

/** The entropy of the inverse of a Gamma(a, 1) draw: a + log Γ(a) − (1 + a) ψ(a). */
export const inverseGammaEntropy: Formula = {
  name: "GuidepostInverseGammaEntropy",
  inputs: ["a"],
  value: (a) => a + lgamma(a) - (1 + a) * digamma(a),
  partials: [(a) => 1 - (1 + a) * trigamma(a)],
}

/** The entropy of a standard Student's t: ½(ν + 1) [ψ((ν + 1)/2) − ψ(ν/2)] + ½ log ν + log B(½, ν/2). */
export const studentEntropy: Formula = {
  name: "GuidepostStudentTEntropy",
  inputs: ["df"],
  value: (df) => 0.5 * (df + 1) * digammaStep(0.5 * df, 0.5) + 0.5 * Math.log(df) + lbeta(0.5, 0.5 * df),
  partials: [(df) => 0.25 * (df + 1) * polygammaStep(1, 0.5 * df, 0.5) + 0.5 / df],
}

/** P(X ≤ x) of a gamma: P(a, rate x), for x ≥ 0. */
export const gammaCdf: Formula = {
  name: "GuidepostGammaCdf",
  inputs: ["x", "a", "rate"],
  value: (x, a, rate) => gammainc(a, rate * x),
  partials: [
    (x, a, rate) => rate * gammaDensity(a, rate * x),
    (x, a, rate) => gammaincShape(a, rate * x),
    (x, a, rate) => (x === 0 ? 0 : x * gammaDensity(a, rate * x)),
  ],
}

/** P(X ≤ x) of an inverse gamma: Q(a, rate/x), for x > 0. */
export const inverseGammaCdf: Formula = {
  name: "GuidepostInverseGammaCdf",
  inputs: ["x", "a", "rate"],
  value: (x, a, rate) => gammaincc(a, rate / x),
  partials: [
    (x, a, rate) => (gammaDensity(a, rate / x) * rate) / x / x,
    (x, a, rate) => -gammaincShape(a, rate / x),
    (x, a, rate) => -gammaDensity(a, rate / x) / x,
  ],
}

/** P(X ≤ x) of a beta: Iₓ(a, b), for 0 ≤ x ≤ 1. */
export const betaCdf: Formula = {
  name: "GuidepostBetaCdf",
  inputs: ["x", "a", "b"],
  value: (x, a, b) => betainc(a, b, x),
  partials: [
    (x, a, b) => betaDensity(a, b, x),
    (x, a, b) => betaincA(a, b, x),
    (x, a, b) => betaincB(a, b, x),
  ],
}

/** P(X ≤ x) of a Student's t: with z = (x − loc)/scale the tail beyond |z|, or 1 less that. */
export const studentCdf: Formula = {
  name: "GuidepostStudentTCdf",
  inputs: ["x", "df", "loc", "scale"],
  value: (x, df, loc, scale) => {
    const z = (x - loc) / scale
    return z < 0 ? studentTail(z * z, df) : 1 - studentTail(z * z, df)
  },
  partials: [
    (x, df, loc, scale) => studentDensity((x - loc) / scale, df) / scale,
    (x, df, loc, scale) => {
      const z = (x - loc) / scale
      return -Math.sign(z) * studentTailSlope(z * z, df)
    },
    (x, df, loc, scale) => -studentDensity((x - loc) / scale, df) / scale,
    (x, df, loc, scale) => {
      const z = (x - loc) / scale
      return (-z * studentDensity(z, df)) / scale
    },
  ],
}

/** P(Z > z) by z²: ½ I(ν/2, ½) at ν/(ν + z²), which for a small z has lost the digits of z. */
const studentTail = (square: number, df: number): number =>
  square < df
    ? 0.5 * betaincc(0.5, 0.5 * df, square / (df + square))
    : 0.5 * betainc(0.5 * df, 0.5, df / (df + square))

/** Its derivative in ν. */
export const studentTailSlope = (square: number, df: number): number => {
  const x = df / (df + square)
  if (x === 1 || x === 0) return 0
  const along = betaDensity(0.5 * df, 0.5, x) * (x / df) * (square / (df + square))
  return 0.25 * betaincA(0.5 * df, 0.5, x) + 0.5 * along
}

const studentDensity = (z: number, df: number): number => Math.exp(studentLogDensity(z, df))

/** KL(Gamma(a, 1) ‖ Gamma(b, ρ)) = (a − b) ψ(a) − log Γ(a) + log Γ(b) − b log ρ + a(ρ − 1). */
export const gammaDivergence: Formula = {
  name: "GuidepostGammaDivergence",
  inputs: ["a", "b", "ratio"],
  value: (a, b, ratio) =>
    (a - b) * digamma(a) - (lgamma(a) - lgamma(b)) - b * Math.log(ratio) + a * (ratio - 1),
  partials: [
    (a, b, ratio) => (a - b) * trigamma(a) + (ratio - 1),
    (a, b, ratio) => digamma(b) - digamma(a) - Math.log(ratio),
    (a, b, ratio) => a - b / ratio,
  ],
}

/**
 * The a for which log a − ψ(a) = s, for s > 0, and ∞ for 0: the shape of the gamma whose mean exceeds its geometric mean by the
 * factor eˢ. Newton on 1/a, from T. Minka's start ("Estimating a gamma distribution", 2002); four steps reach
 * float64.
 */
export const gammaShape: Formula = {
  name: "GuidepostGammaShape",
  inputs: ["s"],
  value: (s) => shapeOf(s),
  partials: [
    (s) => {
      const a = shapeOf(s)
      return a / (1 - a * trigamma(a))
    },
  ],
}

const shapeOf = (s: number): number => {
  if (s === 0) return Number.POSITIVE_INFINITY
  let a = (3 - s + Math.sqrt((s - 3) * (s - 3) + 24 * s)) / (12 * s)
  for (let i = 0; i < 6; i++) a = 1 / (1 / a + (logMinusDigamma(a) - s) / (a * (1 - a * trigamma(a))))
  return a
}

/** The a for which ψ(a) = y. Newton from T. Minka's start ("Estimating a Dirichlet distribution", 2000). */
export const inverseDigamma: Formula = {
  name: "GuidepostInverseDigamma",
  inputs: ["y"],
  value: (y) => digammaInverse(y),
  partials: [(y) => 1 / trigamma(digammaInverse(y))],
}

/** The a for which ψ(a) = y. */
export const digammaInverse = (y: number): number => {
  let a = y >= -2.22 ? Math.exp(y) + 0.5 : -1 / (y - digamma(1))
  for (let i = 0; i < 6; i++) a -= (digamma(a) - y) / trigamma(a)
  return a
}
