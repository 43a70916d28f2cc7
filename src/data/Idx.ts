/**
 * The IDX format, in which MNIST and its relatives are published: two zero bytes, a type code, the rank, one
 * big-endian 32-bit size for each dimension, then the values in row-major order, big-endian.
 * Source: "The IDX file format" on Yann LeCun's MNIST page.
 *
 * ```ts
 * const images = yield* Idx.parse(bytes, "train-images-idx3-ubyte")
 * images.shape   // [60000, 28, 28]
 * ```
 *
 * The reader takes bytes; to get them from a file, a URL or a bundle is the caller's part.
 */
import { Effect } from "effect"
import { DataError, notBytes } from "./errors.ts"

/** An IDX file's contents, in row-major order; `name` is what the file was called in `parse`. */
export type Idx = { readonly name: string; readonly shape: ReadonlyArray<number> } & (
  | { readonly dtype: "uint8"; readonly values: Uint8Array }
  | { readonly dtype: "int8"; readonly values: Int8Array }
  | { readonly dtype: "int16"; readonly values: Int16Array }
  | { readonly dtype: "int32"; readonly values: Int32Array }
  | { readonly dtype: "float32"; readonly values: Float32Array }
  | { readonly dtype: "float64"; readonly values: Float64Array }
)

/**
 * Reads a whole IDX file. Values of type `uint8` are a view of `bytes`, not a copy; other types are decoded into
 * an array of their own.
 *
 * Fails with `DataError` where `bytes` is no Uint8Array (an ArrayBuffer wants wrapping in one), the first four bytes are no IDX header, the header is cut short, a dimension is 0,
 * the sizes multiply past 2⁵³, or the file is not exactly as long as they say.
 */
export const parse = Effect.fnUntraced(function* (
  bytes: Uint8Array,
  name: string,
): Effect.fn.Return<Idx, DataError> {
  const refuse = (where: string, expected: string, found: string) =>
    new DataError({ where: `${name}, ${where}`, expected, found })

  if (!(bytes instanceof Uint8Array)) return yield* notBytes(name, bytes)
  if (bytes.length < 4) return yield* refuse("header", "at least 4 bytes", byteCount(bytes.length))
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    return yield* refuse("bytes 0-1", "an IDX file", "gzip data; decompress it first")
  }
  if (bytes[0] !== 0 || bytes[1] !== 0) {
    return yield* refuse("bytes 0-1", "00 00", `${hex(bytes[0]!)} ${hex(bytes[1]!)}; this is no IDX file`)
  }
  const type = types.get(bytes[2]!)
  if (type === undefined) {
    return yield* refuse("byte 2", `a type code of ${[...types.keys()].map(hex).join(", ")}`, hex(bytes[2]!))
  }
  const rank = bytes[3]!
  if (rank === 0) return yield* refuse("byte 3", "a rank of at least 1", "0")
  const start = 4 + 4 * rank
  if (bytes.length < start) {
    return yield* refuse(
      "header",
      `${start} bytes for rank ${rank}`,
      `${byteCount(bytes.length)}; it is truncated`,
    )
  }

  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i))
  const empty = shape.indexOf(0)
  if (empty >= 0)
    return yield* refuse(`dimension ${empty}`, "a size of at least 1", `0 in ${shape.join(" × ")}`)
  const count = shape.reduce((a, b) => a * b, 1)
  if (count * type.size > Number.MAX_SAFE_INTEGER) {
    return yield* refuse("sizes", "at most 2^53 bytes of values", shape.join(" × "))
  }
  const expected = start + count * type.size
  if (bytes.length !== expected) {
    const difference = Math.abs(bytes.length - expected)
    return yield* refuse(
      "length",
      `${expected} bytes (${shape.join(" × ")} values of ${byteCount(type.size)} after a header of ${start})`,
      `${bytes.length} bytes: ${bytes.length < expected ? `truncated by ${difference}` : `${difference} too many`}`,
    )
  }
  return { name, shape, ...type.read(view, start, count) }
})

type Values = Idx extends infer V ? (V extends Idx ? Pick<V, "dtype" | "values"> : never) : never

interface Type {
  readonly size: number
  readonly read: (view: DataView, start: number, count: number) => Values
}

const fill = <A extends { [index: number]: number; readonly length: number }>(
  values: A,
  at: (index: number) => number,
): A => {
  for (let i = 0; i < values.length; i++) values[i] = at(i)
  return values
}

const types: ReadonlyMap<number, Type> = new Map<number, Type>([
  [
    0x08,
    {
      size: 1,
      read: (v, s, n) => ({ dtype: "uint8", values: new Uint8Array(v.buffer, v.byteOffset + s, n) }),
    },
  ],
  [
    0x09,
    {
      size: 1,
      read: (v, s, n) => ({ dtype: "int8", values: fill(new Int8Array(n), (i) => v.getInt8(s + i)) }),
    },
  ],
  [
    0x0b,
    {
      size: 2,
      read: (v, s, n) => ({ dtype: "int16", values: fill(new Int16Array(n), (i) => v.getInt16(s + 2 * i)) }),
    },
  ],
  [
    0x0c,
    {
      size: 4,
      read: (v, s, n) => ({ dtype: "int32", values: fill(new Int32Array(n), (i) => v.getInt32(s + 4 * i)) }),
    },
  ],
  [
    0x0d,
    {
      size: 4,
      read: (v, s, n) => ({
        dtype: "float32",
        values: fill(new Float32Array(n), (i) => v.getFloat32(s + 4 * i)),
      }),
    },
  ],
  [
    0x0e,
    {
      size: 8,
      read: (v, s, n) => ({
        dtype: "float64",
        values: fill(new Float64Array(n), (i) => v.getFloat64(s + 8 * i)),
      }),
    },
  ],
])

const hex = (byte: number): string => byte.toString(16).padStart(2, "0")

const byteCount = (n: number): string => `${n} byte${n === 1 ? "" : "s"}`
