/**
 * What a fit maximizes, as a value. Its type says which guide sites it can differentiate: `elbo` takes pathwise
 * sites only, so that a guide with a discrete site does not compile against it.
 */
import type * as tf from "@tensorflow/tfjs-core"
import type { Gradient } from "../distributions/Distribution.ts"
import type { Key } from "../tensor/Key.ts"
import type { Programs } from "./programs.ts"

/** An estimate of the objective. `loss` is what gradient descent lowers; `metrics` are scalars for people. */
export interface Estimate {
  readonly loss: tf.Tensor
  readonly metrics: Readonly<Record<string, tf.Tensor>>
}

/** An objective that can differentiate guide sites of kind `G`. */
export interface Objective<in G extends Gradient> {
  readonly name: string
  /** Only in the type: an objective for more kinds of sites serves where fewer are needed. */
  readonly _differentiates?: (gradient: G) => void
  /** Estimates the objective with draws from `key`; `training` switches dropout on. */
  readonly estimate: (programs: Programs, key: Key, training: boolean) => Estimate
}
