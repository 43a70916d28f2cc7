/**
 * Terms of the log-density that are no distribution's, and values worth a name.
 *
 * ```ts
 * yield* factor("penalty", tf.mul(-0.5, tf.sum(tf.square(w))))
 * const rate = yield* deterministic("rate", tf.exp(logRate))
 * ```
 */
import type * as tf from "@tensorflow/tfjs-core"
import type { Effect } from "effect"
import type { Value } from "../distributions/Distribution.ts"
import { ask } from "./Interpreter.ts"
import type { Deterministic, Factor } from "./Program.ts"
import { given } from "./place.ts"

/** Adds `logWeight` to the program's log-density. Inside plates its shape broadcasts to theirs, and is scaled as a site is. */
export const factor = <const N extends string>(
  name: N,
  logWeight: Value,
): Effect.Effect<void, never, Factor<N>> =>
  ask((interpretation) => {
    interpretation.factor({
      kind: "factor",
      name,
      logWeight: given(`factor "${name}"`, logWeight),
      scale: 1,
      mask: undefined,
      plates: interpretation.plates,
      axes: [],
      chains: interpretation.chains,
      hidden: false,
    })
  })

/** Records `value` under `name`, for traces and predictions. */
export const deterministic = <const N extends string>(
  name: N,
  value: tf.Tensor,
): Effect.Effect<tf.Tensor, never, Deterministic<N>> =>
  ask(
    (interpretation) =>
      interpretation.deterministic({ kind: "deterministic", name, value, hidden: false }).value,
  )
