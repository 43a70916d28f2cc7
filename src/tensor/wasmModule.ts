/**
 * From whatever names tfjs's WebAssembly to a running instance of it, in two steps: `loadModule` reads, fetches
 * and compiles as far as is needed; `instantiate` runs the one path that all sources share, the Emscripten
 * factory of the npm package, told to use the given module.
 *
 * No Node built-in is imported. Node gives its own through `process.getBuiltinModule` (20.16 and later), which
 * is not there in browsers and workers.
 */
import emscripten, {
  type BackendWasmModule,
  type WasmFactoryConfig,
} from "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.js"
import { Effect } from "effect"
import { BackendUnavailable } from "./errors.ts"

/** A file path, a URL, the bytes, or the compiled module. */
export type WasmSource = string | URL | Uint8Array | ArrayBuffer | WebAssembly.Module

/** The source compiled; nothing (`undefined`) means the file of the npm package, which only Node can find. */
export const loadModule = Effect.fnUntraced(function* (
  source: WasmSource | undefined,
): Effect.fn.Return<WebAssembly.Module, BackendUnavailable> {
  if (typeof WebAssembly === "undefined") return yield* unavailable("this runtime has no WebAssembly")
  if (isModule(source)) return source
  const bytes = isBytes(source) ? source : yield* read(source)
  return yield* Effect.tryPromise({
    try: () => WebAssembly.compile(bytes as BufferSource),
    catch: (cause) =>
      because(
        `cannot compile ${describe(source)}: ${message(cause)}` +
          (WebAssembly.validate(bytes as BufferSource)
            ? "; where compiling at run time is forbidden, pass a WebAssembly.Module"
            : ""),
      ),
  })
})

/** An instance of tfjs's module, with the table of functions that `BackendWasm` calls. */
export const instantiate = Effect.fnUntraced(function* (
  module: WebAssembly.Module,
): Effect.fn.Return<BackendWasmModule, BackendUnavailable> {
  const names = new Set(WebAssembly.Module.exports(module).map(({ name }) => name))
  const missing = REQUIRED.filter((name) => !names.has(name))
  if (missing.length > 0) {
    return yield* unavailable(
      `this is not tfjs's WebAssembly module: it does not export ${missing.join(", ")}; ` +
        "expected tfjs-backend-wasm-simd.wasm or tfjs-backend-wasm.wasm",
    )
  }
  return yield* Effect.tryPromise({
    try: () => run(module),
    catch: (cause) => because(`cannot instantiate the module: ${message(cause)}`),
  })
})

const REQUIRED = [
  "memory",
  "malloc",
  "free",
  "init_with_threads_count",
  "get_threads_count",
  "register_tensor",
  "dispose_data",
  "__wasm_call_ctors",
  "_FusedMatMul",
]

// The file is CommonJS whose declarations speak of an ES module's default.
const factory = emscripten as unknown as (config: WasmFactoryConfig) => Promise<BackendWasmModule>

const run = (module: WebAssembly.Module): Promise<BackendWasmModule> =>
  // The factory never settles if instantiation fails in our hook, so the hook settles this promise itself.
  new Promise((resolve, reject) => {
    const instantiateWasm = (
      imports: WebAssembly.Imports,
      done: (instance: WebAssembly.Instance) => void,
    ) => {
      WebAssembly.instantiate(module, imports).then(done).catch(reject)
      return {}
    }
    withoutProcess(() => factory({ locateFile: (path) => path, instantiateWasm }))
      .then((instance) => resolve(withTable(instance)))
      .catch(reject)
  })

/**
 * Runs `f`, which is synchronous, where there is no `process`. With one, the factory takes itself to be a
 * CommonJS module in Node: it calls `require` and reads `__dirname`, which a bundle has not; installs handlers
 * for uncaught errors; and at its disposal removes those of everybody else too.
 */
const withoutProcess = <A>(f: () => A): A => {
  const saved = Object.getOwnPropertyDescriptor(globalThis, "process")
  if (saved?.configurable !== true) return f()
  Object.defineProperty(globalThis, "process", { value: undefined, configurable: true, writable: true })
  try {
    return f()
  } finally {
    Object.defineProperty(globalThis, "process", saved)
  }
}

/** tfjs's own `init` fills this table; see `dist/backend_wasm.js` of its package. */
const withTable = (module: BackendWasmModule): BackendWasmModule => {
  const { cwrap } = module as unknown as {
    readonly cwrap: <F>(name: string, returns: string | null, takes: ReadonlyArray<string>) => F
  }
  module.tfjs = {
    init: cwrap("init", null, []),
    initWithThreadsCount: cwrap("init_with_threads_count", null, ["number"]),
    getThreadsCount: cwrap("get_threads_count", "number", []),
    registerTensor: cwrap("register_tensor", null, ["number", "number", "number"]),
    disposeData: cwrap("dispose_data", null, ["number"]),
    dispose: cwrap("dispose", null, []),
  }
  return module
}

const read = (source: unknown): Effect.Effect<Uint8Array, BackendUnavailable> => {
  if (source === undefined) return readPackage
  if (typeof source !== "string" && !(source instanceof URL)) {
    return unavailable(`expected a file, a URL, bytes or a WebAssembly.Module, found ${describe(source)}`)
  }
  const text = String(source)
  // One letter and a colon is a Windows drive.
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(text)?.[1]?.toLowerCase()
  return node !== undefined && (scheme === undefined || scheme === "file")
    ? readFile(node, scheme === undefined ? text : new URL(text))
    : download(text)
}

interface Node {
  readonly fs: { readonly promises: { readonly readFile: (file: string | URL) => Promise<Uint8Array> } }
  readonly module: { readonly createRequire: (from: string) => { readonly resolve: (id: string) => string } }
}

const node: Node | undefined = (() => {
  type Builtins = { readonly getBuiltinModule?: (id: string) => unknown }
  const process = (globalThis as { readonly process?: Builtins }).process
  const [fs, module] = ["node:fs", "node:module"].map((id) => process?.getBuiltinModule?.(id))
  return fs === undefined || module === undefined ? undefined : ({ fs, module } as Node)
})()

const PACKAGE_FILE = "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-simd.wasm"
const PASS_ONE = "pass the file tfjs-backend-wasm-simd.wasm as a path, a URL, bytes or a WebAssembly.Module"

const readPackage = Effect.suspend(() => {
  if (node === undefined) return unavailable(`only Node finds tfjs's WebAssembly file by itself; ${PASS_ONE}`)
  return Effect.flatMap(
    Effect.try({
      try: () => node.module.createRequire(import.meta.url).resolve(PACKAGE_FILE),
      catch: (cause) => because(`cannot find ${PACKAGE_FILE} (${message(cause)}); ${PASS_ONE}`),
    }),
    (path) => readFile(node, path),
  )
})

const readFile = (node: Node, file: string | URL) =>
  Effect.tryPromise({
    try: () => node.fs.promises.readFile(file),
    catch: (cause) => because(`cannot read ${file}: ${message(cause)}`),
  })

const download = (url: string) =>
  Effect.tryPromise({
    try: async (signal) => {
      const response = await fetch(url, { signal })
      if (!response.ok) throw new Error(`the answer was ${response.status} ${response.statusText}`.trimEnd())
      return new Uint8Array(await response.arrayBuffer())
    },
    catch: (cause) => because(`cannot fetch ${url}: ${message(cause)}`),
  })

// By tag and not by `instanceof`: the source may come from another realm.
const tagOf = (x: unknown): string => Object.prototype.toString.call(x).slice(8, -1)
const isModule = (x: unknown): x is WebAssembly.Module => tagOf(x) === "WebAssembly.Module"
const isBytes = (x: unknown): x is Uint8Array | ArrayBuffer =>
  ArrayBuffer.isView(x) || tagOf(x) === "ArrayBuffer"

const describe = (source: unknown): string => {
  if (source === undefined) return PACKAGE_FILE
  if (isBytes(source)) return `the ${source.byteLength} bytes given`
  return typeof source === "string" || source instanceof URL ? String(source) : `${tagOf(source)}`
}

const message = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
const because = (reason: string) => new BackendUnavailable({ backend: "wasm", reason })
const unavailable = (reason: string) => Effect.fail(because(reason))
