/**
 * Maps from vectors of free numbers onto sets of vectors: the simplex, ordered vectors, the sphere.
 *
 * ```ts
 * stickBreaking.forward(tf.tensor1d([0, 0]))   // [1/3, 1/3, 1/3]
 * ordered.forward(tf.tensor1d([5, 0, 0]))      // [5, 6, 7]
 * sphere.forward(tf.tensor1d([1]))             // [1, 0]
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Shape } from "../../tensor/Shape.ts"
import { where } from "../../tensor/stable.ts"
import {
  independent,
  ordered as orderedSupport,
  positiveOrdered as positiveOrderedSupport,
  real,
  simplex,
  sphere as sphereSupport,
} from "../Support.ts"
import { logPositive, resized, sliceLast, type Transform } from "./contract.ts"

const vector = independent(real, 1)

/**
 * Vectors of K − 1 numbers to probability vectors of K: each number says, by a sigmoid, what share of the rest of a
 * stick to break off (Stan Reference Manual, "Unit simplex"). Zero goes to the uniform vector.
 *
 * In logarithms throughout: the product of the remaining shares underflows long before its logarithm does.
 */
export const stickBreaking: Transform<"real", "simplex"> = {
  name: "stickBreaking",
  domain: vector,
  codomain: simplex,
  eventRank: 1,
  params: {},
  forward: (x) => {
    const { broken, kept, before } = sticks(x)
    const last = tf.sum(kept, -1, true)
    // The logarithms are of numbers that sum to one already; softmax takes out what rounding has added up.
    return tf.softmax(tf.concat([tf.add(broken, before), last], -1))
  },
  inverse: (y) => {
    const axis = y.rank - 1
    const count = y.shape[axis]! - 1
    // Summed from the far end: 1 − Σ of those before has no digit left when little is.
    const after = tf.cumsum(y, axis, true, true)
    const [broken, rest] = [sliceLast(y, 0, count), sliceLast(after, 0, count)]
    return tf.add(tf.sub(logPositive(broken), logPositive(rest)), evenShares(count))
  },
  logAbsDetJacobian: (x) => {
    const { broken, kept, before } = sticks(x)
    return tf.sum(tf.add(tf.add(broken, kept), before), -1)
  },
  forwardShape: (shape) => resized(shape, 1),
  inverseShape: (shape) => resized(shape, -1),
}

/** x ↦ x₁, x₁ + e^x₂, x₁ + e^x₂ + e^x₃, …: onto ascending vectors (Stan Reference Manual, "Ordered vector"). */
export const ordered: Transform<"real", "ordered"> = {
  name: "ordered",
  domain: vector,
  codomain: orderedSupport,
  eventRank: 1,
  params: {},
  forward: (x) => {
    const [first, steps] = [sliceLast(x, 0, 1), tf.exp(rest(x))]
    return tf.cumsum(tf.concat([first, steps], -1), x.rank - 1)
  },
  inverse: (y) => tf.concat([sliceLast(y, 0, 1), logPositive(rises(y))], -1),
  logAbsDetJacobian: (x) => tf.sum(rest(x), -1),
  forwardShape: sameVector,
  inverseShape: sameVector,
}

/** x ↦ e^x₁, e^x₁ + e^x₂, …: onto ascending vectors of positive numbers. */
export const positiveOrdered: Transform<"real", "positiveOrdered"> = {
  name: "positiveOrdered",
  domain: vector,
  codomain: positiveOrderedSupport,
  eventRank: 1,
  params: {},
  forward: (x) => tf.cumsum(tf.exp(x), x.rank - 1),
  inverse: (y) => logPositive(tf.concat([sliceLast(y, 0, 1), rises(y)], -1)),
  logAbsDetJacobian: (x) => tf.sum(x, -1),
  forwardShape: sameVector,
  inverseShape: sameVector,
}

/**
 * Vectors of n − 1 numbers to vectors of n of length one, by stereographic projection from the pole (0, …, 0, −1):
 * y = (2x, 1 − |x|²) / (1 + |x|²). Zero goes to the other pole. The map stretches alike in all directions, by
 * 2 / (1 + |x|²), so that its volume on the sphere's surface is that to the power n − 1.
 *
 * Unlike a normalized vector of n numbers it is one-to-one; only the pole itself is not reached.
 */
export const sphere: Transform<"real", "sphere"> = {
  name: "sphere",
  domain: vector,
  codomain: sphereSupport,
  eventRank: 1,
  params: {},
  forward: (x) => {
    const stretch = tf.div(2, tf.add(squaredLength(x), 1))
    return tf.concat([tf.mul(x, stretch), tf.sub(stretch, 1)], -1)
  },
  inverse: (y) => {
    const count = y.shape.at(-1)! - 1
    const [flat, height] = [sliceLast(y, 0, count), sliceLast(y, count, 1)]
    // 1 + y_n has no digit near the pole; there it is |flat|² / (1 − y_n).
    const isNorth = () => tf.greater(height, 0)
    const south = tf.div(tf.maximum(squaredLength(flat), 2 ** -100), tf.sub(1, height))
    return tf.div(flat, where(isNorth, tf.add(height, 1), where(isNorth, 1, south)))
  },
  logAbsDetJacobian: (x) =>
    tf.mul(tf.sub(Math.LN2, tf.log1p(tf.squeeze(squaredLength(x), [-1]))), x.shape.at(-1)!),
  forwardShape: (shape) => resized(shape, 1),
  inverseShape: (shape) => resized(shape, -1),
}

/** For each number: log of the share broken off, of the share kept, and of what there was before. */
const sticks = (x: tf.Tensor) => {
  const t = tf.sub(x, evenShares(x.shape[x.rank - 1]!))
  const broken = tf.neg(tf.softplus(tf.neg(t)))
  const kept = tf.neg(tf.softplus(t))
  return { broken, kept, before: tf.cumsum(kept, x.rank - 1, true) }
}

/** log(K − k) for the k-th of K pieces, k from 1 to K − 1: the logits that break a stick evenly are minus these. */
const evenShares = (n: number): tf.Tensor => tf.tensor1d(Array.from({ length: n }, (_, k) => Math.log(n - k)))

/** All but the first. */
const rest = (x: tf.Tensor): tf.Tensor => sliceLast(x, 1, x.shape.at(-1)! - 1)

/** How far each lies above the one before, from the second on. */
const rises = (y: tf.Tensor): tf.Tensor => tf.sub(rest(y), sliceLast(y, 0, y.shape.at(-1)! - 1))

const squaredLength = (x: tf.Tensor): tf.Tensor => tf.sum(tf.square(x), -1, true)

// A declaration, since the transforms above are made with it as the module loads.
function sameVector(shape: Shape): Shape | undefined {
  return resized(shape, 0)
}
