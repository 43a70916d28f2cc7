/**
 * When a fit writes checkpoints, and where: the newest at `path`, the one before at `path.1`, and so on.
 *
 * Each write leaves a whole file at `path` at every moment (`Storage.write`), and no step is taken while one is written,
 * so that the file is of one moment.
 */
import { Clock, Duration, Effect } from "effect"
import type { StorageError } from "../../data/errors.ts"
import { Storage } from "../../data/Storage.ts"
import { InvalidArgument } from "../../tensor/errors.ts"
import { CheckpointError } from "../errors.ts"
import { type Checkpoint, encode } from "./Checkpoint.ts"

/** Where a fit writes its checkpoints, and how often. */
export interface CheckpointOptions {
  readonly path: string
  /**
   * A number of steps (of iterations, in EM), or a time such as `"30 seconds"`. Default `"1 minute"`. Besides, one is
   * written when the fit begins, which finds out at once whether it can be (but not where the fit goes on from that very
   * file), when it ends, and when it is interrupted.
   */
  readonly every?: number | Exclude<Duration.Input, number | bigint>
  /** How many are kept: a whole number from 1 up, default 1. The older are at `path.1`, `path.2`, … */
  readonly keep?: number
}

/** Writes the checkpoints of one fit. */
export interface Keeper {
  /** Writes one now. */
  readonly write: (checkpoint: Checkpoint) => Effect.Effect<void, CheckpointError>
  /** Writes one if it is time to. */
  readonly whenDue: (
    step: number,
    checkpoint: Effect.Effect<Checkpoint, CheckpointError>,
  ) => Effect.Effect<void, CheckpointError>
}

/** Fails with `InvalidArgument` for options out of range. */
export const keeper = Effect.fnUntraced(function* (
  { path, every = "1 minute", keep = 1 }: CheckpointOptions,
  resume: Checkpoint | undefined,
): Effect.fn.Return<Keeper, InvalidArgument> {
  const refuse = (name: string, expected: string, found: unknown) =>
    new InvalidArgument({ where: `checkpoint: ${name}`, expected, found: String(found) })
  const isCount = (n: number) => Number.isInteger(n) && n >= 1
  if (typeof path !== "string" || path === "") return yield* refuse("path", "a path", JSON.stringify(path))
  if (!isCount(keep)) return yield* refuse("keep", "a whole number, at least 1", keep)
  const steps = typeof every === "number" ? every : undefined
  if (steps !== undefined && !isCount(steps))
    return yield* refuse("every", "a whole number of steps, at least 1, or a time", steps)
  const time = typeof every === "number" ? undefined : Duration.fromInput(every)
  if (time !== undefined && time._tag === "None")
    return yield* refuse("every", "a number of steps, or a time", every)
  const patience = time === undefined ? 0 : Duration.toMillis(time.value)

  const storage = yield* Storage
  let lastStep = resume?.about.step ?? 0
  // The step of the file at the path, where that is known to be of this fit.
  let written = resume?.name === path ? lastStep : undefined
  let lastTime = yield* Clock.currentTimeMillis

  const write = Effect.fnUntraced(function* (checkpoint: Checkpoint) {
    const { step } = checkpoint.about
    // A fit that resumes begins where its file stands, and the last step's may be due just before the fit ends: twice,
    // it would push out an older one.
    if (written === step) return
    const bytes = yield* encode({ ...checkpoint, name: path })
    for (let age = keep - 1; age >= 1; age--) {
      yield* inStorage(storage.copy(age === 1 ? path : `${path}.${age - 1}`, `${path}.${age}`))
    }
    yield* inStorage(storage.write(path, bytes))
    written = step
    lastStep = step
    lastTime = yield* Clock.currentTimeMillis
  }, Effect.uninterruptible)

  return {
    write,
    whenDue: (step, checkpoint) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        (steps === undefined ? now - lastTime >= patience : step - lastStep >= steps)
          ? Effect.flatMap(checkpoint, write)
          : Effect.void,
      ),
  }
})

/** A storage's failure, as one of a checkpoint. */
export const inStorage = <A>(effect: Effect.Effect<A, StorageError>): Effect.Effect<A, CheckpointError> =>
  Effect.mapError(
    effect,
    ({ operation, path, reason }) =>
      new CheckpointError({
        path,
        expected: `a storage that can ${operation} it`,
        found: reason,
        advice:
          operation === "read"
            ? "check that the path is a file that this process may read"
            : "check that the folder can be written and the disk has room; what was there before is untouched",
      }),
  )
