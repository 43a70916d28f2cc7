/** Divergences between families of counts that differ, elementwise over the batch. Each family's own is in its file. */
import * as tf from "@tensorflow/tfjs-core"
import { where } from "../../tensor/stable.ts"
import type { Bernoulli } from "../Bernoulli.ts"
import type { Categorical } from "../Categorical.ts"
import { complement, crossEntropy, probability, weighLogs } from "../chance.ts"
import { count as countOf, type DiscreteUniform } from "../DiscreteUniform.ts"
import { type Distribution, operand } from "../Distribution.ts"
import type { Geometric } from "../Geometric.ts"
import { type OrderedLogistic, orderedWeights } from "../OrderedLogistic.ts"
import { klWeights, type Weights } from "../weights.ts"

/** KL(p ‖ q) = −(1 − p) log q(0) − p log q(1) − the entropy of p, for any q that counts. */
export const klBernoulliCount = (p: Bernoulli, q: Distribution): tf.Tensor => {
  const cross = (value: number, chance: tf.Tensor) => {
    // A value that p excludes takes no part, though q exclude it too.
    const isPossible = () => tf.greater(chance, 0)
    return tf.mul(chance, where(isPossible, q.logProb(tf.scalar(value)), 0))
  }
  return tf.sub(tf.neg(tf.add(cross(0, complement(p)), cross(1, probability(p)))), crossEntropy(p, p))
}

/** KL(p ‖ q) = −log n − log q − mean · log(1 − q) for n values; infinite where p may be negative. */
export const klDiscreteUniformGeometric = (p: DiscreteUniform, q: Geometric): tf.Tensor => {
  const middle = tf.mul(tf.add(operand(p.low), operand(p.high)), 0.5)
  const cross = tf.neg(weighLogs(q, tf.onesLike(middle), middle))
  return where(() => tf.greaterEqual(operand(p.low), 0), tf.sub(cross, tf.log(countOf(p))), Infinity)
}

/** KL(p ‖ q) of two families on the classes 0 … K − 1. Throws `ShapeMismatch` where the numbers of classes differ. */
export const klClasses = (p: Categorical | OrderedLogistic, q: Categorical | OrderedLogistic): tf.Tensor =>
  klWeights(weightsOf(p), weightsOf(q))

const weightsOf = (d: Categorical | OrderedLogistic): Weights =>
  d.family === "Categorical" ? d.weights : orderedWeights(d)
