/**
 * The weights of a mixture, and the sum of its components that loses no digit: both right where a class has no weight
 * and where a component has no density.
 */
import * as tf from "@tensorflow/tfjs-core"
import { quotient } from "../tensor/quotient.ts"
import { detach, where } from "../tensor/stable.ts"
import type { Categorical } from "./Categorical.ts"
import { toTensor } from "./Distribution.ts"

/** log w, `[...batch, K]`; −∞, with no gradient, where w is 0. */
export const logWeights = ({ weights: { probs, logits } }: Categorical): tf.Tensor => {
  if (probs === undefined) return tf.logSoftmax(toTensor(logits))
  const p = toTensor(probs)
  const isPossible = () => tf.greater(p, 0)
  const logs = tf.sub(tf.log(where(isPossible, p, 1)), tf.log(tf.sum(p, -1, true)))
  return where(isPossible, logs, -Infinity)
}

/**
 * w, `[...batch, K]`. Probabilities are divided by their sum, here and above: so the gradient in one of them is that of
 * a mixture still, wherever the others stay.
 */
export const weightsOf = ({ weights: { probs, logits } }: Categorical): tf.Tensor => {
  if (probs === undefined) return tf.softmax(toTensor(logits))
  const p = toTensor(probs)
  return quotient(p, tf.sum(p, -1, true))
}

/** log Σ eᵗ over the last dimension; −∞, with a gradient of zero, where every t is −∞. */
export const logSumExp = (t: tf.Tensor): tf.Tensor => {
  const top = detach(() => tf.max(t, -1, true))
  const isSummed = () => isBounded(top)
  const shift = detach(() => tf.where(isBounded(top), top, 0))
  // The difference of two infinities is no number, nor is its gradient.
  const sum = tf.sum(tf.exp(tf.sub(where(isSummed, t, 0), shift)), -1, true)
  return tf.squeeze(where(isSummed, tf.add(tf.log(sum), shift), top), [-1])
}

/** Neither infinite nor NaN. */
export const isBounded = (x: tf.Tensor): tf.Tensor => tf.less(tf.abs(x), Infinity)
