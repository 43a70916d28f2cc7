/** Matrices and vectors: transposes, diagonals, products. All differentiable to any order. */
import * as tf from "@tensorflow/tfjs-core"
import { call, commonBatch } from "../kernels/linalg/batches.ts"
import { float, requireFit, requireMatrix, requireSquare, requireVector } from "./shapes.ts"

/** [...batch, m, n] as [...batch, n, m]. */
export const matrixTranspose = (a: tf.Tensor): tf.Tensor => {
  requireMatrix("matrixTranspose", a)
  const axes = [...a.shape.keys()]
  return tf.transpose(a, [...axes.slice(0, -2), a.rank - 1, a.rank - 2])
}

/** The diagonal [...batch, n] of [...batch, n, n]. */
export const diagPart = (a: tf.Tensor): tf.Tensor => {
  requireSquare("diagPart", a)
  return tf.tidy(() => call("GuidepostDiagPart", { x: float(a) }))
}

/** The matrices [...batch, n, n] with the diagonal [...batch, n] and zeros elsewhere. */
export const diag = (x: tf.Tensor): tf.Tensor => {
  requireVector("diag", x)
  return tf.tidy(() => call("GuidepostDiag", { x: float(x) }))
}

/** The matrices a [...batch, n, n] with the diagonal x [...batch, n] in place of their own; the batches broadcast. */
export const setDiag = (a: tf.Tensor, x: tf.Tensor): tf.Tensor => {
  const n = requireSquare("setDiag", a)
  requireFit("setDiag", x, a.shape.slice(0, -2), [n])
  const band = (from: number, to: number) => call("GuidepostBand", { x: float(a) }, { from, to })
  return tf.tidy(() => {
    const others = tf.add(band(Number.NEGATIVE_INFINITY, -1), band(1, Number.POSITIVE_INFINITY))
    return tf.add(others, diag(x))
  })
}

/** xyᵀ, [...batch, m, n], of x [...batch, m] and y [...batch, n]; the batches broadcast. */
export const outer = (x: tf.Tensor, y: tf.Tensor): tf.Tensor => {
  requireVector("outer", x)
  requireVector("outer", y)
  requireFit("outer", y, x.shape.slice(0, -1), [null])
  const batch = commonBatch(x.shape.slice(0, -1), y.shape.slice(0, -1))
  return tf.tidy(() => {
    const [a, b] = [tf.expandDims(float(x), -1), tf.expandDims(float(y), -1)]
    return call("GuidepostOuterSum", { a, b }, { batch, part: "full" })
  })
}

/**
 * Ax, [...batch, m], of a [...batch, m, n] and x [...batch, n]; with `transpose`, Aᵀx, [...batch, n], of x [...batch, m].
 * The batches broadcast. Summed in float64: the same on every backend, which `tf.matMul` is not.
 */
export const matvec = (
  a: tf.Tensor,
  x: tf.Tensor,
  { transpose = false }: { readonly transpose?: boolean } = {},
): tf.Tensor => {
  requireMatrix("matvec", a)
  requireFit("matvec", x, a.shape.slice(0, -2), [a.shape.at(transpose ? -2 : -1)!])
  return tf.tidy(() => call("GuidepostMatvec", { a: float(a), x: float(x) }, { transpose }))
}
