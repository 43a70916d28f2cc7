/**
 * A guide and its model run together with discrete sites at all their values: the guide's finite ones weigh what the
 * model scores by their probability, the model's own are summed out.
 *
 *   E_q[log Σ_w p(x, z, w) − log q(z)],  z the guide's sites, w the model's that the guide does not have
 *
 * Terms are kept as tables over the enumerated variables and the plates' members until the very end, so that an
 * estimator can see which term belongs to which member.
 */
import * as tf from "@tensorflow/tfjs-core"
import { SiteMismatch } from "../../effects/errors.ts"
import { canEnumerate, type Room } from "../../effects/handlers/enumerate.ts"
import type { Axis, SampleSite } from "../../effects/Interpreter.ts"
import type { Recording } from "../../effects/run.ts"
import * as Key from "../../tensor/Key.ts"
import { add, logSumExp, mul, type Named, named, sum } from "../../tensor/Named.ts"
import { where } from "../../tensor/stable.ts"
import { atDrawsOf, checkSites, type Programs } from "../programs.ts"
import { type Elimination, eliminate, type Table } from "./eliminate.ts"
import { type Enumerated, runEnumerated, structure, tablesOf } from "./evidence.ts"
import { siteTable } from "./tables.ts"

/** Which sites are given all their values at once. */
export type Choice = (site: SampleSite, room: Room) => boolean

/** How a pair is run, besides the guide's choice. */
export interface PairOptions {
  /** Which of the model's own sites are summed out; default all that have a list of values. */
  readonly model?: Choice
  /** The plates whose members' terms are to stay apart as far as they can, given the guide's run; default none. */
  readonly apart?: (guide: Recording) => ReadonlySet<string>
}

/** Guide and model on one batch. */
export interface EnumeratedPair {
  readonly guide: Recording
  readonly model: Recording
  /** The guide's enumerated sites. */
  readonly kept: ReadonlySet<string>
  /** The model's sites that were summed out. */
  readonly summed: ReadonlySet<string>
  /** What the model scores, with its own variables summed out: over the guide's variables, and plates. */
  readonly scored: ReadonlyArray<Table>
  /** log q of each of the guide's sites, by name: a variable's without its mask, since it weighs other terms. */
  readonly guideTables: ReadonlyMap<string, Table>
  /** The same as terms of the bound. */
  readonly guideTerms: ReadonlyMap<string, Table>
  readonly given: Elimination
  /** How many batch dimensions were left to the plates, and how many they take. */
  readonly depth: number
  readonly deepest: number
}

/** Runs the guide, and the model at what it drew; `depth` is a guess that saves a second run where it is right. */
export const runPair = (
  programs: Programs,
  key: Key.Key,
  training: boolean,
  choose: Choice,
  depth: number,
  options: PairOptions = {},
): EnumeratedPair => {
  const q = runEnumerated(programs.guide, { key: Key.foldInName(key, "guide"), training }, choose, { depth })
  const p = runEnumerated(
    programs.model,
    { key: Key.foldInName(key, "model"), training, handlers: atDrawsOf(q.recording) },
    options.model ?? (() => true),
    { depth: q.depth, given: byName(q.axes) },
  )
  // The guide's variables stood where the model has plates.
  if (p.depth > q.depth) return runPair(programs, key, training, choose, p.depth, options)
  const summed = new Set(p.axes.map(({ name }) => name))
  checkSites(withoutSummed(p, summed), q.recording)
  const kept = new Set(q.axes.map(({ name }) => name))
  const given: Elimination = {
    ...structure([p.recording, q.recording], [...q.axes, ...p.axes], kept),
    apart: options.apart?.(q.recording) ?? new Set(),
  }
  const stepwise = [...given.previous!.values()].map(({ of }) => of).filter((name) => kept.has(name))
  if (stepwise.length > 0) {
    throw new SiteMismatch({
      reason:
        "a guide's steps of a scan cannot be enumerated (leave them out, to be summed out of the model):",
      sites: stepwise,
    })
  }
  const sites = [...q.recording.samples.values()]
  const guideTables = new Map(sites.map((site) => [site.name, siteTable(site)]))
  return {
    guide: q.recording,
    model: p.recording,
    kept,
    summed,
    scored: eliminate(tablesOf(p.recording, kept), given),
    guideTables,
    guideTerms: new Map(
      sites.map((site) => [
        site.name,
        site.mask === undefined ? guideTables.get(site.name)! : siteTable(site, false),
      ]),
    ),
    given,
    depth: p.depth,
    deepest: Math.max(q.deepest, p.deepest),
  }
}

/** Whether a guide's site can be given all its values: it is discrete, and finitely many. */
export const isEnumerable: Choice = ({ distribution }) =>
  distribution.support.discrete && canEnumerate(distribution)

const byName = (axes: ReadonlyArray<Axis>): ReadonlyMap<string, Axis> =>
  new Map(axes.map((axis) => [axis.name, axis]))

const withoutSummed = ({ recording }: Enumerated, summed: ReadonlySet<string>): Recording => ({
  ...recording,
  samples: new Map([...recording.samples].filter(([name]) => !summed.has(name))),
})

/**
 * A table's expectation under the guide's enumerated variables, for each member of its plates: the variables are gone,
 * the plates are there still.
 */
export const expected = (table: Table, pair: EnumeratedPair): Named =>
  variablesIn(table, pair).reduce(sum, weighed(table, pair))

/**
 * A table times the probability under the guide of the values of its variables, and of those in `also`. Where values have
 * no probability the table does not count, and may be −∞. Throws `SiteMismatch` where a site outside of a plate depends on
 * a variable inside, the members' values being no one value.
 */
export const weighed = (table: Table, pair: EnumeratedPair, also: ReadonlyArray<string> = []): Named => {
  const own = variablesIn(table, pair)
  const inside = own.filter((name) =>
    pair.given.variables.get(name)!.some((plate) => !table.plates.includes(plate)),
  )
  if (inside.length > 0) {
    throw new SiteMismatch({
      reason: `no exact sum: "${table.site}" depends, outside of a plate, on`,
      sites: inside,
    })
  }
  const over = new Set([...own, ...also])
  if (over.size === 0) return table
  const weight = probability(pair, over)
  const both = mul([named(tf.zerosLike(table.tensor), table.axes), weight])
  const stretched = add([both, weight])
  const value = add([named(tf.zerosLike(stretched.tensor), stretched.axes), table])
  const counted = where(() => tf.greater(stretched.tensor, 0), value.tensor, 0)
  return named(tf.mul(counted, stretched.tensor), stretched.axes)
}

/** The guide's enumerated variables in a table. */
export const variablesIn = ({ axes }: Named, { kept }: EnumeratedPair): ReadonlyArray<string> =>
  axes.filter((name) => kept.has(name))

/**
 * The probability under the guide of some of its enumerated variables together, for each member of their plates. Of the
 * others only those count that they were drawn after: the rest sum to one. Throws `SiteMismatch` where one of these stands
 * in a plate that they are outside of, since then all of its members would have to be summed at once.
 */
export const probability = (pair: EnumeratedPair, over: ReadonlySet<string>): Named => {
  const { guideTables, given } = pair
  const names = withParents(pair, over)
  const inside = new Set([...over].flatMap((name) => given.variables.get(name)!))
  const beyond = names.filter((name) => given.variables.get(name)!.some((plate) => !inside.has(plate)))
  if (beyond.length > 0) {
    throw new SiteMismatch({
      reason: `no exact sum: the guide's ${[...over].map((name) => `"${name}"`).join(", ")} depend, outside of a plate, on`,
      sites: beyond,
    })
  }
  let tables: ReadonlyArray<Named> = names.map((name) => guideTables.get(name)!)
  for (const name of names) {
    if (over.has(name)) continue
    const touching = tables.filter(({ axes }) => axes.includes(name))
    tables = [...tables.filter(({ axes }) => !axes.includes(name)), logSumExp(add(touching), name)]
  }
  const joint = add(tables)
  return named(tf.exp(joint.tensor), joint.axes)
}

/** Variables of the guide, and those that their distributions depend on, and theirs; the first ones last. */
export const withParents = (
  { guideTables, kept }: EnumeratedPair,
  over: Iterable<string>,
): ReadonlyArray<string> => {
  const found = new Set<string>()
  const visit = (name: string) => {
    if (found.has(name)) return
    for (const parent of guideTables.get(name)!.axes) if (parent !== name && kept.has(parent)) visit(parent)
    found.add(name)
  }
  for (const name of over) visit(name)
  return [...found]
}

/** E_q[log p(x, z)], the model's own variables summed out: a scalar. */
export const logJoint = (pair: EnumeratedPair): tf.Tensor => sumOf(pair.scored, pair)

/** E_q[log q(z)]: a scalar. */
export const negativeEntropy = (pair: EnumeratedPair): tf.Tensor => sumOf(pair.guideTerms.values(), pair)

const sumOf = (tables: Iterable<Table>, pair: EnumeratedPair): tf.Tensor =>
  [...tables].reduce<tf.Tensor>(
    (sum, table) => tf.add(sum, total(expected(table, pair), pair.given, table.scale)),
    tf.scalar(0),
  )

/** The sum over a table's plates, each member counted as often as it stands for, and the site's scale. */
const total = (term: Named, { plateScale }: Elimination, scale: number): tf.Tensor => {
  const times = term.axes.reduce((times, name) => times * (plateScale.get(name) ?? 1), scale)
  const all = tf.sum(term.tensor)
  return times === 1 ? all : tf.mul(all, times)
}
