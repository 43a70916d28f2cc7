/**
 * Finds what first went wrong in a step that is not finite: a parameter, a site's distribution, its value, or its
 * log-density, in the order in which the programs run.
 */
import type * as tf from "@tensorflow/tfjs-core"
import { type Distribution, findProblem } from "../distributions/Distribution.ts"
import { InvalidParameter } from "../distributions/errors.ts"
import type { Handler, SampleSite, Settled } from "../effects/Interpreter.ts"
import type { Key } from "../tensor/Key.ts"
import * as Tree from "../tensor/Tree.ts"
import type { Blame } from "./Algorithm.ts"
import { type Programs, pair } from "./programs.ts"

/** Runs the programs again at the same key, reading every tensor back, and reports the first that is not finite. */
export const blame = (programs: Programs, params: Tree.Tree, key: Key): Blame => {
  for (const [name, leaf] of Tree.entries(params)) {
    const found = firstNonFinite(leaf)
    if (found !== undefined) return { parameter: name, ...found }
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
  const watched: Programs = {
    guide: (options) => programs.guide({ ...options, handlers: [...(options.handlers ?? []), watch] }),
    model: (options) => programs.model({ ...options, handlers: [...(options.handlers ?? []), watch] }),
  }
  pair(watched, key, true)
  return first ?? { found: "every site is finite: the gradient is not, or the sum overflows float32" }
}

const suspect = (site: Settled<SampleSite>): Blame | undefined =>
  inDistribution(site.name, site.distribution) ??
  named(site.name, "value", site.value) ??
  (site.mask === undefined
    ? named(site.name, "log-density", site.distribution.logProb(site.value))
    : undefined)

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

const firstNonFinite = (
  tensor: tf.Tensor,
): { readonly found: string; readonly index: ReadonlyArray<number> } | undefined => {
  const values = tensor.dataSync()
  const position = values.findIndex((x) => !Number.isFinite(x))
  if (position < 0) return undefined
  return { found: String(values[position]), index: unravel(position, tensor.shape) }
}

const unravel = (position: number, shape: ReadonlyArray<number>): ReadonlyArray<number> => {
  const index: Array<number> = []
  let rest = position
  for (let d = shape.length - 1; d >= 0; d--) {
    index.unshift(rest % shape[d]!)
    rest = Math.floor(rest / shape[d]!)
  }
  return index
}
