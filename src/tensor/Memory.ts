/**
 * Who owns a tensor. Inside a step one `tidy` does; outside, an Effect `Scope` does, and closes over it here.
 */
import type * as tf from "@tensorflow/tfjs-core"
import { Effect, type Scope } from "effect"

/**
 * The result of `make`, with the tensors that `tensorsOf` finds in it disposed of when the scope closes, however it
 * closes. Those tensors must be the result's own.
 */
export const scoped = <A, E, R>(
  make: Effect.Effect<A, E, R>,
  tensorsOf: (a: A) => ReadonlyArray<tf.Tensor>,
): Effect.Effect<A, E, R | Scope.Scope> =>
  Effect.acquireRelease(make, (a) =>
    Effect.sync(() => {
      for (const tensor of tensorsOf(a)) if (!tensor.isDisposed) tensor.dispose()
    }),
  )
