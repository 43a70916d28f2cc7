/**
 * Rényi's variational bounds, with pathwise gradients.
 *
 *   L_α = 1/(1 − α) · log (1/K) Σ_k w_k^(1 − α),  w_k = p(x, z_k) / q(z_k),  z_k ~ q
 *
 * (Y. Li and R. E. Turner, "Rényi divergence variational inference", 2016, equation 14.) α = 1 is the ELBO, α = 0 the
 * importance-weighted bound, α = ½ between them; a negative α fits a guide that covers all of the posterior. Each member
 * of the plates that all sites share has a bound of its own. For K → ∞ and α ≥ 0 the bound lies below the log-evidence.
 *
 * ```ts
 * yield* fitSVI(model, guide, data, { objective: renyi(0.5, { particles: 10 }) })
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { InvalidArgument } from "../../tensor/errors.ts"
import type { Objective } from "../Objective.ts"
import { checkPathwise } from "../programs.ts"
import { checkParticles, estimateOf, layoutOf, logMeanExp, logWeight, particlesOf } from "./particles.ts"

/** How {@link renyi} estimates. */
export interface RenyiOptions {
  /** Draws from the guide for one bound, K: at least 1; default 10. Below 2 the order has no influence. */
  readonly particles?: number
}

/**
 * Rényi's bound of order `alpha`, a finite number. Metrics: `elbo` and `bound`. A fit fails with `InvalidArgument` where
 * an argument is out of range.
 */
export const renyi = (alpha: number, { particles = 10 }: RenyiOptions = {}): Objective<"pathwise"> => ({
  name: "renyi",
  estimate: (programs, key, training) => {
    checkParticles("renyi", particles)
    if (!Number.isFinite(alpha)) {
      throw new InvalidArgument({ where: "renyi: alpha", expected: "a finite number", found: String(alpha) })
    }
    const runs = particlesOf(programs, key, training, particles)
    for (const { guide } of runs) checkPathwise(guide)
    const layout = layoutOf(runs.flatMap(({ guide, model }) => [guide, model]))
    const logWeights = tf.stack(runs.map((run) => logWeight(run, layout)))
    return estimateOf(boundOf(logWeights, alpha), logWeights, layout)
  },
})

const boundOf = (logWeights: tf.Tensor, alpha: number): tf.Tensor => {
  if (alpha === 1) return tf.mean(logWeights, 0)
  return alpha === 0 ? logMeanExp(logWeights) : tf.div(logMeanExp(tf.mul(logWeights, 1 - alpha)), 1 - alpha)
}
