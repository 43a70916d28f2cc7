/**
 * Where a loop's batches come from: a data set taken in shuffled minibatches, or the data themselves, whole.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect, type Scope } from "effect"
import * as Dataset from "../data/Dataset.ts"
import { DataError } from "../data/errors.ts"
import { InvalidArgument } from "../tensor/errors.ts"
import type * as Key from "../tensor/Key.ts"
import type { Tree } from "../tensor/Tree.ts"
import { streamed, takeFrom } from "./streamed.ts"

/** Batches by epoch. Where `whole` is true there is one, and it is the caller's own. */
export interface Source<out B> {
  /** Rows in all; 1 where the data have no rows to count. */
  readonly size: number
  readonly batchSize: number
  readonly whole: boolean
  /** How an epoch's rows are ordered, if not as those of data in memory are by the key. */
  readonly order?: string | undefined
  readonly plan: (epoch: number) => Effect.Effect<ReadonlyArray<Pending<B>>, InvalidArgument>
}

/** A batch not yet taken, and how many rows it has. */
export interface Pending<out B> {
  readonly rows: number
  /** Which rows of the data they are, in the batch's order, where that is known. */
  readonly indices?: Int32Array
  /** Brings the batch's rows to the host, where they are not there yet: to be run before `take`, batch after batch. */
  readonly load?: Effect.Effect<void, DataError>
  readonly take: (key: Key.Key) => B
}

/** Data in memory: tensors as the programs take them, or a data set that yields them. */
export type InMemory<D> = D | Dataset.Dataset<D>

/** The data of a fit: in memory, or streamed. */
export type Data<D> = InMemory<D> | Dataset.StreamedDataset<D>

/**
 * Batches of `data`: all of it at once unless `batchSize` is given. Tensors given with a `batchSize` are read to the
 * host once. Fails with `DataError` for tensors that make no data set, `InvalidArgument` for a batch size out of range, or none
 * where the data are streamed. Closing the scope ends what is being read of these.
 */
export const make = Effect.fnUntraced(function* <D>(
  data: Data<D>,
  options: { readonly batchSize?: number | undefined; readonly key: Key.Key; readonly shuffle?: boolean },
): Effect.fn.Return<Source<D>, DataError | InvalidArgument, Scope.Scope> {
  const { batchSize, key, shuffle = true } = options
  if (isStreamed(data)) return yield* streamed(data, { batchSize, key, shuffle })
  if (!isDataset(data) && batchSize === undefined) {
    const size = rows(data)
    return {
      size,
      batchSize: size,
      whole: true,
      plan: () => Effect.succeed([{ rows: size, take: () => data }]),
    }
  }
  const stray = isDataset(data) ? undefined : strayIn(data, "data")
  if (stray !== undefined) return yield* stray
  const dataset = isDataset(data)
    ? data
    : yield* Dataset.fromTensors(data as Tree) as unknown as Effect.Effect<Dataset.Dataset<D>, DataError>
  const size = batchSize ?? dataset.size
  const source: Source<D> = {
    size: dataset.size,
    batchSize: size,
    whole: false,
    plan: (epoch) =>
      Effect.map(Dataset.batches(dataset, { batchSize: size, key, epoch, shuffle }), (batches) =>
        batches.map((indices) => ({
          rows: indices.length,
          indices,
          take: (key: Key.Key) => takeFrom(dataset, indices, key),
        })),
      ),
  }
  // A batch size out of range should fail now, not at the first step.
  yield* source.plan(0)
  return source
})

/** All of the data as one batch, for the caller's tidy to own unless it is the caller's already. */
export const everything = <D>(data: Data<D>, key: Key.Key): D => {
  if (isStreamed(data)) {
    throw new InvalidArgument({
      where: "data",
      expected: "some rows in memory",
      found: `${data.size} rows that are streamed`,
    })
  }
  return isDataset(data)
    ? takeFrom(
        data,
        Int32Array.from({ length: data.size }, (_, i) => i),
        key,
      )
    : data
}

const isStreamed = <D>(data: Data<D>): data is Dataset.StreamedDataset<D> =>
  typeof data === "object" && data !== null && "rows" in data && typeof data.rows === "function"

const isDataset = <D>(data: Data<D>): data is Dataset.Dataset<D> =>
  typeof data === "object" && data !== null && "take" in data && typeof data.take === "function"

/** What cannot be taken a few rows at a time, and would be lost without a word. */
const strayIn = (data: unknown, where: string): DataError | undefined => {
  if (data instanceof tf.Tensor) return undefined
  if (typeof data === "object" && data !== null && !Array.isArray(data)) {
    for (const [name, value] of Object.entries(data)) {
      const stray = strayIn(value, `${where}.${name}`)
      if (stray !== undefined) return stray
    }
    return undefined
  }
  const found = Array.isArray(data) ? "an array" : data === null ? "null" : typeof data
  return new DataError({ where, expected: "a tensor or a record of tensors, to take minibatches of", found })
}

/** The length of the first axis of the first tensor. */
const rows = (data: unknown): number => {
  const [first] = tf.tensor_util.getTensorsInContainer(data as tf.TensorContainer)
  return first?.shape[0] ?? 1
}
