/**
 * The lower triangle of a matrix as a vector, row by row, and back: the order of NumPy's `tril_indices`, which NumPyro
 * and PyTorch use too. (TensorFlow Probability fills in a spiral.) Each is the other's gradient.
 */
import type * as tf from "@tensorflow/tfjs-core"
import type { LoopKernel } from "../loop.ts"
import { call } from "./batches.ts"

export interface PackAttrs {
  /** 0 with the diagonal, −1 without. */
  readonly diagonal: 0 | -1
}

/** The n for which a triangle holds `length` numbers, perhaps not a whole one. */
export const triangleSize = (length: number, diagonal: 0 | -1): number =>
  (Math.sqrt(8 * length + 1) - 1) / 2 - diagonal

/** Input x [...batch, n(n ± 1)/2]; output the matrices [...batch, n, n]. */
export const fillTriangular: LoopKernel<PackAttrs> = {
  name: "GuidepostFillTriangular",
  inputs: ["x"],
  outputs: ([x], { diagonal }) => {
    const n = triangleSize(x!.shape.at(-1)!, diagonal)
    return [[...x!.shape.slice(0, -1), n, n]]
  },
  run: ({ inputs, outputs, shapes, attrs: { diagonal } }) => {
    const x = inputs[0]!
    const out = outputs[0]!
    const n = triangleSize(shapes[0]!.at(-1)!, diagonal)
    out.fill(0)
    for (let start = 0, p = 0; p < x.length; start += n * n) {
      for (let i = 0; i < n; i++) {
        for (let j = 0; j <= i + diagonal; j++) out[start + i * n + j] = x[p++]!
      }
    }
  },
}

/** Input x [...batch, n, n]; output its lower triangles [...batch, n(n ± 1)/2]. */
export const packTriangular: LoopKernel<PackAttrs> = {
  name: "GuidepostPackTriangular",
  inputs: ["x"],
  outputs: ([x], { diagonal }) => {
    const n = x!.shape.at(-1)!
    return [[...x!.shape.slice(0, -2), (n * (n + 1 + 2 * diagonal)) / 2]]
  },
  run: ({ inputs, outputs, shapes, attrs: { diagonal } }) => {
    const x = inputs[0]!
    const out = outputs[0]!
    const n = shapes[0]!.at(-1)!
    for (let start = 0, p = 0; p < out.length; start += n * n) {
      for (let i = 0; i < n; i++) {
        for (let j = 0; j <= i + diagonal; j++) out[p++] = x[start + i * n + j]!
      }
    }
  },
}

const inverseOf = (kernelName: string, inverse: string): tf.GradConfig => ({
  kernelName,
  gradFunc: (dy, _, attrs) => ({ x: () => call(inverse, { x: dy as tf.Tensor }, attrs) }),
})

export const packGradients: ReadonlyArray<tf.GradConfig> = [
  inverseOf(fillTriangular.name, packTriangular.name),
  inverseOf(packTriangular.name, fillTriangular.name),
]
