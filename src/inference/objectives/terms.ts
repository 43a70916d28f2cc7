/**
 * The terms of a bound, and which of them a draw can have a part in.
 *
 *   L = Σ_t ± E_q(c)[t],  t a log-density of model or guide, c the guide's enumerated variables
 *
 * A draw of a site i that has no pathwise gradient sends a signal R_i to log q(z_i): of the terms it has those alone that
 * z_i can have a part in (R. Ranganath, S. Gerrish and D. M. Blei, "Black box variational inference", 2014, section 3.1;
 * J. Schulman, N. Heess, T. Weber and P. Abbeel, "Gradient estimation using stochastic computation graphs", 2015,
 * theorem 1). Those are, member by member of the plates that hold z_i, the terms of that member and those outside the
 * plate; not what was settled before z_i was drawn; and, where z_i was drawn once for each value of a variable, for each
 * draw those that have the variable, by its probability.
 *
 * ```ts
 * const terms = termsOf(pair, ({ distribution }) => distribution.gradient === "score")
 * signalOf("z", terms, true)                // R_z, a constant: for each value and each member
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import type { SampleSite, Settled } from "../../effects/Interpreter.ts"
import type { Recording } from "../../effects/run.ts"
import { add, mul, type Named, named, sum } from "../../tensor/Named.ts"
import { detach } from "../../tensor/stable.ts"
import { sitesOf, type Table } from "../enumeration/eliminate.ts"
import {
  type EnumeratedPair,
  expected,
  probability,
  variablesIn,
  weighed,
  withParents,
} from "../enumeration/pair.ts"
import { latents } from "../programs.ts"
import { drawTable } from "./particles.ts"

/** Which of the guide's sites get signals. */
export type Scored = (site: Settled<SampleSite>) => boolean

/** One term of the bound, its members each counted as often as they stand for. */
export interface Term {
  readonly table: Table
  readonly sign: 1 | -1
  /** How many of the guide's sites, in their order, it may depend on. */
  readonly reach: number
}

/** The terms of one run. */
export interface Terms {
  readonly pair: EnumeratedPair
  readonly terms: ReadonlyArray<Term>
  /** The sites whose draws get signals, with log q of each as it was drawn. */
  readonly draws: ReadonlyMap<string, Named>
  /** The guide's sites, in the order of the program. */
  readonly order: ReadonlyArray<Settled<SampleSite>>
  /** The plates of either program whose members depend on one another: the steps of scans. */
  readonly chains: ReadonlySet<string>
}

/** What a site's draws had a part in. */
export interface Signal {
  /** For each member of the plates that stay apart, and for each value of the variables that it was drawn for. */
  readonly value: Named
  /** The probability of these values: what a baseline for each of them counts. */
  readonly weight: Named
  /** The variables among the axes. */
  readonly variables: ReadonlyArray<string>
  /** How many times each member counts. */
  readonly scale: number
}

/** The plates of the guide's sites that are to get signals. */
export const platesOfScored = (guide: Recording, isScored: Scored): ReadonlySet<string> =>
  new Set(
    [...latents(guide).values()].filter(isScored).flatMap(({ plates }) => plates.map(({ name }) => name)),
  )

/** The terms of a run in which the sites that are `isScored` were drawn and get signals. */
export const termsOf = (pair: EnumeratedPair, isScored: Scored): Terms => {
  const order = [...latents(pair.guide).values()]
  const reachOf = reaches(pair, order)
  const times = ({ axes, scale }: Table) =>
    axes.reduce((times, name) => times * (pair.given.plateScale.get(name) ?? 1), scale)
  const counted = (table: Table): Table =>
    times(table) === 1 ? table : { ...table, tensor: tf.mul(table.tensor, times(table)) }
  const ofGuide = order.map((site, i): Term => {
    const table = counted(pair.guideTerms.get(site.name)!)
    // E[∇ log q] = 0: what is left of the gradient is that of the weights.
    const fixed = () => ({ ...table, tensor: detach(() => table.tensor) })
    return { table: isScored(site) ? fixed() : table, sign: -1, reach: i + 1 }
  })
  return {
    pair,
    terms: [
      ...pair.scored.map((table): Term => ({ table: counted(table), sign: 1, reach: reachOf(table) })),
      ...ofGuide,
    ],
    draws: new Map(order.filter(isScored).map((site) => [site.name, drawTable(site)] as const)),
    order,
    chains: new Set(
      [pair.model, pair.guide].flatMap(({ samples, factors }) =>
        [...samples.values(), ...factors.values()].flatMap(({ plates }) =>
          plates.filter(({ isChain }) => isChain).map(({ name }) => name),
        ),
      ),
    ),
  }
}

/** E_q[log p] and E_q[log q], each a scalar. */
export const totalsOf = ({
  terms,
  pair,
}: Terms): readonly [logJoint: tf.Tensor, negativeEntropy: tf.Tensor] => {
  const total = (sign: 1 | -1) =>
    terms
      .filter((term) => term.sign === sign)
      .reduce<tf.Tensor>(
        (total, { table }) => tf.add(total, tf.sum(expected(table, pair).tensor)),
        tf.scalar(0),
      )
  return [total(1), total(-1)]
}

/** A site's signal. Without `raoBlackwellize` it has all terms that a draw of the site may have any part in. */
export const signalOf = (
  site: string,
  { terms, order, draws, pair, chains }: Terms,
  raoBlackwellize: boolean,
): Signal => {
  const place = order.findIndex(({ name }) => name === site)
  const variables = variablesIn(draws.get(site)!, pair)
  // What depends on a draw that was made for each value of a variable has that variable, and so the variable's plates.
  const own = variables.flatMap((name) => pair.given.variables.get(name)!)
  const free = raoBlackwellize ? apart(order.slice(place)).filter((name) => !chains.has(name)) : []
  const plates = new Set([...own, ...free])
  const kept = [...plates, ...variables]
  const within = terms.filter(
    ({ table, reach }) => (!raoBlackwellize || reach > place) && descends(table, variables, pair),
  )
  return {
    value: constant(() =>
      add(
        within.map(({ table, sign }) => {
          const whole = weighed(table, pair, variables)
          const { tensor, axes } = whole.axes.filter((name) => !kept.includes(name)).reduce(sum, whole)
          return named(sign === 1 ? tensor : tf.neg(tensor), axes)
        }),
      ),
    ),
    weight: variables.length === 0 ? one() : constant(() => probability(pair, new Set(variables))),
    variables,
    scale: [...plates].reduce((scale, name) => scale * pair.given.plateScale.get(name)!, 1),
  }
}

/** The score of a site's draws by constant signals: Σ signal · log q, a scalar. */
export const scoreOf = (draw: Named, signal: Named): tf.Tensor => tf.sum(mul([draw, signal]).tensor)

const one = (): Named => named(tf.scalar(1), [])

/** How many of the guide's sites, in their order, a table of the model may depend on. */
const reaches = (
  { model }: EnumeratedPair,
  order: ReadonlyArray<Settled<SampleSite>>,
): ((table: Table) => number) => {
  const position = new Map(order.map(({ name }, i) => [name, i + 1]))
  // A site of the model may depend on all that the model drew before it.
  let latest = 0
  const reach = new Map(
    [...model.samples.keys()].map((name) => {
      latest = Math.max(latest, position.get(name) ?? 0)
      return [name, latest] as const
    }),
  )
  // Where factors stand among the samples is not recorded.
  return (table) => Math.max(...[...sitesOf(table)].map((name) => reach.get(name) ?? order.length))
}

/** Whether a table, or the probability that weighs it, has all of these variables. */
const descends = (table: Table, variables: ReadonlyArray<string>, pair: EnumeratedPair): boolean => {
  if (variables.length === 0) return true
  const all = withParents(pair, variablesIn(table, pair))
  return variables.every((name) => all.includes(name))
}

/** The plates of a site that all sites after it are in too: its members there have no way to one another. */
const apart = ([first, ...later]: ReadonlyArray<Settled<SampleSite>>): ReadonlyArray<string> =>
  first!.plates
    .map(({ name }) => name)
    .filter((name) => later.every(({ plates }) => plates.some((plate) => plate.name === name)))

/** The result of `body`, as a constant. */
const constant = (body: () => Named): Named => {
  let axes: ReadonlyArray<string> = []
  const tensor = detach(() => {
    const found = body()
    axes = found.axes
    return found.tensor
  })
  return named(tensor, axes)
}
