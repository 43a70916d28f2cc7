/** Triangular matrices: systems and inverses, the triangles of a matrix, and triangles packed into vectors. */
import * as tf from "@tensorflow/tfjs-core"
import { call } from "../kernels/linalg/batches.ts"
import { triangleSize } from "../kernels/linalg/pack.ts"
import { float, refuse, requireFit, requireMatrix, requireSquare, requireVector } from "./shapes.ts"

export interface TriangularOptions {
  /** Whether the matrix is the lower triangle (the default) or the upper one. The other is not read. */
  readonly lower?: boolean
  /** Whether to solve with the transpose of that matrix. */
  readonly transpose?: boolean
}

/**
 * X with TX = B, or TᵀX = B: t [...batch, n, n], b [...batch, n, k]; the batches broadcast, and a matrix that many
 * systems share is not copied. In float64, rounded once. A zero on the diagonal gives infinities and NaN.
 */
export const triangularSolve = (
  t: tf.Tensor,
  b: tf.Tensor,
  { lower = true, transpose = false }: TriangularOptions = {},
): tf.Tensor => {
  const n = requireSquare("triangularSolve", t)
  requireFit("triangularSolve", b, t.shape.slice(0, -2), [n, null])
  return tf.tidy(() => call("GuidepostTriangularSolve", { l: float(t), b: float(b) }, { lower, transpose }))
}

/** T⁻¹, [...batch, n, n], zero outside its triangle. */
export const triangularInverse = (
  t: tf.Tensor,
  { lower = true }: { readonly lower?: boolean } = {},
): tf.Tensor => {
  const n = requireSquare("triangularInverse", t)
  return tf.tidy(() => {
    const inverse = triangularSolve(t, tf.eye(n), { lower })
    return lower ? tril(inverse) : triu(inverse)
  })
}

/** The matrix [...batch, m, n] with zeros above its `diagonal`th diagonal: 0 is the main one, −1 that below it. */
export const tril = (a: tf.Tensor, diagonal = 0): tf.Tensor => {
  requireMatrix("tril", a)
  const attrs = { from: Number.NEGATIVE_INFINITY, to: diagonal }
  return tf.tidy(() => call("GuidepostBand", { x: float(a) }, attrs))
}

/** The matrix [...batch, m, n] with zeros below its `diagonal`th diagonal: 0 is the main one, 1 that above it. */
export const triu = (a: tf.Tensor, diagonal = 0): tf.Tensor => {
  requireMatrix("triu", a)
  const attrs = { from: diagonal, to: Number.POSITIVE_INFINITY }
  return tf.tidy(() => call("GuidepostBand", { x: float(a) }, attrs))
}

export interface PackOptions {
  /** 0: with the diagonal, n(n + 1)/2 numbers. −1: without, n(n − 1)/2. */
  readonly diagonal?: 0 | -1
}

/**
 * The lower-triangular matrix [...batch, n, n] of a vector [...batch, n(n + 1)/2], filled row by row: NumPy's, NumPyro's
 * and PyTorch's order, and not the spiral of TensorFlow Probability.
 *
 * ```ts
 * fillTriangular(tf.tensor1d([1, 2, 3]))  // [[1, 0], [2, 3]]
 * ```
 */
export const fillTriangular = (x: tf.Tensor, { diagonal = 0 }: PackOptions = {}): tf.Tensor => {
  requireVector("fillTriangular", x)
  if (!Number.isInteger(triangleSize(x.shape.at(-1)!, diagonal))) {
    const count = diagonal === 0 ? "n(n + 1)/2" : "n(n − 1)/2"
    refuse("fillTriangular", `a vector of ${count} numbers`, x.shape)
  }
  return tf.tidy(() => call("GuidepostFillTriangular", { x: float(x) }, { diagonal }))
}

/** The inverse of {@link fillTriangular}: the lower triangle of [...batch, n, n] as [...batch, n(n + 1)/2]. */
export const packTriangular = (a: tf.Tensor, { diagonal = 0 }: PackOptions = {}): tf.Tensor => {
  requireSquare("packTriangular", a)
  return tf.tidy(() => call("GuidepostPackTriangular", { x: float(a) }, { diagonal }))
}
