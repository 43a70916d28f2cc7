/**
 * The M-step of a Gaussian mixture: with responsibilities r_nk (times the observations' weights) and N_k = Σₙ r_nk,
 *
 *   weights_k = N_k / Σ N,  loc_k = Σₙ r_nk xₙ / N_k,  Σ_k = Σₙ r_nk (xₙ − loc_k)(xₙ − loc_k)ᵀ / N_k + floor · I
 *
 * (C. M. Bishop, Pattern Recognition and Machine Learning, 2006, equations 9.24 to 9.27.) A component that no
 * observation belongs to keeps its place and gets weight 0: nothing is known of it.
 */
import * as tf from "@tensorflow/tfjs-core"
import { weightedScatter } from "../../tensor/linalg.ts"
import { where } from "../../tensor/stable.ts"
import type { Covariance, GaussianMixtureParams } from "../GaussianMixture.ts"
import { type Observations, parts } from "./observations.ts"

/** What kind of covariances, and what is added to their variances. */
export interface Covariances {
  readonly covariance: Covariance
  readonly floor: number
}

/** Better parameters, from observations `[N, D]` and their responsibilities `[N, K]`. */
export const maximized = (
  data: Observations,
  responsibilities: tf.Tensor,
  before: Pick<GaussianMixtureParams, "loc" | "scale">,
  { covariance, floor }: Covariances,
): GaussianMixtureParams =>
  tf.tidy(() => {
    const { x, weights } = parts(data)
    const held =
      weights === undefined ? responsibilities : tf.mul(responsibilities, tf.expandDims(weights, 1))
    const { counts, mean, scale } = weightedScatter(x, held, { form: covariance, floor })
    const isAlive = () => tf.greater(counts, 0)
    return {
      weights: tf.div(counts, tf.sum(counts)),
      loc: chosen(isAlive, mean, before.loc),
      scale: covariance === "tied" ? scale : chosen(isAlive, scale, before.scale),
    }
  })

/** `a` of the components, `[K, ...]`, that a condition `[K]` holds of, `b` of the others. */
export const chosen = (condition: () => tf.Tensor, a: tf.Tensor, b: tf.Tensor): tf.Tensor => {
  const ones = new Array<number>(a.rank - 1).fill(1)
  return where(() => tf.broadcastTo(tf.reshape(condition(), [-1, ...ones]), a.shape), a, b)
}
