/**
 * The best of several attempts: what climbs to the nearest maximum is started from several places, and the highest kept.
 *
 * ```ts
 * const fit = yield* restarts({ times: 10, key }, (key) =>
 *   Effect.gen(function* () {
 *     const params = yield* mixture.initialize(x, { method: "k-means++", key })
 *     return yield* fitEM(mixture.model, x, { mStep: closedForm(mixture.maximize), params })
 *   }),
 * )
 * ```
 */
import { Effect, Exit, Result, Scope } from "effect"
import { InvalidArgument } from "../tensor/errors.ts"
import * as Key from "../tensor/Key.ts"

/** How {@link restarts} goes about it. */
export interface RestartOptions {
  /** How many attempts: a whole number from 1 up. */
  readonly times: number
  /** Split into one for each attempt. */
  readonly key: Key.Key
}

/**
 * The attempt with the highest bound. One that fails, as where a component collapses, does not count; where all fail,
 * the first failure is the whole's. What the others made is disposed of at once, what the best one made when the scope
 * closes. One after the other. Fails with `InvalidArgument` for bad `times`.
 */
export const restarts = Effect.fnUntraced(function* <A extends { readonly bound: number }, E, R>(
  { times, key }: RestartOptions,
  attempt: (key: Key.Key) => Effect.Effect<A, E, R>,
): Effect.fn.Return<A, E | InvalidArgument, Exclude<R, Scope.Scope> | Scope.Scope> {
  if (!(Number.isInteger(times) && times >= 1)) {
    return yield* new InvalidArgument({
      where: "restarts: times",
      expected: "a whole number, at least 1",
      found: String(times),
    })
  }
  const outer = yield* Effect.scope
  let best: { readonly made: A; readonly scope: Scope.Closeable } | undefined
  let failure: { readonly error: E } | undefined
  for (let i = 0; i < times; i++) {
    const scope = yield* Scope.fork(outer)
    const result = yield* Effect.result(Scope.provide(attempt(Key.foldIn(key, i)), scope))
    if (Result.isFailure(result)) {
      failure ??= { error: result.failure }
      yield* Scope.close(scope, Exit.void)
    } else if (best === undefined || isHigher(result.success.bound, best.made.bound)) {
      if (best !== undefined) yield* Scope.close(best.scope, Exit.void)
      best = { made: result.success, scope }
    } else {
      yield* Scope.close(scope, Exit.void)
    }
  }
  return best === undefined ? yield* Effect.fail(failure!.error) : best.made
})

/** A bound that is no number is below every other. */
const isHigher = (a: number, b: number): boolean => a > b || (Number.isNaN(b) && !Number.isNaN(a))
