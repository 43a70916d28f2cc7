/** Data sets: what `take` returns, what the plans of epochs cover, and what is refused. */
import { describe, expect, expectTypeOf, it, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import * as Dataset from "../../src/data/Dataset.ts"
import { Backend } from "../../src/tensor/Backend.ts"
import { InvalidArgument } from "../../src/tensor/errors.ts"
import * as Key from "../../src/tensor/Key.ts"
import * as Tree from "../../src/tensor/Tree.ts"

const key = Key.key(0)
const rows = (...indices: ReadonlyArray<number>) => Int32Array.from(indices)
const bytes = Uint8Array.from({ length: 24 }, (_, i) => 10 * i)
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i)

/** dtype, shape and values, and the tensor is gone. */
const spent = (tensor: tf.Tensor) => {
  const seen = [tensor.dtype, tensor.shape, Array.from(tensor.dataSync())]
  tensor.dispose()
  return seen
}

for (const backend of ["wasm", "cpu"] as const) {
  layer(Backend[backend]())(`take on ${backend}`, (it) => {
    it.effect("gathers rows of each kind of array, in the order asked, repeats too", () =>
      Effect.gen(function* () {
        const before = tf.memory().numTensors
        const scaled = yield* Dataset.fromArray(bytes, [4, 2, 3], { scale: 1 / 255 })
        expect(scaled.size).toBe(4)
        expectTypeOf(scaled.take).returns.toEqualTypeOf<tf.Tensor3D>()
        const expected = [18, 19, 20, 21, 22, 23, 6, 7, 8, 9, 10, 11].map((i) => Math.fround((10 * i) / 255))
        expect(spent(scaled.take(rows(3, 1), key))).toEqual(["float32", [2, 2, 3], expected])

        const raw = yield* Dataset.fromArray(bytes, [24])
        expectTypeOf(raw.take).returns.toEqualTypeOf<tf.Tensor1D>()
        expect(spent(raw.take(rows(2, 2, 0), key))).toEqual(["float32", [3], [20, 20, 0]])

        const labels = yield* Dataset.fromArray(bytes, [24, 1], { dtype: "int32" })
        expect(spent(labels.take(rows(5), key))).toEqual(["int32", [1, 1], [50]])

        const floats = yield* Dataset.fromArray(Float32Array.from(upTo(60)), [3, 20])
        expect(spent(floats.take(rows(1), key))).toEqual(["float32", [1, 20], upTo(60).slice(20, 40)])

        const narrow = yield* Dataset.fromArray(Float32Array.from(upTo(8)), [4, 2])
        expect(spent(narrow.take(rows(3, 1, 1), key))).toEqual(["float32", [3, 2], [6, 7, 2, 3, 2, 3]])

        const plain = yield* Dataset.fromArray([0.5, 1.5, -2.5], [3], { scale: 2 })
        expect(spent(plain.take(rows(2, 0), key))).toEqual(["float32", [2], [-5, 1]])

        const signs = yield* Dataset.fromArray([1, 0, 1], [3], { dtype: "bool" })
        expect(spent(signs.take(rows(0, 1), key))).toEqual(["bool", [2], [1, 0]])
        expect(tf.memory().numTensors).toBe(before)
      }),
    )

    it.effect("gives a record of tensors, and a tree of them, which are the caller's", () =>
      Effect.gen(function* () {
        const before = tf.memory().numTensors
        const record = yield* Dataset.fromRecord({
          x: { values: bytes, shape: [12, 2], scale: 0.1 },
          y: { values: Int32Array.from(upTo(12)), shape: [12] },
        })
        expectTypeOf(record.take).returns.toEqualTypeOf<{
          readonly x: tf.Tensor2D
          readonly y: tf.Tensor1D
        }>()
        const { x, y } = record.take(rows(7), key)
        expect(tf.memory().numTensors).toBe(before + 2)
        expect(spent(x)).toEqual(["float32", [1, 2], [14, 15]])
        expect(spent(y)).toEqual(["int32", [1], [7]])

        const tree = { a: { w: tf.tensor2d([1, 2, 3, 4], [2, 2]) }, b: tf.tensor1d([5, 6], "int32") }
        const fromTree = yield* Dataset.fromTensors(tree)
        Tree.dispose(tree)
        const batch = fromTree.take(rows(1), key)
        expect(spent(batch.a.w)).toEqual(["float32", [1, 2], [3, 4]])
        expect(spent(batch.b)).toEqual(["int32", [1], [6]])

        const alone = tf.tensor1d([1, 0, 1], "bool")
        const fromAlone = yield* Dataset.fromTensors(alone)
        alone.dispose()
        expect(spent(fromAlone.take(rows(2, 1), key))).toEqual(["bool", [2], [1, 0]])
        expect(tf.memory().numTensors).toBe(before)
      }),
    )

    it.effect("maps batches, and disposes what the map does not return", () =>
      Effect.gen(function* () {
        const before = tf.memory().numTensors
        const data = yield* Dataset.fromArray([1, 2, 3], [3])
        const noisy = Dataset.map(data, (x, k) => ({
          x: tf.square(tf.mul(x, 2)),
          u: Key.uniform(k, x.shape),
        }))
        const { x, u } = noisy.take(rows(0, 2), key)
        expect(spent(x)).toEqual(["float32", [2], [4, 36]])
        expect(spent(u)[2]).toEqual(Array.from(Key.uniformValues(Key.foldInName(key, "map"), [2])))
        expect(tf.memory().numTensors).toBe(before)
      }),
    )

    it.effect("throws InvalidArgument for an index out of range, and leaves nothing", () =>
      Effect.gen(function* () {
        const before = tf.memory().numTensors
        const data = yield* Dataset.fromArray([1, 2, 3], [3])
        for (const index of [-1, 3]) {
          expect(() => data.take(rows(0, index), key)).toThrow(
            new InvalidArgument({
              where: "Dataset.take",
              expected: "indices from 0 to 2",
              found: String(index),
            }),
          )
        }
        expect(tf.memory().numTensors).toBe(before)
      }),
    )
  })
}

layer(Backend.cpu())("parts of a data set", (it) => {
  const values = (data: Dataset.Dataset<tf.Tensor>) => spent(data.take(rows(...upTo(data.size)), key))[2]

  it.effect("subset and slice keep the order asked, also of one another", () =>
    Effect.gen(function* () {
      const data = yield* Dataset.fromArray(upTo(10), [10])
      const part = yield* Dataset.subset(data, rows(8, 1, 5, 5))
      expect(values(part)).toEqual([8, 1, 5, 5])
      expect(values(yield* Dataset.slice(part, 1, 3))).toEqual([1, 5])
      expect(values(yield* Dataset.slice(data, 7))).toEqual([7, 8, 9])
    }),
  )

  it.effect("trainTestSplit shares out every row once, by the key", () =>
    Effect.gen(function* () {
      const data = yield* Dataset.fromArray(upTo(100), [100])
      const { train, test } = yield* Dataset.trainTestSplit(data, { key, fraction: 0.25 })
      const [a, b] = [values(train) as Array<number>, values(test) as Array<number>]
      expect([a.length, b.length]).toEqual([75, 25])
      expect([...a, ...b].sort((x, y) => x - y)).toEqual(upTo(100))
      for (const part of [a, b]) expect(part).toEqual([...part].sort((x, y) => x - y))
      expect(b).not.toEqual(upTo(25))
      const again = yield* Dataset.trainTestSplit(data, { key, fraction: 0.25 })
      expect(values(again.test)).toEqual(b)
      const other = yield* Dataset.trainTestSplit(data, { key: Key.key(1), fraction: 0.25 })
      expect(values(other.test)).not.toEqual(b)
    }),
  )
})

describe("batches", () => {
  const size = 103
  const plan = (options: Partial<Parameters<typeof Dataset.batches>[1]> = {}) =>
    Effect.map(Dataset.batches({ size }, { batchSize: 10, key, epoch: 0, ...options }), (batches) =>
      batches.map((batch) => Array.from(batch)),
    )

  it.effect("cover every row once, the last batch smaller", () =>
    Effect.gen(function* () {
      const batches = yield* plan()
      expect(batches.map((batch) => batch.length)).toEqual([...new Array(10).fill(10), 3])
      expect(batches.flat().sort((a, b) => a - b)).toEqual(upTo(size))
      expect(batches.flat()).not.toEqual(upTo(size))
    }),
  )

  it.effect("drop the remainder when asked, and keep the data's order when asked", () =>
    Effect.gen(function* () {
      const dropped = yield* plan({ dropRemainder: true })
      expect(dropped.map((batch) => batch.length)).toEqual(new Array(10).fill(10))
      expect(dropped).toEqual((yield* plan()).slice(0, 10))
      expect((yield* plan({ shuffle: false })).flat()).toEqual(upTo(size))
      expect(yield* plan({ batchSize: size, shuffle: false })).toEqual([upTo(size)])
      expect(yield* plan({ batchSize: 1, shuffle: false })).toEqual(upTo(size).map((i) => [i]))
    }),
  )

  it.effect("are the same for the same key and epoch, and differ with either", () =>
    Effect.gen(function* () {
      expect(yield* plan()).toEqual(yield* plan())
      expect(yield* plan({ epoch: 1 })).not.toEqual(yield* plan())
      expect(yield* plan({ key: Key.key(1) })).not.toEqual(yield* plan())
      const expected = Key.permutation(Key.foldIn(key, 3), size)
      expect((yield* plan({ epoch: 3 })).flat()).toEqual(Array.from(expected))
    }),
  )
})

describe("refused", () => {
  const nan = Number.NaN
  const whole = Dataset.fromArray(upTo(10), [10])
  const cases: ReadonlyArray<
    readonly [string, Effect.Effect<unknown, { message: string }>, message: string]
  > = [
    [
      "a wrong number of values",
      Dataset.fromArray([1, 2, 3], [2, 2]),
      "data: expected 4 values for the shape [2, 2], found 3 values",
    ],
    [
      "no rows",
      Dataset.fromArray([], [0, 2]),
      "data, shape: expected whole numbers, at least 1, found [0, 2]",
    ],
    [
      "half a row",
      Dataset.fromArray([1], [0.5, 2]),
      "data, shape: expected whole numbers, at least 1, found [0.5, 2]",
    ],
    ["a scalar's shape", Dataset.fromArray([1], []), "data, shape: expected a shape [N, ...row], found []"],
    [
      "NaN in a row",
      Dataset.fromArray(Float32Array.of(0, 1, 2, nan, 4, nan), [3, 2], { name: "train" }),
      "train, row 1, column 1: expected a finite number, found NaN",
    ],
    [
      "an infinity in a stack of rows",
      Dataset.fromArray([...upTo(11), Number.NEGATIVE_INFINITY], [2, 2, 3]),
      "data, row 1, [1, 2]: expected a finite number, found -Infinity",
    ],
    [
      "a number beyond float32",
      Dataset.fromArray([1, 1e39], [2]),
      "data, row 1: expected a finite number, found 1e+39",
    ],
    [
      "a fraction as int32",
      Dataset.fromArray([1, 2.5], [2], { dtype: "int32" }),
      "data, row 1: expected a whole number within 32 bits, found 2.5",
    ],
    [
      "2 as a bool",
      Dataset.fromArray([1, 2], [2], { dtype: "bool" }),
      "data, row 1: expected 0 or 1, found 2",
    ],
    [
      "a scale of NaN",
      Dataset.fromArray(bytes, [24], { scale: nan }),
      "data, scale: expected a finite number other than 0, found NaN",
    ],
    [
      "a scale beyond float32",
      Dataset.fromArray([1, 1e30], [2], { scale: 1e10 }),
      "data, scale: expected a scale that keeps the values within float32, found 10000000000",
    ],
    [
      "a scale for int32",
      Dataset.fromArray(Int32Array.of(1), [1], { scale: 2 }),
      "data, scale: expected no scale for int32 values, found 2",
    ],
    [
      "unequal N",
      Dataset.fromRecord({ x: { values: [1, 2], shape: [2] }, y: { values: [1, 2, 3], shape: [3] } }),
      "y: expected 2 rows, as in x, found 3",
    ],
    [
      "NaN in a field",
      Dataset.fromRecord({ x: { values: [1, 2], shape: [2] }, y: { values: [nan, 2], shape: [2] } }),
      "y, row 0: expected a finite number, found NaN",
    ],
    ["no field", Dataset.fromRecord({}), "data: expected at least one field, found none"],
    [
      "a path as a name",
      Dataset.fromRecord({ "a/b": { values: [1], shape: [1] } }),
      'fields: expected names without "/", found "a/b"',
    ],
    [
      "a subset of nothing",
      Effect.flatMap(whole, (data) => Dataset.subset(data, rows())),
      "Dataset.subset: expected at least one index, found none",
    ],
    [
      "a subset beyond the end",
      Effect.flatMap(whole, (data) => Dataset.subset(data, rows(0, 10))),
      "Dataset.subset: expected indices from 0 to 9, found 10",
    ],
    [
      "a slice that ends before it starts",
      Effect.flatMap(whole, (data) => Dataset.slice(data, 5, 5)),
      "Dataset.slice: expected 0 ≤ start < end ≤ 10, found start 5, end 5",
    ],
    ...[0, 1, -0.5, nan, 0.01].map(
      (fraction) =>
        [
          `a test fraction of ${fraction}`,
          Effect.flatMap(whole, (data) => Dataset.trainTestSplit(data, { key, fraction })),
          `Dataset.trainTestSplit, fraction: expected a number between 0 and 1 that leaves rows on both sides of 10, found ${fraction}`,
        ] as const,
    ),
    ...[0, -1, 11, 2.5, nan].map(
      (batchSize) =>
        [
          `a batch size of ${batchSize}`,
          Effect.flatMap(whole, (data) => Dataset.batches(data, { batchSize, key, epoch: 0 })),
          `batchSize: expected a whole number from 1 to the data set's 10 rows, found ${batchSize}`,
        ] as const,
    ),
    [
      "epoch −1",
      Effect.flatMap(whole, (data) => Dataset.batches(data, { batchSize: 5, key, epoch: -1 })),
      "epoch: expected a whole number, at least 0, found -1",
    ],
  ]
  for (const [name, effect, message] of cases) {
    it.effect(name, () =>
      Effect.gen(function* () {
        expect((yield* Effect.flip(effect)).message).toBe(message)
      }),
    )
  }
})

layer(Backend.cpu())("tensors refused", (it) => {
  it.effect("a scalar, complex, disposed, unequal N, NaN", () =>
    Effect.gen(function* () {
      const refusal = (tree: Tree.Tree) =>
        Effect.map(Effect.flip(Dataset.fromTensors(tree)), (error) => error.message)
      const before = tf.memory().numTensors
      const gone = tf.tensor1d([1])
      gone.dispose()
      const [a, b, c, d, e] = [
        tf.scalar(1),
        tf.complex([1], [2]),
        tf.tensor1d([1]),
        tf.tensor1d([1, 2]),
        tf.tensor2d([[1, Number.NaN]]),
      ]
      expect(yield* refusal(a)).toBe("data, shape: expected a shape [N, ...row], found []")
      expect(yield* refusal({ b })).toBe("b: expected a tensor of numbers or bools, found complex64")
      expect(yield* refusal({ gone })).toBe(
        "gone: expected a tensor of numbers or bools, found one that is disposed",
      )
      expect(yield* refusal({ x: { c, d } })).toBe("x/d: expected 1 rows, as in x/c, found 2")
      expect(yield* refusal({ e })).toBe("e, row 0, column 1: expected a finite number, found NaN")
      for (const tensor of [a, b, c, d, e]) tensor.dispose()
      expect(tf.memory().numTensors).toBe(before)
    }),
  )
})
