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
  const missing = full.length - own.length
  // From the innermost axis outward: each axis repeats what is there so far, a step further each time.
  let filled = Math.min(out.length, 1)
  let stride = 1
  for (let axis = full.length - 1; axis >= 0; axis--) {
    const size = own[axis - missing] ?? 1
    const step = size === 1 ? 0 : stride
    const end = filled * full[axis]!
    for (let to = filled, shift = step; to < end; shift += step) {
      for (let from = 0; from < filled; from++, to++) out[to] = out[from]! + shift
    }
    filled = end
    stride *= size
  }
  return out
}

/**
 * A common batch shape as `outer` runs of `inner` members each: along a run the first operand's members follow one another,
 * and the others stay the same.
 */
export interface Runs {
  readonly outer: number
  readonly inner: number
  /** Which member of each operand a run begins with. */
  readonly operands: ReadonlyArray<Int32Array>
}

/** The longest runs of operands with these batch shapes. */
export const runsOf = (batches: ReadonlyArray<Shape.Shape>): Runs => {
  const full = Shape.broadcast(...batches)!
  const sizeAt = (shape: Shape.Shape, axis: number): number => shape[axis - full.length + shape.length] ?? 1
  let split = full.length
  while (split > 0 && batches.slice(1).every((shape) => sizeAt(shape, split - 1) === 1)) split--
  const inner = full.slice(split)
  return {
    outer: Shape.size(full.slice(0, split)),
    inner: Shape.size(inner),
    operands: batches.map((shape) => {
      const at = Math.max(shape.length - inner.length, 0)
      const length = Shape.size(shape.slice(at))
      return members(shape.slice(0, at), full.slice(0, split)).map((member) => member * length)
    }),
  }
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
