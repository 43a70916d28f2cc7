/**
 * Matrix times vector, a [...batch, m, n] and x [...batch, n] (or [...batch, m] for Aᵀx), the batch shapes broadcast.
 * Sums are in float64, so that draws made with it are the same on every backend; tfjs's matrix product is not, and
 * costs microseconds for each member of a batch.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { LoopKernel } from "../loop.ts"
import { batchOf, call, commonBatch, meet, sumTo } from "./batches.ts"
import { outerSum } from "./outerSum.ts"

export interface MatvecAttrs {
  readonly transpose: boolean
}

/** Inputs a, x; output op(A)x. */
export const matvec: LoopKernel<MatvecAttrs> = {
  name: "GuidepostMatvec",
  inputs: ["a", "x"],
  outputs: ([a, x], { transpose }) => [
    [...commonBatch(batchOf(a!.shape, 2), batchOf(x!.shape, 1)), a!.shape.at(transpose ? -1 : -2)!],
  ],
  run: ({ inputs, outputs, shapes, attrs: { transpose } }) => {
    const [a, x] = inputs as [Float32Array, Float32Array]
    const out = outputs[0]!
    if (out.length === 0) return
    const [rowsA, columnsA] = shapes[0]!.slice(-2) as [number, number]
    const view = transpose
      ? { m: columnsA, n: rowsA, row: 1, column: columnsA }
      : { m: rowsA, n: columnsA, row: columnsA, column: 1 }
    const { count, columns, matrix, bundle } = meet(batchOf(shapes[0]!, 2), batchOf(shapes[1]!, 1))
    for (let i = 0; i < count; i++) {
      for (let c = 0; c < columns; c++) {
        const from = (bundle[i]! * columns + c) * view.n
        multiply(view, a, matrix[i]! * rowsA * columnsA, x, from, out, (i * columns + c) * view.m)
      }
    }
  },
}

/** The matrix op(A) that a product reads, [m, n], and how far apart its rows and columns are. */
interface View {
  readonly m: number
  readonly n: number
  readonly row: number
  readonly column: number
}

/** One product: four rows at a time, whose sums do not wait for one another. */
const multiply = (
  { m, n, row, column }: View,
  a: Float32Array,
  start: number,
  x: Float32Array,
  from: number,
  out: Float32Array,
  to: number,
): void => {
  let i = 0
  for (; i + 3 < m; i += 4) {
    let p = start + i * row
    let s0 = 0
    let s1 = 0
    let s2 = 0
    let s3 = 0
    for (let j = 0; j < n; j++, p += column) {
      const factor = x[from + j]!
      s0 += a[p]! * factor
      s1 += a[p + row]! * factor
      s2 += a[p + 2 * row]! * factor
      s3 += a[p + 3 * row]! * factor
    }
    out[to + i] = s0
    out[to + i + 1] = s1
    out[to + i + 2] = s2
    out[to + i + 3] = s3
  }
  for (; i < m; i++) {
    let sum = 0
    for (let j = 0, p = start + i * row; j < n; j++, p += column) sum += a[p]! * x[from + j]!
    out[to + i] = sum
  }
}

/** For y = Ax: dA = dy xᵀ, dx = Aᵀdy; for y = Aᵀx: dA = x dyᵀ, dx = A dy. */
export const matvecGradient: tf.GradConfig = {
  kernelName: matvec.name,
  inputsToSave: ["a", "x"],
  gradFunc: (dys, saved, attrs) => {
    const [a, x] = saved as [tf.Tensor, tf.Tensor]
    const dy = dys as tf.Tensor
    const { transpose } = attrs as unknown as MatvecAttrs
    const [left, right] = transpose ? [x, dy] : [dy, x]
    return {
      a: () =>
        call(
          outerSum.name,
          { a: asColumn(left), b: asColumn(right) },
          { batch: batchOf(a.shape, 2), part: "full" },
        ),
      x: () => sumTo(call(matvec.name, { a, x: dy }, { transpose: !transpose }), x.shape),
    }
  },
}

const asColumn = (x: tf.Tensor): tf.Tensor => tf.expandDims(x, -1)
