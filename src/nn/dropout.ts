/**
 * Dropout: in training each number is set to 0 with probability `rate`, independently, and the others are divided
 * by 1 − rate, so that the mean stays; otherwise nothing happens (Srivastava et al., JMLR 15, 2014, §10, in the
 * inverted form).
 *
 * ```ts
 * sequential(dense(784, 400, { activation: "relu" }), dropout(0.5), dense(400, 10))
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { InvalidArgument } from "../tensor/errors.ts"
import * as Key from "../tensor/Key.ts"
import { make, type Network, type NoParams } from "./Network.ts"

/**
 * Dropout at `rate`, in [0, 1); else the network has an `InvalidArgument` as its problem. The mask depends on the
 * run's key, on the name under which the network is applied and on its place in it: a network applied twice under
 * one name in one run drops the same cells both times.
 */
export const dropout = (rate: number): Network<NoParams> =>
  make({
    name: `dropout(${rate})`,
    problem:
      rate >= 0 && rate < 1
        ? undefined
        : new InvalidArgument({ where: "dropout", expected: "a rate in [0, 1)", found: String(rate) }),
    init: () => ({}),
    apply: (_params, input, run) => {
      if (!run.training || rate === 0) return input
      const mask = Key.uniformValues(run.key("dropout"), input.shape)
      for (let i = 0; i < mask.length; i++) mask[i] = mask[i]! < rate ? 0 : 1 / (1 - rate)
      return tf.mul(input, tf.tensor(mask, input.shape, "float32"))
    },
  })
