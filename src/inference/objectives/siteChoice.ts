/**
 * How each site of a mixed program is differentiated: a site of the guide with finitely many values is summed over them
 * while the tables stay small, one with a pathwise gradient is differentiated along its draws, any other by its score.
 *
 * ```ts
 * mixed<typeof guide>({ sites: { z: "score function" }, maxTable: 10_000 })
 * ```
 */
import type { Effect } from "effect"
import type { Distribution } from "../../distributions/Distribution.ts"
import { UnknownSite } from "../../effects/errors.ts"
import { canEnumerate, MOST_DIMENSIONS, type Room } from "../../effects/handlers/enumerate.ts"
import type { SampleSite } from "../../effects/Interpreter.ts"
import type { LatentName, Sample } from "../../effects/Program.ts"
import type { Recording } from "../../effects/run.ts"
import { InvalidArgument } from "../../tensor/errors.ts"
import type { FiniteSupport } from "../Enumerated.ts"
import { type Choice, isEnumerable } from "../enumeration/pair.ts"
import { latents } from "../programs.ts"

/** What can be done with a site. */
export type SiteChoice = (typeof siteChoices)[number]

const siteChoices = ["enumerated", "pathwise", "score function"] as const

/** A guide, as a type argument: its sites are those that may be named. */
export type AnyGuide = (data: never) => Effect.Effect<unknown, unknown, unknown>

/** Choices for sites of a guide that requires `R`, each among those that the site allows. */
export type SiteChoices<R> =
  string extends LatentName<R>
    ? { readonly [site: string]: SiteChoice }
    : { readonly [K in LatentName<R>]?: Allowed<R, K> }

type Allowed<R, K> =
  R extends Sample<infer N, infer S, infer G>
    ? N extends K
      ?
          | "score function"
          | ("pathwise" extends G ? "pathwise" : never)
          | ([S] extends [FiniteSupport] ? "enumerated" : never)
      : never
    : never

/** What the rule may be told. */
export interface ChoiceOptions<Sites> {
  /** What is to be done with the guide's sites that it names, whatever the rule says and `maxTable` allows. */
  readonly sites?: Sites
  /**
   * The most numbers that a table may have: the values of all variables within reach of one another, for all members of
   * their plates that are present. At least 1; default 1,000,000.
   */
  readonly maxTable?: number
}

/** A choice, and why. */
export interface Chosen {
  readonly choice: SiteChoice
  readonly reason: string
}

/** The rule at work on one run: it remembers what it chose. */
export interface Rule {
  readonly guide: Choice
  readonly model: Choice
  /** By site, those that were asked about. */
  readonly chosen: ReadonlyMap<string, Chosen>
}

type Told = ChoiceOptions<{ readonly [site: string]: SiteChoice }>

/** Throws `InvalidArgument` where an option is out of range. */
export const checkChoices = ({ sites = {}, maxTable = defaultMaxTable }: Told): void => {
  if (!(maxTable >= 1)) {
    throw new InvalidArgument({
      where: "mixed: maxTable",
      expected: "a number, at least 1",
      found: String(maxTable),
    })
  }
  for (const [site, choice] of Object.entries(sites)) {
    if (!siteChoices.includes(choice)) throw refuse(site, one(siteChoices), `"${choice}"`)
  }
}

/** Throws `UnknownSite` where a site is named that the guide does not have. */
export const checkNamed = ({ sites = {} }: Told, guide: Recording): void => {
  const known = [...latents(guide).keys()]
  const site = Object.keys(sites).find((name) => !known.includes(name))
  if (site !== undefined) throw new UnknownSite({ where: "mixed: sites", site, known })
}

/** The rule. It throws `InvalidArgument` at a site that cannot be what it is told to be, or whose sum would be too large. */
export const ruleOf = ({ sites = {}, maxTable = defaultMaxTable }: Told): Rule => {
  const chosen = new Map<string, Chosen>()
  const choose = (site: SampleSite, found: Chosen): boolean => {
    chosen.set(site.name, found)
    return found.choice === "enumerated"
  }
  return {
    chosen,
    guide: (site, room) => {
      const told = Object.hasOwn(sites, site.name) ? sites[site.name] : undefined
      return choose(site, told === undefined ? bySupport(site, room, maxTable) : byOrder(site, told))
    },
    model: (site, room) => {
      if (!canEnumerate(site.distribution)) return false
      const { obstacle, values } = sizeOf(site, room, maxTable)
      if (obstacle === undefined) {
        return choose(site, { choice: "enumerated", reason: `${values} values, the model's alone` })
      }
      throw new InvalidArgument({
        where: `mixed: site "${site.name}" of the model, which the guide leaves to be summed out`,
        expected: "a sum that fits (give it a guide, or enumerate fewer of the guide's sites)",
        found: obstacle,
      })
    },
  }
}

const defaultMaxTable = 1_000_000

const bySupport = (site: SampleSite, room: Room, maxTable: number): Chosen => {
  const { family, gradient } = site.distribution
  const { obstacle, values } = !isEnumerable(site, room)
    ? { obstacle: `${family} has no list of values`, values: 0 }
    : site.plates.some(({ isChain }) => isChain)
      ? { obstacle: "the steps of a guide's scan are drawn", values: 0 }
      : sizeOf(site, room, maxTable)
  if (obstacle === undefined) return { choice: "enumerated", reason: `${values} values` }
  return gradient === "pathwise"
    ? { choice: "pathwise", reason: `draws of ${family} have a gradient` }
    : { choice: "score function", reason: `${obstacle}, and its draws no gradient` }
}

const byOrder = (site: SampleSite, told: SiteChoice): Chosen => {
  const { family, gradient } = site.distribution
  if (told === "pathwise" && gradient !== "pathwise") {
    throw refuse(site.name, "a site whose draws have a gradient", `"pathwise" for ${family}`)
  }
  if (told === "enumerated" && !canEnumerate(site.distribution)) {
    throw refuse(site.name, "a site with a list of values", `"enumerated" for ${family}`)
  }
  return { choice: told, reason: "as told" }
}

/** How many values a site has; and what stands in the way of giving it all of them, if anything. */
const sizeOf = (
  { distribution, plates }: SampleSite,
  { axes, dim }: Room,
  maxTable: number,
): { readonly obstacle: string | undefined; readonly values: number } => {
  const values = valuesOf(distribution)
  const members = plates.reduce((members, { extent }) => members * extent, 1)
  const size = axes.reduce((size, axis) => size * axis.size, values * members)
  if (!(size <= maxTable)) return { values, obstacle: `a table of ${size} numbers would exceed ${maxTable}` }
  const rank = distribution.eventShape.length - dim
  return {
    values,
    obstacle: rank > MOST_DIMENSIONS ? `tensors have ${MOST_DIMENSIONS} dimensions, all taken` : undefined,
  }
}

/** How many values a distribution has, without listing those that could be too many to list. */
const valuesOf = (distribution: Distribution): number => {
  const { support, eventShape, params } = distribution
  if (support.name === "integerInterval") {
    const { lower, upper } = support as unknown as { readonly lower: unknown; readonly upper: unknown }
    if (typeof lower === "number" && typeof upper === "number") return upper - lower + 1
  }
  const total = params.totalCount?.value
  if (support.name === "multinomial" && typeof total === "number") {
    // C(n + K − 1, K − 1)
    const others = (eventShape.at(-1) ?? 1) - 1
    return Math.round(
      Array.from({ length: others }, (_, i) => (total + i + 1) / (i + 1)).reduce((a, b) => a * b, 1),
    )
  }
  if (support.name === "boolean") return 2
  return canEnumerate(distribution) ? distribution.enumerate().shape[0]! : Number.POSITIVE_INFINITY
}

const refuse = (site: string, expected: string, found: string): InvalidArgument =>
  new InvalidArgument({ where: `mixed: sites: "${site}"`, expected, found })

const one = (names: ReadonlyArray<string>): string => `one of ${names.map((name) => `"${name}"`).join(", ")}`
