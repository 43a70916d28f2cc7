/**
 * Checkpoints in Python: its safetensors package reads the arrays, and its hashlib finds the same digest. What it read of
 * one file is kept (test/goldens/checkpoint.py), and with it the file, which every later version of format 1 must read.
 */
import { execFileSync, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { Backend, Checkpoint, fitSVI, Key, resume, Storage } from "../../../src/index.ts"
import { type Frozen, freeze } from "../../../src/inference/checkpoint/freeze.ts"
import golden from "../../goldens/checkpoint.json" with { type: "json" }
import { rows } from "../gaussian.ts"

/** The checkpoint of the golden file: to make that anew, write what `Checkpoint.encode` gives of it, and run the script. */
const kept = (): Checkpoint.Checkpoint => ({
  about: { algorithm: "fitSVI", key: { hi: 4294967295, lo: 7 }, size: 20, batchSize: 6, step: 12 },
  name: "golden",
  frozen: tidied(() => {
    const w = tf.tensor2d([1.5, -0.25, 0.1, 3e38, -1e-45, 0], [2, 3])
    return freeze({
      state: {
        params: { "w ü": w, b: tf.scalar(Number.POSITIVE_INFINITY) },
        mask: tf.tensor1d([1, 0, 1], "bool"),
      },
      remembered: { "w ü": w },
      step: 12,
      journal: {
        history: [{ elbo: -0.1 }, { elbo: Number.NaN }],
        empty: tf.zeros([0, 2], "int32"),
        last: -0,
      },
    })
  }),
})

const tidied = (body: () => Frozen) => tf.tidy(body as () => never) as Frozen

const fromBase64 = (text: string) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0))

/** Dtypes as NumPy calls them. */
const dtypes: Readonly<Record<string, string>> = { F32: "float32", I32: "int32", BOOL: "bool" }

/** What Python tells of a file, as this library sees it. */
const told = ({ about, frozen }: Checkpoint.Checkpoint) => ({
  guidepost: "checkpoint",
  format: "1",
  about,
  outline: frozen.outline,
  sha256: true,
  tensors: Object.fromEntries(
    Object.entries(frozen.arrays).map(([path, { dtype, shape, values }]) => [
      path,
      {
        dtype: dtypes[dtype!],
        shape,
        values: Array.from(values as Float32Array, (x) =>
          dtype === "BOOL" ? x === 1 : Number.isFinite(x) ? x : String(x).replace("Infinity", "inf"),
        ),
      },
    ]),
  ),
})

const { base64, made_with: _, ...read } = golden

layer(Backend.cpu())("a checkpoint that Python has read", (it) => {
  it.effect("is what is written", () =>
    Effect.gen(function* () {
      expect(Buffer.from(yield* Checkpoint.encode(kept())).toString("base64")).toBe(base64)
    }),
  )

  it.effect("holds what Python found, and is read as that", () =>
    Effect.gen(function* () {
      expect(told(kept())).toEqual(read)
      const decoded = yield* Checkpoint.decode(fromBase64(base64), "golden")
      expect(decoded).toEqual(kept())
    }),
  )
})

const python = ["python3", "python"].find(
  (name) => spawnSync(name, ["-c", "import safetensors.numpy"], { stdio: "ignore" }).status === 0,
)
const why = python === undefined ? " (skipped: there is no Python with safetensors)" : ""

describe("a fit's file", () => {
  it.effect.skipIf(python === undefined)(`opens in Python${why}`, () =>
    Effect.gen(function* () {
      const folder = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "guidepost-python-"))),
        (folder) => Effect.sync(() => rmSync(folder, { recursive: true })),
      )
      const path = join(folder, "fit.safetensors")
      const data = Array.from(Key.normalValues(Key.key(1), [6]))
      yield* fitSVI(rows.model(6, 1.3, 0.2), rows.guide(6), tf.tensor1d(data), {
        steps: 3,
        checkpoint: { path },
      })
      const checkpoint = yield* resume(path)
      const script = fileURLToPath(new URL("../../goldens/checkpoint.py", import.meta.url))
      const found = JSON.parse(execFileSync(python!, [script, path], { encoding: "utf8" }))
      expect(found).toMatchObject(told(checkpoint))
      // What it says is the file, byte for byte.
      const storage = yield* Storage.memory
      yield* storage.write(path, fromBase64(found.base64))
      expect(yield* Effect.provideService(resume(path), Storage, storage)).toEqual(checkpoint)
    }).pipe(Effect.scoped, Effect.provide(Backend.cpu())),
  )
})
