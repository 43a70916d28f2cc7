/**
 * What every algorithm is: a first state, and a step that is a pure function of key, state and batch.
 *
 * A step reads no host, hides no state and draws only from its key, so that it can be replayed, checkpointed, and
 * one day captured. State holds what the next step needs; Info what a person wants to see. One loop
 * (`Loop.ts`) drives them all: minibatches, progress, interruption, memory.
 */
import type * as tf from "@tensorflow/tfjs-core"
import type { Key } from "../tensor/Key.ts"

/** What a step reports beside its new state. */
export interface Info {
  /** Scalars by name, such as `elbo`. */
  readonly metrics: Readonly<Record<string, tf.Tensor>>
  /** A scalar that is finite exactly where loss and gradients all are. */
  readonly health: tf.Tensor
}

/** An algorithm over batches `B` with states `S`. All of it runs inside the caller's tidy. */
export interface Algorithm<in B, S> {
  readonly init: (key: Key, batch: B) => S
  readonly step: (key: Key, state: S, batch: B) => readonly [state: S, info: Info]
  /** The metrics of a batch at a state, without learning from it. */
  readonly evaluate: (key: Key, state: S, batch: B) => Readonly<Record<string, tf.Tensor>>
  /** Where a step went wrong. It reads tensors back, so it runs only after one has. */
  readonly blame: (key: Key, state: S, batch: B) => Blame
  /** The same state, from which steps are half as long; its tensors are those of `state`. For algorithms that have a step size. */
  readonly shrink?: (state: S) => S
}

/** The first thing in a step that is not finite. */
export interface Blame {
  readonly site?: string
  /** The site is the guide's. */
  readonly inGuide?: boolean
  /** Of the site's distribution, or of the programs; or the site's `value`, `log-density` or `logWeight`. */
  readonly parameter?: string
  readonly index?: ReadonlyArray<number>
  readonly found: string
  /** What to do about it. */
  readonly advice?: string
  /** The row of the data, from 0, where the batch is made of rows and one of them is at fault. */
  readonly row?: number
  /** For each plate around the site, of `size`, which of the `extent` members present is at fault. The loop finds `row` by it. */
  readonly members?: ReadonlyArray<{ readonly size: number; readonly extent: number; readonly at: number }>
}
