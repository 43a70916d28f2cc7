/** Binarization: certain pixels stay, the others are Bernoulli draws that depend on the key alone. */
import { expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import * as Dataset from "../../src/data/Dataset.ts"
import { Backend } from "../../src/tensor/Backend.ts"
import * as Key from "../../src/tensor/Key.ts"

const levels = 52
const copies = 2000
const width = levels
/** `copies` rows, each of the bytes 0, 5, 10, … 255. */
const pixels = Uint8Array.from({ length: copies * width }, (_, i) => 5 * (i % width))
const gray = Dataset.fromArray(pixels, [copies, width], { scale: 1 / 255 })
const all = Int32Array.from({ length: copies }, (_, i) => i)

const take = (data: Dataset.Dataset<tf.Tensor>, indices: Int32Array, key: Key.Key) => {
  const batch = data.take(indices, key)
  const values = batch.dataSync().slice()
  batch.dispose()
  return values
}

/** The mean of each level over the rows. */
const means = (values: ArrayLike<number>) => {
  const sums = new Float64Array(width)
  for (let i = 0; i < values.length; i++) sums[i % width]! += values[i]!
  return Array.from(sums, (sum) => sum / (values.length / width))
}

/**
 * Each mean within 5.5 standard errors of its probability. For 50 uncertain levels of 2,000 draws the chance of a
 * false alarm is below 50 · 2 · Φ(−5.5) = 2e-6; the seeds are fixed.
 */
const expectProbabilities = (values: ArrayLike<number>) => {
  expect(Array.from(new Set(Array.from(values))).sort()).toEqual([0, 1])
  means(values).forEach((mean, level) => {
    const p = (5 * level) / 255
    if (p === 0 || p === 1) expect(mean).toBe(p)
    else expect(Math.abs(mean - p)).toBeLessThan(5.5 * Math.sqrt((p * (1 - p)) / copies))
  })
}

/** The correlation of two lists of draws, each less its probability; 1/√100,000 = 0.003 if independent. */
const correlation = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  let [ab, aa, bb] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    const p = (5 * (i % width)) / 255
    ab += (a[i]! - p) * (b[i]! - p)
    aa += (a[i]! - p) ** 2
    bb += (b[i]! - p) ** 2
  }
  return ab / Math.sqrt(aa * bb)
}

layer(Backend.wasm())("binarized", (it) => {
  it.effect("dynamic: Bernoulli with the pixel's probability, anew for each key", () =>
    Effect.gen(function* () {
      const before = tf.memory().numTensors
      const data = yield* Dataset.binarized(yield* gray, "dynamic")
      const first = take(data, all, Key.key(0))
      expectProbabilities(first)
      expect(take(data, all, Key.key(0))).toEqual(first)
      const second = take(data, all, Key.key(1))
      expectProbabilities(second)
      // Five standard deviations: a false alarm once in 1.7 million.
      expect(Math.abs(correlation(first, second))).toBeLessThan(5 / Math.sqrt(copies * width))
      // Neighboring rows are drawn apart, too.
      expect(Math.abs(correlation(first.subarray(0, -width), first.subarray(width)))).toBeLessThan(
        5 / Math.sqrt((copies - 1) * width),
      )
      expect(tf.memory().numTensors).toBe(before)
    }),
  )

  it.effect("static: drawn once, whatever the key of the batch, and row by row the same", () =>
    Effect.gen(function* () {
      const data = yield* Dataset.binarized(yield* gray, { static: Key.key(7) })
      const first = take(data, all, Key.key(0))
      expectProbabilities(first)
      expect(take(data, all, Key.key(1))).toEqual(first)
      // Past the first block of rows drawn together.
      expect(take(data, Int32Array.of(1500), Key.key(2))).toEqual(first.slice(1500 * width, 1501 * width))
      const again = yield* Dataset.binarized(yield* gray, { static: Key.key(7) })
      expect(take(again, all, Key.key(0))).toEqual(first)
      const other = yield* Dataset.binarized(yield* gray, { static: Key.key(8) })
      expect(Math.abs(correlation(first, take(other, all, Key.key(0))))).toBeLessThan(
        5 / Math.sqrt(copies * width),
      )
      // Blocks do not repeat one another.
      const block = 1024 * width
      expect(
        Math.abs(correlation(first.subarray(0, (copies - 1024) * width), first.subarray(block))),
      ).toBeLessThan(5 / Math.sqrt((copies - 1024) * width))
    }),
  )

  it.effect("threshold: 1 from the threshold on", () =>
    Effect.gen(function* () {
      const data = yield* Dataset.fromArray([0, 0.25, 0.5, 0.75, 1], [1, 5])
      const bits = yield* Dataset.binarized(data, { threshold: 0.5 })
      expect(Array.from(take(bits, Int32Array.of(0), Key.key(0)))).toEqual([0, 0, 1, 1, 1])
    }),
  )

  it.effect("only the fields asked for; of a record all that are float32 by default", () =>
    Effect.gen(function* () {
      const before = tf.memory().numTensors
      const data = yield* Dataset.fromRecord({
        x: { values: Float32Array.of(0.2, 0.9), shape: [2, 1] },
        z: { values: Float32Array.of(0.2, 0.9), shape: [2, 1] },
        y: { values: Int32Array.of(3, 4), shape: [2] },
      })
      const seen = (batch: { readonly [name: string]: tf.Tensor }) =>
        Object.entries(batch).map(([name, tensor]) => {
          const values = Array.from(tensor.dataSync(), (value) => Math.round(value * 10) / 10)
          tensor.dispose()
          return [name, tensor.dtype, values]
        })
      const both = yield* Dataset.binarized(data, { threshold: 0.5 })
      expect(seen(both.take(Int32Array.of(0, 1), Key.key(0)))).toEqual([
        ["x", "float32", [0, 1]],
        ["z", "float32", [0, 1]],
        ["y", "int32", [3, 4]],
      ])
      const one = yield* Dataset.binarized(data, { threshold: 0.5 }, { fields: ["x"] })
      expect(seen(one.take(Int32Array.of(0, 1), Key.key(0)))).toEqual([
        ["x", "float32", [0, 1]],
        ["z", "float32", [0.2, 0.9]],
        ["y", "int32", [3, 4]],
      ])
      expect(tf.memory().numTensors).toBe(before)
    }),
  )

  it.effect("two fields of a record are drawn apart", () =>
    Effect.gen(function* () {
      const half = { values: new Float32Array(400).fill(0.5), shape: [1, 400] } as const
      const data = yield* Dataset.binarized(yield* Dataset.fromRecord({ a: half, b: half }), "dynamic")
      const { a, b } = data.take(Int32Array.of(0), Key.key(0))
      // Equal by chance with probability 2^-400.
      expect(a.dataSync()).not.toEqual(b.dataSync())
      a.dispose()
      b.dispose()
    }),
  )

  it.effect("refuses values outside [0, 1], thresholds outside (0, 1], and fields that are not there", () =>
    Effect.gen(function* () {
      const refusal = (
        data: Effect.Effect<Dataset.ArrayDataset<unknown>, { message: string }>,
        ...[how, options]: [Parameters<typeof Dataset.binarized>[1], { fields?: ReadonlyArray<string> }?]
      ) =>
        data.pipe(
          Effect.flatMap((d) => Dataset.binarized(d, how, options)),
          Effect.flip,
          Effect.map((error) => error.message),
        )
      expect(yield* refusal(Dataset.fromArray(pixels, [copies, width]), "dynamic")).toBe(
        "binarized, data: expected float32 values in [0, 1], found float32 values in [0, 255]",
      )
      expect(yield* refusal(Dataset.fromArray([0.5, -0.25], [2]), { static: Key.key(0) })).toBe(
        "binarized, data: expected float32 values in [0, 1], found float32 values in [-0.25, 0.5]",
      )
      expect(yield* refusal(Dataset.fromArray([0.5, 0.25], [2], { scale: -1 }), { threshold: 0.5 })).toBe(
        "binarized, data: expected float32 values in [0, 1], found float32 values in [-0.5, -0.25]",
      )
      expect(yield* refusal(Dataset.fromArray([2, 4], [2], { scale: 0.5 }), "dynamic")).toBe(
        "binarized, data: expected float32 values in [0, 1], found float32 values in [1, 2]",
      )
      for (const threshold of [0, 1.5, Number.NaN]) {
        expect(yield* refusal(gray, { threshold })).toBe(
          `binarized, threshold: expected a number above 0 and at most 1, found ${threshold}`,
        )
      }
      const labeled = Dataset.fromRecord({ y: { values: Int32Array.of(0, 1), shape: [2] } })
      expect(yield* refusal(labeled, "dynamic")).toBe(
        'binarized, fields: expected some of "y" (int32), found none',
      )
      expect(yield* refusal(labeled, "dynamic", { fields: ["x"] })).toBe(
        'binarized, fields: expected some of "y" (int32), found "x"',
      )
      expect(yield* refusal(labeled, "dynamic", { fields: ["y"] })).toBe(
        "binarized, y: expected float32 values in [0, 1], found int32 values in [0, 1]",
      )
    }),
  )
})
