/** How a model with options that cannot be says so: when it runs, as its failure. */
import type { Effect } from "effect"
import { ask } from "../effects/Interpreter.ts"
import type { InvalidArgument, ShapeMismatch } from "../tensor/errors.ts"

/** The program, or the problem as its failure. */
export const refuse =
  (problem: InvalidArgument | ShapeMismatch | undefined) =>
  <A, E, R>(program: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    problem === undefined
      ? program
      : ask(() => {
          throw problem
        })
