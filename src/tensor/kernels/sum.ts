/**
 * `tf.sum` of float32 over neighboring axes, and its gradient.
 *
 * tfjs moves the summed axes to the end by a transposition and adds in float32, one after the other; here the
 * tensor is read as [outer, summed, inner] where it lies, and added in float64. The stock gradient multiplies by
 * a tensor of ones that it uploads; here it is a broadcast.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Shape from "../Shape.ts"
import { type BackendName, type LoopKernel, loopConfig } from "./loop.ts"

/** The kernel `Sum`: ours for float32 over neighboring axes, tfjs's own otherwise. */
export const sumConfig = (stock: tf.KernelConfig): tf.KernelConfig => {
  const loop = loopConfig(sumLoop, stock.backendName as BackendName)
  return {
    ...stock,
    kernelFunc: (call) => {
      const x = call.inputs.x!
      const attrs = call.attrs as unknown as tf.SumAttrs
      const plan = x.dtype === "float32" ? planSum(x.shape, attrs.axis, attrs.keepDims) : undefined
      return plan === undefined
        ? stock.kernelFunc(call)
        : loop.kernelFunc({ ...call, attrs: plan as unknown as tf.NamedAttrMap })
    },
  }
}

/** d sum(x) = the incoming gradient spread over the summed axes. */
export const sumGradient: tf.GradConfig = {
  kernelName: tf.Sum,
  inputsToSave: ["x"],
  gradFunc: (dy, saved, attrs) => {
    const x = saved[0]!
    const axes = tf.util.parseAxisParam((attrs as unknown as tf.SumAttrs).axis, x.shape)
    const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
    return { x: () => tf.broadcastTo(tf.reshape(dy as tf.Tensor, kept), x.shape) }
  },
}

interface SumPlan {
  readonly outer: number
  readonly summed: number
  readonly inner: number
  readonly outShape: Array<number>
}

/** The tensor as [outer, summed, inner]; `undefined` where the summed axes have others between them. */
const planSum = (shape: Array<number>, axis: number | Array<number>, keepDims: boolean) => {
  const axes = tf.util.parseAxisParam(axis, shape)
  const isSummed = (i: number) => axes.includes(i)
  const first = shape.findIndex((_, i) => isSummed(i))
  const last = shape.findLastIndex((_, i) => isSummed(i))
  if (shape.some((size, i) => i > first && i < last && size !== 1 && !isSummed(i))) return undefined
  const plan: SumPlan = {
    outer: first < 0 ? Shape.size(shape) : Shape.size(shape.slice(0, first)),
    summed: first < 0 ? 1 : Shape.size(shape.slice(first, last + 1)),
    inner: first < 0 ? 1 : Shape.size(shape.slice(last + 1)),
    outShape: keepDims
      ? shape.map((size, i) => (isSummed(i) ? 1 : size))
      : shape.filter((_, i) => !isSummed(i)),
  }
  return plan
}

const sumLoop: LoopKernel<SumPlan> = {
  name: tf.Sum,
  inputs: ["x"],
  outputs: (_, { outShape }) => [outShape],
  run: ({ inputs, outputs, attrs: { outer, summed, inner } }) => {
    const x = inputs[0]!
    const out = outputs[0]!
    if (inner === 1) {
      for (let o = 0; o < outer; o++) out[o] = sumRow(x, o * summed, summed)
      return
    }
    const sums = new Float64Array(inner)
    for (let o = 0; o < outer; o++) {
      sums.fill(0)
      addRows(x, o * summed * inner, summed, sums)
      out.set(sums, o * inner)
    }
  },
}

/** The sum of `n` elements, four sums at once, since one alone waits for each addition to finish before the next. */
export const sumRow = (x: Float32Array, start: number, n: number): number => {
  const end = start + n
  const whole = end - (n % 4)
  let [a, b, c, d] = [0, 0, 0, 0]
  for (let i = start; i < whole; i += 4) {
    a += x[i]!
    b += x[i + 1]!
    c += x[i + 2]!
    d += x[i + 3]!
  }
  for (let i = whole; i < end; i++) a += x[i]!
  return a + b + (c + d)
}

/** Row by row, four rows at once, so that memory is read in order and the sums are touched a quarter as often. */
export const addRows = (x: Float32Array, start: number, rows: number, sums: Float64Array): void => {
  const n = sums.length
  let r = 0
  for (; r + 4 <= rows; r += 4) {
    let i = start + r * n
    for (let j = 0; j < n; j++, i++) {
      sums[j] = sums[j]! + (x[i]! + x[i + n]! + (x[i + 2 * n]! + x[i + 3 * n]!))
    }
  }
  for (; r < rows; r++) {
    let i = start + r * n
    for (let j = 0; j < n; j++, i++) sums[j] = sums[j]! + x[i]!
  }
}
