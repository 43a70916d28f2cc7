import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { IntervalCensored, LeftCensored, RightCensored } from "../../src/distributions/Censored.ts"
import type { Reparameterized, Value } from "../../src/distributions/Distribution.ts"
import { Exponential } from "../../src/distributions/Exponential.ts"
import { Gamma } from "../../src/distributions/Gamma.ts"
import { Normal } from "../../src/distributions/Normal.ts"
import { OneHotCategorical } from "../../src/distributions/OneHotCategorical.ts"
import { Poisson } from "../../src/distributions/Poisson.ts"
import type { Tailed } from "../../src/distributions/tails.ts"
import { Uniform } from "../../src/distributions/Uniform.ts"
import { Weibull } from "../../src/distributions/Weibull.ts"
import * as guidepost from "../../src/index.ts"
import * as Key from "../../src/tensor/Key.ts"
import { expectClose, numbers } from "../laws/numbers.ts"
import { on } from "../laws/onBackends.ts"

interface Golden {
  readonly family: string
  readonly params: Readonly<Record<string, number>>
}

const goldens = JSON.parse(
  readFileSync(fileURLToPath(new URL("../goldens/distributions_built.json", import.meta.url)), "utf8"),
) as {
  readonly oneSided: ReadonlyArray<
    Golden & { readonly x: Array<number>; readonly left: Array<number>; readonly right: Array<number> }
  >
  readonly intervals: ReadonlyArray<
    Golden & { readonly ends: Array<[number, number]>; readonly logProb: Array<number> }
  >
  readonly slopes: ReadonlyArray<
    Golden & {
      readonly kind: "left" | "right"
      readonly x: number
      readonly gradient: Readonly<Record<string, number>>
    }
  >
}

const made = (family: string, params: Readonly<Record<string, Value>>): Tailed =>
  (guidepost as unknown as Record<string, (params: object) => Tailed>)[family]!(params)

const titleOf = ({ family, params }: Golden): string => `${family} ${JSON.stringify(params)}`

/** Tails from an incomplete gamma function have its argument's rounding: of 75, say, which is 4e-6. */
const close = { relative: 4e-6, absolute: 5e-7 }

describe("censored distributions", () => {
  on(["cpu", "wasm"], (check) => {
    check("score a bound by the tail, far out and outside the support too", () => {
      for (const golden of goldens.oneSided) {
        const d = made(golden.family, golden.params)
        const at = (f: (d: Tailed, censored: number) => { logProb: (x: tf.Tensor) => tf.Tensor }) =>
          numbers(() => f(d, 1).logProb(tf.tensor1d(golden.x)))
        expectClose(at(LeftCensored), golden.left.map(Number), close, `left, ${titleOf(golden)}`)
        expectClose(at(RightCensored), golden.right.map(Number), close, `right, ${titleOf(golden)}`)
      }
    })

    check("score an interval by what lies within, wide or narrow, in the middle or far out", () => {
      for (const golden of goldens.intervals) {
        const ends = golden.ends.map((pair) => pair.map(Number))
        const found = numbers(() =>
          IntervalCensored(made(golden.family, golden.params)).logProb(tf.tensor2d(ends)),
        )
        // Half an ulp of each end is all that a short interval's width is known to.
        expectClose(found, golden.logProb.map(Number), { relative: 1e-5, absolute: 2e-6 }, titleOf(golden))
      }
    })

    check("have the tails' gradients, where the probability itself is nothing in float32", () => {
      for (const golden of goldens.slopes) {
        const names = Object.keys(golden.params)
        const censored = golden.kind === "left" ? LeftCensored : RightCensored
        const found = tf.tidy(() =>
          tf
            .grads((...values: Array<tf.Tensor>) => {
              const d = made(golden.family, Object.fromEntries(names.map((name, i) => [name, values[i]!])))
              return tf.sum(censored(d, 1).logProb(tf.scalar(golden.x)))
            })(names.map((name) => tf.scalar(golden.params[name]!)))
            .map((g) => g.dataSync()[0]!),
        )
        const expected = names.map((name) => golden.gradient[name]!)
        expectClose(found, expected, { relative: 2e-5 }, titleOf(golden))
      }
    })

    check("score what is known exactly by the density, cell by cell", () => {
      tf.tidy(() => {
        const d = Weibull({ concentration: 1.5, scale: 10 })
        const x = tf.tensor([3, 12, 40])
        const density = numbers(() => d.logProb(x))
        const [atMost, above] = [numbers(() => tf.log(d.cdf(x))), [3, 12, 40].map((x) => -((x / 10) ** 1.5))]
        for (const [made, tail] of [
          [LeftCensored(d, [0, 1, 0]), atMost],
          [RightCensored(d, [0, 1, 0]), above],
        ] as const) {
          expect(made.batchShape).toEqual([3])
          const found = numbers(() => made.logProb(x))
          expectClose(found, [density[0]!, tail[1]!, density[2]!], { relative: 2e-6 })
        }
        const pairs = tf.tensor([
          [3, 3],
          [12, Infinity],
          [-Infinity, 40],
        ])
        const expected = [density[0]!, above[1]!, atMost[2]!]
        expectClose(
          numbers(() => IntervalCensored(d).logProb(pairs)),
          expected,
          { relative: 2e-6 },
        )
      })
    })

    check("read one end only where the other is said to be open, and the outside where both are", () => {
      const d = Normal({ loc: 0, scale: 1 })
      const censored = IntervalCensored(d, { leftCensored: [0, 1, 0, 1], rightCensored: [0, 0, 1, 1] })
      const ends = [-1, 0.5]
      const [below, upTo] = [0.15865525393145707, 0.6914624612740131]
      expectClose(
        numbers(() => censored.logProb(tf.tensor2d([ends, ends, ends, ends]))),
        [Math.log(upTo - below), Math.log(upTo), Math.log1p(-below), Math.log1p(below - upTo)],
        { relative: 2e-6 },
      )
    })

    check("have finite gradients whatever the cell that does not count there holds", () => {
      const gradient = (f: (scale: tf.Tensor) => tf.Tensor) =>
        numbers(() => tf.grad((scale: tf.Tensor) => tf.sum(f(scale)))(tf.scalar(2)))[0]!
      const flags = [0, 1, 1]
      for (const [censored, x] of [
        [LeftCensored, [0.3, Infinity, -Infinity]],
        [RightCensored, [0.3, -Infinity, Infinity]],
      ] as const) {
        const found = gradient((scale) => {
          const logProb = censored(Normal({ loc: 0, scale }), flags).logProb(tf.tensor1d([...x]))
          return tf.slice(logProb, [0], [2])
        })
        // Only the first says anything: −1/scale + x²/scale³.
        expectClose([found], [-0.5 + 0.09 / 8], { relative: 1e-5 })
      }
      // The end of a support, where log(1 − F) is −∞ with an infinite slope, is a number like any other.
      const end = gradient((high) =>
        RightCensored(Uniform({ low: 0, high }), [0, 1]).logProb(tf.tensor([2, 1])),
      )
      expectClose([end], [-0.5 + 1 / 2], { absolute: 1e-6 })
      const shares = gradient((scale) =>
        IntervalCensored(Weibull({ concentration: 1.5, scale })).logProb(
          tf.tensor([
            [-1, 3],
            [2, 2],
            [1, Infinity],
          ]),
        ),
      )
      const [t, u] = [1.5 ** 1.5, 0.5 ** 1.5]
      const expected = (-1.5 / 2) * (t / Math.expm1(t)) + (1.5 / 2) * (1 - 1) + (1.5 / 2) * u
      expectClose([shares], [expected], { relative: 1e-5 })
    })

    check("draw the base's numbers, all of them known exactly", () => {
      const key = Key.key(4)
      const d = Gamma({ concentration: [2, 3], rate: 1 })
      const x = numbers(() => d.sample(key, [5]))
      for (const made of [LeftCensored(d, [0, 1]), RightCensored(d, 1)]) {
        expect(numbers(() => made.sample(key, [5]))).toEqual(x)
        expect(numbers(() => made.rsample(key, [5]))).toEqual(x)
      }
      const pairs = IntervalCensored(d, { leftCensored: [1, 0] })
      expect(pairs.eventShape).toEqual([2])
      expect(numbers(() => pairs.sample(key, [5]))).toEqual(x.flatMap((x) => [x, x]))
      // The batch grows to that of the flags, each cell with a draw of its own.
      const wide = LeftCensored(Normal({ loc: 0, scale: 1 }), [0, 1, 0, 1])
      expect(new Set(numbers(() => wide.sample(key))).size).toBe(4)
    })
  })

  on(["cpu"], (check) => {
    check("recover a rate from lives of which most are not over: Σ deaths / Σ times", () => {
      tf.tidy(() => {
        const times = tf.tensor([1.2, 3, 3, 0.4, 3, 3, 2.2, 3])
        const alive = [0, 1, 1, 0, 1, 1, 0, 1]
        const slope = (rate: number) =>
          numbers(() =>
            tf.grad((rate: tf.Tensor) => tf.sum(RightCensored(Exponential({ rate }), alive).logProb(times)))(
              tf.scalar(rate),
            ),
          )[0]!
        expect(Math.abs(slope(3 / 18.8))).toBeLessThan(1e-4)
        expect(slope(0.2)).toBeLessThan(-1)
      })
    })

    check("count whole numbers: an interval (low, high] leaves its lower end out", () => {
      const d = Poisson({ rate: 3 })
      const three = numbers(() => d.logProb(tf.scalar(3)))[0]!
      const of = (low: number, high: number) =>
        numbers(() => IntervalCensored(d).logProb(tf.tensor([low, high])))
      expectClose(of(2, 3), [three], { relative: 2e-6 })
      expectClose(of(3, 3), [three], { relative: 2e-6 })
      expect(of(3.1, 3.9)).toEqual([-Infinity])
      expect(of(4, 3)).toEqual([-Infinity])
    })

    check("stretch, and keep what they can do", () => {
      const d = RightCensored(Normal({ loc: [0, 1], scale: 1 }), [0, 1]).expand([3, 2])
      expect(d.batchShape).toEqual([3, 2])
      expect(numbers(() => d.rsample(Key.key(0)))).toHaveLength(6)
      expect(d.toEvent(1).eventShape).toEqual([2])
      expect(
        IntervalCensored(Normal({ loc: 0, scale: 1 }))
          .expand([4])
          .sample(Key.key(0)).shape,
      ).toEqual([4, 2])
    })
  })

  it("draw differentiably where the base does, and have a base with tails", () => {
    const mustNotCompile = (key: Key.Key) => {
      // @ts-expect-error draws of counts are not differentiable
      LeftCensored(Poisson({ rate: 1 }), 0).rsample(key)
      // @ts-expect-error one-hot vectors have no cumulative distribution
      RightCensored(OneHotCategorical({ probs: [0.5, 0.5] }), 0)
      // @ts-expect-error nor has a vector
      IntervalCensored(Normal.standard([2]))
      // @ts-expect-error a likelihood of bounds has no mean
      LeftCensored(Normal({ loc: 0, scale: 1 }), 0).mean()
      const pathwise: Reparameterized<"real"> = LeftCensored(Normal({ loc: 0, scale: 1 }), 0)
      const pairs: Reparameterized<"ends"> = IntervalCensored(Normal({ loc: 0, scale: 1 }))
      return [pathwise, pairs]
    }
    expect(mustNotCompile).toBeTypeOf("function")
    expect("rsample" in RightCensored(Poisson({ rate: 1 }), 0)).toBe(false)
    expect("rsample" in RightCensored(Normal({ loc: 0, scale: 1 }), 0)).toBe(true)
  })
})
