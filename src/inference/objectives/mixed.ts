/**
 * The evidence lower bound of programs with sites of every kind: each is summed over, or differentiated along its draws,
 * or by its score, whichever has the least noise of those that it allows.
 *
 *   ∇ELBO = ∇ Σ_c q(c) L(c, z, s) + Σ_c q(c) Σ_i (R_i − b_i) ∇log q(s_i | ·),  L = log Σ_w p(x, c, z, s, w) − log q
 *
 * with c the guide's finite sites, w those of the model that the guide does not have, z ~ q pathwise draws, along which the
 * first gradient goes, and s ~ q the others. What is drawn after c is drawn for each value of it. (For the sums:
 * M. Titsias and M. Lázaro-Gredilla, "Local expectation gradients for black box variational inference", 2015; for the whole:
 * J. Schulman, N. Heess, T. Weber and P. Abbeel, "Gradient estimation using stochastic computation graphs", 2015,
 * theorem 1.)
 *
 * ```ts
 * console.log((yield* choices(model, guide, data)).table)
 * yield* fitSVI(model, guide, data, { objective: mixed() })
 * ```
 *
 * A program must compute from an enumerated site's values by broadcasting. Where it adds up the members of a plate, or reads
 * values one by one, have the site drawn: `mixed({ sites: { z: "score function" } })`.
 */
import type { Effect } from "effect"
import type { Recording } from "../../effects/run.ts"
import * as Key from "../../tensor/Key.ts"
import { type FiniteSupport, finite } from "../Enumerated.ts"
import { type EnumeratedPair, runPair } from "../enumeration/pair.ts"
import type { Objective } from "../Objective.ts"
import type { Programs } from "../programs.ts"
import { checkScored, estimateScored, type ScoredOptions } from "./scored.ts"
import {
  type AnyGuide,
  type ChoiceOptions,
  checkChoices,
  checkNamed,
  type Rule,
  ruleOf,
  type SiteChoices,
} from "./siteChoice.ts"
import { detachedDrawsOf } from "./stopped.ts"
import { platesOfScored, type Scored, termsOf } from "./terms.ts"

/** How {@link mixed} chooses and estimates. */
export interface MixedOptions<Guide extends AnyGuide = AnyGuide>
  extends ScoredOptions,
    ChoiceOptions<SiteChoices<Effect.Services<ReturnType<Guide>>>> {}

/**
 * The ELBO, of guides with any sites, which may lack those of the model that have a list of values. `choices` says before
 * a fit what it does with each. With the guide's type as an argument, `mixed<typeof guide>({ sites })`, a site that the
 * guide does not have, or a choice that the site does not allow, does not compile; without it a fit fails there with
 * `UnknownSite` or `InvalidArgument`. Metrics: `elbo`, `logJoint`, `entropy`.
 */
export const mixed = <Guide extends AnyGuide = AnyGuide>(
  options: MixedOptions<Guide> = {},
): Objective<"pathwise" | "score", FiniteSupport> => {
  // Found at the first estimate, and the same at all: a wrong guess costs a run, never a wrong number.
  let depth = 1
  return {
    name: "mixed",
    sumsOut: finite,
    estimate: (programs, key, training, progress) => {
      const { particles, baseline } = checkScored("mixed", options)
      const runs = Array.from({ length: particles }, (_, k) => {
        const { pair, isScored } = runMixed(programs, Key.foldIn(key, k), training, options, depth)
        depth = pair.depth
        return termsOf(pair, isScored)
      })
      return estimateScored(runs, { baseline, raoBlackwellize: true }, progress?.memory ?? {})
    },
  }
}

/** A pair run by the rule. */
export interface MixedRun {
  readonly pair: EnumeratedPair
  readonly chosen: Rule["chosen"]
  readonly isScored: Scored
}

/** Runs guide and model with each site as the rule says. */
export const runMixed = (
  programs: Programs,
  key: Key.Key,
  training: boolean,
  options: ChoiceOptions<{}>,
  depth: number,
): MixedRun => {
  checkChoices(options)
  const rule = ruleOf(options)
  const isScored: Scored = ({ name }) => rule.chosen.get(name)?.choice === "score function"
  // A draw that has a gradient, and is not to be differentiated along it, is a constant.
  const drawn = detachedDrawsOf(({ name }) => rule.chosen.get(name)?.choice === "score function")
  const apart = (guide: Recording) => {
    checkNamed(options, guide)
    return platesOfScored(guide, isScored)
  }
  const inside: Programs = {
    ...programs,
    guide: (run) => programs.guide({ ...run, handlers: [drawn, ...(run.handlers ?? [])] }),
  }
  const pair = runPair(inside, key, training, rule.guide, depth, { model: rule.model, apart })
  // What room there is for variables, and so the choice, must not depend on the guess.
  if (pair.depth > pair.deepest) return runMixed(programs, key, training, options, pair.deepest)
  return { pair, chosen: rule.chosen, isScored }
}
