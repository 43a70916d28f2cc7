/**
 * Random choices: `sample` draws a latent value, `observe` scores a known one.
 *
 * ```ts
 * const model = Effect.fnUntraced(function* (x: tf.Tensor) {
 *   const z = yield* sample("z", Normal({ loc: 0, scale: 1 }))
 *   return yield* observe("x", Normal({ loc: z, scale: 0.1 }), x)
 * })
 * ```
 */
import type * as tf from "@tensorflow/tfjs-core"
import type { Effect } from "effect"
import type { Distribution, Gradient, Value } from "../distributions/Distribution.ts"
import { ask, type Interpretation, type SampleSite } from "./Interpreter.ts"
import type { Observe, Sample } from "./Program.ts"
import { given } from "./place.ts"

/**
 * Draws from `distribution` at site `name`. The value has shape `[...batch, ...event]`, the batch being that of the
 * enclosing plates. Batch dimensions that no plate declares are refused with `ShapeMismatch`: declare them with
 * `plate` (independent members) or `toEvent` (one event).
 */
export const sample = <const N extends string, S extends string, G extends Gradient>(
  name: N,
  distribution: Distribution<S, G>,
): Effect.Effect<tf.Tensor, never, Sample<N, S, G>> =>
  ask((interpretation) => interpretation.sample(site(interpretation, name, distribution)).value)

/**
 * Scores `value` under `distribution` at site `name`, and gives the value back. Its shape must be exactly
 * `[...batch, ...event]`: (N) against (N, 1) is a `ShapeMismatch`, never an N × N score.
 */
export const observe = <const N extends string>(
  name: N,
  distribution: Distribution,
  value: Value,
): Effect.Effect<tf.Tensor, never, Observe<N>> =>
  ask(
    (interpretation) =>
      interpretation.sample({
        ...site(interpretation, name, distribution),
        value: given(`site "${name}"`, value),
        observed: true,
      }).value,
  )

const site = (interpretation: Interpretation, name: string, distribution: Distribution): SampleSite => ({
  kind: "sample",
  name,
  distribution,
  value: undefined,
  observed: false,
  scale: 1,
  mask: undefined,
  plates: interpretation.plates,
  axes: [],
  chains: interpretation.chains,
  hidden: false,
})
