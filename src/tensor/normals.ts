/**
 * Independent normals together, in one pass over the numbers.
 *
 * ```ts
 * const component = [tf.zeros([8, 1, 16]), tf.ones([8, 1, 16])]
 * normalVectorLogDensity(observations, ...component)     // observations [1000, 16] to [8, 1000]
 * ```
 */
import type * as tf from "@tensorflow/tfjs-core"
import { call } from "./kernels/linalg/batches.ts"
import { normalVector } from "./kernels/normalVector.ts"

/**
 * Σ log p(xᵢ) over the last dimension, of vectors x, loc and scale `[...batch, n]` whose batches broadcast; they must.
 * Evaluated in float64 and rounded once, right at scales of 1e±30 too. Differentiable in all three, to any order.
 */
export const normalVectorLogDensity = (x: tf.Tensor, loc: tf.Tensor, scale: tf.Tensor): tf.Tensor =>
  call(normalVector.name, { x, loc, scale })
