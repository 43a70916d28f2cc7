/**
 * The linear-Gaussian algebra of factor analysis. With M = I + WᵀΨ⁻¹W and x̃ = x − loc,
 *
 *   z | x ~ N(M⁻¹WᵀΨ⁻¹x̃, M⁻¹)
 *
 * (C. M. Bishop, Pattern Recognition and Machine Learning, 2006, equations 12.66 and 12.67). W is divided by the noise's
 * deviations before it is squared: Ψ⁻¹ would overflow where they need not.
 */
import * as tf from "@tensorflow/tfjs-core"
import { symmetricEigen } from "../../tensor/linalg/eigen.ts"
import { cholesky, choleskyInverse, choleskySolve, diagPart, matrixTranspose } from "../../tensor/linalg.ts"
import { halfLog2Pi } from "../../tensor/stable.ts"
import type { FactorParams, FactorPosterior, Noise } from "../FactorAnalysis.ts"

/** p(z | x) of observations `[N, D]`. */
export const posteriorOf = ({ loadings, loc, scale }: FactorParams, x: tf.Tensor): FactorPosterior => {
  const w = tf.div(loadings, perInput(scale, loadings))
  const root = cholesky(tf.add(tf.matMul(w, w, true), tf.eye(w.shape[1]!)))
  const residual = tf.div(tf.sub(x, loc), scale)
  const mean = matrixTranspose(choleskySolve(root, matrixTranspose(tf.matMul(residual, w))))
  return { mean, covariance: choleskyInverse(root) }
}

/** Σₙ E[log p(xₙ, zₙ)] under a posterior. */
export const expectedLogJoint = (
  { loadings, loc, scale }: FactorParams,
  { mean, covariance }: FactorPosterior,
  x: tf.Tensor,
): tf.Tensor => {
  const [n, d] = x.shape as [number, number]
  const squares = expectedSquares(x, loadings, loc, mean, covariance)
  const misfit = tf.sum(tf.div(squares, tf.square(scale)))
  const logScale = tf.mul(tf.mean(tf.log(scale)), d)
  const prior = tf.add(tf.mean(tf.sum(tf.square(mean), 1)), tf.sum(diagPart(covariance)))
  const each = tf.add(tf.mul(tf.add(misfit, prior), -0.5), tf.neg(logScale))
  return tf.mul(tf.sub(each, halfLog2Pi * (d + mean.shape[1]!)), n)
}

/**
 * The M-step. About the means of x and of E[z], where loc has no part, W is a regression; a variance is what is left on
 * average, but no less than the floor. That is the maximum over all parameters with the floor as a bound, so no
 * iteration lowers the likelihood.
 */
export const maximized = (
  { mean, covariance }: FactorPosterior,
  x: tf.Tensor,
  { noise, floor }: { readonly noise: Noise; readonly floor: number },
): FactorParams => {
  const n = x.shape[0]!
  const [centerX, centerZ] = [tf.mean(x, 0), tf.mean(mean, 0)]
  const [dx, dz] = [tf.sub(x, centerX), tf.sub(mean, centerZ)]
  const scatter = tf.add(tf.div(tf.matMul(dz, dz, true), n), covariance)
  const loadings = matrixTranspose(choleskySolve(cholesky(scatter), tf.div(tf.matMul(dz, dx, true), n)))
  const loc = tf.sub(centerX, tf.squeeze(tf.matMul(tf.expandDims(centerZ, 0), loadings, false, true), [0]))
  const squares = expectedSquares(x, loadings, loc, mean, covariance)
  const variance = noise === "isotropic" ? tf.mean(squares) : squares
  return { loadings, loc, scale: tf.sqrt(tf.maximum(variance, floor)) }
}

/** The maximum of probabilistic principal components, from observations `[N, D]`. */
export const principal = (x: tf.Tensor, latent: number, floor: number): FactorParams => {
  const [n, d] = x.shape as [number, number]
  const loc = tf.mean(x, 0)
  const centered = tf.sub(x, loc)
  // The squares of large numbers would overflow, those of small ones vanish.
  const unit = tf.max(tf.abs(centered)).dataSync()[0]! || 1
  const inUnits = tf.div(centered, unit)
  const covariance = tf.div(tf.matMul(inUnits, inUnits, true), n)
  const { values: found, vectors } = symmetricEigen(covariance.dataSync(), d)
  const values = found.map((value) => value * unit * unit)
  const rest = values.subarray(latent)
  const variance = Math.max(rest.reduce((sum, value) => sum + value, 0) / Math.max(rest.length, 1), floor)
  const loadings = Float32Array.from({ length: d * latent }, (_, at) => {
    const [i, k] = [Math.floor(at / latent), at % latent]
    return k < d ? vectors[k * d + i]! * Math.sqrt(Math.max(values[k]! - variance, 0)) : 0
  })
  return { loadings: tf.tensor(loadings, [d, latent]), loc, scale: tf.scalar(Math.sqrt(variance)) }
}

/**
 * The mean over observations of E(x − Wz − loc)², `[D]`: a sum of squares, where E x² less what W explains would lose the
 * digits of a small noise.
 */
const expectedSquares = (
  x: tf.Tensor,
  loadings: tf.Tensor,
  loc: tf.Tensor,
  mean: tf.Tensor,
  covariance: tf.Tensor,
): tf.Tensor => {
  const residual = tf.sub(tf.sub(x, loc), tf.matMul(mean, loadings, false, true))
  const spread = tf.sum(tf.mul(tf.matMul(loadings, covariance), loadings), 1)
  return tf.add(tf.mean(tf.square(residual), 0), spread)
}

/** Deviations `[D]` or `[]` as a column beside the rows of the loadings. */
const perInput = (scale: tf.Tensor, loadings: tf.Tensor): tf.Tensor =>
  tf.expandDims(tf.broadcastTo(scale, [loadings.shape[0]!]), 1)
