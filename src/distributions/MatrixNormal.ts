/**
 * The matrix normal distribution on matrices of n rows and p columns: X = M + AZBᵀ with Z standard, so that the
 * numbers of a column have covariance AAᵀ, and those of a row BBᵀ, up to a factor that the two share.
 *
 *   log p(X) = −½ |A⁻¹(X − M)B⁻ᵀ|² − p log det A − n log det B − (np/2) log 2π
 *
 * ```ts
 * MatrixNormal({ loc: tf.zeros([3, 2]), scaleTrilRow: tf.eye(3), scaleTrilColumn: tf.eye(2) })   // event [3, 2]
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Key from "../tensor/Key.ts"
import { diagPart, logDetCholesky, matrixTranspose, matvec, triangularSolve, tril } from "../tensor/linalg.ts"
import type { Shape } from "../tensor/Shape.ts"
import { halfLog2Pi } from "../tensor/stable.ts"
import { shapeOf, toTensor, type Value } from "./Distribution.ts"
import { PathwiseFamily } from "./Family.ts"
import { lowerCholesky, realMatrix } from "./Support.ts"

/**
 * Parameters of {@link MatrixNormal}: `loc` `[...batch, n, p]`, and the lower Cholesky factors `scaleTrilRow`
 * `[...batch, n, n]`, `scaleTrilColumn` `[...batch, p, p]`; the batches broadcast.
 */
export interface MatrixNormalParams {
  readonly loc: Value
  readonly scaleTrilRow: Value
  readonly scaleTrilColumn: Value
}

class MatrixNormalDistribution extends PathwiseFamily<"MatrixNormal", "real"> {
  readonly loc: Value
  readonly scaleTrilRow: Value
  readonly scaleTrilColumn: Value

  constructor({ loc, scaleTrilRow, scaleTrilColumn }: MatrixNormalParams) {
    const shape = shapeOf(loc)
    const [n, p] = [shape.at(-2) ?? 0, shape.at(-1) ?? 0]
    super({
      family: "MatrixNormal",
      support: realMatrix,
      params: {
        loc: { value: loc, constraint: realMatrix },
        scaleTrilRow: { value: scaleTrilRow, constraint: lowerCholesky },
        scaleTrilColumn: { value: scaleTrilColumn, constraint: lowerCholesky },
      },
      eventShape: [n, p],
      eventSizes: { scaleTrilRow: [n, n], scaleTrilColumn: [p, p] },
    })
    this.loc = loc
    this.scaleTrilRow = scaleTrilRow
    this.scaleTrilColumn = scaleTrilColumn
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    // Vector by vector, summed in float64: draws are then the same on every backend.
    const along = (l: tf.Tensor, x: tf.Tensor) => matvec(tf.expandDims(l, -3), x)
    const byRow = matrixTranspose(along(this.row(), matrixTranspose(Key.normal(key, full))))
    return tf.add(toTensor(this.loc), along(this.column(), byRow))
  }

  protected score(value: tf.Tensor): tf.Tensor {
    const [n, p] = this.eventShape as [number, number]
    const distance = tf.mul(this.quadratic(tf.sub(value, toTensor(this.loc))), -0.5)
    return tf.sub(distance, tf.add(this.halfLogDet(), n * p * halfLog2Pi))
  }

  mean(): tf.Tensor {
    return this.batched(() => toTensor(this.loc))
  }

  /** (AAᵀ)ᵢᵢ (BBᵀ)ⱼⱼ. */
  variance(): tf.Tensor {
    return this.batched(() => {
      const rows = tf.sum(tf.square(this.row()), -1, true)
      const columns = tf.sum(tf.square(this.column()), -1)
      return tf.mul(rows, tf.expandDims(columns, -2))
    })
  }

  mode(): tf.Tensor {
    return this.mean()
  }

  /** p log det A + n log det B + (np/2)(1 + log 2π). */
  entropy(): tf.Tensor {
    const [n, p] = this.eventShape as [number, number]
    return this.batched(() => tf.add(this.halfLogDet(), n * p * (0.5 + halfLog2Pi)), [])
  }

  /** |A⁻¹XB⁻ᵀ|² of X `[...batch, n, p]`. @internal */
  quadratic(x: tf.Tensor): tf.Tensor {
    const byRow = triangularSolve(this.row(), x)
    const standard = triangularSolve(this.column(), matrixTranspose(byRow))
    return tf.sum(tf.square(standard), [-2, -1])
  }

  /** A. @internal */
  row(): tf.Tensor {
    return tril(toTensor(this.scaleTrilRow))
  }

  /** B. @internal */
  column(): tf.Tensor {
    return tril(toTensor(this.scaleTrilColumn))
  }

  private halfLogDet(): tf.Tensor {
    const [n, p] = this.eventShape as [number, number]
    return tf.add(tf.mul(logDetCholesky(this.row()), p), tf.mul(logDetCholesky(this.column()), n))
  }
}

/** A matrix normal distribution; see {@link MatrixNormalParams}. */
export type MatrixNormal = MatrixNormalDistribution

/** Makes a matrix normal distribution. */
export const MatrixNormal = (params: MatrixNormalParams): MatrixNormal => new MatrixNormalDistribution(params)

/**
 * KL(p ‖ q) = ½ Σ [d − 1 − log d] + ½ (r|C|² + |D|²c) + ½ |A_q⁻¹(M_p − M_q)B_q⁻ᵀ|², where R = A_q⁻¹A_p, C = B_q⁻¹B_p,
 * d are the np products of a square on R's diagonal and one on C's, D is R's diagonal, and r, c are the sums of the
 * squares below them. Each term is zero between equals, and none is negative.
 */
export const klMatrixNormals = (p: MatrixNormal, q: MatrixNormal): tf.Tensor => {
  const [r, c] = [triangularSolve(q.row(), p.row()), triangularSolve(q.column(), p.column())]
  const squares = (m: tf.Tensor) => ({
    diagonal: tf.square(diagPart(m)),
    below: tf.sum(tf.square(tril(m, -1)), [-2, -1]),
  })
  const [rows, columns] = [squares(r), squares(c)]
  const both = tf.mul(tf.expandDims(rows.diagonal, -1), tf.expandDims(columns.diagonal, -2))
  const onDiagonal = tf.sum(tf.sub(tf.sub(both, 1), tf.log(both)), [-2, -1])
  const [ofRows, ofColumns] = [tf.sum(rows.diagonal, -1), tf.sum(columns.diagonal, -1)]
  const off = tf.add(tf.mul(rows.below, tf.add(ofColumns, columns.below)), tf.mul(ofRows, columns.below))
  const between = q.quadratic(tf.sub(toTensor(p.loc), toTensor(q.loc)))
  return tf.mul(tf.add(tf.add(onDiagonal, off), between), 0.5)
}
