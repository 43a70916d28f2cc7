/** Weighted means and covariances: the moments that maximum likelihood of Gaussians asks for, in float64. */
import * as tf from "@tensorflow/tfjs-core"
import { weightedScatter as kernel, type ScatterAttrs } from "../kernels/linalg/scatter.ts"
import { float, requireFit, requireMatrix } from "./shapes.ts"

export type { ScatterForm } from "../kernels/linalg/scatter.ts"

/** What {@link weightedScatter} finds, of each column. */
export interface WeightedScatter {
  /** `[K]`. */
  readonly counts: tf.Tensor
  /** `[K, D]`. */
  readonly mean: tf.Tensor
  /** Lower Cholesky factors `[K, D, D]` (full) or `[D, D]` (tied), or standard deviations `[K, D]` or `[K]`. */
  readonly scale: tf.Tensor
}

/**
 * The weight, mean and spread of rows x `[N, D]` under each column of weights w `[N, K]`. NaN where a column has no
 * weight, and where a covariance has no factor. No gradient flows. Throws `ShapeMismatch`.
 */
export const weightedScatter = (x: tf.Tensor, w: tf.Tensor, attrs: ScatterAttrs): WeightedScatter => {
  requireMatrix("weightedScatter", x)
  requireMatrix("weightedScatter", w)
  requireFit("weightedScatter", w, [], [x.shape[0]!, w.shape[1]!])
  return tf.tidy(() => {
    const inputs = { x: float(x), w: float(w) }
    const [counts, mean, scale] = tf.engine().runKernel(kernel.name, inputs, attrs as never) as unknown as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ]
    return { counts, mean, scale }
  })
}
