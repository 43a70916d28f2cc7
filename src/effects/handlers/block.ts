/**
 * Hides sites from everything outside: they are answered as before, and not recorded, replayed or scored.
 */
import type { Effect } from "effect"
import { handle } from "../Interpreter.ts"
import type { Blocked, DeterministicName, FactorName, LatentName, ObservedName } from "../Program.ts"
import { requiringSites } from "./requiring.ts"

/**
 * The program with the named sites hidden. Hidden latent sites are drawn from their own distribution. A name that the
 * program does not have is a compile error where the names are known, and fails with `UnknownSite` otherwise.
 */
export const block = <
  A,
  E,
  R,
  const K extends LatentName<R> | ObservedName<R> | FactorName<R> | DeterministicName<R>,
>(
  program: Effect.Effect<A, E, R>,
  names: ReadonlyArray<K>,
): Effect.Effect<A, E, Blocked<R, K>> => {
  const hides = new Set<string>(names)
  return requiringSites("block", names, (seen) => {
    const hide = <S extends { readonly name: string; readonly hidden: boolean }>(site: S): S => {
      if (site.hidden) return site
      seen(site.name, hides.has(site.name))
      return hides.has(site.name) ? { ...site, hidden: true } : site
    }
    return handle(program, (outer) => ({
      ...outer,
      sample: (site) => outer.sample(hide(site)),
      ahead: (site, asked) => outer.ahead(hide(site), asked),
      factor: (site) => outer.factor(hide(site)),
      deterministic: (site) => outer.deterministic(hide(site)),
    }))
  })
}
