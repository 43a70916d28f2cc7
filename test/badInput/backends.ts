/** Backends: rows to be run where no backend is in use. */
import { Effect, Layer } from "effect"
import { Backend } from "../../src/index.ts"
import { fails, type Row, untyped } from "./Row.ts"

/** The smallest WebAssembly module there is: a header, and nothing in it. */
const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
const opened = (layer: ReturnType<typeof Backend.cpu>) => Layer.build(layer)

// biome-ignore format: a table
export const rows: ReadonlyArray<Row> = [
  fails("Backend.wasm", "a file that is not there", () => opened(Backend.wasm("/no/such/file.wasm")),
    "BackendUnavailable", "the wasm backend is not available", "cannot read /no/such/file.wasm", "ENOENT"),
  fails("Backend.wasm", "a file URL that is not there",
    () => opened(Backend.wasm(new URL("file:///no/such/file.wasm"))),
    "BackendUnavailable", "cannot read file:///no/such/file.wasm"),
  fails("Backend.wasm", "a URL that does not answer",
    () => opened(Backend.wasm("http://127.0.0.1:9/tfjs.wasm")),
    "BackendUnavailable", "cannot fetch http://127.0.0.1:9/tfjs.wasm"),
  fails("Backend.wasm", "bytes that are no WebAssembly",
    () => opened(Backend.wasm(Uint8Array.of(1, 2, 3, 4, 5))),
    "BackendUnavailable", "cannot compile the 5 bytes given"),
  fails("Backend.wasm", "no bytes", () => opened(Backend.wasm(new ArrayBuffer(0))),
    "BackendUnavailable", "cannot compile the 0 bytes given"),
  fails("Backend.wasm", "bytes of another program", () => opened(Backend.wasm(empty)),
    "BackendUnavailable", "not tfjs's WebAssembly module", "memory", "tfjs-backend-wasm-simd.wasm"),
  fails("Backend.wasm", "a Module of another program",
    () => opened(Backend.wasm(new WebAssembly.Module(empty))),
    "BackendUnavailable", "not tfjs's WebAssembly module"),
  fails("Backend.wasm", "a number", () => opened(Backend.wasm(untyped(5))),
    "BackendUnavailable", "a file, a URL, bytes or a WebAssembly.Module", "Number"),
  fails("Backend.wasm Backend.cpu", "a second backend beside the first",
    () => Effect.andThen(opened(Backend.cpu()), opened(Backend.wasm())),
    "BackendUnavailable", "the wasm backend", "uses the cpu backend", "release"),
  fails("Backend.cpu", "a second backend beside the first",
    () => Effect.andThen(opened(Backend.wasm()), opened(Backend.cpu())),
    "BackendUnavailable", "the cpu backend", "uses the wasm backend", "release"),
]
