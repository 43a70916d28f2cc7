/**
 * The table of docs/distributions.md: what each family has, asked of its distributions.
 */
import type { Distribution, Value } from "../../src/distributions/Distribution.ts"
import { hasKl, pairs } from "../../src/distributions/kl.ts"
import { type Form, type Member, members } from "./members.ts"

/** The sections, each with its table, as Markdown. */
export const tables = (): string => {
  const all = members()
  return SECTIONS.map(([title, holds]) => {
    const rows = all.filter((member) => sectionOf(member) === holds)
    return [`## ${title}`, "", HEAD, RULE, ...rows.map((member) => row(member, all)), ""].join("\n")
  }).join("\n")
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

// What is made from any of several distributions says it in words: its examples are only examples.
const WRAPPED: Readonly<Record<string, { readonly support: string; readonly kl: string }>> = {
  Independent: { support: "the base's", kl: "as the base; Independent(Normal) to MultivariateNormal too" },
  Transformed: { support: "the transform's codomain", kl: "the same transform: as the base" },
  Truncated: { support: "the base's, between the ends", kl: "" },
  ZeroInflated: { support: "the base's, counts from 0", kl: "" },
}

/** Parameters that every form has, then the alternatives. */
const parameters = (member: Member): string => {
  const forms = member.forms.map((form) => parametersOf(form.examples[0]!, member.wraps))
  const shared = forms[0]!.filter((text) => forms.every((form) => form.includes(text)))
  const rests = forms.map((form) => form.filter((text) => !shared.includes(text)).join(" and "))
  const alternatives = [...new Set(rests.filter((text) => text !== ""))].join(" or ")
  const base = member.wraps ? ["a distribution"] : []
  const transform = member.name === "Transformed" ? ["a transform"] : []
  return [...base, ...transform, ...shared, ...(alternatives === "" ? [] : [alternatives])].join("; ")
}

const parametersOf = (d: Distribution, wraps: boolean): ReadonlyArray<string> =>
  Object.entries(d.params)
    .filter(([name]) => !(wraps && (d.base?.params[name] === d.params[name] || name.includes("."))))
    .filter(([name]) => !(wraps && d.base === undefined) || name === "")
    .map(([name, { constraint, above }]) => {
      const limit = above === undefined ? "" : ` above \`${above}\``
      return `\`${name}\`${constraint.name === "real" && limit !== "" ? limit : ` ${brief(constraint.describe)}${limit}`}`
    })

/** Without what stands in parentheses, and "and finite". */
const brief = (text: string): string => text.replace(/ \(.*/, "").replace(" and finite", "")

const support = (member: Member): string =>
  member.wraps
    ? (WRAPPED[member.name]?.support ?? "depends on the base")
    : [...new Set(member.forms.map(supportOf))].join(", or ")

/** The support's own words, where a number that is always a parameter's is called by its name. */
const supportOf = ({ examples }: Form): string => {
  const found = examples.map((d) => d.support.describe.match(NUMBER) ?? [])
  let i = 0
  return brief(
    examples[0]!.support.describe.replace(NUMBER, (text) => {
      const at = i++
      if (Math.abs(Number(text)) === Math.fround(Math.PI)) return text.startsWith("-") ? "−π" : "π"
      return named(examples, (k) => Number(found[k]![at])) ?? text
    }),
  )
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
  return member.wraps && list !== "" ? `with a base that has them: ${list}` : list
}

/** The families to which `kl` has a closed form. */
const partners = (member: Member, all: ReadonlyArray<Member>): string => {
  if (member.wraps) return WRAPPED[member.name]?.kl ?? ""
  const p = member.forms[0]!.examples[0]!
  const table: Readonly<Record<string, object>> = pairs
  const known = all.filter((q) => !q.wraps && q.forms.some((form) => hasKl(p, form.examples[0]!)))
  const unlisted = Object.keys(table[p.family] ?? {}).filter((name) => name.startsWith("Independent("))
  if (known.length > all.length / 2) return "any family"
  return [...known.map(({ name }) => name), ...unlisted].join(", ")
}
