/**
 * Kernels written once as a plain loop over `Float32Array`s, for both backends. The backends differ only in how a
 * tensor becomes an array: on `cpu` it is one; on `wasm` it is a view of the heap, which is void as soon as the
 * heap grows, so every output is allocated before any view is taken.
 *
 * Arithmetic inside a loop is JavaScript's, float64, and rounds once, when the result is stored.
 */
import type { MathBackendCPU } from "@tensorflow/tfjs-backend-cpu"
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm"
import type * as tf from "@tensorflow/tfjs-core"
import * as Shape from "../Shape.ts"

/** What a loop kernel is: its name, its inputs in order, the shapes of its outputs, and the loop. */
export interface LoopKernel<Attrs extends object> {
  readonly name: string
  /** `"all"`: as many as a call gives it. */
  readonly inputs: ReadonlyArray<string> | "all"
  readonly outputs: (inputs: ReadonlyArray<tf.TensorInfo>, attrs: Attrs) => ReadonlyArray<Array<number>>
  /** Fills every element of `outputs`, which hold rubbish at first. Inputs are float32, dense and row-major. */
  readonly run: (call: LoopCall<Attrs>) => void
}

export interface LoopCall<Attrs> {
  readonly inputs: ReadonlyArray<Float32Array>
  readonly outputs: ReadonlyArray<Float32Array>
  readonly shapes: ReadonlyArray<ReadonlyArray<number>>
  readonly attrs: Attrs
}

export type BackendName = "wasm" | "cpu"

/** The kernel's registration for one backend: one output gives a tensor, several give a list. */
export const loopConfig = <Attrs extends object>(
  kernel: LoopKernel<Attrs>,
  backendName: BackendName,
): tf.KernelConfig => ({
  kernelName: kernel.name,
  backendName,
  kernelFunc: ({ inputs, attrs, backend }) => {
    const ins =
      kernel.inputs === "all"
        ? (Object.values(inputs) as Array<tf.TensorInfo>)
        : kernel.inputs.map((name) => inputs[name]!)
    const options = attrs as unknown as Attrs
    const shapes = kernel.outputs(ins, options)
    const outs = shapes.map((shape) => makeFloat32(backend, shape))
    kernel.run({
      inputs: ins.map((info) => float32View(backend, info)),
      outputs: outs.map((info) => float32View(backend, info)),
      shapes: ins.map((info) => info.shape),
      attrs: options,
    })
    return outs.length === 1 ? outs[0]! : outs
  },
})

/** A float32 tensor, not filled. */
const makeFloat32 = (backend: object, shape: Array<number>): tf.TensorInfo =>
  isWasm(backend)
    ? backend.makeOutput(shape, "float32")
    : (backend as MathBackendCPU).makeTensorInfo(shape, "float32", new Float32Array(Shape.size(shape)))

/** The elements of a float32 tensor, not copied. */
const float32View = (backend: object, info: tf.TensorInfo): Float32Array =>
  isWasm(backend)
    ? (backend.typedArrayFromHeap(info) as Float32Array)
    : ((backend as MathBackendCPU).data.get(info.dataId).values as Float32Array)

const isWasm = (backend: object): backend is BackendWasm => "typedArrayFromHeap" in backend
