/**
 * The one loop that drives every algorithm: minibatches, reports, held-out evaluation, early stopping, steps that
 * are not finite, a yield to the event loop, and memory.
 *
 * A `Driver` owns the algorithm's state. Its tensors are freed when the scope closes, whether the loop completes,
 * fails or is interrupted; within a step one tidy owns everything, so an interruption finds the state before or
 * after a step and never between.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Clock, Effect, Result, type Scope } from "effect"
import type { DataError } from "../data/errors.ts"
import type { ProgramError } from "../effects/errors.ts"
import { attempt } from "../effects/run.ts"
import type { InvalidArgument } from "../tensor/errors.ts"
import * as Key from "../tensor/Key.ts"
import type { Algorithm, Blame } from "./Algorithm.ts"
import { located } from "./blame.ts"
import { NonFinite } from "./errors.ts"
import { Mean, type Metrics } from "./metrics.ts"
import type { Pending, Source } from "./Source.ts"

/** One step, as a person wants to see it. */
export interface StepReport {
  /** Steps taken so far, this one included. */
  readonly step: number
  /** The epoch this step belongs to, from 1. */
  readonly epoch: number
  /** The batch within the epoch, from 1, and how many there are. */
  readonly batch: number
  readonly batches: number
  /** Rows of the batch. */
  readonly rows: number
  /** Totals over the data, as the programs' plates scale them: `elbo`, `logLikelihood`, `kl/<site>`. */
  readonly metrics: Metrics
  /** The step was not finite and was left out. */
  readonly skipped: boolean
  /** What went wrong in a step that was left out. */
  readonly blame?: Blame
  /** The fit has gone back to its last good state, from which it takes smaller steps. */
  readonly restored?: true
  /** Whether the epoch ends with this step. */
  readonly endsEpoch: boolean
}

/** One pass over the data. */
export interface EpochReport {
  readonly epoch: number
  /** Steps taken so far. */
  readonly step: number
  /** Means over the epoch's steps, each weighted by its rows. */
  readonly metrics: Metrics
  /** Means over the held-out batches, where there are any. */
  readonly heldOut?: Metrics
  readonly seconds: number
}

/**
 * What the driver does with a step whose loss or gradient is not finite: fail; leave it out; or leave it out, go back to a
 * state of up to 100 steps before, and from there take steps half as long.
 */
export type NonFinitePolicy = "fail" | "skip" | "restore"

/** Where a driver stands: all that its next step depends on, besides the data. */
export interface Position<S> {
  readonly state: S
  /** What {@link Driver.remember} keeps. */
  readonly remembered?: S | undefined
  /** Where `"restore"` goes back to, and how often it has since it was set. */
  readonly good?: S | undefined
  readonly restores: number
  /** Steps taken; epochs behind us; batches taken of the epoch under way; steps left out in a row. */
  readonly step: number
  readonly epoch: number
  readonly batch: number
  readonly skips: number
}

/** How a {@link Driver} runs. */
export interface DriverOptions<S, E = never> {
  readonly key: Key.Key
  readonly nonFinite: NonFinitePolicy
  /**
   * Where to go on from, given the state in which a new run would begin. It makes the position's tensors, in the driver's
   * tidy, or refuses.
   */
  readonly from?: ((first: S) => Result.Result<Position<S>, E>) | undefined
}

/** After this many steps left out in a row, nothing is being learned and `skip` gives up. */
const maxSkips = 100

/** Steps between two states for `restore` to go back to, and how often it goes back to one before it gives up. */
const goodEvery = 100
const maxRestores = 10

/** An algorithm under way. */
export interface Driver<B, S, E> {
  /** Takes one step. */
  readonly step: Effect.Effect<StepReport, E | DriverError>
  /**
   * Metrics of another source, at the state to keep unless `state` is given: means over its batches, each weighted by
   * its rows. NaN is refused.
   */
  readonly evaluate: (source: Source<B>, state?: () => S) => Effect.Effect<Metrics, E | DriverError>
  /** Where the driver stands. The tensors are the driver's. */
  readonly position: () => Position<S>
  /** Remembers the present state, in place of the one remembered before. */
  readonly remember: () => void
  /** The state to keep: the one remembered, if there is one, or else the present one. */
  readonly best: () => S
}

/** What a driver can fail with, besides the algorithm's own programs. */
export type DriverError = ProgramError | DataError | NonFinite

/** Starts `algorithm` on `source`. `E` is what the algorithm's programs may fail with of their own, `F` what `from` may. */
export const start = Effect.fnUntraced(function* <B, S extends object, E, F = never>(
  algorithm: Algorithm<B, S>,
  source: Source<B>,
  options: DriverOptions<S, F>,
): Effect.fn.Return<Driver<B, S, E>, E | F | ProgramError | DataError, Scope.Scope> {
  const keys = {
    init: Key.foldInName(options.key, "init"),
    step: Key.foldInName(options.key, "step"),
    data: Key.foldInName(options.key, "data"),
    heldOut: Key.foldInName(options.key, "heldOut"),
  }
  const first = yield* firstBatch(source)
  const begin = attempt<Result.Result<Position<S>, F>, E>(() =>
    tidied(() => {
      const state = algorithm.init(keys.init, first(Key.foldIn(keys.data, 0)))
      if (options.from !== undefined) return options.from(state)
      const good = options.nonFinite === "restore" ? state : undefined
      return Result.succeed({ state, good, restores: 0, step: 0, epoch: 0, batch: 0, skips: 0 })
    }),
  )
  const owned = yield* Effect.acquireRelease(
    Effect.map(Effect.flatMap(begin, Effect.fromResult), (at) => ({ at })),
    ({ at }) =>
      Effect.sync(() => {
        for (const tensor of tensorsOf(statesOf(at))) if (!tensor.isDisposed) tensor.dispose()
      }),
  )
  /** Moves on; what no state holds any more is freed. */
  const move = (to: Partial<Position<S>>): void => {
    const before = owned.at
    owned.at = { ...before, ...to }
    free(statesOf(before), statesOf(owned.at))
  }
  let plan = yield* source.plan(owned.at.epoch)

  /** What becomes of a step that is not finite. */
  const afterBad = (blame: Blame): Result.Result<Partial<StepReport>, NonFinite> => {
    const { good, restores, skips, step } = owned.at
    const spent = good === undefined ? skips + 1 === maxSkips : restores === maxRestores
    if (options.nonFinite === "fail" || spent) return Result.fail(new NonFinite({ step: step + 1, ...blame }))
    if (good === undefined) {
      owned.at = { ...owned.at, skips: skips + 1 }
      return Result.succeed({ skipped: true, blame })
    }
    const back = algorithm.shrink?.(good) ?? good
    move({ state: back, good: back, restores: restores + 1, skips: skips + 1 })
    return Result.succeed({ skipped: true, blame, restored: true })
  }

  // All that a step changes it changes at one stroke, so that an interruption finds it done or not begun.
  const take = (pending: Pending<B>): Result.Result<StepReport, NonFinite> => {
    const { step, epoch, batch } = owned.at
    const key = Key.foldIn(keys.step, step)
    const rows = () => pending.take(Key.foldIn(keys.data, step))
    const { next, info } = tidied(() => {
      const [next, info] = algorithm.step(key, owned.at.state, rows())
      return { next, info }
    })
    const healthy = Number.isFinite(info.health.dataSync()[0])
    const metrics = hostMetrics(info.metrics)
    tf.dispose(info as unknown as tf.TensorContainer)
    let outcome: Result.Result<Partial<StepReport>, NonFinite> = Result.succeed({})
    if (healthy) {
      const isGood = options.nonFinite === "restore" && (step + 1) % goodEvery === 0
      move({ state: next, skips: 0, ...(isGood && { good: next, restores: 0 }) })
    } else {
      free(next, statesOf(owned.at))
      const found = tidied(() => algorithm.blame(key, owned.at.state, rows()))
      outcome = afterBad(located(found, source, pending))
    }
    return Result.map(outcome, (bad) => {
      owned.at = { ...owned.at, step: step + 1, batch: batch + 1 }
      return {
        step: step + 1,
        epoch: epoch + 1,
        batch: batch + 1,
        batches: plan.length,
        rows: pending.rows,
        metrics,
        skipped: false,
        endsEpoch: batch + 1 === plan.length,
        ...bad,
      }
    })
  }

  const step = Effect.gen(function* () {
    if (owned.at.batch === plan.length) {
      plan = yield* source.plan(owned.at.epoch + 1)
      owned.at = { ...owned.at, epoch: owned.at.epoch + 1, batch: 0 }
    }
    const pending = plan[owned.at.batch]!
    if (pending.load !== undefined) yield* pending.load
    const taken = yield* attempt<Result.Result<StepReport, NonFinite>, E>(() => take(pending))
    return yield* Effect.fromResult(taken)
  })

  const best = () => owned.at.remembered ?? owned.at.state
  return {
    step,
    evaluate: (other, state = best) =>
      evaluate<B, S, E>(algorithm, state, other, keys.heldOut, () => owned.at.step),
    position: () => owned.at,
    remember: () => move({ remembered: owned.at.state }),
    best,
  }
})

/** A batch's `take`, once its rows are there. */
export const firstBatch = <B>(
  source: Source<B>,
): Effect.Effect<Pending<B>["take"], DataError | InvalidArgument> =>
  Effect.flatMap(source.plan(0), ([first]) => Effect.as(first!.load ?? Effect.void, first!.take))

const statesOf = <S>({ state, remembered, good }: Position<S>) => [state, remembered, good]

interface StepOutcome {
  readonly metrics: Metrics
  readonly blame: Blame | undefined
}

const evaluate = Effect.fnUntraced(function* <B, S, E>(
  algorithm: Algorithm<B, S>,
  state: () => S,
  source: Source<B>,
  key: Key.Key,
  steps: () => number,
): Effect.fn.Return<Metrics, E | DriverError> {
  const batches = yield* source.plan(0)
  const mean = new Mean()
  const breathe = yield* breather
  for (const [i, pending] of batches.entries()) {
    if (pending.load !== undefined) yield* pending.load
    const batchKey = Key.foldIn(key, i)
    const { metrics, blame } = yield* attempt<StepOutcome, E>(() => {
      const found = tidied(() => algorithm.evaluate(batchKey, state(), pending.take(batchKey)))
      const metrics = hostMetrics(found)
      tf.dispose(found as tf.TensorContainer)
      if (!Object.values(metrics).some(Number.isNaN)) return { metrics, blame: undefined }
      const bad = tidied(() => algorithm.blame(batchKey, state(), pending.take(batchKey)))
      return { metrics, blame: located(bad, source, pending) }
    })
    if (blame !== undefined) return yield* new NonFinite({ step: steps(), what: "an evaluation", ...blame })
    mean.add(metrics, pending.rows)
    yield* breathe
  }
  return mean.value()
})

/** Milliseconds that a loop may hold the event loop: timers, signals and a page's clicks wait no longer. */
const patience = 16

/** An effect that yields to the event loop when `patience` has passed since it last did. */
export const breather: Effect.Effect<Effect.Effect<void>> = Effect.map(Clock.currentTimeMillis, (start) => {
  let last = start
  return Effect.flatMap(Clock.currentTimeMillis, (now) => {
    if (now - last < patience) return Effect.void
    last = now
    return Effect.yieldNow
  })
})

const hostMetrics = (metrics: Readonly<Record<string, tf.Tensor>>): Metrics =>
  Object.fromEntries(Object.entries(metrics).map(([name, tensor]) => [name, tensor.dataSync()[0]!]))

/** `body` in a tidy that spares every tensor in its result. */
const tidied = <A>(body: () => A): A => tf.tidy(body as () => tf.TensorContainer) as A

/** As tfjs's `getTensorsInContainer`, which takes six times as long: it keeps a set of all that it has seen. */
const tensorsOf = (container: unknown, found: Array<tf.Tensor> = []): ReadonlyArray<tf.Tensor> => {
  if (container instanceof tf.Tensor) found.push(container)
  else if (typeof container === "object" && container !== null) {
    for (const part of Object.values(container)) tensorsOf(part, found)
  }
  return found
}

/** Disposes of the tensors of `gone` that no state in `kept` holds. */
const free = (gone: unknown, kept: ReadonlyArray<unknown>): void => {
  const spared = new Set(tensorsOf(kept).map((tensor) => tensor.id))
  for (const tensor of tensorsOf(gone)) if (!spared.has(tensor.id)) tensor.dispose()
}
