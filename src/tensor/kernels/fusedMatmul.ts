/**
 * `tf.fused.matMul` on wasm: activation(A·B + bias). tfjs's own kernel is right and fast for single untransposed
 * matrices with one bias a column. For batches and transposed operands it adds the bias, and clamps, once for
 * every block of 48 inner elements; so there the parts are run one after the other.
 */
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm"
import * as tf from "@tensorflow/tfjs-core"
import { InvalidArgument } from "../errors.ts"
import { multiply } from "./matmul.ts"

/** The kernel `_FusedMatMul`: a [batch, m, k], b [batch, k, n], the batch sizes broadcast. */
export const fusedMatMulConfig = (stock: tf.KernelConfig): tf.KernelConfig => ({
  ...stock,
  kernelFunc: (call) => {
    const { a, b, bias } = call.inputs as unknown as tf._FusedMatMulInputs
    const attrs = call.attrs as unknown as Attrs
    const single = a.shape[0] === 1 && b.shape[0] === 1 && !attrs.transposeA && !attrs.transposeB
    // tfjs reads a bias of one element as if it had one a column.
    const fits = bias == null || (bias.shape.length === 1 && bias.shape[0] === b.shape[2])
    const plain = single && fits && attrs.activation !== "tanh"
    const filled = [...a.shape, ...b.shape].every((size) => size > 0)
    if ((plain && filled) || a.dtype !== "float32" || b.dtype !== "float32") return stock.kernelFunc(call)
    return inParts(call.backend as BackendWasm, call.inputs as unknown as tf._FusedMatMulInputs, attrs)
  },
})

// tfjs's type lacks two of its activations.
interface Attrs extends Omit<tf._FusedMatMulAttrs, "activation"> {
  readonly activation: keyof typeof kernelOf
}

const kernelOf = {
  linear: undefined,
  relu: tf.Relu,
  relu6: tf.Relu6,
  prelu: tf.Prelu,
  leakyrelu: tf.LeakyRelu,
  sigmoid: tf.Sigmoid,
  elu: tf.Elu,
  tanh: tf.Tanh,
} as const

const inParts = (backend: BackendWasm, inputs: tf._FusedMatMulInputs, attrs: Attrs): tf.TensorInfo => {
  const { a, b, bias, preluActivationWeights } = inputs
  if (!(attrs.activation in kernelOf)) {
    throw new InvalidArgument({
      where: "fused.matMul",
      expected: `an activation of ${Object.keys(kernelOf).join(", ")}`,
      found: String(attrs.activation),
    })
  }
  const apply = (name: string, ins: tf.NamedTensorInfoMap, options: tf.NamedAttrMap = {}): tf.TensorInfo => {
    const { kernelFunc } = tf.getKernel(name, "wasm")
    const out = kernelFunc({ inputs: ins, backend, attrs: options }) as tf.TensorInfo
    backend.disposeData(y.dataId)
    return out
  }
  let y = multiply(backend, a, b, attrs.transposeA, attrs.transposeB)
  if (bias != null) y = apply(tf.Add, { a: y, b: bias })
  const activation = kernelOf[attrs.activation]
  if (activation === undefined) return y
  return activation === tf.Prelu
    ? apply(activation, { x: y, alpha: preluActivationWeights! })
    : apply(activation, { x: y }, { alpha: attrs.leakyreluAlpha ?? 0 })
}
