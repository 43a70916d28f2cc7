/**
 * Sets of vectors that are judged whole: ordered ones, and those of length one.
 *
 * ```ts
 * positiveOrdered.contains([0.1, 2, 3])   // true
 * sphere.contains([0.6, -0.8])            // true
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Support } from "../Support.ts"

/** Vectors of finite numbers: the locations of vector families. */
export const realVector: Support<"real"> = {
  name: "real",
  describe: "a vector of finite numbers",
  discrete: false,
  eventRank: 1,
  cellRank: 0,
  contains: (cell) => Array.from(cell).every(Number.isFinite),
  member: () => 0,
}

/** Vectors of finite numbers above zero, each above the one before. */
export const positiveOrdered: Support<"positiveOrdered"> = {
  name: "positiveOrdered",
  describe: "a vector of positive finite numbers, each above the one before",
  discrete: false,
  eventRank: 1,
  cellRank: 1,
  contains: (cell) => Array.from(cell).every((x, i) => x > (i === 0 ? 0 : cell[i - 1]!) && x < Infinity),
  inside: (x) => {
    const axis = x.rank - 1
    const size = [...x.shape.slice(0, axis), x.shape[axis]! - 1]
    const from = (k: number) => tf.slice(x, [...size.slice(0, axis).fill(0), k], size)
    const rises = tf.all(tf.greater(from(1), from(0)), -1)
    return tf.logicalAnd(rises, tf.all(tf.logicalAnd(tf.greater(x, 0), tf.less(x, Infinity)), -1))
  },
  member: (n) => Array.from({ length: n }, (_, i) => i + 1),
}

/** How far a float32 vector may stray from length one. */
const lengthTolerance = 1e-5

/** Vectors of length one, to within 1e-5. */
export const sphere: Support<"sphere"> = {
  name: "sphere",
  describe: "a vector of length 1",
  discrete: false,
  eventRank: 1,
  cellRank: 1,
  contains: (cell) => Math.abs(Math.hypot(...Array.from(cell)) - 1) <= lengthTolerance,
  inside: (x) => tf.lessEqual(tf.abs(tf.sub(tf.sqrt(tf.sum(tf.square(x), -1)), 1)), lengthTolerance),
  member: (n) => Array.from({ length: n }, (_, i) => (i === n - 1 ? 1 : 0)),
}
