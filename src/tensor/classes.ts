/**
 * Classes 0 … K − 1 by a table of numbers, one row for each cell of a batch: looking a class up in its row, and
 * drawing classes by their weights. However many values share a row, what the row costs is paid once.
 *
 * ```ts
 * const table = tf.logSoftmax(tf.tensor([0, 1, 2]))
 * pick(table, tf.tensor([2, 2, 0, 1]))                          // shape [4]
 * drawClasses(Key.key(0), { logits: table }, [1000])            // classes, shape [1000]
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Key } from "./Key.ts"
import { run, words } from "./kernels/call.ts"
import { broadcast, equals, type Shape } from "./Shape.ts"

/**
 * The number of each class in its row: a table `[...batch, K]` and classes `[...sample, ...batch]`, whole numbers in
 * float32, to `[...sample, ...batch]`; `missing` (default NaN), with no gradient, where there is no such class.
 * Differentiable, any number of times, in the table. Shapes broadcast; they must. Call it inside a tidy.
 */
export const pick = (table: tf.Tensor, classes: tf.Tensor, missing = Number.NaN): tf.Tensor => {
  const full = broadcast(table.shape.slice(0, -1), classes.shape)!
  return run("GuidepostPick", { table: along(table, full), classes: stretched(classes, full) }, { missing })
}

/** Weights of K classes: log-weights up to a constant (−∞ for none), or weights from zero up. */
export type ClassWeights = { readonly logits: tf.Tensor } | { readonly probs: tf.Tensor }

/**
 * Classes of shape `full`, float32, drawn with the weights `[...batch, K]` of which `full` ends in the batch: by the
 * distribution's inverse, of one uniform number of 53 bits each. No gradient flows. A class without weight is never
 * drawn. Call it inside a tidy.
 */
export const drawClasses = (key: Key, weights: ClassWeights, full: Shape): tf.Tensor => {
  const isLog = "logits" in weights
  const table = along(isLog ? weights.logits : weights.probs, full)
  return run("GuidepostClassDraw", { table }, { ...words(key), isLog, full: [...full] })
}

/** The table with a row for each of the last cells of `full` that it speaks of. */
const along = (table: tf.Tensor, full: Shape): tf.Tensor => {
  const cells = full.slice(full.length - (table.rank - 1))
  return stretched(table, [...cells, table.shape.at(-1)!])
}

const stretched = (x: tf.Tensor, shape: Shape): tf.Tensor =>
  equals(x.shape, shape) ? x : tf.broadcastTo(x, [...shape])
