/**
 * Puts a program's names under a prefix, so that two copies of it can live in one.
 *
 * ```ts
 * const left = yield* scope(part(x), "left")     // sites "left/z", "left/x"
 * const right = yield* scope(part(y), "right")
 * ```
 */
import type { Effect } from "effect"
import { handle } from "../Interpreter.ts"
import type { Scoped } from "../Program.ts"

/** The program with every site and parameter name `n` as `prefix/n`. */
export const scope = <A, E, R, const P extends string>(
  program: Effect.Effect<A, E, R>,
  prefix: P,
): Effect.Effect<A, E, Scoped<R, P>> => {
  const renamed = <S extends { readonly name: string }>(site: S): S => ({
    ...site,
    name: `${prefix}/${site.name}`,
  })
  return handle(program, (outer) => ({
    ...outer,
    sample: (site) => outer.sample(renamed(site)),
    ahead: (site, asked) => outer.ahead(renamed(site), asked),
    factor: (site) => outer.factor(renamed(site)),
    deterministic: (site) => outer.deterministic(renamed(site)),
    param: (site) => outer.param(renamed(site)),
    key: (name) => outer.key(`${prefix}/${name}`),
  }))
}
