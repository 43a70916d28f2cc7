/**
 * The log-masses of counts beyond what the laws of distributions try: second derivatives, shapes, the stable deviance;
 * and draws at large counts, whose mean and variance lie beyond five standard errors of the exact ones with
 * probability 6e-7 each, 4e-5 for all of them.
 */
import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import {
  binomialCdf,
  binomialLogMass,
  deviance,
  drawBinomial,
  drawDirichletMultinomial,
  drawInteger,
  drawMultinomial,
  drawNegativeBinomial,
  drawPoisson,
  multinomialLogMass,
  negativeBinomialCdf,
  negativeBinomialLogMass,
  poissonCdf,
  poissonLogMass,
} from "../../src/tensor/counts.ts"
import * as Key from "../../src/tensor/Key.ts"
import { expectClose, numbers } from "../laws/numbers.ts"
import { on } from "../laws/onBackends.ts"

const second = (f: (x: tf.Tensor) => tf.Tensor, at: number) =>
  numbers(() => tf.grad((x) => tf.grad(f)(x))(tf.scalar(at)))

describe("log-masses of counts", () => {
  on(["cpu", "wasm"], (check) => {
    check("have second derivatives in their rates and chances", () => {
      const [x, n] = [tf.scalar(7), tf.scalar(20)]
      const sigma = 1 / (1 + Math.exp(-0.4))
      const of = (f: (p: tf.Tensor) => tf.Tensor, at: number, expected: number) =>
        expectClose(second(f, at), [expected], { relative: 1e-5 })
      of((rate) => poissonLogMass(x, rate), 3, -7 / 9)
      of((p) => binomialLogMass(x, n, p, "probs"), 0.3, -7 / 0.09 - 13 / 0.49)
      of((l) => binomialLogMass(x, n, l, "logits"), 0.4, -20 * sigma * (1 - sigma))
      of((l) => negativeBinomialLogMass(x, n, l, "logits"), 0.4, -27 * sigma * (1 - sigma))
      of((rate) => negativeBinomialLogMass(x, n, rate, "rate"), 2, -20 / 4 + 27 / 9)
      of((mean) => negativeBinomialLogMass(x, n, mean, "mean"), 5, -7 / 25 + 27 / 625)
      of((rate) => poissonCdf(x, rate), 3, Math.exp(-3) * (3 ** 7 / 5040 - 3 ** 6 / 720))
      const counts = tf.tensor1d([3, 4])
      const logits = (l: tf.Tensor) => multinomialLogMass(counts, tf.stack([l, tf.scalar(0)]), true)
      of(logits, 0.4, -7 * sigma * (1 - sigma))
      const [own, other] = [tf.scalar(2), tf.scalar(3)]
      of((m) => deviance(own, m), 3, 2 / 9)
      of((y) => deviance(y, other), 2, 1 / 2)
      for (const t of [x, n, counts, own, other]) t.dispose()
    })

    check("and cumulative distributions have the gradients that finite differences give", () => {
      const x = tf.tensor1d([-1, 0, 2.5, 7, 12, 30])
      const along = (f: (t: tf.Tensor) => tf.Tensor, at: number, title: string) => {
        const h = 0.01 * at
        const [far, near, back, behind] = [2, 1, -1, -2].map((i) => numbers(() => f(tf.scalar(at + i * h))))
        const expected = near!.map((up, i) => (8 * (up - back![i]!) - (far![i]! - behind![i]!)) / (12 * h))
        expectClose(
          numbers(() => each(f, at)),
          expected,
          { relative: 2e-3, absolute: 3e-5 },
          title,
        )
      }
      // The gradient of each number alone: that of the sum, with the others weighed by zero.
      const each = (f: (t: tf.Tensor) => tf.Tensor, at: number) =>
        tf.stack(
          Array.from({ length: 6 }, (_, i) =>
            tf.grad((t: tf.Tensor) => tf.sum(tf.mul(f(t), tf.oneHot(tf.scalar(i, "int32"), 6))))(
              tf.scalar(at),
            ),
          ),
        )
      const n = tf.scalar(12)
      along((p) => binomialCdf(x, n, p, "probs"), 0.3, "binomial, probs")
      along((l) => binomialCdf(x, n, l, "logits"), 0.7, "binomial, logits")
      for (const [by, at] of [
        ["probs", 0.4],
        ["logits", 0.2],
        ["rate", 1.5],
        ["mean", 6],
      ] as const) {
        const chance = tf.scalar(at)
        const c = tf.scalar(4)
        along((t) => negativeBinomialCdf(x, c, t, by), at, `negative binomial, ${by}`)
        along((t) => negativeBinomialCdf(x, t, chance, by), 4, `negative binomial by ${by}, concentration`)
        along((t) => negativeBinomialLogMass(tf.relu(tf.floor(x)), t, chance, by), 4, `log-mass by ${by}`)
        tf.dispose([chance, c])
      }
      along((rate) => poissonCdf(x, rate), 5, "Poisson")
      tf.dispose([x, n])
    })

    check("broadcast, pass no gradient to a count, and leave no tensor behind", () => {
      const x = tf.tensor1d([0, 1, 4])
      const rate = tf.tensor2d([[0.5], [2]])
      const before = tf.memory().numTensors
      const [toCount, toRate] = tf.grads((x, rate) => poissonLogMass(x, rate))([x, rate])
      expect(Array.from(toCount!.dataSync())).toEqual([0, 0, 0])
      expectClose(Array.from(toRate!.dataSync()), [5 / 0.5 - 3, 5 / 2 - 3], { relative: 1e-6 })
      toCount!.dispose()
      toRate!.dispose()
      expect(tf.memory().numTensors).toBe(before)
      x.dispose()
      rate.dispose()
    })

    check("the deviance keeps the digits that the difference of its terms loses", () => {
      // (x − m)²/2m − (x − m)³/6m² + …, where x log(x/m) and m − x are 100 and cancel to 5e-3.
      const found = numbers(() => deviance(tf.tensor1d([1000100, 0, 5]), tf.tensor1d([1e6, 3, 5])))
      expectClose(found, [0.00499983334, 3, 0], { relative: 1e-6 })
    })
  })
})

describe("draws of counts", () => {
  const size = 20_000
  const full = (x: number) => tf.fill([size], x)

  on(["cpu"], (check) => {
    check("have the mean and the variance of large counts", () => {
      const key = Key.key(5)
      const near = (draw: () => tf.Tensor, mean: number, variance: number, excess = 0) => {
        const xs = numbers(draw)
        const found = xs.reduce((a, b) => a + b, 0) / size
        const spread = xs.reduce((a, x) => a + (x - mean) ** 2, 0) / size
        expect(Math.abs(found - mean)).toBeLessThan(5 * Math.sqrt(variance / size))
        expect(Math.abs(spread - variance)).toBeLessThan(5 * variance * Math.sqrt((2 + excess) / size))
      }
      near(() => drawPoisson(key, full(1e6)), 1e6, 1e6)
      near(() => drawBinomial(key, full(1e6), full(0.3), "probs"), 3e5, 2.1e5)
      near(() => drawBinomial(key, full(1e6), full(0.999), "probs"), 999_000, 999)
      near(() => drawNegativeBinomial(key, full(50), full(1e4), "mean"), 1e4, 1e4 + 1e8 / 50, 0.2)
      const trials = (k: number) => {
        const draws = drawMultinomial(key, full(1e5), tf.broadcastTo(tf.tensor1d([0, 1, 2]), [size, 3]), true)
        return tf.squeeze(tf.slice(draws, [0, k], [size, 1]))
      }
      const total = 1 + Math.E + Math.E ** 2
      for (const k of [0, 1, 2]) {
        const p = Math.exp(k) / total
        near(() => trials(k), 1e5 * p, 1e5 * p * (1 - p))
      }
    })
  })

  on(["cpu", "wasm"], (check) => {
    check("of an element depend on the key and its place alone", () => {
      const key = Key.key(9)
      const some = numbers(() => drawPoisson(key, tf.tensor1d([30, 2, 5000, 0.1])))
      const others = numbers(() => drawPoisson(key, tf.tensor1d([7, 2, 0.3, 0.1])))
      expect([others[1], others[3]]).toEqual([some[1], some[3]])
    })

    check("of what is no parameter are NaN, and end", () => {
      const key = Key.key(1)
      const bad = [Number.NaN, -1, Infinity]
      expect(numbers(() => drawPoisson(key, tf.tensor1d(bad)))).toEqual([Number.NaN, Number.NaN, Number.NaN])
      const n = () => tf.tensor1d([10, 10])
      expect(numbers(() => drawBinomial(key, n(), tf.tensor1d([Number.NaN, 1.5]), "probs"))).toEqual([
        Number.NaN,
        Number.NaN,
      ])
      expect(
        numbers(() => drawDirichletMultinomial(key, tf.tensor1d([5]), tf.tensor2d([[1, Number.NaN]]))),
      ).toEqual([Number.NaN, Number.NaN])
      expect(numbers(() => drawNegativeBinomial(key, n(), tf.tensor1d([Number.NaN, -1]), "rate"))).toEqual([
        Number.NaN,
        Number.NaN,
      ])
    })

    check("of a certain outcome are that outcome", () => {
      const key = Key.key(2)
      expect(numbers(() => drawBinomial(key, tf.tensor1d([9, 9]), tf.tensor1d([0, 1]), "probs"))).toEqual([
        0, 9,
      ])
      expect(numbers(() => drawInteger(key, tf.tensor1d([4]), tf.tensor1d([4])))).toEqual([4])
      expect(numbers(() => drawMultinomial(key, tf.tensor1d([9]), tf.tensor2d([[0, 1, 0]]), false))).toEqual([
        0, 9, 0,
      ])
    })
  })
})
