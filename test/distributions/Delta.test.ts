import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Delta } from "../../src/distributions/Delta.ts"
import { firstOutside } from "../../src/distributions/Distribution.ts"
import { positive, simplex } from "../../src/distributions/Support.ts"
import * as Key from "../../src/tensor/Key.ts"
import { numbers } from "../laws/numbers.ts"
import { on } from "../laws/onBackends.ts"

describe("Delta", () => {
  on(["cpu", "wasm"], (check) => {
    check("has its log-density at its value and −∞ elsewhere", () => {
      const d = Delta({ value: [1, 2, 3], logDensity: -0.5 })
      expect(numbers(() => d.logProb(tf.tensor([1, 2, 4])))).toEqual([-0.5, -0.5, -Infinity])
      expect(numbers(() => d.toEvent(1).logProb(tf.tensor([1, 2, 3])))).toEqual([-1.5])
      expect(numbers(() => Delta({ value: 0.1 }).logProb(tf.scalar(0.1)))).toEqual([0])
    })

    check("stands on any support, with its events", () => {
      const d = Delta({
        value: [
          [0.2, 0.8],
          [0.5, 0.5],
        ],
        support: simplex,
      })
      expect(d.batchShape).toEqual([2])
      expect(d.eventShape).toEqual([2])
      expect(d.support.name).toBe("simplex")
      expect(
        numbers(() =>
          d.logProb(
            tf.tensor([
              [0.2, 0.8],
              [0.4, 0.6],
            ]),
          ),
        ),
      ).toEqual([0, -Infinity])
      expect(numbers(() => d.sample(Key.key(0), [2]))).toEqual(
        Array.from(new Float32Array([0.2, 0.8, 0.5, 0.5, 0.2, 0.8, 0.5, 0.5])),
      )
      // One number that agrees is not enough.
      const three = Delta({ value: [0.2, 0.3, 0.5], support: simplex })
      expect(numbers(() => three.logProb(tf.tensor([0.2, 0.5, 0.3])))).toEqual([-Infinity])
      expect(Delta({ value: -1, support: positive }).problem?.message).toBe(
        'Delta: parameter "value" must be positive and finite, found -1',
      )
      expect(Delta({ value: 1, support: simplex }).problem?._tag).toBe("ShapeMismatch")
    })

    check("the draw is the value: its gradient is one", () => {
      const gradient = numbers(() =>
        tf.grad((value: tf.Tensor) => tf.sum(tf.square(Delta({ value }).rsample(Key.key(0), [3]))))(
          tf.tensor([2, 5]),
        ),
      )
      expect(gradient).toEqual([12, 30])
    })
  })

  on(["cpu"], (check) => {
    check("an event of many vectors is checked vector by vector", () => {
      const d = Delta({
        value: [
          [0.2, 0.8],
          [0.5, 0.5],
        ],
        support: simplex,
      }).toEvent(1)
      expect(d.support.eventRank).toBe(2)
      expect(firstOutside(d.support, [0.2, 0.8, 0.5, 0.5], [2, 2])).toBeUndefined()
      expect(firstOutside(d.support, [0.2, 0.8, 0.5, 0.6], [2, 2])).toEqual({
        found: "[0.5, 0.6]",
        index: [1],
      })
    })
  })
})
