/**
 * What a fit learns from: N rows, taken by index in minibatches. The rows stay in typed arrays on the host;
 * `take` copies the rows it is asked for and uploads them, once each.
 *
 * ```ts
 * const data = yield* Dataset.fromRecord({
 *   x: { values: pixels, shape: [60_000, 784], scale: 1 / 255 },
 *   y: { values: digits, shape: [60_000] },
 * })
 * for (const rows of yield* Dataset.batches(data, { batchSize: 128, key, epoch: 0 })) {
 *   const { x, y } = data.take(rows, Key.foldIn(key, step))   // [128, 784] float32, [128] int32
 * }
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { InvalidArgument } from "../tensor/errors.ts"
import * as Key from "../tensor/Key.ts"
import type * as Shape from "../tensor/Shape.ts"
import * as Tree from "../tensor/Tree.ts"
import { type Binarization, binarize } from "./Binarize.ts"
import { DataError } from "./errors.ts"
import * as Field from "./Field.ts"
import { make, outOfRange } from "./rows.ts"
import type { StreamedDataset } from "./Streamed.ts"

export { batches } from "./Batches.ts"
export { type StreamedDataset, type StreamedFieldSpec, type StreamOptions, streamed } from "./Streamed.ts"

/**
 * `size` rows. `take` returns those with the given indices as new tensors `[indices.length, ...row]`, which the
 * caller disposes; the key is for whatever is drawn on the way (`binarized`), and the same key draws the same.
 * An index outside 0 … size − 1 makes `take` throw `InvalidArgument`.
 */
export interface Dataset<out D> {
  readonly size: number
  readonly take: (indices: Int32Array, key: Key.Key) => D
}

/** A data set held in typed arrays on this machine, which can be binarized, cut and split. */
export interface ArrayDataset<out D> extends Dataset<D> {
  readonly fields: ReadonlyArray<Field.Field>
}

/** The tensor of a shape whose rank the type knows. */
export type TensorOf<S extends Shape.Shape> = S extends readonly [number]
  ? tf.Tensor1D
  : S extends readonly [number, number]
    ? tf.Tensor2D
    : S extends readonly [number, number, number]
      ? tf.Tensor3D
      : S extends readonly [number, number, number, number]
        ? tf.Tensor4D
        : tf.Tensor

/** One field of a record: `values` in row-major order, of `shape` `[N, ...row]`. */
export interface FieldSpec extends Field.FieldOptions {
  readonly values: Field.Values | ReadonlyArray<number>
  readonly shape: Shape.Shape
}

/**
 * Rows of one array, `[N, ...row]`; a batch is one tensor. See `FieldOptions` for dtypes and `scale`; `name` is
 * what errors call it. The array is held, not copied, so leave it as it is.
 *
 * Fails with `DataError` for a wrong number of values, N = 0, and NaN or an infinity (naming row and column).
 */
export const fromArray = <const S extends Shape.Shape>(
  values: Field.Values | ReadonlyArray<number>,
  shape: S,
  options: Field.FieldOptions & { readonly name?: string } = {},
): Effect.Effect<ArrayDataset<TensorOf<S>>, DataError> =>
  Effect.map(Field.make(options.name ?? "", values, shape, options), (field) =>
    make<TensorOf<S>>([{ ...field, name: "" }]),
  )

/**
 * Rows of several arrays that have N in common; a batch is a record of tensors.
 *
 * Fails with `DataError` as `fromArray` does, where the fields' N differ, where there is no field, and for a
 * name that is empty or holds a "/".
 */
export const fromRecord = Effect.fnUntraced(function* <
  const F extends { readonly [name: string]: FieldSpec },
>(specs: F): Effect.fn.Return<ArrayDataset<{ readonly [K in keyof F]: TensorOf<F[K]["shape"]> }>, DataError> {
  const fields: Array<Field.Field> = []
  for (const [name, { values, shape, ...options }] of Object.entries(specs)) {
    if (name === "" || name.includes("/")) {
      return yield* new DataError({ where: "fields", expected: 'names without "/"', found: `"${name}"` })
    }
    fields.push(yield* Field.make(name, values, shape, options))
  }
  return make(yield* sameSize(fields))
})

/**
 * Rows of the leaves of a tree of tensors, each `[N, ...row]`; a batch is a tree of the same names. The values
 * are read to the host once; the tensors stay the caller's.
 *
 * Fails with `DataError` as `fromRecord` does, and for a leaf that is a scalar, or complex or string.
 */
export const fromTensors = Effect.fnUntraced(function* <T extends Tree.Tree>(
  tree: T,
): Effect.fn.Return<ArrayDataset<T>, DataError> {
  const fields: Array<Field.Field> = []
  for (const [path, leaf] of Tree.entries(tree)) {
    const { dtype } = leaf
    if (leaf.isDisposed || dtype === "complex64" || dtype === "string") {
      return yield* new DataError({
        where: path === "" ? "data" : path,
        expected: "a tensor of numbers or bools",
        found: leaf.isDisposed ? "one that is disposed" : dtype,
      })
    }
    fields.push(yield* Field.make(path, leaf.dataSync<"float32">(), leaf.shape, { dtype }))
  }
  return make<T>(yield* sameSize(fields))
})

/**
 * The data set with its values made 0 or 1: `"dynamic"` draws them anew whenever a batch is taken, `{ static: key }`
 * once for good, `{ threshold }` draws nothing (see `Binarize.ts`). It applies to the fields named in `fields`,
 * or to all that are float32.
 *
 * Fails with `DataError` where such a field's values leave [0, 1], a named field does not exist, or the
 * threshold is not in (0, 1].
 */
export const binarized = Effect.fnUntraced(function* <D>(
  dataset: ArrayDataset<D>,
  how: Binarization,
  options: { readonly fields?: ReadonlyArray<string> } = {},
): Effect.fn.Return<ArrayDataset<D>, DataError> {
  const names = options.fields ?? dataset.fields.filter((f) => f.dtype === "float32").map((f) => f.name)
  const unknown = names.find((name) => !dataset.fields.some((field) => field.name === name))
  if (names.length === 0 || unknown !== undefined) {
    return yield* new DataError({
      where: "binarized, fields",
      expected: `some of ${dataset.fields.map((f) => `"${f.name}" (${f.dtype})`).join(", ")}`,
      found: unknown === undefined ? "none" : `"${unknown}"`,
    })
  }
  return make<D>(
    yield* Effect.forEach(dataset.fields, (field) =>
      names.includes(field.name) ? binarize(field, how) : Effect.succeed(field),
    ),
  )
})

/**
 * The batches changed by `f`, a function of the batch's tensors (which it does not dispose) and a key; any other
 * tensor that it makes and does not return is disposed.
 */
export function map<D, E extends tf.TensorContainer>(
  dataset: Dataset<D>,
  f: (batch: D, key: Key.Key) => E,
): Dataset<E>
export function map<D, E extends tf.TensorContainer>(
  dataset: StreamedDataset<D>,
  f: (batch: D, key: Key.Key) => E,
): StreamedDataset<E>
export function map<D, E extends tf.TensorContainer>(
  dataset: Dataset<D> | StreamedDataset<D>,
  f: (batch: D, key: Key.Key) => E,
): Dataset<E> | StreamedDataset<E> {
  const mapped = (rows: Dataset<D>): Dataset<E> => ({
    size: rows.size,
    take: (indices, key) => tf.tidy(() => f(rows.take(indices, key), Key.foldInName(key, "map"))),
  })
  return "take" in dataset ? mapped(dataset) : { ...dataset, rows: (fields) => mapped(dataset.rows(fields)) }
}

/** The rows with these indices, in this order, as a data set. Fails with `InvalidArgument` for none, or one out of range. */
export const subset = Effect.fnUntraced(function* <D>(
  dataset: ArrayDataset<D>,
  indices: Int32Array,
): Effect.fn.Return<ArrayDataset<D>, InvalidArgument> {
  if (indices.length === 0) {
    return yield* new InvalidArgument({
      where: "Dataset.subset",
      expected: "at least one index",
      found: "none",
    })
  }
  const refused = outOfRange("Dataset.subset", indices, dataset.size)
  if (refused !== undefined) return yield* refused
  return make<D>(dataset.fields.map((field) => Field.subset(field, indices)))
})

/** Rows `start` … `end` − 1. Fails with `InvalidArgument` unless 0 ≤ start < end ≤ size, whole numbers all. */
export const slice = Effect.fnUntraced(function* <D>(
  dataset: ArrayDataset<D>,
  start: number,
  end: number = dataset.size,
): Effect.fn.Return<ArrayDataset<D>, InvalidArgument> {
  if (
    !(Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start < end && end <= dataset.size)
  ) {
    return yield* new InvalidArgument({
      where: "Dataset.slice",
      expected: `0 ≤ start < end ≤ ${dataset.size}`,
      found: `start ${start}, end ${end}`,
    })
  }
  return yield* subset(
    dataset,
    Int32Array.from({ length: end - start }, (_, i) => start + i),
  )
})

/**
 * Two data sets without a row in common: round(`fraction` · size) rows chosen by the key are `test`, the others
 * `train`, each in the order of the whole.
 *
 * Fails with `InvalidArgument` unless 0 < fraction < 1 and both sides get a row.
 */
export const trainTestSplit = Effect.fnUntraced(function* <D>(
  dataset: ArrayDataset<D>,
  options: { readonly key: Key.Key; readonly fraction: number },
): Effect.fn.Return<{ readonly train: ArrayDataset<D>; readonly test: ArrayDataset<D> }, InvalidArgument> {
  const { key, fraction } = options
  const held = Math.round(fraction * dataset.size)
  if (!(fraction > 0 && fraction < 1) || held < 1 || held >= dataset.size) {
    return yield* new InvalidArgument({
      where: "Dataset.trainTestSplit, fraction",
      expected: `a number between 0 and 1 that leaves rows on both sides of ${dataset.size}`,
      found: String(fraction),
    })
  }
  const order = Key.permutation(key, dataset.size)
  return {
    train: yield* subset(dataset, order.slice(held).sort()),
    test: yield* subset(dataset, order.slice(0, held).sort()),
  }
})

const sameSize = Effect.fnUntraced(function* (
  fields: ReadonlyArray<Field.Field>,
): Effect.fn.Return<ReadonlyArray<Field.Field>, DataError> {
  const first = fields[0]
  if (first === undefined) {
    return yield* new DataError({ where: "data", expected: "at least one field", found: "none" })
  }
  const other = fields.find((field) => field.size !== first.size)
  if (other === undefined) return fields
  return yield* new DataError({
    where: other.name,
    expected: `${first.size} rows, as in ${first.name}`,
    found: String(other.size),
  })
})
