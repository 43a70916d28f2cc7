/** Bytes as streams that are watched: which ranges were asked for, and how many streams are open. */
import { Effect, Stream } from "effect"

/** What has been asked of a source. */
export interface Watched {
  /** The ranges asked for, in order. */
  readonly ranges: Array<readonly [offset: number, length: number]>
  open: number
  mostOpen: number
}

const unwatched = (): Watched => ({ ranges: [], open: 0, mostOpen: 0 })

/** The bytes of an array, in chunks of an odd length, each after a turn of the event loop. */
export const chunksOf = (
  values: { readonly buffer: ArrayBufferLike },
  offset: number,
  length: number,
  chunk = 13,
): Stream.Stream<Uint8Array> => {
  const bytes = new Uint8Array(values.buffer).subarray(offset, offset + length)
  const starts = Array.from({ length: Math.ceil(bytes.length / chunk) }, (_, i) => i * chunk)
  return Stream.mapEffect(Stream.fromIterable(starts), (start) =>
    Effect.as(Effect.yieldNow, bytes.subarray(start, start + chunk)),
  )
}

/** The same stream, counted while it is open. */
export const counted = <A, E>(stream: Stream.Stream<A, E>, watched: Watched): Stream.Stream<A, E> =>
  Stream.unwrap(
    Effect.map(
      Effect.acquireRelease(
        Effect.sync(() => {
          watched.open++
          watched.mostOpen = Math.max(watched.mostOpen, watched.open)
        }),
        () => Effect.sync(() => void watched.open--),
      ),
      () => stream,
    ),
  )

/** A source of any range of an array. */
export const watch = (values: { readonly buffer: ArrayBufferLike }, chunk?: number) => {
  const watched = unwatched()
  const bytes = (offset: number, length: number) => {
    watched.ranges.push([offset, length])
    return counted(chunksOf(values, offset, length, chunk), watched)
  }
  return { bytes, watched }
}

/** A source that can only be read from its beginning. */
export const watchInOneGo = (values: { readonly buffer: ArrayBufferLike; readonly byteLength: number }) => {
  const watched = unwatched()
  const bytes = Stream.suspend(() => {
    watched.ranges.push([0, values.byteLength])
    return counted(chunksOf(values, 0, values.byteLength), watched)
  })
  return { bytes, watched }
}
