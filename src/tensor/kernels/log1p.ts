/**
 * `Log1p` on wasm. tfjs computes it as log(1 + x), whose sum rounds a small x off: its log1p(1e-9) is 0, and its
 * log1p(1e-6) is wrong in the second digit. Here it is JavaScript's, in float64, as on tfjs's cpu backend.
 */
import type * as tf from "@tensorflow/tfjs-core"
import { type LoopKernel, loopConfig } from "./loop.ts"

const log1p: LoopKernel<object> = {
  name: "Log1p",
  inputs: ["x"],
  outputs: ([x]) => [x!.shape],
  run: ({ inputs, outputs }) => {
    const x = inputs[0]!
    const out = outputs[0]!
    for (let i = 0; i < x.length; i++) out[i] = Math.log1p(x[i]!)
  },
}

/** The kernel `Log1p`. */
export const log1pConfig = (stock: tf.KernelConfig): tf.KernelConfig => ({
  ...stock,
  kernelFunc: loopConfig(log1p, "wasm").kernelFunc,
})
