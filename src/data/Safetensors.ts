/**
 * The safetensors format: named arrays in one file, with nothing in it that runs. A JSON header gives each
 * array's dtype, shape and place (`SafetensorsHeader.ts`); the rest is their values, row-major, little-endian,
 * without gaps. Source: the format's description in its repository, github.com/huggingface/safetensors; what is
 * refused here is what its own reader refuses, and a BOOL that is neither 0 nor 1.
 *
 * ```ts
 * const bytes = yield* Safetensors.encode({ decoder: { w, b } }, { model: "vae" })
 * const file = yield* Safetensors.decode(bytes, "vae.safetensors")
 * file.tensors["decoder/w"]                        // { dtype: "F32", shape: [20, 400], values: Float32Array }
 * const params = yield* Safetensors.toTree(file)   // tensors again
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import * as Shape from "../tensor/Shape.ts"
import * as Tree from "../tensor/Tree.ts"
import { DataError, notBytes } from "./errors.ts"
import * as Header from "./SafetensorsHeader.ts"

/** The array that holds each dtype; `BOOL` is a byte, 0 or 1. */
export interface Arrays {
  readonly BOOL: Uint8Array
  readonly U8: Uint8Array
  readonly I8: Int8Array
  readonly I16: Int16Array
  readonly U16: Uint16Array
  readonly I32: Int32Array
  readonly U32: Uint32Array
  readonly F32: Float32Array
  readonly F64: Float64Array
  readonly I64: BigInt64Array
  readonly U64: BigUint64Array
}

/** An array from a file: its values in row-major order. F16 and BF16 come widened, exactly, as F32. */
export type StoredArray = {
  readonly [K in keyof Arrays]: {
    readonly dtype: K
    readonly shape: Shape.Shape
    readonly values: Arrays[K]
  }
}[keyof Arrays]

/** A file's contents; `name` is what it was called in `decode`. */
export interface Safetensors {
  readonly name: string
  readonly tensors: { readonly [path: string]: StoredArray }
  readonly metadata: { readonly [key: string]: string }
}

/** An array to write. Without a dtype it has that of its class (a Uint8Array is U8). */
export interface HostArray {
  readonly shape: Shape.Shape
  readonly values: Arrays[keyof Arrays]
  readonly dtype?: keyof Arrays
}

/** What can be written: tensors, arrays on the host, and records of these, whose paths are joined by "/". */
export type Encodable = tf.Tensor | HostArray | { readonly [name: string]: Encodable }

/**
 * The bytes of a file with these arrays, laid out as the format's own writer does: the widest dtypes first, then
 * by name, so that each lies aligned. Tensors are read from the device, so this has no place inside a step.
 *
 * Fails with `DataError` for a name that is empty, `__metadata__` or there twice, for values that do not fit
 * their shape or dtype, and for disposed, complex and string tensors.
 */
export const encode = Effect.fnUntraced(function* (
  contents: Encodable,
  metadata: { readonly [key: string]: string } = {},
): Effect.fn.Return<Uint8Array, DataError> {
  const arrays = new Map<string, HostArray & { readonly dtype: keyof Arrays }>()
  for (const [path, leaf] of leavesOf(contents, "")) {
    const refuse = (expected: string, found: string) =>
      new DataError({ where: `safetensors, "${path}"`, expected, found })
    if (path === "" || path === "__metadata__") return yield* refuse("another name", `"${path}"`)
    if (arrays.has(path)) return yield* refuse("distinct names", "the same twice")
    const dtype = dtypeOf(leaf)
    if (dtype === undefined) {
      return yield* refuse("a tensor of numbers or bools, or a typed array", describe(leaf))
    }
    const { shape, values } =
      leaf instanceof tf.Tensor ? { shape: leaf.shape, values: leaf.dataSync<"float32">() } : leaf
    if (!(values instanceof classes[dtype])) {
      return yield* refuse(`${dtype} values in ${classes[dtype].name}`, values.constructor.name)
    }
    if (shape.some((n) => !Number.isInteger(n) || n < 0) || Shape.size(shape) !== values.length) {
      return yield* refuse(`values for the shape ${Shape.format(shape)}`, `${values.length} values`)
    }
    arrays.set(path, { dtype, shape, values })
  }

  const order = [...arrays].sort(
    ([a, { dtype: x }], [b, { dtype: y }]) =>
      Header.dtypes.indexOf(x) - Header.dtypes.indexOf(y) || (a < b ? -1 : 1),
  )
  let end = 0
  const entries = order.map(([path, { dtype, shape, values }]): readonly [string, Header.Entry] => {
    const begin = end
    end += values.byteLength
    return [path, { dtype, shape: [...shape], data_offsets: [begin, end] }]
  })
  const header = Header.write(entries, metadata)
  const bytes = new Uint8Array(header.length + end)
  bytes.set(header)
  let at = header.length
  for (const [, { values }] of order) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at)
    at += values.byteLength
  }
  return bytes
})

/**
 * Reads a whole file; `name` is what errors call it. The arrays are copies.
 *
 * Fails with `DataError` for a file that is truncated or too long, a header above 100 MB, invalid UTF-8 or JSON,
 * a name that comes twice, a header of another form, an unknown dtype, offsets that overlap, leave a gap or the
 * file, or do not fit shape and dtype, and a BOOL other than 0 and 1.
 */
export const decode = Effect.fnUntraced(function* (
  bytes: Uint8Array,
  name: string,
): Effect.fn.Return<Safetensors, DataError> {
  const refuse = (where: string, expected: string, found: string) =>
    new DataError({ where: `${name}, ${where}`, expected, found })

  if (!(bytes instanceof Uint8Array)) return yield* notBytes(name, bytes)
  const { entries, metadata, start } = yield* Header.read(bytes, name)
  const available = bytes.length - start
  const places = [...entries].sort(
    ([, { data_offsets: a }], [, { data_offsets: b }]) => a[0] - b[0] || a[1] - b[1],
  )
  const tensors: Array<readonly [string, StoredArray]> = []
  let next = 0
  for (const [path, { dtype, shape, data_offsets }] of places) {
    const [begin, end] = data_offsets
    const where = `"${path}"`
    if (begin !== next) {
      return yield* refuse(
        where,
        `data from offset ${next}`,
        `${begin}: ${begin < next ? "an overlap" : "a gap"}`,
      )
    }
    const size = Shape.size(shape) * Header.widths[dtype]
    if (end - begin !== size) {
      return yield* refuse(where, `${size} bytes for ${dtype} ${Shape.format(shape)}`, `${end - begin}`)
    }
    if (end > available) {
      return yield* refuse(
        where,
        `data up to offset ${end}`,
        `${available} bytes of data; the file is truncated`,
      )
    }
    const array = parse(dtype, shape, bytes.slice(start + begin, start + end))
    const bad = array.dtype === "BOOL" ? array.values.findIndex((byte) => byte > 1) : -1
    if (bad >= 0) return yield* refuse(`${where}, element ${bad}`, "0 or 1", String(array.values[bad]))
    tensors.push([path, array])
    next = end
  }
  if (next !== available) {
    return yield* refuse("length", `${start + next} bytes`, `${bytes.length}: ${available - next} too many`)
  }
  return { name, tensors: Object.fromEntries(tensors), metadata }
})

/**
 * The file's arrays as a tree of new tensors: float32 for floats (F64 is rounded), bool for BOOL, int32 for the
 * rest. Fails with `DataError` for a whole number beyond 32 bits, and where a name is both an array and the
 * beginning of others (`"a"` beside `"a/b"`).
 */
export const toTree = Effect.fnUntraced(function* (
  file: Safetensors,
): Effect.fn.Return<Tree.Tree, DataError> {
  const entries = Object.entries(file.tensors)
  const records = new Set(
    entries.flatMap(([path]) => path.split("/").map((_, i, names) => names.slice(0, i).join("/"))),
  )
  for (const [path, { dtype, values }] of entries) {
    const refuse = (expected: string, found: string, at = "") =>
      new DataError({ where: `${file.name}, "${path}"${at}`, expected, found })
    if (path !== "" && records.has(path)) {
      return yield* refuse("an array or a record of arrays", `both: there is also "${path}/…"`)
    }
    if (dtype !== "U32" && dtype !== "I64" && dtype !== "U64") continue
    for (let i = 0; i < values.length; i++) {
      if (Number(values[i]) === (Number(values[i]) | 0)) continue
      return yield* refuse("a whole number within 32 bits", String(values[i]), `, element ${i}`)
    }
  }
  return tf.tidy(
    () => Tree.fromEntries(entries.map(([path, array]) => [path, upload(array)])) as tf.TensorContainer,
  ) as Tree.Tree
})

const classes = {
  U64: BigUint64Array,
  I64: BigInt64Array,
  F64: Float64Array,
  F32: Float32Array,
  U32: Uint32Array,
  I32: Int32Array,
  U16: Uint16Array,
  I16: Int16Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const

const isHostArray = (node: Encodable): node is HostArray =>
  "values" in node && ArrayBuffer.isView(node.values)

const isRecord = (node: unknown): node is object => typeof node === "object" && node !== null

function* leavesOf(node: Encodable, path: string): Generator<readonly [string, tf.Tensor | HostArray]> {
  // What is no record goes on as a leaf, to be refused under its path.
  if (!isRecord(node) || node instanceof tf.Tensor || isHostArray(node)) return yield [path, node]
  for (const [name, child] of Object.entries(node)) {
    yield* leavesOf(child, path === "" ? name : `${path}/${name}`)
  }
}

const dtypeOf = (leaf: tf.Tensor | HostArray): keyof Arrays | undefined => {
  if (leaf instanceof tf.Tensor) return leaf.isDisposed ? undefined : tensorDtypes.get(leaf.dtype)
  if (!isRecord(leaf)) return undefined
  const { dtype, values } = leaf
  return dtype ?? (Object.keys(classes) as Array<keyof Arrays>).find((d) => values instanceof classes[d])
}

const describe = (leaf: unknown): string => {
  if (leaf instanceof tf.Tensor) return leaf.isDisposed ? "a disposed tensor" : `a tensor of ${leaf.dtype}`
  return isRecord(leaf) ? "another kind of array" : String(leaf)
}

const tensorDtypes = new Map<string, keyof Arrays>([
  ["float32", "F32"],
  ["int32", "I32"],
  ["bool", "BOOL"],
])

const parse = (dtype: Header.Dtype, shape: Shape.Shape, bytes: Uint8Array<ArrayBuffer>): StoredArray => {
  if (dtype === "F16" || dtype === "BF16") {
    const values = Float32Array.from(new Uint16Array(bytes.buffer), dtype === "F16" ? fromHalf : fromBrain)
    return { dtype: "F32", shape, values }
  }
  return { dtype, shape, values: new classes[dtype](bytes.buffer) } as StoredArray
}

/** IEEE 754 binary16: a sign, 5 bits of exponent, 10 of fraction. */
const fromHalf = (half: number): number => {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >> 10) & 0x1f
  const fraction = half & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1024 + fraction) * 2 ** (exponent - 25)
}

/** bfloat16 is the upper half of a float32. */
const fromBrain = (half: number): number => {
  word[0] = half << 16
  return wordAsFloat[0]!
}

const word = new Uint32Array(1)
const wordAsFloat = new Float32Array(word.buffer)

const upload = ({ dtype, shape, values }: StoredArray): tf.Tensor => {
  const size = [...shape]
  if (dtype === "BOOL") return tf.tensor(values.slice(), size, "bool")
  if (dtype === "F32" || dtype === "F64") return tf.tensor(Float32Array.from(values), size, "float32")
  const whole = new Int32Array(values.length)
  for (let i = 0; i < whole.length; i++) whole[i] = Number(values[i])
  return tf.tensor(whole, size, "int32")
}
