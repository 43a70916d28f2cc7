/**
 * Sums of rows by segment, which is the gradient of `tf.gather`: tfjs's wasm backend has none, and its cpu backend keeps its
 * own. Rows whose segment is
 * below 0 or too large count nowhere.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { LoopKernel } from "./loop.ts"

/** Inputs rows `[n, ...rest]` and segments `[n]`: sums `[numSegments, ...rest]`. */
export const segmentSum: LoopKernel<{ readonly numSegments: number }> = {
  name: tf.UnsortedSegmentSum,
  inputs: ["x", "segmentIds"],
  outputs: ([x], { numSegments }) => [[numSegments, ...x!.shape.slice(1)]],
  run: ({ inputs, outputs, attrs: { numSegments } }) => {
    const [x, segments] = inputs as [Float32Array, Float32Array]
    const out = outputs[0]!
    const width = segments.length === 0 ? 0 : x.length / segments.length
    const sums = new Float64Array(out.length)
    for (let i = 0; i < segments.length; i++) {
      const segment = segments[i]!
      if (!(segment >= 0 && segment < numSegments)) continue
      for (let j = 0; j < width; j++) sums[segment * width + j]! += x[i * width + j]!
    }
    out.set(sums)
  },
}
