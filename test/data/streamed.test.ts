/** Data that are streamed: which rows come together, what is in memory meanwhile, and what is refused. */
import { describe, expect, expectTypeOf, it, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Context, Effect, Exit, Fiber, Scope, Stream } from "effect"
import * as Dataset from "../../src/data/Dataset.ts"
import { open } from "../../src/data/Windows.ts"
import { Backend } from "../../src/tensor/Backend.ts"
import * as Key from "../../src/tensor/Key.ts"
import { chunksOf, counted, watch, watchInOneGo } from "./streams.ts"

const key = Key.key(3)
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i)
const sorted = (rows: ReadonlyArray<number>) => [...rows].sort((a, b) => a - b)

/** Rows 0, 1, … size − 1, which are their own numbers. */
const numbered = Effect.fnUntraced(function* (size: number, options: Dataset.StreamOptions) {
  const { bytes, watched } = watch(Int32Array.from(upTo(size)))
  const data = yield* Dataset.streamed({ row: { bytes, stored: "int32", shape: [size] } }, options)
  return { data, watched }
})

/** The rows of each batch of an epoch. */
const epochOf = Effect.fnUntraced(function* (
  data: Dataset.StreamedDataset<unknown>,
  options: {
    readonly epoch: number
    readonly batchSize: number
    readonly shuffle?: boolean
    readonly key?: Key.Key
  },
) {
  const { epoch, batchSize, shuffle = true } = options
  const read = yield* open(data, { key: options.key ?? key, shuffle })
  const batches: Array<ReadonlyArray<number>> = []
  for (let from = 0; from < data.size; from += batchSize) {
    const [field] = yield* read(epoch, from, Math.min(data.size, from + batchSize))
    batches.push([...field!.gather(Int32Array.from(upTo(field!.size)), key)])
  }
  return batches
}, Effect.scoped)

describe("an epoch of streamed data", () => {
  const layouts = [
    { size: 100, blockRows: 7, window: 3, batchSize: 8 },
    { size: 100, blockRows: 10, window: 1, batchSize: 10 },
    { size: 101, blockRows: 10, window: 1, batchSize: 33 },
    { size: 64, blockRows: 1, window: 5, batchSize: 1 },
    { size: 20, blockRows: 50, window: 2, batchSize: 6 },
    { size: 33, blockRows: 4, window: 2, batchSize: 33 },
  ]

  it.effect.each(layouts)(
    "has every row once, in batches as in memory: %o",
    ({ batchSize, size, ...options }) =>
      Effect.gen(function* () {
        const { data } = yield* numbered(size, options)
        const orders = []
        for (const epoch of [0, 1, 7]) {
          const batches = yield* epochOf(data, { epoch, batchSize })
          const inMemory = yield* Dataset.batches({ size }, { batchSize, key, epoch })
          expect(batches.map((batch) => batch.length)).toEqual(inMemory.map((batch) => batch.length))
          expect(sorted(batches.flat())).toEqual(upTo(size))
          expect(yield* epochOf(data, { epoch, batchSize })).toEqual(batches)
          orders.push(batches.flat().join())
        }
        expect(new Set(orders).size).toBe(3)
        const other = yield* epochOf(data, { epoch: 0, batchSize, key: Key.key(4) })
        expect(other.flat().join()).not.toBe(orders[0])
        const plain = yield* epochOf(data, { epoch: 5, batchSize, shuffle: false })
        expect(plain.flat()).toEqual(upTo(size))
      }),
  )

  it.effect("has the batches of a data set in memory where a window has all the data", () =>
    Effect.gen(function* () {
      const { data, watched } = yield* numbered(50, { blockRows: 8, window: 7 })
      const read = yield* open(data, { key, shuffle: true })
      for (const epoch of [0, 1]) {
        for (const [i, rows] of (yield* Dataset.batches(data, { batchSize: 12, key, epoch })).entries()) {
          const [field] = yield* read(epoch, 12 * i, 12 * i + rows.length)
          expect(field!.gather(Int32Array.from(upTo(rows.length)), key)).toEqual(rows)
        }
      }
      // And then they are read once for good.
      expect(watched.ranges).toHaveLength(7)
    }),
  )

  it.effect("takes each window's rows from its blocks alone, and mixes them", () =>
    Effect.gen(function* () {
      const { data } = yield* numbered(1000, { blockRows: 10, window: 4 })
      const windows = yield* epochOf(data, { epoch: 0, batchSize: 40 })
      const blocks = windows.map((rows) => new Set(rows.map((row) => Math.floor(row / 10))))
      for (const from of blocks) expect(from.size).toBe(4)
      // Neither the blocks of a window nor the rows in it are those of the file's order: 25! · 40! others.
      expect(blocks.filter((from) => Math.max(...from) - Math.min(...from) > 3).length).toBeGreaterThan(20)
      for (const rows of windows)
        expect(new Set(rows.slice(0, 20).map((row) => Math.floor(row / 10))).size).toBeGreaterThan(2)
      const first = new Set((yield* epochOf(data, { epoch: 1, batchSize: 40 }))[0]!)
      expect(windows[0]!.filter((row) => first.has(row)).length).toBeLessThan(40)
    }),
  )

  it.effect("can be taken up at any row, and reads no other window before", () =>
    Effect.gen(function* () {
      const { data, watched } = yield* numbered(100, { blockRows: 5, window: 2 })
      const whole = (yield* epochOf(data, { epoch: 4, batchSize: 8 })).flat()
      for (const from of [0, 3, 10, 47, 96]) {
        watched.ranges.length = 0
        const read = yield* open(data, { key, shuffle: true })
        const [field] = yield* read(4, from, from + 4)
        expect([...field!.gather(Int32Array.from([0, 1, 2, 3]), key)]).toEqual(whole.slice(from, from + 4))
        expect(watched.ranges.length).toBeLessThanOrEqual(from % 10 > 6 ? 6 : 4)
      }
    }),
  )
})

describe("memory", () => {
  it.effect("holds a window and the next: each block is read once an epoch, no earlier", () =>
    Effect.gen(function* () {
      const { data, watched } = yield* numbered(200, { blockRows: 5, window: 4 })
      const scope = yield* Scope.make()
      const read = yield* Scope.provide(open(data, { key, shuffle: true }), scope)
      for (const epoch of [0, 1]) {
        watched.ranges.length = 0
        for (let from = 0; from < 200; from += 10) {
          yield* read(epoch, from, from + 10)
          for (let i = 0; i < 50; i++) yield* Effect.yieldNow
          // Of the epoch before, the first window of this one has been read already.
          const window = Math.floor(from / 20)
          const read1 = watched.ranges.length + (epoch === 0 ? 0 : 4)
          expect(read1).toBe(4 * (window + 2))
        }
      }
      yield* Scope.close(scope, Exit.void)
      expect(watched.open).toBe(0)
      expect(watched.mostOpen).toBeLessThanOrEqual(4)
    }),
  )
})

/** Reads everything, and how that ended. */
const readAll = <E>(
  bytes: Dataset.StreamedFieldSpec<E>["bytes"],
  spec: Omit<Dataset.StreamedFieldSpec<E>, "bytes"> = { shape: [40] },
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const data = yield* Dataset.streamed({ x: { ...spec, bytes } }, { blockRows: 8, window: 2 })
      const read = yield* open(data, { key, shuffle: false })
      for (let from = 0; from < 40; from += 4) yield* read(0, from, from + 4)
    }),
  )

describe("bytes that are not as they should be", () => {
  const values = Float32Array.from(upTo(40))
  const withFault =
    (fault: (block: number) => Stream.Stream<Uint8Array, unknown> | undefined) =>
    (offset: number, length: number) =>
      fault(offset / 32) ?? chunksOf(values, offset, length)
  const faults: ReadonlyArray<readonly [string, Dataset.StreamedFieldSpec<unknown>["bytes"], string]> = [
    [
      "too few",
      withFault((block) => (block === 3 ? chunksOf(values, 96, 20) : undefined)),
      "x, block 3: expected 32 bytes from byte 96, found 20: they end at byte 116",
    ],
    [
      "too many",
      withFault((block) => (block === 3 ? chunksOf(values, 96, 50) : undefined)),
      "x, block 3: expected 32 bytes from byte 96, found at least 39",
    ],
    [
      "a stream that fails",
      withFault((block) =>
        block === 4 ? Stream.concat(chunksOf(values, 0, 8), Stream.fail(new Error("disk gone"))) : undefined,
      ),
      "x, block 4: expected 32 bytes from byte 128, found disk gone",
    ],
    [
      "a function that throws",
      withFault((block) => {
        if (block === 2) throw new Error("no such file")
        return undefined
      }),
      "x, block 2: expected 32 bytes from byte 64, found no such file",
    ],
    [
      "chunks that are no bytes",
      withFault((block) => (block === 0 ? (Stream.succeed("text") as never) : undefined)),
      "x, block 0: expected 32 bytes from byte 0, found a stream's chunk: expected a Uint8Array of the file's bytes, found String",
    ],
    [
      "a value that is no number",
      withFault((block) =>
        block === 2 ? chunksOf(Float32Array.from([0, 0, 0, Number.NaN, 0, 0, 0, 0]), 0, 32) : undefined,
      ),
      "x, row 19: expected a finite number, found NaN",
    ],
    [
      "one stream, too short",
      chunksOf(values, 0, 100),
      "x, block 3: expected 32 bytes from byte 96, found 4: they end at byte 100",
    ],
    [
      "one stream, which fails",
      Stream.concat(chunksOf(values, 0, 100), Stream.fail("connection lost")),
      "x, block 3: expected 32 bytes from byte 96, found connection lost",
    ],
  ]

  it.effect.each(faults)("%s", ([, bytes, message]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(readAll(bytes))
      expect(error._tag).toBe("DataError")
      expect(error.message).toBe(message)
    }),
  )

  it.effect("can be read again after a failure", () =>
    Effect.gen(function* () {
      for (const make of [watch(values), watchInOneGo(values)]) {
        let failures = 2
        const flaky = <A>(stream: Stream.Stream<A>) =>
          Stream.suspend(() => (failures-- > 0 ? Stream.fail(new Error("busy")) : stream))
        const bytes = make.bytes
        const data = yield* Dataset.streamed(
          {
            x: {
              shape: [40],
              bytes: typeof bytes === "function" ? (a, b) => flaky(bytes(a, b)) : flaky(bytes),
            },
          },
          { blockRows: 8, window: 1 },
        )
        const read = yield* open(data, { key, shuffle: false })
        expect((yield* Effect.flip(read(0, 0, 4))).message).toContain("busy")
        expect((yield* Effect.flip(read(0, 0, 4))).message).toContain("busy")
        const [field] = yield* read(0, 0, 20)
        expect([...field!.gather(Int32Array.from(upTo(20)), key)]).toEqual(upTo(20))
      }
    }).pipe(Effect.scoped),
  )
})

describe("an interruption", () => {
  it.effect("ends what is being read, the window that is waited for and the one read ahead", () =>
    Effect.gen(function* () {
      const { watched } = watch(new Float32Array(0))
      const values = Float32Array.from(upTo(40))
      // The third window, blocks 4 and 5, never comes.
      const bytes = (offset: number, length: number) =>
        counted(offset >= 128 ? Stream.never : chunksOf(values, offset, length), watched)
      for (const from of [0, 16]) {
        const scope = yield* Scope.make()
        const data = yield* Dataset.streamed({ x: { bytes, shape: [40] } }, { blockRows: 8, window: 2 })
        const read = yield* Scope.provide(open(data, { key, shuffle: false }), scope)
        const fiber = yield* Effect.forkChild(
          Effect.andThen(read(0, from, from + 1), read(0, from + 16, from + 17)),
        )
        for (let i = 0; i < 100; i++) yield* Effect.yieldNow
        expect(watched.open).toBe(1)
        yield* Fiber.interrupt(fiber)
        yield* Scope.close(scope, Exit.void)
        expect(watched.open).toBe(0)
      }
    }),
  )
})

describe("bytes that can only be read from the first on", () => {
  it.effect("come in their order, shuffled within windows, once for each epoch", () =>
    Effect.gen(function* () {
      const x = watchInOneGo(Int32Array.from(upTo(100)))
      const y = watchInOneGo(Float32Array.from(upTo(300), (i) => i / 4))
      const data = yield* Dataset.streamed(
        { x: { bytes: x.bytes, stored: "int32", shape: [100] }, y: { bytes: y.bytes, shape: [100, 3] } },
        { blockRows: 8, window: 2 },
      )
      const scope = yield* Scope.make()
      const read = yield* Scope.provide(open(data, { key, shuffle: true }), scope)
      const orders = []
      for (const epoch of [0, 1, 2]) {
        const rows: Array<number> = []
        for (let from = 0; from < 100; from += 10) {
          const [a, b] = yield* read(epoch, from, from + 10)
          const all = Int32Array.from(upTo(10))
          const batch = [...a!.gather(all, key)]
          expect([...b!.gather(all, key)]).toEqual(
            batch.flatMap((row) => [0, 1, 2].map((c) => (3 * row + c) / 4)),
          )
          rows.push(...batch)
        }
        for (let w = 0; w < 6; w++)
          expect(sorted(rows.slice(16 * w, 16 * w + 16))).toEqual(upTo(16).map((i) => 16 * w + i))
        expect(sorted(rows)).toEqual(upTo(100))
        orders.push(rows.join())
      }
      expect(new Set(orders).size).toBe(3)
      // The fourth has begun, to read ahead.
      for (let i = 0; i < 50; i++) yield* Effect.yieldNow
      expect([x.watched.ranges.length, y.watched.ranges.length]).toEqual([4, 4])
      expect([x.watched.mostOpen, y.watched.mostOpen]).toEqual([1, 1])
      yield* Scope.close(scope, Exit.void)
      expect([x.watched.open, y.watched.open]).toEqual([0, 0])

      const again = yield* open(data, { key, shuffle: true })
      const [late] = yield* again(2, 60, 64)
      expect([...late!.gather(Int32Array.from(upTo(4)), key)].join()).toBe(
        orders[2]!.split(",").slice(60, 64).join(),
      )
    }).pipe(Effect.scoped),
  )
})

layer(Backend.cpu())("a batch", (it) => {
  it.effect("is what a data set in memory gives, whatever is stored", () =>
    Effect.gen(function* () {
      const before = tf.memory().numTensors
      const fields = {
        a: { values: Float32Array.from(upTo(60), (i) => i / 7), shape: [20, 3] },
        b: { values: Uint8Array.from(upTo(80)), stored: "uint8", shape: [20, 2, 2], scale: 1 / 255 },
        c: { values: Int32Array.from(upTo(20)), stored: "int32", shape: [20] },
        d: { values: Int32Array.from(upTo(20)), stored: "int32", shape: [20], dtype: "float32", scale: 2 },
        e: { values: Uint8Array.from(upTo(20), (i) => i % 2), stored: "uint8", shape: [20], dtype: "bool" },
        f: { values: Float32Array.from(upTo(20)), shape: [20], dtype: "int32" },
      } as const
      const specs = Object.entries(fields).map(([name, { values, ...spec }]) => [
        name,
        { ...spec, bytes: watch(values).bytes },
      ])
      const streamed = (yield* Dataset.streamed(Object.fromEntries(specs) as never, {
        blockRows: 3,
        window: 2,
      })) as Dataset.StreamedDataset<Readonly<Record<string, tf.Tensor>>>
      const inMemory = yield* Dataset.fromRecord(fields)
      const read = yield* open(streamed, { key, shuffle: false })
      const batch = streamed.rows(yield* read(0, 4, 15)).take(Int32Array.from(upTo(11)), key)
      const expected = inMemory.take(
        Int32Array.from(upTo(11), (i) => i + 4),
        key,
      )
      for (const [name, tensor] of Object.entries(expected)) {
        expect([name, batch[name]!.dtype, batch[name]!.shape]).toEqual([name, tensor.dtype, tensor.shape])
        expect(batch[name]!.dataSync()).toEqual(tensor.dataSync())
      }
      tf.dispose([{ ...batch }, { ...expected }])
      expect(tf.memory().numTensors).toBe(before)
    }).pipe(Effect.scoped),
  )

  it.effect("can be mapped, and its type is known", () =>
    Effect.gen(function* () {
      class Disk extends Context.Service<Disk, { readonly values: Float32Array }>()("test/Disk") {}
      const values = Float32Array.from(upTo(40))
      const bytes = (offset: number, length: number) =>
        Stream.unwrap(Effect.map(Disk, (disk) => chunksOf(disk.values, offset, length)))
      const make = Dataset.streamed({ x: { bytes, shape: [20, 2] } }, { blockRows: 8 })
      expectTypeOf(make).toEqualTypeOf<
        Effect.Effect<Dataset.StreamedDataset<{ readonly x: tf.Tensor2D }>, Effect.Error<typeof make>, Disk>
      >()
      const data = Dataset.map(yield* Effect.provideService(make, Disk, { values }), ({ x }, k) => ({
        x: tf.square(x),
        u: Key.uniform(k, [1]),
      }))
      const read = yield* open(data, { key, shuffle: false })
      const { x, u } = data.rows(yield* read(0, 0, 1)).take(Int32Array.from([0]), key)
      expect(Array.from(x.dataSync())).toEqual([0, 1])
      expect(Array.from(u.dataSync())).toEqual(Array.from(Key.uniformValues(Key.foldInName(key, "map"), [1])))
      tf.dispose([x, u])
    }).pipe(Effect.scoped),
  )
})
