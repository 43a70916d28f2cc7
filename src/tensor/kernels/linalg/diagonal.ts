/**
 * Diagonals and bands of matrices: the diagonal of [...batch, n, n] as [...batch, n] and back, the sum of its logarithms,
 * and a matrix with all but some of its diagonals set to zero. A mask times the matrix would turn an infinity that
 * it removes into NaN.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { LoopKernel } from "../loop.ts"
import { call } from "./batches.ts"

/** Input x [...batch, n, n]; output its diagonal [...batch, n]. */
export const diagPart: LoopKernel<object> = {
  name: "GuidepostDiagPart",
  inputs: ["x"],
  outputs: ([x]) => [x!.shape.slice(0, -1)],
  run: ({ inputs, outputs, shapes }) => {
    const x = inputs[0]!
    const out = outputs[0]!
    const n = shapes[0]!.at(-1)!
    for (let start = 0, o = 0; start < x.length; start += n * n) {
      for (let i = 0; i < n; i++) out[o++] = x[start + i * (n + 1)]!
    }
  },
}

/** Input x [...batch, n]; output the matrices [...batch, n, n] with that diagonal and zeros elsewhere. */
export const diag: LoopKernel<object> = {
  name: "GuidepostDiag",
  inputs: ["x"],
  outputs: ([x]) => [[...x!.shape, x!.shape.at(-1)!]],
  run: ({ inputs, outputs, shapes }) => {
    const x = inputs[0]!
    const out = outputs[0]!
    const n = shapes[0]!.at(-1)!
    out.fill(0)
    for (let i = 0; i < x.length; i++) out[i * n + (i % n)] = x[i]!
  },
}

/** Input l [...batch, n, n]; output Σ log l_ii [...batch], in float64. */
export const sumLogDiag: LoopKernel<object> = {
  name: "GuidepostSumLogDiag",
  inputs: ["l"],
  outputs: ([l]) => [l!.shape.slice(0, -2)],
  run: ({ inputs, outputs, shapes }) => {
    const l = inputs[0]!
    const out = outputs[0]!
    const n = shapes[0]!.at(-1)!
    for (let o = 0; o < out.length; o++) {
      let sum = 0
      for (let i = 0; i < n; i++) sum += Math.log(l[o * n * n + i * (n + 1)]!)
      out[o] = sum
    }
  },
}

export interface BandAttrs {
  readonly from: number
  readonly to: number
}

/** Input x [...batch, m, n]; output x where from ≤ column − row ≤ to, zero elsewhere. */
export const band: LoopKernel<BandAttrs> = {
  name: "GuidepostBand",
  inputs: ["x"],
  outputs: ([x]) => [x!.shape],
  run: ({ inputs, outputs, shapes, attrs: { from, to } }) => {
    const x = inputs[0]!
    const out = outputs[0]!
    const [m, n] = shapes[0]!.slice(-2) as [number, number]
    out.fill(0)
    for (let start = 0, row = 0; start < x.length; start += n, row = (row + 1) % m) {
      const end = Math.min(n, row + to + 1)
      for (let j = Math.max(0, row + from); j < end; j++) out[start + j] = x[start + j]!
    }
  },
}

export const diagonalGradients: ReadonlyArray<tf.GradConfig> = [
  {
    kernelName: diagPart.name,
    gradFunc: (dy) => ({ x: () => call(diag.name, { x: dy as tf.Tensor }) }),
  },
  {
    kernelName: diag.name,
    gradFunc: (dy) => ({ x: () => call(diagPart.name, { x: dy as tf.Tensor }) }),
  },
  {
    kernelName: sumLogDiag.name,
    inputsToSave: ["l"],
    gradFunc: (dy, [l]) => ({
      l: () =>
        call(diag.name, { x: tf.div(tf.expandDims(dy as tf.Tensor, -1), call(diagPart.name, { x: l! })) }),
    }),
  },
  {
    kernelName: band.name,
    gradFunc: (dy, _, attrs) => ({ x: () => call(band.name, { x: dy as tf.Tensor }, attrs) }),
  },
]
