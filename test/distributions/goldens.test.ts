/**
 * Every family against float64 SciPy: log-densities, moments, entropies, cumulative distributions and quantiles at
 * ordinary and at extreme arguments; and draws against JAX's. The table's script is beside it.
 */
import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Bernoulli } from "../../src/distributions/Bernoulli.ts"
import { Categorical } from "../../src/distributions/Categorical.ts"
import type { Value } from "../../src/distributions/Distribution.ts"
import { HalfNormal } from "../../src/distributions/HalfNormal.ts"
import { LogNormal } from "../../src/distributions/LogNormal.ts"
import { Normal } from "../../src/distributions/Normal.ts"
import { OneHotCategorical } from "../../src/distributions/OneHotCategorical.ts"
import { Uniform } from "../../src/distributions/Uniform.ts"
import * as Key from "../../src/tensor/Key.ts"
import golden from "../goldens/distributions.json" with { type: "json" }
import type { Able } from "../laws/families.ts"
import { expectClose, numbers } from "../laws/numbers.ts"
import { on } from "../laws/onBackends.ts"

const make = {
  Bernoulli,
  Categorical,
  HalfNormal,
  LogNormal,
  Normal,
  OneHotCategorical,
  Uniform,
} as unknown as Record<string, (params: Readonly<Record<string, Value>>) => Able>

interface Case {
  readonly family: string
  readonly params: Readonly<Record<string, Value>>
  readonly at?: ReadonlyArray<number | string>
  readonly logProb: ReadonlyArray<number | string>
  readonly cdf?: ReadonlyArray<number>
  readonly icdfAt?: ReadonlyArray<number>
  readonly icdf?: ReadonlyArray<number | string>
  readonly mean?: number | ReadonlyArray<number>
  readonly variance?: number | ReadonlyArray<number>
  readonly entropy: number
}

const tolerance = { relative: 1e-5, absolute: 1e-6 }

describe(`the same numbers as SciPy ${golden.scipy}`, () => {
  on(["cpu", "wasm"], (check) => {
    for (const one of golden.cases as unknown as ReadonlyArray<Case>) {
      check(`${one.family} ${JSON.stringify(one.params)}`, () => {
        const d = make[one.family]!(one.params)
        const values = one.at === undefined ? d.enumerate!() : tf.tensor1d(one.at.map(Number))
        expectClose(
          numbers(() => d.logProb(values)),
          one.logProb.map(Number),
          tolerance,
          "logProb",
        )
        for (const moment of ["mean", "variance", "entropy"] as const) {
          const expected = one[moment]
          if (expected === undefined) continue
          expectClose(
            numbers(() => d[moment]!()),
            [expected].flat() as Array<number>,
            tolerance,
            moment,
          )
        }
        if (one.cdf)
          expectClose(
            numbers(() => d.cdf!(values)),
            one.cdf,
            tolerance,
            "cdf",
          )
        values.dispose()
        if (one.icdf) {
          // What a location is added to has the error of the sum.
          const located = one.family === "Normal" || one.family === "Uniform"
          const absolute = located ? 2e-6 * Math.max(1, Math.abs(one.mean as number)) : 1e-30
          const found = numbers(() => d.icdf!(tf.tensor1d([...one.icdfAt!])))
          expectClose(found, one.icdf.map(Number), { relative: 2e-5, absolute }, "icdf")
        }
      })
    }
  })
})

describe(`the same draws as JAX ${golden.jax}`, () => {
  const { seed, probs, bernoulli } = golden.draws
  on(["cpu", "wasm"], (check) => {
    check("Bernoulli, by probabilities", () => {
      expect(numbers(() => Bernoulli({ probs }).sample(Key.key(seed), [20]))).toEqual(bernoulli.flat())
    })

    check("Bernoulli, by logits: all but those within rounding of the threshold", () => {
      const byLogits = Bernoulli({ logits: probs.map((p) => Math.log(p / (1 - p))) })
      expect(numbers(() => byLogits.sample(Key.key(seed), [20]))).toEqual(bernoulli.flat())
    })

    check(
      "Categorical by probabilities draws as by their logarithms, and OneHotCategorical the same classes",
      () => {
        const p = [0.05, 0.15, 0.8]
        const byLogits = numbers(() => Categorical({ logits: p.map(Math.log) }).sample(Key.key(1), [200]))
        expect(numbers(() => Categorical({ probs: p }).sample(Key.key(1), [200]))).toEqual(byLogits)
        const vectors = numbers(() => OneHotCategorical({ probs: p }).sample(Key.key(1), [200]))
        expect(vectors).toEqual(byLogits.flatMap((k) => [0, 1, 2].map((j) => (j === k ? 1 : 0))))
      },
    )
  })
})
