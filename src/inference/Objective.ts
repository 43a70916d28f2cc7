/**
 * What a fit maximizes, as a value. Its type says which guide sites it can differentiate: `elbo` takes pathwise
 * sites only, so that a guide with a discrete site does not compile against it.
 */
import type * as tf from "@tensorflow/tfjs-core"
import type { Gradient } from "../distributions/Distribution.ts"
import type { Key } from "../tensor/Key.ts"
import type { Programs } from "./programs.ts"

/** What an objective remembers from one step to the next: tensors by name, none at first. */
export type Memory = Readonly<Record<string, tf.Tensor>>

/** Where the fit that an objective serves has come to. */
export interface Progress {
  /** The number of steps already taken. */
  readonly step: number
  /** What the estimate of the step before gave to be remembered. */
  readonly memory: Memory
}

/** An estimate of the objective. `loss` is what gradient descent lowers; `metrics` are scalars for people. */
export interface Estimate {
  readonly loss: tf.Tensor
  readonly metrics: Readonly<Record<string, tf.Tensor>>
  readonly memory?: Memory
}

/** An objective that can differentiate guide sites of kind `G`, and sums out model sites on supports `S`. */
export interface Objective<in G extends Gradient, out S extends string = never> {
  readonly name: string
  /** Only in the type: an objective for more kinds of sites serves where fewer are needed. */
  readonly _differentiates?: (gradient: G) => void
  /** The supports of those of the model's sites that it sums out where the guide does not have them. */
  readonly sumsOut?: ReadonlyArray<S>
  /**
   * Estimates the objective with draws from `key`; `training` switches dropout on. Whoever takes steps with it says how
   * far they have come; without that it estimates as at rest.
   */
  readonly estimate: (programs: Programs, key: Key, training: boolean, progress?: Progress) => Estimate
}
