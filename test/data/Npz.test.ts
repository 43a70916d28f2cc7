/** `.npz`: archives of numpy read, ours read by numpy where it is at hand, and ones that are wrong. */
import { execFileSync, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import * as Npz from "../../src/data/Npz.ts"
import { Backend } from "../../src/tensor/Backend.ts"
import * as Tree from "../../src/tensor/Tree.ts"
import goldens from "../goldens/npz_files.json" with { type: "json" }

const fromBase64 = (text: string) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0))

/** A number as Python prints it. */
const asPython = (dtype: string, value: number | bigint): string => {
  if (dtype === "BOOL") return value ? "True" : "False"
  const isFloat = dtype === "F32" || dtype === "F64"
  return isFloat ? String(Number(value)) : String(value)
}

const python = process.env.PYTHON ?? "python3"
const hasNumpy = spawnSync(python, ["-c", "import numpy"]).status === 0

describe("archives of numpy", () => {
  it.effect.each(["savez", "savez_compressed"] as const)("%s", (how) =>
    Effect.gen(function* () {
      const file = yield* Npz.decode(fromBase64(goldens[how]), "a.npz")
      expect(Object.keys(file.tensors)).toEqual(Object.keys(goldens.content))
      for (const [path, { shape, values }] of Object.entries(goldens.content)) {
        const array = file.tensors[path]!
        expect(array.shape, path).toEqual(shape)
        const found = [...array.values].map((value) => asPython(array.dtype, value))
        if (array.dtype.startsWith("F")) expect(found.map(Number), path).toEqual(values.map(Number))
        else expect(found, path).toEqual(values)
      }
    }),
  )

  it.effect.each([
    ["fortran", "C order"],
    ["bigEndian", "little-endian"],
    ["complex", "<c8"],
  ] as const)("of another kind: %s", ([which, says]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Npz.decode(fromBase64(goldens[which]), "a.npz"))
      expect(error._tag).toBe("DataError")
      expect(error.message).toContain('a.npz, "w.npy"')
      expect(error.message).toContain(says)
    }),
  )

  it.effect("cut short at any byte, or with any byte changed: read, or refused", () =>
    Effect.gen(function* () {
      const bytes = fromBase64(goldens.savez)
      let refused = 0
      for (let i = 0; i < bytes.length; i += 7) {
        const changed = bytes.slice()
        changed[i]! ^= 0x55
        for (const given of [bytes.subarray(0, i), changed]) {
          const result = yield* Effect.result(Npz.decode(given, "a.npz"))
          if (result._tag === "Failure") {
            refused++
            expect(result.failure._tag).toBe("DataError")
          }
        }
      }
      expect(refused).toBeGreaterThan(bytes.length / 7)
    }),
  )
})

layer(Backend.cpu())("archives of ours", (it) => {
  const tree = () => ({
    decoder: { w: tf.tensor2d([[1, 2.5, -3]]), b: tf.scalar(0.1) },
    counts: tf.tensor1d([1, -2], "int32"),
    flags: tf.tensor1d([true, false], "bool"),
  })

  it.effect("come back as they were, the same bytes each time", () =>
    Effect.gen(function* () {
      const given = tree()
      const bytes = yield* Npz.encode(given)
      expect(yield* Npz.encode(given)).toEqual(bytes)
      const back = yield* Npz.toTreeLike(yield* Npz.decode(bytes, "a.npz"), given)
      expect(Tree.toHost(back)).toEqual(Tree.toHost(given))
      expect(back.counts.dtype).toBe("int32")
      Tree.dispose(given)
      Tree.dispose(back)
    }),
  )

  it.effect("are refused where the model has other names or shapes, and say which", () =>
    Effect.gen(function* () {
      const before = tf.memory().numTensors
      const given = tree()
      const file = yield* Npz.decode(yield* Npz.encode(given), "vae.npz")
      const like = {
        decoder: { w: tf.zeros([2, 3]), b: tf.zeros([]) },
        counts: tf.zeros([2]),
        shift: tf.zeros([4]),
      }
      const error = yield* Effect.flip(Npz.toTreeLike(file, like))
      expect(error.message).toBe(
        "vae.npz: expected the names and shapes of 4 arrays, found others (− missing, + besides, ± other shape): " +
          "± decoder/w [2, 3], there [1, 3]; − shift [4]; + flags [2]",
      )
      Tree.dispose(given)
      Tree.dispose(like)
      expect(tf.memory().numTensors).toBe(before)
    }),
  )

  const read = hasNumpy ? it.effect : it.effect.skip
  read(`are read by numpy${hasNumpy ? "" : " (skipped: this machine's Python has no numpy)"}`, () =>
    Effect.gen(function* () {
      const given = tree()
      const bytes = yield* Npz.encode(given)
      Tree.dispose(given)
      const folder = mkdtempSync(join(tmpdir(), "guidepost-npz-"))
      writeFileSync(join(folder, "a.npz"), bytes)
      const script = new URL("../goldens/npz_files.py", import.meta.url).pathname
      const content = JSON.parse(execFileSync(python, [script, join(folder, "a.npz")], { encoding: "utf8" }))
      rmSync(folder, { recursive: true })
      expect(content).toEqual({
        counts: { dtype: "int32", shape: [2], values: ["1", "-2"] },
        "decoder/b": { dtype: "float32", shape: [], values: ["0.10000000149011612"] },
        "decoder/w": { dtype: "float32", shape: [1, 3], values: ["1.0", "2.5", "-3.0"] },
        flags: { dtype: "bool", shape: [2], values: ["True", "False"] },
      })
    }),
  )
})
