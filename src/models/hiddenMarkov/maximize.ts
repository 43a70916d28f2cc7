/**
 * The M-step of a hidden Markov model (the Baum-Welch algorithm's): with γ_t(i) the probability of state i at step t, and
 * ξ_t(i, j) that of i before j,
 *
 *   initial_i ∝ Σ γ₀(i),  transition_ij ∝ Σ_t ξ_t(i, j),
 *
 * sums over all sequences. Steps after a sequence's last observation are no part of it; a gap within it is.
 */
import * as tf from "@tensorflow/tfjs-core"
import { InvalidArgument } from "../../tensor/errors.ts"
import { along } from "../../tensor/Named.ts"
import { expandRight } from "../../tensor/Shape.ts"
import { where } from "../../tensor/stable.ts"
import type { Tree } from "../../tensor/Tree.ts"
import type { ChainBelief } from "../HiddenMarkov.ts"
import type { ClosedEmission } from "./emission.ts"
import { filled, type Sequences, seenIn, timeFirst, withinOf } from "./sequences.ts"

/** Better parameters, all of them. */
export const maximized = (
  belief: ChainBelief,
  data: Sequences,
  before: Readonly<Record<string, Tree>>,
  emission: ClosedEmission<{}, never>,
): Readonly<Record<string, Tree>> => {
  const [n, steps] = data.x.shape as [number, number]
  const seen = seenIn(data)
  const states = belief.probabilities.z!
  const pairs = pairsOf(belief)
  const within = tf.transpose(withinOf(seen))
  const isFirst = tf.reshape(tf.cast(tf.equal(tf.range(0, steps), 0), "float32"), [steps, 1])
  const starts = tf.sum(tf.mul(states, tf.expandDims(tf.mul(within, isFirst), 2)), [0, 1])
  const counts = tf.sum(tf.mul(pairs, expandRight(tf.mul(within, tf.sub(1, isFirst)), 2)), [0, 1])

  // Step by step, [T · N, K] weights beside [T · N, ...event] observations.
  const weights = tf.mul(states, tf.expandDims(tf.transpose(seen), 2))
  const event = data.x.shape.slice(2)
  const { x } = timeFirst({ x: filled(data.x, seen) })
  const emitting = emission.maximize(
    tf.reshape(x, [steps * n, ...event]),
    tf.reshape(weights, [steps * n, weights.shape[2]!]),
    before,
  )
  return {
    initial: shares(starts, before.initial as tf.Tensor),
    transition: shares(counts, before.transition as tf.Tensor),
    ...emitting,
  }
}

/** The probabilities of each state together with the one before it, `[T, N, K, K]`; of draws, their shares. */
const pairsOf = ({ probabilities, joint, draws }: ChainBelief): tf.Tensor => {
  const both = joint.z
  if (both?.axes.includes("z@previous")) return along(both, ["time", "sequences", "z@previous", "z"])
  const drawn = draws?.z
  if (drawn === undefined) {
    throw new InvalidArgument({
      where: "HiddenMarkov.maximize",
      expected: "a belief that knows each state together with the one before it, or draws of them",
      found: "one without",
    })
  }
  const is = oneHot(drawn, probabilities.z!.shape[2]!)
  const [count, steps, n, k] = is.shape as [number, number, number, number]
  // Of the first step, which has none before it, no pair is ever counted.
  const earlier = tf.concat([tf.zeros([count, 1, n, k]), tf.slice(is, [0, 0], [count, steps - 1])], 1)
  return tf.mean(tf.mul(tf.expandDims(earlier, 4), tf.expandDims(is, 3)), 0)
}

/** States as vectors, one at their place among zeros. */
export const oneHot = (states: tf.Tensor, k: number): tf.Tensor =>
  tf.cast(tf.equal(tf.expandDims(states, -1), tf.range(0, k)), "float32")

/** Each row over its sum, or as it was before where there is nothing in it. */
const shares = (counts: tf.Tensor, before: tf.Tensor): tf.Tensor => {
  const totals = tf.sum(counts, -1, true)
  const isAny = () => tf.broadcastTo(tf.greater(totals, 0), counts.shape)
  return where(isAny, tf.div(counts, totals), before)
}
