/**
 * Maps from vectors of free numbers onto sets of matrices: Cholesky factors, correlations' factors, covariances. The
 * numbers fill the lower triangle row by row (Stan Reference Manual, "Covariance matrices" and "Cholesky factors of
 * correlation matrices", for the volumes).
 *
 * ```ts
 * lowerCholesky.forward(tf.tensor1d([0, 3, 0]))  // [[1, 0], [3, 1]]
 * covariance.forward(tf.tensor1d([0, 3, 0]))     // [[1, 3], [3, 10]]
 * corrCholesky.forward(tf.tensor1d([0]))         // [[1, 0], [0, 1]]
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { cholesky, diagPart, fillTriangular, packTriangular, setDiag, tril } from "../../tensor/linalg.ts"
import type { Shape } from "../../tensor/Shape.ts"
import { where } from "../../tensor/stable.ts"
import {
  corrCholesky as corrCholeskySupport,
  covariance as covarianceSupport,
  independent,
  lowerCholesky as lowerCholeskySupport,
  real,
} from "../Support.ts"
import { logPositive, type Transform } from "./contract.ts"

const vector = independent(real, 1)

/** n(n + 1)/2 numbers to a lower-triangular matrix, those of the diagonal by their exponential. */
export const lowerCholesky: Transform<"real", "lowerCholesky"> = {
  name: "lowerCholesky",
  domain: vector,
  codomain: lowerCholeskySupport,
  eventRank: 1,
  params: {},
  forward: (x) => factor(x),
  inverse: (y) => free(y),
  logAbsDetJacobian: (x) => tf.sum(diagPart(fillTriangular(x)), -1),
  forwardShape: (shape) => filled(shape, 0),
  inverseShape: (shape) => packed(shape, 0),
}

/**
 * n(n + 1)/2 numbers to the symmetric positive-definite LLᵀ, L as {@link lowerCholesky} makes it. The volume is that
 * of the lower triangle: 2ⁿ Π l_ii^(n − i + 1), times that of L.
 */
export const covariance: Transform<"real", "covariance"> = {
  name: "covariance",
  domain: vector,
  codomain: covarianceSupport,
  eventRank: 1,
  params: {},
  forward: (x) => {
    const l = factor(x)
    return tf.matMul(l, l, false, true)
  },
  inverse: (y) => free(cholesky(y)),
  logAbsDetJacobian: (x) => {
    const logs = diagPart(fillTriangular(x))
    const n = logs.shape.at(-1)!
    return tf.add(tf.sum(tf.mul(logs, tf.range(n + 1, 1, -1)), -1), n * Math.LN2)
  },
  forwardShape: (shape) => filled(shape, 0),
  inverseShape: (shape) => packed(shape, 0),
}

/**
 * n(n − 1)/2 numbers to the factor of a correlation matrix: tanh of each is a partial correlation, and says what
 * share of the square root of the rest of its row's unit length to take. Zero goes to the identity.
 *
 * In logarithms: 1 − tanh² has no digit from 9 on, while log(1 − tanh² x) = −2 log cosh x has them all.
 */
export const corrCholesky: Transform<"real", "corrCholesky"> = {
  name: "corrCholesky",
  domain: vector,
  codomain: corrCholeskySupport,
  eventRank: 1,
  params: {},
  forward: (x) => {
    const { below, before } = rows(x)
    const shares = tf.add(tf.tanh(below), tf.eye(below.shape.at(-1)!))
    return tf.mul(shares, tf.exp(before))
  },
  inverse: (y) => {
    const after = packTriangular(tf.cumsum(tf.square(y), y.rank - 1, true, true), { diagonal: -1 })
    // artanh of the share, from what is left after it and not from 1 − share², which cancels.
    return arsinh(tf.div(packTriangular(y, { diagonal: -1 }), tf.sqrt(tf.maximum(after, 2 ** -120))))
  },
  logAbsDetJacobian: (x) => {
    const { kept, before } = rows(x)
    return tf.sum(tf.add(tril(before, -1), tf.mul(kept, 2)), [-2, -1])
  },
  forwardShape: (shape) => filled(shape, -1),
  inverseShape: (shape) => packed(shape, -1),
}

const factor = (x: tf.Tensor): tf.Tensor => {
  const l = fillTriangular(x)
  return setDiag(l, tf.exp(diagPart(l)))
}

const free = (l: tf.Tensor): tf.Tensor => packTriangular(setDiag(l, logPositive(diagPart(l))))

/** Below the diagonal x, and half the log of the share it leaves; and everywhere half the log of what there was before. */
const rows = (x: tf.Tensor) => {
  const below = fillTriangular(x, { diagonal: -1 })
  const kept = tf.neg(logCosh(below))
  return { below, kept, before: tf.cumsum(kept, below.rank - 1, true) }
}

/** log cosh x; cosh itself overflows from 89 on. Zero at zero, exactly, where softplus would leave a rounding. */
const logCosh = (x: tf.Tensor): tf.Tensor => {
  const size = tf.abs(x)
  return tf.sub(tf.add(size, tf.log1p(tf.exp(tf.mul(size, -2)))), Math.LN2)
}

/** log(x + √(x² + 1)), by its size: for x = −1e4 the sum as it stands is 0. tfjs has |x| fall at zero, hence ≤. */
const arsinh = (x: tf.Tensor): tf.Tensor => {
  const size = tf.abs(x)
  const square = tf.square(x)
  const past = tf.add(size, tf.div(square, tf.add(tf.sqrt(tf.add(square, 1)), 1)))
  const log = tf.log1p(past)
  return where(() => tf.lessEqual(x, 0), tf.neg(log), log)
}

const filled = (shape: Shape, diagonal: 0 | -1): Shape | undefined => {
  const n = (Math.sqrt(8 * (shape.at(-1) ?? 0) + 1) - 1) / 2 - diagonal
  return n >= 1 - diagonal && Number.isInteger(n) ? [...shape.slice(0, -1), n, n] : undefined
}

const packed = (shape: Shape, diagonal: 0 | -1): Shape | undefined => {
  const [rows, n] = [shape.at(-2), shape.at(-1) ?? 0]
  const fits = rows === n && n >= 1 - diagonal
  return fits ? [...shape.slice(0, -2), (n * (n + 1 + 2 * diagonal)) / 2] : undefined
}
