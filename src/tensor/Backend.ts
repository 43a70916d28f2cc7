/**
 * The TensorFlow.js backend as a resource: acquired by a Layer, removed when its scope closes. Importing this
 * module registers tfjs's gradients; acquiring a backend registers the kernels that tfjs lacks.
 *
 * `Backend.wasm()` takes its WebAssembly from the npm package where there is a Node to find it. Elsewhere say
 * where it is: a file, a URL, bytes, or a `WebAssembly.Module`. From a Module nothing is fetched or compiled at
 * run time, so that it runs on edge workers, which forbid both.
 *
 * ```ts
 * program.pipe(Effect.provide(Backend.wasm()))
 * ```
 *
 * tfjs has one active backend for the whole process, so there is one here: the same one is shared and counted, a
 * different one fails with `BackendUnavailable` until the last user has let go.
 */
import "#gradients"
import { MathBackendCPU } from "@tensorflow/tfjs-backend-cpu"
import { BackendWasm } from "@tensorflow/tfjs-backend-wasm"
import * as tf from "@tensorflow/tfjs-core"
import { Context, Effect, Layer, type Scope, Semaphore } from "effect"
import { BackendUnavailable } from "./errors.ts"
import { registerKernels } from "./kernels/register.ts"
import { instantiate, loadModule, type WasmSource } from "./wasmModule.ts"

export type { WasmSource } from "./wasmModule.ts"

/** The backend in use. */
export class Backend extends Context.Service<
  Backend,
  {
    readonly name: "wasm" | "cpu"
    /** Tensors alive, and the bytes they hold. */
    readonly memory: () => { readonly tensors: number; readonly bytes: number }
  }
>()("guidepost/tensor/Backend") {
  /**
   * WebAssembly with SIMD, one thread. `source` may be left out in Node; else a file path, a URL, the bytes of
   * `tfjs-backend-wasm-simd.wasm` (or of `tfjs-backend-wasm.wasm`, without SIMD), or a compiled Module.
   * Fails with `BackendUnavailable` where the source cannot be read, is not WebAssembly or is not tfjs's, and
   * while the process uses the other backend. A failure leaves nothing registered.
   */
  static wasm(source?: WasmSource): Layer.Layer<Backend, BackendUnavailable> {
    const open = Effect.flatMap(Effect.flatMap(loadModule(source), instantiate), (module) =>
      attempt("wasm", () => {
        const backend = new BackendWasm(module)
        // tfjs drops its instance here, and then a tensor that outlives the backend can be neither read nor
        // disposed. Kept, the instance lives as long as such a tensor does, and the collector takes both.
        backend.dispose = () => {}
        return backend
      }),
    )
    return Layer.effect(Backend, acquire("wasm", open))
  }

  /** Plain JavaScript: slow, and available everywhere. Fails while the process uses the other backend. */
  static cpu(): Layer.Layer<Backend, BackendUnavailable> {
    const open = Effect.sync(() => {
      const backend = new MathBackendCPU()
      // The first use in Node prints an advertisement for tfjs-node.
      Object.assign(backend, { firstUse: false })
      return backend
    })
    return Layer.effect(Backend, acquire("cpu", open))
  }
}

type Name = "wasm" | "cpu"

/** The process's one backend and its number of users; `lock` is held while one is being opened. */
interface Slot {
  current: { readonly name: Name; users: number } | undefined
  readonly lock: Semaphore.Semaphore
}

// tfjs's engine lives on `globalThis`. So does this, lest two copies of the package fight over the engine.
const slotName = Symbol.for("guidepost/tensor/Backend/slot")
const shared = globalThis as { [slotName]?: Slot }
shared[slotName] ??= { current: undefined, lock: Semaphore.makeUnsafe(1) }
const slot = shared[slotName]

const acquire = (
  name: Name,
  open: Effect.Effect<tf.KernelBackend, BackendUnavailable>,
): Effect.Effect<Backend["Service"], BackendUnavailable, Scope.Scope> =>
  slot.lock.withPermit(
    Effect.uninterruptibleMask(
      Effect.fnUntraced(function* (restore) {
        if (slot.current === undefined) {
          const backend = yield* restore(open)
          yield* attempt(name, () => install(name, backend))
          slot.current = { name, users: 0 }
        }
        const current = slot.current
        if (current.name !== name) {
          const reason = `this process uses the ${current.name} backend; release that one first`
          return yield* new BackendUnavailable({ backend: name, reason })
        }
        current.users++
        yield* Effect.addFinalizer(() => Effect.sync(() => release(current)))
        return { name, memory }
      }),
    ),
  )

// Not `tf.memory()`, which throws where there is no backend any more.
const memory = () => {
  const { numTensors, numBytes } = tf.engine().state
  return { tensors: numTensors, bytes: numBytes }
}

const attempt = <A>(name: Name, f: () => A | Promise<A>): Effect.Effect<A, BackendUnavailable> =>
  Effect.tryPromise({
    try: async () => f(),
    catch: (cause) =>
      new BackendUnavailable({
        backend: name,
        reason: cause instanceof Error ? cause.message : String(cause),
      }),
  })

const install = async (name: Name, backend: tf.KernelBackend): Promise<void> => {
  setPlatform()
  registerKernels(name)
  uninstall(name) // the factory that importing the tfjs package has registered, or a backend set by hand
  tf.registerBackend(name, () => backend)
  try {
    if (!(await tf.setBackend(name))) throw new Error("tfjs did not accept the backend")
  } catch (cause) {
    uninstall(name)
    throw cause
  }
}

const uninstall = (name: Name): void => {
  if (tf.engine().findBackendFactory(name) !== null) tf.removeBackend(name)
}

const release = (current: NonNullable<Slot["current"]>): void => {
  current.users--
  if (current.users > 0) return
  uninstall(current.name)
  slot.current = undefined
}

/** tfjs knows browsers and Node. In a worker at the edge it has no platform, and fails on its first clock read. */
const setPlatform = (): void => {
  const env = tf.env()
  if (env.platform != null) return
  env.setPlatform("guidepost", {
    fetch: (path, init) => fetch(path, init),
    now: () => performance.now(),
    encode: (text) => new TextEncoder().encode(text),
    decode: (bytes, encoding) => new TextDecoder(encoding).decode(bytes),
    isTypedArray: (a): a is Float32Array | Int32Array | Uint8Array | Uint8ClampedArray =>
      a instanceof Float32Array ||
      a instanceof Int32Array ||
      a instanceof Uint8Array ||
      a instanceof Uint8ClampedArray,
  })
}
