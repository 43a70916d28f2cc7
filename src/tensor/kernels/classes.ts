/** The kernels behind `tensor/classes`: picking a class's number from its row, its adjoint, and draws of classes. */
import * as tf from "@tensorflow/tfjs-core"
import { type KeyAttrs, streamOf } from "./counts/stream.ts"
import type { LoopKernel } from "./loop.ts"

/** Inputs a table `[...batch, K]` and classes `[...sample, ...batch]`: the i-th class's row is the i-th, and round again. */
export const pickKernel: LoopKernel<{ readonly missing: number }> = {
  name: "GuidepostPick",
  inputs: ["table", "classes"],
  outputs: ([, classes]) => [classes!.shape],
  run: ({ inputs, outputs, shapes, attrs: { missing } }) => {
    const [table, classes] = inputs as [Float32Array, Float32Array]
    const out = outputs[0]!
    const k = shapes[0]!.at(-1)!
    for (let i = 0, start = 0; i < out.length; i++, start += k) {
      if (start === table.length) start = 0
      const c = classes[i]!
      out[i] = c >= 0 && c < k && c === Math.floor(c) ? table[start + c]! : missing
    }
  },
}

/** Inputs classes and a number for each: their sums by class, `[...batch, K]`. */
const tally: LoopKernel<{ readonly shape: ReadonlyArray<number> }> = {
  name: "GuidepostTally",
  inputs: ["classes", "dy"],
  outputs: (_, { shape }) => [[...shape]],
  run: ({ inputs, outputs, attrs }) => {
    const [classes, dy] = inputs as [Float32Array, Float32Array]
    const out = outputs[0]!
    const k = attrs.shape.at(-1)!
    const sums = new Float64Array(out.length)
    for (let i = 0, start = 0; i < classes.length; i++, start += k) {
      if (start === sums.length) start = 0
      const c = classes[i]!
      if (c >= 0 && c < k && c === Math.floor(c)) sums[start + c]! += dy[i]!
    }
    out.set(sums)
  },
}

/** As a function of the table picking is linear, and so is its adjoint: each is the other's gradient. */
export const pickGradient: tf.GradConfig = {
  kernelName: pickKernel.name,
  inputsToSave: ["table", "classes"],
  gradFunc: (dy, [table, classes]) => ({
    table: () =>
      tf
        .engine()
        .runKernel(
          tally.name,
          { classes: classes!, dy: dy as tf.Tensor },
          { shape: table!.shape },
        ) as tf.Tensor,
    classes: () => tf.zerosLike(classes!),
  }),
}

export const tallyGradient: tf.GradConfig = {
  kernelName: tally.name,
  inputsToSave: ["classes"],
  gradFunc: (dy, [classes]) => ({
    dy: () =>
      tf
        .engine()
        .runKernel(
          pickKernel.name,
          { table: dy as tf.Tensor, classes: classes! },
          { missing: 0 },
        ) as tf.Tensor,
    classes: () => tf.zerosLike(classes!),
  }),
}

/** Of the draw: whether the table is of log-weights, and the draw's shape, which ends in the table's batch. */
export interface ClassDrawAttrs extends KeyAttrs {
  readonly isLog: boolean
  readonly full: ReadonlyArray<number>
}

/** Input a table `[...batch, K]` of weights: the first class at which their running sum exceeds a share of the total. */
export const classDraw: LoopKernel<ClassDrawAttrs> = {
  name: "GuidepostClassDraw",
  inputs: ["table"],
  outputs: (_, { full }) => [[...full]],
  run: ({ inputs, outputs, shapes, attrs }) => {
    const out = outputs[0]!
    const k = shapes[0]!.at(-1)!
    const sums = runningSums(inputs[0]!, k, attrs.isLog)
    const random = streamOf(attrs)
    for (let i = 0, start = 0; i < out.length; i++, start += k) {
      if (start === sums.length) start = 0
      random.moveTo(i)
      out[i] = firstAbove(sums, start, k, random.uniform() * sums[start + k - 1]!)
    }
  },
}

/** The weights' running sums along each row. */
const runningSums = (table: Float32Array, k: number, isLog: boolean): Float64Array => {
  const sums = new Float64Array(table.length)
  for (let start = 0; start < table.length; start += k) {
    let most = Number.NEGATIVE_INFINITY
    if (isLog) for (let j = 0; j < k; j++) most = Math.max(most, table[start + j]!)
    let sum = 0
    for (let j = 0; j < k; j++) {
      const weight = table[start + j]!
      sum += isLog ? Math.exp(weight - most) : weight
      sums[start + j] = sum
    }
  }
  return sums
}

/** The first j with sums[start + j] above `x`, which is below the last sum; NaN where a sum is NaN. */
const firstAbove = (sums: Float64Array, start: number, k: number, x: number): number => {
  if (Number.isNaN(x)) return Number.NaN
  let [low, high] = [0, k - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if (sums[start + middle]! > x) high = middle
    else low = middle + 1
  }
  return low
}

export const classLoops = [pickKernel, tally, classDraw] as unknown as ReadonlyArray<LoopKernel<object>>
export const classGradients: ReadonlyArray<tf.GradConfig> = [pickGradient, tallyGradient]
