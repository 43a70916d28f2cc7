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

/** Where a variable would stand. */
export interface Room {
  /** The variables that its site can reach. */
  readonly axes: ReadonlyArray<Axis>
  /** The batch dimension that it would have. */
  readonly dim: number
}

/** tfjs's operations take this many dimensions. */
export const MOST_DIMENSIONS = 6

/** Whether a distribution can list its values. */
export const canEnumerate = (d: Distribution): d is Distribution & HasEnumerate => "enumerate" in d

/** Enumerates the latent sites that `choose` picks among those that can list their values. */
export const enumeration = (
  choose: (site: SampleSite, room: Room) => boolean,
  { depth, given = new Map() }: EnumerationOptions,
): Enumeration => {
  const enumerated = new Map<string, Axis>()
  const held = new Map<number, Held>()
  const first = [...given.values()].reduce((least, { dim }) => Math.min(least, dim - 1), -1 - depth)
  let deepest = 0
  const inReach = (site: Pick<SampleSite, "chains" | "plates">): ReadonlyArray<Axis> =>
    [...held.values()].filter((one) => reaches(site, one)).map(({ axis }) => axis)
  const free = (taken: ReadonlyArray<Axis>): number => {
    let dim = first
    while (taken.some((axis) => axis.dim === dim)) dim--
    return dim
  }
  /** The variable that a site becomes, if it is to be one. A `scan` has asked for it ahead. */
  const axisOf = (site: SampleSite, known: ReadonlyArray<Axis>): Axis | undefined => {
    const { name, distribution, chains } = site
    const isFree = site.value === undefined && !site.observed && !site.hidden
    const isOpen = isFree && distribution.problem === undefined
    if (isOpen && enumerated.has(name) && scanOf(site) !== undefined) return enumerated.get(name)
    const dim = free(known)
    const isChosen = isOpen && choose(site, { axes: known, dim })
    if (!isChosen || !canEnumerate(distribution)) return undefined
    const axis = { name, size: distribution.enumerate().shape[0]!, dim }
    checkRoom(site, axis, known)
    held.set(dim, { axis, chains, scan: undefined })
    enumerated.set(name, axis)
    return axis
  }
  const handler: Handler = (outer) => ({
    ...outer,
    ahead: (site, asked) => {
      deepest = Math.max(deepest, frameShape(site.plates).length)
      const known = inReach(site)
      if (site.value !== undefined && given.has(site.name)) throw notAScan(site)
      const own = axisOf(site, known)
      if (own === undefined) return outer.ahead({ ...site, axes: known }, asked)
      if (asked !== "previous") return { value: valuesAlong(site, own), isDrawn: false, axis: own }
      const previous = { ...own, name: `${site.name}@previous`, dim: free(known), previous: site.name }
      checkRoom(site, previous, known)
      held.set(previous.dim, { axis: previous, chains: site.chains, scan: scanOf(site) })
      return { value: valuesAlong(site, previous), isDrawn: false, axis: previous }
    },
    factor: (site) => {
      deepest = Math.max(deepest, frameShape(site.plates).length)
      return outer.factor({ ...site, axes: inReach(site) })
    },
    sample: (site) => {
      deepest = Math.max(deepest, frameShape(site.plates).length)
      const known = inReach(site)
      const own = site.value === undefined ? undefined : given.get(site.name)
      if (own !== undefined) {
        held.set(own.dim, { axis: own, chains: site.chains, scan: undefined })
        return outer.sample({ ...site, axes: [...known.filter(({ dim }) => dim !== own.dim), own] })
      }
      const axis = axisOf(site, known)
      return outer.sample(
        axis === undefined
          ? { ...site, axes: known }
          : {
              ...site,
              value: valuesAlong(site, axis),
              axes: [...known.filter(({ name }) => name !== axis.name), axis],
            },
      )
    },
  })
  return { handler, enumerated, deepest: () => deepest }
}

/** A variable that stands along a dimension. */
interface Held {
  readonly axis: Axis
  /** Where it was drawn. */
  readonly chains: ReadonlyArray<ChainFrame>
  /** The scan that alone can reach it. */
  readonly scan: string | undefined
}

/** The scan whose step a site belongs to. */
const scanOf = ({ plates }: Pick<SampleSite, "plates">): string | undefined =>
  plates.find(({ isChain }) => isChain)?.name

/** A site's values, along its variable's dimension. */
const valuesAlong = ({ distribution }: SampleSite, { size, dim }: Axis): tf.Tensor => {
  const values = (distribution as Distribution & HasEnumerate).enumerate()
  const ones = new Array<number>(-dim - 1).fill(1)
  return tf.reshape(values, [size, ...ones, ...distribution.eventShape])
}

/**
 * Whether a site may use a variable: in every chain they share it must be recent, and the values of the step before are
 * the business of a scan's own sites.
 */
const reaches = (
  here: Pick<SampleSite, "chains" | "plates">,
  { chains, scan }: Pick<Held, "chains" | "scan">,
): boolean =>
  (scan === undefined || scan === scanOf(here)) &&
  chains.every(({ chain, step }) => {
    const shared = here.chains.find((frame) => frame.chain === chain)
    return shared === undefined || shared.step - step <= shared.history
  })

const checkRoom = (site: SampleSite, axis: Axis, known: ReadonlyArray<Axis>): void => {
  if (-axis.dim + site.distribution.eventShape.length <= MOST_DIMENSIONS) return
  throw new SiteMismatch({
    reason:
      "too many discrete variables are in reach of one another to sum them out at once (declare a chain with markov or scan, or give some of them a guide):",
    sites: [...known.map(({ name }) => name), site.name],
  })
}

const notAScan = (site: SampleSite): SiteMismatch =>
  new SiteMismatch({
    reason:
      "a guide cannot give all values of the steps of a scan (leave them out of it, to be summed out of the model):",
    sites: [site.name],
  })
