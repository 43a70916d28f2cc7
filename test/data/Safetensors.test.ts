/** safetensors: files of the format's own Python package read and, byte for byte, written; and ones that are wrong. */
import { describe, expect, it, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import * as Safetensors from "../../src/data/Safetensors.ts"
import { Backend } from "../../src/tensor/Backend.ts"
import * as Tree from "../../src/tensor/Tree.ts"
import goldens from "../goldens/safetensors_files.json" with { type: "json" }

const fromBase64 = (text: string) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0))

/** Whole numbers are text in the goldens, since JSON would round the large ones; so are infinities. */
const plain = (value: unknown) => (typeof value === "string" ? value : Number(value))
const found = (dtype: string, value: number | bigint) =>
  (dtype.startsWith("F") || dtype === "BOOL") && Number.isFinite(Number(value))
    ? Number(value)
    : String(value).replace("Infinity", "inf").replace("NaN", "nan")

describe("files of the Python package", () => {
  for (const [name, golden] of Object.entries(goldens)) {
    if (typeof golden === "string") continue
    it.effect(`reads "${name}"`, () =>
      Effect.gen(function* () {
        const bytes = fromBase64(golden.base64)
        const inside = new Uint8Array(bytes.length + 3)
        inside.set(bytes, 1)
        for (const given of [bytes, inside.subarray(1, -2)]) {
          const file = yield* Safetensors.decode(given, name)
          expect(file.metadata).toEqual(golden.metadata)
          expect(Object.keys(file.tensors).sort()).toEqual(Object.keys(golden.tensors).sort())
          for (const [path, { shape, values }] of Object.entries(golden.tensors)) {
            const array = file.tensors[path]!
            expect(array.shape).toEqual(shape)
            expect([...array.values].map((value) => found(array.dtype, value))).toEqual(values.map(plain))
          }
        }
      }),
    )
  }

  it.effect("writes the same bytes", () =>
    Effect.gen(function* () {
      for (const { base64 } of [goldens.every, goldens.none]) {
        const bytes = fromBase64(base64)
        const file = yield* Safetensors.decode(bytes, "golden")
        expect(yield* Safetensors.encode(file.tensors, file.metadata)).toEqual(bytes)
      }
    }),
  )
})

layer(Backend.wasm())("tensors", (it) => {
  it.effect("come back as they were, and none is left", () =>
    Effect.gen(function* () {
      const before = tf.memory().numTensors
      const tree = {
        encoder: { w: tf.tensor2d([1.5, -0.1, 3e-39, 4, 5, 6], [2, 3]), b: tf.tensor1d([0.25]) },
        count: tf.scalar(-7, "int32"),
        mask: tf.tensor1d([1, 0, 1], "bool"),
      }
      const bytes = yield* Safetensors.encode(tree, { model: "vae" })
      const file = yield* Safetensors.decode(bytes, "round trip")
      expect(file.metadata).toEqual({ model: "vae" })
      const back = yield* Safetensors.toTree(file)
      const byPath = Object.fromEntries(Tree.entries(back))
      const entries = Tree.entries(tree)
      expect(Object.keys(byPath).sort()).toEqual(entries.map(([path]) => path).sort())
      for (const [path, leaf] of entries) {
        const other = byPath[path]!
        expect([other.dtype, other.shape]).toEqual([leaf.dtype, leaf.shape])
        expect(other.dataSync()).toEqual(leaf.dataSync())
      }
      Tree.dispose(tree)
      Tree.dispose(back)
      expect(tf.memory().numTensors).toBe(before)
    }),
  )

  it.effect("are made of every dtype", () =>
    Effect.gen(function* () {
      const before = tf.memory().numTensors
      const file = yield* Safetensors.decode(fromBase64(goldens.halves.base64), "halves")
      const tree = (yield* Safetensors.toTree(file)) as { half: tf.Tensor; brain: tf.Tensor }
      expect(tree.half.dtype).toBe("float32")
      expect(Array.from(tree.half.dataSync()).slice(5, 8)).toEqual([65504, 0.333251953125, -2])
      Tree.dispose(tree)
      const bytes = yield* Safetensors.encode({
        a: { shape: [2], values: new BigInt64Array([-5n, 7n]) },
        b: { shape: [1], values: new Float64Array([0.1]) },
        c: { shape: [1], values: new Uint8Array([200]) },
      })
      const wide = yield* Safetensors.toTree(yield* Safetensors.decode(bytes, "wide"))
      expect(
        Tree.entries(wide).map(([path, leaf]) => [path, leaf.dtype, Array.from(leaf.dataSync())]),
      ).toEqual([
        ["a", "int32", [-5, 7]],
        ["b", "float32", [Math.fround(0.1)]],
        ["c", "int32", [200]],
      ])
      Tree.dispose(wide)
      expect(tf.memory().numTensors).toBe(before)
    }),
  )

  it.effect("that a tree cannot hold are refused", () =>
    Effect.gen(function* () {
      const before = tf.memory().numTensors
      const refusal = (contents: Safetensors.Encodable) =>
        Safetensors.encode(contents).pipe(
          Effect.flatMap((bytes) => Safetensors.decode(bytes, "f")),
          Effect.flatMap(Safetensors.toTree),
          Effect.flip,
          Effect.map((error) => error.message),
        )
      const one = { shape: [1], values: new Float32Array(1) }
      expect(yield* refusal({ a: { shape: [2], values: new BigInt64Array([1n, 1n << 31n]) } })).toBe(
        'f, "a", element 1: expected a whole number within 32 bits, found 2147483648',
      )
      expect(yield* refusal({ "a/b": one, a: one })).toBe(
        'f, "a": expected an array or a record of arrays, found both: there is also "a/…"',
      )
      expect(tf.memory().numTensors).toBe(before)
    }),
  )

  it.effect("that cannot be written are refused", () =>
    Effect.gen(function* () {
      const gone = tf.scalar(1)
      gone.dispose()
      const text = tf.tensor1d(["a"])
      const refusal = (contents: Safetensors.Encodable) =>
        Effect.map(Effect.flip(Safetensors.encode(contents)), (error) => error.message)
      const bytes = new Uint8Array(1)
      const cases: ReadonlyArray<readonly [Safetensors.Encodable, message: string]> = [
        [
          { a: gone },
          `safetensors, "a": expected a tensor of numbers or bools, or a typed array, found a disposed tensor`,
        ],
        [
          { a: text },
          `safetensors, "a": expected a tensor of numbers or bools, or a typed array, found a tensor of string`,
        ],
        [{ shape: [1], values: bytes }, 'safetensors, "": expected another name, found ""'],
        [
          { __metadata__: { shape: [1], values: bytes } },
          'safetensors, "__metadata__": expected another name, found "__metadata__"',
        ],
        [
          { a: { b: { shape: [1], values: bytes } }, "a/b": { shape: [1], values: bytes } },
          'safetensors, "a/b": expected distinct names, found the same twice',
        ],
        [
          { a: { shape: [2, 3], values: bytes } },
          'safetensors, "a": expected values for the shape [2, 3], found 1 values',
        ],
        [
          { a: { shape: [-1, -1], values: bytes } },
          'safetensors, "a": expected values for the shape [-1, -1], found 1 values',
        ],
        [
          { a: { shape: [1], values: bytes, dtype: "F32" } },
          'safetensors, "a": expected F32 values in Float32Array, found Uint8Array',
        ],
      ]
      for (const [contents, message] of cases) expect(yield* refusal(contents)).toBe(message)
      text.dispose()
    }),
  )
})

describe("bad files", () => {
  const file = (header: string | Uint8Array, data = 0) => {
    const text = typeof header === "string" ? new TextEncoder().encode(header) : header
    const bytes = new Uint8Array(8 + text.length + data)
    new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true)
    bytes.set(text, 8)
    return bytes
  }
  const info = (begin: number, end: number, shape: ReadonlyArray<unknown> = [1], dtype = "F32") =>
    `{"dtype":"${dtype}","shape":${JSON.stringify(shape)},"data_offsets":[${begin},${end}]}`
  const long = file(`{"a":${info(0, 4)}}`, 4)
  new DataView(long.buffer).setBigUint64(0, 100_000_001n, true)

  const cases: ReadonlyArray<readonly [string, Uint8Array, message: string | RegExp]> = [
    ["no bytes", new Uint8Array(0), "f, header: expected 8 bytes that give its length, found 0 bytes"],
    [
      "a header above 100 MB",
      long,
      "f, header: expected at most 100000000 bytes, found a length of 100000001; this may be no safetensors file",
    ],
    [
      "a header cut short",
      file(`{"a":${info(0, 4)}}`).subarray(0, 30),
      "f, header: expected 62 bytes with its length, found 30 bytes in all; the file is truncated",
    ],
    [
      "invalid UTF-8",
      file(Uint8Array.of(0x7b, 0xff, 0x7d)),
      "f, header: expected UTF-8, found bytes that are not",
    ],
    ["a list", file("[]"), 'f, header: expected "{" as its first byte, found "["'],
    [
      "a header that starts with a space",
      file(" {}"),
      'f, header: expected "{" as its first byte, found " "',
    ],
    ["a byte order mark", file("\ufeff{}"), 'f, header: expected "{" as its first byte, found "\ufeff"'],
    ["no header", file(""), 'f, header: expected "{" as its first byte, found ""'],
    ["invalid JSON", file('{"a":'), /^f, header: expected JSON, found SyntaxError/],
    [
      "a name twice",
      file(`{"a":${info(0, 4)},"\\u0061" : ${info(4, 8)}}`, 8),
      'f, header: expected distinct names, found "a" twice',
    ],
    [
      "a member twice",
      file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"shape":[2]}}', 4),
      'f, header: expected distinct names, found "shape" twice',
    ],
    [
      "metadata that is no text",
      file('{"__metadata__":{"epoch":3}}'),
      /^f, "__metadata__": expected a record of text, found \{"epoch":3\} \(Expected string at \["epoch"\]\)$/,
    ],
    ["an entry without a shape", file('{"a":{"dtype":"F32","data_offsets":[0,4]}}', 4), /^f, "a": .*shape/],
    ["a negative size", file(`{"a":${info(0, 4, [-1])}}`, 4), /^f, "a": .*shape/],
    ["half a size", file(`{"a":${info(0, 4, [0.5])}}`, 4), /^f, "a": .*shape/],
    ["an unknown dtype", file(`{"a":${info(0, 4, [1], "F8_E4M3")}}`, 4), /^f, "a": .*"F32"/],
    [
      "an entry that is null",
      file('{"a":null}'),
      'f, "a": expected dtype, shape and data_offsets, found null (Expected object)',
    ],
    [
      "an overlap",
      file(`{"a":${info(0, 4)},"b":${info(2, 6)}}`, 6),
      'f, "b": expected data from offset 4, found 2: an overlap',
    ],
    ["a gap", file(`{"a":${info(4, 8)}}`, 8), 'f, "a": expected data from offset 0, found 4: a gap'],
    ["an end before the beginning", file(`{"a":${info(0, -4)}}`, 8), /^f, "a": .*data_offsets/],
    [
      "offsets that do not fit the shape",
      file(`{"a":${info(0, 8, [1, 3])}}`, 8),
      'f, "a": expected 12 bytes for F32 [1, 3], found 8',
    ],
    [
      "a shape past 2^53",
      file(`{"a":${info(0, 8, [2 ** 40, 2 ** 40])}}`, 8),
      /^f, "a": expected .* bytes for F32 \[1099511627776, 1099511627776\], found 8$/,
    ],
    [
      "truncated data",
      file(`{"a":${info(0, 4)},"b":${info(4, 8)}}`, 5),
      'f, "b": expected data up to offset 8, found 5 bytes of data; the file is truncated',
    ],
    ["trailing bytes", file(`{"a":${info(0, 4)}}`, 7), "f, length: expected 66 bytes, found 69: 3 too many"],
    [
      "a BOOL of 2",
      file(`{"a":${info(0, 2, [2], "BOOL")}}`, 2).with(-1, 2),
      'f, "a", element 1: expected 0 or 1, found 2',
    ],
  ]
  for (const [name, bytes, message] of cases) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(Safetensors.decode(bytes, "f"))
        expect(error._tag).toBe("DataError")
        if (typeof message === "string") expect(error.message).toBe(message)
        else expect(error.message).toMatch(message)
      }),
    )
  }

  it.effect("an empty array may lie anywhere between the others", () =>
    Effect.gen(function* () {
      const bytes = file(`{"a":${info(0, 4)},"empty":${info(0, 0, [0, 2])},"b":${info(4, 8)}}`, 8)
      const { tensors } = yield* Safetensors.decode(bytes, "f")
      expect(tensors.empty).toEqual({ dtype: "F32", shape: [0, 2], values: new Float32Array(0) })
    }),
  )

  it.effect("names that are special to JavaScript are names", () =>
    Effect.gen(function* () {
      const bytes = file(`{"__proto__":${info(0, 4)},"a\\":":${info(4, 8)}}`, 8)
      const { tensors } = yield* Safetensors.decode(bytes, "f")
      expect(Object.keys(tensors)).toEqual(["__proto__", 'a":'])
    }),
  )
})
