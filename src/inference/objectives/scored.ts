/**
 * The evidence lower bound, estimated where some of the guide's draws have no pathwise gradient: the score-function
 * estimator, each site's signals less their baselines.
 *
 *   ∇L = E[Σ_i (R_i − b_i) ∇log q(z_i | ·)] + E[∇ of everything else, along the pathwise draws],  i such a site
 *
 * For the signals R_i see `terms`, for the baselines b_i, which do not depend on z_i, `baselines`.
 *
 * ```ts
 * estimateScored(runs, { baseline: "average", raoBlackwellize: true }, progress?.memory ?? {})
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { InvalidArgument } from "../../tensor/errors.ts"
import type { Estimate, Memory } from "../Objective.ts"
import { baselines } from "./baselines.ts"
import { checkParticles } from "./particles.ts"
import { withGradientOf } from "./stopped.ts"
import { type Signal, scoreOf, signalOf, type Terms, totalsOf } from "./terms.ts"
import { centeredBy, checkBaselines, learnedBaseline } from "./withBaselines.ts"

/** What the objectives with score functions may be told. */
export interface ScoredOptions {
  /** Draws from the guide for one estimate; default 1. */
  readonly particles?: number
  /**
   * What is taken off the signals: `"leaveOneOut"`, the other particles' mean (the default from two particles on);
   * `"average"`, that of the steps before (the default for one); or `"none"`. What `withBaselines` learns is taken off
   * besides.
   */
  readonly baseline?: keyof typeof baselines
}

/** How {@link estimateScored} estimates. */
export interface Scoring {
  readonly baseline: keyof typeof baselines
  /** Whether a site's signal leaves out the terms that its draw has no part in. */
  readonly raoBlackwellize: boolean
}

/** The options with their defaults. Throws `InvalidArgument` where one is out of range. */
export const checkScored = (where: string, options: ScoredOptions): Required<ScoredOptions> => {
  const { particles = 1 } = options
  const { baseline = particles > 1 ? "leaveOneOut" : "average" } = options
  checkParticles(where, particles, baseline === "leaveOneOut" ? 2 : 1)
  if (Object.hasOwn(baselines, baseline)) return { particles, baseline }
  throw new InvalidArgument({
    where: `${where}: baseline`,
    expected: `one of ${Object.keys(baselines)
      .map((name) => `"${name}"`)
      .join(", ")}`,
    found: String(baseline),
  })
}

/** The estimate from runs of the same programs, one a particle. */
export const estimateScored = (
  runs: ReadonlyArray<Terms>,
  { baseline, raoBlackwellize }: Scoring,
  remembered: Memory,
): Estimate => {
  const [first] = runs as [Terms, ...Array<Terms>]
  checkBaselines(first.pair.guide)
  const totals = runs.map(totalsOf)
  const surrogates: Array<tf.Tensor> = []
  let memory: Memory = {}
  for (const site of first.draws.keys()) {
    const centered = baselines[baseline](
      runs.map((run) => signalOf(site, run, raoBlackwellize)),
      site,
      remembered,
    )
    memory = { ...memory, ...centered.memory }
    surrogates.push(...runs.flatMap((run, k) => climbed(site, run, centered.signals[k]!)))
  }
  const mean = (tensors: ReadonlyArray<tf.Tensor>) =>
    tf.div(
      tensors.reduce<tf.Tensor>((total, tensor) => tf.add(total, tensor), tf.scalar(0)),
      runs.length,
    )
  const logJoint = mean(totals.map(([joint]) => joint))
  const negativeEntropy = mean(totals.map(([_, negative]) => negative))
  const elbo = tf.sub(logJoint, negativeEntropy)
  const loss = tf.neg(withGradientOf(tf.add(elbo, mean(surrogates)), elbo))
  return { loss, metrics: { elbo, logJoint, entropy: tf.neg(negativeEntropy) }, memory }
}

/** What a site's draws climb in place of the bound: their score, and the fit of the baseline that is learned for it. */
const climbed = (site: string, { draws, pair }: Terms, signal: Signal): ReadonlyArray<tf.Tensor> => {
  const draw = draws.get(site)!
  const learned = learnedBaseline(pair.guide, site)
  if (learned === undefined) return [scoreOf(draw, signal.value)]
  const { signal: left, fit } = centeredBy(learned, signal)
  return [scoreOf(draw, left.value), fit]
}
