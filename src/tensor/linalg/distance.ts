/**
 * Squared distances (x − loc)ᵀΣ⁻¹(x − loc) under a covariance Σ, and what rests on them. Evaluated in float64 from the
 * numbers that Σ is given by, and rounded once: through a Cholesky factor that was rounded between, a Σ of condition
 * number 10⁶ would leave two digits.
 */
import * as tf from "@tensorflow/tfjs-core"
import { call, commonBatch } from "../kernels/linalg/batches.ts"
import type { Given } from "../kernels/linalg/precision.ts"
import type * as Shape from "../Shape.ts"
import { float, requireFit, requireMatrix, requireSquare, requireVector } from "./shapes.ts"

/**
 * [...batch], of x and loc [...batch, n] and a matrix [...batch, n, n] that is Σ, its inverse, or its lower Cholesky
 * factor; the batches broadcast. Differentiable to any order; the gradient in Σ, or its inverse, is symmetric. NaN where
 * Σ has no factor.
 */
export const squaredDistance = (
  x: tf.Tensor,
  loc: tf.Tensor,
  matrix: tf.Tensor,
  given: Exclude<Given, "lowRank">,
): tf.Tensor => {
  const n = requireSquare("squaredDistance", matrix)
  requireVectors("squaredDistance", x, loc, n, matrix.shape.slice(0, -2))
  return tf.tidy(() => {
    const inputs = { x: float(x), loc: float(loc), m: float(matrix) }
    return call("GuidepostSquaredDistance", inputs, { given })
  })
}

/** The same where Σ = WWᵀ + D, w [...batch, n, r] and d [...batch, n], the diagonal of D: n r² operations. */
export const lowRankDistance = (x: tf.Tensor, loc: tf.Tensor, w: tf.Tensor, d: tf.Tensor): tf.Tensor => {
  requireLowRank("lowRankDistance", w, d)
  const batch = commonBatch(w.shape.slice(0, -2), d.shape.slice(0, -1))
  requireVectors("lowRankDistance", x, loc, w.shape.at(-2)!, batch)
  return tf.tidy(() => {
    const inputs = { x: float(x), loc: float(loc), m: besideOneAnother(w, d) }
    return call("GuidepostSquaredDistance", inputs, { given: "lowRank" })
  })
}

/** ½ log det (WWᵀ + D), [...batch]. */
export const lowRankHalfLogDet = (w: tf.Tensor, d: tf.Tensor): tf.Tensor => {
  requireLowRank("lowRankHalfLogDet", w, d)
  return tf.tidy(() => call("GuidepostLowRankHalfLogDet", { m: besideOneAnother(w, d) }))
}

/**
 * The log-density, [...batch], of Student's t on vectors x [...batch, n], with degrees of freedom df [...batch], location
 * [...batch, n], and the lower Cholesky factor of the scale l [...batch, n, n]; the batches broadcast. Differentiable to
 * any order.
 */
export const studentVectorLogDensity = (
  x: tf.Tensor,
  df: tf.Tensor,
  loc: tf.Tensor,
  l: tf.Tensor,
): tf.Tensor => {
  const where = "studentVectorLogDensity"
  const n = requireSquare(where, l)
  requireFit(where, df, l.shape.slice(0, -2), [])
  requireVectors(where, x, loc, n, commonBatch(l.shape.slice(0, -2), df.shape))
  return tf.tidy(() => {
    const inputs = { x: float(x), loc: float(loc), l: float(l), df: float(df) }
    return call("GuidepostStudentVectorLogDensity", inputs)
  })
}

/** [W | d] over the batch of both. */
const besideOneAnother = (w: tf.Tensor, d: tf.Tensor): tf.Tensor => {
  const batch = commonBatch(w.shape.slice(0, -2), d.shape.slice(0, -1))
  const [n, r] = w.shape.slice(-2) as [number, number]
  const stretched = [tf.broadcastTo(float(w), [...batch, n, r]), tf.broadcastTo(float(d), [...batch, n])]
  return tf.concat([stretched[0]!, tf.expandDims(stretched[1]!, -1)], -1)
}

const requireLowRank = (where: string, w: tf.Tensor, d: tf.Tensor): void => {
  requireMatrix(where, w)
  requireVector(where, d)
  requireFit(where, d, w.shape.slice(0, -2), [w.shape.at(-2)!])
}

const requireVectors = (where: string, x: tf.Tensor, loc: tf.Tensor, n: number, batch: Shape.Shape): void => {
  requireFit(where, loc, batch, [n])
  requireFit(where, x, commonBatch(batch, loc.shape.slice(0, -1)), [n])
}
