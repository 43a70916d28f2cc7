/**
 * The families of one number given by quantiles, and the random walk, against float64 SciPy: log-densities, moments,
 * entropies, cumulative distributions and quantiles, tails, ends and what lies outside included; and draws against
 * JAX's. The table's script is beside it.
 */
import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { AsymmetricLaplace } from "../../src/distributions/AsymmetricLaplace.ts"
import { Cauchy } from "../../src/distributions/Cauchy.ts"
import type { Value } from "../../src/distributions/Distribution.ts"
import { Exponential } from "../../src/distributions/Exponential.ts"
import { GaussianRandomWalk } from "../../src/distributions/GaussianRandomWalk.ts"
import { Gumbel } from "../../src/distributions/Gumbel.ts"
import { HalfCauchy } from "../../src/distributions/HalfCauchy.ts"
import { Kumaraswamy } from "../../src/distributions/Kumaraswamy.ts"
import { Laplace } from "../../src/distributions/Laplace.ts"
import { Logistic } from "../../src/distributions/Logistic.ts"
import { LogitNormal } from "../../src/distributions/LogitNormal.ts"
import { LogUniform } from "../../src/distributions/LogUniform.ts"
import { Pareto } from "../../src/distributions/Pareto.ts"
import { SoftLaplace } from "../../src/distributions/SoftLaplace.ts"
import { Weibull } from "../../src/distributions/Weibull.ts"
import * as Key from "../../src/tensor/Key.ts"
import golden from "../goldens/distributions_realLine.json" with { type: "json" }
import type { Able } from "../laws/families.ts"
import { expectClose, numbers } from "../laws/numbers.ts"
import { on } from "../laws/onBackends.ts"

const make = {
  AsymmetricLaplace,
  Cauchy,
  Exponential,
  Gumbel,
  HalfCauchy,
  Kumaraswamy,
  Laplace,
  Logistic,
  LogitNormal,
  LogUniform,
  Pareto,
  SoftLaplace,
  Weibull,
} as unknown as Record<string, (params: Readonly<Record<string, Value>>) => Able>

type Numbers = ReadonlyArray<number | string>

interface Case {
  readonly family: string
  readonly params: Readonly<Record<string, number>>
  readonly at: Numbers
  readonly logProb: Numbers
  readonly cdf: Numbers
  readonly icdfAt: ReadonlyArray<number>
  readonly icdf: Numbers
  readonly mean?: number | string
  readonly variance?: number | string
  readonly entropy?: number
}

const tolerance = { relative: 1e-5, absolute: 1e-6 }

/** What a location is added to has the error of the sum. */
const ofSum = ({ loc = 0 }: Case["params"]) => 2e-6 * Math.max(1, Math.abs(loc))

describe(`the same numbers as SciPy ${golden.scipy}`, () => {
  on(["cpu", "wasm"], (check) => {
    for (const one of golden.cases as unknown as ReadonlyArray<Case>) {
      check(`${one.family} ${JSON.stringify(one.params)}`, () => {
        const d = make[one.family]!(one.params)
        const values = tf.tensor1d(one.at.map(Number))
        const scored = numbers(() => d.logProb(values))
        expectClose(scored, one.logProb.map(Number), tolerance, "logProb")
        const cdf = numbers(() => d.cdf!(values))
        expectClose(cdf, one.cdf.map(Number), { relative: 1e-5, absolute: 1e-7 }, "cdf")
        values.dispose()
        const icdf = numbers(() => d.icdf!(tf.tensor1d([...one.icdfAt])))
        const absolute = "loc" in one.params && one.family !== "LogitNormal" ? ofSum(one.params) : 1e-30
        expectClose(icdf, one.icdf.map(Number), { relative: 1e-5, absolute }, "icdf")
        for (const moment of ["mean", "variance", "entropy"] as const) {
          expect(moment in d, moment).toBe(moment in one)
          if (one[moment] === undefined) continue
          expectClose(
            numbers(() => d[moment]!()),
            [Number(one[moment])],
            tolerance,
            moment,
          )
        }
      })
    }

    for (const { scale, numSteps, at, logProb, variance, entropy } of golden.walks) {
      check(`GaussianRandomWalk of ${numSteps} steps of ${scale}`, () => {
        const d = GaussianRandomWalk({ scale, numSteps })
        const found = numbers(() => d.logProb(tf.tensor2d(at, [3, numSteps])))
        expectClose(found, logProb, tolerance, "logProb")
        expectClose(
          numbers(() => d.variance()),
          variance,
          tolerance,
          "variance",
        )
        expectClose(
          numbers(() => d.entropy()),
          [entropy],
          tolerance,
          "entropy",
        )
      })
    }
  })
})

describe(`the same draws as JAX ${golden.jax}`, () => {
  const { seed, ...families } = golden.draws
  on(["cpu", "wasm"], (check) => {
    for (const [family, expected] of Object.entries(families)) {
      check(family, () => {
        const d = make[family]!(family === "Exponential" ? { rate: 1 } : { loc: 0, scale: 1 })
        const found = numbers(() => d.sample(Key.key(seed), [30]))
        // JAX takes its logarithms and tangents in float32.
        expectClose(found, expected, { relative: 1e-5, absolute: 1e-5 }, family)
      })
    }
  })
})

describe("a random walk", () => {
  on(["cpu"], (check) => {
    check("of no whole number of steps is refused", () => {
      for (const numSteps of [0, -1, 2.5, Number.NaN]) {
        expect(GaussianRandomWalk({ scale: 1, numSteps }).problem?.message).toBe(
          `GaussianRandomWalk: parameter "numSteps" must be a whole number from 1 up, found ${numSteps}`,
        )
      }
    })

    check("of one step is a normal", () => {
      const one = GaussianRandomWalk({ scale: [2, 3], numSteps: 1 })
      expect(one.batchShape).toEqual([2])
      expect(one.eventShape).toEqual([1])
      const found = numbers(() => one.logProb(tf.tensor2d([[1], [-2]])))
      const exact = [
        [1, 2],
        [-2, 3],
      ].map(([x, s]) => -0.5 * (x! / s!) ** 2 - Math.log(s! * Math.sqrt(2 * Math.PI)))
      expectClose(found, exact, { relative: 1e-6 })
    })
  })
})
