/**
 * The evidence lower bound for guides with sites that have no pathwise gradient: the score-function estimator
 * (REINFORCE), with as little noise as the programs' structure allows.
 *
 *   ∇ELBO = E[Σ_i (R_i − b_i) ∇log q(z_i | ·)] + E[∇ of everything else, along the pathwise draws],  i such a site
 *
 * The signal R_i is Rao-Blackwellized: of the terms of log p(x, z) − log q(z) it has those alone that z_i can have a part
 * in (R. Ranganath, S. Gerrish and D. M. Blei, "Black box variational inference", 2014, section 3.1; J. Schulman,
 * N. Heess, T. Weber and P. Abbeel, "Gradient estimation using stochastic computation graphs", 2015, theorem 1). Those
 * are, member by member of the plates that hold z_i, the terms of that member and those outside the plate; and not what
 * was settled before z_i was drawn. The baseline b_i does not depend on z_i (see `baselines`).
 *
 * ```ts
 * yield* fitSVI(model, guide, data, { objective: scoreFunction({ particles: 4 }) })
 * ```
 *
 * Draw a guide's global sites before those inside plates: a site that comes later and stands outside a plate may depend on
 * all of the plate's members, and ties their signals together.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { SampleSite, Settled } from "../../effects/Interpreter.ts"
import { InvalidArgument } from "../../tensor/errors.ts"
import { add, mul, type Named, named, sum } from "../../tensor/Named.ts"
import { detach } from "../../tensor/stable.ts"
import type { Table } from "../enumeration/eliminate.ts"
import { factorTable, plateScales, siteTable } from "../enumeration/tables.ts"
import type { Memory, Objective } from "../Objective.ts"
import { latents } from "../programs.ts"
import { baselines } from "./baselines.ts"
import { checkParticles, drawTable, type Particle, particlesOf } from "./particles.ts"
import { withGradientOf } from "./stopped.ts"

/** How {@link scoreFunction} estimates. */
export interface ScoreFunctionOptions {
  /** Draws from the guide for one estimate; default 1. */
  readonly particles?: number
  /**
   * What is taken off the signals: `"leaveOneOut"`, the other particles' mean (the default from two particles on);
   * `"average"`, that of the steps before (the default for one); or `"none"`.
   */
  readonly baseline?: keyof typeof baselines
  /** Whether a site's signal leaves out the terms that its draw has no part in; default true. */
  readonly raoBlackwellize?: boolean
}

/**
 * The ELBO, of guides with any sites. Metrics: `elbo`, `logJoint`, `entropy`. A fit fails with `InvalidArgument` where an
 * option is out of range.
 */
export const scoreFunction = (options: ScoreFunctionOptions = {}): Objective<"pathwise" | "score"> => {
  const { particles = 1, raoBlackwellize = true } = options
  const { baseline = particles > 1 ? "leaveOneOut" : "average" } = options
  return {
    name: "scoreFunction",
    estimate: (programs, key, training, progress) => {
      checkParticles("scoreFunction", particles, baseline === "leaveOneOut" ? 2 : 1)
      if (!Object.hasOwn(baselines, baseline)) {
        throw new InvalidArgument({
          where: "scoreFunction: baseline",
          expected: `one of ${Object.keys(baselines)
            .map((name) => `"${name}"`)
            .join(", ")}`,
          found: String(baseline),
        })
      }
      const runs = particlesOf(programs, key, training, particles).map(termsOf)
      const surrogates: Array<tf.Tensor> = runs.flatMap(({ terms }) =>
        terms
          .filter(({ isScored }) => !isScored)
          .map(({ value, sign }) => tf.mul(tf.sum(value.tensor), sign)),
      )
      let memory: Memory = {}
      for (const { site } of runs[0]!.terms.filter(({ isScored }) => isScored)) {
        const signals = runs.map((run) => signalOf(site, run, raoBlackwellize))
        const centered = baselines[baseline](
          signals.map(({ tensor }) => tensor),
          site,
          progress?.memory ?? {},
        )
        memory = { ...memory, ...centered.memory }
        runs.forEach(({ draws }, k) => {
          const signal = named(centered.signals[k]!, signals[k]!.axes)
          surrogates.push(tf.sum(mul([draws.get(site)!, signal]).tensor))
        })
      }
      const mean = (tensors: ReadonlyArray<tf.Tensor>) =>
        tf.div(
          tensors.reduce<tf.Tensor>((total, tensor) => tf.add(total, tensor), tf.scalar(0)),
          particles,
        )
      const part = (pick: 1 | -1) =>
        mean(
          runs.flatMap(({ terms }) =>
            terms.filter(({ sign }) => sign === pick).map(({ value }) => tf.sum(value.tensor)),
          ),
        )
      const [logJoint, negativeEntropy] = [part(1), part(-1)]
      const elbo = tf.sub(logJoint, negativeEntropy)
      const loss = tf.neg(withGradientOf(mean(surrogates), elbo))
      return { loss, metrics: { elbo, logJoint, entropy: tf.neg(negativeEntropy) }, memory }
    },
  }
}

/** One term of log p − log q, its members each counted as often as they stand for. */
interface Term {
  readonly site: string
  readonly value: Named
  readonly sign: 1 | -1
  /** Whether it is log q of a site without a pathwise gradient: in expectation it has no gradient of its own. */
  readonly isScored: boolean
  /** How many of the guide's draws, in their order, it may depend on. */
  readonly reach: number
}

interface Terms {
  readonly terms: ReadonlyArray<Term>
  /** log q of each site as it was drawn. */
  readonly draws: ReadonlyMap<string, Named>
  /** The guide's sites, in the order of their draws. */
  readonly order: ReadonlyArray<Settled<SampleSite>>
}

/** The terms of one run, those of the model in its order and then the guide's. */
const termsOf = ({ guide, model }: Particle): Terms => {
  const order = [...latents(guide).values()]
  const position = new Map(order.map(({ name }, i) => [name, i + 1]))
  const scales = new Map([...plateScales(model), ...plateScales(guide)])
  const term = (table: Table, reach: number, sign: 1 | -1 = 1, isScored = false): Term => {
    const times = table.axes.reduce((times, name) => times * scales.get(name)!, table.scale)
    const value = times === 1 ? table : named(tf.mul(table.tensor, times), table.axes)
    return { site: table.site, value, reach, sign, isScored }
  }
  // A site of the model may depend on all that the model drew before it.
  let reach = 0
  const ofModel = [...model.samples.values()].map((site) => {
    if (!site.observed) reach = Math.max(reach, position.get(site.name)!)
    return term(siteTable(site), reach)
  })
  return {
    terms: [
      ...ofModel,
      // Where factors stand among the samples is not recorded.
      ...[...model.factors.values()].map((site) => term(factorTable(site), order.length)),
      ...order.map((site, i) => term(siteTable(site), i + 1, -1, site.distribution.gradient === "score")),
    ],
    draws: new Map(order.map((site) => [site.name, drawTable(site)])),
    order,
  }
}

/** The terms that a site's draw may have a part in, summed for each member of the plates that keep them apart. */
const signalOf = (site: string, { terms, order }: Terms, raoBlackwellize: boolean): Named => {
  const place = order.findIndex(({ name }) => name === site)
  const plates = raoBlackwellize ? apart(order.slice(place)) : []
  const within = raoBlackwellize ? terms.filter(({ reach }) => reach > place) : terms
  const parts = within.map(({ value, sign }) => {
    const reduced = value.axes.filter((name) => !plates.includes(name)).reduce(sum, value)
    return named(tf.mul(reduced.tensor, sign), reduced.axes)
  })
  const { axes } = add(parts)
  return named(
    detach(() => add(parts).tensor),
    axes,
  )
}

/** The plates of a site that all draws after it are in too: its members there have no way to one another. */
const apart = ([first, ...later]: ReadonlyArray<Settled<SampleSite>>): ReadonlyArray<string> =>
  first!.plates
    .map(({ name }) => name)
    .filter((name) => later.every(({ plates }) => plates.some((plate) => plate.name === name)))
