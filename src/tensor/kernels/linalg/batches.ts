/**
 * Batches of matrices and vectors whose leading dimensions broadcast, without a copy of what is shared: each operand
 * keeps its own members, and a kernel looks up which of them meets which.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Shape from "../../Shape.ts"

/** The leading dimensions of a shape whose last `eventRank` belong to one member. */
export const batchOf = (shape: Shape.Shape, eventRank: number): Shape.Shape =>
  shape.slice(0, shape.length - eventRank)

/** The common batch shape; the public functions have made sure that there is one. */
export const commonBatch = (a: Shape.Shape, b: Shape.Shape): Array<number> => [
  ...(Shape.broadcast(a, b) as Shape.Shape),
]

/** For each member of a batch of shape `full`, in row-major order, which member of a batch of shape `own` it meets. */
export const members = (own: Shape.Shape, full: Shape.Shape): Int32Array => {
  const out = new Int32Array(Shape.size(full))
  if (Shape.equals(own, full)) return out.map((_, i) => i)
  const missing = full.length - own.length
  let stride = 1
  let inner = 1
  for (let axis = full.length - 1; axis >= missing; axis--) {
    const size = full[axis]!
    const step = own[axis - missing] === 1 ? 0 : stride
    if (step !== 0) for (let i = 0; i < out.length; i++) out[i]! += (Math.floor(i / inner) % size) * step
    stride *= own[axis - missing]!
    inner *= size
  }
  return out
}

/** How vectors meet matrices: `count` times, one matrix with `columns` vectors that lie one after the other. */
export interface Meeting {
  readonly count: number
  readonly columns: number
  /** Which matrix, and which bundle of vectors, at each of the `count` times. */
  readonly matrix: Int32Array
  readonly bundle: Int32Array
}

/** Vectors that follow one another and share a matrix are taken together. */
export const meet = (matrices: Shape.Shape, vectors: Shape.Shape): Meeting => {
  const full = commonBatch(matrices, vectors)
  const sizeAt = (shape: Shape.Shape, axis: number): number => shape[axis - full.length + shape.length] ?? 1
  let split = full.length
  while (split > 0 && sizeAt(matrices, split - 1) === 1 && sizeAt(vectors, split - 1) === full[split - 1]) {
    split--
  }
  const outer = full.slice(0, split)
  const bundled = full.length - split
  return {
    count: Shape.size(outer),
    columns: Shape.size(full.slice(split)),
    matrix: members(matrices.slice(0, Math.max(matrices.length - bundled, 0)), outer),
    bundle: members(vectors.slice(0, Math.max(vectors.length - bundled, 0)), outer),
  }
}

/**
 * What was broadcast from `shape` summed back to it; always a new tensor, as a gradient must be. Axis by axis: over two
 * that have another between them tfjs sums in float32, and differently on each backend.
 */
export const sumTo = (x: tf.Tensor, shape: Shape.Shape): tf.Tensor => {
  const axes = tf.broadcast_util.getReductionAxes([...shape], x.shape)
  if (axes.length === 0) return tf.clone(x)
  return tf.reshape(
    axes.reduce((sum, axis) => tf.sum(sum, axis, true), x),
    [...shape],
  )
}

/** Runs one of our kernels with a single output. */
export const call = (name: string, inputs: tf.NamedTensorMap, attrs: object = {}): tf.Tensor =>
  tf.engine().runKernel(name, inputs, attrs as tf.NamedAttrMap) as tf.Tensor

/**
 * An output that tfjs saved for its gradient; made again where that gradient is itself being differentiated. tfjs notes
 * the copy that it saves before the operation it comes from, and so takes it for a constant: the second derivative
 * would lack a term, and no error would say so.
 */
export const savedOutput = (saved: tf.Tensor, again: () => tf.Tensor): tf.Tensor =>
  tf.engine().state.gradientDepth > 0 ? again() : saved
