/**
 * What `mixed` does with each site of a model and a guide, and why, before a fit.
 *
 * ```ts
 * const { sites, table } = yield* choices(model, guide, data)
 * sites.z.choice        // "enumerated"
 * console.log(table)
 * // z     enumerated      3 values
 * // rate  pathwise        draws of Gamma have a gradient
 * // k     score function  Poisson has no list of values, and its draws no gradient
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import type { DataError } from "../../data/errors.ts"
import type { ProgramError } from "../../effects/errors.ts"
import type { GuideCheck, LatentName, Rest } from "../../effects/Program.ts"
import { attempt } from "../../effects/run.ts"
import type { Backend } from "../../tensor/Backend.ts"
import * as Key from "../../tensor/Key.ts"
import type { FiniteSupport } from "../Enumerated.ts"
import { firstBatch } from "../Loop.ts"
import { onBatch, synchronous } from "../programs.ts"
import { type Data, make as makeSource } from "../Source.ts"
import { runMixed } from "./mixed.ts"
import type { ChoiceOptions, Chosen, SiteChoices } from "./siteChoice.ts"

/** What {@link choices} may be told: what the fit will be. */
export interface ChoicesOptions<R> extends ChoiceOptions<SiteChoices<R>> {
  /** Rows of a minibatch: it decides how large the tables are. Default: all the data at once. */
  readonly batchSize?: number
}

/** The sites of model and guide, in the guide's order, those that are the model's alone after them. */
export interface Choices<Site extends string> {
  readonly sites: { readonly [K in Site]: Chosen }
  /** The same as text, a line for each site. */
  readonly table: string
}

/**
 * Runs model and guide once on the first of the data, with parameters at their `init`, and says what `mixed` with the same
 * options does with each latent site. Fails as a fit by it would that cannot start: with `InvalidArgument` where an option
 * is out of range, where a site cannot be what `sites` says, or where a sum is too large; `UnknownSite` where `sites`
 * names a site that the guide does not have; `SiteMismatch` where there is no exact sum.
 */
export const choices = Effect.fnUntraced(function* <D, ME, MR, GE, GR>(
  model: (data: D) => Effect.Effect<unknown, ME, MR>,
  guide: ((data: D) => Effect.Effect<unknown, GE, GR>) &
    GuideCheck<MR, GR, "pathwise" | "score", FiniteSupport>,
  data: Data<NoInfer<D>>,
  options: ChoicesOptions<GR> = {},
): Effect.fn.Return<
  Choices<LatentName<MR>>,
  ME | GE | ProgramError | DataError,
  Rest<MR> | Rest<GR> | Backend
> {
  const context = yield* Effect.context<Rest<MR> | Rest<GR>>()
  const programs = synchronous<D, ME, MR, GE, GR>(model, guide, context)
  const key = Key.key(0)
  const look = Effect.gen(function* () {
    const source = yield* makeSource<D>(data, { batchSize: options.batchSize, key, shuffle: false })
    const take = yield* firstBatch(source)
    return yield* attempt<ReadonlyMap<string, Chosen>, ME | GE>(() => {
      let found: ReadonlyMap<string, Chosen> = new Map()
      tf.tidy(() => {
        found = runMixed(onBatch(programs, take(key)), key, true, options, 1).chosen
      })
      return found
    })
  })
  const chosen = yield* Effect.scoped(look)
  return {
    sites: Object.fromEntries(chosen) as Choices<LatentName<MR>>["sites"],
    table: tableOf([...chosen]),
  }
})

const tableOf = (rows: ReadonlyArray<readonly [site: string, chosen: Chosen]>): string => {
  const cells = rows.map(([site, { choice, reason }]) => [site, choice, reason] as const)
  const width = (column: 0 | 1) => Math.max(...cells.map((row) => row[column].length))
  return cells
    .map(([site, choice, reason]) => `${site.padEnd(width(0))}  ${choice.padEnd(width(1))}  ${reason}`)
    .join("\n")
}
