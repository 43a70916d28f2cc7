/**
 * What a fit holds, in processes of its own: over a file larger than memory should be, resident size above that of the
 * process with its backend and no data; over many steps, tensors and resident size from the end of a warm-up on.
 */
import { fork } from "node:child_process"
import { once } from "node:events"
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { NodeFileSystem } from "@effect/platform-node"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, FileSystem } from "effect"
import {
  Backend,
  Dataset,
  fitSVI,
  Key,
  Normal,
  Optimizer,
  observe,
  param,
  plate,
  Schedule,
  Support,
  sample,
} from "../src/index.ts"

/** Prints both, for a file of 2 GB and for 20,000 steps. */
export const memory = async (json: boolean): Promise<void> => {
  const print = (line: object, text: string) => console.log(json ? JSON.stringify(line) : text)
  const streamed = await streamedFit(2e9)
  print(
    { case: "memory-streamed", ...streamed },
    `a file of ${mb(streamed.bytes)} through one epoch (wasm): ${streamed.steps} steps in ${streamed.seconds.toFixed(0)} s, ` +
      `at most ${mb(streamed.above)} above the baseline of ${mb(streamed.baseline)} (limit 300 MB); ` +
      `weights within ${streamed.error.toFixed(4)} of the truth`,
  )
  for (const backend of ["cpu", "wasm"] as const) {
    for (const data of ["whole", "minibatches"] as const) {
      const flat = await manySteps({ backend, data, steps: 20_000 })
      print(
        { case: `memory-flat-${backend}-${data}`, ...flat },
        `${flat.steps} steps (${backend}, ${data}): ${flat.tensors.join("–")} tensors, ` +
          `resident ${flat.resident.map(mb).join("–")}, ${percent(flat.drift)} from the warm-up's end on (limit ±5%)`,
      )
    }
  }
}

/** What a fit over a file came to. Bytes, all of them. */
export interface StreamedFit {
  readonly bytes: number
  readonly steps: number
  readonly seconds: number
  readonly baseline: number
  /** The process's greatest resident size ever, less the baseline. */
  readonly above: number
  /** The greatest difference of a fitted weight from the one that the file was made with. */
  readonly error: number
}

/** Writes a file of so many bytes to the system's temporary folder, fits a regression to it for one epoch, and removes it. */
export const streamedFit = async (bytes: number): Promise<StreamedFit> => {
  const folder = mkdtempSync(join(tmpdir(), "guidepost-"))
  try {
    const path = join(folder, "rows.f32")
    const size = writeRows(path, bytes)
    return await inProcess("stream", { path, size })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What many steps came to. Least and greatest, from the end of the warm-up on. */
export interface ManySteps {
  readonly steps: number
  readonly tensors: readonly [number, number]
  readonly resident: readonly [number, number]
  /** The difference from the warm-up's end that is greatest, as a share. */
  readonly drift: number
}

interface StepOptions {
  readonly backend: "cpu" | "wasm"
  readonly data: "whole" | "minibatches"
  readonly steps: number
}

/** Fits a small model for so many steps. The first fifth is the warm-up. */
export const manySteps = (options: StepOptions): Promise<ManySteps> => inProcess("steps", options)

/** Numbers of a row: the features, and what is to be predicted. */
const WIDTH = 16
const FEATURES = WIDTH - 1
const NOISE = 0.1
const weights = Float32Array.from({ length: FEATURES }, (_, i) => Math.cos(i))

/** Writes rows until the file has about so many bytes; how many they are. */
const writeRows = (path: string, bytes: number): number => {
  const rows = Math.ceil(bytes / (4 * WIDTH))
  const chunk = new Float32Array(WIDTH * 65_536)
  const file = openSync(path, "w")
  // Two thousand million bytes want a generator that is only fast (xorshift); uniform on [−1, 1).
  let state = 1
  const uniform = () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state / 2 ** 31
  }
  for (let row = 0; row < rows; row += 65_536) {
    const count = Math.min(65_536, rows - row)
    for (let at = 0; at < count * WIDTH; at += WIDTH) {
      let y = NOISE * Math.sqrt(3) * uniform()
      for (let j = 0; j < FEATURES; j++) {
        const x = uniform()
        chunk[at + j] = x
        y += weights[j]! * x
      }
      chunk[at + FEATURES] = y
    }
    writeSync(file, new Uint8Array(chunk.buffer, 0, 4 * WIDTH * count))
  }
  closeSync(file)
  return rows
}

/** y = x · w + noise. */
const regression = (size: number) =>
  Effect.fnUntraced(function* (rows: tf.Tensor) {
    const w = yield* sample("w", Normal({ loc: tf.zeros([FEATURES]), scale: 1 }).toEvent(1))
    const x = tf.slice(rows, [0, 0], [-1, FEATURES])
    const y = tf.slice(rows, [0, FEATURES], [-1, 1])
    const loc = tf.matMul(x, tf.expandDims(w, 1))
    yield* plate("rows", { size })(
      observe("y", Normal({ loc: tf.squeeze(loc, [1]), scale: NOISE }), tf.squeeze(y, [1])),
      rows,
    )
  })

const guide = Effect.fnUntraced(function* (_: tf.Tensor) {
  const loc = yield* param("loc", tf.zeros([FEATURES]))
  const scale = yield* param("scale", tf.fill([FEATURES], 0.01), { support: Support.positive })
  yield* sample("w", Normal({ loc, scale }).toEvent(1))
})

const inChild = {
  stream: ({ path, size }: { readonly path: string; readonly size: number }) =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const rows = yield* Dataset.streamed({
        rows: {
          bytes: (offset, length) => fs.stream(path, { offset, bytesToRead: length, chunkSize: length }),
          shape: [size, WIDTH],
        },
      })
      const data = Dataset.map(rows, ({ rows }) => tf.clone(rows))
      const batchSize = Math.min(65_536, Math.ceil(size / 16))
      const baseline = resident()
      const start = performance.now()
      const steps = Math.ceil(size / batchSize)
      const fit = yield* fitSVI(regression(size), guide, data, {
        batchSize,
        epochs: 1,
        optimizer: Optimizer.adam(Schedule.cosine(0.2, { decaySteps: steps })),
      })
      const loc = fit.params.loc.dataSync()
      const found: StreamedFit = {
        bytes: 4 * WIDTH * size,
        steps: fit.steps,
        seconds: (performance.now() - start) / 1000,
        baseline,
        above: 1024 * process.resourceUsage().maxRSS - baseline,
        error: Math.max(...weights.map((w, i) => Math.abs(w - loc[i]!))),
      }
      return found
    }).pipe(Effect.scoped, Effect.provide(Backend.wasm()), Effect.provide(NodeFileSystem.layer)),

  steps: ({ backend, data, steps }: StepOptions) =>
    Effect.gen(function* () {
      const size = 256
      const values = Key.normalValues(Key.key(0), [size, WIDTH])
      const rows = yield* Dataset.fromArray(values, [size, WIDTH])
      const tensors: Array<number> = []
      const sizes: Array<number> = []
      yield* fitSVI(regression(size), guide, rows, {
        batchSize: data === "whole" ? size : 64,
        steps,
        onStep: ({ step }) =>
          Effect.sync(() => {
            // Measured in the warm-up too: the first collections that are asked for make V8 commit some 50 MB more, once,
            // while what is in use stays as it is. A first sample before them would be none to compare with.
            const size = (step * 40) % steps === 0 ? resident() : undefined
            if (step < steps / 5) return
            tensors.push(tf.engine().state.numTensors)
            if (size !== undefined) sizes.push(size)
          }),
      })
      const found: ManySteps = {
        steps,
        tensors: [Math.min(...tensors), Math.max(...tensors)],
        resident: [Math.min(...sizes), Math.max(...sizes)],
        drift: Math.max(...sizes.map((size) => Math.abs(size / sizes[0]! - 1))),
      }
      return found
    }).pipe(Effect.scoped, Effect.provide(Backend[backend]())),
}

/** Resident size once what is garbage is gone. */
const resident = (): number => {
  ;(globalThis as { gc?: () => void }).gc?.()
  return process.memoryUsage.rss()
}

/** The argument that makes this file a child's program. */
const CHILD = "--guidepost-memory-child"

const inProcess = async <N extends keyof typeof inChild>(
  name: N,
  argument: Parameters<(typeof inChild)[N]>[0],
): Promise<Effect.Success<ReturnType<(typeof inChild)[N]>>> => {
  const child = fork(new URL(import.meta.url), [CHILD, name, JSON.stringify(argument)], {
    execArgv: ["--expose-gc", "--conditions=guidepost-source"],
  })
  const [answer] = await Promise.race([once(child, "message"), once(child, "exit")])
  if (typeof answer !== "object") throw new Error(`${name}: its process ended with ${answer}`)
  return answer
}

const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`

const percent = (share: number): string => `±${(100 * share).toFixed(1)}%`

if (process.send !== undefined && process.argv[2] === CHILD) {
  const [, , , name, argument] = process.argv
  const run = inChild[name as keyof typeof inChild] as (argument: unknown) => Effect.Effect<object, unknown>
  process.send(await Effect.runPromise(run(JSON.parse(argument!))))
  process.disconnect()
}
