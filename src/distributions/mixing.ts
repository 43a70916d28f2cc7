/**
 * The weights of a mixture, and the sum of its components that loses no digit: both right where a class has no weight
 * and where a component has no density.
 */
import * as tf from "@tensorflow/tfjs-core"
import { quotient } from "../tensor/quotient.ts"
import { where } from "../tensor/stable.ts"
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
