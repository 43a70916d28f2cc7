/**
 * Finds what first went wrong in a step that is not finite: a parameter; or a site's distribution, its value, or its
 * log-density, in the order in which the programs run; or else the gradient of a site by a parameter. A value of an
 * enumerated site that has no probability is named where nothing else is at fault: it is no fault in itself.
 */
import * as tf from "@tensorflow/tfjs-core"
import { type Distribution, findProblem, firstOutside } from "../distributions/Distribution.ts"
import { InvalidParameter } from "../distributions/errors.ts"
import type { FactorSite, Handler, PlateFrame, SampleSite, Settled } from "../effects/Interpreter.ts"
import { weigh } from "../effects/logDensity.ts"
import { withPlaceholders } from "../effects/place.ts"
import { valueAndGradient } from "../tensor/gradient.ts"
import { unravelIndex } from "../tensor/Shape.ts"
import * as Tree from "../tensor/Tree.ts"
import type { Blame } from "./Algorithm.ts"
import { advice } from "./advice.ts"
import { siteTable } from "./enumeration/tables.ts"
import type { Pending } from "./Source.ts"

/** How {@link blame} looks. */
export interface BlameOptions {
  /** Whether the loss can be differentiated. An E-step's, which may take gradient steps itself, is looked at forward only. */
  readonly differentiate?: boolean
  /** Whether it is the guide that runs at this moment; default never. */
  readonly isGuide?: () => boolean
}

/**
 * Takes the step again, reading every tensor back, and reports the first that is not finite. `loss` is to be the
 * step's own, at its key, with the handler put around both programs.
 */
export const blame = <T extends Tree.Tree>(
  params: T,
  loss: (params: T, watch: Handler) => tf.Tensor,
  { differentiate = true, isGuide = () => false }: BlameOptions = {},
): Blame => {
  for (const [parameter, leaf] of Tree.entries(params)) {
    const found = firstNonFinite(leaf)
    if (found !== undefined) return { parameter, ...found, advice: advice.update }
  }
  let first: Blame | undefined
  let impossible: Blame | undefined
  let before = ""
  const accuse = (found: Blame | undefined) => {
    if (found === undefined) return
    first ??= { ...found, ...(isGuide() && { inGuide: true }), found: `${found.found}${before}` }
  }
  const watch: Handler = (outer) => ({
    ...outer,
    param: (site) => {
      const settled = outer.param(site)
      for (const [parameter, leaf] of Tree.entries({ [site.name]: settled.value })) {
        const found = firstNonFinite(leaf)
        if (found !== undefined) accuse({ parameter, ...found, advice: advice.update })
      }
      return settled
    },
    sample: (site) => {
      const settled = outer.sample(site)
      impossible ??= impossibleValue(settled)
      accuse(suspect(settled))
      return settled
    },
    factor: (site) => {
      const settled = outer.factor(site)
      accuse(inFactor(settled))
      return settled
    },
    deterministic: (site) => {
      const settled = outer.deterministic(site)
      // Nothing may depend on it, so it is no more than a hint.
      const found = firstNonFinite(settled.value)
      if (found !== undefined && before === "") before = `; before it "${site.name}" is ${described(found)}`
      return settled
    },
  })
  tf.tidy(() => loss(params, watch))
  if (first !== undefined) return first
  if (impossible !== undefined) return impossible
  return (
    (differentiate ? inGradient(params, loss, isGuide) : undefined) ?? {
      found: "every site and gradient is finite, but a sum of them is not",
      advice: advice.sum,
    }
  )
}

/** The first site whose log-density's gradient is not finite; or the first parameter whose gradient is not, if no site's. */
const inGradient = <T extends Tree.Tree>(
  params: T,
  loss: (params: T, watch: Handler) => tf.Tensor,
  isGuide: () => boolean,
): Blame | undefined => {
  /** The gradient of the `i`-th site's term, or of the loss; and where it is not finite. */
  const at = (i?: number): Blame | "finite" | "no such site" =>
    untracked(() => {
      let sites = 0
      let of: Pick<Blame, "site" | "inGuide"> = {}
      let term: tf.Tensor | undefined
      const visit = <S extends { readonly name: string }>(site: S, density: (site: S) => tf.Tensor): S => {
        if (sites++ === i) {
          term = density(site)
          of = { site: site.name, ...(isGuide() && { inGuide: true }) }
        }
        return site
      }
      const watch: Handler = (outer) => ({
        ...outer,
        sample: (site) => visit(outer.sample(site), (site) => tf.sum(termsOf(site))),
        factor: (site) => visit(outer.factor(site), (site) => tf.sum(counted(site.logWeight, site.mask))),
      })
      const { gradient } = valueAndGradient(params, (params) => {
        const value = loss(params, watch)
        return { value: i === undefined ? value : (term ?? tf.scalar(0)), aux: {} }
      })
      for (const [parameter, leaf] of Tree.entries(gradient)) {
        const bad = firstNonFinite(leaf)
        if (bad === undefined) continue
        return {
          ...of,
          parameter,
          index: bad.index,
          found: `a gradient of ${bad.found}`,
          advice: advice.gradient,
        }
      }
      return i !== undefined && term === undefined ? "no such site" : "finite"
    })
  const whole = at()
  if (typeof whole === "string") return undefined
  for (let i = 0; ; i++) {
    const found = at(i)
    if (found === "no such site") return whole
    if (found !== "finite") return found
  }
}

const untracked = <A>(body: () => A): A => tf.tidy(body as () => tf.TensorContainer) as A

const suspect = (site: Settled<SampleSite>): Blame | undefined => {
  const { name, mask, distribution, observed } = site
  const value = withPlaceholders(site)
  const terms = termsOf(site)
  const listed = isEnumerated(site)
  // One value of an enumerated variable may be impossible; all of them may not.
  const at = firstNonFinite(terms, site.axes.length > 0 ? isNoLogProbability : undefined) ?? nowhere(site)
  // What a mask leaves out may be anything.
  if (mask !== undefined && at === undefined) return listed ? undefined : inSum(site, terms, "log-density")
  const index = listed ? undefined : at?.index
  const problem = inDistribution(name, distribution)
  if (problem !== undefined) return { ...problem, members: members(site, index, terms, true) }
  const broken = firstNonFinite(value)
  const outside =
    broken === undefined && at !== undefined && observed
      ? firstOutside(distribution.support, value.dataSync(), value.shape)
      : undefined
  const own = { site: name, parameter: "value", members: members(site, index, terms) }
  if (broken !== undefined) return { ...own, ...broken, advice: observed ? advice.data : advice.draw }
  if (outside !== undefined) {
    const { describe } = distribution.support
    return { ...own, ...outside, found: `${outside.found}, which is not ${describe}`, advice: advice.outside }
  }
  if (at !== undefined) return { ...own, parameter: "log-density", ...at, advice: advice.density }
  return listed ? undefined : inSum(site, terms, "log-density")
}

/** A site's log-density, `[...batch]` with 0 where a mask leaves it out; or the table of one whose values all stand there. */
const termsOf = (site: Settled<SampleSite>): tf.Tensor =>
  isEnumerated(site) || site.axes.length > 0
    ? siteTable(site).tensor
    : counted(site.distribution.logProb(withPlaceholders(site)), site.mask)

/** Where a site that depends on enumerated variables has no probability at any of their values: `[...plates]`. */
const nowhere = (site: Settled<SampleSite>): Found | undefined => {
  if (site.axes.length === 0 || isEnumerated(site)) return undefined
  const { tensor, axes } = siteTable(site)
  const over = axes.flatMap((name, i) => (site.axes.some((axis) => axis.name === name) ? [i] : []))
  return firstNonFinite(tf.max(tensor, over))
}

const counted = (term: tf.Tensor, mask: tf.Tensor | undefined): tf.Tensor =>
  mask === undefined
    ? term
    : tf.where(tf.broadcastTo(tf.cast(mask, "bool"), term.shape), term, tf.zerosLike(term))

const inFactor = (site: FactorSite): Blame | undefined => {
  const terms = counted(site.logWeight, site.mask)
  const found = firstNonFinite(terms)
  if (found === undefined) return inSum(site, terms, "logWeight")
  const own = { site: site.name, parameter: "logWeight", members: members(site, found.index, terms) }
  return { ...own, ...found, advice: advice.factor }
}

/** Terms that are finite, one by one, but not added up as the plates' scales have it. */
const inSum = (
  site: Settled<SampleSite> | FactorSite,
  terms: tf.Tensor,
  parameter: string,
): Blame | undefined => {
  if (site.axes.length > 0) return undefined
  const sum = firstNonFinite(weigh(terms, { ...site, mask: undefined }))
  if (sum === undefined) return undefined
  return { site: site.name, parameter, found: `finite terms, whose sum is ${sum.found}`, advice: advice.sum }
}

/**
 * For each plate of which only a part is present, which of its members it is. A parameter may be the same for all of them:
 * then it is none.
 */
const members = (
  { plates, axes }: { readonly plates: ReadonlyArray<PlateFrame>; readonly axes: ReadonlyArray<unknown> },
  index: ReadonlyArray<number> | undefined,
  terms: tf.Tensor,
  mayBeShared = false,
): NonNullable<Blame["members"]> => {
  if (index === undefined || axes.length > 0) return []
  return plates.flatMap(({ size, extent, dim }) => {
    const axis = index.length + dim
    if (axis < 0 || (mayBeShared && !someFinite(terms, axis))) return []
    return [{ size, extent, at: index[axis]! }]
  })
}

/** Whether a member along the axis is all finite. */
const someFinite = (terms: tf.Tensor, axis: number): boolean => {
  const bad = new Set<number>()
  for (const [i, x] of terms.dataSync().entries()) {
    if (!Number.isFinite(x)) bad.add(unravelIndex(i, terms.shape)[axis]!)
  }
  return bad.size < terms.shape[axis]!
}

/** Whether all of a site's values stand there at once. */
const isEnumerated = ({ name, axes }: Settled<SampleSite>): boolean => axes.some((axis) => axis.name === name)

/** The first value of an enumerated site that has no probability. */
const impossibleValue = (site: Settled<SampleSite>): Blame | undefined => {
  if (!isEnumerated(site)) return undefined
  const { tensor, axes } = siteTable(site)
  const found = firstNonFinite(tensor)
  if (found === undefined) return undefined
  const events = site.distribution.eventShape.reduce((n, size) => n * size, 1)
  const at = found.index[axes.indexOf(site.name)]! * events
  const value = Array.from(site.value.dataSync().subarray(at, at + events))
  return {
    site: site.name,
    found: `value ${value.join(", ")} has probability 0: a bound that averages over it is -Infinity`,
  }
}

const inDistribution = (site: string, distribution: Distribution): Blame | undefined => {
  const problem = findProblem(distribution)
  if (problem === undefined) return undefined
  return problem instanceof InvalidParameter
    ? {
        site,
        parameter: problem.parameter,
        index: problem.index,
        found: `${problem.family} ${problem.parameter} must be ${problem.constraint}, found ${problem.found}`,
        advice: advice.parameter,
      }
    : { site, found: problem.message }
}

/** What the logarithm of a probability cannot be. */
const isNoLogProbability = (x: number): boolean => !(x < Number.POSITIVE_INFINITY)

interface Found {
  readonly found: string
  readonly index: ReadonlyArray<number>
}

const described = ({ found, index }: Found): string =>
  index.length === 0 ? found : `${found} at index [${index.join(", ")}]`

/** The blame with the row of the data that it falls on, where the site stands in a plate of the rows, `size` in all. */
export const located = <B>(
  { members = [], ...blame }: Blame,
  { size }: { readonly size: number },
  { rows, indices }: Pick<Pending<B>, "rows" | "indices">,
): Blame => {
  const present = members.filter(({ extent }) => extent === rows)
  // Other data, held out, need not have as many rows as the plate has members.
  const member = present.find((plate) => plate.size === size) ?? present.find((plate) => plate.size > rows)
  const row = member === undefined ? undefined : indices?.[member.at]
  return row === undefined ? blame : { ...blame, row }
}

/** The first number of a tensor that is not finite (or else as `isBad` says), and where it stands. */
export const firstNonFinite = (
  tensor: tf.Tensor,
  isBad = (x: number) => !Number.isFinite(x),
): Found | undefined => {
  const values = tensor.dataSync()
  const position = values.findIndex(isBad)
  if (position < 0) return undefined
  return { found: String(values[position]), index: unravelIndex(position, tensor.shape) }
}
