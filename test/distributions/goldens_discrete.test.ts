/**
 * The discrete families and the relaxed ones against float64 SciPy and 50-digit arithmetic: in the middle, in both
 * tails, at the ends and outside of the support, with counts to a million. A cumulative probability keeps its digits
 * however small it is.
 */
import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Bernoulli } from "../../src/distributions/Bernoulli.ts"
import { BetaBinomial } from "../../src/distributions/BetaBinomial.ts"
import { Binomial } from "../../src/distributions/Binomial.ts"
import { Categorical } from "../../src/distributions/Categorical.ts"
import { DirichletMultinomial } from "../../src/distributions/DirichletMultinomial.ts"
import { DiscreteUniform } from "../../src/distributions/DiscreteUniform.ts"
import type { Value } from "../../src/distributions/Distribution.ts"
import { Geometric } from "../../src/distributions/Geometric.ts"
import { Multinomial } from "../../src/distributions/Multinomial.ts"
import {
  GammaPoisson,
  NegativeBinomial,
  NegativeBinomial2,
} from "../../src/distributions/NegativeBinomial.ts"
import { OneHotCategorical } from "../../src/distributions/OneHotCategorical.ts"
import { OrderedLogistic } from "../../src/distributions/OrderedLogistic.ts"
import { Poisson } from "../../src/distributions/Poisson.ts"
import { RelaxedBernoulli } from "../../src/distributions/RelaxedBernoulli.ts"
import { RelaxedOneHotCategorical } from "../../src/distributions/RelaxedOneHotCategorical.ts"
import { ZeroInflated } from "../../src/distributions/ZeroInflated.ts"
import golden from "../goldens/distributions_discrete.json" with { type: "json" }
import type { Able } from "../laws/families.ts"
import { expectClose, numbers } from "../laws/numbers.ts"
import { on } from "../laws/onBackends.ts"

type Values = Readonly<Record<string, Value>>

const make = {
  Bernoulli,
  BetaBinomial,
  Binomial,
  Categorical,
  DirichletMultinomial,
  DiscreteUniform,
  GammaPoisson,
  Geometric,
  Multinomial,
  NegativeBinomial,
  NegativeBinomial2,
  OneHotCategorical,
  OrderedLogistic,
  Poisson,
  RelaxedBernoulli,
  RelaxedOneHotCategorical,
  ZeroInflated: ({ gate, rate }: Values) => ZeroInflated(Poisson({ rate: rate! }), { gate: gate! }),
} as unknown as Record<string, (params: Values) => Able>

/** A number, or a string where JSON has none. */
type Numeral = number | string

interface Case {
  readonly family: string
  readonly params: Values
  readonly at: ReadonlyArray<Numeral> | ReadonlyArray<ReadonlyArray<Numeral>>
  readonly logProb: ReadonlyArray<Numeral>
  /** Where the cdf is taken, if elsewhere. */
  readonly cdfAt?: ReadonlyArray<Numeral>
  readonly cdf?: ReadonlyArray<Numeral>
  readonly icdfAt?: ReadonlyArray<number>
  readonly icdf?: ReadonlyArray<Numeral>
  readonly mean?: number | ReadonlyArray<number>
  readonly variance?: number | ReadonlyArray<number>
  readonly entropy?: number
}

const tolerance = { relative: 1e-5, absolute: 1e-6 }

describe(`the same numbers as SciPy ${golden.scipy} and mpmath ${golden.mpmath}`, () => {
  on(["cpu", "wasm"], (check) => {
    for (const one of golden.cases as unknown as ReadonlyArray<Case>) {
      check(`${one.family} ${JSON.stringify(one.params)}`, () => {
        const d = make[one.family]!(one.params)
        const width = Array.isArray(one.at[0]) ? [one.at[0].length] : []
        const values = () => tf.tensor(one.at.flat().map(Number), [one.at.length, ...width], "float32")
        expectClose(
          numbers(() => d.logProb(values())),
          one.logProb.map(Number),
          tolerance,
          "logProb",
        )
        for (const moment of ["mean", "variance", "entropy"] as const) {
          const expected = one[moment]
          expect(d[moment] === undefined, moment).toBe(expected === undefined)
          if (expected === undefined) continue
          expectClose(
            numbers(() => d[moment]!()),
            [expected].flat() as Array<number>,
            { relative: 1e-5 },
            moment,
          )
        }
        expect(d.cdf === undefined, "cdf").toBe(one.cdf === undefined)
        if (one.cdf)
          expectClose(
            numbers(() => d.cdf!(one.cdfAt ? tf.tensor1d(one.cdfAt.map(Number)) : values())),
            one.cdf.map(Number),
            { relative: 1e-5, absolute: 1e-37 },
            "cdf",
          )
        expect(d.icdf === undefined, "icdf").toBe(one.icdf === undefined)
        if (one.icdf) {
          expect(numbers(() => d.icdf!(tf.tensor([...one.icdfAt!])))).toEqual(one.icdf.map(Number))
        }
      })
    }
  })
})
