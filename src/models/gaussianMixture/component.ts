/** The components of a Gaussian mixture: their distribution, and what its parameters are by kind of covariance. */
import * as tf from "@tensorflow/tfjs-core"
import type { Distribution } from "../../distributions/Distribution.ts"
import { MultivariateNormal } from "../../distributions/MultivariateNormal.ts"
import { Normal } from "../../distributions/Normal.ts"
import { lowerCholesky, positive } from "../../distributions/Support.ts"
import type { BijectableSupport } from "../../distributions/Transform.ts"
import { diagPart } from "../../tensor/linalg.ts"
import type { Shape } from "../../tensor/Shape.ts"
import { logSumExp, where } from "../../tensor/stable.ts"
import type { Covariance, GaussianMixtureParams } from "../GaussianMixture.ts"

/** The distribution of component `z`, class indices of any shape, under parameters: batch that of `z`, event `[D]`. */
export type Component = (
  params: Pick<GaussianMixtureParams, "loc" | "scale">,
  z: tf.Tensor,
) => Distribution<"real", "pathwise">

/** Components with covariances of this kind. */
export const componentOf =
  (covariance: Covariance): Component =>
  ({ loc, scale }, z) => {
    const k = tf.cast(z, "int32")
    const at = tf.gather(loc, k)
    switch (covariance) {
      case "full":
        return MultivariateNormal({ loc: at, scaleTril: tf.gather(scale, k) })
      case "tied":
        return MultivariateNormal({ loc: at, scaleTril: scale })
      case "diagonal":
        return Normal({ loc: at, scale: tf.gather(scale, k) }).toEvent(1)
      case "spherical":
        return Normal({ loc: at, scale: tf.expandDims(tf.gather(scale, k), -1) }).toEvent(1)
    }
  }

/** The shape of `scale` for `k` components of `d` dimensions. */
export const scaleShape = (covariance: Covariance, k: number, d: number): Shape =>
  ({ full: [k, d, d], tied: [d, d], diagonal: [k, d], spherical: [k] })[covariance]

/** The `scale` of standard Gaussians. */
export const firstScale = (covariance: Covariance, k: number, d: number): tf.Tensor =>
  covariance === "full" || covariance === "tied"
    ? tf.add(tf.eye(d), tf.zeros([...scaleShape(covariance, k, d)]))
    : tf.ones([...scaleShape(covariance, k, d)])

/** Where `scale` may lie. */
export const scaleSupport = (covariance: Covariance): BijectableSupport =>
  covariance === "full" || covariance === "tied" ? lowerCholesky : positive

/**
 * The deviation of each number given those before it: the diagonals of Cholesky factors, or the deviations themselves.
 * `[K, D]`; one row where all components are alike, one column where all directions are.
 */
export const deviations = (covariance: Covariance, scale: tf.Tensor): tf.Tensor => {
  if (covariance === "full") return diagPart(scale)
  if (covariance === "tied") return tf.expandDims(diagPart(scale), 0)
  return covariance === "diagonal" ? scale : tf.expandDims(scale, 1)
}

/** How many numbers the parameters can be chosen by. */
export const freedom = (covariance: Covariance, k: number, d: number): number => {
  const triangle = (d * (d + 1)) / 2
  const scale = { full: k * triangle, tied: triangle, diagonal: k * d, spherical: k }[covariance]
  return k - 1 + k * d + scale
}

/** log p(x, z = k) of observations `[N, D]`: `[K, N]`, −∞ for a component of weight 0. */
export const logJoint = (component: Component, params: GaussianMixtureParams, x: tf.Tensor): tf.Tensor => {
  const { weights } = params
  const k = weights.shape[0]!
  const each = component(params, tf.reshape(tf.range(0, k), [k, 1]))
  const isAlive = () => tf.greater(weights, 0)
  const logWeights = where(isAlive, tf.log(where(isAlive, weights, 1)), Number.NEGATIVE_INFINITY)
  return tf.add(each.expand([k, x.shape[0]!]).logProb(x), tf.expandDims(logWeights, 1))
}

/** log p(x) of observations `[N, D]`: `[N]`. */
export const logEvidence = (component: Component, params: GaussianMixtureParams, x: tf.Tensor): tf.Tensor =>
  logSumExp(logJoint(component, params, x), 0)
