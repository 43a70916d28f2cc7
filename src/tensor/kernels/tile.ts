/**
 * `tf.tile` where it is a broadcast (every repeated axis has size 1), which is what `tf.broadcastTo` calls, and
 * its gradient.
 *
 * tfjs works out the coordinates of each element; here runs are copied. The stock gradient slices and adds once
 * for every repetition, 100,352 times for a scalar stretched to [128, 784]; here it is one sum.
 */
import * as tf from "@tensorflow/tfjs-core"
import { type BackendName, type LoopKernel, loopConfig } from "./loop.ts"

/** The kernel `Tile`: ours for float32 broadcasts, tfjs's own otherwise. */
export const tileConfig = (stock: tf.KernelConfig): tf.KernelConfig => {
  const loop = loopConfig(broadcast, stock.backendName as BackendName)
  return {
    ...stock,
    kernelFunc: (call) => {
      const x = call.inputs.x!
      const { reps } = call.attrs as unknown as tf.TileAttrs
      return (x.dtype === "float32" && isBroadcast(x.shape, reps) ? loop : stock).kernelFunc(call)
    },
  }
}

/** A broadcast's gradient is the sum over what was stretched; other tilings keep tfjs's. */
export const tileGradient = (stock: tf.GradConfig): tf.GradConfig => ({
  ...stock,
  gradFunc: (dy, saved, attrs) => {
    const x = saved[0]!
    const { reps } = attrs as unknown as tf.TileAttrs
    if (!isBroadcast(x.shape, reps)) return stock.gradFunc(dy, saved, attrs)
    const axes = reps.flatMap((n, axis) => (n === 1 ? [] : [axis]))
    return { x: () => tf.sum(dy as tf.Tensor, axes, true) }
  },
})

const isBroadcast = (shape: ReadonlyArray<number>, reps: ReadonlyArray<number>): boolean =>
  shape.every((size, axis) => size === 1 || reps[axis] === 1)

const broadcast: LoopKernel<tf.TileAttrs> = {
  name: tf.Tile,
  inputs: ["x"],
  outputs: ([x], { reps }) => [x!.shape.map((size, axis) => size * reps[axis]!)],
  run: ({ inputs, outputs, shapes, attrs: { reps } }) => {
    const out = outputs[0]!
    if (out.length === 0) return
    // From the innermost axis outward: what is filled so far is one block for each remaining index of x, packed at
    // the front of `out`; stretching an axis replaces each block by copies of itself.
    const shape = shapes[0]!
    out.set(inputs[0]!)
    let filled = inputs[0]!.length
    let block = 1
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const n = reps[axis]!
      if (n > 1) filled = repeat(out, filled, block, n)
      block *= shape[axis]! * n
    }
  },
}

/** Repeats each block of the first `filled` elements `n` times, in place, last block first. */
const repeat = (out: Float32Array, filled: number, block: number, n: number): number => {
  for (let from = filled - block; from >= 0; from -= block) {
    const to = from * n
    if (block === 1) out.fill(out[from]!, to, to + n)
    else for (let i = n - 1; i >= 0; i--) out.copyWithin(to + i * block, from, from + block)
  }
  return filled * n
}
