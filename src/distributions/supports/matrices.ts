/**
 * Sets of square matrices, [...batch, n, n]: positive-definite ones and their Cholesky factors. A cell is the n²
 * numbers of one matrix, row by row.
 *
 * ```ts
 * covariance.contains([2, 1, 1, 2])        // true
 * lowerCholesky.contains([1, 0, -3, 0.5])  // true
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { factorize } from "../../tensor/kernels/linalg/factorize.ts"
import { diagPart, triu } from "../../tensor/linalg.ts"
import type { Support } from "../Support.ts"

/** Matrices of finite numbers: the locations of matrix families. */
export const realMatrix: Support<"real"> = {
  name: "real",
  describe: "a matrix of finite numbers",
  discrete: false,
  eventRank: 2,
  cellRank: 0,
  contains: (cell) => Array.from(cell).every(Number.isFinite),
  member: () => 0,
}

/** Lower-triangular matrices of finite numbers with a positive diagonal: the factors L of covariances LLᵀ. */
export const lowerCholesky: Support<"lowerCholesky"> = {
  name: "lowerCholesky",
  describe: "a lower-triangular matrix of finite numbers with a positive diagonal",
  discrete: false,
  eventRank: 2,
  cellRank: 2,
  contains: (cell) => isFactor(cell, Math.sqrt(cell.length)),
  inside: (x) => hasFactorsShape(x),
  member: (n) => identityOf(n),
}

/** How far the rows of a correlation's factor, or the diagonal of a correlation, may stray from one in float32. */
const unitTolerance = 1e-5

/** Factors L of correlation matrices LLᵀ: lower-triangular, the diagonal positive, each row of length one. */
export const corrCholesky: Support<"corrCholesky"> = {
  name: "corrCholesky",
  describe: "a lower-triangular matrix with a positive diagonal and rows of length 1",
  discrete: false,
  eventRank: 2,
  cellRank: 2,
  contains: (cell) => {
    const n = Math.sqrt(cell.length)
    if (!isFactor(cell, n)) return false
    for (let i = 0; i < n; i++) {
      let square = 0
      for (let j = 0; j <= i; j++) square += cell[i * n + j]! ** 2
      if (Math.abs(Math.sqrt(square) - 1) > unitTolerance) return false
    }
    return true
  },
  inside: (x) => {
    const lengths = tf.sqrt(tf.sum(tf.square(x), -1))
    return tf.logicalAnd(
      hasFactorsShape(x),
      tf.all(tf.lessEqual(tf.abs(tf.sub(lengths, 1)), unitTolerance), -1),
    )
  },
  member: (n) => identityOf(n),
}

/** How far a_ij and a_ji may lie apart, as a share of √(a_ii a_jj): sums in float32 leave less. */
const symmetryTolerance = 1e-4

/** Symmetric positive-definite matrices. No `inside`: within a step, a matrix without a factor scores NaN. */
export const covariance: Support<"covariance"> = {
  name: "covariance",
  describe: "a symmetric positive-definite matrix",
  discrete: false,
  eventRank: 2,
  cellRank: 2,
  contains: (cell) => {
    const n = Math.sqrt(cell.length)
    if (!Number.isInteger(n)) return false
    const a = Float32Array.from(cell)
    return isSymmetric(a, n) && factorize(a, 0, n, new Float64Array(n * n)) < 0
  },
  member: (n) => identityOf(n),
}

const isFactor = (cell: ArrayLike<number>, n: number): boolean => {
  if (!Number.isInteger(n)) return false
  for (let i = 0; i < n; i++) {
    if (!(cell[i * n + i]! > 0)) return false
    for (let j = 0; j < n; j++) {
      const x = cell[i * n + j]!
      if (!Number.isFinite(x) || (j > i && x !== 0)) return false
    }
  }
  return true
}

const isSymmetric = (a: Float32Array, n: number): boolean => {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const scale = Math.sqrt(Math.abs(a[i * n + i]! * a[j * n + j]!))
      if (!(Math.abs(a[i * n + j]! - a[j * n + i]!) <= symmetryTolerance * scale)) return false
    }
  }
  return true
}

const hasFactorsShape = (x: tf.Tensor): tf.Tensor => {
  const isEmptyAbove = tf.all(tf.equal(triu(x, 1), 0), [-2, -1])
  const isBounded = tf.all(tf.less(tf.abs(x), Infinity), [-2, -1])
  return tf.logicalAnd(tf.logicalAnd(isEmptyAbove, isBounded), tf.all(tf.greater(diagPart(x), 0), -1))
}

const identityOf = (n: number): ReadonlyArray<ReadonlyArray<number>> =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)))
