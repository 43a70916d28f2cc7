/**
 * Baselines: what is taken off a draw's learning signal, without a change of the gradient's expectation.
 *
 *   E[∇log q(z) · b] = 0 wherever b does not depend on z
 *
 * ```ts
 * const { signals, memory } = baselines.leaveOneOut(signals, "z", {})
 * ```
 *
 * Where a site is drawn for each of several values, its signals count by the probability of the value, the `weight`, and
 * so does what is taken off them.
 */
import * as tf from "@tensorflow/tfjs-core"
import { add, mul, type Named, named } from "../../tensor/Named.ts"
import { detach } from "../../tensor/stable.ts"
import type { Memory } from "../Objective.ts"
import type { Signal } from "./terms.ts"

/** What a baseline leaves of one site's signals, one a particle, and what is to be remembered for the next step. */
export interface Centered {
  readonly signals: ReadonlyArray<Signal>
  readonly memory: Memory
}

/** Centers the signals of `site`, all of one shape. */
export type Baseline = (signals: ReadonlyArray<Signal>, site: string, memory: Memory) => Centered

/** How much of a moving average each step keeps. */
const decay = 0.9

export const baselines = {
  none: (signals) => ({ signals, memory: {} }),

  /**
   * The mean of the other particles' signals, member by member (W. Kool, H. van Hoof and M. Welling, "Buy 4 REINFORCE
   * samples, get a baseline for free!", 2019). It takes two particles or more.
   */
  leaveOneOut: (signals) => {
    const total = signals.map(({ value }) => value.tensor).reduce((sum, signal) => tf.add(sum, signal))
    // Rₖ − (Σ R − Rₖ) / (K − 1) = (K Rₖ − Σ R) / (K − 1)
    const count = signals.length
    return {
      signals: signals.map((signal) =>
        withValue(signal, tf.div(tf.sub(tf.mul(signal.value.tensor, count), total), count - 1)),
      ),
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
      signals.reduce<tf.Tensor>((total, signal) => tf.add(total, mean(signal)), tf.scalar(0)),
      signals.length,
    )
    const baseline = named(tf.divNoNan(before.sum, before.weight), [])
    const moved = (old: tf.Tensor, next: tf.Tensor | number) =>
      detach(() => tf.add(tf.mul(old, decay), tf.mul(next, 1 - decay)))
    return {
      signals: signals.map((signal) => less(signal, mul([baseline, signal.weight]))),
      memory: { [sum]: moved(before.sum, now), [weight]: moved(before.weight, 1) },
    }
  },
} as const satisfies Readonly<Record<string, Baseline>>

/** The signal less something that does not depend on the draw. */
export const less = (signal: Signal, baseline: Named): Signal => ({
  ...signal,
  value: add([signal.value, named(tf.neg(baseline.tensor), baseline.axes)]),
})

/** The mean over members: over the values of each, that by their probability. */
const mean = ({ value, weight }: Signal): tf.Tensor =>
  tf.div(tf.sum(value.tensor), tf.sum(mul([named(tf.onesLike(value.tensor), value.axes), weight]).tensor))

const withValue = (signal: Signal, tensor: tf.Tensor): Signal => ({
  ...signal,
  value: named(tensor, signal.value.axes),
})
