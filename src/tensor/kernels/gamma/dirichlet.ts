/**
 * The Dirichlet distribution's log-density, entropy, divergence and estimate, of rows of float64s. A beta is one of
 * two classes. A row's terms are of the size of A log A, A being the sum of its concentrations, and cancel in
 * float64: to 1e-9 at a million.
 */
import * as tf from "@tensorflow/tfjs-core"
import { lgamma } from "../../special/scalar/gamma.ts"
import { digamma, trigamma } from "../../special/scalar/polygamma.ts"
import { simplexTolerance } from "../../stable.ts"
import type { LoopKernel } from "../loop.ts"
import { digammaInverse } from "./moments.ts"
import { type RowFormula, vectorLoop } from "./rows.ts"

/**
 * log of Γ(A)/ΠΓ(aᵢ) · Πxᵢ^(aᵢ − 1), for x on the simplex; −∞ elsewhere. On its border −∞ where a zero has a concentration above one,
 * whatever the others have; ∞ where one has a concentration below one; with gradients of zero, not of ∞ − ∞.
 */
export const dirichletDensity: RowFormula = {
  name: "GuidepostDirichletLogDensity",
  inputs: ["x", "a"],
  value: (x, a, k) => {
    const limit = atBorder(x, a, k)
    if (limit !== 0) return limit
    let log = -logBeta(a, k)
    // A power of zero has no part in it, though x be 0.
    for (let i = 0; i < k; i++) if (a[i] !== 1) log += (a[i]! - 1) * Math.log(x[i]!)
    return log
  },
  partials: [
    (x, a, k, to) => {
      if (atBorder(x, a, k) !== 0) to.fill(0)
      else for (let i = 0; i < k; i++) to[i] = a[i] === 1 ? 0 : (a[i]! - 1) / x[i]!
    },
    (x, a, k, to) => {
      if (atBorder(x, a, k) !== 0) {
        to.fill(0)
        return
      }
      const whole = digamma(sum(a, k))
      for (let i = 0; i < k; i++) to[i] = Math.log(x[i]!) - (digamma(a[i]!) - whole)
    },
  ],
}

/** −∞ off the simplex; −∞ or ∞ where zeros among x decide the density; else 0. */
const atBorder = (x: Float64Array, a: Float64Array, k: number): number => {
  if (!(Math.abs(sum(x, k) - 1) <= simplexTolerance)) return Number.NEGATIVE_INFINITY
  let limit = 0
  for (let i = 0; i < k; i++) {
    if (x[i]! < 0) return Number.NEGATIVE_INFINITY
    if (x[i] !== 0 || a[i] === 1) continue
    if (a[i]! > 1) return Number.NEGATIVE_INFINITY
    limit = Number.POSITIVE_INFINITY
  }
  return limit
}

/** log B(a) + (A − K) ψ(A) − Σ (aᵢ − 1) ψ(aᵢ). */
export const dirichletEntropy: RowFormula = {
  name: "GuidepostDirichletEntropy",
  inputs: ["a"],
  value: (a, _, k) => {
    const total = sum(a, k)
    let entropy = logBeta(a, k) + (total - k) * digamma(total)
    for (let i = 0; i < k; i++) entropy -= (a[i]! - 1) * digamma(a[i]!)
    return entropy
  },
  partials: [
    (a, _, k, to) => {
      const total = sum(a, k)
      const whole = (total - k) * trigamma(total)
      for (let i = 0; i < k; i++) to[i] = whole - (a[i]! - 1) * trigamma(a[i]!)
    },
  ],
}

/** KL = log B(b) − log B(a) + Σ (aᵢ − bᵢ) (ψ(aᵢ) − ψ(A)). */
export const dirichletDivergence: RowFormula = {
  name: "GuidepostDirichletDivergence",
  inputs: ["a", "b"],
  value: (a, b, k) => {
    const whole = digamma(sum(a, k))
    let divergence = logBeta(b, k) - logBeta(a, k)
    for (let i = 0; i < k; i++) divergence += (a[i]! - b[i]!) * (digamma(a[i]!) - whole)
    return divergence
  },
  partials: [
    (a, b, k, to) => {
      const total = sum(a, k)
      const whole = (sum(b, k) - total) * trigamma(total)
      for (let i = 0; i < k; i++) to[i] = (a[i]! - b[i]!) * trigamma(a[i]!) + whole
    },
    (a, b, k, to) => {
      const difference = digamma(sum(b, k)) - digamma(sum(a, k))
      for (let i = 0; i < k; i++) to[i] = digamma(b[i]!) - digamma(a[i]!) - difference
    },
  ],
}

/**
 * The concentrations a for which ψ(aᵢ) − ψ(A) = gᵢ: the estimate from the means of log xᵢ. By T. Minka's fixed point
 * ψ(aᵢ) ← gᵢ + ψ(A) and then Newton, whose matrix is diagonal but for a constant ("Estimating a Dirichlet
 * distribution", 2000).
 */
export const dirichletEstimate: LoopKernel<object> = vectorLoop(
  "GuidepostDirichletEstimate",
  ["g"],
  (g, _, k, to) => {
    to.fill(1)
    for (let round = 0; round < 12; round++) {
      const whole = digamma(sum(to, k))
      for (let i = 0; i < k; i++) to[i] = digammaInverse(g[i]! + whole)
    }
    const step = new Float64Array(k)
    for (let round = 0; round < 30; round++) {
      const whole = digamma(sum(to, k))
      for (let i = 0; i < k; i++) step[i] = g[i]! - digamma(to[i]!) + whole
      solve(to, k, step)
      // A step to below zero is cut, so that a tenth is left.
      for (let i = 0; i < k; i++) to[i] = Math.max(to[i]! + step[i]!, 0.1 * to[i]!)
    }
  },
)

/** Inputs the estimate a and what flows back into it: what flows back into g. */
export const dirichletEstimateBack: LoopKernel<object> = vectorLoop(
  "GuidepostDirichletEstimateBack",
  ["a", "dy"],
  (a, dy, k, to) => {
    to.set(dy)
    solve(a, k, to)
  },
)

export const dirichletEstimateGradient: tf.GradConfig = {
  kernelName: dirichletEstimate.name,
  inputsToSave: [],
  outputsToSave: [true],
  gradFunc: (dy, [a]) => ({
    g: () => tf.engine().runKernel(dirichletEstimateBack.name, { a: a!, dy: dy as tf.Tensor }) as tf.Tensor,
  }),
}

/** Solves (diag ψ′(a) − ψ′(A) 11ᵀ) s = r in place, by the formula of Sherman and Morrison. */
const solve = (a: Float64Array, k: number, r: Float64Array): void => {
  // One class alone is certain, whatever its concentration.
  if (k === 1) {
    r[0] = 0
    return
  }
  const whole = trigamma(sum(a, k))
  let [part, weight] = [0, 0]
  for (let i = 0; i < k; i++) {
    const inverse = 1 / trigamma(a[i]!)
    part += inverse * r[i]!
    weight += inverse
  }
  const shift = part / (1 / whole - weight)
  for (let i = 0; i < k; i++) r[i] = (r[i]! + shift) / trigamma(a[i]!)
}

/** log B(a) = Σ log Γ(aᵢ) − log Γ(A). */
// The rows of a call mostly have the same concentrations: log B is that of the row before, and costs K log-gammas.
let before = new Float64Array(0)
let beta = 0

const logBeta = (a: Float64Array, k: number): number => {
  if (isBefore(a, k)) return beta
  let log = -lgamma(sum(a, k))
  for (let i = 0; i < k; i++) log += lgamma(a[i]!)
  before = a.slice(0, k)
  beta = log
  return log
}

const isBefore = (a: Float64Array, k: number): boolean => {
  if (before.length !== k) return false
  for (let i = 0; i < k; i++) if (a[i] !== before[i]) return false
  return true
}

const sum = (a: Float64Array, k: number): number => {
  let total = 0
  for (let i = 0; i < k; i++) total += a[i]!
  return total
}
