/** Batches of data that are streamed: each is read when the loop comes to it, and forgotten when it asks for the next. */
import { Effect, type Scope } from "effect"
import { checkPlan } from "../data/Batches.ts"
import type { Dataset, StreamedDataset } from "../data/Dataset.ts"
import { open, orderOf } from "../data/Windows.ts"
import { isProgramError, ProgramThrew } from "../effects/errors.ts"
import { InvalidArgument } from "../tensor/errors.ts"
import type * as Key from "../tensor/Key.ts"
import type { Pending, Source } from "./Source.ts"

/** Fails with `InvalidArgument` without a batch size, or for one out of range. */
export const streamed = Effect.fnUntraced(function* <D>(
  data: StreamedDataset<D>,
  options: { readonly batchSize: number | undefined; readonly key: Key.Key; readonly shuffle: boolean },
): Effect.fn.Return<Source<D>, InvalidArgument, Scope.Scope> {
  const { size } = data
  const { batchSize } = options
  if (batchSize === undefined) {
    return yield* new InvalidArgument({
      where: "batchSize",
      expected: `a number of rows, since the data's ${size} are streamed`,
      found: "none",
    })
  }
  yield* checkPlan(data, { batchSize, epoch: 0 })
  const read = yield* open(data, options)
  // A fit asks for the first batch again and again, also in the middle of an epoch: whenever its parameters are read.
  let first: Dataset<D> | undefined
  let last: { readonly epoch: number; readonly from: number; readonly rows: Dataset<D> } | undefined
  const heldAt = (epoch: number, from: number): Dataset<D> | undefined => {
    if (epoch === 0 && from === 0) return first
    return last !== undefined && last.epoch === epoch && last.from === from ? last.rows : undefined
  }

  const batch = (epoch: number, i: number): Pending<D> => {
    const from = i * batchSize
    const to = Math.min(size, from + batchSize)
    return {
      rows: to - from,
      load: Effect.suspend(() =>
        heldAt(epoch, from) !== undefined
          ? Effect.void
          : Effect.map(read(epoch, from, to), (fields) => {
              const rows = data.rows(fields)
              if (epoch === 0 && from === 0) first = rows
              else last = { epoch, from, rows }
            }),
      ),
      take: (key) => {
        const rows = heldAt(epoch, from)
        if (rows === undefined) {
          throw new InvalidArgument({ where: "a batch", expected: "one that is loaded", found: "another" })
        }
        return takeFrom(
          rows,
          Int32Array.from({ length: rows.size }, (_, i) => i),
          key,
        )
      },
    }
  }
  return {
    size,
    batchSize,
    whole: false,
    order: orderOf(data),
    plan: (epoch) =>
      Effect.as(
        checkPlan(data, { batchSize, epoch }),
        Array.from({ length: Math.ceil(size / batchSize) }, (_, i) => batch(epoch, i)),
      ),
  }
})

/** Rows of a data set. What a `take` of the user's own throws comes out as `ProgramThrew`. */
export const takeFrom = <D>(dataset: Dataset<D>, indices: Int32Array, key: Key.Key): D => {
  try {
    return dataset.take(indices, key)
  } catch (thrown) {
    if (isProgramError(thrown)) throw thrown
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    throw new ProgramThrew({ reason: `the data set, asked for rows: ${message}`, cause: thrown })
  }
}
