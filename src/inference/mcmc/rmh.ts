/**
 * One Rosenbluth–Metropolis–Hastings update of one site given all others: a proposal z′ ~ q(z′ | z), taken with
 * probability
 *
 *   min(1, p(x, z′) q(z | z′) / p(x, z) q(z′ | z))
 *
 * and left with the other (N. Metropolis, A. W. Rosenbluth, M. N. Rosenbluth, A. H. Teller and E. Teller, "Equation of
 * state calculations by fast computing machines", 1953; W. K. Hastings, "Monte Carlo sampling methods using Markov chains
 * and their applications", 1970).
 *
 * The members of a plate are independent given the rest, and each takes its proposal or leaves it by itself. What a
 * site's value acts on comes after it in the program: where something there stands outside of one of the site's plates,
 * it may depend on all members, and they move together. The steps of a `scan` are not independent, but those two apart are,
 * given the rest: every other step moves, and then the others, each by what it does to its own step and to the next.
 *
 * ```ts
 * const { value, acceptance } = rmh(key, target, values, "z", propose)
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { SiteMismatch } from "../../effects/errors.ts"
import { replayed } from "../../effects/handlers/replay.ts"
import type { FactorSite, Handler, PlateFrame, SampleSite, Settled } from "../../effects/Interpreter.ts"
import { frameShape } from "../../effects/place.ts"
import * as Key from "../../tensor/Key.ts"
import { add, along, type Named, named, sum } from "../../tensor/Named.ts"
import type { Shape } from "../../tensor/Shape.ts"
import { isBounded } from "../../tensor/stable.ts"
import type { Table } from "../enumeration/eliminate.ts"
import { factorTable, siteTable } from "../enumeration/tables.ts"
import type { KernelState, Target } from "./Kernel.ts"

/** Another value of a site, and log q(z | z′) − log q(z′ | z) for each cell of its batch; none where that is 0. */
export interface Proposal {
  readonly value: tf.Tensor
  readonly correction?: tf.Tensor
}

/** Proposes a value for a settled site, `[...plates, ...event]`. */
export type Propose = (key: Key.Key, site: Settled<SampleSite>) => Proposal

/** What an update came to. */
export interface Updated {
  readonly site: Settled<SampleSite>
  readonly value: tf.Tensor
  /** The probabilities with which proposals were taken, in the shape of {@link Scope.moves}. */
  readonly acceptance: tf.Tensor
}

/**
 * A new value of the site `name`. A proposal whose density is 0, or no finite number, is not taken: except by a chain that
 * has begun at such a place, which walks until it is out.
 */
export const rmh = (
  key: Key.Key,
  target: Target,
  values: KernelState["values"],
  name: string,
  propose: Propose,
): Updated => {
  const now = scopeOf(target, values, name)
  const steps = stepsOf(now.site)
  if (steps === undefined) return update(key, target, values, now, propose)
  const [even, odd] = [everyOther(now.site, steps, 0), everyOther(now.site, steps, 1)]
  const first = update(Key.foldIn(key, 0), target, values, now, propose, even)
  const moved = { ...values, [name]: first.value }
  const second = update(Key.foldIn(key, 1), target, moved, scopeOf(target, moved, name), propose, odd)
  const acceptance =
    now.chain === undefined
      ? tf.div(tf.add(first.acceptance, second.acceptance), 2)
      : tf.where(tf.broadcastTo(even, [...now.moves]), first.acceptance, second.acceptance)
  return { ...second, acceptance }
}

/** The scan whose steps a site's are, if it is in one. */
const stepsOf = ({ plates }: Settled<SampleSite>): PlateFrame | undefined =>
  plates.find(({ isChain }) => isChain)

/** One update of the members that `move`, a condition that stretches to the plates; by default of all. */
const update = (
  key: Key.Key,
  target: Target,
  values: KernelState["values"],
  now: Scope,
  propose: Propose,
  move?: tf.Tensor,
): Updated => {
  const { site, moves } = now
  const { name } = site
  const proposal = propose(Key.foldInName(key, "propose"), site)
  const value =
    move === undefined ? proposal.value : tf.where(overEvent(move, site), proposal.value, site.value)
  const correction =
    move === undefined || proposal.correction === undefined
      ? proposal.correction
      : tf.where(move, proposal.correction, tf.zerosLike(proposal.correction))
  const next = scopeOf(target, { ...values, [name]: value }, name)
  checkAlike(now, next)
  const changes = next.terms.map((term, i) => ({
    ...term,
    tensor: tf.sub(term.tensor, now.terms[i]!.tensor),
  }))
  // Before they are summed, since a difference of long sums has lost its digits.
  const ratio = perMove(correction === undefined ? changes : [...changes, corrected(site, correction)], now)
  const chance = tf.where(tf.less(ratio, 0), tf.exp(ratio), tf.onesLike(ratio))
  const isLost = tf.cast(tf.logicalNot(isBounded(perMove(now.terms, now))), "float32")
  const acceptance = tf.where(isBounded(perMove(next.terms, now)), chance, isLost)
  const isTaken = tf.less(Key.uniform(Key.foldInName(key, "accept"), moves), acceptance)
  const taken = move === undefined ? isTaken : tf.logicalAnd(isTaken, move)
  return { site, value: tf.where(overEvent(taken, site), value, site.value), acceptance }
}

/** A condition on members, for each number of their events. */
const overEvent = (condition: tf.Tensor, { value, distribution }: Settled<SampleSite>): tf.Tensor => {
  const cells = tf.reshape(condition, [...condition.shape, ...distribution.eventShape.map(() => 1)])
  return tf.broadcastTo(cells, value.shape)
}

/** The even steps of a scan (or the odd ones, from 1): as many as there are along its dimension, 1 along the others. */
const everyOther = (site: Settled<SampleSite>, { dim, extent }: PlateFrame, from: 0 | 1): tf.Tensor => {
  const shape = [...frameShape(site.plates)].fill(1)
  shape[shape.length + dim] = extent
  return tf.reshape(tf.equal(tf.mod(tf.range(0, extent), 2), from), shape)
}

/** What a site's value can act on. */
export interface Scope {
  readonly site: Settled<SampleSite>
  /** Its own log-density, and all that comes after. */
  readonly terms: ReadonlyArray<Table>
  /** The members that move by themselves: the site's plates' extents, 1 where members move together. */
  readonly moves: Shape
  /** The plates of these, leftmost first. */
  readonly plates: ReadonlyArray<string>
  /** Which dimension of `moves` is the steps of a scan, if one is. */
  readonly chain: number | undefined
  /** How many times each member of each plate counts. */
  readonly plateScale: ReadonlyMap<string, number>
}

/** What the site `name` can act on, at these values. */
export const scopeOf = (target: Target, values: KernelState["values"], name: string): Scope => {
  const sites: Array<Settled<SampleSite> | FactorSite> = []
  const listen: Handler = (outer) => {
    const heard = <S extends Settled<SampleSite> | FactorSite>(site: S): S => {
      if (!site.hidden) sites.push(site)
      return site
    }
    return {
      ...outer,
      sample: (site) => heard(outer.sample(site)),
      factor: (site) => heard(outer.factor(site)),
    }
  }
  target({ handlers: [listen, replayed(new Map(Object.entries(values)))] })
  const first = sites.findIndex((site) => site.name === name)
  const site = sites[first] as Settled<SampleSite>
  const steps = stepsOf(site)
  // Of a scan the next step comes after, all of it.
  const isAfter = (other: Settled<SampleSite> | FactorSite, i: number) =>
    i > first || (i < first && other.plates.some((frame) => frame.name === steps?.name))
  const after = [site, ...sites.filter(isAfter)]
  const shared = (plate: string) => after.every((site) => site.plates.some((frame) => frame.name === plate))
  const frames = site.plates.filter((frame) => shared(frame.name)).toSorted((a, b) => a.dim - b.dim)
  const moves = [...frameShape(site.plates)].fill(1)
  for (const { dim, extent } of frames) moves[moves.length + dim] = extent
  return {
    site,
    // A member that a mask leaves out is drawn from its own density: that sums to one, and so counts for nothing.
    terms: [siteTable({ ...site, mask: undefined }), ...after.slice(1).map(tableOf)],
    moves,
    plates: frames.map((frame) => frame.name),
    chain: steps !== undefined && frames.includes(steps) ? moves.length + steps.dim : undefined,
    plateScale: new Map(
      after.flatMap((site) => site.plates.map((frame) => [frame.name, frame.size / frame.extent])),
    ),
  }
}

const tableOf = (site: Settled<SampleSite> | FactorSite): Table =>
  "distribution" in site ? siteTable(site) : factorTable(site)

/** What a proposal adds, as a table that no scale of the model's changes. */
const corrected = ({ name, plates }: Settled<SampleSite>, logWeight: tf.Tensor): Table =>
  factorTable({
    kind: "factor",
    name,
    logWeight,
    plates,
    scale: 1,
    mask: undefined,
    axes: [],
    chains: [],
    hidden: false,
  })

/** The sum of tables for each of the members that move by themselves. */
const perMove = (
  terms: ReadonlyArray<Table>,
  { site, moves, plates, chain, plateScale }: Scope,
): tf.Tensor => {
  const own = new Set(site.plates.map((frame) => frame.name))
  const summed = terms.map((term): Named => {
    const others = term.axes.filter((axis) => !plates.includes(axis))
    // As many times as the members stand for; but each of the site's own is one that moves, whatever it stands for.
    const times = term.plates
      .filter((plate) => !own.has(plate))
      .reduce((times, plate) => times * plateScale.get(plate)!, term.scale)
    const { tensor, axes } = others.reduce<Named>(sum, term)
    return times === 1 ? { tensor, axes } : named(tf.mul(tensor, times), axes)
  })
  const each = tf.reshape(along(add(summed), plates), [...moves])
  return chain === undefined ? each : tf.add(each, following(each, chain))
}

/** What stands one place further along a dimension, and 0 at the end. */
const following = (x: tf.Tensor, dim: number): tf.Tensor => {
  const begin = x.shape.map((_, i) => (i === dim ? 1 : 0))
  const rest = x.shape.map((size, i) => (i === dim ? size - 1 : size))
  const end = x.shape.map((size, i) => (i === dim ? 1 : size))
  return tf.concat([tf.slice(x, begin, rest), tf.zeros(end)], dim)
}

const checkAlike = (now: Scope, next: Scope): void => {
  const [a, b] = [now, next].map(({ terms }) => terms.map(({ site }) => site)) as [
    Array<string>,
    Array<string>,
  ]
  if (a.length === b.length && a.every((name, i) => name === b[i])) return
  throw new SiteMismatch({
    reason: `the sites of a model may not depend on its draws, but those after "${now.site.name}" do:`,
    sites: [...a.filter((name) => !b.includes(name)), ...b.filter((name) => !a.includes(name))],
  })
}
