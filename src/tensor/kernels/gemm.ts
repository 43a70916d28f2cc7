/**
 * The call into tfjs's WebAssembly for one plain matrix product, and what it needs on the heap: windows into
 * tensors, transpositions, zeros.
 */
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm"
import * as tf from "@tensorflow/tfjs-core"

/** out [m, n] = a [m, k] · b [k, n], row-major and dense: the one call into tfjs's module, on its fast path. */
export const callGemm = (
  backend: BackendWasm,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  out: tf.TensorInfo,
  m: number,
  k: number,
  n: number,
): void => {
  let call = gemms.get(backend)
  if (call === undefined) {
    // Emscripten's types are global and not installed.
    call = (backend.wasm as unknown as Emscripten).cwrap(tf.BatchMatMul, null, SIGNATURE) as Gemm
    gemms.set(backend, call)
  }
  const [idA, idB, idOut] = [a, b, out].map(({ dataId }) => idOf(backend, dataId)) as [number, number, number]
  call(idA, int32Bytes(1, m, k), 3, idB, int32Bytes(1, k, n), 3, false, false, idOut)
}

/** A tensor on part of another's memory; it must be forgotten, never disposed of, for that frees the memory. */
export const window = (backend: BackendWasm, of: tf.TensorInfo, start: number, size: number): tf.TensorInfo =>
  backend.makeOutput([size], "float32", backend.getMemoryOffset(of.dataId) + 4 * start)

export const forget = (backend: BackendWasm, dataId: object): void => {
  backend.wasm.tfjs.disposeData(idOf(backend, dataId))
  backend.dataIdMap.delete(dataId)
}

/** The last two axes swapped, by whichever kernel `Transpose` is registered. */
export const transpose = (backend: BackendWasm, x: tf.TensorInfo): tf.TensorInfo => {
  const rank = x.shape.length
  const perm = [...x.shape.keys()].slice(0, -2).concat(rank - 1, rank - 2)
  const { kernelFunc } = tf.getKernel(tf.Transpose, "wasm")
  return kernelFunc({ inputs: { x }, backend, attrs: { perm } }) as tf.TensorInfo
}

export const zeros = (backend: BackendWasm, shape: Array<number>): tf.TensorInfo => {
  const out = backend.makeOutput(shape, "float32")
  backend.typedArrayFromHeap(out).fill(0)
  return out
}

const idOf = (backend: BackendWasm, dataId: object): number => backend.dataIdMap.get(dataId).id

interface Emscripten {
  readonly cwrap: (name: string, result: null, parameters: ReadonlyArray<"number" | "array">) => unknown
}
type Gemm = (...args: ReadonlyArray<number | boolean | Uint8Array>) => void
const gemms = new WeakMap<BackendWasm, Gemm>()

/** Ids and shapes of a and b, whether each is transposed, id of the result. */
const SIGNATURE: ReadonlyArray<"number" | "array"> = [
  "number",
  "array",
  "number",
  "number",
  "array",
  "number",
  "number",
  "number",
  "number",
]

const int32Bytes = (...sizes: Array<number>): Uint8Array => new Uint8Array(new Int32Array(sizes).buffer)
