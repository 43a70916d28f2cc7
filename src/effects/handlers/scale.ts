/**
 * Multiplies a program's log-density: a weight on the likelihood, an annealed prior.
 */
import { Effect } from "effect"
import { InvalidArgument } from "../../tensor/errors.ts"
import { handle } from "../Interpreter.ts"

/** The program with each site's log-density times `factor`, which must be positive and finite (`InvalidArgument`). */
export const scale = <A, E, R>(program: Effect.Effect<A, E, R>, factor: number): Effect.Effect<A, E, R> =>
  factor > 0 && factor < Number.POSITIVE_INFINITY
    ? handle(program, (outer) => ({
        ...outer,
        sample: (site) => outer.sample({ ...site, scale: site.scale * factor }),
        factor: (site) => outer.factor({ ...site, scale: site.scale * factor }),
      }))
    : (Effect.fail(
        new InvalidArgument({ where: "scale", expected: "a positive, finite factor", found: String(factor) }),
      ) as never)
