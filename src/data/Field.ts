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
  const { dtype = values instanceof Int32Array ? "int32" : "float32", scale = 1 } = options
  if (!isArray(values)) {
    return yield* new DataError({
      where: labelOf(name),
      expected: "an array of numbers",
      found: String(values),
    })
  }
  const rowShape = shape.slice(1)
  const layout: Layout = { name, rowShape, dtype, scale }
  const refused = layoutProblem(layout, shape)
  if (refused !== undefined) return yield* refused
  if (values.length !== Shape.size(shape)) {
    return yield* new DataError({
      where: labelOf(name),
      expected: `${Shape.size(shape)} values for the shape ${Shape.format(shape)}`,
      found: `${values.length} values`,
    })
  }
  const problem = valueProblem(layout, values)
  if (problem !== undefined) return yield* problem
  return { ...over(layout, values), range: rangeOf(layout, values) }
})

/** What a field's rows are, wherever its values may be. */
export interface Layout {
  readonly name: string
  readonly rowShape: Shape.Shape
  readonly dtype: Field["dtype"]
  readonly scale: number
}

/** What is wrong with a layout and the shape `[N, ...row]` that it is of. */
export const layoutProblem = ({ name, dtype, scale }: Layout, shape: Shape.Shape): DataError | undefined => {
  const refuse = (at: string, expected: string, found: string) =>
    new DataError({ where: `${labelOf(name)}, ${at}`, expected, found })
  if (!Object.hasOwn(needs, dtype)) return refuse("dtype", "float32, int32 or bool", String(dtype))
  if (shape.length === 0) return refuse("shape", "a shape [N, ...row]", "[]")
  if (shape.some((n) => !Number.isInteger(n) || n < 1)) {
    return refuse("shape", "whole numbers, at least 1", Shape.format(shape))
  }
  if (!Number.isFinite(scale) || scale === 0) {
    return refuse("scale", "a finite number other than 0", String(scale))
  }
  return dtype !== "float32" && scale !== 1
    ? refuse("scale", `no scale for ${dtype} values`, String(scale))
    : undefined
}

/** The first value that does not fit the layout, or a scale that makes one too large. `from` is the number of the first row. */
export const valueProblem = (layout: Layout, values: ArrayLike<number>, from = 0): DataError | undefined => {
  const { name, rowShape, dtype, scale } = layout
  const bad = firstBad(values, dtype)
  if (bad >= 0) {
    const where = `${labelOf(name)}, ${position(bad, rowShape, from)}`
    return new DataError({ where, expected: needs[dtype], found: String(values[bad]) })
  }
  if (dtype !== "float32" || scale === 1) return undefined
  return rangeOf(layout, values).every((x) => Number.isFinite(Math.fround(x)))
    ? undefined
    : new DataError({
        where: `${labelOf(name)}, scale`,
        expected: "a scale that keeps the values within float32",
        found: String(scale),
      })
}

/** The field of values that are known to fit, for whoever does not ask for their range. */
export const over = (
  { name, rowShape, dtype, scale }: Layout,
  values: Values | ReadonlyArray<number>,
): Field => {
  const width = Shape.size(rowShape)
  return {
    name,
    size: values.length / width,
    rowShape,
    dtype,
    range: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
    gather: gatherer(values, width, dtype, scale),
  }
}

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

/** What errors call a field. */
const labelOf = (name: string): string => (name === "" ? "data" : name)

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

const rangeOf = ({ scale }: Layout, values: ArrayLike<number>): Field["range"] => {
  const [min, max] = extremes(values)
  return scale > 0 ? [min * scale, max * scale] : [max * scale, min * scale]
}

const position = (index: number, rowShape: Shape.Shape, from: number): string => {
  const width = Shape.size(rowShape)
  const row = from + Math.floor(index / width)
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

/** Copies the rows with these indices to the beginning of `batch`. */
export const copyRows = <A extends Values>(source: A, indices: Int32Array, width: number, batch: A): A => {
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
