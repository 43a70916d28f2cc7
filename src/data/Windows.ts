/**
 * Reads a streamed data set's batches: a window of blocks is in memory, and the next one is read meanwhile. Which rows an
 * epoch takes together depends on the key and the epoch alone, so that a run can be resumed in the middle of one.
 */
import { Effect, Exit, Fiber, type Scope } from "effect"
import * as Key from "../tensor/Key.ts"
import { DataError } from "./errors.ts"
import * as Field from "./Field.ts"
import type { Fill } from "./ranges.ts"
import { type Column, room, type StreamedDataset } from "./Streamed.ts"

/** The fields of rows `from` to `to` − 1 of an epoch, in its order. */
export type ReadRows = (
  epoch: number,
  from: number,
  to: number,
) => Effect.Effect<ReadonlyArray<Field.Field>, DataError>

/** Consecutive rows of an epoch, and the blocks that have them, in the data's order. */
interface Window {
  readonly blocks: ReadonlyArray<number>
  readonly start: number
  readonly rows: number
}

/** Blocks in memory. */
interface Held {
  readonly blocks: ReadonlyArray<number>
  readonly values: ReadonlyArray<Field.Values>
}

/** Blocks being read. */
interface Ahead extends Held {
  readonly fiber: Fiber.Fiber<void, DataError>
}

/**
 * A reader of epochs' rows, for one fiber. It has two windows' memory at most, which it uses again and again; reading
 * ahead stops when the scope closes.
 */
export const open = Effect.fnUntraced(function* <D>(
  data: StreamedDataset<D>,
  { key, shuffle }: { readonly key: Key.Key; readonly shuffle: boolean },
): Effect.fn.Return<ReadRows, never, Scope.Scope> {
  const scope = yield* Effect.scope
  const { size, blockRows, columns } = data
  const fills = yield* Effect.forEach(columns, (column) => column.open)
  const inOneGo = hasOrder(columns)
  const blockCount = Math.ceil(size / blockRows)
  const windowCount = Math.ceil(blockCount / data.window)
  const rowsOf = (block: number): number => Math.min(blockRows, size - block * blockRows)

  const epochKey = (epoch: number) => Key.foldIn(key, epoch)
  const windowsOf = remembering((epoch: number): ReadonlyArray<Window> => {
    const isShuffled = shuffle && !inOneGo && windowCount > 1
    const order = isShuffled
      ? Key.permutation(Key.foldInName(epochKey(epoch), "blocks"), blockCount)
      : range(blockCount)
    let start = 0
    return Array.from({ length: windowCount }, (_, w) => {
      const blocks = [...order.subarray(w * data.window, (w + 1) * data.window)].sort((a, b) => a - b)
      const rows = blocks.reduce((sum, block) => sum + rowsOf(block), 0)
      start += rows
      return { blocks, start: start - rows, rows }
    })
  })
  const orderOf = remembering((epoch: number, w: number): Int32Array => {
    const { rows } = windowsOf(epoch)[w]!
    if (!shuffle) return range(rows)
    // Where there is one window its order is that of a data set in memory.
    const windowKey =
      windowCount === 1 ? epochKey(epoch) : Key.foldIn(Key.foldInName(epochKey(epoch), "rows"), w)
    return Key.permutation(windowKey, rows)
  })

  let present: Held | undefined
  let ahead: Ahead | undefined
  const spare: Array<Held["values"]> = []
  const most = Math.min(size, blockRows * data.window)

  const read = ({ blocks, values }: Held): Effect.Effect<void, DataError> => {
    let row = 0
    const parts = blocks.flatMap((block) => {
      const at = row
      row += rowsOf(block)
      return columns.map((column, c) => ({ column, fill: fills[c]!, values: values[c]!, block, at }))
    })
    return Effect.forEach(
      parts,
      ({ column, fill, values, block, at }) => {
        const rows = rowsOf(block)
        const into = values.subarray(at * column.width, (at + rows) * column.width)
        return readBlock(column, fill, { block, first: block * blockRows, into })
      },
      { concurrency: inOneGo ? 1 : TOGETHER, discard: true },
    )
  }

  const dropAhead = Effect.suspend(() => {
    if (ahead === undefined) return Effect.void
    const { fiber, values } = ahead
    ahead = undefined
    return Effect.andThen(
      Fiber.interrupt(fiber),
      Effect.sync(() => void spare.push(values)),
    )
  })

  const readAhead = (blocks: ReadonlyArray<number>): Effect.Effect<Ahead> =>
    Effect.suspend(() => {
      const held = { blocks, values: spare.pop() ?? columns.map((column) => room(column, most)) }
      return Effect.map(Effect.forkIn(read(held), scope, { startImmediately: true }), (fiber) => {
        ahead = { ...held, fiber }
        return ahead
      })
    })

  /** Puts `blocks` in place of those present. */
  const fetch = Effect.fnUntraced(function* (blocks: ReadonlyArray<number>) {
    const coming = yield* Effect.uninterruptible(
      Effect.suspend(() => {
        if (ahead !== undefined && same(ahead.blocks, blocks)) return Effect.succeed(ahead)
        return Effect.flatMap(dropAhead, () => {
          if (present !== undefined) spare.push(present.values)
          present = undefined
          return readAhead(blocks)
        })
      }),
    )
    const exit = yield* Fiber.await(coming.fiber)
    ahead = undefined
    if (Exit.isFailure(exit)) {
      spare.push(coming.values)
      return yield* Effect.failCause(exit.cause)
    }
    if (present !== undefined) spare.push(present.values)
    present = coming
    return present
  })

  return Effect.fnUntraced(function* (epoch, from, to) {
    const batch = columns.map((column) => room(column, to - from))
    for (const [w, { blocks, start, rows }] of windowsOf(epoch).entries()) {
      if (start + rows <= from || start >= to) continue
      const held = present !== undefined && same(present.blocks, blocks) ? present : yield* fetch(blocks)
      const [begin, end] = [Math.max(from, start), Math.min(to, start + rows)]
      const indices = orderOf(epoch, w).subarray(begin - start, end - start)
      for (const [c, { width }] of columns.entries()) {
        Field.copyRows(held.values[c]!, indices, width, batch[c]!.subarray((begin - from) * width))
      }
      if (ahead !== undefined || windowCount === 1) continue
      const next =
        w + 1 < windowCount ? windowsOf(epoch)[w + 1] : shuffle ? windowsOf(epoch + 1)[0] : undefined
      if (next !== undefined) yield* Effect.uninterruptible(readAhead(next.blocks))
    }
    return columns.map((column, c) => Field.over(column, batch[c]!))
  })
})

/**
 * In words, what besides the key the order of rows depends on. Where a window has all the rows it is that of data in memory.
 */
export const orderOf = ({
  size,
  blockRows,
  window,
  columns,
}: StreamedDataset<unknown>): string | undefined =>
  blockRows * window >= size
    ? undefined
    : `windows of ${window} blocks of ${blockRows} rows${hasOrder(columns) ? ", one after the other" : ""}`

/** Whether some bytes can be read in their order only, and so all are. */
const hasOrder = (columns: ReadonlyArray<Column>): boolean => columns.some((column) => column.inOneGo)

/** Blocks read at the same time. */
const TOGETHER = 4

const readBlock = (
  column: Column,
  fill: Fill,
  { block, first, into }: { readonly block: number; readonly first: number; readonly into: Field.Values },
): Effect.Effect<void, DataError> => {
  const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength)
  const offset = first * column.rowBytes
  const refuse = (found: string) =>
    new DataError({
      where: `${column.name}, block ${block}`,
      expected: `${bytes.length} bytes from byte ${offset}`,
      found,
    })
  return Effect.flatMap(
    Effect.mapError(fill(offset, bytes), (cause) =>
      refuse(cause instanceof Error ? cause.message : String(cause)),
    ),
    (count) => {
      if (count < bytes.length) return Effect.fail(refuse(`${count}: they end at byte ${offset + count}`))
      if (count > bytes.length) return Effect.fail(refuse(`at least ${count}`))
      const problem = Field.valueProblem(column, into, first)
      return problem === undefined ? Effect.void : Effect.fail(problem)
    },
  )
}

/** The last result of `f`, again for the same arguments. */
const remembering = <A extends ReadonlyArray<number>, B>(f: (...args: A) => B): ((...args: A) => B) => {
  let last: { readonly args: A; readonly result: B } | undefined
  return (...args) => {
    if (last === undefined || !same(last.args, args)) last = { args, result: f(...args) }
    return last.result
  }
}

const same = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): boolean =>
  a.length === b.length && a.every((x, i) => x === b[i])

const range = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => i)
