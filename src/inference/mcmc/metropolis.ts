/**
 * Metropolis sampling: each site in turn is proposed a value, which is taken or left by what it does to the density
 * (`rmh.ts`). Continuous sites walk at random in the coordinates of `biject(support)`, u′ = u + s · ε with ε ~ N(0, I);
 * the density there has the volume of the map as a factor. Finite sites are proposed one of their values; other discrete
 * ones, such as counts, a draw from their own distribution given the sites before them.
 *
 * The walk's step s is found while the chain warms up: with a the chance that a proposal is taken,
 *
 *   log s ← log s + t^(−0.6) · (a − a*),  t = 1, 2, …
 *
 * (H. Robbins and S. Monro, "A stochastic approximation method", 1951), a* being 0.44 where one number moves and 0.234
 * where several move together (A. Gelman, G. O. Roberts and W. R. Gilks, "Efficient Metropolis jumping rules", 1996;
 * G. O. Roberts, A. Gelman and W. R. Gilks, "Weak convergence and optimal scaling of random walk Metropolis
 * algorithms", 1997). Members that move by themselves have steps of their own.
 *
 * ```ts
 * const fit = yield* fitMonteCarloEM(model, x, { mStep, kernel: metropolis(), draws: 50 })
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { canEnumerate } from "../../effects/handlers/enumerate.ts"
import type { SampleSite, Settled } from "../../effects/Interpreter.ts"
import { frameShape } from "../../effects/place.ts"
import { drawClasses } from "../../tensor/classes.ts"
import { InvalidArgument } from "../../tensor/errors.ts"
import * as Key from "../../tensor/Key.ts"
import { size } from "../../tensor/Shape.ts"
import { type Latent, latentOf, volumeOf } from "../autoguide/latent.ts"
import { positive } from "../optimizer/hyperparameters.ts"
import { latents } from "../programs.ts"
import type { Kernel, KernelState } from "./Kernel.ts"
import { type Propose, rmh, scopeOf } from "./rmh.ts"

/** How {@link metropolis} proposes. */
export interface MetropolisOptions {
  /**
   * The first standard deviation of a walk's proposals, in unconstrained coordinates: finite, above 0. Default
   * 2.38 / √d for d numbers that move together, which is best where the posterior there is a standard normal.
   */
  readonly stepSize?: number
  /** Transitions, from the first, in which steps adapt: a whole number from 0 up. Default 500; 0 keeps `stepSize`. */
  readonly adaptation?: number
  /**
   * What finite sites are proposed: `"uniform"` (the default), any of their values with the same chance; or `"prior"`, a
   * draw from their own distribution given the sites before them.
   */
  readonly finite?: (typeof finiteProposals)[number]
}

const finiteProposals = ["uniform", "prior"] as const

/** A value of every latent site; and of each that walks, the deviation of its proposals. */
export interface MetropolisState extends KernelState {
  /** Transitions so far. */
  readonly count: number
  /** `[...plates]`, 1 along the plates whose members move together. */
  readonly stepSizes: Readonly<Record<string, tf.Tensor>>
}

/**
 * The kernel, from a first state drawn from the prior. Metrics: `acceptance/<site>`, the mean chance that a proposal is
 * taken. It leaves the posterior as it is once the steps no longer adapt. Options out of range are an `InvalidArgument`
 * of whatever runs it; a model whose sites depend on its draws is a `SiteMismatch`.
 */
export const metropolis = ({
  stepSize,
  adaptation = 500,
  finite = "uniform",
}: MetropolisOptions = {}): Kernel<MetropolisState> => {
  const discrete = (key: Key.Key, site: Settled<SampleSite>) =>
    (finite === "uniform" && canEnumerate(site.distribution) ? anyValue : fromPrior)(key, site)
  return {
    name: "Metropolis",
    init: (key, target) => {
      checkOptions(stepSize, adaptation, finite)
      const sites = [...latents(target({ key })).values()]
      const values = Object.fromEntries(sites.map(({ name, value }) => [name, tf.clone(value)]))
      const walking = sites.filter(({ distribution }) => !distribution.support.discrete)
      const stepSizes = walking.map((site) => {
        const { moves } = scopeOf(target, values, site.name)
        const together = size(coordinates(site).shape) / size(moves)
        return [site.name, tf.fill([...moves], stepSize ?? 2.38 / Math.sqrt(Math.max(together, 1)))] as const
      })
      return { values, count: 0, stepSizes: Object.fromEntries(stepSizes) }
    },
    step: (key, target, { values, count, stepSizes }) => {
      const now: Record<string, tf.Tensor> = { ...values }
      const steps: Record<string, tf.Tensor> = { ...stepSizes }
      const metrics: Record<string, tf.Tensor> = {}
      for (const name of Object.keys(values)) {
        const step = stepSizes[name]
        const propose = step === undefined ? discrete : walk(step)
        const { site, value, acceptance } = rmh(Key.foldInName(key, name), target, now, name, propose)
        now[name] = value
        metrics[`acceptance/${name}`] = tf.mean(acceptance)
        if (step === undefined || count >= adaptation) continue
        const goal = size(coordinates(site).shape) > step.size ? 0.234 : 0.44
        const gain = (count + 1) ** -0.6
        steps[name] = tf.mul(step, tf.exp(tf.mul(tf.sub(acceptance, goal), gain)))
      }
      return [{ values: now, count: count + 1, stepSizes: steps }, { metrics }]
    },
  }
}

/** A site's unconstrained coordinates, of a scan's steps too. */
const coordinates = (site: Settled<SampleSite>): Latent =>
  latentOf({ ...site, plates: site.plates.map((frame) => ({ ...frame, isChain: false })) })

/** A step of a random walk in unconstrained coordinates, of deviation `step` for each member. */
const walk =
  (step: tf.Tensor): Propose =>
  (key, site) => {
    const latent = coordinates(site)
    const { transform, shape, eventRank } = latent
    const here = transform.inverse(site.value)
    const deviation = tf.reshape(step, [...step.shape, ...new Array<number>(eventRank).fill(1)])
    const there = tf.add(here, tf.mul(deviation, Key.normal(key, shape)))
    const value = transform.forward(there)
    return {
      value,
      correction: tf.sub(volumeOf(latent, there, value), volumeOf(latent, here, site.value)),
    }
  }

/** One of a finite site's values, each with the same chance. */
const anyValue: Propose = (key, { distribution, plates }) => {
  const { eventShape } = distribution
  const list = (distribution as unknown as { enumerate: () => tf.Tensor }).enumerate()
  const k = list.shape[0]!
  const classes = drawClasses(key, { logits: tf.zeros([k]) }, frameShape(plates))
  return { value: tf.gather(tf.reshape(list, [k, ...eventShape]), tf.cast(classes, "int32")) }
}

/** A draw from a site's own distribution. */
const fromPrior: Propose = (key, { distribution, value: before }) => {
  const value = distribution.sample(key)
  return { value, correction: tf.sub(distribution.logProb(before), distribution.logProb(value)) }
}

const checkOptions = (stepSize: number | undefined, adaptation: number, finite: string): void => {
  const refuse = (what: string, expected: string, found: unknown) => {
    throw new InvalidArgument({ where: `metropolis: ${what}`, expected, found: String(found) })
  }
  if (stepSize !== undefined && !positive.accepts(stepSize)) refuse("stepSize", positive.expected, stepSize)
  if (!(Number.isInteger(adaptation) && adaptation >= 0)) {
    refuse("adaptation", "a whole number, at least 0", adaptation)
  }
  if (!finiteProposals.some((name) => name === finite)) refuse("finite", `"uniform" or "prior"`, finite)
}
