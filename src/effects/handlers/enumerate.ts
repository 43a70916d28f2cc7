/**
 * All values of a discrete site at once: instead of a draw the program gets every value of the site, along a batch
 * dimension of its own to the left of the plates, and what it computes from them broadcasts. What the sites then score
 * are tables over the enumerated variables, which `inference/enumeration` sums out.
 *
 * The handler stands outside those that give sites their values: a site that has one is not enumerated.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Distribution, HasEnumerate } from "../../distributions/Distribution.ts"
import { SiteMismatch } from "../errors.ts"
import type { Axis, ChainFrame, Handler, SampleSite } from "../Interpreter.ts"
import { frameShape } from "../place.ts"

/** One run's enumeration. */
export interface Enumeration {
  readonly handler: Handler
  /** The variables that were enumerated, in the order of the program, each at its site. */
  readonly enumerated: ReadonlyMap<string, Axis>
  /** The leftmost plate dimension that any site had: where it exceeds `depth`, the run is void. */
  readonly deepest: () => number
}

/** Where enumerated variables may stand. */
export interface EnumerationOptions {
  /** How many batch dimensions the plates take. */
  readonly depth: number
  /** Variables that are enumerated already, as a guide's are when its model runs at their values. */
  readonly given?: ReadonlyMap<string, Axis>
}

/** tfjs's operations take this many dimensions. */
const MOST_DIMENSIONS = 6

/** Whether a distribution can list its values. */
export const canEnumerate = (d: Distribution): d is Distribution & HasEnumerate => "enumerate" in d

/** Enumerates the latent sites that `choose` picks among those that can list their values. */
export const enumeration = (
  choose: (site: SampleSite) => boolean,
  { depth, given = new Map() }: EnumerationOptions,
): Enumeration => {
  const enumerated = new Map<string, Axis>()
  const held = new Map<number, { readonly axis: Axis; readonly chains: ReadonlyArray<ChainFrame> }>()
  const first = [...given.values()].reduce((least, { dim }) => Math.min(least, dim - 1), -1 - depth)
  let deepest = 0
  const inReach = (chains: ReadonlyArray<ChainFrame>): ReadonlyArray<Axis> =>
    [...held.values()].filter((one) => reaches(chains, one.chains)).map(({ axis }) => axis)
  const free = (taken: ReadonlyArray<Axis>): number => {
    let dim = first
    while (taken.some((axis) => axis.dim === dim)) dim--
    return dim
  }
  const handler: Handler = (outer) => ({
    ...outer,
    factor: (site) => {
      deepest = Math.max(deepest, frameShape(site.plates).length)
      return outer.factor({ ...site, axes: inReach(site.chains) })
    },
    sample: (site) => {
      deepest = Math.max(deepest, frameShape(site.plates).length)
      const { distribution } = site
      const known = inReach(site.chains)
      const own = site.value === undefined ? undefined : given.get(site.name)
      if (own !== undefined) {
        held.set(own.dim, { axis: own, chains: site.chains })
        return outer.sample({ ...site, axes: [...known.filter(({ dim }) => dim !== own.dim), own] })
      }
      const isChosen = site.value === undefined && !site.observed && !site.hidden && choose(site)
      if (!isChosen || distribution.problem !== undefined || !canEnumerate(distribution)) {
        return outer.sample({ ...site, axes: known })
      }
      const dim = free(known)
      const values = distribution.enumerate()
      const size = values.shape[0]!
      if (-dim + distribution.eventShape.length > MOST_DIMENSIONS) throw tooMany(site, known)
      const axis = { name: site.name, size, dim }
      held.set(dim, { axis, chains: site.chains })
      enumerated.set(site.name, axis)
      const ones = new Array<number>(-dim - 1).fill(1)
      const value = tf.reshape(values, [size, ...ones, ...distribution.eventShape])
      return outer.sample({ ...site, value, axes: [...known, axis] })
    },
  })
  return { handler, enumerated, deepest: () => deepest }
}

/** Whether a site at `here` may use a variable drawn at `there`: in every chain they share it must be recent. */
const reaches = (here: ReadonlyArray<ChainFrame>, there: ReadonlyArray<ChainFrame>): boolean =>
  there.every(({ chain, step }) => {
    const shared = here.find((frame) => frame.chain === chain)
    return shared === undefined || shared.step - step <= shared.history
  })

const tooMany = (site: SampleSite, known: ReadonlyArray<Axis>): SiteMismatch =>
  new SiteMismatch({
    reason:
      "too many discrete variables are in reach of one another to sum them out at once (declare a chain with markov, or give some of them a guide):",
    sites: [...known.map(({ name }) => name), site.name],
  })
