/**
 * log Σ eᵗ over one axis of a tensor that is read as [outer, summed, inner] where it lies, and its gradient: float64
 * inside, and no temporary of the tensor's size. −∞ where every t is −∞, ∞ where one is ∞; there the gradient is 0.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Shape from "../Shape.ts"
import { isBounded, where } from "../stable.ts"
import { lanes } from "./lanes/lanes.ts"
import { call, savedOutput } from "./linalg/batches.ts"
import type { LoopKernel } from "./loop.ts"

export interface LogSumExpAttrs {
  readonly axis: number
}

/** Input t; output y = log Σ eᵗ, of t's shape without the axis. */
export const logSumExp: LoopKernel<LogSumExpAttrs> = {
  name: "GuidepostLogSumExp",
  inputs: ["t"],
  outputs: ([t], { axis }) => [t!.shape.toSpliced(axis, 1)],
  run: ({ inputs, outputs, shapes, attrs: { axis } }) => {
    overBlocks(inputs[0]!, shapes[0]!, axis, (block) => storeSums(block, outputs[0]!))
  },
}

/**
 * Besides a second output, the gradient e^t/Σ eᵗ, of t's shape: the exponentials are there already, and e^(t − y) would
 * have the rounding of y, which may be far larger than 1.
 */
export const logSumExpShares: LoopKernel<LogSumExpAttrs> = {
  name: "GuidepostLogSumExpShares",
  inputs: ["t"],
  outputs: ([t], { axis }) => [t!.shape.toSpliced(axis, 1), [...t!.shape]],
  run: ({ inputs, outputs, shapes, attrs: { axis } }) => {
    overBlocks(inputs[0]!, shapes[0]!, axis, (block) => {
      storeSums(block, outputs[0]!)
      storeShares(block, outputs[1]!)
    })
  },
}

const storeSums = ({ numbers, top, sum, columns, to }: Block, out: Float32Array): void => {
  for (let c = 0; c < columns; c++) {
    const most = numbers[top + c]!
    out[to + c] = Number.isFinite(most) ? most + Math.log(numbers[sum + c]!) : most
  }
}

/** Zeros where the sum is not finite. The sums are lost. */
const storeShares = (block: Block, out: Float32Array): void => {
  const { numbers, top, sum, width, columns, summed, inner, from } = block
  for (let c = 0; c < columns; c++) {
    numbers[sum + c] = Number.isFinite(numbers[top + c]!) ? 1 / numbers[sum + c]! : 0
  }
  for (let j = 0, row = from, e = 0; j < summed; j++, row += inner, e += width) {
    for (let c = 0; c < columns; c++) {
      const factor = numbers[sum + c]!
      out[row + c] = factor === 0 ? 0 : factor * numbers[e + c]!
    }
  }
}

/** Some neighboring columns: where they begin in t and in the sums; and what has been found of them. */
interface Block {
  readonly from: number
  readonly to: number
  readonly columns: number
  readonly summed: number
  readonly inner: number
  /** From 0 on e^(t − top), in rows of this many; and where the columns' largest numbers begin, and their sums. */
  readonly numbers: Float64Array
  readonly width: number
  readonly top: number
  readonly sum: number
}

/** How many numbers a block holds, so that they stay near. */
const NEAR = 2048

const overBlocks = (
  t: Float32Array,
  shape: Shape.Shape,
  axis: number,
  each: (block: Block) => void,
): void => {
  const outer = Shape.size(shape.slice(0, axis))
  const summed = shape[axis]!
  const inner = Shape.size(shape.slice(axis + 1))
  const most = Math.min(inner, Math.floor(NEAR / Math.max(summed, 1)))
  const pairs = Math.max(Math.ceil(most / 2), 1)
  const width = 2 * pairs
  const [top, sum] = [summed * width, (summed + 1) * width]
  const { numbers, columnExps } = lanes((summed + 2) * width)
  for (let o = 0; o < outer; o++) {
    for (let first = 0; first < inner; first += width) {
      const columns = Math.min(width, inner - first)
      const from = o * summed * inner + first
      loadColumns(t, from, summed, inner, columns, numbers, width)
      columnExps(0, summed, pairs, top, sum)
      each({ from, to: o * inner + first, columns, summed, inner, numbers, width, top, sum })
    }
  }
}

const loadColumns = (
  t: Float32Array,
  from: number,
  summed: number,
  inner: number,
  columns: number,
  to: Float64Array,
  width: number,
): void => {
  for (let j = 0, row = from, e = 0; j < summed; j++, row += inner, e += width) {
    for (let c = 0; c < columns; c++) to[e + c] = t[row + c]!
  }
}

/** Where a gradient is taken and shares were not asked for. */
export const logSumExpGradient: tf.GradConfig = {
  kernelName: logSumExp.name,
  inputsToSave: ["t"],
  gradFunc: (dy, [t], attrs) => {
    const { axis } = attrs as unknown as LogSumExpAttrs
    return { t: () => tf.mul(tf.expandDims(dy as tf.Tensor, axis), share(t!, axis)) }
  },
}

/** The shares themselves are handed to no one, and nothing flows back into them. */
export const logSumExpSharesGradient: tf.GradConfig = {
  kernelName: logSumExpShares.name,
  inputsToSave: ["t"],
  outputsToSave: [false, true],
  gradFunc: (dys, saved, attrs) => {
    const [t, shares] = saved as [tf.Tensor, tf.Tensor]
    const { axis } = attrs as unknown as LogSumExpAttrs
    const [dy] = dys as unknown as [tf.Tensor]
    return {
      t: () =>
        tf.mul(
          tf.expandDims(dy, axis),
          savedOutput(shares, () => share(t, axis)),
        ),
    }
  },
}

/** e^t/Σ eᵗ of tensors, 0 where the sum is not finite. */
const share = (t: tf.Tensor, axis: number): tf.Tensor => {
  const y = tf.expandDims(call(logSumExp.name, { t }, { axis }), axis)
  const isSummed = () => tf.broadcastTo(isBounded(y), t.shape)
  return where(
    isSummed,
    tf.exp(
      tf.sub(
        where(isSummed, t, 0),
        where(() => isBounded(y), y, 0),
      ),
    ),
    0,
  )
}
