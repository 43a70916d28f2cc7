/**
 * Maximum likelihood of vectors and matrices in more dimensions than the laws integrate over: the weighted likelihood is
 * flat at the estimate; concentrations so large that naive statistics have no digit; and data that have no estimate.
 */
import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import type { Distribution, Value } from "../../src/distributions/Distribution.ts"
import { Gamma } from "../../src/distributions/Gamma.ts"
import { GaussianRandomWalk } from "../../src/distributions/GaussianRandomWalk.ts"
import { LKJCholesky } from "../../src/distributions/LKJCholesky.ts"
import { LogisticNormal } from "../../src/distributions/LogisticNormal.ts"
import { LogitNormal } from "../../src/distributions/LogitNormal.ts"
import { WishartCholesky } from "../../src/distributions/WishartCholesky.ts"
import { ShapeMismatch } from "../../src/tensor/errors.ts"
import * as Key from "../../src/tensor/Key.ts"
import { expectClose, numbers } from "../laws/numbers.ts"
import { on } from "../laws/onBackends.ts"

type Params = Readonly<Record<string, tf.Tensor>>

interface Case {
  readonly name: string
  readonly make: (params: Readonly<Record<string, Value>>) => Distribution
  readonly truth: Readonly<Record<string, Value>>
  readonly estimate: (values: tf.Tensor, weights?: tf.Tensor) => Params
}

const cases: ReadonlyArray<Case> = [
  {
    name: "LKJCholesky",
    make: ({ concentration }) => LKJCholesky({ dimension: 5, concentration: concentration! }),
    truth: { concentration: 1.7 },
    estimate: (x, w) => ({ concentration: LKJCholesky.fit(x, w).concentration }),
  },
  {
    name: "WishartCholesky",
    make: ({ concentration, scaleTril }) =>
      WishartCholesky({ concentration: concentration!, scaleTril: scaleTril! }),
    truth: {
      concentration: 4.5,
      scaleTril: [
        [1, 0, 0],
        [-0.5, 0.7, 0],
        [0.3, 2, 0.4],
      ],
    },
    estimate: WishartCholesky.fit,
  },
  {
    name: "LogisticNormal",
    make: ({ loc, scale }) => LogisticNormal({ loc: loc!, scale: scale! }),
    truth: { loc: [0.4, -1, 2], scale: [0.5, 1, 0.2] },
    estimate: LogisticNormal.fit,
  },
  {
    name: "GaussianRandomWalk",
    make: ({ scale }) => GaussianRandomWalk({ scale: scale!, numSteps: 6 }),
    truth: { scale: 0.3 },
    estimate: (x, w) => ({ scale: GaussianRandomWalk.fit(x, w).scale }),
  },
]

const count = 300

/** [count, 2]: two columns of weights. */
const weightsOf = (): tf.Tensor =>
  tf.tensor(Array.from(Key.uniformValues(Key.key(5), [2 * count])), [count, 2])

const flat = (t: tf.Tensor): ReadonlyArray<number> => Array.from(t.dataSync())

describe("maximum likelihood in more dimensions", () => {
  on(["cpu", "wasm"], (check) => {
    for (const { name, make, truth, estimate } of cases) {
      check(`leaves the weighted likelihood flat, for two columns of weights: ${name}`, () => {
        tf.tidy(() => {
          const values = tf.expandDims(make(truth).sample(Key.key(3), [count]), 1)
          const weights = weightsOf()
          const found = estimate(values, weights)
          const names = Object.keys(found)
          const likelihood = (...at: ReadonlyArray<tf.Tensor>) => {
            const logs = make(Object.fromEntries(names.map((one, i) => [one, at[i]!]))).logProb(values)
            return tf.sum(tf.mul(logs, weights)) as tf.Scalar
          }
          const slopes = (params: Params) =>
            tf
              .grads(likelihood)(names.map((one) => params[one]!))
              .map((g) => flat(g))
          const off = slopes(Object.fromEntries(names.map((one) => [one, tf.mul(found[one]!, 1.05)])))
          slopes(found).forEach((slope, i) => {
            expect(found[names[i]!]!.shape[0], names[i]).toBe(2)
            const size = Math.max(...off[i]!.map(Math.abs))
            expect(Math.max(...slope.map(Math.abs)), names[i]).toBeLessThan(1e-3 * size)
          })
        })
      })
    }

    check("finds concentrations of a million and more", () => {
      // Standard errors: of log η and of log ν √(2/(N · degrees of freedom)), here a hundredth; five of them.
      tf.tidy(() => {
        // The diagonals of the factors are all 1 in float32.
        const lkj = LKJCholesky({ dimension: 5, concentration: 1e12 }).sample(Key.key(7), [2000])
        expectClose(flat(LKJCholesky.fit(lkj).concentration), [1e12], { relative: 0.05 })
        const v = [
          [1e-3, 0, 0],
          [-2e-3, 3e-3, 0],
          [0, 1e-4, 1e-3],
        ]
        const found = WishartCholesky.fit(
          WishartCholesky({ concentration: 1e6, scaleTril: v }).sample(Key.key(8), [4000]),
        )
        expectClose(flat(found.concentration), [1e6], { relative: 0.05 })
      })
    })

    check("of a Wishart of one row is that of the gamma that its squares are", () => {
      tf.tidy(() => {
        const l = WishartCholesky({ concentration: 3.2, scaleTril: [[0.7]] }).sample(Key.key(9), [400])
        const found = WishartCholesky.fit(l)
        const { concentration, rate } = Gamma.fit(tf.square(tf.squeeze(l, [1, 2])))
        expectClose(flat(found.concentration), flat(tf.mul(concentration, 2)), { relative: 1e-5 })
        expectClose(flat(found.scaleTril), flat(tf.rsqrt(tf.mul(rate, 2))), { relative: 1e-5 })
      })
    })
  })

  on(["cpu"], (check) => {
    for (const { name, make, truth, estimate } of cases) {
      check(`is differentiable in values and weights: ${name}`, () => {
        tf.tidy(() => {
          const values = make(truth).sample(Key.key(11), [12])
          const weights = tf.range(1, 13)
          const size = (x: tf.Tensor, w: tf.Tensor) =>
            tf.addN(Object.values(estimate(x, w)).map((t) => tf.sum(tf.square(t)))) as tf.Scalar
          const [, byWeight] = tf.grads((x, w) => size(x!, w!))([values, weights])
          const at = (h: number) =>
            numbers(() => size(values, tf.add(weights, tf.mul(tf.oneHot(tf.scalar(4, "int32"), 12), h))))[0]!
          const difference = (at(0.05) - at(-0.05)) / 0.1
          expectClose([flat(byWeight!)[4]!], [difference], {
            relative: 0.01,
            absolute: 1e-5 * Math.abs(at(0)),
          })
          // Toward the values in another order, which leads from vector to vector within the support's plane.
          const [byValue] = tf.grads((x, w) => size(x!, w!))([values, weights])
          const step = tf.tidy(() => tf.sub(tf.reverse(values, 0), values))
          const along = (h: number) => numbers(() => size(tf.add(values, tf.mul(step, h)), weights))[0]!
          const slope = numbers(() => tf.sum(tf.mul(byValue!, step)))
          expectClose(slope, [(along(0.005) - along(-0.005)) / 0.01], {
            relative: 0.02,
            absolute: 1e-4 * Math.abs(along(0)),
          })
        })
      })
    }

    check("says so where the data have no estimate", () => {
      tf.tidy(() => {
        const eyes = tf.tile(tf.expandDims(tf.eye(3), 0), [4, 1, 1])
        expect(flat(LKJCholesky.fit(eyes).concentration)).toEqual([Infinity])
        const singular = tf.tensor([
          [
            [1, 0],
            [1, 0],
          ],
        ])
        expect(flat(LKJCholesky.fit(singular).concentration)).toEqual([0])
        const alike = WishartCholesky.fit(tf.mul(eyes, 0.5))
        expect(flat(alike.concentration)[0]).toBeGreaterThan(1e6)
        expect(Math.max(...flat(alike.scaleTril))).toBeLessThan(1e-3)
        expect(flat(GaussianRandomWalk.fit(tf.zeros([3, 4])).scale)).toEqual([0])
        const none = tf.zeros([4])
        expect(flat(LKJCholesky.fit(eyes, none).concentration)).toEqual([Number.NaN])
        expect(flat(WishartCholesky.fit(eyes, none).concentration)).toEqual([Number.NaN])
        const saturated = LogitNormal.fit(tf.tensor([0, 1, 0.5, 0.5]))
        expectClose(flat(saturated.loc), [0], { absolute: 1e-5 })
        expectClose(flat(saturated.scale), [(126 * Math.LN2) / Math.SQRT2], { relative: 1e-6 })
      })
    })

    check("gives what the constructor takes, sizes too", () => {
      tf.tidy(() => {
        const walk = GaussianRandomWalk(GaussianRandomWalk.fit(tf.ones([2, 3])))
        expect(walk.eventShape).toEqual([3])
        // One step of 1 among three.
        expectClose(flat(walk.scale as tf.Tensor), [Math.sqrt(1 / 3)], { relative: 1e-6 })
        const lkj = LKJCholesky(
          LKJCholesky.fit(LKJCholesky({ dimension: 3, concentration: 2 }).sample(Key.key(1), [9])),
        )
        expect(lkj.eventShape).toEqual([3, 3])
      })
    })

    check("refuses values of other shapes, and leaves nothing behind", () => {
      const before = tf.memory().numTensors
      const [row, wide] = [tf.ones([3]), tf.ones([4, 3, 2])]
      const refused = [
        () => LKJCholesky.fit(row),
        () => LKJCholesky.fit(wide),
        () => WishartCholesky.fit(row),
        () => WishartCholesky.fit(wide),
        () => LogisticNormal.fit(row),
        () => GaussianRandomWalk.fit(row),
      ]
      for (const body of refused) expect(body).toThrow(ShapeMismatch)
      tf.dispose([row, wide])
      expect(tf.memory().numTensors).toBe(before)
    })
  })
})
