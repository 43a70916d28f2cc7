import { readFileSync } from "node:fs"
import { createServer } from "node:http"
import { createRequire } from "node:module"
import type { AddressInfo } from "node:net"
import { relative } from "node:path"
import { pathToFileURL } from "node:url"
import { describe, expect, it } from "@effect/vitest"
import { MathBackendCPU } from "@tensorflow/tfjs-backend-cpu"
import * as tf from "@tensorflow/tfjs-core"
import { Deferred, Effect, Exit, Fiber, Layer, Scope } from "effect"
import { vi } from "vitest"
import { Backend, type WasmSource } from "../../src/tensor/Backend.ts"
import type { BackendUnavailable } from "../../src/tensor/errors.ts"

type BackendLayer = Layer.Layer<Backend, BackendUnavailable>

const folder = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm/package.json")
const file = (name: string) => folder.replace("package.json", `wasm-out/${name}`)
const path = file("tfjs-backend-wasm-simd.wasm")
const bytes = new Uint8Array(readFileSync(path))

/** d/dx Σ (x x)ᵢⱼ at [[1, 2], [3, 4]], which needs gradients, a transposed product and a sum. */
const gradient = Effect.gen(function* () {
  const { name, memory } = yield* Backend
  const before = memory().tensors
  const values = tf.tidy(() => {
    const f = (x: tf.Tensor) => tf.sum(tf.matMul(x as tf.Tensor2D, x as tf.Tensor2D))
    return Array.from(
      tf
        .grad(f)(tf.tensor2d([1, 2, 3, 4], [2, 2]))
        .dataSync(),
    )
  })
  expect(values).toEqual([7, 11, 9, 13])
  expect(memory().tensors).toBe(before)
  expect(tf.getBackend()).toBe(name)
  return name
})

const works = (layer: BackendLayer) => Effect.provide(gradient, layer)
const failure = (layer: BackendLayer) => Effect.flip(Effect.provide(Effect.asVoid(Backend), layer))
const idle = Effect.sync(() => expect(tf.engine().backendName ?? null).toBeNull())

/** Acquires into a scope that the test closes itself. */
const open = Effect.fnUntraced(function* (layer: BackendLayer) {
  const scope = yield* Scope.make()
  const exit = yield* Effect.exit(Layer.buildWithScope(layer, scope))
  return { exit, close: Scope.close(scope, Exit.void) }
})

describe("sources of the wasm backend", () => {
  const sources: ReadonlyArray<readonly [string, () => WasmSource | undefined]> = [
    ["nothing", () => undefined],
    ["a path", () => path],
    ["a relative path", () => relative(process.cwd(), path)],
    ["a file: URL", () => pathToFileURL(path)],
    ["a file: URL as a string", () => pathToFileURL(path).href],
    ["a Uint8Array", () => bytes],
    ["a Uint8Array inside a larger buffer", () => new Uint8Array([1, 2, 3, ...bytes, 4]).subarray(3, -1)],
    ["an ArrayBuffer", () => bytes.buffer],
    ["a Module", () => new WebAssembly.Module(bytes)],
    ["a data: URL", () => `data:application/wasm;base64,${Buffer.from(bytes).toString("base64")}`],
    ["the build without SIMD", () => file("tfjs-backend-wasm.wasm")],
  ]
  for (const [name, source] of sources) {
    it.effect(name, () =>
      Effect.gen(function* () {
        expect(yield* works(Backend.wasm(source()))).toBe("wasm")
        yield* idle
      }),
    )
  }

  it.effect("a Module is neither compiled nor fetched", () =>
    Effect.gen(function* () {
      const module = new WebAssembly.Module(bytes)
      const compiler = [
        vi.spyOn(WebAssembly, "compile"),
        vi.spyOn(WebAssembly, "validate"),
        vi.spyOn(WebAssembly, "Module"),
        vi.spyOn(globalThis, "fetch"),
      ]
      const instantiate = vi.spyOn(WebAssembly, "instantiate")
      yield* works(Backend.wasm(module))
      for (const spy of compiler) expect(spy).not.toHaveBeenCalled()
      expect(instantiate.mock.calls.map(([first]) => first)).toEqual([module])
      vi.restoreAllMocks()
    }),
  )

  it.effect("over HTTP: the file, a missing file, a page, no server", () =>
    Effect.gen(function* () {
      const server = createServer((request, response) => {
        if (request.url === "/ok.wasm") response.end(bytes)
        else if (request.url === "/page") response.end("<!doctype html>")
        else response.writeHead(404).end()
      })
      yield* Effect.promise(() => new Promise<void>((done) => server.listen(0, "127.0.0.1", done)))
      const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      expect(yield* works(Backend.wasm(`${origin}/ok.wasm`))).toBe("wasm")
      expect(yield* works(Backend.wasm(new URL(`${origin}/ok.wasm`)))).toBe("wasm")
      const missing = yield* failure(Backend.wasm(`${origin}/none.wasm`))
      expect(missing.message).toMatch(/cannot fetch http:.*none\.wasm: the answer was 404 Not Found/)
      const page = yield* failure(Backend.wasm(`${origin}/page`))
      expect(page.message).toMatch(/cannot compile http:.*page: .*magic word/)
      server.closeAllConnections()
      yield* Effect.promise(() => new Promise((done) => server.close(done)))
      const gone = yield* failure(Backend.wasm(`${origin}/ok.wasm`))
      expect(gone.message).toMatch(/cannot fetch/)
      yield* works(Backend.cpu())
    }),
  )
})

describe("a source that will not do", () => {
  const empty = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])
  const cases: ReadonlyArray<readonly [string, () => unknown, RegExp]> = [
    ["a missing file", () => "no/such.wasm", /cannot read no\/such\.wasm: ENOENT/],
    ["a missing file: URL", () => new URL("file:///no/such.wasm"), /cannot read .*ENOENT/],
    ["a folder", () => folder.replace("package.json", ""), /cannot read .*EISDIR/],
    ["a file that is not WebAssembly", () => folder, /cannot compile .*package\.json: .*magic word/],
    ["no bytes", () => new Uint8Array(0), /cannot compile the 0 bytes given/],
    ["text", () => new TextEncoder().encode("hello, world"), /cannot compile the 12 bytes given/],
    ["a file cut short", () => bytes.subarray(0, 100_000), /cannot compile the 100000 bytes given/],
    ["an empty module", () => empty, /not tfjs's WebAssembly module: it does not export memory, malloc/],
    ["a compiled foreign module", () => new WebAssembly.Module(empty), /not tfjs's WebAssembly module/],
    [
      "tfjs's threaded build",
      () => file("tfjs-backend-wasm-threaded-simd.wasm"),
      /does not export memory; expected tfjs-backend-wasm-simd\.wasm or/,
    ],
    ["a URL of no known scheme", () => "gopher://host/x.wasm", /cannot fetch gopher/],
    ["a number", () => 42, /expected a file, a URL, bytes or a WebAssembly\.Module, found Number/],
    ["null", () => null, /found Null/],
    [
      "an instance",
      () => new WebAssembly.Instance(new WebAssembly.Module(empty)),
      /found WebAssembly.Instance/,
    ],
  ]
  for (const [name, source, message] of cases) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const error = yield* failure(Backend.wasm(source() as WasmSource))
        expect(error._tag).toBe("BackendUnavailable")
        expect(error.backend).toBe("wasm")
        expect(error.message).toMatch(message)
        // Nothing is left in the way: neither of the other backend nor of a second try.
        yield* idle
        expect(yield* works(Backend.cpu())).toBe("cpu")
      }),
    )
  }

  it.effect("a module with the right names and nothing behind them", () =>
    Effect.gen(function* () {
      const error = yield* failure(Backend.wasm(impostor()))
      expect(error.message).toMatch(/wasm backend is not available/)
      yield* idle
      expect(yield* works(Backend.wasm(path))).toBe("wasm")
    }),
  )

  it.effect("without Node, nothing to go by", () =>
    Effect.gen(function* () {
      // The module looks for Node once, when it is loaded.
      vi.resetModules()
      const saved = process.getBuiltinModule
      Object.assign(process, { getBuiltinModule: undefined })
      const fresh = yield* Effect.promise(() => import("../../src/tensor/wasmModule.ts"))
      Object.assign(process, { getBuiltinModule: saved })
      const error = yield* Effect.flip(fresh.loadModule(undefined))
      expect(error.message).toMatch(
        /only Node finds .* by itself; pass the file tfjs-backend-wasm-simd\.wasm/,
      )
    }),
  )
})

describe("one backend in a process", () => {
  it.effect("wasm, cpu and wasm again, gradients and all", () =>
    Effect.gen(function* () {
      for (const name of ["wasm", "cpu", "wasm", "wasm", "cpu"] as const) {
        expect(yield* works(Backend[name]())).toBe(name)
        yield* idle
      }
    }),
  )

  for (const [mine, other] of [
    ["wasm", "cpu"],
    ["cpu", "wasm"],
  ] as const) {
    it.effect(`${mine} in use: ${other} fails, ${mine} is shared until its last user`, () =>
      Effect.gen(function* () {
        const first = yield* open(Backend[mine]())
        const backend = tf.backend()
        const second = yield* open(Backend[mine]())
        expect(tf.backend()).toBe(backend)
        const refused = yield* failure(Backend[other]())
        expect(refused.backend).toBe(other)
        expect(refused.reason).toBe(`this process uses the ${mine} backend; release that one first`)
        expect(tf.backend()).toBe(backend)
        yield* first.close
        expect(tf.backend()).toBe(backend)
        expect((yield* failure(Backend[other]())).reason).toMatch(mine)
        yield* second.close
        yield* idle
        expect(yield* works(Backend[other]())).toBe(other)
      }),
    )
  }

  it.effect("acquisitions that race are one", () =>
    Effect.gen(function* () {
      const all = yield* Effect.all(
        Array.from({ length: 8 }, () => open(Backend.wasm())),
        { concurrency: "unbounded" },
      )
      expect(all.every(({ exit }) => Exit.isSuccess(exit))).toBe(true)
      const backend = tf.backend()
      for (const { close } of all) {
        expect(tf.backend()).toBe(backend)
        yield* close
      }
      yield* idle
    }),
  )

  it.effect("a race between different backends has one winner", () =>
    Effect.gen(function* () {
      const all = yield* Effect.all([open(Backend.wasm()), open(Backend.cpu()), open(Backend.wasm())], {
        concurrency: "unbounded",
      })
      expect(all.map(({ exit }) => exit._tag)).toEqual(["Success", "Failure", "Success"])
      expect(tf.getBackend()).toBe("wasm")
      for (const { close } of all) yield* close
      yield* idle
    }),
  )

  it.effect("a failed acquisition does not take those behind it down", () =>
    Effect.gen(function* () {
      const all = yield* Effect.all([open(Backend.wasm("no/such.wasm")), open(Backend.wasm())], {
        concurrency: "unbounded",
      })
      expect(all.map(({ exit }) => exit._tag)).toEqual(["Failure", "Success"])
      for (const { close } of all) yield* close
      yield* idle
    }),
  )

  it.effect("an acquisition can be interrupted, and leaves the place free", () =>
    Effect.gen(function* () {
      const asked = yield* Deferred.make<void>()
      const server = createServer(() => Effect.runSync(Deferred.succeed(asked, undefined)))
      yield* Effect.promise(() => new Promise<void>((done) => server.listen(0, "127.0.0.1", done)))
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/slow.wasm`
      const slow = yield* Effect.forkChild(works(Backend.wasm(url)), { startImmediately: true })
      yield* Deferred.await(asked)
      const waiting = yield* Effect.forkChild(works(Backend.cpu()), { startImmediately: true })
      yield* Fiber.interrupt(slow)
      expect(yield* Fiber.join(waiting)).toBe("cpu")
      server.closeAllConnections()
      server.close()
      yield* idle
    }),
  )

  it.effect("a backend that tfjs already uses by hand gives way", () =>
    Effect.gen(function* () {
      tf.registerBackend("cpu", () => new MathBackendCPU())
      yield* Effect.promise(() => tf.setBackend("cpu"))
      expect(yield* works(Backend.cpu())).toBe("cpu")
      yield* idle
    }),
  )
})

describe("manners", () => {
  it.effect("the CPU backend prints nothing", () =>
    Effect.gen(function* () {
      const warn = vi.spyOn(console, "warn").mockImplementation(() => {})
      yield* works(Backend.cpu())
      expect(warn).not.toHaveBeenCalled()
      new MathBackendCPU().write(new Float32Array(1), [1], "float32")
      expect(warn).toHaveBeenCalledTimes(1) // the advertisement, so that this test can fail
      warn.mockRestore()
    }),
  )

  it.effect("no handler for the process's errors is added or taken away", () =>
    Effect.gen(function* () {
      const mine = () => {}
      process.on("uncaughtException", mine)
      const events = ["uncaughtException", "unhandledRejection"] as const
      const listeners = () => events.map((event) => process.listeners(event as "uncaughtException"))
      const before = listeners()
      const opened = yield* open(Backend.wasm())
      expect(listeners()).toEqual(before)
      yield* opened.close
      expect(listeners()).toEqual(before)
      process.off("uncaughtException", mine)
    }),
  )
})

describe("tensors that outlive their backend", () => {
  for (const [first, second] of [
    ["wasm", "wasm"],
    ["wasm", "cpu"],
    ["cpu", "wasm"],
    ["cpu", "cpu"],
  ] as const) {
    it.effect(`${first}, then ${second}`, () =>
      Effect.gen(function* () {
        const a = yield* open(Backend[first]())
        const before = tf.engine().state.numTensors
        const [used, disposed, between] = [tf.tensor1d([1, 2, 3]), tf.tensor1d([4, 5]), tf.tensor1d([6])]
        yield* a.close

        between.dispose()
        const b = yield* open(Backend[second]())
        // Fill the new backend's memory first, so that a stale address would show.
        const fresh = tf.tensor1d([7, 8, 9])
        disposed.dispose()
        const sum = tf.add(used, fresh)
        expect(Array.from(sum.dataSync())).toEqual([8, 10, 12])
        expect(Array.from(used.dataSync())).toEqual([1, 2, 3])
        expect(Array.from(fresh.dataSync())).toEqual([7, 8, 9])
        tf.dispose([used, fresh, sum])
        expect(tf.engine().state.numTensors).toBe(before)
        yield* b.close
      }),
    )
  }
})

/** A module of one function that does nothing, exported under the names that tfjs's has. */
const impostor = (): Uint8Array => {
  const names =
    "malloc free init_with_threads_count get_threads_count register_tensor dispose_data dispose init"
  const all = [...names.split(" "), "__wasm_call_ctors", "_FusedMatMul"]
  const text = (name: string) => [name.length, ...new TextEncoder().encode(name)]
  const section = (id: number, content: ReadonlyArray<number>) => {
    const size = content.length
    return [id, (size & 127) | 128, size >> 7, ...content]
  }
  const exported = [
    ...all.flatMap((name) => [...text(name), 0, 0]),
    ...[...text("memory"), 2, 0],
    ...[...text("__indirect_function_table"), 1, 0],
  ]
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 0, 0]), // () → ()
    ...section(3, [1, 0]),
    ...section(4, [1, 0x70, 0, 0]),
    ...section(5, [1, 0, 1]),
    ...section(7, [all.length + 2, ...exported]),
    ...section(10, [1, 3, 0, 0x00, 0x0b]), // unreachable
  ])
}
