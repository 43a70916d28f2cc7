/**
 * Turns latent sites into observed ones: p(z, y) becomes p(z, y = data).
 *
 * ```ts
 * const posteriorModel = (x: tf.Tensor) => condition(prior(x), { y: x })
 * ```
 */
import type { Effect } from "effect"
import type { Value } from "../../distributions/Distribution.ts"
import { type Handler, handle, type SampleSite } from "../Interpreter.ts"
import type { Conditioned, LatentName, OnlyLatent } from "../Program.ts"
import { given } from "../place.ts"
import { requiringSites } from "./requiring.ts"

/**
 * The program with the sites that `data` names observed at those values. A name that the program does not have is a
 * compile error where the names are known, and fails with `UnknownSite` otherwise.
 */
export const condition = <A, E, R, const D extends { readonly [K in LatentName<R>]?: Value }>(
  program: Effect.Effect<A, E, R>,
  data: D & OnlyLatent<R, D>,
): Effect.Effect<A, E, Conditioned<R, keyof D & string>> => {
  const values = new Map(Object.entries<Value>(data as {}))
  return requiringSites("condition", [...values.keys()], (seen) => handle(program, conditioned(values, seen)))
}

const conditioned =
  (values: ReadonlyMap<string, Value>, seen: (name: string, used: boolean) => void): Handler =>
  (outer) => {
    const at = (site: SampleSite): SampleSite => {
      if (site.observed || site.hidden) return site
      const value = values.get(site.name)
      seen(site.name, value !== undefined)
      return value === undefined
        ? site
        : { ...site, value: given(`site "${site.name}"`, value), observed: true }
    }
    return {
      ...outer,
      sample: (site) => outer.sample(at(site)),
      ahead: (site, asked) => outer.ahead(at(site), asked),
    }
  }
