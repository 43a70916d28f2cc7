import "@tensorflow/tfjs-backend-wasm"
import { describe, expect, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { BackendUnavailable } from "../../../src/tensor/errors.ts"
import { registerKernels } from "../../../src/tensor/kernels/register.ts"
import { expectClose, random, toTensor } from "./reference.ts"
import { kernelSuite } from "./suite.ts"

kernelSuite("wasm")

describe("registerKernels", () => {
  it("says which package to import where a backend's kernels are missing", () => {
    expect(() => registerKernels("cpu")).toThrow(BackendUnavailable)
    expect(() => registerKernels("cpu")).toThrow("import @tensorflow/tfjs-backend-cpu first")
  })
})

describe("Identity", () => {
  it("shares the buffer, which lives as long as its last tensor", () => {
    const x = toTensor(random([3, 4], 1))
    const buffers = tf.memory().numDataBuffers
    const copy = tf.clone(x)
    expect(tf.memory().numDataBuffers).toBe(buffers)
    x.dispose()
    expect(tf.memory().numDataBuffers).toBe(buffers)
    expectClose(copy, random([3, 4], 1), 0)
    expect(tf.memory().numDataBuffers).toBe(buffers - 1)
  })

  it("clones strings too", () => {
    expect(tf.clone(tf.tensor1d(["a", "b"])).dataSync()).toEqual(["a", "b"])
  })
})
