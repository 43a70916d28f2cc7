/**
 * The M-step of a hidden Markov model (the Baum-Welch algorithm's): with γ_t(i) the probability of state i at step t, and
 * ξ_t(i, j) that of i before j,
 *
 *   initial_i ∝ Σ γ₀(i),  transition_ij ∝ Σ_t ξ_t(i, j),
 *
 * sums over all sequences. Steps after a sequence's last observation are no part of it; a gap within it is.
 */
import * as tf from "@tensorflow/tfjs-core"
import { along } from "../../tensor/Named.ts"
import { expandRight } from "../../tensor/Shape.ts"
import { where } from "../../tensor/stable.ts"
import type { Tree } from "../../tensor/Tree.ts"
import type { ChainBelief, Sequences } from "../HiddenMarkov.ts"
import type { ClosedEmission } from "./emission.ts"

/** Better parameters, all of them. */
export const maximized = (
  { probabilities, joint }: ChainBelief,
  { x, mask }: Sequences,
  before: Readonly<Record<string, Tree>>,
  emission: ClosedEmission<{}, never>,
): Readonly<Record<string, Tree>> => {
  const [n, steps] = x.shape as [number, number]
  const present = mask === undefined ? tf.ones([n, steps]) : tf.cast(tf.cast(mask, "bool"), "float32")
  const belongs = tf.unstack(tf.cast(tf.greater(tf.cumsum(present, 1, false, true), 0), "float32"), 1)
  const times = Array.from({ length: steps }, (_, t) => t)

  const starts = tf.sum(tf.mul(probabilities["z/0"]!, tf.expandDims(belongs[0]!, 1)), 0)
  const pairs = times.slice(1).map((t) => {
    const both = along(joint[`z/${t}`]!, ["sequences", `z/${t - 1}`, `z/${t}`])
    return tf.sum(tf.mul(both, expandRight(belongs[t]!, 2)), 0)
  })
  const transition = before.transition as tf.Tensor
  const counts = pairs.length === 0 ? tf.zerosLike(transition) : tf.addN(pairs)

  // Step by step, [T · N, K] weights beside [T · N, ...event] observations; what is missing may be NaN.
  const states = tf.stack(times.map((t) => probabilities[`z/${t}`]!))
  const seen = tf.transpose(present)
  const weights = tf.mul(states, tf.expandDims(seen, 2))
  const event = x.shape.slice(2)
  const inTime = tf.transpose(x, [1, 0, ...event.map((_, i) => i + 2)])
  const isSeen = () => tf.broadcastTo(tf.cast(expandRight(seen, event.length), "bool"), inTime.shape)
  const observations = where(isSeen, inTime, 0)
  const emitting = emission.maximize(
    tf.reshape(observations, [steps * n, ...event]),
    tf.reshape(weights, [steps * n, weights.shape[2]!]),
    before,
  )
  return {
    initial: shares(starts, before.initial as tf.Tensor),
    transition: shares(counts, transition),
    ...emitting,
  }
}

/** Each row over its sum, or as it was before where there is nothing in it. */
const shares = (counts: tf.Tensor, before: tf.Tensor): tf.Tensor => {
  const totals = tf.sum(counts, -1, true)
  const isAny = () => tf.broadcastTo(tf.greater(totals, 0), counts.shape)
  return where(isAny, tf.div(counts, totals), before)
}
