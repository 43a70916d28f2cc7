/**
 * Finds what first went wrong in a step that is not finite: a parameter; or a site's distribution, its value, or its
 * log-density, in the order in which the programs run; or else a parameter's gradient.
 */
import type * as tf from "@tensorflow/tfjs-core"
import { type Distribution, findProblem } from "../distributions/Distribution.ts"
import { InvalidParameter } from "../distributions/errors.ts"
import type { Handler, SampleSite, Settled } from "../effects/Interpreter.ts"
import { siteLogDensity } from "../effects/logDensity.ts"
import { valueAndGradient } from "../tensor/gradient.ts"
import { unravelIndex } from "../tensor/Shape.ts"
import * as Tree from "../tensor/Tree.ts"
import type { Blame } from "./Algorithm.ts"

/**
 * Takes the step again, reading every tensor back, and reports the first that is not finite. `loss` is to be the
 * step's own, at its key, with the handler put around both programs.
 */
export const blame = <T extends Tree.Tree>(
  params: T,
  loss: (params: T, watch: Handler) => tf.Tensor,
): Blame => {
  for (const [parameter, leaf] of Tree.entries(params)) {
    const found = firstNonFinite(leaf)
    if (found !== undefined) return { parameter, ...found }
  }
  let first: Blame | undefined
  const watch: Handler = (outer) => ({
    ...outer,
    sample: (site) => {
      const settled = outer.sample(site)
      first ??= suspect(settled)
      return settled
    },
    factor: (site) => {
      const settled = outer.factor(site)
      const found = firstNonFinite(settled.logWeight)
      if (found !== undefined) first ??= { site: site.name, parameter: "logWeight", ...found }
      return settled
    },
  })
  const { gradient } = valueAndGradient(params, (params) => ({ value: loss(params, watch), aux: {} }))
  if (first !== undefined) return first
  for (const [parameter, leaf] of Tree.entries(gradient)) {
    const bad = firstNonFinite(leaf)
    if (bad !== undefined) return { parameter, index: bad.index, found: `a gradient of ${bad.found}` }
  }
  return { found: "every site and gradient is finite, but a sum of them is not" }
}

const suspect = (site: Settled<SampleSite>): Blame | undefined => {
  // What a mask leaves out may be anything; only its sum with the mask counts.
  const masked = site.mask !== undefined
  const logDensity = masked ? siteLogDensity(site) : site.distribution.logProb(site.value)
  if (masked && firstNonFinite(logDensity) === undefined) return undefined
  return (
    inDistribution(site.name, site.distribution) ??
    named(site.name, "value", site.value) ??
    named(site.name, "log-density", logDensity)
  )
}

const inDistribution = (site: string, distribution: Distribution): Blame | undefined => {
  const problem = findProblem(distribution)
  if (problem === undefined) return undefined
  return problem instanceof InvalidParameter
    ? {
        site,
        parameter: problem.parameter,
        index: problem.index,
        found: `${problem.family} ${problem.parameter} must be ${problem.constraint}, found ${problem.found}`,
      }
    : { site, found: problem.message }
}

const named = (site: string, parameter: string, tensor: tf.Tensor): Blame | undefined => {
  const found = firstNonFinite(tensor)
  return found === undefined ? undefined : { site, parameter, ...found }
}

/** The first number of a tensor that is not finite, and where it stands. */
export const firstNonFinite = (
  tensor: tf.Tensor,
): { readonly found: string; readonly index: ReadonlyArray<number> } | undefined => {
  const values = tensor.dataSync()
  const position = values.findIndex((x) => !Number.isFinite(x))
  if (position < 0) return undefined
  return { found: String(values[position]), index: unravelIndex(position, tensor.shape) }
}
