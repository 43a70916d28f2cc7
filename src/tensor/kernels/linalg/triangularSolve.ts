/**
 * Systems with a triangular matrix, or with a matrix given by its Cholesky factor: l [...batch, n, n],
 * b [...batch, n, k], the batch shapes broadcast. The substitution is in float64 from the first right-hand side to the
 * last division, both substitutions of the second system included, and the solution is rounded once.
 *
 * Gradients (Giles, "An extended collection of matrix derivative results", 2008, section 2.2.3): for X = T⁻¹B,
 * dB = T⁻ᵀ dX and dT = −dB Xᵀ, of which the triangle counts.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { LoopCall, LoopKernel } from "../loop.ts"
import { batchOf, call, commonBatch, meet, members, savedOutput, sumTo } from "./batches.ts"
import { outerSum, type Part } from "./outerSum.ts"
import { substituteFour, substituteOne, type Walk, walk } from "./substitute.ts"

export interface SolveAttrs {
  /** Whether the lower triangle is the matrix; the other one is not read. */
  readonly lower: boolean
  /** Whether to solve TᵀX = B. */
  readonly transpose: boolean
}

/** Inputs l, b; output X with op(T) X = B. */
export const triangularSolve: LoopKernel<SolveAttrs> = {
  name: "GuidepostTriangularSolve",
  inputs: ["l", "b"],
  outputs: ([l, b]) => [solutionShape(l!, b!)],
  run: (loop) => {
    const n = loop.shapes[0]!.at(-1)!
    solveAll(loop, [walk(n, loop.attrs.lower, loop.attrs.transpose)])
  },
}

/** Inputs l, lower-triangular, and b; output X with LLᵀ X = B. */
export const choleskySolve: LoopKernel<object> = {
  name: "GuidepostCholeskySolve",
  inputs: ["l", "b"],
  outputs: ([l, b]) => [solutionShape(l!, b!)],
  run: (loop) => {
    const n = loop.shapes[0]!.at(-1)!
    solveAll(loop, [walk(n, true, false), walk(n, true, true)])
  },
}

const solutionShape = (l: tf.TensorInfo, b: tf.TensorInfo): Array<number> => [
  ...commonBatch(batchOf(l.shape, 2), batchOf(b.shape, 2)),
  ...b.shape.slice(-2),
]

/** One or more substitutions in turn for every right-hand side. */
const solveAll = ({ inputs, outputs, shapes }: LoopCall<unknown>, walks: ReadonlyArray<Walk>): void => {
  const [l, b] = inputs as [Float32Array, Float32Array]
  const out = outputs[0]!
  const [n, k] = shapes[1]!.slice(-2) as [number, number]
  const x = new Float64Array(4 * n)
  if (out.length === 0) return
  const { count, columns, matrix, bundle, row, column } = plan(shapes[0]!, shapes[1]!, n, k)
  for (let m = 0; m < count; m++) {
    const triangle = matrix[m]! * n * n
    const from = bundle[m]! * n * columns
    const to = m * n * columns
    let c = 0
    for (; c + 3 < columns; c += 4) {
      let p = from + c * column
      for (let i = 0, q = 0; i < n; i++, p += row, q += 4) {
        x[q] = b[p]!
        x[q + 1] = b[p + column]!
        x[q + 2] = b[p + 2 * column]!
        x[q + 3] = b[p + 3 * column]!
      }
      for (const w of walks) substituteFour(l, triangle, w, x)
      p = to + c * column
      for (let i = 0, q = 0; i < n; i++, p += row, q += 4) {
        out[p] = x[q]!
        out[p + column] = x[q + 1]!
        out[p + 2 * column] = x[q + 2]!
        out[p + 3 * column] = x[q + 3]!
      }
    }
    for (; c < columns; c++) {
      for (let i = 0, p = from + c * column; i < n; i++, p += row) x[i] = b[p]!
      for (const w of walks) substituteOne(l, triangle, w, x)
      for (let i = 0, p = to + c * column; i < n; i++, p += row) out[p] = x[i]!
    }
  }
}

/** Which right-hand sides go together, and how far apart their rows and columns are. */
const plan = (l: ReadonlyArray<number>, b: ReadonlyArray<number>, n: number, k: number) => {
  const [matrices, sides] = [batchOf(l, 2), batchOf(b, 2)]
  if (k === 1) return { ...meet(matrices, sides), row: 1, column: n }
  const full = commonBatch(matrices, sides)
  const [matrix, bundle] = [members(matrices, full), members(sides, full)]
  return { count: matrix.length, columns: k, matrix, bundle, row: k, column: 1 }
}

export const triangularSolveGradient: tf.GradConfig = {
  kernelName: triangularSolve.name,
  inputsToSave: ["l", "b"],
  outputsToSave: [true],
  gradFunc: (dy, saved, attrs) => {
    const [l, b] = saved as [tf.Tensor, tf.Tensor]
    const x = savedOutput(saved[2]!, () => call(triangularSolve.name, { l, b }, attrs))
    const { lower, transpose } = attrs as unknown as SolveAttrs
    const db = call(triangularSolve.name, { l, b: dy as tf.Tensor }, { lower, transpose: !transpose })
    const part = lower ? "lower" : "upper"
    return {
      l: () => tf.neg(transpose ? outers(x, db, l, part) : outers(db, x, l, part)),
      b: () => sumTo(db, b.shape),
    }
  },
}

/**
 * With A = LLᵀ, Z = L⁻¹B and W = L⁻¹dX: dB = A⁻¹dX, and dL = −(dB Xᵀ + X dBᵀ)L = −(dB Zᵀ + X Wᵀ), the lower triangle.
 */
export const choleskySolveGradient: tf.GradConfig = {
  kernelName: choleskySolve.name,
  inputsToSave: ["l", "b"],
  outputsToSave: [true],
  gradFunc: (dys, saved) => {
    const [l, b] = saved as [tf.Tensor, tf.Tensor]
    const x = savedOutput(saved[2]!, () => call(choleskySolve.name, { l, b }))
    const dy = dys as tf.Tensor
    const db = call(choleskySolve.name, { l, b: dy })
    const solve = (side: tf.Tensor) =>
      call(triangularSolve.name, { l, b: side }, { lower: true, transpose: false })
    return {
      l: () => tf.neg(tf.add(outers(db, solve(b), l, "lower"), outers(x, solve(dy), l, "lower"))),
      b: () => sumTo(db, b.shape),
    }
  },
}

/** Σ abᵀ over what was broadcast, for the gradient in `like`. */
const outers = (a: tf.Tensor, b: tf.Tensor, like: tf.Tensor, part: Part): tf.Tensor =>
  call(outerSum.name, { a, b }, { batch: batchOf(like.shape, 2), part })
