/**
 * When checkpoints are written, which are kept, and what becomes of a fit whose disk fails: of fitSVI and of fitEM, which
 * have it from the same place.
 */
import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Cause, Deferred, Duration, Effect, Exit, Fiber, Logger, type Scope } from "effect"
import { TestClock } from "effect/testing"
import {
  Backend,
  Checkpoint,
  CheckpointError,
  closedForm,
  fitEM,
  fitSVI,
  GaussianMixture,
  Key,
  Normal,
  resume,
  Storage,
  StorageError,
  type SurvivalOptions,
} from "../../../src/index.ts"
import { rows } from "../gaussian.ts"

/** A fit of so many steps; `onStep` is told the step. */
interface Options extends SurvivalOptions {
  readonly steps: number
  readonly onStep?: (step: number) => Effect.Effect<void>
}

const fits: Readonly<
  Record<
    string,
    (options: Options) => Effect.Effect<unknown, { readonly message: string }, Backend | Scope.Scope>
  >
> = {
  fitSVI: ({ onStep, ...options }) =>
    Effect.suspend(() =>
      fitSVI(rows.model(6, 1.3, 0.2), rows.guide(6), tf.tensor1d([1, 2, 0, 1, 2, 0.5]), {
        ...options,
        ...(onStep && { onStep: ({ step }) => onStep(step) }),
      }),
    ),
  fitEM: ({ steps, onStep, ...options }) =>
    Effect.suspend(() => {
      const mixture = GaussianMixture.make({ components: 2, dimensions: 1, size: 30 })
      const x = Normal({ loc: [[-1], [1]], scale: 1 }).sample(Key.key(1), [15])
      return fitEM(mixture.model, tf.reshape(x, [30, 1]), {
        mStep: closedForm(mixture.maximize),
        iterations: steps,
        tolerance: 0,
        ...options,
        ...(onStep && { onIteration: ({ iteration }) => onStep(iteration) }),
      })
    }),
}

/** A fit with what is made for it freed at its end, as its data are. */
const alone = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.scoped(
    Effect.andThen(
      Effect.acquireRelease(
        Effect.sync(() => tf.engine().startScope()),
        () => Effect.sync(() => tf.engine().endScope()),
      ),
      effect,
    ),
  )

const path = "runs/fit"

/** A storage in memory in which an operation can be made to fail, or to take its time. */
const storageOf = (
  before: (operation: "write" | "copy", nth: number) => Effect.Effect<void, StorageError> = () => Effect.void,
) =>
  Effect.map(Storage.memory, (storage) => {
    /** The steps of the files that lie at path, path.1, … after each write. */
    const writes: Array<ReadonlyArray<number>> = []
    const asked = { write: 0, copy: 0 }
    const watched: Storage = {
      ...storage,
      write: (to, bytes) =>
        Effect.gen(function* () {
          yield* before("write", ++asked.write)
          yield* storage.write(to, bytes)
          writes.push(yield* stepsOf(storage))
        }),
      copy: (from, to) =>
        Effect.andThen(
          Effect.suspend(() => before("copy", ++asked.copy)),
          storage.copy(from, to),
        ),
    }
    return { storage: watched, writes, newest: () => writes.map(([step]) => step), asked }
  })

/** The step of each checkpoint kept, the newest first. Each must be whole. */
const stepsOf = Effect.fnUntraced(function* (storage: Storage) {
  const steps: Array<number> = []
  for (let age = 0; ; age++) {
    const bytes = yield* storage.read(age === 0 ? path : `${path}.${age}`)
    if (bytes === undefined) return steps
    steps.push((yield* Effect.orDie(Checkpoint.decode(bytes, path))).about.step)
  }
})

const within = (storage: Storage) => Effect.provideService(Storage, storage)

for (const backend of ["cpu", "wasm"] as const) {
  layer(Backend[backend]())(`on ${backend}`, (it) => {
    describe.each(Object.entries(fits))("%s", (_, begun) => {
      it.effect("keeps the three newest, in order", () =>
        Effect.gen(function* () {
          const { storage, writes } = yield* storageOf()
          yield* alone(begun({ steps: 6, checkpoint: { path, every: 1, keep: 3 } })).pipe(within(storage))
          // The sixth is due and the last: written once, it pushes nothing out.
          expect(writes).toEqual([[0], [1, 0], [2, 1, 0], [3, 2, 1], [4, 3, 2], [5, 4, 3], [6, 5, 4]])
        }),
      )

      it.effect("keeps one, when asked for no more", () =>
        Effect.gen(function* () {
          const { storage, writes } = yield* storageOf()
          yield* alone(begun({ steps: 3, checkpoint: { path, every: 1 } })).pipe(within(storage))
          expect(writes).toEqual([[0], [1], [2], [3]])
        }),
      )

      it.effect("writes before its first step, every so many, and at its end", () =>
        Effect.gen(function* () {
          const { storage, newest } = yield* storageOf()
          const told: Array<string> = []
          const onStep = (step: number) => Effect.sync(() => void told.push(`${step}: ${newest()}`))
          yield* alone(begun({ steps: 10, onStep, checkpoint: { path, every: 4 } })).pipe(within(storage))
          expect(newest()).toEqual([0, 4, 8, 10])
          expect(told[0]).toBe("1: 0")
        }),
      )

      it.effect.each([
        ["as a text", { every: "1 minute" }],
        ["as a duration", { every: Duration.seconds(60) }],
        ["by default", {}],
      ] as const)("writes whenever a time has passed since it last did: %s", ([_, every]) =>
        Effect.gen(function* () {
          const { storage, newest } = yield* storageOf()
          yield* alone(
            begun({
              steps: 10,
              onStep: () => TestClock.adjust("25 seconds"),
              checkpoint: { path, ...every },
            }),
          ).pipe(within(storage))
          expect(newest()).toEqual([0, 3, 6, 9, 10])
        }),
      )

      it.effect("counts on where it resumes, and writes anew what it did not find at its path", () =>
        Effect.gen(function* () {
          const { storage, writes, newest } = yield* storageOf()
          const checkpoint = { path, every: 3, keep: 2 }
          yield* alone(begun({ steps: 4, checkpoint })).pipe(within(storage))
          expect(newest()).toEqual([0, 3, 4])
          writes.length = 0
          // From the file at its path, which it leaves as it is until there is a newer state.
          const again = Effect.flatMap(resume(path), (resume) => begun({ steps: 11, checkpoint, resume }))
          yield* alone(again).pipe(within(storage))
          expect(writes).toEqual([
            [7, 4],
            [10, 7],
            [11, 10],
          ])
          writes.length = 0
          const older = Effect.flatMap(resume(`${path}.1`), (resume) =>
            begun({ steps: 12, checkpoint, resume }),
          )
          yield* alone(older).pipe(within(storage))
          expect(writes).toEqual([
            [10, 11],
            [12, 10],
          ])
        }),
      )

      it.effect("that resumes at its end takes no step, and leaves the file alone", () =>
        Effect.gen(function* () {
          const { storage, newest } = yield* storageOf()
          yield* alone(begun({ steps: 2, checkpoint: { path } })).pipe(within(storage))
          const before = yield* storage.read(path)
          const steps: Array<number> = []
          const onStep = (step: number) => Effect.sync(() => void steps.push(step))
          yield* alone(
            Effect.flatMap(resume(path), (resume) =>
              begun({ steps: 2, onStep, checkpoint: { path }, resume }),
            ),
          ).pipe(within(storage))
          expect(steps).toEqual([])
          expect(yield* storage.read(path)).toEqual(before)
          expect(newest()).toEqual([0, 2])
        }),
      )

      it.effect("writes when it is interrupted", () =>
        Effect.gen(function* () {
          const { storage, newest } = yield* storageOf()
          const exit = yield* Effect.exit(
            alone(
              begun({
                steps: 10,
                checkpoint: { path, every: 100 },
                onStep: (step) => (step === 5 ? Effect.interrupt : Effect.void),
              }),
            ).pipe(within(storage)),
          )
          expect(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)).toBe(true)
          expect(newest()).toEqual([0, 5])
        }),
      )

      it.effect("has written what it began to write when it was interrupted", () =>
        Effect.gen(function* () {
          const [writing, free] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
          const { storage, newest, asked } = yield* storageOf((operation, nth) =>
            operation === "write" && nth === 3
              ? Effect.andThen(Deferred.succeed(writing, undefined), Deferred.await(free))
              : Effect.void,
          )
          const fiber = yield* Effect.forkChild(
            alone(begun({ steps: 10, checkpoint: { path, every: 2 } })).pipe(within(storage)),
          )
          yield* Deferred.await(writing)
          const interruption = yield* Effect.forkChild(Fiber.interrupt(fiber))
          for (let turn = 0; turn < 20; turn++) yield* Effect.yieldNow
          expect(interruption.pollUnsafe()).toBeUndefined()
          yield* Deferred.succeed(free, undefined)
          yield* Fiber.join(interruption)
          expect(newest()).toEqual([0, 2, 4])
          // Not cut off and made up for by the one that an interruption writes.
          expect(asked.write).toBe(3)
        }),
      )

      const full = new StorageError({ operation: "write", path, reason: "no space left on device" })

      it.effect("fails before its first step where it cannot write, and leaves no tensor", () =>
        Effect.gen(function* () {
          const { storage } = yield* storageOf(() => Effect.fail(full))
          const tensors = tf.memory().numTensors
          let steps = 0
          const error = yield* Effect.flip(
            alone(begun({ steps: 3, checkpoint: { path }, onStep: () => Effect.sync(() => void steps++) })),
          ).pipe(within(storage))
          expect(error).toBeInstanceOf(CheckpointError)
          expect(error.message).toContain("no space left on device; check that the folder can be written")
          expect(steps).toBe(0)
          expect(tf.memory().numTensors).toBe(tensors)
        }),
      )

      it.effect.each([
        { operation: "write", nth: 4, keep: 1, left: [4] },
        { operation: "write", nth: 4, keep: 3, left: [4, 4, 2] },
        { operation: "copy", nth: 7, keep: 3, left: [4, 2, 0] },
        { operation: "copy", nth: 8, keep: 3, left: [4, 2, 2] },
      ] as const)(
        "fails where the $operation no. $nth fails with $keep kept, and leaves files that are whole",
        (row) =>
          Effect.gen(function* () {
            const { storage } = yield* storageOf((operation, nth) =>
              operation === row.operation && nth === row.nth ? Effect.fail(full) : Effect.void,
            )
            const tensors = tf.memory().numTensors
            const error = yield* Effect.flip(
              alone(begun({ steps: 10, checkpoint: { path, every: 2, keep: row.keep } })),
            ).pipe(within(storage))
            expect(error).toBeInstanceOf(CheckpointError)
            expect(tf.memory().numTensors).toBe(tensors)
            expect(yield* stepsOf(storage)).toEqual(row.left)
          }),
      )

      it.effect("hands out its result when it is interrupted and the disk is full, and says so", () =>
        Effect.gen(function* () {
          const { storage } = yield* storageOf((_, nth) => (nth === 1 ? Effect.void : Effect.fail(full)))
          const tensors = tf.memory().numTensors
          const logged: Array<unknown> = []
          let steps: number | undefined
          const exit = yield* Effect.exit(
            alone(
              begun({
                steps: 10,
                checkpoint: { path, every: 100 },
                onStep: (step) => (step === 5 ? Effect.interrupt : Effect.void),
                onInterrupt: (partial) =>
                  Effect.sync(() => {
                    steps = partial.steps
                  }),
              }),
            ),
          ).pipe(
            within(storage),
            Effect.provide(Logger.layer([Logger.make(({ message }) => void logged.push(message))])),
          )
          expect(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)).toBe(true)
          expect(steps).toBe(5)
          expect(String(logged)).toContain("no space left on device")
          expect(tf.memory().numTensors).toBe(tensors)
          expect(yield* stepsOf(storage)).toEqual([0])
        }),
      )
    })
  })
}
