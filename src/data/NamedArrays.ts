/**
 * Named arrays on the host: what the readers and writers of files have in common (`Safetensors.ts`, `Npz.ts`), and the way
 * between them and tensors.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import * as Shape from "../tensor/Shape.ts"
import * as Tree from "../tensor/Tree.ts"
import { DataError } from "./errors.ts"

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

/** A file's contents; `name` is what it was called when it was read. */
export interface ArrayFile {
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

/** An array to write, checked. */
export interface Gathered extends HostArray {
  readonly dtype: keyof Arrays
}

/**
 * The arrays of what is to be written, by path. Tensors are read from the device. Fails with `DataError` for a name that is
 * empty, `forbidden` or there twice, for values that do not fit their shape or dtype, and for disposed, complex and
 * string tensors.
 */
export const gather = Effect.fnUntraced(function* (
  contents: Encodable,
  { format, forbidden = "" }: { readonly format: string; readonly forbidden?: string },
): Effect.fn.Return<ReadonlyMap<string, Gathered>, DataError> {
  const arrays = new Map<string, Gathered>()
  for (const [path, leaf] of leavesOf(contents, "")) {
    const refuse = (expected: string, found: string) =>
      new DataError({ where: `${format}, "${path}"`, expected, found })
    if (path === "" || path === forbidden) return yield* refuse("another name", `"${path}"`)
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
  return arrays
})

/**
 * The file's arrays as a tree of new tensors: float32 for floats (F64 is rounded), bool for BOOL, int32 for the
 * rest. Fails with `DataError` for a whole number beyond 32 bits, and where a name is both an array and the
 * beginning of others (`"a"` beside `"a/b"`).
 */
export const toTree = Effect.fnUntraced(function* (file: ArrayFile): Effect.fn.Return<Tree.Tree, DataError> {
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

/**
 * As {@link toTree}, for those who know what must be there: a tree with the names and shapes of `like`, and its type. Fails
 * with `DataError` where they differ, and says in what: − missing, + besides, ± of another shape.
 */
export const toTreeLike = Effect.fnUntraced(function* <T extends Tree.Tree>(
  file: ArrayFile,
  like: T,
): Effect.fn.Return<T, DataError> {
  const wanted = new Map(Tree.entries(like).map(([path, { shape }]) => [path, Shape.format(shape)]))
  const found = new Map(Object.entries(file.tensors).map(([path, { shape }]) => [path, Shape.format(shape)]))
  const lines = difference(wanted, found)
  if (lines.length > 0) {
    return yield* new DataError({
      where: file.name,
      expected: `the names and shapes of ${wanted.size} arrays`,
      found: `others (− missing, + besides, ± other shape): ${shortened(lines)}`,
    })
  }
  return (yield* toTree(file)) as T
})

/** In what two lists of named things differ: a line for each. */
export const difference = (
  wanted: ReadonlyMap<string, string>,
  found: ReadonlyMap<string, string>,
): ReadonlyArray<string> => [
  ...[...wanted].flatMap(([name, what]) => {
    const other = found.get(name)
    if (other === what) return []
    return [other === undefined ? `− ${name} ${what}` : `± ${name} ${what}, there ${other}`]
  }),
  ...[...found].flatMap(([name, what]) => (wanted.has(name) ? [] : [`+ ${name} ${what}`])),
]

/** As many lines as a person will read, in one. */
export const shortened = (lines: ReadonlyArray<string>, most = 12): string =>
  [...lines.slice(0, most), ...(lines.length > most ? [`… and ${lines.length - most} more`] : [])].join("; ")

/** A dtype as files have it: besides those of {@link Arrays} the two halves, which come widened. */
export type FileDtype = keyof Arrays | "F16" | "BF16"

/** The class of each dtype's values. */
export const classes = {
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

/** An array from its bytes, which must be as many as dtype and shape need. */
export const parse = (dtype: FileDtype, shape: Shape.Shape, bytes: Uint8Array<ArrayBuffer>): StoredArray => {
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
