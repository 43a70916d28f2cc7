/**
 * The evidence lower bound for guides with sites that have no pathwise gradient: the score-function estimator
 * (REINFORCE), with as little noise as the programs' structure allows.
 *
 *   ∇ELBO = E[Σ_i (R_i − b_i) ∇log q(z_i | ·)] + E[∇ of everything else, along the pathwise draws],  i such a site
 *
 * The signal R_i is Rao-Blackwellized: of the terms of log p(x, z) − log q(z) it has those alone that z_i can have a part
 * in (R. Ranganath, S. Gerrish and D. M. Blei, "Black box variational inference", 2014, section 3.1). The baseline b_i
 * does not depend on z_i: a mean of other signals, and, with `withBaselines`, one that is learned from the data.
 *
 * ```ts
 * yield* fitSVI(model, guide, data, { objective: scoreFunction({ particles: 4 }) })
 * ```
 *
 * Draw a guide's global sites before those inside plates: a site that comes later and stands outside a plate may depend on
 * all of the plate's members, and ties their signals together.
 */
import type { SampleSite } from "../../effects/Interpreter.ts"
import type { Recording } from "../../effects/run.ts"
import * as Key from "../../tensor/Key.ts"
import { runPair } from "../enumeration/pair.ts"
import type { Objective } from "../Objective.ts"
import { checkScored, estimateScored, type ScoredOptions } from "./scored.ts"
import { platesOfScored, type Scored, termsOf } from "./terms.ts"

/** How {@link scoreFunction} estimates. */
export interface ScoreFunctionOptions extends ScoredOptions {
  /** Whether a site's signal leaves out the terms that its draw has no part in; default true. */
  readonly raoBlackwellize?: boolean
}

/**
 * The ELBO, of guides with any sites. Metrics: `elbo`, `logJoint`, `entropy`. A fit fails with `InvalidArgument` where an
 * option is out of range.
 */
export const scoreFunction = (options: ScoreFunctionOptions = {}): Objective<"pathwise" | "score"> => ({
  name: "scoreFunction",
  estimate: (programs, key, training, progress) => {
    const { particles, baseline } = checkScored("scoreFunction", options)
    const { raoBlackwellize = true } = options
    const runs = Array.from({ length: particles }, (_, k) => {
      const keyOfRun = Key.foldIn(key, k)
      const apart = (guide: Recording) => platesOfScored(guide, isScored)
      return termsOf(runPair(programs, keyOfRun, training, none, anyDepth, { model: none, apart }), isScored)
    })
    return estimateScored(runs, { baseline, raoBlackwellize }, progress?.memory ?? {})
  },
})

const isScored: Scored = ({ distribution }) => distribution.gradient === "score"

const none = (_: SampleSite): boolean => false

/** Where nothing is enumerated, plates may take all the dimensions. */
const anyDepth = Number.POSITIVE_INFINITY
