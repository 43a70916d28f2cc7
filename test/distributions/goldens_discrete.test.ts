/**
 * The families of counts and the relaxed ones against float64 SciPy and 50-digit arithmetic: ordinary parameters,
 * then counts to a million and parameters from 1e-30 to 1e30, with the derivatives there. The table's script is
 * beside it.
 */
import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { BetaBinomial } from "../../src/distributions/BetaBinomial.ts"
import { Binomial } from "../../src/distributions/Binomial.ts"
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
  BetaBinomial,
  Binomial,
  DirichletMultinomial,
  DiscreteUniform,
  GammaPoisson,
  Geometric,
  Multinomial,
  NegativeBinomial,
  NegativeBinomial2,
  OrderedLogistic,
  Poisson,
  RelaxedBernoulli,
  RelaxedOneHotCategorical,
  ZeroInflated: ({ gate, rate }: Values) => ZeroInflated(Poisson({ rate: rate! }), { gate: gate! }),
} as unknown as Record<string, (params: Values) => Able>

interface Case {
  readonly family: string
  readonly params: Values
  readonly at: ReadonlyArray<number> | ReadonlyArray<ReadonlyArray<number>>
  readonly logProb: ReadonlyArray<number | string>
  readonly cdf?: ReadonlyArray<number>
  readonly icdfAt?: ReadonlyArray<number>
  readonly icdf?: ReadonlyArray<number>
  readonly mean?: number | ReadonlyArray<number>
  readonly variance?: number | ReadonlyArray<number>
  readonly entropy?: number
}

interface Extreme {
  readonly family: string
  readonly params: Readonly<Record<string, number>>
  readonly x: number
  readonly logProb: number
  readonly slopes: Readonly<Record<string, number>>
}

const tolerance = { relative: 1e-5, absolute: 1e-6 }

describe(`the same numbers as SciPy ${golden.scipy} and mpmath ${golden.mpmath}`, () => {
  on(["cpu", "wasm"], (check) => {
    for (const one of golden.cases as unknown as ReadonlyArray<Case>) {
      check(`${one.family} ${JSON.stringify(one.params)}`, () => {
        const d = make[one.family]!(one.params)
        const values = () => tf.tensor(one.at as tf.TensorLike)
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
            tolerance,
            moment,
          )
        }
        expect(d.cdf === undefined, "cdf").toBe(one.cdf === undefined)
        if (one.cdf)
          expectClose(
            numbers(() => d.cdf!(values())),
            one.cdf,
            tolerance,
            "cdf",
          )
        if (one.icdf) {
          expect(numbers(() => d.icdf!(tf.tensor([...one.icdfAt!])))).toEqual(one.icdf)
        }
      })
    }

    check("at counts to a million and parameters from 1e-30 to 1e30, with derivatives", () => {
      for (const {
        family,
        params,
        x,
        logProb,
        slopes,
      } of golden.extremes as unknown as ReadonlyArray<Extreme>) {
        const title = `${family} ${JSON.stringify(params)} at ${x}`
        expectClose(
          numbers(() => make[family]!(params).logProb(tf.scalar(x))),
          [logProb],
          { relative: 3e-7 },
          title,
        )
        for (const [name, slope] of Object.entries(slopes)) {
          // A float32 has no larger number, and one this small is as good as none.
          if (Math.abs(slope) > 3e38) continue
          const found = tf.tidy(
            () =>
              tf
                .grad((t) => make[family]!({ ...params, [name]: t }).logProb(tf.scalar(x)))(
                  tf.scalar(params[name]!),
                )
                .dataSync()[0]!,
          )
          expectClose([found], [slope], { relative: 1e-5, absolute: 1e-30 }, `${title}: d/d${name}`)
        }
      }
    })
  })
})
