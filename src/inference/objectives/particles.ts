/**
 * Importance weights of several draws from the guide, for each member by itself.
 *
 *   log w_nk = log p(x_n, z_nk) − log q(z_nk | x_n),  k = 1 … K,  n a member of the plates that all sites share
 *
 * Such members are independent of one another, so each has a bound of its own, and the bounds add up: one for a whole
 * minibatch, whose weights would be products over its members, would be looser the larger the batch. Sites outside a
 * plate tie its members together; there is then one weight for all of them. What is inside the other plates is summed,
 * each member as often as it stands for.
 *
 * ```ts
 * const layout = layoutOf(runs.flatMap(({ guide, model }) => [guide, model]))
 * const logWeights = tf.stack(runs.map((run) => logWeight(run, layout)))      // [K, ...members]
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import type { SampleSite, Settled } from "../../effects/Interpreter.ts"
import type { Recording } from "../../effects/run.ts"
import { InvalidArgument } from "../../tensor/errors.ts"
import * as Key from "../../tensor/Key.ts"
import { along, named, sum } from "../../tensor/Named.ts"
import { detach, logSumExp, where } from "../../tensor/stable.ts"
import type { Table } from "../enumeration/eliminate.ts"
import { tablesOf } from "../enumeration/evidence.ts"
import { plateScales, siteTable } from "../enumeration/tables.ts"
import type { Estimate } from "../Objective.ts"
import { latents, type Programs, pair } from "../programs.ts"
import { withGradientOf } from "./stopped.ts"

/** One draw: the guide's run and the model's at its values. */
export interface Particle {
  readonly guide: Recording
  readonly model: Recording
}

/** What the sites of a particle share. */
export interface Layout {
  /** The plates that every site is in. */
  readonly members: ReadonlyArray<string>
  /** How many times each member of each plate counts. */
  readonly plateScale: ReadonlyMap<string, number>
  /** The factor by which handlers scale each and every site; 1 where they differ. */
  readonly siteScale: number
  /** How many times a member's bound counts. */
  readonly scale: number
}

/** Refuses a number of particles that is none, or too few. */
export const checkParticles = (where: string, particles: number, least = 1): void => {
  if (Number.isInteger(particles) && particles >= least) return
  throw new InvalidArgument({
    where,
    expected: `a whole number of particles, at least ${least}`,
    found: String(particles),
  })
}

/** Runs the pair `count` times, each with a key of its own. */
export const particlesOf = (
  programs: Programs,
  key: Key.Key,
  training: boolean,
  count: number,
): ReadonlyArray<Particle> =>
  Array.from({ length: count }, (_, k) => {
    const [guide, model] = pair(programs, Key.foldIn(key, k), training)
    return { guide, model }
  })

/** What all sites of these runs share. */
export const layoutOf = (recordings: ReadonlyArray<Recording>): Layout => {
  const sites = recordings.flatMap(({ samples, factors }) => [...samples.values(), ...factors.values()])
  const [first, ...others] = sites
  const chains = new Set(
    sites.flatMap(({ plates }) => plates.filter(({ isChain }) => isChain).map(({ name }) => name)),
  )
  const members = (first?.plates ?? [])
    .map(({ name }) => name)
    .filter((name) => !chains.has(name))
    .filter((name) => others.every(({ plates }) => plates.some((plate) => plate.name === name)))
  const plateScale = new Map(recordings.flatMap((recording) => [...plateScales(recording)]))
  const siteScale =
    first !== undefined && others.every(({ scale }) => scale === first.scale) ? first.scale : 1
  const scale = members.reduce((scale, name) => scale * plateScale.get(name)!, siteScale)
  return { members, plateScale, siteScale, scale }
}

/** The log-density of everything that a run scores, `[...members]`. */
export const logDensityOf = (recording: Recording, layout: Layout): tf.Tensor =>
  perMember(tablesOf(recording), layout)

/** log p(x, z) − log q(z), `[...members]`. */
export const logWeight = ({ guide, model }: Particle, layout: Layout): tf.Tensor =>
  tf.sub(logDensityOf(model, layout), logDensityOf(guide, layout))

/** Σ of tables over all but the members, what is summed as often as it counts. */
const perMember = (tables: ReadonlyArray<Table>, { members, plateScale, siteScale }: Layout): tf.Tensor =>
  tables.reduce<tf.Tensor>((total, table) => {
    const inner = table.axes.filter((name) => !members.includes(name))
    const times = inner.reduce((times, name) => times * plateScale.get(name)!, table.scale / siteScale)
    const reduced = along(inner.reduce(sum, named(table.tensor, table.axes)), members)
    return tf.add(total, times === 1 ? reduced : tf.mul(reduced, times))
  }, tf.scalar(0))

/** log q of a site as it was drawn: without the mask and the scales under which it counts. */
export const drawTable = (site: Settled<SampleSite>): Table =>
  siteTable({ ...site, mask: undefined, scale: 1 })

/** Σ log q of the draws that have no pathwise gradient, as they were drawn: `[...members]`. */
export const scoredDraws = (guide: Recording, { members }: Layout): tf.Tensor =>
  [...latents(guide).values()]
    .filter(({ distribution }) => distribution.gradient === "score")
    .reduce<tf.Tensor>((total, site) => {
      const { tensor, axes } = drawTable(site)
      const inner = axes.filter((name) => !members.includes(name))
      return tf.add(total, along(inner.reduce(sum, named(tensor, axes)), members))
    }, tf.scalar(0))

/** w_k / Σ w over the particles `[K, ...members]`, as constants. */
export const normalized = (logWeights: tf.Tensor): tf.Tensor =>
  detach(() => tf.exp(tf.sub(logWeights, logSumExp(logWeights, 0))))

/** log (1/K) Σ w over the particles: `[...members]`. */
export const logMeanExp = (logWeights: tf.Tensor): tf.Tensor =>
  tf.sub(logSumExp(logWeights, 0), Math.log(logWeights.shape[0]!))

/** Σ of terms by constant weights. A term without any may be −∞. */
export const weighted = (weights: tf.Tensor, terms: tf.Tensor): tf.Tensor =>
  tf.sum(
    tf.mul(
      weights,
      where(() => tf.greater(weights, 0), terms, 0),
    ),
  )

/**
 * An estimate from each member's bound; where a surrogate is given, its gradient stands in for the bound's. Metrics:
 * `elbo`, by the same draws, and `bound`.
 */
export const estimateOf = (
  bound: tf.Tensor,
  logWeights: tf.Tensor,
  { scale }: Layout,
  surrogate?: tf.Tensor,
): Estimate => {
  const total = (perMember: tf.Tensor) => tf.mul(tf.sum(perMember), scale)
  const value = total(bound)
  const elbo = detach(() => total(tf.mean(logWeights, 0)))
  const loss = tf.neg(surrogate === undefined ? value : withGradientOf(tf.mul(surrogate, scale), value))
  return { loss, metrics: { elbo, bound: value } }
}
