/**
 * The run-time half of "a name that the program lacks does not compile": for names that the compiler cannot see.
 */
import { Effect } from "effect"
import { UnknownSite } from "../errors.ts"

/**
 * Runs the program that `body` makes, and fails with `UnknownSite` if it ends without having met every name.
 * `seen(name, used)` is to be called at each site that could be meant.
 */
export const requiringSites = <A, E, R, R2>(
  where: string,
  names: ReadonlyArray<string>,
  body: (seen: (name: string, used: boolean) => void) => Effect.Effect<A, E, R>,
): Effect.Effect<A, E, R2> =>
  Effect.suspend(() => {
    const missing = new Set(names)
    const known: Array<string> = []
    const seen = (name: string, used: boolean) => {
      known.push(name)
      if (used) missing.delete(name)
    }
    return Effect.flatMap(body(seen), (result) => {
      const [site] = missing
      return site === undefined
        ? Effect.succeed(result)
        : (Effect.fail(new UnknownSite({ where, site, known })) as never)
    })
  }) as unknown as Effect.Effect<A, E, R2>
