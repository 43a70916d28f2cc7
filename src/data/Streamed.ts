/**
 * A data set larger than memory: N rows that stay where they are, in a file or behind a URL, and are read as a fit
 * comes to them, in blocks of consecutive rows.
 *
 * An epoch takes the blocks in an order drawn by its key, `window` of them at a time, and draws the order of the rows
 * among those of a window: every row comes once, and no more than two windows are in memory, one that batches are
 * taken from and the one that is read ahead. With a window as large as the data the batches are those of a data set in memory, to the bit.
 *
 * ```ts
 * const fs = yield* FileSystem.FileSystem
 * const data = yield* Dataset.streamed({
 *   x: {
 *     bytes: (offset, length) => fs.stream("pixels.u8", { offset, bytesToRead: length, chunkSize: 1 << 20 }),
 *     stored: "uint8",
 *     shape: [50_000_000, 784],
 *     scale: 1 / 255,
 *   },
 * })
 * const fit = yield* fitSVI(model, guide, data, { batchSize: 1024, epochs: 2 })
 * ```
 */
import { Effect, Stream } from "effect"
import { InvalidArgument } from "../tensor/errors.ts"
import * as Shape from "../tensor/Shape.ts"
import type { Dataset, TensorOf } from "./Dataset.ts"
import { DataError } from "./errors.ts"
import * as Field from "./Field.ts"
import { byRange, inOneGo, type Open } from "./ranges.ts"
import { make } from "./rows.ts"

/** What a field's values are in its bytes: little-endian, in row-major order. */
export type Stored = "float32" | "int32" | "uint8"

/** One field of a record whose values are read as bytes. */
export interface StreamedFieldSpec<out E = never, out R = never> extends Field.FieldOptions {
  /**
   * `length` bytes from `offset` (0 is the first value's: add the length of a file's header). Or the stream of all of
   * them, where they can be read from the beginning only: it is run again for every epoch, and then the blocks come in their own
   * order and only the rows of a window are shuffled.
   */
  readonly bytes:
    | ((offset: number, length: number) => Stream.Stream<Uint8Array, E, R>)
    | Stream.Stream<Uint8Array, E, R>
  /** `[N, ...row]`. */
  readonly shape: Shape.Shape
  /** Default `"float32"`. Fields stored as int32 become int32 tensors, others float32, unless `dtype` says. */
  readonly stored?: Stored
}

/** How a data set is streamed. */
export interface StreamOptions {
  /** Rows of a block: what is read together, and consecutive in the data. Default: those of about a mebibyte. */
  readonly blockRows?: number
  /** Blocks whose rows are shuffled among one another, and in memory together. Default 8. */
  readonly window?: number
}

/** Rows that are read a window at a time. Made by `Dataset.streamed`. */
export interface StreamedDataset<out D> {
  readonly size: number
  readonly blockRows: number
  readonly window: number
  readonly columns: ReadonlyArray<Column>
  /** A batch's rows, once they are read. */
  readonly rows: (fields: ReadonlyArray<Field.Field>) => Dataset<D>
}

/** A field, and where its bytes come from. */
export interface Column extends Field.Layout {
  readonly stored: Stored
  /** Values, and bytes, of one row. */
  readonly width: number
  readonly rowBytes: number
  /** Whether its bytes can only be read from the first on. */
  readonly inOneGo: boolean
  readonly open: Open
}

/**
 * Rows of one or several fields that have N in common, read as a fit comes to them; a batch is a record of tensors.
 * A fit over it needs a `batchSize`. What `bytes` requires of services it takes from here.
 *
 * Fails with `DataError` for shapes, dtypes and scales as `fromRecord` does, and `InvalidArgument` unless `blockRows` and `window` are
 * whole numbers from 1. A fit fails with `DataError` where a block's bytes cannot be read, are too few or too many, or
 * hold a value that does not fit, with the field, the block and the byte or row.
 */
export const streamed = Effect.fnUntraced(function* <
  const F extends { readonly [name: string]: StreamedFieldSpec<unknown, unknown> },
>(
  specs: F,
  options: StreamOptions = {},
): Effect.fn.Return<
  StreamedDataset<{ readonly [K in keyof F]: TensorOf<F[K]["shape"]> }>,
  DataError | InvalidArgument,
  { [K in keyof F]: F[K] extends StreamedFieldSpec<unknown, infer R> ? R : never }[keyof F]
> {
  const services = (yield* Effect.context()) as never
  const refuse = (where: string, expected: string, found: unknown) =>
    new DataError({ where, expected, found: String(found) })
  const columns: Array<Column> = []
  let size: number | undefined
  for (const [name, { bytes, shape, stored = "float32", ...options }] of Object.entries(specs)) {
    if (name === "" || name.includes("/")) return yield* refuse("fields", 'names without "/"', `"${name}"`)
    if (!Object.hasOwn(kinds, stored)) {
      return yield* refuse(`${name}, stored`, "float32, int32 or uint8", stored)
    }
    if (typeof bytes !== "function" && !Stream.isStream(bytes)) {
      return yield* refuse(`${name}, bytes`, "a function of a range, or a Stream", typeof bytes)
    }
    const { dtype = stored === "int32" ? "int32" : "float32", scale = 1 } = options
    const [count = 0, ...rowShape] = shape
    const layout: Field.Layout = { name, rowShape, dtype, scale }
    const problem = Field.layoutProblem(layout, shape)
    if (problem !== undefined) return yield* problem
    size ??= count
    if (count !== size) return yield* refuse(name, `${size} rows, as in ${columns[0]!.name}`, count)
    const width = Shape.size(rowShape)
    columns.push({
      ...layout,
      stored,
      width,
      rowBytes: width * kinds[stored].BYTES_PER_ELEMENT,
      inOneGo: typeof bytes !== "function",
      open: typeof bytes === "function" ? byRange(bytes, services) : inOneGo(bytes, services),
    })
  }
  if (size === undefined) return yield* refuse("data", "at least one field", "none")
  const rowBytes = columns.reduce((sum, column) => sum + column.rowBytes, 0)
  const { blockRows = Math.max(1, Math.floor(MEBIBYTE / rowBytes)), window = 8 } = options
  for (const [name, count] of Object.entries({ blockRows, window })) {
    if (!(Number.isInteger(count) && count >= 1)) {
      return yield* new InvalidArgument({
        where: `Dataset.streamed, ${name}`,
        expected: "a whole number, at least 1",
        found: String(count),
      })
    }
  }
  return { size, blockRows: Math.min(blockRows, size), window, columns, rows: make }
})

/** Room for so many rows of a column. */
export const room = ({ stored, width }: Column, rows: number): Field.Values => new kinds[stored](rows * width)

const kinds = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array } as const

const MEBIBYTE = 2 ** 20
