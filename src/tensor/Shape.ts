/**
 * Shapes as plain lists of numbers, and the two ways in which a density meets one: sum out its rightmost
 * dimensions, or make room for more. Broadcasting follows NumPy: align the shapes at the right; a missing
 * dimension or a 1 stretches to the other's size.
 *
 * ```ts
 * Shape.broadcast([3, 1], [4])  // [3, 4]
 * Shape.broadcast([3], [4])     // undefined
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"

/** Sizes of the dimensions, outermost first; `[]` is a scalar's. */
export type Shape = ReadonlyArray<number>

/** The common shape of all the arguments, or `undefined` where two sizes differ and neither is 1. */
export const broadcast = (...shapes: ReadonlyArray<Shape>): Shape | undefined => {
  const rank = shapes.reduce((most, shape) => Math.max(most, shape.length), 0)
  const out = new Array<number>(rank).fill(1)
  for (const shape of shapes) {
    const offset = rank - shape.length
    for (let i = 0; i < shape.length; i++) {
      const size = shape[i]!
      if (size === 1) continue
      if (out[offset + i] !== 1 && out[offset + i] !== size) return undefined
      out[offset + i] = size
    }
  }
  return out
}

/** The number of elements: the product of the sizes, 1 for a scalar. */
export const size = (shape: Shape): number => {
  let n = 1
  for (let i = 0; i < shape.length; i++) n *= shape[i]!
  return n
}

/** As people write it: `[2, 3]`. */
export const format = (shape: Shape): string => `[${shape.join(", ")}]`

/** Same rank and same sizes. */
export const equals = (a: Shape, b: Shape): boolean => {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** `[...s, e1, …, en]` summed over its last `n` dimensions to `[...s]`; `n` = 0 returns `x` itself. */
export const sumRightmost = (x: tf.Tensor, n: number): tf.Tensor =>
  n === 0 ? x : tf.sum(x, lastAxes(x.rank, n))

/** `[...s]` reshaped to `[...s, 1, …, 1]` with `n` ones; `n` = 0 returns `x` itself. */
export const expandRight = (x: tf.Tensor, n: number): tf.Tensor =>
  n === 0 ? x : tf.reshape(x, [...x.shape, ...new Array<number>(n).fill(1)])

const lastAxes = (rank: number, n: number): Array<number> => {
  const axes = new Array<number>(n)
  for (let i = 0; i < n; i++) axes[i] = rank - n + i
  return axes
}

/** The index, in row-major order, of the element at `position` in a tensor of this shape. */
export const unravelIndex = (position: number, shape: Shape): ReadonlyArray<number> => {
  const index: Array<number> = []
  let rest = position
  for (let d = shape.length - 1; d >= 0; d--) {
    index.unshift(rest % shape[d]!)
    rest = Math.floor(rest / shape[d]!)
  }
  return index
}
