/**
 * The gamma's relatives where their goldens and laws do not reach: derivatives of quantiles, ends of the support, data
 * without an estimate, divergences that are infinite, and those of the crosses in their parameters.
 */
import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Result } from "effect"
import type { Distribution, Value } from "../../src/distributions/Distribution.ts"
import { klResult } from "../../src/distributions/kl.ts"
import * as guidepost from "../../src/index.ts"
import {
  Beta,
  Chi2,
  ContinuousBernoulli,
  Gamma,
  InverseGamma,
  Kumaraswamy,
  LogNormal,
  StudentT,
  Uniform,
} from "../../src/index.ts"
import type { Able } from "../laws/families.ts"
import { expectClose, numbers } from "../laws/numbers.ts"
import { on } from "../laws/onBackends.ts"
import { gammaCrosses } from "../laws/rows/gammaCrosses.ts"

type Make = (params: Readonly<Record<string, Value>>) => Able
const made = guidepost as unknown as Readonly<Record<string, Make>>

const scalars = (values: ReadonlyArray<number>) => values.map((x) => tf.scalar(x))

/** The derivative of a function of numbers in each of them. */
const slopes = (f: (...args: Array<tf.Tensor>) => tf.Tensor, at: ReadonlyArray<number>) =>
  tf.tidy(() =>
    tf
      .grads(f)(scalars(at))
      .map((g) => g.dataSync()[0]!),
  )

describe("a quantile", () => {
  on(["cpu", "wasm"], (check) => {
    check("moves with the parameters so that the probability stays", () => {
      const cases: ReadonlyArray<readonly [string, Readonly<Record<string, number>>]> = [
        ["Gamma", { concentration: 0.4, rate: 3 }],
        ["Gamma", { concentration: 2e4, rate: 1e-3 }],
        ["InverseGamma", { concentration: 2.5, rate: 30 }],
        ["Chi2", { df: 7 }],
        ["Beta", { concentration1: 0.7, concentration0: 5 }],
        ["Beta", { concentration1: 4e3, concentration0: 9e3 }],
        ["StudentT", { df: 3, loc: -1, scale: 2 }],
        ["StudentT", { df: 200, loc: 4, scale: 0.3 }],
        ["Kumaraswamy", { concentration1: 0.7, concentration0: 5 }],
        ["ContinuousBernoulli", { logits: -3 }],
        ["ContinuousBernoulli", { logits: 60 }],
      ]
      for (const [family, params] of cases) {
        const names = Object.keys(params)
        const of = (parts: ReadonlyArray<tf.Tensor>) =>
          made[family]!(Object.fromEntries(names.map((name, i) => [name, parts[i]!])))
        for (const p of [0.003, 0.3, 0.93]) {
          const title = `${family} ${JSON.stringify(params)} at ${p}`
          const x = numbers(() => of(scalars(Object.values(params))).icdf!(tf.scalar(p)))[0]!
          const [alongP, ...along] = slopes(
            (p, ...parts) => of(parts).icdf!(p),
            [p, ...Object.values(params)],
          )
          const [density, ...through] = slopes(
            (x, ...parts) => of(parts).cdf!(x),
            [x, ...Object.values(params)],
          )
          expectClose([alongP! * density!], [1], { relative: 1e-4 }, title)
          along.forEach((slope, i) => {
            const expected = -through[i]! / density!
            expectClose([slope], [expected], { relative: 2e-4, absolute: 1e-6 }, `${title}, ${names[i]}`)
          })
        }
      }
    })

    check("is an end of the support at 0 and 1, and no number beyond", () => {
      const at = () => tf.tensor1d([0, 1, -0.1, 1.1])
      const ends = (d: Able) => numbers(() => d.icdf!(at()))
      const none = Number.NaN
      expect(ends(Gamma({ concentration: 0.1, rate: 2 }))).toEqual([0, Infinity, none, none])
      expect(ends(Chi2({ df: 3 }))).toEqual([0, Infinity, none, none])
      expect(ends(InverseGamma({ concentration: 3, rate: 2 }))).toEqual([0, Infinity, none, none])
      expect(ends(StudentT({ df: 3, loc: 1, scale: 2 }))).toEqual([-Infinity, Infinity, none, none])
      expect(ends(Beta({ concentration1: 3, concentration0: 0.2 }))).toEqual([0, 1, none, none])
    })
  })
})

describe("a density on [0, 1] at its ends", () => {
  on(["cpu", "wasm"], (check) => {
    check("is 0, ∞ or finite as its powers say, and its derivatives are numbers", () => {
      for (const family of ["Beta", "Kumaraswamy"]) {
        for (const a of [0.5, 1, 2]) {
          for (const b of [0.5, 1, 2]) {
            for (const x of [0, 1]) {
              const own = x === 0 ? a : b
              const level = family === "Kumaraswamy" ? a * b : own === a ? b : a
              const expected = own < 1 ? Infinity : own > 1 ? -Infinity : Math.log(level)
              const score = (x: tf.Tensor, a: tf.Tensor, b: tf.Tensor) =>
                made[family]!({ concentration1: a, concentration0: b }).logProb(x)
              const title = `${family}(${a}, ${b}) at ${x}`
              const found = numbers(() => score(tf.scalar(x), tf.scalar(a), tf.scalar(b)))
              expectClose(found, [expected], { absolute: 1e-6 }, title)
              expect(slopes(score, [x, a, b]).some(Number.isNaN), title).toBe(false)
            }
          }
        }
      }
    })
  })
})

describe("fit", () => {
  on(["cpu", "wasm"], (check) => {
    const fits = { Gamma, InverseGamma, Chi2, Beta, ContinuousBernoulli }
    const fitted = (
      name: keyof typeof fits,
      values: ReadonlyArray<number>,
      weights?: ReadonlyArray<number>,
    ) =>
      tf.tidy(() => {
        const found = fits[name].fit(tf.tensor1d([...values]), weights && tf.tensor1d([...weights]))
        return Object.values(found as Readonly<Record<string, tf.Tensor>>).map((t) => t.dataSync()[0]!)
      })

    check("knows nothing of a column without weight", () => {
      for (const name of Object.keys(fits) as Array<keyof typeof fits>) {
        const found = fitted(name, [0.2, 0.5], [0, 0])
        expect(found.every(Number.isNaN), `${name}: ${found}`).toBe(true)
      }
    })

    check("has no bound where all values are equal", () => {
      expect(fitted("Gamma", [0.5, 0.5, 0.5])).toEqual([Infinity, Infinity])
      expect(fitted("InverseGamma", [0.5, 0.5, 0.5])).toEqual([Infinity, Infinity])
      for (const x of [0.01, 0.3, 0.5]) {
        const [a, b] = fitted("Beta", [x, x, x])
        expect(Math.min(a!, b!)).toBeGreaterThan(1e5)
        expectClose([a! / (a! + b!)], [x], { relative: 1e-5 })
      }
      expect(fitted("ContinuousBernoulli", [0, 0])).toEqual([-Infinity])
      expect(fitted("ContinuousBernoulli", [1, 1])).toEqual([Infinity])
      // One parameter: these have an estimate.
      expectClose(fitted("Chi2", [1, 1]), [1.866025], { relative: 1e-6 })
      expectClose(fitted("ContinuousBernoulli", [0.5, 0.5]), [0], { absolute: 1e-6 })
    })
  })
})

describe("a divergence between families", () => {
  on(["cpu"], (check) => {
    const divergence = (p: Distribution, q: Distribution) => Result.getOrThrow(klResult(p, q))

    check("is infinite where q does not cover p, or lacks a moment", () => {
      const uniform = (low: number, high: number) => Uniform({ low, high })
      const gamma = Gamma({ concentration: 2, rate: 1 })
      const beta = Beta({ concentration1: 2, concentration0: 3 })
      const grey = ContinuousBernoulli({ logits: 1 })
      const infinite: ReadonlyArray<readonly [Distribution, Distribution]> = [
        [uniform(-0.1, 1), gamma],
        [uniform(-0.1, 1), Chi2({ df: 2 })],
        [uniform(-0.1, 0.5), beta],
        [uniform(0.5, 1.1), beta],
        [uniform(-0.1, 0.5), grey],
        [beta, uniform(0, 0.9)],
        [grey, uniform(0.1, 1)],
        [Kumaraswamy({ concentration1: 2, concentration0: 2 }), uniform(0, 0.5)],
        [Gamma({ concentration: 0.9, rate: 1 }), InverseGamma({ concentration: 1, rate: 1 })],
        [InverseGamma({ concentration: 1, rate: 1 }), gamma],
        [InverseGamma({ concentration: 2, rate: 1 }), guidepost.Normal({ loc: 0, scale: 1 })],
        [guidepost.Pareto({ scale: 1, alpha: 0.8 }), gamma],
      ]
      for (const [p, q] of infinite) {
        expect(
          numbers(() => divergence(p, q)),
          `${p.family} ‖ ${q.family}`,
        ).toEqual([Infinity])
      }
      // The inverse of both is a gamma and the inverse of a gamma.
      const [a, b] = [LogNormal({ loc: 0.3, scale: 0.7 }), LogNormal({ loc: -0.3, scale: 0.7 })]
      const params = { concentration: 2, rate: 1.3 }
      const [direct] = numbers(() => divergence(a, Gamma(params)))
      const [inverted] = numbers(() => divergence(b, InverseGamma(params)))
      expectClose([inverted!], [direct!], { relative: 1e-5 })
    })

    check("has the gradient of its finite differences in the parameters of both", () => {
      for (const { title, p, q } of gammaCrosses.filter(({ title }) => !title.startsWith("Uniform from 0"))) {
        const sides = [p, q].map((d) => ({
          make: made[d.family]!,
          // One way of two to give a parameter is undefined.
          names: Object.keys(d.params).filter((name) => d.params[name]!.value !== undefined),
          values: d.params,
        }))
        const at = sides.flatMap(({ names, values }) => names.map((name) => values[name]!.value as number))
        const f = (...parts: Array<tf.Tensor>) => {
          let i = 0
          const [left, right] = sides.map(({ make, names }) =>
            make(Object.fromEntries(names.map((name) => [name, parts[i++]!]))),
          )
          return divergence(left!, right!)
        }
        const found = slopes(f, at)
        const names = sides.flatMap(({ names }) => names)
        at.forEach((x, i) => {
          // The ends of a uniform distribution on which none of these depends smoothly.
          if (q.family === "Uniform" && names[i] === "high" && i >= sides[0]!.names.length) return
          const moved = (h: number) =>
            numbers(() => f(...scalars(at.map((v, j) => (i === j ? v + h : v)))))[0]!
          const h = 0.02 * Math.max(Math.abs(x), 0.3)
          const expected = (8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h)
          expectClose([found[i]!], [expected], { relative: 1e-3, absolute: 3e-4 }, `${title}, ${names[i]}`)
        })
      }
    })
  })
})
