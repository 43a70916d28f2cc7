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
import { canEnumerate } from "../../effects/handlers/enumerate.ts"
import type { Axis, SampleSite } from "../../effects/Interpreter.ts"
import type { Recording } from "../../effects/run.ts"
import * as Key from "../../tensor/Key.ts"
import { add, logSumExp, mul, type Named, named, sum } from "../../tensor/Named.ts"
import { where } from "../../tensor/stable.ts"
import { atDrawsOf, checkSites, type Programs } from "../programs.ts"
import { type Elimination, eliminate, type Table } from "./eliminate.ts"
import { type Enumerated, runEnumerated, structure, tablesOf } from "./evidence.ts"
import { siteTable } from "./tables.ts"

/** Which sites of a guide are given all their values at once. */
export type Choice = (site: SampleSite) => boolean

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
  /** log q of each of the guide's sites, by name. */
  readonly guideTables: ReadonlyMap<string, Table>
  readonly given: Elimination
  /** How many batch dimensions the plates take. */
  readonly depth: number
}

/** Runs the guide, and the model at what it drew; `depth` is a guess that saves a second run where it is right. */
export const runPair = (
  programs: Programs,
  key: Key.Key,
  training: boolean,
  choose: Choice,
  depth: number,
): EnumeratedPair => {
  const q = runEnumerated(programs.guide, { key: Key.foldInName(key, "guide"), training }, choose, { depth })
  const p = runEnumerated(
    programs.model,
    { key: Key.foldInName(key, "model"), training, handlers: atDrawsOf(q.recording) },
    () => true,
    { depth: q.depth, given: byName(q.axes) },
  )
  // The guide's variables stood where the model has plates.
  if (p.depth > q.depth) return runPair(programs, key, training, choose, p.depth)
  const summed = new Set(p.axes.map(({ name }) => name))
  checkSites(withoutSummed(p, summed), q.recording)
  const kept = new Set(q.axes.map(({ name }) => name))
  const given = structure([p.recording, q.recording], [...q.axes, ...p.axes], kept)
  return {
    guide: q.recording,
    model: p.recording,
    kept,
    summed,
    scored: eliminate(tablesOf(p.recording), given),
    guideTables: new Map([...q.recording.samples.values()].map((site) => [site.name, siteTable(site)])),
    given,
    depth: p.depth,
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
 * the plates are there still. Where a value has no probability the table does not count, and may be −∞.
 */
export const expected = (table: Named, pair: EnumeratedPair): Named => {
  const over = table.axes.filter((name) => pair.kept.has(name))
  if (over.length === 0) return table
  const weight = probability(pair, new Set(over))
  const both = mul([named(tf.zerosLike(table.tensor), table.axes), weight])
  const stretched = add([both, weight])
  const value = add([named(tf.zerosLike(stretched.tensor), stretched.axes), table])
  const counted = where(() => tf.greater(stretched.tensor, 0), value.tensor, 0)
  return over.reduce(sum, named(tf.mul(counted, stretched.tensor), stretched.axes))
}

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
const withParents = (
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
export const negativeEntropy = (pair: EnumeratedPair): tf.Tensor => sumOf(pair.guideTables.values(), pair)

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
