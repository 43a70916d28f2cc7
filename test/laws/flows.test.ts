/**
 * The maps that flows are made of against float64 NumPy (goldens/flows.py, whose log-determinants are of Jacobians by
 * complex steps); their gradients in parameters against finite differences; and what holds at extremes.
 */
import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import {
  boundedAffine,
  coupling,
  inverseAutoregressive,
  maskedAutoregressive,
  permute,
  planar,
  radial,
  rationalQuadraticSpline,
  reverse,
  type Transform,
} from "../../src/distributions/Transform.ts"
import { ShapeMismatch } from "../../src/tensor/errors.ts"
import * as Key from "../../src/tensor/Key.ts"
import golden from "../goldens/flows.json" with { type: "json" }
import { thrownBy } from "../nn/support.ts"
import { expectClose, numbers } from "./numbers.ts"
import { on } from "./onBackends.ts"
import { affineNetwork, flowTransforms } from "./rows/flowTransforms.ts"

type Matrix = ReadonlyArray<ReadonlyArray<number>>
type Params = Readonly<Record<string, number & ReadonlyArray<number> & Matrix>>

const make: Readonly<Record<string, (params: Params) => Transform>> = {
  planar: ({ u, w, b }) => planar({ u: u!, w: w!, b: b! }),
  radial: ({ x0, alpha, beta }) => radial({ x0: x0!, alpha: alpha!, beta: beta! }),
  coupling: ({ split, shift, log_scale }) =>
    coupling({ split: split!, network: affineNetwork(shift!, log_scale!) }),
  masked_autoregressive: ({ shift, log_scale }) =>
    maskedAutoregressive({ network: affineNetwork(shift!, log_scale!) }),
  inverse_autoregressive: ({ shift, log_scale }) =>
    inverseAutoregressive({ network: affineNetwork(shift!, log_scale!) }),
  spline: ({ widths, heights, derivatives, bound }) =>
    rationalQuadraticSpline({ widths: widths!, heights: heights!, derivatives: derivatives!, bound: bound! }),
}

/** For each parametric map, its parameters as tensors, so that they can be differentiated. */
const parametric: ReadonlyArray<{
  readonly name: string
  readonly of: (...params: ReadonlyArray<tf.Tensor>) => Transform
  readonly params: ReadonlyArray<ReadonlyArray<number>>
  readonly x: ReadonlyArray<number>
}> = [
  {
    name: "planar",
    of: (u, w, b) => planar({ u: u!, w: w!, b: tf.squeeze(b!) }),
    params: [[0.5, -1], [1, 0.7], [0.3]],
    x: [0.4, -1.2],
  },
  {
    name: "radial",
    of: (x0, alpha, beta) => radial({ x0: x0!, alpha: tf.squeeze(alpha!), beta: tf.squeeze(beta!) }),
    params: [[0.5, -1], [0.2], [-0.7]],
    x: [0.4, 1.2],
  },
  {
    name: "boundedAffine",
    of: (shift, logScale) => boundedAffine({ shift: shift!, logScale: logScale! }),
    params: [
      [0.5, -1],
      [1, -3],
    ],
    x: [0.4, 1.2],
  },
  {
    name: "rationalQuadraticSpline",
    of: (widths, heights, derivatives) =>
      rationalQuadraticSpline({ widths: widths!, heights: heights!, derivatives: derivatives! }),
    params: [
      [0.2, -0.4, 1],
      [1, 0.3, -0.5],
      [-0.6, 0.8],
    ],
    x: [-1.8, 0.1],
  },
]

const finite = (body: () => tf.Tensor): boolean => numbers(body).every(Number.isFinite)

describe("a flow's map", () => {
  on(["cpu", "wasm"], (check) => {
    check("has the values and the volumes of float64, there and back", () => {
      for (const { name, params, x, y, volume } of golden) {
        tf.tidy(() => {
          const map = make[name]!(params as unknown as Params)
          const [from, to] = [tf.tensor(x as Array<Array<number>>), tf.tensor(y as Array<Array<number>>)]
          // Of numbers of 1e4 in a vector, the smaller ones have lost what rounding at 1e4 takes.
          const slack = (row: ReadonlyArray<number>) =>
            Math.max(2e-6, 4e-6 * row.reduce((most, v) => Math.max(most, Math.abs(v)), 0))
          const width = x[0]!.length
          // Where a map shrinks, its inverse stretches the rounding of y.
          const compare = (
            found: tf.Tensor,
            expected: ReadonlyArray<ReadonlyArray<number>>,
            stretch: (i: number) => number,
          ) => {
            const flat = numbers(() => found)
            expected.forEach((row, i) => {
              const mine = flat.slice(i * width, (i + 1) * width)
              const absolute = stretch(i) * slack(row)
              expectClose(mine, row, { absolute }, `${name} ${JSON.stringify(params)}`)
            })
          }
          const there = () => 1
          const back = (i: number) => 5 * Math.max(Math.exp(-volume[i]!), 1)
          compare(map.forward(from), y, there)
          const summed = (v: tf.Tensor) => numbers(() => tf.sum(tf.reshape(v, [x.length, -1]), 1))
          compare(map.inverse(to), x, back)
          expectClose(summed(map.logAbsDetJacobian(from, to)), volume, { relative: 1e-5, absolute: 3e-5 })
          const both = map.forwardAndVolume?.(from)
          if (both !== undefined) {
            compare(both.value, y, there)
            expectClose(summed(both.volume), volume, { relative: 1e-5, absolute: 3e-5 })
          }
          const undone = map.inverseAndVolume?.(to)
          if (undone !== undefined) {
            compare(undone.value, x, back)
            // At the x that was found: where a map shrinks, y's rounding makes it another than the table's.
            const there = summed(map.logAbsDetJacobian(undone.value, to))
            expectClose(summed(undone.volume), there, { relative: 1e-5, absolute: 1e-4 })
          }
        })
      }
    })

    for (const { name, of, params, x } of parametric) {
      check(`${name}: gradients in parameters and argument are those of finite differences`, () => {
        const inputs = [x, ...params]
        const functions: Readonly<Record<string, (...all: ReadonlyArray<tf.Tensor>) => tf.Tensor>> = {
          forward: (x, ...p) => tf.sum(tf.mul(of(...p).forward(x!), [1, 2])),
          inverse: (y, ...p) => tf.sum(tf.mul(of(...p).inverse(y!), [1, 2])),
          volume: (x, ...p) => tf.sum(of(...p).logAbsDetJacobian(x!, of(...p).forward(x!))),
          ...(of(...params.map((p) => tf.tensor(p as Array<number>))).inverseAndVolume && {
            "volume by y": (y: tf.Tensor | undefined, ...p: ReadonlyArray<tf.Tensor>) =>
              tf.sum(of(...p).inverseAndVolume!(y!).volume),
          }),
        }
        for (const [what, f] of Object.entries(functions)) {
          const at = (values: ReadonlyArray<ReadonlyArray<number>>) =>
            numbers(() => f(...values.map((v) => tf.tensor(v as Array<number>))))[0]!
          const found = tf.tidy(() =>
            tf
              .grads((...all: Array<tf.Tensor>) =>
                tf.add(f(...all), tf.mul(0, tf.addN(all.map((v) => tf.sum(v))))),
              )(inputs.map((v) => tf.tensor(v as Array<number>)))
              .map((g) => Array.from(g.dataSync())),
          )
          const h = 0.02
          const expected = inputs.map((values, p) =>
            values.map((_, i) => {
              const moved = (step: number) =>
                at(inputs.map((v, q) => (q === p ? v.map((x, j) => (j === i ? x + step : x)) : v)))
              return (8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h)
            }),
          )
          found.forEach((g, p) => {
            expectClose(g, expected[p]!, { relative: 2e-3, absolute: 2e-3 }, `${what} of ${name}, input ${p}`)
          })
        }
      })
    }

    check("is finite, with its gradients, at arguments of ±1e4", () => {
      for (const { name, transform, shape } of flowTransforms) {
        tf.tidy(() => {
          const x = tf.mul(tf.sign(Key.normal(Key.key(8), [16, ...shape])), 1e4)
          const t: Transform = transform
          const score = (x: tf.Tensor) => {
            const y = t.forward(x)
            return tf.add(tf.sum(y), tf.sum(t.logAbsDetJacobian(x, y)))
          }
          expect(
            finite(() => t.forward(x)),
            name,
          ).toBe(true)
          expect(
            finite(() => t.inverse(x)),
            name,
          ).toBe(true)
          expect(
            finite(() => tf.grad(score)(x)),
            name,
          ).toBe(true)
        })
      }
    })

    check("that reorders sends each gradient back to where its number came from", () => {
      tf.tidy(() => {
        const x = tf.tensor([5, 6, 7])
        const slope = (f: (x: tf.Tensor) => tf.Tensor) =>
          numbers(() => tf.grad((x: tf.Tensor) => tf.sum(tf.mul(f(x), [1, 2, 3])))(x))
        const map = permute([2, 0, 1])
        // y = (x₃, x₁, x₂), and back x = (y₂, y₃, y₁).
        expect(slope(map.forward)).toEqual([2, 3, 1])
        expect(slope(map.inverse)).toEqual([3, 1, 2])
        expect(slope(reverse.forward)).toEqual([3, 2, 1])
      })
    })

    check("stays finite whatever a network says", () => {
      tf.tidy(() => {
        const x = tf.tensor([[-2, 3]])
        for (const logScale of [-1e6, -90, 90, 1e6]) {
          const map = maskedAutoregressive({ network: (x) => ({ shift: tf.zerosLike(x), logScale }) })
          const y = map.forward(x)
          expect(finite(() => y)).toBe(true)
          expectClose(
            numbers(() => map.inverse(y)),
            [-2, 3],
            { relative: 1e-5 },
          )
        }
        // Where the bound was clipped to, a scale that went too far would have no gradient to come back by.
        const slope = tf.grad((logScale) => boundedAffine({ shift: 0, logScale }).forward(tf.scalar(1)))
        expect(numbers(() => slope(tf.scalar(20)))[0]).toBeGreaterThan(0.1)
      })
    })
  })

  on(["cpu"], (check) => {
    check("that is a spline of zeros is the identity", () => {
      tf.tidy(() => {
        const x = tf.linspace(-4, 4, 81)
        const zeros = (k: number) => new Array<number>(k).fill(0)
        const map = rationalQuadraticSpline({ widths: zeros(8), heights: zeros(8), derivatives: zeros(7) })
        expectClose(
          numbers(() => map.forward(x)),
          numbers(() => x),
          { absolute: 2e-6 },
        )
        expectClose(
          numbers(() => map.logAbsDetJacobian(x, x)),
          zeros(81),
          { absolute: 2e-6 },
        )
      })
    })

    check("moves a batch of vectors by a batch of parameters, cell by cell", () => {
      tf.tidy(() => {
        const [u, w] = [Key.normal(Key.key(1), [4, 2]), Key.normal(Key.key(2), [4, 2])]
        const b = Key.normal(Key.key(3), [4])
        const x = Key.normal(Key.key(4), [3, 4, 2])
        const row = (t: tf.Tensor, i: number) => tf.gather(t, i, t.rank === 1 ? 0 : t.rank - 2)
        const whole = [planar({ u, w, b }), radial({ x0: u, alpha: b, beta: -0.7 })]
        const parts = (i: number) => [
          planar({ u: row(u, i), w: row(w, i), b: row(b, i) }),
          radial({ x0: row(u, i), alpha: row(b, i), beta: -0.7 }),
        ]
        whole.forEach((map, m) => {
          expect(map.forwardShape([2])).toEqual([4, 2])
          expect(map.forwardShape([3, 1, 2])).toEqual([3, 4, 2])
          expect(map.forwardShape([5, 2])).toBeUndefined()
          const volume = map.logAbsDetJacobian(x, map.forward(x))
          expect(volume.shape).toEqual([3, 4])
          for (let i = 0; i < 4; i++) {
            const alone = parts(i)[m]!
            expectClose(
              numbers(() => row(map.forward(x), i)),
              numbers(() => alone.forward(row(x, i))),
              { absolute: 1e-6 },
            )
            expectClose(
              numbers(() => tf.gather(volume, i, 1)),
              numbers(() => alone.logAbsDetJacobian(row(x, i), alone.forward(row(x, i)))),
              { absolute: 1e-6 },
            )
          }
        })
      })
    })

    check("says which shapes it takes", () => {
      const network = (x: tf.Tensor) => ({ shift: x, logScale: x })
      const takes: ReadonlyArray<
        readonly [Transform, ReadonlyArray<number>, ReadonlyArray<ReadonlyArray<number>>]
      > = [
        [planar({ u: [1, 2], w: [1, 2], b: 0 }), [7, 2], [[3], [], [2, 1]]],
        [planar({ u: [1, 2], w: [1, 2, 3], b: 0 }), [], [[2], [3]]],
        [radial({ x0: [1, 2], alpha: 0, beta: 0 }), [7, 2], [[3], []]],
        [coupling({ split: 2, network }), [3], [[2], [1], []]],
        [maskedAutoregressive({ network }), [5, 1], [[]]],
        [inverseAutoregressive({ network }), [5, 1], [[]]],
        [permute([1, 0]), [5, 2], [[3], []]],
        [reverse, [5, 2], [[]]],
        [rationalQuadraticSpline({ widths: [0, 0], heights: [0, 0], derivatives: [0] }), [4], []],
        [rationalQuadraticSpline({ widths: [0, 0], heights: [0, 0, 0], derivatives: [0] }), [], [[], [4]]],
        [rationalQuadraticSpline({ widths: [0, 0], heights: [0, 0], derivatives: [0, 0] }), [], [[], [4]]],
        [rationalQuadraticSpline({ widths: [0], heights: [0], derivatives: [] }), [], [[], [4]]],
      ]
      for (const [map, right, wrong] of takes) {
        if (right.length > 0) expect(map.forwardShape(right), map.name).toEqual(right)
        if (right.length > 0) expect(map.inverseShape(right), map.name).toEqual(right)
        for (const shape of wrong) expect(map.forwardShape(shape), `${map.name} ${shape}`).toBeUndefined()
      }
    })

    check("refuses a network whose outputs do not fit, and leaves nothing behind", () => {
      const x = tf.zeros([5, 3])
      const wrong: ReadonlyArray<readonly [Transform, string]> = [
        [
          coupling({ split: 1, network: (x) => ({ shift: tf.tile(x, [1, 3]), logScale: 0 }) }),
          "coupling: expected a network whose outputs make a map of numbers for values of shape [5, 2], found boundedAffine with shift [5, 3], logScale []",
        ],
        [
          maskedAutoregressive({ network: (x) => ({ shift: tf.zeros([2, ...x.shape]), logScale: 0 }) }),
          "maskedAutoregressive: expected a network whose outputs make a map of numbers for values of shape [5, 3], found boundedAffine with shift [2, 5, 3], logScale []",
        ],
        [
          inverseAutoregressive({
            network: () => ({ widths: [1, 2, 3], heights: [1, 2], derivatives: [1, 2] }),
            elementwise: rationalQuadraticSpline,
          }),
          "found rationalQuadraticSpline with widths [3], heights [2], derivatives [2], bound []",
        ],
        [
          inverseAutoregressive({ network: (x) => x, elementwise: () => reverse }),
          "found reverse with no parameters",
        ],
      ]
      const before = tf.memory().numTensors
      for (const [map, message] of wrong) {
        const error = thrownBy(() => tf.tidy(() => map.forward(x)))
        expect(error).toBeInstanceOf(ShapeMismatch)
        expect((error as ShapeMismatch).message).toContain(message)
      }
      expect(tf.memory().numTensors).toBe(before)
      x.dispose()
    })
  })
})
