/**
 * Weights of K classes, as probabilities or as logits (log-weights up to a constant), and what the two families on
 * them share: the log-probability of a class, draws, entropy and divergence. The last dimension is over classes.
 */
import * as tf from "@tensorflow/tfjs-core"
import { drawClasses, pick } from "../tensor/classes.ts"
import { ShapeMismatch } from "../tensor/errors.ts"
import type * as Key from "../tensor/Key.ts"
import type { Shape } from "../tensor/Shape.ts"
import { where } from "../tensor/stable.ts"
import { type Parameter, shapeOf, toTensor, type Value } from "./Distribution.ts"
import { logWeights, simplex } from "./Support.ts"

/** `[...batch, K]`: `logits` or `probs`, never both. */
export type Weights =
  | { readonly logits: Value; readonly probs?: never }
  | { readonly probs: Value; readonly logits?: never }

/** The parameters as a family declares them. */
export const weightParams = (w: Weights): Readonly<Record<string, Parameter>> =>
  w.probs === undefined
    ? { logits: { value: w.logits, constraint: logWeights } }
    : { probs: { value: w.probs, constraint: simplex } }

/** K. */
export const classCount = (w: Weights): number => shapeOf(w.probs ?? w.logits!).at(-1) ?? 0

/** Probabilities `[...batch, K]`. */
export const probabilities = (w: Weights): tf.Tensor =>
  w.probs === undefined ? tf.softmax(toTensor(w.logits)) : toTensor(w.probs)

/** Which class each number names: `[...]` to a bool `[..., K]`. Unlike `tf.oneHot` it takes a single class too. */
export const isClass = (w: Weights, classes: tf.Tensor): tf.Tensor =>
  tf.equal(tf.expandDims(classes, -1), tf.range(0, classCount(w), 1, classes.dtype as "float32" | "int32"))

/** log p of the class that each row of `isPicked`, a bool `[...sample, ...batch, K]`, has its true at. */
export const logProbOf = (w: Weights, isPicked: () => tf.Tensor): tf.Tensor => {
  // The other classes are left out, not multiplied by zero: their logarithm may be −∞.
  if (w.probs === undefined) return tf.sum(where(isPicked, tf.logSoftmax(toTensor(w.logits)), 0), -1)
  const p = tf.sum(where(isPicked, toTensor(w.probs), 0), -1)
  const isPossible = () => tf.greater(p, 0)
  return where(isPossible, tf.log(where(isPossible, p, 1)), -Infinity)
}

/** log p of classes by number, `[...sample, ...batch]`; −∞, with no gradient, of what is no class. */
export const logProbAt = (w: Weights, classes: tf.Tensor): tf.Tensor => {
  if (w.probs === undefined) return pick(tf.logSoftmax(toTensor(w.logits)), classes, -Infinity)
  const p = toTensor(w.probs)
  const isPossible = () => tf.greater(p, 0)
  return pick(where(isPossible, tf.log(where(isPossible, p, 1)), -Infinity), classes, -Infinity)
}

/** Classes drawn at shape `full`, by number. */
export const drawClass = (w: Weights, key: Key.Key, full: Shape): tf.Tensor =>
  drawClasses(
    key,
    w.probs === undefined ? { logits: toTensor(w.logits) } : { probs: toTensor(w.probs) },
    full,
  )

/** The likeliest class, as an integer; the first of several. */
export const likeliest = (w: Weights): tf.Tensor => tf.argMax(toTensor(w.probs ?? w.logits!), -1)

/** P(X ≤ x) of classes by number, for any number x `[...sample, ...batch]`. */
export const weightCdf = (w: Weights, x: tf.Tensor): tf.Tensor => {
  const isReached = () => tf.lessEqual(tf.range(0, classCount(w)), tf.expandDims(x, -1))
  const reached = tf.sum(where(isReached, probabilities(w), 0), -1)
  const isNumber = () => tf.equal(x, x)
  return where(isNumber, reached, Number.NaN)
}

/** −Σ p log p over the classes that have any probability. */
export const weightEntropy = (w: Weights): tf.Tensor => {
  const p = probabilities(w)
  return tf.neg(tf.sum(tf.mul(p, logWhere(w, p)), -1))
}

/**
 * KL(p ‖ q) = Σ p (log p − log q) over the classes that p gives any probability; infinite where q gives one of them
 * none. Throws `ShapeMismatch` where the numbers of classes differ.
 */
export const klWeights = (p: Weights, q: Weights): tf.Tensor => {
  if (classCount(p) !== classCount(q)) {
    throw new ShapeMismatch({
      where: "kl of two categorical distributions",
      expected: `${classCount(p)} classes in both`,
      found: `${classCount(q)} in the second`,
    })
  }
  const weights = probabilities(p)
  return tf.sum(tf.mul(weights, tf.sub(logWhere(p, weights), logWhere(q, weights))), -1)
}

/** log-probabilities where `weights` are positive; 0, with no gradient, elsewhere. */
const logWhere = (w: Weights, weights: tf.Tensor): tf.Tensor => {
  const isPossible = () => tf.greater(weights, 0)
  return w.probs === undefined
    ? where(isPossible, tf.logSoftmax(toTensor(w.logits)), 0)
    : tf.log(where(isPossible, toTensor(w.probs), 1))
}
