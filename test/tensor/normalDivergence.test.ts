/** The divergence of two normals against float64: value, gradients, second derivatives, shapes, memory. */
import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { ShapeMismatch } from "../../src/tensor/errors.ts"
import { normalDivergence } from "../../src/tensor/fused.ts"
import { expectClose, numbers } from "../laws/numbers.ts"
import { on } from "../laws/onBackends.ts"

/** locP, scaleP, locQ, scaleQ. */
type Four = readonly [number, number, number, number]

/** r − 1 − log r, which for a small r − 1 = e is e²/2 − e³/3 + …: the two parts have nothing else in common. */
const beyondLog = (e: number, r: number): number => {
  if (Math.abs(e) > 1e-2) return e - Math.log(r)
  let sum = 0
  for (let k = 2; k < 12; k++) sum += ((-1) ** k * e ** k) / k
  return sum
}

const exact = ([a, s, b, t]: Four): number => {
  const e = (s - t) / t
  const z = (a - b) / t
  return beyondLog(e, s / t) + 0.5 * (e * e + z * z)
}

const slopes = ([a, s, b, t]: Four): Four => {
  const z = (a - b) / t
  const squares = ((s - t) / t) * ((s + t) / t)
  return [z / t, squares / s, -z / t, -(squares + z * z) / t]
}

const divergence = ([locP, scaleP, locQ, scaleQ]: ReadonlyArray<tf.Tensor>): tf.Tensor =>
  normalDivergence({ locP: locP!, scaleP: scaleP!, locQ: locQ!, scaleQ: scaleQ! })

const gradients = (values: ReadonlyArray<tf.Tensor>): Array<tf.Tensor> =>
  tf.grads((...xs: Array<tf.Tensor>) => tf.sum(divergence(xs)))([...values])

const scales = [1e-30, 3e-12, 0.7, 0.7 + 2 ** -24, 1, 1 + 2 ** -23, 1.0001, 5, 4e15, 1e30].map(Math.fround)
const inFloat32 = (x: number) => Math.abs(x) < 3e38 && (x === 0 || Math.abs(x) > 1e-37)

describe("the divergence of two normals", () => {
  on(["cpu", "wasm"], (check) => {
    check("has value and gradients to rounding wherever float32 has them", () => {
      for (const s of scales) {
        for (const t of scales) {
          for (const shift of [0, 0.3, -2e5]) {
            const four: Four = [Math.fround(1.5 + shift * t), s, 1.5, t]
            const inputs = four.map((x) => tf.scalar(x))
            const found = [divergence(inputs), ...gradients(inputs)].map((x) => x.dataSync()[0]!)
            for (const [i, expected] of [exact(four), ...slopes(four)].entries()) {
              if (inFloat32(expected))
                expectClose([found[i]!], [expected], { relative: 2e-7 }, `${four}, ${i}`)
            }
          }
        }
      }
    })

    check("is exactly 0 between equals, with gradients of 0", () => {
      const inputs = [2, 0.3, 2, 0.3].map((x) => tf.scalar(x))
      expect([divergence(inputs), ...gradients(inputs)].map((x) => Math.abs(x.dataSync()[0]!))).toEqual([
        0, 0, 0, 0, 0,
      ])
    })

    check("has second derivatives in each pair", () => {
      const four: Four = [0.4, 1.3, -0.2, 0.8]
      const h = 1e-5
      four.forEach((_, i) => {
        // `tf.grads` refuses what a slope does not depend on, such as that in σp on the means.
        const slope = (...xs: Array<tf.Tensor>) =>
          tf.addN([gradients(xs)[i]!, ...xs.map((x) => tf.mul(x, 0))])
        const found = tf.grads(slope)(four.map((x) => tf.scalar(x)))
        found.forEach((second, j) => {
          const at = (step: number) =>
            slopes(four.map((x, k) => (k === j ? x + step : x)) as unknown as Four)[i]!
          const expected = (at(h) - at(-h)) / (2 * h)
          expectClose(
            numbers(() => second),
            [expected],
            { relative: 2e-6, absolute: 2e-6 },
            `${i}, ${j}`,
          )
        })
      })
    })

    check("broadcasts, gradients summed back, and leaves no tensor", () => {
      const inputs = [
        tf.tensor([[0.1], [-0.2]]),
        tf.tensor([0.5, 1, 2]),
        tf.scalar(0.3),
        tf.tensor([[[0.9]]]),
      ]
      const before = tf.memory().numTensors
      const value = divergence(inputs)
      const found = gradients(inputs)
      expect(tf.memory().numTensors).toBe(before + 5)
      expect(value.shape).toEqual([1, 2, 3])
      const cells = [0.1, -0.2].flatMap((a) => [0.5, 1, 2].map((s): Four => [a, s, 0.3, 0.9]))
      expectClose(Array.from(value.dataSync()), cells.map(exact), { relative: 1e-6 })
      const sums = (i: number, members: ReadonlyArray<ReadonlyArray<number>>) =>
        members.map((cellsOf) => cellsOf.reduce((sum, cell) => sum + slopes(cells[cell]!)[i]!, 0))
      const all = [[0, 1, 2, 3, 4, 5]]
      const expected = [
        sums(0, [
          [0, 1, 2],
          [3, 4, 5],
        ]),
        sums(1, [
          [0, 3],
          [1, 4],
          [2, 5],
        ]),
        sums(2, all),
        sums(3, all),
      ]
      found.forEach((gradient, i) => {
        expect(gradient.shape).toEqual(inputs[i]!.shape)
        expectClose(Array.from(gradient.dataSync()), expected[i]!, { relative: 1e-6, absolute: 1e-6 })
      })
    })

    check("passes NaN on, and takes integers and nothing at all", () => {
      const at = (...four: ReadonlyArray<tf.Tensor>) => divergence(four).dataSync()
      const [zero, unit] = [tf.scalar(0), tf.scalar(1)]
      expect(at(tf.scalar(Number.NaN), unit, zero, unit)[0]).toBeNaN()
      expect(at(zero, unit, zero, tf.scalar(Number.NaN))[0]).toBeNaN()
      expect(at(tf.scalar(2, "int32"), unit, tf.tensor1d([0, 1], "int32"), unit)).toEqual(
        Float32Array.of(2, 0.5),
      )
      expect(divergence([tf.zeros([0, 2]), unit, zero, unit]).shape).toEqual([0, 2])
    })

    check("refuses shapes that do not broadcast", () => {
      const unit = tf.scalar(1)
      const wrong = () => divergence([tf.zeros([2]), tf.ones([3]), unit, unit])
      expect(wrong).toThrow(ShapeMismatch)
      expect(wrong).toThrow(
        "normalDivergence: expected means and scales that broadcast, found [2], [3], [], []",
      )
    })
  })
})
