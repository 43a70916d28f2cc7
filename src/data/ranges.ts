/** Bytes by range: of a source that gives any range, or of a stream that can only be read from its beginning. */
import { type Cause, type Context, Effect, Exit, Pull, Scope, Stream } from "effect"
import { type DataError, notBytes } from "./errors.ts"

/**
 * Fills `into` with the bytes from `offset` on. How many there were comes back: fewer where they ended, and more where a
 * range was given more than it was asked for.
 */
export type Fill = (offset: number, into: Uint8Array) => Effect.Effect<number, unknown>

/** Opens the bytes, for one reader who reads one range after the other. What is opened is closed with the scope. */
export type Open = Effect.Effect<Fill, never, Scope.Scope>

/** Bytes of a source that gives any range. Ranges may be read at the same time. */
export const byRange = <E, R>(
  bytes: (offset: number, length: number) => Stream.Stream<Uint8Array, E, R>,
  services: Context.Context<R>,
): Open =>
  Effect.succeed((offset, into) =>
    Effect.gen(function* () {
      const stream = yield* Effect.try({ try: () => bytes(offset, into.length), catch: (thrown) => thrown })
      let at = 0
      // One chunk too many is enough to know.
      yield* Stream.runForEachWhile(Stream.provideContext(stream, services), (chunk) =>
        Effect.map(checked(chunk), () => {
          if (at + chunk.length <= into.length) into.set(chunk, at)
          at += chunk.length
          return at <= into.length
        }),
      )
      return at
    }),
  )

/** A stream under way: how far it has been read, and what of its last chunks has not. */
interface Course {
  readonly scope: Scope.Closeable
  readonly pull: Effect.Effect<ReadonlyArray<Uint8Array>, unknown>
  at: number
  rest: ReadonlyArray<Uint8Array>
}

/**
 * Bytes of a stream that can only be read from its beginning. It is read on where the next range lies ahead, and begun again
 * where it lies behind, or where reading was cut off.
 */
export const inOneGo = <E, R>(stream: Stream.Stream<Uint8Array, E, R>, services: Context.Context<R>): Open =>
  Effect.map(Effect.scope, (outer): Fill => {
    let course: Course | undefined
    const stop = Effect.suspend(() => {
      const { scope } = course ?? {}
      course = undefined
      return scope === undefined ? Effect.void : Scope.close(scope, Exit.void)
    })
    const begin = Effect.gen(function* () {
      yield* stop
      const scope = yield* Scope.fork(outer)
      const pull = yield* Scope.provide(Stream.toPull(Stream.provideContext(stream, services)), scope)
      course = { scope, pull, at: 0, rest: [] }
      return course
    })
    return (offset, into) =>
      Effect.gen(function* () {
        const under = course === undefined || course.at > offset ? yield* begin : course
        while (under.at < offset + into.length) {
          const [chunk, ...rest] = under.rest
          if (chunk === undefined) {
            const more: ReadonlyArray<Uint8Array> = yield* Pull.catchDone(
              under.pull as Effect.Effect<ReadonlyArray<Uint8Array>, unknown | Cause.Done>,
              () => Effect.succeed([]),
            )
            if (more.length === 0) break
            under.rest = yield* Effect.forEach(more, checked)
            continue
          }
          const from = Math.max(0, offset - under.at)
          const to = Math.min(chunk.length, offset + into.length - under.at)
          if (from < to) into.set(chunk.subarray(from, to), under.at + from - offset)
          under.rest = to < chunk.length ? [chunk.subarray(to), ...rest] : rest
          under.at += to
        }
        return Math.max(0, under.at - offset)
      }).pipe(Effect.onExit((exit) => (Exit.isSuccess(exit) ? Effect.void : stop)))
  })

/** For streams without types. */
const checked = (chunk: Uint8Array): Effect.Effect<Uint8Array, DataError> =>
  chunk instanceof Uint8Array ? Effect.succeed(chunk) : Effect.fail(notBytes("a stream's chunk", chunk))
