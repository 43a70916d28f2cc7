/**
 * The table of docs/distributions.md: what each family has, asked of its distributions.
 */
import type { Distribution, Value } from "../../src/distributions/Distribution.ts"
import { hasKl, pairs } from "../../src/distributions/kl.ts"
import type { Support } from "../../src/distributions/Support.ts"
import { type Form, type Member, members } from "./members.ts"

/** The sections, each with its table, as Markdown, after the number of pairs that `kl` has. */
export const tables = (): string => {
  const all = members()
  const known = Object.values(pairs).reduce((sum, row) => sum + Object.keys(row).length, 0)
  const sections = SECTIONS.map(([title, section]) => {
    const rows = all.filter((member) => sectionOf(member) === section)
    return [`## ${title}`, "", HEAD, RULE, ...rows.map((member) => row(member, all)), ""].join("\n")
  })
  return [
    `${all.length} families; \`kl\` has a closed form for ${known} listed pairs of them.\n`,
    ...sections,
  ].join("\n")
}

type Section = "line" | "vectors" | "discrete" | "relaxed" | "built"

const SECTIONS: ReadonlyArray<readonly [title: string, Section]> = [
  ["Numbers", "line"],
  ["Vectors and matrices", "vectors"],
  ["Discrete", "discrete"],
  ["Relaxed", "relaxed"],
  ["Built from others", "built"],
]

const HEAD = "| Family | Parameters | Support | Has | `kl` to |"
const RULE = "|---|---|---|---|---|"

const sectionOf = (member: Member): Section => {
  const { support } = member.forms[0]!.examples[0]!
  if (member.wraps) return "built"
  if (member.name.includes("Relaxed")) return "relaxed"
  if (support.discrete) return "discrete"
  return support.eventRank > 0 ? "vectors" : "line"
}

const row = (member: Member, all: ReadonlyArray<Member>): string =>
  `| ${[member.name, parameters(member), support(member), has(member), partners(member, all)].join(" | ")} |`

// What is made from any of several distributions is described in words: its examples are only examples.
interface Wrapper {
  readonly base: string
  readonly support: string
  /** Whether the methods are there only if the base has them. */
  readonly inherits: boolean
  readonly kl: string
}

const WRAPPERS: Readonly<Record<string, Wrapper>> = {
  Independent: { base: "a distribution", support: "the base's", inherits: true, kl: "as the base" },
  Mixture: {
    base: "a Categorical; a list of distributions on one set",
    support: "the components'",
    inherits: true,
    kl: "",
  },
  MixtureSameFamily: {
    base: "a Categorical; a distribution, whose last batch dimension is over the classes",
    support: "the components'",
    inherits: true,
    kl: "",
  },
  Transformed: {
    base: "a distribution; a transform",
    support: "the transform's codomain",
    inherits: true,
    kl: "by the same transform: as the base",
  },
  Flow: {
    base: "a distribution; transforms, in their order",
    support: "the last transform's codomain",
    inherits: true,
    kl: "",
  },
  Truncated: {
    base: "a distribution that has rsample, cdf, icdf",
    support: "the base's, between the ends",
    inherits: false,
    kl: "",
  },
  Masked: {
    base: "a distribution",
    support: "the base's",
    inherits: true,
    kl: "by the same mask: as the base",
  },
  LeftCensored: { base: "a distribution that has cdf", support: "the base's", inherits: true, kl: "" },
  RightCensored: { base: "a distribution that has cdf", support: "the base's", inherits: true, kl: "" },
  IntervalCensored: {
    base: "a distribution that has cdf",
    support: "a pair of ends, the lower first",
    inherits: true,
    kl: "",
  },
  ZeroInflated: { base: "a distribution of counts", support: "the base's", inherits: true, kl: "" },
}

const wrapper = (name: string): Wrapper =>
  WRAPPERS[name] ?? { base: "a distribution", support: "depends on the base", inherits: true, kl: "" }

/** Parameters that every form has, then the alternatives. */
const parameters = (member: Member): string => {
  const forms = member.forms.map((form) => parametersOf(form.examples[0]!, member.wraps))
  const shared = forms[0]!.filter((text) => forms.every((form) => form.includes(text)))
  const rests = forms.map((form) => form.filter((text) => !shared.includes(text)).join(" and "))
  const alternatives = [...new Set(rests.filter((text) => text !== ""))].join(", or ")
  const base = member.wraps ? [wrapper(member.name).base] : []
  return [...base, ...shared, ...(alternatives === "" ? [] : [alternatives])].join("; ")
}

/** A parameter of a distribution that is made from another has its name only: what it may be depends on the base. */
const parametersOf = (d: Distribution, wraps: boolean): ReadonlyArray<string> =>
  Object.entries(d.params)
    .filter(([name, parameter]) => {
      const isOwn = d.base !== undefined && d.base.params[name] !== parameter && !name.includes(".")
      return !wraps || isOwn
    })
    .map(([name, { constraint, above, orEqual }]) => {
      if (wraps) return `\`${name}\``
      const limits = [
        ...(above !== undefined && constraint.name === "real" ? [] : [brief(constraint)]),
        ...(above === undefined ? [] : [`${orEqual ? "at least" : "above"} \`${above}\``]),
      ]
      return `\`${name}\` ${limits.join(", ")}`
    })

/** The set in few words: without what stands in parentheses, and finiteness where there is a bound too. */
const brief = ({ describe, eventRank, cellRank }: Support, text = describe): string => {
  const short = text.replace(/ \(.*/, "").replace(/,? and finite|finite and /, "")
  return eventRank > 0 && cellRank === 0 && !VECTORS.test(short) ? `each ${short}` : short
}

/** Sets of numbers that already say that they are of several. */
const VECTORS = /^a (vector|matrix) /

const support = (member: Member): string =>
  member.wraps ? wrapper(member.name).support : [...new Set(member.forms.map(supportOf))].join(", or ")

/** The support's own words, where a number that is always a parameter's is called by its name. */
const supportOf = ({ examples }: Form): string => {
  const found = examples.map((d) => d.support.describe.match(NUMBER) ?? [])
  let i = 0
  const { support } = examples[0]!
  const text = support.describe.replace(NUMBER, (digits) => {
    const at = i++
    if (Math.abs(Number(digits)) === Math.fround(Math.PI)) return digits.startsWith("-") ? "−π" : "π"
    return named(examples, (k) => Number(found[k]![at])) ?? digits
  })
  return brief(support, text)
}

const NUMBER = /-?\d+(\.\d+)?/g

const named = (examples: ReadonlyArray<Distribution>, number: (k: number) => number): string | undefined => {
  const always = (name: string, of: (value: Value) => number | undefined): boolean =>
    examples.every((d, k) => of(d.params[name]!.value) === number(k))
  for (const name of Object.keys(examples[0]!.params)) {
    if (always(name, (x) => (typeof x === "number" ? x : undefined))) return `\`${name}\``
    if (examples.length < 2) continue
    if (always(name, length)) return `the number of \`${name}\``
    if (always(name, (x) => (length(x) ?? Number.NaN) - 1)) return `the number of \`${name}\` − 1`
  }
  return undefined
}

const length = (x: Value): number | undefined => (Array.isArray(x) ? x.length : undefined)

const METHODS = ["rsample", "mean", "variance", "mode", "entropy", "cdf", "icdf", "enumerate"]

/** Methods that every form has; of what is made from others, those that it has with a base that has them. */
const has = (member: Member): string => {
  const examples = member.forms.map((form) => form.examples[0]!)
  const [every, some] = [examples.every.bind(examples), examples.some.bind(examples)]
  const methods = METHODS.filter((name) => (member.wraps ? some : every)((d) => name in d))
  const list = [...methods, ...(member.fits ? ["fit"] : [])].join(", ")
  return member.wraps && wrapper(member.name).inherits ? `what the base has of ${list}` : list
}

/** The families to which `kl` has a closed form. */
const partners = (member: Member, all: ReadonlyArray<Member>): string => {
  const table: Readonly<Record<string, object>> = pairs
  const listed = (family: string) => Object.keys(table[family] ?? {})
  if (member.wraps) {
    const special = Object.keys(table)
      .filter((family) => family.startsWith(`${member.name}(`))
      .map((family) => `${family} to ${listed(family).join(", ")}`)
    return [wrapper(member.name).kl, ...special].filter((text) => text !== "").join("; ")
  }
  const p = member.forms[0]!.examples[0]!
  const known = all.filter((q) => !q.wraps && q.forms.some((form) => hasKl(p, form.examples[0]!)))
  const rank = ({ eventShape }: Distribution) => eventShape.length
  const alike = all.filter((q) => !q.wraps && q.forms.some((form) => rank(form.examples[0]!) === rank(p)))
  if (known.length === alike.length) return "any family"
  const independent = listed(p.family).filter((name) => name.startsWith("Independent("))
  return [...known.map(({ name }) => name), ...independent].join(", ")
}
