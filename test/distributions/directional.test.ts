/**
 * Draws, estimates and inference of directions: in many dimensions, at extremes, and on the sphere as a site, a guide
 * and a parameter have it.
 */
import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { biject, sphere } from "../../src/distributions/Transform.ts"
import type { VonMisesFisherParams } from "../../src/distributions/VonMisesFisher.ts"
import {
  Backend,
  elbo,
  fitSVI,
  Key,
  Optimizer,
  observe,
  param,
  plate,
  Schedule,
  ShapeMismatch,
  Support,
  sample,
  VonMises,
  VonMisesFisher,
} from "../../src/index.ts"
import { besselQuotient } from "../../src/tensor/special/scalar/besselOrder.ts"
import { expectClose } from "../laws/numbers.ts"
import { on } from "../laws/onBackends.ts"

describe("draws", () => {
  on(["cpu"], (check) => {
    // Each of 2 · 9 comparisons lies beyond 5 standard errors with probability 6e-7.
    check(
      "have the mean and the variance of their height, and the rotation's symmetry, in any dimension",
      () => {
        for (const [d, k] of [
          [2, 1e-3],
          [2, 40],
          [3, 1e5],
          [4, 3],
          [4, 1e6],
          [17, 0.1],
          [17, 300],
          [300, 20],
          [300, 1e4],
        ] as const) {
          const n = 2000
          const title = `${d} dimensions, κ = ${k}`
          const meanDirection = Array.from({ length: d }, (_, i) => (i % 2 === 0 ? 1 : -1) / Math.sqrt(d))
          const x = tf.tidy(() =>
            VonMisesFisher({ meanDirection, concentration: k }).sample(Key.key(d), [n]).arraySync(),
          )
          const draws = x as ReadonlyArray<ReadonlyArray<number>>
          const heights = draws.map((draw) => draw.reduce((sum, v, i) => sum + v * meanDirection[i]!, 0))
          // Of float32s, 1 less the height has its rounding.
          const slack = 1e-6 / Math.sqrt(d)
          const a = besselQuotient(d / 2 - 1, k)
          const variance = 1 - a * a - ((d - 1) * a) / k
          const mean = heights.reduce((sum, w) => sum + w, 0) / n
          expect(Math.abs(mean - a), `${title}: ${mean} for ${a}`).toBeLessThan(
            5 * Math.sqrt(variance / n) + slack,
          )
          // Across the mean, along one axis of the tangent: (e₀ + e₁)/√2.
          const side = draws.map((draw) => (draw[0]! + draw[1]!) / Math.SQRT2)
          const squares = side.map((s) => s * s)
          const spread = squares.reduce((sum, s) => sum + s, 0) / n
          const error = Math.sqrt(squares.reduce((sum, s) => sum + (s - spread) ** 2, 0)) / n
          expect(Math.abs(spread - a / k), `${title}: ${spread} for ${a / k}`).toBeLessThan(5 * error)
        }
      },
    )
  })

  on(["cpu", "wasm"], (check) => {
    // Each of 24 comparisons lies beyond 5 standard errors, from 40 batches, with probability 2e-5.
    check("have the gradient of E[uᵀx] = A uᵀμ in both parameters, along the sphere", () => {
      for (const [meanDirection, concentration] of [
        [[0.6, 0, -0.8], 3],
        [[1, 0, 0], 0.2],
        [[0.5, -0.5, 0.1, 0.7], 12],
        [[-1, 0], 2],
      ] as const) {
        const d = meanDirection.length
        const length = Math.hypot(...meanDirection)
        const mean = meanDirection.map((x) => x / length)
        const u = mean.map((_, i) => [0.7, -0.4, 1.1, 0.3][i]!)
        const dot = u.reduce((sum, x, i) => sum + x * mean[i]!, 0)
        const a = besselQuotient(d / 2 - 1, concentration)
        const slope = 1 - a * a - ((d - 1) * a) / concentration
        const expected = [...u.map((x, i) => (a * (x - dot * mean[i]!)) / length), slope * dot]
        const rounds = Array.from({ length: 40 }, (_, i) =>
          tf.tidy(() =>
            tf
              .grads((m: tf.Tensor, k: tf.Tensor) => {
                const x = VonMisesFisher({ meanDirection: m, concentration: k }).rsample(
                  Key.foldIn(Key.key(6), i),
                  [200],
                )
                return tf.mean(tf.sum(tf.mul(x, tf.tensor1d(u)), -1))
              })([tf.tensor1d([...meanDirection]), tf.scalar(concentration)])
              .flatMap((g) => Array.from(g.dataSync())),
          ),
        )
        expected.forEach((e, c) => {
          const found = rounds.map((round) => round[c]!)
          const average = found.reduce((sum, x) => sum + x, 0) / 40
          const error = Math.sqrt(found.reduce((sum, x) => sum + (x - average) ** 2, 0) / 39 / 40)
          expect(Math.abs(average - e), `${mean} ${c}: ${average} ± ${error} for ${e}`).toBeLessThan(
            5 * error + 1e-5,
          )
        })
      }
    })

    check("have finite values, densities and derivatives at extreme concentrations", () => {
      for (const d of [2, 3, 50]) {
        tf.tidy(() => {
          const mean = tf.tensor1d(Array.from({ length: d }, (_, i) => (i === d - 1 ? 1 : 0)))
          const concentration = tf.tensor1d([1e-30, 1e-6, 1, 1e3, 1e6, 1e12])
          const draws = VonMisesFisher({ meanDirection: mean, concentration }).rsample(Key.key(3), [20])
          const gradients = tf.grads((m: tf.Tensor, k: tf.Tensor) => {
            const one = VonMisesFisher({ meanDirection: m, concentration: k })
            return tf.add(tf.sum(one.logProb(draws)), tf.sum(tf.tanh(one.rsample(Key.key(3), [20]))))
          })([mean, concentration])
          for (const x of [draws, ...gradients]) {
            expect(Array.from(x.dataSync()).every(Number.isFinite), x.toString()).toBe(true)
          }
        })
      }
    })
  })
})

describe("an estimate", () => {
  on(["cpu", "wasm"], (check) => {
    // κ̂/κ − 1 has a standard error below √(2/((d − 1) n)) = 0.032.
    check("of a large concentration keeps its digits", () => {
      tf.tidy(() => {
        const vectors = VonMisesFisher({ meanDirection: [0, 0.6, 0.8], concentration: 1e6 })
        const found = VonMisesFisher.fit(vectors.sample(Key.key(1), [1000]))
        expectClose(Array.from(found.concentration.dataSync()), [1e6], { relative: 0.16 })
        expectClose(Array.from(found.meanDirection.dataSync()), [0, 0.6, 0.8], { absolute: 2e-4 })
        const angles = VonMises({ loc: -2, concentration: 1e6 })
        const turned = VonMises.fit(angles.sample(Key.key(2), [2000]))
        expectClose(Array.from(turned.concentration.dataSync()), [1e6], { relative: 0.16 })
        expectClose(Array.from(turned.loc.dataSync()), [-2], { absolute: 1.2e-4 })
      })
    })

    check("is that of the angle in two dimensions", () => {
      tf.tidy(() => {
        const angles = VonMises({ loc: 2.5, concentration: 1.7 }).sample(Key.key(4), [500])
        const turned = VonMises.fit(angles)
        const found = VonMisesFisher.fit(tf.stack([tf.cos(angles), tf.sin(angles)], -1))
        expectClose(Array.from(found.concentration.dataSync()), Array.from(turned.concentration.dataSync()), {
          relative: 1e-5,
        })
        const [loc] = turned.loc.dataSync()
        expectClose(Array.from(found.meanDirection.dataSync()), [Math.cos(loc!), Math.sin(loc!)], {
          absolute: 1e-6,
        })
      })
    })
  })
})

describe("the sphere", () => {
  on(["cpu", "wasm"], (check) => {
    check("of a site is that of a transform, and of a parameter", () => {
      tf.tidy(() => {
        const d = VonMisesFisher({ meanDirection: [0, 0, 1], concentration: 5 })
        expect(d.support.name).toBe(sphere.codomain.name)
        const map = biject(d.support)
        const free = Key.normal(Key.key(2), [50, 2])
        const there = map.forward(free)
        const { inside } = d.support
        expect(Array.from(inside!(there).dataSync()).every((is) => is === 1)).toBe(true)
        expect(Array.from(d.logProb(there).dataSync()).every(Number.isFinite)).toBe(true)
        expectClose(Array.from(map.inverse(there).dataSync()), Array.from(free.dataSync()), {
          relative: 1e-4,
          absolute: 1e-5,
        })
        // The volume that the map stretches is that of the surface the density is over: the mass over the plane is 1.
        const side = Array.from({ length: 120 }, (_, i) => -4 + (8 * (i + 0.5)) / 120)
        const plane = tf.tensor2d(side.flatMap((s) => side.map((t) => [s, t])))
        const density = tf.add(
          d.logProb(map.forward(plane)),
          map.logAbsDetJacobian(plane, map.forward(plane)),
        )
        expectClose([tf.sum(tf.exp(density)).dataSync()[0]! * (8 / 120) ** 2], [1], { absolute: 1e-4 })
      })
    })

    check("in one dimension is refused, and so is what fits no dimension", () => {
      const problems: ReadonlyArray<VonMisesFisherParams> = [
        { meanDirection: [1], concentration: 1 },
        { meanDirection: 1, concentration: 1 },
        {
          meanDirection: [
            [0, 1],
            [1, 0],
          ],
          concentration: [1, 2, 3],
        },
      ]
      for (const params of problems) expect(VonMisesFisher(params).problem).toBeInstanceOf(ShapeMismatch)
      expect(VonMisesFisher(problems[0]!).problem!.message).toContain("found shape [1]")
      expect(VonMisesFisher({ meanDirection: [[0, 1]], concentration: [1, 2] }).batchShape).toEqual([2])
    })
  })
})

describe("a direction that is not known", () => {
  layer(Backend.wasm())("on wasm", (it) => {
    it.effect("is found on the sphere, with the exact posterior of von Mises and Fisher's own prior", () =>
      Effect.gen(function* () {
        const seen = [
          [0.6, 0.8, 0],
          [0, 1, 0],
          [0, 0.8, -0.6],
          [-0.48, 0.6, -0.64],
        ]
        const prior = { meanDirection: [1, 0, 0], concentration: 1.5 }
        const model = Effect.fnUntraced(function* (x: tf.Tensor) {
          const z = yield* sample("z", VonMisesFisher(prior))
          yield* plate("rows", { size: 4 })(
            observe("x", VonMisesFisher({ meanDirection: z, concentration: 3 }), x),
            x,
          )
        })
        const guide = Effect.fnUntraced(function* (_: tf.Tensor) {
          const meanDirection = yield* param("mean", [0, 0, 1], { support: Support.sphere })
          const concentration = yield* param("concentration", 1, { support: Support.positive })
          yield* sample("z", VonMisesFisher({ meanDirection, concentration }))
        })
        const found = yield* fitSVI(model, guide, tf.tensor2d(seen), {
          steps: 150,
          optimizer: Optimizer.adam(Schedule.cosine(0.1, { decaySteps: 150 })),
          objective: elbo({ particles: 8 }),
        })
        const total = [0, 1, 2].map(
          (i) => 1.5 * (i === 0 ? 1 : 0) + 3 * seen.reduce((sum, x) => sum + x[i]!, 0),
        )
        const length = Math.hypot(...total)
        expectClose(
          Array.from(found.params.mean.dataSync()),
          total.map((x) => x / length),
          { absolute: 0.03 },
        )
        expectClose(Array.from(found.params.concentration.dataSync()), [length], { relative: 0.08 })
      }),
    )
  })
})
