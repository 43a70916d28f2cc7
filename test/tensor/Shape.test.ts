import { describe, expect, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { Backend } from "../../src/tensor/Backend.ts"
import * as Shape from "../../src/tensor/Shape.ts"

describe("Shape", () => {
  it("broadcast follows NumPy", () => {
    // From numpy.broadcast_shapes; undefined where it raises.
    const cases: ReadonlyArray<readonly [ReadonlyArray<Shape.Shape>, Shape.Shape | undefined]> = [
      [[], []],
      [[[]], []],
      [[[3]], [3]],
      [[[3], []], [3]],
      [
        [
          [3, 1],
          [1, 4],
        ],
        [3, 4],
      ],
      [
        [[3, 1], [4]],
        [3, 4],
      ],
      [
        [[5, 1, 7], [6, 1], [7]],
        [5, 6, 7],
      ],
      [[[0], [1]], [0]],
      [
        [[2, 0], [1]],
        [2, 0],
      ],
      [[[3], [4]], undefined],
      [[[0], [2]], undefined],
      [[[2], [0]], undefined],
      [[[2, 3], [2]], undefined],
      [[[1], [3], [2]], undefined],
    ]
    for (const [shapes, expected] of cases) {
      expect(Shape.broadcast(...shapes), JSON.stringify(shapes)).toEqual(expected)
      expect(Shape.broadcast(...[...shapes].reverse())).toEqual(expected)
    }
  })

  it("size, format, equals", () => {
    expect([[], [0], [3], [2, 3], [4, 0, 2]].map(Shape.size)).toEqual([1, 0, 3, 6, 0])
    expect([[], [3], [2, 3]].map(Shape.format)).toEqual(["[]", "[3]", "[2, 3]"])
    expect(Shape.equals([], [])).toBe(true)
    expect(Shape.equals([2, 3], [2, 3])).toBe(true)
    expect(Shape.equals([2, 3], [3, 2])).toBe(false)
    expect(Shape.equals([2], [2, 1])).toBe(false)
  })

  it.layer(Backend.cpu())("on tensors", (it) => {
    it.effect("sumRightmost and expandRight", () =>
      Effect.sync(() => {
        const before = tf.memory().numTensors
        tf.tidy(() => {
          const x = tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [2, 3, 2])
          expect(Shape.sumRightmost(x, 0)).toBe(x)
          expect(Shape.sumRightmost(x, 1).arraySync()).toEqual([
            [3, 7, 11],
            [15, 19, 23],
          ])
          expect(Shape.sumRightmost(x, 2).arraySync()).toEqual([21, 57])
          expect(Shape.sumRightmost(x, 3).arraySync()).toBe(78)
          expect(Shape.expandRight(x, 0)).toBe(x)
          expect(Shape.expandRight(x, 2).shape).toEqual([2, 3, 2, 1, 1])
        })
        expect(tf.memory().numTensors).toBe(before)
      }),
    )
  })
})
