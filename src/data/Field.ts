/**
 * One column of a data set on the host: N rows of one shape in a typed array, and how a list of rows becomes
 * the values of a batch. A data set stays here, and a minibatch is copied out and uploaded; a slice of a large
 * tensor on the WASM backend would copy the whole tensor first.
 */
import { Effect } from "effect"
import type { Key } from "../tensor/Key.ts"
import * as Shape from "../tensor/Shape.ts"
import { DataError } from "./errors.ts"

/** What a batch is made of on the host, and what tensor it becomes. */
export type Values = Float32Array | Int32Array | Uint8Array

/** N rows of `rowShape`. `gather` copies the rows with these indices; the key is for what it draws, if anything. */
export interface Field {
  readonly name: string
  readonly size: number
  readonly rowShape: Shape.Shape
  readonly dtype: "float32" | "int32" | "bool"
  /** The smallest and the largest value, after scaling. */
  readonly range: readonly [min: number, max: number]
  readonly gather: (indices: Int32Array, key: Key) => Values
}

/**
 * `values` of `shape` `[N, ...row]` in row-major order. The array is held, not copied.
 * `dtype`: a plain array, Float32Array or Uint8Array becomes float32 and an Int32Array int32, unless said.
 * `scale` (default 1) multiplies float32 values as they are taken: 1/255 brings bytes to [0, 1].
 */
export interface FieldOptions {
  readonly dtype?: "float32" | "int32" | "bool"
  readonly scale?: number
}

/**
 * A field over an array. Fails with `DataError` for sizes that are no positive whole numbers (N = 0 among
 * them), a wrong number of values, a scale that is 0, not finite or too large, and a value that is not finite (or, where
 * the dtype is int32 or bool, does not fit it), naming the first such row and its position there.
 */
export const make = Effect.fnUntraced(function* (
  name: string,
  values: Values | ReadonlyArray<number>,
  shape: Shape.Shape,
  options: FieldOptions = {},
): Effect.fn.Return<Field, DataError> {
  const where = name === "" ? "data" : name
  const { dtype = values instanceof Int32Array ? "int32" : "float32", scale = 1 } = options
  const refuse = (expected: string, found: string, at = "") =>
    new DataError({ where: `${where}${at}`, expected, found })

  if (!isArray(values)) return yield* refuse("an array of numbers", String(values))
  if (!Object.hasOwn(needs, dtype)) return yield* refuse("float32, int32 or bool", String(dtype), ", dtype")
  const [size, ...rowShape] = shape
  if (size === undefined) return yield* refuse("a shape [N, ...row]", "[]", ", shape")
  if (shape.some((n) => !Number.isInteger(n) || n < 1)) {
    return yield* refuse("whole numbers, at least 1", Shape.format(shape), ", shape")
  }
  if (values.length !== Shape.size(shape)) {
    return yield* refuse(
      `${Shape.size(shape)} values for the shape ${Shape.format(shape)}`,
      `${values.length} values`,
    )
  }
  if (!Number.isFinite(scale) || scale === 0) {
    return yield* refuse("a finite number other than 0", String(scale), ", scale")
  }
  if (dtype !== "float32" && scale !== 1) {
    return yield* refuse(`no scale for ${dtype} values`, String(scale), ", scale")
  }
  const bad = firstBad(values, dtype)
  if (bad >= 0) {
    return yield* refuse(needs[dtype], String(values[bad]), `, ${position(bad, rowShape)}`)
  }
  const [min, max] = extremes(values)
  const range: Field["range"] = scale > 0 ? [min * scale, max * scale] : [max * scale, min * scale]
  if (dtype === "float32" && !range.every((x) => Number.isFinite(Math.fround(x)))) {
    return yield* refuse("a scale that keeps the values within float32", String(scale), ", scale")
  }
  return { name, size, rowShape, dtype, range, gather: gatherer(values, Shape.size(rowShape), dtype, scale) }
})

/** The rows with these indices of the field, as a field: row i of it is row `rows[i]` of the field. */
export const subset = (field: Field, rows: Int32Array): Field => ({
  ...field,
  size: rows.length,
  gather: (indices, key) =>
    field.gather(
      indices.map((index) => rows[index]!),
      key,
    ),
})

const isArray = (values: unknown): boolean =>
  Array.isArray(values) || (ArrayBuffer.isView(values) && !(values instanceof DataView))

const needs = {
  float32: "a finite number",
  int32: "a whole number within 32 bits",
  bool: "0 or 1",
} as const

// A loop for each dtype, rather than a test called for each value: a data set may have tens of millions.
const firstBad = (values: ArrayLike<number>, dtype: Field["dtype"]): number => {
  if (dtype === "int32") {
    for (let i = 0; i < values.length; i++) if (values[i] !== (values[i]! | 0)) return i
  } else if (dtype === "bool") {
    for (let i = 0; i < values.length; i++) if (values[i] !== 0 && values[i] !== 1) return i
  } else if (!(values instanceof Uint8Array || values instanceof Int32Array)) {
    for (let i = 0; i < values.length; i++) if (!Number.isFinite(Math.fround(values[i]!))) return i
  }
  return -1
}

const extremes = (values: ArrayLike<number>): readonly [number, number] => {
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (value < min) min = value
    if (value > max) max = value
  }
  return [min, max]
}

const position = (index: number, rowShape: Shape.Shape): string => {
  const width = Shape.size(rowShape)
  const row = Math.floor(index / width)
  if (rowShape.length === 0) return `row ${row}`
  let rest = index % width
  const place = rowShape.toReversed().map((n) => {
    const at = rest % n
    rest = (rest - at) / n
    return at
  })
  return rowShape.length === 1
    ? `row ${row}, column ${place[0]}`
    : `row ${row}, ${Shape.format(place.reverse())}`
}

const gatherer = (
  values: Values | ReadonlyArray<number>,
  width: number,
  dtype: Field["dtype"],
  scale: number,
): Field["gather"] => {
  if (dtype !== "float32") {
    const source = dtype === "int32" ? asInt32(values) : asUint8(values)
    return (indices) =>
      copyRows(
        source,
        indices,
        width,
        new (dtype === "int32" ? Int32Array : Uint8Array)(indices.length * width),
      )
  }
  if (values instanceof Float32Array && scale === 1) {
    return (indices) => copyRows(values, indices, width, new Float32Array(indices.length * width))
  }
  return (indices) => {
    const batch = new Float32Array(indices.length * width)
    let to = 0
    for (let i = 0; i < indices.length; i++) {
      const from = indices[i]! * width
      for (let j = 0; j < width; j++) batch[to++] = values[from + j]! * scale
    }
    return batch
  }
}

const copyRows = <A extends Values>(source: A, indices: Int32Array, width: number, batch: A): A => {
  for (let i = 0; i < indices.length; i++) {
    const from = indices[i]! * width
    // A view for each row costs more than a short row does.
    if (width < 16) for (let j = 0; j < width; j++) batch[i * width + j] = source[from + j]!
    else batch.set(source.subarray(from, from + width), i * width)
  }
  return batch
}

const asInt32 = (values: Values | ReadonlyArray<number>): Int32Array =>
  values instanceof Int32Array ? values : Int32Array.from(values)

const asUint8 = (values: Values | ReadonlyArray<number>): Uint8Array =>
  values instanceof Uint8Array ? values : Uint8Array.from(values)
