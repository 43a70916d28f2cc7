/**
 * Vectors in another order: what stands between couplings, and between autoregressive flows, so that each number has
 * its turn to come last.
 *
 * ```ts
 * permute([2, 0, 1]).forward(tf.tensor1d([5, 6, 7]))   // [7, 5, 6]
 * reverse.forward(tf.tensor1d([5, 6, 7]))              // [7, 6, 5]
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { real, type Support } from "../../Support.ts"
import type { Transform } from "../contract.ts"
import { vectorFlow } from "./conditioned.ts"

/** The numbers in the opposite order. */
export const reverse: Transform<"real", "real"> = {
  ...vectorFlow(() => true),
  name: "reverse",
  forward: backwards,
  inverse: backwards,
  logAbsDetJacobian: noVolume,
}

/**
 * yᵢ = x at `indices[i]`. Indices other than each of 0 … n − 1 once are a problem of the distribution made with it.
 */
export const permute = (indices: ReadonlyArray<number>): Transform<"real", "real"> => {
  const inverse = indices.map((_, i) => indices.indexOf(i))
  return {
    ...vectorFlow((width) => width === indices.length),
    name: "permute",
    params: { indices: { value: indices, constraint: permutation } },
    forward: (x) => take(x, indices, inverse),
    inverse: (y) => take(y, inverse, indices),
    logAbsDetJacobian: noVolume,
  }
}

/** With the gradient put back in place the same way: tfjs' own adds segments up, which wasm cannot. */
const take = (x: tf.Tensor, indices: ReadonlyArray<number>, back: ReadonlyArray<number>): tf.Tensor =>
  tf.customGrad((x) => ({
    value: tf.gather(x as tf.Tensor, tf.tensor1d([...indices], "int32"), (x as tf.Tensor).rank - 1),
    gradFunc: (dy: tf.Tensor) => take(dy, back, indices),
  }))(x)

const permutation: Support<"permutation"> = {
  ...real,
  name: "permutation",
  describe: "each of the numbers from 0 on, once",
  eventRank: 1,
  cellRank: 1,
  contains: (cell) =>
    Array.from(cell)
      .toSorted((a, b) => a - b)
      .every((index, i) => index === i),
  member: (n) => Array.from({ length: n }, (_, i) => i),
}

// Declarations, since `reverse` is made with them as the module loads.
function backwards(x: tf.Tensor): tf.Tensor {
  return tf.reverse(x, -1)
}

function noVolume(x: tf.Tensor): tf.Tensor {
  return tf.sum(tf.zerosLike(x), -1)
}
