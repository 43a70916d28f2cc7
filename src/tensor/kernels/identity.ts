/**
 * `Identity` on wasm, without a copy. tfjs runs it for `tf.clone` and for every tensor that a gradient will want,
 * so that with its own kernel each step copies all weights and activations. Tensors are never written to after
 * they are made, so that here, as on tfjs's other backends, both are one buffer with a count of its users.
 */
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm"
import type * as tf from "@tensorflow/tfjs-core"

/** The kernel `Identity`: the same data under a new tensor. */
export const identityConfig = (stock: tf.KernelConfig): tf.KernelConfig => ({
  ...stock,
  kernelFunc: (call) => {
    const x = call.inputs.x!
    // Strings do not live on the heap.
    if (x.dtype === "string") return stock.kernelFunc(call)
    const backend = call.backend as BackendWasm
    backend.incRef(x.dataId)
    return { dataId: x.dataId, shape: x.shape, dtype: x.dtype }
  },
})
