/**
 * ABᵀ summed over the batch dimensions that the result lacks, whole or one triangle of it: the gradient in a matrix that
 * many vectors met. a is [...batch, m, k], b [...batch, n, k]. As a product and a sum it would be a temporary of
 * [batch, m, n] rounded to float32; here each element is one sum in float64.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Shape from "../../Shape.ts"
import type { LoopKernel } from "../loop.ts"
import { batchOf, call, commonBatch, members, sumTo } from "./batches.ts"

export type Part = "full" | "lower" | "upper"

export interface OuterSumAttrs {
  /** The batch shape of the result; it broadcasts to that of ABᵀ. */
  readonly batch: Shape.Shape
  /** What is computed; the rest is zero. */
  readonly part: Part
}

export const outerSum: LoopKernel<OuterSumAttrs> = {
  name: "GuidepostOuterSum",
  inputs: ["a", "b"],
  outputs: ([a, b], { batch }) => [[...batch, a!.shape.at(-2)!, b!.shape.at(-2)!]],
  run: ({ inputs, outputs, shapes, attrs: { batch, part } }) => {
    const [a, b] = inputs as [Float32Array, Float32Array]
    const out = outputs[0]!
    const [m, k] = shapes[0]!.slice(-2) as [number, number]
    const n = shapes[1]!.at(-2)!
    const batches = shapes.map((shape) => batchOf(shape, 2)) as [Shape.Shape, Shape.Shape]
    const full = commonBatch(...batches)
    const [ofA, ofB] = [members(batches[0], full), members(batches[1], full)]
    const sums = new Float64Array(m * n)
    const size = { m, n, k, part }
    const add = k === 1 ? addOuter : addProduct
    for (const [member, terms] of gather(members(batch, full), Shape.size(batch)).entries()) {
      sums.fill(0)
      for (const f of terms) add(size, a, ofA[f]! * m * k, b, ofB[f]! * n * k, sums)
      out.set(sums, member * m * n)
    }
  },
}

/** For each of `count` results the terms that it sums, given each term's result. */
export const gather = (resultOf: Int32Array, count: number): Array<Int32Array> => {
  const sizes = new Int32Array(count)
  for (const result of resultOf) sizes[result]! += 1
  const lists = Array.from(sizes, (size) => new Int32Array(size))
  sizes.fill(0)
  for (let f = 0; f < resultOf.length; f++) {
    const result = resultOf[f]!
    lists[result]![sizes[result]!] = f
    sizes[result]! += 1
  }
  return lists
}

interface Size {
  readonly m: number
  readonly n: number
  readonly k: number
  readonly part: Part
}

/** sums += abᵀ for two vectors. */
const addOuter = (
  { m, n, part }: Size,
  a: Float32Array,
  atA: number,
  b: Float32Array,
  atB: number,
  sums: Float64Array,
): void => {
  for (let i = 0; i < m; i++) {
    const factor = a[atA + i]!
    const end = part === "lower" ? Math.min(i + 1, n) : n
    for (let j = part === "upper" ? i : 0; j < end; j++) sums[i * n + j]! += factor * b[atB + j]!
  }
}

/** sums += ABᵀ: inner products of rows, four at a time. */
const addProduct = (
  { m, n, k, part }: Size,
  a: Float32Array,
  atA: number,
  b: Float32Array,
  atB: number,
  sums: Float64Array,
): void => {
  for (let i = 0; i < m; i++) {
    const p = atA + i * k
    const end = part === "lower" ? Math.min(i + 1, n) : n
    let j = part === "upper" ? i : 0
    for (; j + 3 < end; j += 4) {
      const q = atB + j * k
      let s0 = 0
      let s1 = 0
      let s2 = 0
      let s3 = 0
      for (let c = 0; c < k; c++) {
        const factor = a[p + c]!
        s0 += factor * b[q + c]!
        s1 += factor * b[q + k + c]!
        s2 += factor * b[q + 2 * k + c]!
        s3 += factor * b[q + 3 * k + c]!
      }
      const o = i * n + j
      sums[o]! += s0
      sums[o + 1]! += s1
      sums[o + 2]! += s2
      sums[o + 3]! += s3
    }
    for (; j < end; j++) {
      let sum = 0
      for (let c = 0; c < k; c++) sum += a[p + c]! * b[atB + j * k + c]!
      sums[i * n + j]! += sum
    }
  }
}

/** For C = ABᵀ: dA = dC·B and dB = dCᵀ·A, dC being zero outside the part. Of vectors, in float64 again. */
export const outerSumGradient: tf.GradConfig = {
  kernelName: outerSum.name,
  inputsToSave: ["a", "b"],
  gradFunc: (dy, saved, attrs) => {
    const [a, b] = saved as [tf.Tensor, tf.Tensor]
    const { part } = attrs as unknown as OuterSumAttrs
    const from = part === "upper" ? 0 : Number.NEGATIVE_INFINITY
    const to = part === "lower" ? 0 : Number.POSITIVE_INFINITY
    const dc =
      part === "full" ? (dy as tf.Tensor) : call("GuidepostBand", { x: dy as tf.Tensor }, { from, to })
    return {
      a: () => sumTo(product(dc, b, false), a.shape),
      b: () => sumTo(product(dc, a, true), b.shape),
    }
  },
}

/** op(C)·B. tfjs's product on cpu pairs the wrong members where both batches are stretched. */
const product = (c: tf.Tensor, b: tf.Tensor, transpose: boolean): tf.Tensor => {
  if (b.shape.at(-1) === 1) {
    const x = tf.reshape(b, b.shape.slice(0, -1))
    return tf.expandDims(call("GuidepostMatvec", { a: c, x }, { transpose }), -1)
  }
  const batch = commonBatch(batchOf(c.shape, 2), batchOf(b.shape, 2))
  const [left, right] = [c, b].map((x) => tf.broadcastTo(x, [...batch, ...x.shape.slice(-2)]))
  return tf.matMul(left!, right!, transpose)
}
