/**
 * A chain of steps, each of which depends on the last ones only: hidden Markov models and their kin.
 *
 * Declaring it is what lets their discrete sites be summed out exactly, in a time that grows with the chain's length
 * and not with the number of paths: a variable more than `history` steps back is out of reach, and its place is used
 * again.
 *
 * ```ts
 * yield* markov(observations, 0, (previous, x, t) =>
 *   Effect.gen(function* () {
 *     const z = yield* sample(`z/${t}`, Categorical({ logits: transition(previous) }))
 *     yield* observe(`x/${t}`, emission(z), x)
 *     return z
 *   }))
 * ```
 */
import { Effect } from "effect"
import { InvalidArgument } from "../tensor/errors.ts"
import { Interpreter } from "./Interpreter.ts"

/** How far back a step reaches. */
export interface MarkovOptions {
  /** The number of earlier steps whose variables a step may use: a whole number from 1 up. Default 1. */
  readonly history?: number
}

/**
 * Runs `step` on each item in turn, handing the state on, and gives the last state. A step may use what the `history`
 * steps before it drew, and what was drawn outside the chain. Fails with `InvalidArgument` for a history that is no
 * whole number from 1 up.
 */
export const markov = <I, S, E, R>(
  items: ReadonlyArray<I>,
  first: S,
  step: (state: S, item: I, index: number) => Effect.Effect<S, E, R>,
  { history = 1 }: MarkovOptions = {},
): Effect.Effect<S, E, R> =>
  Interpreter.use((interpretation) => {
    if (!Number.isInteger(history) || history < 1) {
      const expected = "a history that is a whole number from 1 up"
      return Effect.fail(new InvalidArgument({ where: "markov", expected, found: `${history}` })) as never
    }
    const chain = {}
    return Effect.gen(function* () {
      let state = first
      for (const [index, item] of items.entries()) {
        const frame = { chain, step: index, history }
        state = yield* Effect.provideService(step(state, item, index), Interpreter, {
          ...interpretation,
          chains: [...interpretation.chains, frame],
        })
      }
      return state
    })
  }) as Effect.Effect<S, E, R>
