/**
 * The Cholesky factor A = LLᵀ of a symmetric positive-definite matrix, and what is computed with it: solutions,
 * inverse, log-determinant, the quadratic form of a Gaussian.
 */
import * as tf from "@tensorflow/tfjs-core"
import { call } from "../kernels/linalg/batches.ts"
import { float, requireFit, requireSquare } from "./shapes.ts"
import { triangularSolve } from "./triangular.ts"

/**
 * The lower-triangular L with LLᵀ = (A + Aᵀ)/2, [...batch, n, n], its diagonal positive: so the gradient is symmetric.
 * It is the exact factor rounded to float32, for condition numbers up to about 10⁷.
 *
 * A member that has no factor gives NaN on and below the diagonal, and NaN gradients; the others are unharmed. Nothing
 * is read back to find that out: {@link choleskyProblem} does, outside a step.
 */
export const cholesky = (a: tf.Tensor): tf.Tensor => {
  requireSquare("cholesky", a)
  return tf.tidy(() => call("GuidepostCholesky", { a: float(a) }))
}

/**
 * X with LLᵀX = B: l [...batch, n, n], of which the lower triangle is read, b [...batch, n, k]. Both substitutions are
 * in float64, and X is rounded once.
 */
export const choleskySolve = (l: tf.Tensor, b: tf.Tensor): tf.Tensor => {
  const n = requireSquare("choleskySolve", l)
  requireFit("choleskySolve", b, l.shape.slice(0, -2), [n, null])
  return tf.tidy(() => call("GuidepostCholeskySolve", { l: float(l), b: float(b) }))
}

/** (LLᵀ)⁻¹, [...batch, n, n], symmetric to the bit; the lower triangle of l is read. */
export const choleskyInverse = (l: tf.Tensor): tf.Tensor => {
  requireSquare("choleskyInverse", l)
  return tf.tidy(() => call("GuidepostCholeskyInverse", { l: float(l) }))
}

/**
 * log det L = Σ log l_ii, [...batch], which is half of log det LLᵀ; l [...batch, n, n]. NaN where an element of the
 * diagonal is negative. The product itself overflows float32 from n = 39 on where the diagonal is 10s.
 */
export const logDetCholesky = (l: tf.Tensor): tf.Tensor => {
  requireSquare("logDetCholesky", l)
  return tf.tidy(() => call("GuidepostSumLogDiag", { l: float(l) }))
}

/** log det A, [...batch], of symmetric positive-definite matrices [...batch, n, n]; NaN for others. */
export const logDet = (a: tf.Tensor): tf.Tensor => {
  requireSquare("logDet", a)
  return tf.tidy(() => tf.mul(logDetCholesky(cholesky(a)), 2))
}

/**
 * bᵀ(LLᵀ)⁻¹b = |L⁻¹b|², [...batch]: the squared Mahalanobis distance, for L the Cholesky factor of a covariance.
 * l [...batch, n, n], b [...batch, n]; vectors that share a factor are solved together. As b times the solution it could
 * come out negative; as a sum of squares it cannot.
 */
export const quadraticForm = (l: tf.Tensor, b: tf.Tensor): tf.Tensor => {
  const n = requireSquare("quadraticForm", l)
  requireFit("quadraticForm", b, l.shape.slice(0, -2), [n])
  return tf.tidy(() => tf.sum(tf.square(triangularSolve(l, tf.expandDims(b, -1))), [-2, -1]))
}
