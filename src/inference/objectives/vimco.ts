/**
 * The importance-weighted bound for guides with discrete sites, each draw's learning signal measured against what the
 * others would have made of the bound.
 *
 *   ∇L = E Σ_k (L̂ − L̂_−k) ∇log q(z_k) + ∇L̂,  L̂ = log (1/K) Σ_k w_k,
 *   L̂_−k = L̂ with log w_k replaced by the mean of the other log w
 *
 * (A. Mnih and D. J. Rezende, "Variational inference for Monte Carlo objectives", 2016, equations 10 to 13.) The sum over
 * log q runs over the sites that have no pathwise gradient; the others keep theirs. Each member of the plates that all
 * sites share has a bound and signals of its own.
 *
 * ```ts
 * yield* fitSVI(model, guide, data, { objective: vimco(10) })      // the guide may draw discrete values
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { detach, logSumExp } from "../../tensor/stable.ts"
import type { Objective } from "../Objective.ts"
import {
  checkParticles,
  estimateOf,
  layoutOf,
  logMeanExp,
  logWeight,
  particlesOf,
  scoredDraws,
} from "./particles.ts"

/**
 * The importance-weighted bound of `particles` draws, at least 2. Metrics: `elbo` and `bound`. A fit fails with
 * `InvalidArgument` for another number.
 */
export const vimco = (particles: number): Objective<"pathwise" | "score"> => ({
  name: "vimco",
  estimate: (programs, key, training) => {
    checkParticles("vimco", particles, 2)
    const runs = particlesOf(programs, key, training, particles)
    const layout = layoutOf(runs.flatMap(({ guide, model }) => [guide, model]))
    const logWeights = tf.stack(runs.map((run) => logWeight(run, layout)))
    const bound = logMeanExp(logWeights)
    const logDraws = tf.stack(runs.map(({ guide }) => along(scoredDraws(guide, layout), bound.shape)))
    const signals = detach(() => tf.sub(bound, withoutEach(logWeights)))
    const surrogate = tf.add(tf.sum(bound), tf.sum(tf.mul(signals, logDraws)))
    return estimateOf(bound, logWeights, layout, surrogate)
  },
})

/** A guide without such sites has a scalar 0. */
const along = (logDraws: tf.Tensor, members: ReadonlyArray<number>): tf.Tensor =>
  tf.broadcastTo(logDraws, [...members])

/** The bound with each log-weight in turn replaced by the mean of the others: `[K, ...members]`. */
const withoutEach = (logWeights: tf.Tensor): tf.Tensor => {
  const [count, ...members] = logWeights.shape as [number, ...Array<number>]
  const isOwn = tf.reshape(tf.cast(tf.eye(count), "bool"), [count, count, ...members.map(() => 1)])
  const full = [count, count, ...members]
  const each = tf.broadcastTo(tf.expandDims(logWeights, 0), full)
  const own = tf.broadcastTo(isOwn, full)
  // Summed without the own one, not as a total less the own: −∞ − (−∞) is NaN.
  const others = tf.div(tf.sum(tf.where(own, tf.zerosLike(each), each), 1, true), count - 1)
  return tf.sub(logSumExp(tf.where(own, tf.broadcastTo(others, full), each), 1), Math.log(count))
}
