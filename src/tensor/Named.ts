/**
 * Tensors whose axes have names, for sums and products that go by what an axis stands for and not by its place.
 *
 * ```ts
 * const p = named(tf.log([0.2, 0.8]), ["z"])
 * const q = named(tf.zeros([2, 5]), ["z", "data"])
 * logSumExp(add([p, q]), "z")      // axes ["data"]
 * ```
 *
 * Call these inside a tidy.
 */
import * as tf from "@tensorflow/tfjs-core"
import { logSumExp as logSumExpAlong } from "./stable.ts"

/** A tensor with a name for each of its axes, no two alike. */
export interface Named {
  readonly tensor: tf.Tensor
  readonly axes: ReadonlyArray<string>
}

/** Names a tensor's axes. */
export const named = (tensor: tf.Tensor, axes: ReadonlyArray<string>): Named => ({ tensor, axes })

/** The sum, over the union of the axes; where a tensor lacks an axis, or has size 1 along it, it stretches. */
export const add = (terms: ReadonlyArray<Named>): Named => {
  const axes = union(terms)
  return named(
    terms.map((term) => along(term, axes)).reduce((sum, tensor) => tf.add(sum, tensor)),
    axes,
  )
}

/** The product, as {@link add}. */
export const mul = (factors: ReadonlyArray<Named>): Named => {
  const axes = union(factors)
  return named(
    factors.map((factor) => along(factor, axes)).reduce((product, tensor) => tf.mul(product, tensor)),
    axes,
  )
}

/** log Σ exp over one axis, which vanishes; −∞ where all are −∞, with a gradient of zero. */
export const logSumExp = ({ tensor, axes }: Named, axis: string): Named => {
  return named(
    logSumExpAlong(tensor, axes.indexOf(axis)),
    axes.filter((name) => name !== axis),
  )
}

/** Σ over one axis, which vanishes. */
export const sum = ({ tensor, axes }: Named, axis: string): Named =>
  named(
    tf.sum(tensor, axes.indexOf(axis)),
    axes.filter((name) => name !== axis),
  )

/** The axes of all, each once, in the order in which they come. */
const union = (terms: ReadonlyArray<Named>): ReadonlyArray<string> => [
  ...new Set(terms.flatMap(({ axes }) => axes)),
]

/** The tensor with its axes in the order of `axes`, and 1 where it lacks one. */
export const along = ({ tensor, axes }: Named, order: ReadonlyArray<string>): tf.Tensor => {
  const own = order.filter((name) => axes.includes(name))
  const places = own.map((name) => axes.indexOf(name))
  const moved = places.every((place, i) => place === i) ? tensor : tf.transpose(tensor, places)
  const shape = order.map((name) => (axes.includes(name) ? tensor.shape[axes.indexOf(name)]! : 1))
  return tf.reshape(moved, shape)
}
