/**
 * Gradient clipping, as the first part of an optimizer: `Optimizer.chain(Optimizer.clipByNorm(10), Optimizer.adam(1e-3))`.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Tree from "../../tensor/Tree.ts"
import { positive, problemIn } from "./hyperparameters.ts"
import { owned, perLeaf } from "./perLeaf.ts"
import type { Optimizer } from "./Update.ts"

/**
 * Shrinks all gradients together by min(1, maxNorm / ‖g‖), where ‖g‖ is the norm over all leaves. `maxNorm` is
 * above 0.
 *
 * Pascanu, Mikolov and Bengio, On the difficulty of training Recurrent Neural Networks, ICML 2013, algorithm 1.
 */
export const clipByNorm = (maxNorm: number): Optimizer => {
  const problem = problemIn("Optimizer.clipByNorm", [["maxNorm", maxNorm, positive]])
  return {
    init: () => ({ count: 0, slots: {} }),
    update: (grads, { count }) =>
      owned(() => {
        const factor = tf.div(maxNorm, tf.maximum(Tree.norm(grads), maxNorm))
        return {
          updates: Tree.map(grads, (g) => tf.mul(g, factor)),
          state: { count: count + 1, slots: {} },
        }
      }),
    ...(problem && { problem }),
  }
}

/** Clips each element to [−maxValue, maxValue]. `maxValue` is above 0. */
export const clipByValue = (maxValue: number): Optimizer =>
  perLeaf({
    slots: [],
    problem: problemIn("Optimizer.clipByValue", [["maxValue", maxValue, positive]]),
    step: (g) => [tf.clipByValue(g, -maxValue, maxValue)],
  })
