/**
 * Gives parameters their values: how a fitted model is run.
 *
 * ```ts
 * const trained = substitute(model(x), fit.params)
 * ```
 */
import type { Effect } from "effect"
import type { Tree } from "../../tensor/Tree.ts"
import { MissingParam } from "../errors.ts"
import { type Handler, handle } from "../Interpreter.ts"
import type { Params, Substituted } from "../Program.ts"

/**
 * The program with each parameter that `params` names at that (constrained) value. It is a parameter no longer: a fit
 * leaves it as it is.
 */
export const substitute = <A, E, R, const P extends Partial<Params<R>>>(
  program: Effect.Effect<A, E, R>,
  params: P,
): Effect.Effect<A, E, Substituted<R, keyof P & string>> =>
  handle(program, (outer) => ({
    ...outer,
    param: (site) => {
      const value = (params as { readonly [name: string]: Tree | undefined })[site.name]
      // Hidden, so that it is checked like any other value and counts as no parameter of the run.
      return outer.param(value === undefined || site.hidden ? site : { ...site, value, hidden: true })
    },
  }))

/** As {@link substitute}, with the parameters still those of the run: it records them. */
export const substituted =
  (params: { readonly [name: string]: Tree | undefined } | {}): Handler =>
  (outer) => ({
    ...outer,
    param: (site) => {
      const value = (params as { readonly [name: string]: Tree | undefined })[site.name]
      return outer.param(value === undefined || site.hidden ? site : { ...site, value })
    },
  })

/** Handlers that put every parameter at its given value; without `params`, none, and parameters start at their `init`. */
export const atParams = (params: {} | undefined): ReadonlyArray<Handler> =>
  params === undefined ? [] : [complete(params), substituted(params)]

/** Refuses a parameter that is not among those given and that no handler inside has settled. */
const complete =
  (given: {}): Handler =>
  (outer) => ({
    ...outer,
    param: (site) => {
      if (site.value !== undefined) return outer.param(site)
      throw new MissingParam({ param: site.name, known: Object.keys(given) })
    },
  })
