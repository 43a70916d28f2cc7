/**
 * Minibatches: which rows of a data set an epoch takes together, in which order. Pure: the plan depends on the key
 * and the epoch alone, so that a run can be resumed in the middle of one.
 */
import { Effect } from "effect"
import { InvalidArgument } from "../tensor/errors.ts"
import * as Key from "../tensor/Key.ts"

/**
 * The plan of one epoch: the indices of each batch. Every row comes once (save those dropped with
 * `dropRemainder`, default false: otherwise the last batch may be smaller), in an order given by
 * `foldIn(key, epoch)`, or in the data's own with `shuffle: false`.
 *
 * Fails with `InvalidArgument` unless the data set has a row, the batch size is a whole number from 1 to the data set's size, and the
 * epoch one from 0.
 */
export const batches = Effect.fnUntraced(function* (
  dataset: { readonly size: number },
  options: {
    readonly batchSize: number
    readonly key: Key.Key
    readonly epoch: number
    readonly shuffle?: boolean
    readonly dropRemainder?: boolean
  },
): Effect.fn.Return<ReadonlyArray<Int32Array>, InvalidArgument> {
  const { batchSize, key, epoch, shuffle = true, dropRemainder = false } = options
  const { size } = dataset
  yield* checkPlan(dataset, options)
  const order = shuffle
    ? Key.permutation(Key.foldIn(key, epoch), size)
    : Int32Array.from({ length: size }, (_, i) => i)
  const count = dropRemainder ? Math.floor(size / batchSize) : Math.ceil(size / batchSize)
  return Array.from({ length: count }, (_, i) => order.subarray(i * batchSize, (i + 1) * batchSize))
})

/** Refuses what there is no plan for, with `InvalidArgument`. */
export const checkPlan = Effect.fnUntraced(function* (
  { size }: { readonly size: number },
  { batchSize, epoch }: { readonly batchSize: number; readonly epoch: number },
): Effect.fn.Return<void, InvalidArgument> {
  if (!Number.isInteger(size) || size < 1) {
    return yield* new InvalidArgument({
      where: "data set",
      expected: "a size of at least one row",
      found: String(size),
    })
  }
  if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > size) {
    return yield* new InvalidArgument({
      where: "batchSize",
      expected: `a whole number from 1 to the data set's ${size} rows`,
      found: String(batchSize),
    })
  }
  if (!Number.isInteger(epoch) || epoch < 0) {
    return yield* new InvalidArgument({
      where: "epoch",
      expected: "a whole number, at least 0",
      found: String(epoch),
    })
  }
})
