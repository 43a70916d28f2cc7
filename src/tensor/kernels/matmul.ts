/**
 * `tf.matMul` on wasm, always down the fast path.
 *
 * tfjs hands a product to XNNPACK only if neither operand is transposed and there is one batch; all else, and so
 * every gradient of a dense layer, goes to a scalar loop ten times slower, which moreover reads out of bounds
 * when the two batch shapes differ. Here operands are transposed first, a batch of left operands against one right
 * operand becomes a single product, and other batches are multiplied one after the other.
 *
 * XNNPACK packs its right operand once for each tensor, at twice the cost of transposing it. So where that is
 * cheaper, as for dC·Bᵀ with large weights B, the product is computed as (BᵀAᵀ)ᵀ: the same sums in the same order.
 */
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm"
import * as tf from "@tensorflow/tfjs-core"
import { ShapeMismatch } from "../errors.ts"
import * as Shape from "../Shape.ts"
import { callGemm, forget, transpose, window, zeros } from "./gemm.ts"

/** The kernel `BatchMatMul`: a [...batch, m, k] times b [...batch, k, n], the batch shapes broadcast. */
export const matMulConfig = (stock: tf.KernelConfig): tf.KernelConfig => ({
  ...stock,
  kernelFunc: (call) => {
    const { a, b } = call.inputs as { a: tf.TensorInfo; b: tf.TensorInfo }
    // tfjs's own says which types it lacks.
    if (a.dtype !== "float32" || b.dtype !== "float32") return stock.kernelFunc(call)
    const { transposeA, transposeB } = call.attrs as unknown as tf.BatchMatMulAttrs
    return multiply(call.backend as BackendWasm, a, b, transposeA, transposeB)
  },
})

/**
 * The gradient of `BatchMatMul`: dA = dC·Bᵀ, dB = Aᵀ·dC, with what was broadcast summed out, which tfjs's own
 * leaves undone.
 */
export const matMulGradient: tf.GradConfig = {
  kernelName: tf.BatchMatMul,
  inputsToSave: ["a", "b"],
  gradFunc: (dys, saved, attrs) => {
    const [a, b] = saved as [tf.Tensor, tf.Tensor]
    const dy = dys as tf.Tensor
    const { transposeA, transposeB } = attrs as unknown as tf.BatchMatMulAttrs
    return {
      a: () =>
        unbroadcast(transposeA ? product(b, dy, transposeB, true) : product(dy, b, false, !transposeB), a),
      b: () => {
        // One right operand for a batch of left ones is the weights of a layer: one product, no sum after it.
        if (!transposeA && b.rank === 2 && dy.rank > 2) {
          const [rowsA, rowsDy] = [rows(a), rows(dy)]
          return transposeB ? product(rowsDy, rowsA, true, false) : product(rowsA, rowsDy, true, false)
        }
        return unbroadcast(
          transposeB ? product(dy, a, true, transposeA) : product(a, dy, !transposeA, false),
          b,
        )
      },
    }
  },
}

const product = (a: tf.Tensor, b: tf.Tensor, transposeA: boolean, transposeB: boolean): tf.Tensor =>
  tf.matMul(a, b, transposeA, transposeB)

/** [...batch, m, n] as [batch · m, n]. */
const rows = (x: tf.Tensor): tf.Tensor => tf.reshape(x, [-1, x.shape[x.rank - 1]!])

const unbroadcast = (gradient: tf.Tensor, like: tf.Tensor): tf.Tensor => {
  const axes = tf.broadcast_util.getReductionAxes(like.shape, gradient.shape)
  return axes.length === 0 ? gradient : tf.reshape(tf.sum(gradient, axes), like.shape)
}

/** C = op(A)·op(B) for float32, the batch shapes broadcast. */
export const multiply = (
  backend: BackendWasm,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  transposeA: boolean,
  transposeB: boolean,
): tf.TensorInfo => {
  const left = matrices(a, transposeA)
  const right = matrices(b, transposeB)
  const batch = Shape.broadcast(left.batch, right.batch)
  if (left.columns !== right.rows || batch === undefined) {
    throw new ShapeMismatch({
      where: "matMul",
      expected: `a right operand that fits [${a.shape}]${transposeA ? " transposed" : ""}`,
      found: `[${b.shape}]${transposeB ? " transposed" : ""}`,
    })
  }
  const shape = [...batch, left.rows, right.columns]
  if (left.columns === 0 || Shape.size(shape) === 0) return zeros(backend, shape)
  if (Shape.size(left.batch) === 1 && Shape.size(right.batch) === 1) {
    return withShape(multiplyOne(backend, left, right), shape)
  }
  const plainA = upright(backend, left)
  const plainB = upright(backend, right)
  const out =
    Shape.size(right.batch) === 1
      ? multiplyOne(backend, { ...plainA, rows: Shape.size(left.batch) * left.rows }, plainB)
      : multiplyMany(backend, plainA, plainB, batch)
  if (transposeA) backend.disposeData(plainA.info.dataId)
  if (transposeB) backend.disposeData(plainB.info.dataId)
  return withShape(out, shape)
}

/** A tensor seen as a batch of matrices; `rows` and `columns` are those after the transposition, if there is one. */
interface Matrices {
  readonly info: tf.TensorInfo
  readonly batch: Shape.Shape
  readonly rows: number
  readonly columns: number
  readonly transposed: boolean
}

const matrices = (info: tf.TensorInfo, transposed: boolean): Matrices => {
  const [r, c] = info.shape.slice(-2) as [number, number]
  return {
    info,
    batch: info.shape.slice(0, -2),
    rows: transposed ? c : r,
    columns: transposed ? r : c,
    transposed,
  }
}

/** One product, by whichever of op(A)·op(B) and (op(B)ᵀ·op(A)ᵀ)ᵀ is cheaper. The result is [m, n]. */
const multiplyOne = (backend: BackendWasm, a: Matrices, b: Matrices): tf.TensorInfo => {
  // Untransposed, the right operand may be weights, which are packed once for all the products they are in.
  if (!a.transposed && !b.transposed) return gemm(backend, a, b)
  const swap = cost(flip(b), flip(a)) + moved(a.rows, b.columns) < cost(a, b)
  return swap ? flipped(backend, gemm(backend, flip(b), flip(a))) : gemm(backend, a, b)
}

/** Nanoseconds for what comes before the product: transposing each operand, if it needs to be, and packing b. */
const cost = (a: Matrices, b: Matrices): number =>
  (a.transposed ? moved(a.rows, a.columns) : 0) +
  (b.transposed ? moved(b.rows, b.columns) : 0) +
  PACKING * b.rows * b.columns

/** Nanoseconds an element on one machine; only their ratio counts. */
const PACKING = 1.9
const TRANSPOSING = 0.6

/** A vector lies the same either way. */
const moved = (r: number, c: number): number => (r === 1 || c === 1 ? 0 : TRANSPOSING * r * c)

const flip = (x: Matrices): Matrices => ({
  ...x,
  rows: x.columns,
  columns: x.rows,
  transposed: !x.transposed,
})

const flipped = (backend: BackendWasm, x: tf.TensorInfo): tf.TensorInfo => {
  const out = transpose(backend, x)
  backend.disposeData(x.dataId)
  return out
}

/** op(A)·op(B) of single matrices, [m, n]. */
const gemm = (backend: BackendWasm, a: Matrices, b: Matrices): tf.TensorInfo => {
  const plainA = upright(backend, a)
  const plainB = upright(backend, b)
  const out = backend.makeOutput([a.rows, b.columns], "float32")
  callGemm(backend, plainA.info, plainB.info, out, a.rows, a.columns, b.columns)
  if (a.transposed) backend.disposeData(plainA.info.dataId)
  if (b.transposed) backend.disposeData(plainB.info.dataId)
  return out
}

/** The same matrices with the transposition done; the caller disposes of the copy. */
const upright = (backend: BackendWasm, x: Matrices): Matrices =>
  x.transposed ? { ...x, info: transpose(backend, x.info), transposed: false } : x

/** Batch by batch, on windows into the operands and the result. */
const multiplyMany = (backend: BackendWasm, a: Matrices, b: Matrices, batch: Shape.Shape): tf.TensorInfo => {
  const [m, k, n] = [a.rows, a.columns, b.columns]
  const count = Shape.size(batch)
  const out = backend.makeOutput([count, m, n], "float32")
  const indexA = batchIndex(a.batch, batch)
  const indexB = batchIndex(b.batch, batch)
  for (let i = 0; i < count; i++) {
    const windows = [
      window(backend, a.info, indexA(i) * m * k, m * k),
      window(backend, b.info, indexB(i) * k * n, k * n),
      window(backend, out, i * m * n, m * n),
    ] as const
    callGemm(backend, ...windows, m, k, n)
    for (const { dataId } of windows) forget(backend, dataId)
  }
  return out
}

/** From the flat index of a batch in the broadcast shape to that in `own`. */
const batchIndex = (own: Shape.Shape, batch: Shape.Shape) => {
  const padded = [...new Array<number>(batch.length - own.length).fill(1), ...own]
  return (flat: number): number => {
    let [index, stride, rest] = [0, 1, flat]
    for (let axis = batch.length - 1; axis >= 0; axis--) {
      if (padded[axis] !== 1) index += (rest % batch[axis]!) * stride
      stride *= padded[axis]!
      rest = Math.floor(rest / batch[axis]!)
    }
    return index
  }
}

const withShape = (info: tf.TensorInfo, shape: Array<number>): tf.TensorInfo => ({ ...info, shape })
