/**
 * Reweighted wake-sleep: model and guide each climb their own likelihood of the same weighted draws.
 *
 *   ∇_θ = Σ_k w̃_k ∇_θ log p(x, z_k; θ)   (wake-θ: the importance-weighted bound's)
 *   ∇_φ = Σ_k w̃_k ∇_φ log q(z_k; φ)      (wake-φ: towards the least KL(p(z | x) ‖ q))
 *
 * with w̃_k = w_k / Σ w, w_k = p(x, z_k) / q(z_k) and the draws as constants (J. Bornschein and Y. Bengio, "Reweighted
 * wake-sleep", 2015, section 2.3). No gradient passes through a draw, so the guide may draw discrete values. Both
 * gradients are biased, as ratios of averages are, by O(1/K): that of θ for log p(x), but not for the bound.
 *
 * ```ts
 * yield* fitSVI(model, guide, data, { objective: reweightedWakeSleep(10) })
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Key from "../../tensor/Key.ts"
import type { Objective } from "../Objective.ts"
import { type Programs, pair } from "../programs.ts"
import {
  checkParticles,
  estimateOf,
  layoutOf,
  logDensityOf,
  logMeanExp,
  normalized,
  weighted,
} from "./particles.ts"
import { detachedDraws } from "./stopped.ts"

/**
 * Both wake phases, with `particles` draws, at least 1. Metrics: `elbo` and `bound`, the importance-weighted one. A fit
 * fails with `InvalidArgument` for another number.
 */
export const reweightedWakeSleep = (particles: number): Objective<"pathwise" | "score"> => ({
  name: "reweightedWakeSleep",
  estimate: (programs, key, training) => {
    checkParticles("reweightedWakeSleep", particles)
    const asleep: Programs = {
      ...programs,
      guide: (options) =>
        programs.guide({ ...options, handlers: [detachedDraws, ...(options.handlers ?? [])] }),
    }
    const runs = Array.from({ length: particles }, (_, k) => pair(asleep, Key.foldIn(key, k), training))
    const layout = layoutOf(runs.flat())
    const logGuides = tf.stack(runs.map(([guide]) => logDensityOf(guide, layout)))
    const logJoints = tf.stack(runs.map(([, model]) => logDensityOf(model, layout)))
    const logWeights = tf.sub(logJoints, logGuides)
    const weights = normalized(logWeights)
    const surrogate = tf.add(weighted(weights, logJoints), weighted(weights, logGuides))
    return estimateOf(logMeanExp(logWeights), logWeights, layout, surrogate)
  },
})
