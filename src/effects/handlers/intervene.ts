/**
 * Sets latent sites from outside, as Pearl's do: the value is fixed and its own density no longer counts.
 */
import type { Effect } from "effect"
import type { Value } from "../../distributions/Distribution.ts"
import { type Handler, handle } from "../Interpreter.ts"
import type { Intervened, LatentName, OnlyLatent } from "../Program.ts"
import { checkShape, given } from "../place.ts"
import { requiringSites } from "./requiring.ts"

/**
 * The program with each site that `values` names fixed at that value: what follows sees the value, and the site's
 * density is left out. A name that the program does not have is a compile error where the names are known, and fails
 * with `UnknownSite` otherwise. (Pearl, Causality, 2009, section 3.2.)
 */
export const intervene = <A, E, R, const D extends { readonly [K in LatentName<R>]?: Value }>(
  program: Effect.Effect<A, E, R>,
  values: D & OnlyLatent<R, D>,
): Effect.Effect<A, E, Intervened<R, keyof D & string>> => {
  const fixed = new Map(Object.entries<Value>(values as {}))
  return requiringSites("intervene", [...fixed.keys()], (seen) => handle(program, intervened(fixed, seen)))
}

const intervened =
  (fixed: ReadonlyMap<string, Value>, seen: (name: string, used: boolean) => void): Handler =>
  (outer) => ({
    ...outer,
    sample: (site) => {
      if (site.observed || site.hidden) return outer.sample(site)
      const choice = fixed.get(site.name)
      seen(site.name, choice !== undefined)
      if (choice === undefined) return outer.sample(site)
      const value = given(`site "${site.name}"`, choice)
      checkShape(site, value)
      const { support } = site.distribution
      outer.deterministic({ kind: "deterministic", name: site.name, value, support, hidden: false })
      return { ...site, value }
    },
    ahead: (site, asked) => {
      const choice = site.observed || site.hidden ? undefined : fixed.get(site.name)
      if (choice === undefined) return outer.ahead(site, asked)
      return { value: given(`site "${site.name}"`, choice), isDrawn: false }
    },
  })
