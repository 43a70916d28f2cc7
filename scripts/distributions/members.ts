/**
 * The distributions of the reference: one entry for each family, with real distributions of it. They are those of the
 * laws (test/laws/families.ts), and a few that the laws reach only through others.
 */
import type { Distribution } from "../../src/distributions/Distribution.ts"
import * as guidepost from "../../src/index.ts"
import { families } from "../../test/laws/families.ts"
import { type Grid, line } from "../../test/laws/grid.ts"

/** One way to write a family's parameters: distributions with the same parameters at different values. */
export interface Form {
  /** The laws' name, such as "Bernoulli(probs)". */
  readonly name: string
  readonly examples: ReadonlyArray<Distribution>
  /** Where the first example is integrated. */
  readonly grid?: Grid
}

/** A family, by the name under which it is exported. */
export interface Member {
  readonly name: string
  readonly forms: ReadonlyArray<Form>
  /** Whether it is made from another distribution, any of several. */
  readonly wraps: boolean
  readonly fits: boolean
}

/** Every family, by name. */
export const members = (): ReadonlyArray<Member> => {
  const groups = Object.groupBy([...fromLaws(), ...others()], ({ name }) => /^\w+/.exec(name)![0])
  return Object.entries(groups)
    .map(([name, forms]) => ({
      name,
      forms: forms!,
      // "Truncated(Gumbel, low)" is made from a Gumbel; "Bernoulli(probs)" is not.
      wraps: forms!.some((form) => /^\w+\([A-Z]/.test(form.name)),
      fits: name in guidepost && "fit" in (guidepost as unknown as Record<string, object>)[name]!,
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

const fromLaws = (): ReadonlyArray<Form> =>
  families.map(({ name, make, params, grid }) => ({
    name,
    examples: params.map((values) => make(values)),
    grid: grid(params[0]!),
  }))

const others = (): ReadonlyArray<Form> => {
  const temperature = 0.5
  const one = { logits: { logits: 0.3, temperature }, probs: { probs: 0.6, temperature } }
  const many = {
    logits: { logits: [0, 1, 2], temperature },
    probs: { probs: [0.2, 0.3, 0.5], temperature },
  }
  const logitGrid = line(-15, 15, 4000)
  const g = guidepost
  return [
    form("Independent(Normal)", g.Normal({ loc: [0, 1], scale: 1 }).toEvent(1)),
    form("Truncated(Gumbel, low)", g.Truncated(g.Gumbel({ loc: 0, scale: 1 }), { low: 0 })),
    form("RelaxedBernoulli(probs)", g.RelaxedBernoulli(one.probs)),
    form("RelaxedBernoulliLogits(logits)", g.RelaxedBernoulliLogits(one.logits), logitGrid),
    form("RelaxedBernoulliLogits(probs)", g.RelaxedBernoulliLogits(one.probs)),
    form("RelaxedBernoulliStraightThrough(logits)", g.RelaxedBernoulliStraightThrough(one.logits)),
    form("RelaxedOneHotCategorical(probs)", g.RelaxedOneHotCategorical(many.probs)),
    form(
      "RelaxedOneHotCategoricalStraightThrough(logits)",
      g.RelaxedOneHotCategoricalStraightThrough(many.logits),
    ),
    form("ExpRelaxedCategorical(logits)", g.ExpRelaxedCategorical(many.logits)),
    form("ExpRelaxedCategorical(probs)", g.ExpRelaxedCategorical(many.probs)),
  ]
}

const form = (name: string, example: Distribution, grid?: Grid): Form => ({
  name,
  examples: [example],
  ...(grid && { grid }),
})
