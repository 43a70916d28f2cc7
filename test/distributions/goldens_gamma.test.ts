/**
 * The gamma's relatives against float64 SciPy and 40-digit arithmetic; their draws' derivatives; their estimates; and
 * extremes: concentrations 1e-6 … 1e6, beta values 0 and 1, 1e-2 … 1e8 degrees of freedom.
 */
import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Beta } from "../../src/distributions/Beta.ts"
import { Chi2 } from "../../src/distributions/Chi2.ts"
import { ContinuousBernoulli } from "../../src/distributions/ContinuousBernoulli.ts"
import { Dirichlet } from "../../src/distributions/Dirichlet.ts"
import type { Value } from "../../src/distributions/Distribution.ts"
import { Gamma } from "../../src/distributions/Gamma.ts"
import { InverseGamma } from "../../src/distributions/InverseGamma.ts"
import { InverseGaussian } from "../../src/distributions/InverseGaussian.ts"
import { Kumaraswamy } from "../../src/distributions/Kumaraswamy.ts"
import { kl } from "../../src/distributions/kl.ts"
import { StudentT } from "../../src/distributions/StudentT.ts"
import { VonMises } from "../../src/distributions/VonMises.ts"
import * as Key from "../../src/tensor/Key.ts"
import { vonMisesSlope } from "../../src/tensor/kernels/paths/vonMises.ts"
import golden from "../goldens/distributions_gamma.json" with { type: "json" }
import type { Able } from "../laws/families.ts"
import { expectClose, numbers } from "../laws/numbers.ts"
import { on } from "../laws/onBackends.ts"

const make = {
  Beta,
  Chi2,
  ContinuousBernoulli,
  Gamma,
  InverseGamma,
  InverseGaussian,
  Kumaraswamy,
  StudentT,
  VonMises,
} as unknown as Record<string, (params: Readonly<Record<string, Value>>) => Able>

const tolerance = { relative: 1e-5, absolute: 1e-6 }
const methods = ["mean", "variance", "entropy"] as const

describe(`the same numbers as SciPy ${golden.scipy}`, () => {
  on(["cpu", "wasm"], (check) => {
    for (const one of golden.cases) {
      check(`${one.family} ${JSON.stringify(one.params)}`, () => {
        const d = make[one.family]!(one.params as unknown as Readonly<Record<string, Value>>)
        const at = () => tf.tensor1d(one.at)
        const logProb = numbers(() => d.logProb(at()))
        expectClose(logProb, one.logProb.map(Number), tolerance, "logProb")
        const { cdf }: { readonly cdf?: ReadonlyArray<number | string> } = one
        // Relative in the lower tail too.
        if (cdf) {
          const found = numbers(() => d.cdf!(at()))
          expectClose(found, cdf.map(Number), { relative: 1e-5, absolute: 1e-30 }, "cdf")
        }
        const { icdf }: { readonly icdf?: ReadonlyArray<number | string> } = one
        if (icdf) {
          const found = numbers(() => d.icdf!(tf.tensor1d(golden.probabilities)))
          expectClose(found, icdf.map(Number), { relative: 1e-6, absolute: 1e-37 }, "icdf")
        }
        const moments: Partial<Record<(typeof methods)[number], number>> = one
        for (const moment of methods) {
          const expected = moments[moment]
          if (expected === undefined) continue
          const found = numbers(() => d[moment]!())
          expectClose(found, [expected], tolerance, moment)
        }
      })
    }

    for (const { family, params, mode } of golden.modes) {
      check(`the mode of ${family} ${JSON.stringify(params)}`, () => {
        const d = make[family]!(params as unknown as Readonly<Record<string, Value>>)
        expectClose(
          numbers(() => d.mode!()),
          [mode],
          { relative: 1e-6 },
        )
      })
    }

    for (const one of golden.vectors) {
      check(`Dirichlet ${JSON.stringify(one.concentration)}`, () => {
        const d = Dirichlet(one)
        const logProb = numbers(() => d.logProb(tf.tensor2d(one.at)))
        // A rounded simplex does not sum to one: what the density is of it depends on the last digits.
        expectClose(logProb, one.logProb, tolerance, "logProb")
        for (const moment of methods) {
          const found = numbers(() => d[moment]())
          expectClose(found, [one[moment]].flat(), tolerance, moment)
        }
      })
    }
  })
})

describe("draws", () => {
  on(["cpu", "wasm"], (check) => {
    check("of a gamma move with the shape as the quantile does", () => {
      tf.tidy(() => {
        for (const { a, x, slope } of golden.paths) {
          const found = numbers(
            () =>
              tf
                .engine()
                .runKernel(
                  "GuidepostGammaPath",
                  { a: tf.tensor1d([a]), rate: tf.tensor1d([1]), x: tf.tensor1d([x]), dy: tf.tensor1d([1]) },
                  { inverse: false, hi: 0, lo: 0 },
                ) as tf.Tensor,
          )
          expectClose(found, [slope], { relative: 1e-6 }, `a = ${a}, x = ${x}`)
        }
      })
    })

    check("of von Mises' distribution move with the concentration as the quantile does", () => {
      for (const { k, theta, slope } of golden.angles) {
        expectClose([vonMisesSlope(theta, k)], [slope], { relative: 1e-9 }, `κ = ${k}, θ = ${theta}`)
      }
    })

    check("have finite values, densities and derivatives at extreme parameters", () => {
      const ends = [1e-6, 1e-3, 1, 1e3, 1e6]
      const degrees = [1e-2, 1, 1e4, 1e8]
      const shape = () => ({ concentration: tf.tensor1d(ends), rate: tf.tensor1d([3, 1, 1e-30, 1e30, 2]) })
      const cases: ReadonlyArray<readonly [string, Record<string, tf.Tensor>, (p: never) => unknown]> = [
        ["Gamma", shape(), Gamma],
        ["InverseGamma", shape(), InverseGamma],
        ["Chi2", { df: tf.tensor1d(ends) }, Chi2],
        [
          "Beta",
          { concentration1: tf.tensor1d(ends), concentration0: tf.tensor1d([...ends].reverse()) },
          Beta,
        ],
        ["Beta", { concentration1: tf.tensor1d(ends), concentration0: tf.tensor1d(ends) }, Beta],
        [
          "Dirichlet",
          {
            concentration: tf.tensor2d([
              [1e-6, 1e-6, 1e-6],
              [1e6, 1e-6, 1],
              [1e6, 1e6, 1e6],
            ]),
          },
          Dirichlet,
        ],
        ["StudentT", { df: tf.tensor1d(degrees), loc: tf.scalar(1), scale: tf.scalar(2) }, StudentT],
        [
          "VonMises",
          {
            loc: tf.tensor1d([0, 1, -3, 100, 0.2]),
            concentration: tf.tensor1d([1e-6, 1e-2, 1e3, 1e6, 1e12]),
          },
          VonMises,
        ],
        [
          "InverseGaussian",
          { loc: tf.tensor1d([1e-3, 1, 1e3, 1, 1e6]), concentration: tf.tensor1d([1e6, 1e-6, 1e3, 1e6, 1]) },
          InverseGaussian,
        ],
        [
          "Kumaraswamy",
          { concentration1: tf.tensor1d(ends), concentration0: tf.tensor1d([...ends].reverse()) },
          Kumaraswamy,
        ],
        [
          "Kumaraswamy",
          { concentration1: tf.tensor1d(ends), concentration0: tf.tensor1d(ends) },
          Kumaraswamy,
        ],
        ["ContinuousBernoulli", { logits: tf.tensor1d([-1e4, -1e-6, 0, 1e-3, 1e4]) }, ContinuousBernoulli],
      ]
      for (const [name, params, of] of cases) {
        const family = of as (p: Readonly<Record<string, Value>>) => Able
        tf.tidy(() => {
          const names = Object.keys(params)
          const remake = (parts: ReadonlyArray<tf.Tensor>) =>
            family(Object.fromEntries(names.map((n, i) => [n, parts[i]!])))
          const draws = family(params).sample(Key.key(3), [20])
          const d = family(params)
          const expectFinite = (x: tf.Tensor, what: string) =>
            expect(Array.from(x.dataSync()).every(Number.isFinite), `${name}: ${what} ${x.toString()}`).toBe(
              true,
            )
          expectFinite(draws, "draws")
          expectFinite(d.logProb(draws), "logProb")
          if (d.entropy) expectFinite(d.entropy(), "entropy")
          const score = (...parts: Array<tf.Tensor>) => tf.sum(remake(parts).logProb(draws))
          tf.grads(score)(Object.values(params)).forEach((g, i) => {
            expectFinite(g, `score in ${names[i]}`)
          })
          const path = (...parts: Array<tf.Tensor>) =>
            tf.mean(tf.tanh(remake(parts).rsample!(Key.key(3), [20])))
          tf.grads(path)(Object.values(params)).forEach((g, i) => {
            expectFinite(g, `path in ${names[i]}`)
          })
        })
        for (const t of Object.values(params)) t.dispose()
      }
    })
  })

  on(["cpu"], (check) => {
    check("at shape 1e-6 have logarithms that are exponential, of mean −1e6", () => {
      // A share of two such gammas is next to 0 or next to 1, one as often as the other.
      const x = numbers(() => Beta({ concentration1: 1e-6, concentration0: 1e-6 }).sample(Key.key(1), [400]))
      const high = x.filter((v) => v > 0.5).length
      // A fair coin of 400 lies further from 200 than 44 with probability 1e-5.
      expect(Math.abs(high - 200)).toBeLessThan(44)
      expect(x.every((v) => v < 1e-30 || v > 1 - 1e-6)).toBe(true)
    })
  })
})

describe("a beta at 0 and at 1", () => {
  on(["cpu", "wasm"], (check) => {
    check("has the density and the gradients of its closed form", () => {
      const d = (a: number, b: number) => Beta({ concentration1: a, concentration0: b })
      const ends = () => tf.tensor1d([0, 1])
      expectClose(
        numbers(() => d(1, 3).logProb(ends())),
        [Math.log(3), -Infinity],
        { relative: 1e-6 },
      )
      expectClose(
        numbers(() => d(3, 1).logProb(ends())),
        [-Infinity, Math.log(3)],
        { relative: 1e-6 },
      )
      expectClose(
        numbers(() => d(1, 1).logProb(ends())),
        [0, 0],
        {},
      )
      expectClose(
        numbers(() => d(0.5, 1).logProb(ends())),
        [Infinity, Math.log(0.5)],
        { relative: 1e-6 },
      )
      const slope = (a: number, b: number, at: number) =>
        numbers(() => tf.grad((x: tf.Tensor) => d(a, b).logProb(x))(tf.scalar(at)))
      expectClose(slope(1, 3, 0), [-2], {})
      expectClose(slope(4, 1, 1), [3], {})
      expectClose(slope(1, 1, 0), [0], {})
    })
  })
})

describe("fit", () => {
  on(["cpu", "wasm"], (check) => {
    /** The mean weighted log-likelihood, which no nearby parameters may exceed. */
    const isBest = (
      fitted: Record<string, tf.Tensor>,
      of: (p: never) => unknown,
      values: tf.Tensor,
      weights: tf.Tensor,
    ) => {
      const family = of as (p: Readonly<Record<string, Value>>) => Able
      const gradients = tf.grads((...parts: Array<tf.Tensor>) => {
        const d = family(Object.fromEntries(Object.keys(fitted).map((n, i) => [n, parts[i]!])))
        return tf.div(tf.sum(tf.mul(weights, d.logProb(values))), tf.sum(weights))
      })(Object.values(fitted))
      // Along the logarithm of each parameter.
      for (const [i, g] of gradients.entries()) {
        const along = tf.mul(g, Object.values(fitted)[i]!).dataSync()
        for (const slope of along) expect(Math.abs(slope)).toBeLessThan(2e-5)
      }
    }
    const n = 4000

    check("recovers the parameters and maximizes the weighted likelihood", () => {
      tf.tidy(() => {
        const weights = Key.uniform(Key.key(8), [n])
        const near = (found: tf.Tensor, expected: ReadonlyArray<number>, what: string) => {
          // Five standard errors of a log-shape, √(2.5/n) at most here.
          expectClose(Array.from(found.dataSync()), expected, { relative: 0.12 }, what)
        }
        for (const [concentration, rate] of [
          [0.3, 2],
          [5, 0.1],
          [300, 40],
        ] as const) {
          const x = Gamma({ concentration, rate }).sample(Key.key(4), [n])
          const found = Gamma.fit(x, weights)
          near(found.concentration, [concentration], "Gamma concentration")
          near(found.rate, [rate], "Gamma rate")
          isBest(found, Gamma, x, weights)
          const inverse = InverseGamma.fit(tf.reciprocal(x), weights)
          near(inverse.concentration, [concentration], "InverseGamma concentration")
          near(inverse.rate, [rate], "InverseGamma rate")
        }
        const chi = Chi2({ df: 3 }).sample(Key.key(5), [n])
        near(Chi2.fit(chi, weights).df, [3], "Chi2")
        isBest(Chi2.fit(chi, weights), Chi2, chi, weights)
        for (const [a, b] of [
          [0.7, 2],
          [40, 3],
        ] as const) {
          const x = Beta({ concentration1: a, concentration0: b }).sample(Key.key(6), [n])
          const found = Beta.fit(x, weights)
          near(found.concentration1, [a], "Beta 1")
          near(found.concentration0, [b], "Beta 0")
          isBest(found, Beta, x, weights)
        }
        const angles = VonMises({ loc: 3, concentration: 2 }).sample(Key.key(10), [n])
        const turned = VonMises.fit(angles, weights)
        near(turned.concentration, [2], "VonMises concentration")
        expectClose(
          Array.from(tf.cos(turned.loc).dataSync()),
          [Math.cos(3)],
          { absolute: 0.02 },
          "VonMises loc",
        )
        isBest(turned, VonMises, angles, weights)
        const waits = InverseGaussian({ loc: 2, concentration: 3 }).sample(Key.key(11), [n])
        const wald = InverseGaussian.fit(waits, weights)
        near(wald.loc, [2], "InverseGaussian loc")
        near(wald.concentration, [3], "InverseGaussian concentration")
        isBest(wald, InverseGaussian, waits, weights)
        const grey = ContinuousBernoulli({ logits: -4 }).sample(Key.key(12), [n])
        near(ContinuousBernoulli.fit(grey, weights).logits, [-4], "ContinuousBernoulli")
        isBest(ContinuousBernoulli.fit(grey, weights), ContinuousBernoulli, grey, weights)
        const concentration = [0.5, 2, 8]
        const x = Dirichlet({ concentration }).sample(Key.key(7), [n])
        const found = Dirichlet.fit(x, weights)
        near(found.concentration, concentration, "Dirichlet")
        isBest(found, Dirichlet, x, weights)
      })
    })

    check("fits columns of weights apart, and counts a weight as so many values", () => {
      tf.tidy(() => {
        const x = Gamma({ concentration: 2, rate: 1 }).sample(Key.key(9), [50])
        const [first, last] = [tf.slice(x, [0], [30]), tf.slice(x, [30], [20])]
        const weights = tf.concat([
          tf.tile(tf.tensor2d([[1, 0]]), [30, 1]),
          tf.tile(tf.tensor2d([[0, 3]]), [20, 1]),
        ])
        const both = Gamma.fit(tf.reshape(x, [50, 1]), weights)
        const alone = [Gamma.fit(first), Gamma.fit(last)]
        for (const name of ["concentration", "rate"] as const) {
          const expected = alone.map((one) => one[name].dataSync()[0]!)
          expectClose(Array.from(both[name].dataSync()), expected, { relative: 1e-5 }, name)
        }
      })
    })

    check("is differentiable in the values", () => {
      tf.tidy(() => {
        const x = tf.tensor2d([
          [0.2, 0.5, 0.3],
          [0.1, 0.6, 0.3],
          [0.3, 0.3, 0.4],
          [0.25, 0.6, 0.15],
        ])
        const of = (x: tf.Tensor) => tf.slice(Dirichlet.fit(x).concentration, [1], [1])
        const found = tf.grad(of)(x).dataSync()[3]!
        const cell = tf.tensor2d([
          [0, 0, 0],
          [1, 0, 0],
          [0, 0, 0],
          [0, 0, 0],
        ])
        const moved = (h: number) => of(tf.add(x, tf.mul(cell, h)))
        const expected = (moved(1e-3).dataSync()[0]! - moved(-1e-3).dataSync()[0]!) / 2e-3
        expectClose([found], [expected], { relative: 5e-3 })
      })
    })
  })
})

describe("the divergence of near equals at large concentrations", () => {
  on(["cpu", "wasm"], (check) => {
    check("is that of the normals they are near to", () => {
      const p = Gamma({ concentration: 1e6, rate: 1 })
      const q = Gamma({ concentration: 1_001_000, rate: 1 })
      // ½ (a − b)² ψ′ to first order, and the next.
      expectClose(
        numbers(() => kl(p, q)),
        [0.49983],
        { relative: 1e-3 },
      )
      expectClose(
        numbers(() => kl(p, p)),
        [0],
        { absolute: 1e-7 },
      )
    })
  })
})
