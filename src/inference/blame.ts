/**
 * Finds what first went wrong in a step that is not finite: a parameter; or a site's distribution, its value, or its
 * log-density, in the order in which the programs run; or else a parameter's gradient. A value of an enumerated site that
 * has no probability is named where nothing else is at fault: it is no fault in itself.
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
import { siteTable } from "./enumeration/tables.ts"

/**
 * Takes the step again, reading every tensor back, and reports the first that is not finite. `loss` is to be the
 * step's own, at its key, with the handler put around both programs. One that cannot be differentiated, as an E-step's,
 * which may take gradient steps itself, is looked at as it goes forward only.
 */
export const blame = <T extends Tree.Tree>(
  params: T,
  loss: (params: T, watch: Handler) => tf.Tensor,
  { differentiate = true }: { readonly differentiate?: boolean } = {},
): Blame => {
  for (const [parameter, leaf] of Tree.entries(params)) {
    const found = firstNonFinite(leaf)
    if (found !== undefined) return { parameter, ...found }
  }
  let first: Blame | undefined
  let impossible: Blame | undefined
  const watch: Handler = (outer) => ({
    ...outer,
    sample: (site) => {
      const settled = outer.sample(site)
      impossible ??= impossibleValue(settled)
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
  const evaluate = (params: T) => ({ value: loss(params, watch), aux: {} })
  const gradient: Tree.Tree = differentiate ? valueAndGradient(params, evaluate).gradient : {}
  if (!differentiate) evaluate(params)
  if (first !== undefined) return first
  if (impossible !== undefined) return impossible
  for (const [parameter, leaf] of Tree.entries(gradient)) {
    const bad = firstNonFinite(leaf)
    if (bad !== undefined) return { parameter, index: bad.index, found: `a gradient of ${bad.found}` }
  }
  return { found: "every site and gradient is finite, but a sum of them is not" }
}

const suspect = (site: Settled<SampleSite>): Blame | undefined => {
  // What a mask leaves out may be anything; only its sum with the mask counts.
  const masked = site.mask !== undefined
  const listed = isEnumerated(site)
  const logDensity = listed
    ? siteTable(site).tensor
    : masked
      ? siteLogDensity(site)
      : site.distribution.logProb(site.value)
  if (masked && firstNonFinite(logDensity) === undefined) return undefined
  return (
    inDistribution(site.name, site.distribution) ??
    named(site.name, "value", site.value) ??
    named(site.name, "log-density", logDensity, listed ? isNoLogProbability : undefined)
  )
}

/** Whether all of a site's values stand there at once. */
const isEnumerated = ({ name, axes }: Settled<SampleSite>): boolean => axes.some((axis) => axis.name === name)

/** The first value of an enumerated site that has no probability. */
const impossibleValue = (site: Settled<SampleSite>): Blame | undefined => {
  if (!isEnumerated(site)) return undefined
  const { tensor, axes } = siteTable(site)
  const found = firstNonFinite(tensor)
  if (found === undefined) return undefined
  const events = site.distribution.eventShape.reduce((n, size) => n * size, 1)
  const at = found.index[axes.indexOf(site.name)]! * events
  const value = Array.from(site.value.dataSync().subarray(at, at + events))
  return {
    site: site.name,
    found: `value ${value.join(", ")} has probability 0: a bound that averages over it is -Infinity`,
  }
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

/** What the logarithm of a probability cannot be. */
const isNoLogProbability = (x: number): boolean => !(x < Number.POSITIVE_INFINITY)

const named = (
  site: string,
  parameter: string,
  tensor: tf.Tensor,
  isBad?: (x: number) => boolean,
): Blame | undefined => {
  const found = firstNonFinite(tensor, isBad)
  return found === undefined ? undefined : { site, parameter, ...found }
}

/** The first number of a tensor that is not finite (or else as `isBad` says), and where it stands. */
export const firstNonFinite = (
  tensor: tf.Tensor,
  isBad = (x: number) => !Number.isFinite(x),
): { readonly found: string; readonly index: ReadonlyArray<number> } | undefined => {
  const values = tensor.dataSync()
  const position = values.findIndex(isBad)
  if (position < 0) return undefined
  return { found: String(values[position]), index: unravelIndex(position, tensor.shape) }
}
