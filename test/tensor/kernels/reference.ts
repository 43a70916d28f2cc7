/**
 * What the kernel tests compare with: dense arrays in float64, worked element by element from the definition.
 */

import { expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"

/** A float64 array with a shape; row-major. */
export interface Dense {
  readonly shape: ReadonlyArray<number>
  readonly values: ReadonlyArray<number>
}

/** An array whose element at each index is `f(index)`. */
export const build = (shape: ReadonlyArray<number>, f: (index: ReadonlyArray<number>) => number): Dense => ({
  shape,
  values: Array.from({ length: sizeOf(shape) }, (_, flat) => f(indexOf(shape, flat))),
})

/** The element at an index, broadcast from the right: extra leading indices are dropped, sizes of 1 stretch. */
export const at = ({ shape, values }: Dense, index: ReadonlyArray<number>): number => {
  const own = index.slice(index.length - shape.length)
  const flat = shape.reduce((sum, size, axis) => sum * size + (size === 1 ? 0 : own[axis]!), 0)
  return values[flat]!
}

/** Uniform on [−1, 1), rounded to float32, from a small congruential generator; fixed by `seed`. */
export const random = (shape: ReadonlyArray<number>, seed: number): Dense => {
  let state = (seed * 2654435761 + 12345) >>> 0
  return build(shape, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.fround(state / 2 ** 31 - 1)
  })
}

export const toTensor = ({ shape, values }: Dense): tf.Tensor =>
  tf.tensor(Float32Array.from(values), [...shape], "float32")

/** op(a)·op(b), the batch shapes broadcast. */
export const matMul = (a: Dense, b: Dense, transposeA = false, transposeB = false): Dense => {
  const [rowsA, columnsA] = last(a, transposeA)
  const [, columnsB] = last(b, transposeB)
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2))
  return build([...batch, rowsA, columnsB], (index) => {
    const outer = index.slice(0, -2)
    const [i, j] = index.slice(-2) as [number, number]
    let sum = 0
    for (let k = 0; k < columnsA; k++) {
      const left = at(a, [...outer, ...(transposeA ? [k, i] : [i, k])])
      const right = at(b, [...outer, ...(transposeB ? [j, k] : [k, j])])
      sum += left * right
    }
    return sum
  })
}

const last = ({ shape }: Dense, transposed: boolean): [rows: number, columns: number] => {
  const [r, c] = shape.slice(-2) as [number, number]
  return transposed ? [c, r] : [r, c]
}

/** Sum over the axes. */
export const sum = (x: Dense, axes: ReadonlyArray<number>, keepDims: boolean): Dense => {
  const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
  const totals = new Array<number>(sizeOf(kept)).fill(0)
  x.values.forEach((value, flat) => {
    const index = indexOf(x.shape, flat)
    const to = kept.reduce((n, size, axis) => n * size + (size === 1 ? 0 : index[axis]!), 0)
    totals[to] = totals[to]! + value
  })
  return { shape: keepDims ? kept : x.shape.filter((_, axis) => !axes.includes(axis)), values: totals }
}

/** What an array broadcast to `x.shape` gave, summed back to `shape`. */
export const sumTo = (x: Dense, shape: ReadonlyArray<number>): Dense => {
  const extra = x.shape.length - shape.length
  const axes = x.shape.flatMap((size, axis) =>
    axis < extra || (shape[axis - extra] === 1 && size !== 1) ? [axis] : [],
  )
  return { shape, values: sum(x, axes, true).values }
}

/** Shape equal, and each value within `tolerance` · (1 + |expected|). Disposes of the tensor. */
export const expectClose = (found: tf.Tensor, expected: Dense, tolerance: number): void => {
  expect(found.shape).toEqual([...expected.shape])
  const values = found.dataSync()
  const worst = expected.values.reduce(
    (most, value, i) => Math.max(most, Math.abs(values[i]! - value) / (1 + Math.abs(value))),
    0,
  )
  // Written so that a NaN fails.
  expect(worst <= tolerance, `largest error ${worst}`).toBe(true)
  found.dispose()
}

/** Runs `body` and checks that as many tensors, buffers and backend entries are left as before. */
export const expectNoLeak = (body: () => void): void => {
  const count = () => [tf.memory().numTensors, tf.memory().numDataBuffers, tf.backend().numDataIds()]
  body() // the first run may fill a cache
  const before = count()
  body()
  expect(count()).toEqual(before)
}

const sizeOf = (shape: ReadonlyArray<number>): number => shape.reduce((n, size) => n * size, 1)

const indexOf = (shape: ReadonlyArray<number>, flat: number): Array<number> => {
  const index = new Array<number>(shape.length)
  let rest = flat
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index[axis] = rest % shape[axis]!
    rest = Math.floor(rest / shape[axis]!)
  }
  return index
}
