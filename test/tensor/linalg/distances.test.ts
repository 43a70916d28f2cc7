/** Squared distances of many vectors from few locations, which are worked out in fours: those of each vector alone. */
import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import * as Key from "../../../src/tensor/Key.ts"
import { squaredDistance } from "../../../src/tensor/linalg.ts"
import { expectClose, numbers } from "../../laws/numbers.ts"
import { on } from "../../laws/onBackends.ts"

/** float32 rounds a value by at most 2⁻²⁴ of itself; here two values are, of float64s that may differ in their last bit. */
const ROUNDING = 1.2e-7

const before = new Map<string, ReadonlyArray<number>>()

describe("squaredDistance", () => {
  on(["cpu", "wasm"], (check) => {
    for (const given of ["factor", "covariance"] as const) {
      // Numbers of vectors with each remainder of four, and more of them, and of their numbers, than are taken at a time.
      for (const [count, n] of [
        [4, 1],
        [5, 3],
        [6, 3],
        [7, 3],
        [1500, 3],
        [9, 600],
      ] as const) {
        check(`${count} vectors of ${n} from three, by ${given}`, () => {
          tf.tidy(() => {
            const k = 3
            const x = Key.normal(Key.key(1), [count, n])
            const loc = Key.normal(Key.key(2), [k, 1, n])
            const noise = Key.normal(Key.key(3), [k, n, n])
            const l = tf.add(tf.eye(n), tf.linalg.bandPart(tf.mul(noise, 0.5 / Math.sqrt(n)), -1, 0))
            const m = given === "factor" ? l : tf.matMul(l, l, false, true)
            const matrix = tf.reshape(m, [k, 1, n, n])
            const found = numbers(() => squaredDistance(x, loc, matrix, given))
            // A location for each vector: one by one.
            const alone = numbers(() => squaredDistance(x, tf.tile(loc, [1, count, 1]), matrix, given))
            expectClose(found, alone, { relative: ROUNDING })
            const name = `${count} ${n} ${given}`
            if (given === "factor") expect(found).toEqual(before.get(name) ?? found)
            before.set(name, found)
          })
        })
      }
    }

    check("is NaN for the vectors of a matrix without a factor, and for no others", () => {
      const matrix = tf.tidy(() => tf.stack([tf.eye(2), tf.neg(tf.eye(2))]))
      const found = numbers(() =>
        squaredDistance(tf.ones([5, 2]), tf.zeros([2]), tf.reshape(matrix, [2, 1, 2, 2]), "covariance"),
      )
      expect(found.slice(0, 5)).toEqual([2, 2, 2, 2, 2])
      expect(found.slice(5).every(Number.isNaN)).toBe(true)
      matrix.dispose()
    })
  })
})
