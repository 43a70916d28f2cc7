/**
 * Divergences KL(p ‖ q) that have no closed form, as tensor functions: by quadrature in float64, rounded once, whose
 * own error is far below a float32's rounding. The loops are in `kernels/paths`; a backend registers them when it is
 * acquired. Elementwise: shapes broadcast; differentiable once in every argument.
 *
 * ```ts
 * const [locP, scaleP, locQ, scaleQ] = [tf.scalar(0), tf.scalar(1), tf.scalar(0.5), tf.scalar(2)]
 * logisticDivergence({ locP, scaleP, locQ, scaleQ })   // 0.2773…
 * ```
 */
import type * as tf from "@tensorflow/tfjs-core"
import { alike, run } from "./kernels/call.ts"

/** Places and scales of p and q. */
export interface PlacesAndScales {
  readonly locP: tf.Tensor
  readonly scaleP: tf.Tensor
  readonly locQ: tf.Tensor
  readonly scaleQ: tf.Tensor
}

/** Of two logistics. */
export const logisticDivergence = (params: PlacesAndScales): tf.Tensor =>
  run("GuidepostLogisticDivergence", alike({ ...params }))

/** Of two hyperbolic secant distributions, of density sech((x − loc)/scale) / (π scale). */
export const hyperbolicSecantDivergence = (params: PlacesAndScales): tf.Tensor =>
  run("GuidepostHyperbolicSecantDivergence", alike({ ...params }))

/** Of two Student's t distributions. */
export const studentDivergence = (
  params: PlacesAndScales & { readonly dfP: tf.Tensor; readonly dfQ: tf.Tensor },
): tf.Tensor => run("GuidepostStudentTDivergence", alike({ ...params }))

/** Of two truncated normals; an end that is not there is infinite. Infinite where q does not cover p. */
export const truncatedNormalDivergence = (
  params: PlacesAndScales & {
    readonly lowP: tf.Tensor
    readonly highP: tf.Tensor
    readonly lowQ: tf.Tensor
    readonly highQ: tf.Tensor
  },
): tf.Tensor => run("GuidepostTruncatedNormalDivergence", alike({ ...params }))
