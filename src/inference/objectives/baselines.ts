/**
 * Baselines: what is taken off a draw's learning signal, without a change of the gradient's expectation.
 *
 *   E[∇log q(z) · b] = 0 wherever b does not depend on z
 *
 * ```ts
 * const { signals, memory } = baselines.leaveOneOut(signals, {})
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { detach } from "../../tensor/stable.ts"
import type { Memory } from "../Objective.ts"

/** What a baseline leaves of one site's signals, one a particle, and what is to be remembered for the next step. */
export interface Centered {
  readonly signals: ReadonlyArray<tf.Tensor>
  readonly memory: Memory
}

/** Centers the signals of `site`, all of one shape. */
export type Baseline = (signals: ReadonlyArray<tf.Tensor>, site: string, memory: Memory) => Centered

/** How much of a moving average each step keeps. */
const decay = 0.9

export const baselines = {
  none: (signals) => ({ signals, memory: {} }),

  /**
   * The mean of the other particles' signals, member by member (W. Kool, H. van Hoof and M. Welling, "Buy 4 REINFORCE
   * samples, get a baseline for free!", 2019). It takes two particles or more.
   */
  leaveOneOut: (signals) => {
    const total = signals.reduce((sum, signal) => tf.add(sum, signal))
    // Rₖ − (Σ R − Rₖ) / (K − 1) = (K Rₖ − Σ R) / (K − 1)
    const count = signals.length
    return {
      signals: signals.map((signal) => tf.div(tf.sub(tf.mul(signal, count), total), count - 1)),
      memory: {},
    }
  },

  /**
   * A moving average of the signals of the steps before, one number for all members: m ← 0.9 m + 0.1 R, with Adam's
   * correction for the start at 0, and no baseline at the first step (A. Mnih and K. Gregor, "Neural variational inference
   * and learning in belief networks", 2014, section 2.3.2).
   */
  average: (signals, site, memory) => {
    const [sum, weight] = [`${site}/sum`, `${site}/weight`]
    const before = { sum: memory[sum] ?? tf.scalar(0), weight: memory[weight] ?? tf.scalar(0) }
    const now = tf.div(
      signals.reduce<tf.Tensor>((total, signal) => tf.add(total, tf.mean(signal)), tf.scalar(0)),
      signals.length,
    )
    const baseline = tf.divNoNan(before.sum, before.weight)
    const moved = (old: tf.Tensor, next: tf.Tensor | number) =>
      detach(() => tf.add(tf.mul(old, decay), tf.mul(next, 1 - decay)))
    return {
      signals: signals.map((signal) => tf.sub(signal, baseline)),
      memory: { [sum]: moved(before.sum, now), [weight]: moved(before.weight, 1) },
    }
  },
} as const satisfies Readonly<Record<string, Baseline>>
