/**
 * What every Markov chain Monte Carlo kernel is: a first state, and a step that leaves p(z | x) as it is. A step is a pure
 * function of key and state; a state holds a value of every latent site. (The names are BlackJAX's.)
 */
import type * as tf from "@tensorflow/tfjs-core"
import type { Recording, RunOptions } from "../../effects/run.ts"
import type { Key } from "../../tensor/Key.ts"

/** A value of every latent site, and what a kernel keeps besides: tensors and numbers. */
export interface KernelState {
  readonly values: Readonly<Record<string, tf.Tensor>>
}

/** What a person wants to see of a step: scalars by name, such as `acceptance/<site>`. */
export interface KernelInfo {
  readonly metrics: Readonly<Record<string, tf.Tensor>>
}

/** The model on its data at fixed parameters. */
export type Target = (options: RunOptions) => Recording

/** A transition of states `S`. */
export interface Kernel<S extends KernelState> {
  readonly name: string
  readonly init: (key: Key, target: Target) => S
  readonly step: (key: Key, target: Target, state: S) => readonly [state: S, info: KernelInfo]
}
