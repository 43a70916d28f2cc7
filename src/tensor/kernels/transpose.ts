/**
 * `tf.transpose` of float32 where it swaps the last two axes, a batch of matrices each transposed.
 *
 * Element by element, one side is read or written a row apart each time. Where that row is a multiple of 128 long
 * the addresses share a few cache lines, and tfjs's kernel on wasm takes 3 to 7 ns an element instead of a third
 * of one; minibatches are so long. In tiles of 32 × 32, which stay in the cache, it is 0.7 ns for all sizes. On
 * cpu tfjs works out the coordinates of each element, which is slower still.
 */
import * as tf from "@tensorflow/tfjs-core"
import { type BackendName, type LoopKernel, loopConfig } from "./loop.ts"

/** The kernel `Transpose`: ours where float32 matrices are transposed, tfjs's own otherwise. */
export const transposeConfig = (stock: tf.KernelConfig): tf.KernelConfig => {
  const loop = loopConfig(transposeLoop, stock.backendName as BackendName)
  return {
    ...stock,
    kernelFunc: (call) => {
      const x = call.inputs.x!
      const { perm } = call.attrs as unknown as tf.TransposeAttrs
      const mine = x.dtype === "float32" && swapsLastTwo(perm) && pays(x.shape, stock.backendName)
      return (mine ? loop : stock).kernelFunc(call)
    },
  }
}

const swapsLastTwo = (perm: ReadonlyArray<number>): boolean => {
  const rank = perm.length
  return rank >= 2 && perm.every((axis, i) => axis === (i < rank - 2 ? i : 2 * rank - 3 - i))
}

const pays = (shape: ReadonlyArray<number>, backendName: string): boolean => {
  const [rows, columns] = shape.slice(-2) as [number, number]
  // A vector's transposition, and that of anything empty, only renames the shape: tfjs does not copy it.
  return rows > 1 && columns > 1 && (backendName === "cpu" || rows % 128 === 0)
}

const transposeLoop: LoopKernel<tf.TransposeAttrs> = {
  name: tf.Transpose,
  inputs: ["x"],
  outputs: ([x], { perm }) => [perm.map((axis) => x!.shape[axis]!)],
  run: ({ inputs, outputs, shapes }) => {
    const [rows, columns] = shapes[0]!.slice(-2) as [number, number]
    const x = inputs[0]!
    for (let start = 0; start < x.length; start += rows * columns) {
      transposeMatrix(x, outputs[0]!, start, rows, columns)
    }
  },
}

const TILE = 32

const transposeMatrix = (
  x: Float32Array,
  out: Float32Array,
  start: number,
  rows: number,
  columns: number,
) => {
  for (let top = 0; top < rows; top += TILE) {
    const bottom = Math.min(top + TILE, rows)
    for (let left = 0; left < columns; left += TILE) {
      const right = Math.min(left + TILE, columns)
      for (let j = left; j < right; j++) {
        let from = start + top * columns + j
        const end = start + j * rows + bottom
        for (let to = start + j * rows + top; to < end; to++, from += columns) out[to] = x[from]!
      }
    }
  }
}
