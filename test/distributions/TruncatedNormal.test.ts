/** Truncated distributions: the normal against 60 digits, however far out its ends; others against their own ratios. */
import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { findProblem } from "../../src/distributions/Distribution.ts"
import { Exponential } from "../../src/distributions/Exponential.ts"
import { Gumbel } from "../../src/distributions/Gumbel.ts"
import { Logistic } from "../../src/distributions/Logistic.ts"
import { Truncated } from "../../src/distributions/Truncated.ts"
import { TruncatedNormal } from "../../src/distributions/TruncatedNormal.ts"
import { Uniform } from "../../src/distributions/Uniform.ts"
import * as Key from "../../src/tensor/Key.ts"
import golden from "../goldens/truncatedNormal.json" with { type: "json" }
import { expectClose, numbers } from "../laws/numbers.ts"
import { on } from "../laws/onBackends.ts"

type Two = { readonly loc: number; readonly scale: number; readonly low: number; readonly high: number }

/** The types have it that one end at least is there; the table is not typed. */
const make = (params: object) => TruncatedNormal(params as Two)

describe("a truncated normal", () => {
  on(["cpu", "wasm"], (check) => {
    for (const { params, at, ...one } of golden.cases) {
      check(`has the numbers of 60 digits: ${JSON.stringify(params)}`, () => {
        const d = make(params)
        const values = tf.tensor1d(at)
        const tolerance = { relative: 1e-6, absolute: 1e-6 }
        expectClose(
          numbers(() => d.logProb(values)),
          one.logProb.map(Number),
          tolerance,
          "logProb",
        )
        expectClose(
          numbers(() => d.cdf(values)),
          one.cdf,
          { relative: 1e-6 },
          "cdf",
        )
        values.dispose()
        const icdf = numbers(() => d.icdf(tf.tensor1d(golden.probabilities)))
        expectClose(icdf, one.icdf, { relative: 2e-7, absolute: 1e-30 }, "icdf")
        for (const moment of ["mean", "variance", "entropy"] as const) {
          const expected = one[moment]
          const slack = moment === "mean" ? { relative: 2e-7, absolute: 1e-9 } : { relative: 1e-6 }
          expectClose(
            numbers(() => d[moment]()),
            [expected],
            slack,
            moment,
          )
        }
      })
    }
  })

  on(["cpu"], (check) => {
    check(
      "has the derivatives of its moments, quantiles and probabilities that finite differences give",
      () => {
        const names = ["loc", "scale", "low", "high"] as const
        for (const at of [
          [0.3, 1.2, -0.5, 2],
          [0, 1, 2, 4],
          [5, 2, -1, 1.5],
        ]) {
          const of = (values: ReadonlyArray<tf.Tensor>) => {
            const [loc, scale, low, high] = values as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]
            return TruncatedNormal({ loc, scale, low, high })
          }
          const x = 0.4 * at[2]! + 0.6 * at[3]!
          const uses: Record<string, (d: ReturnType<typeof of>) => tf.Tensor> = {
            mean: (d) => d.mean(),
            variance: (d) => d.variance(),
            entropy: (d) => d.entropy(),
            cdf: (d) => d.cdf(tf.scalar(x)),
            icdf: (d) => d.icdf(tf.scalar(0.3)),
            logProb: (d) => d.logProb(tf.scalar(x)),
          }
          for (const [name, use] of Object.entries(uses)) {
            const found = tf.tidy(() =>
              tf
                .grads((...values: Array<tf.Tensor>) => use(of(values)))(at.map((v) => tf.scalar(v)))
                .map((g) => g.dataSync()[0]!),
            )
            names.forEach((parameter, i) => {
              const value = (step: number) =>
                numbers(() => use(of(at.map((v, j) => tf.scalar(j === i ? v + step : v)))))[0]!
              const h = 0.02
              const expected = (8 * (value(h) - value(-h)) - (value(2 * h) - value(-2 * h))) / (12 * h)
              expectClose(
                [found[i]!],
                [expected],
                { relative: 1e-3, absolute: 1e-4 },
                `${name} in ${parameter}`,
              )
            })
          }
        }
      },
    )

    check("of one end has finite derivatives, and draws that stay within it", () => {
      for (const end of [{ low: 12 }, { high: -12 }, { low: 1000 }]) {
        const params = { loc: 0, scale: 1, ...end }
        const names = Object.keys(params)
        const gradients = tf.tidy(() =>
          tf
            .grads((...values: Array<tf.Tensor>) => {
              const d = make(Object.fromEntries(names.map((name, i) => [name, values[i]])))
              const draw = d.rsample(Key.key(0), [50])
              return tf.addN([tf.sum(d.logProb(draw)), d.mean(), d.variance(), d.entropy()])
            })(Object.values(params).map((v) => tf.scalar(v)))
            .map((g) => g.dataSync()[0]!),
        )
        for (const g of gradients) expect(Number.isFinite(g), JSON.stringify(end)).toBe(true)
        const draws = numbers(() => make(params).sample(Key.key(1), [1000]))
        const inside = (x: number) => ("low" in end ? x >= end.low! : x <= end.high!)
        expect(draws.every(inside), JSON.stringify(end)).toBe(true)
      }
    })
  })
})

describe("a truncated distribution", () => {
  on(["cpu", "wasm"], (check) => {
    check("is its base's share of what is left", () => {
      const base = Logistic({ loc: 0.5, scale: 1.5 })
      const F = (x: number) => 1 / (1 + Math.exp(-(x - 0.5) / 1.5))
      for (const [low, high] of [
        [-1, 2],
        [1, Infinity],
        [-Infinity, 0],
      ] as const) {
        const ends = {
          ...(low > -Infinity && { low }),
          ...(high < Infinity && { high }),
        } as { low: number; high: number }
        const d = Truncated(base, ends)
        const mass = F(high) - F(low)
        const at = [Math.max(low, -3), 0.2 * Math.max(low, -3) + 0.8 * Math.min(high, 3), Math.min(high, 3)]
        const expected = at.map((x) => Math.log((F(x) * (1 - F(x))) / 1.5 / mass))
        const title = JSON.stringify(ends)
        expectClose(
          numbers(() => d.logProb(tf.tensor1d(at))),
          expected,
          { relative: 2e-6, absolute: 2e-6 },
          title,
        )
        const share = at.map((x) => (F(x) - F(low)) / mass)
        expectClose(
          numbers(() => d.cdf(tf.tensor1d(at))),
          share,
          { absolute: 1e-6 },
          title,
        )
        expectClose(
          numbers(() => d.icdf(tf.tensor1d(share))),
          at,
          { absolute: 1e-5 },
          title,
        )
        expect(numbers(() => d.cdf(tf.tensor1d([-50, 50])))).toEqual([
          low > -Infinity ? 0 : expect.closeTo(0, 5),
          high < Infinity ? 1 : expect.closeTo(1, 5),
        ])
        expect(numbers(() => d.sample(Key.key(2), [5000])).every((x) => x >= low && x <= high)).toBe(true)
      }
    })
  })

  on(["cpu"], (check) => {
    check("has the support that is left of its base's", () => {
      const gumbel = Gumbel({ loc: 0, scale: 1 })
      const exponential = Exponential({ rate: 1 })
      const names: ["interval", "greaterThan", "lessThan", "interval", "greaterThan", "interval"] = [
        Truncated(gumbel, { low: 0, high: 1 }).support.name,
        Truncated(gumbel, { low: 0 }).support.name,
        Truncated(gumbel, { high: 0 }).support.name,
        Truncated(exponential, { high: 2 }).support.name,
        Truncated(exponential, { low: 2 }).support.name,
        Truncated(Uniform({ low: 0, high: 3 }), { low: 1 }).support.name,
      ]
      expect(names).toEqual(["interval", "greaterThan", "lessThan", "interval", "greaterThan", "interval"])
      expect(Truncated(exponential, { high: 2 }).support.describe).toBe("in [0, 2]")
      expect(Truncated(gumbel, { low: 0 }).support.describe).toBe("finite and at least 0")
      const nested = Truncated(Uniform({ low: 0, high: 4 }), { low: 1 })
      expect(nested.support.describe).toBe("in [1, 4]")
      expectClose(
        numbers(() => nested.logProb(tf.tensor1d([0.5, 2]))),
        [-Infinity, -Math.log(3)],
        { absolute: 1e-6 },
      )
    })

    check("keeps its base's batch, and its base's problem", () => {
      const d = Truncated(Gumbel({ loc: 0, scale: 1 }).expand([3, 1]), { low: [0, 1] })
      expect(d.batchShape).toEqual([3, 2])
      expect(numbers(() => d.sample(Key.key(0), [4])).length).toBe(24)
      const wrong = Truncated(Uniform({ low: 2, high: 1 }), { low: 0, high: 3 })
      expect(wrong.problem?.message).toContain('parameter "high" must be greater than "low"')
      expect(Truncated(Exponential({ rate: 1 }), { high: -1 }).problem?.message).toBe(
        'Truncated: parameter "high" must be positive and finite, found -1',
      )
      tf.tidy(() => {
        const late = Truncated(Exponential({ rate: tf.scalar(-1) }), { high: 2 })
        expect(findProblem(late)?.message).toContain('parameter "rate" must be positive')
      })
    })
  })
})
