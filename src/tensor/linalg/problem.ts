/**
 * Why a batch of matrices has no Cholesky factor, found on the host. Inside a step nothing is read back and a member
 * without a factor becomes NaN; outside it, where an error is made, this says which member and where in it.
 *
 * ```ts
 * choleskyProblem(tf.tensor2d([[1, 2], [2, 1]]))?.message
 * // "row 1: the pivot is -3, which is not positive: the matrix is not positive definite"
 * ```
 */
import type * as tf from "@tensorflow/tfjs-core"
import { factorize } from "../kernels/linalg/factorize.ts"
import { requireSquare } from "./shapes.ts"

export interface CholeskyProblem {
  readonly reason: "notFinite" | "asymmetric" | "notPositiveDefinite"
  /** The index of the first bad member in the batch; empty where there is no batch. */
  readonly batch: ReadonlyArray<number>
  /** The row, from 0, at which the factorization ends, or of the first bad element. */
  readonly pivot: number
  /** The element that is not finite, the difference of the two that should be equal, or the pivot. */
  readonly value: number
  /** All of it in words. */
  readonly message: string
}

/**
 * The first member of [...batch, n, n] that has an element that is not finite, differs from its transpose, or is not
 * positive definite; undefined where all have a factor. Two elements a_ij, a_ji differ where they are 10⁻⁴ √(a_ii a_jj)
 * apart: sums in float32 leave less. Reads the tensor: not for use inside a step.
 */
export const choleskyProblem = (a: tf.Tensor): CholeskyProblem | undefined => {
  const n = requireSquare("choleskyProblem", a)
  const values = Float32Array.from(a.dataSync())
  const l = new Float64Array(n * n)
  for (let member = 0, start = 0; start < values.length; member++, start += n * n) {
    const found =
      notFinite(values, start, n) ?? asymmetric(values, start, n) ?? notPositive(values, start, n, l)
    if (found !== undefined) return describe(found, indexOf(member, a.shape.slice(0, -2)))
  }
  return undefined
}

interface Found {
  readonly reason: CholeskyProblem["reason"]
  readonly pivot: number
  readonly value: number
  readonly text: string
}

const notFinite = (a: Float32Array, start: number, n: number): Found | undefined => {
  for (let i = 0; i < n * n; i++) {
    const value = a[start + i]!
    if (Number.isFinite(value)) continue
    const pivot = Math.floor(i / n)
    return { reason: "notFinite", pivot, value, text: `the element in column ${i % n} is ${value}` }
  }
  return undefined
}

const SYMMETRY = 1e-4

const asymmetric = (a: Float32Array, start: number, n: number): Found | undefined => {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const value = a[start + i * n + j]! - a[start + j * n + i]!
      const scale = Math.sqrt(Math.abs(a[start + i * (n + 1)]! * a[start + j * (n + 1)]!))
      if (Math.abs(value) <= SYMMETRY * scale) continue
      const text = `the elements [${i}, ${j}] and [${j}, ${i}] differ by ${format(value)}: the matrix is not symmetric`
      return { reason: "asymmetric", pivot: i, value, text }
    }
  }
  return undefined
}

const notPositive = (a: Float32Array, start: number, n: number, l: Float64Array): Found | undefined => {
  const pivot = factorize(a, start, n, l)
  if (pivot < 0) return undefined
  const value = l[pivot * n + pivot]!
  const text = `the pivot is ${format(value)}, which is not positive: the matrix is not positive definite`
  return { reason: "notPositiveDefinite", pivot, value, text }
}

const describe = ({ text, ...found }: Found, batch: ReadonlyArray<number>): CholeskyProblem => {
  const where = batch.length === 0 ? "" : `batch member [${batch.join(", ")}], `
  return { ...found, batch, message: `${where}row ${found.pivot}: ${text}` }
}

const indexOf = (flat: number, shape: ReadonlyArray<number>): ReadonlyArray<number> => {
  const index = new Array<number>(shape.length)
  for (let axis = shape.length - 1, rest = flat; axis >= 0; axis--) {
    index[axis] = rest % shape[axis]!
    rest = Math.floor(rest / shape[axis]!)
  }
  return index
}

const format = (value: number): string => `${Number(value.toPrecision(4))}`
