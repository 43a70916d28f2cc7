/**
 * The one loop that drives every algorithm: minibatches, reports, held-out evaluation, early stopping, steps that
 * are not finite, a yield to the event loop, and memory.
 *
 * A `Driver` owns the algorithm's state. Its tensors are freed when the scope closes, whether the loop completes,
 * fails or is interrupted; within a step one tidy owns everything, so an interruption finds the state before or
 * after a step and never between.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Clock, Effect, type Scope } from "effect"
import type { ProgramError } from "../effects/errors.ts"
import { attempt } from "../effects/run.ts"
import * as Key from "../tensor/Key.ts"
import type { Algorithm, Blame } from "./Algorithm.ts"
import { NonFinite } from "./errors.ts"
import type { Source } from "./Source.ts"

/** Scalars by name, on the host. */
export type Metrics = Readonly<Record<string, number>>

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

/** What the driver does with a step whose loss or gradient is not finite. */
export type NonFinitePolicy = "fail" | "skip"

/** How a {@link Driver} runs. */
export interface DriverOptions<B> {
  readonly key: Key.Key
  readonly nonFinite: NonFinitePolicy
  readonly heldOut?: Source<B> | undefined
}

/** After this many steps left out in a row, nothing is being learned and `skip` gives up. */
const maxSkips = 100

/** An algorithm under way. */
export interface Driver<B, S, E> {
  /** Takes one step. */
  readonly step: Effect.Effect<StepReport, E | NonFinite | ProgramError>
  /** Metrics of another source at the present state: means over its batches, each weighted by its rows. NaN is refused. */
  readonly evaluate: (source: Source<B>) => Effect.Effect<Metrics, E | NonFinite | ProgramError>
  /** The present state. Its tensors are the driver's. */
  readonly state: () => S
  /** Remembers the present state, in place of the one remembered before. */
  readonly remember: Effect.Effect<void>
  /** Goes back to the state remembered last, if there is one. */
  readonly recall: Effect.Effect<void>
}

/** Starts `algorithm` on `source`. `E` is what the algorithm's programs may fail with of their own. */
export const start = Effect.fnUntraced(function* <B, S extends object, E>(
  algorithm: Algorithm<B, S>,
  source: Source<B>,
  options: DriverOptions<B>,
): Effect.fn.Return<Driver<B, S, E>, E | ProgramError, Scope.Scope> {
  const keys = {
    init: Key.foldInName(options.key, "init"),
    step: Key.foldInName(options.key, "step"),
    data: Key.foldInName(options.key, "data"),
    heldOut: Key.foldInName(options.key, "heldOut"),
  }
  let plan = yield* source.plan(0)
  const owned = yield* Effect.acquireRelease(
    Effect.map(
      attempt<S, E>(() => tidied(() => algorithm.init(keys.init, plan[0]!.take(Key.foldIn(keys.data, 0))))),
      (state): { state: S; remembered: S | undefined } => ({ state, remembered: undefined }),
    ),
    (owned) =>
      Effect.sync(() => {
        for (const tensor of tensorsOf([owned.state, owned.remembered]))
          if (!tensor.isDisposed) tensor.dispose()
      }),
  )

  let taken = 0
  let epoch = 0
  let batch = 0
  let skips = 0

  const step = Effect.gen(function* () {
    if (batch === plan.length) {
      epoch++
      batch = 0
      plan = yield* source.plan(epoch)
    }
    const key = Key.foldIn(keys.step, taken)
    const take = () => plan[batch]!.take(Key.foldIn(keys.data, taken))
    return yield* Effect.flatMap(
      attempt<StepOutcome, E>(() => {
        const { next, info } = tidied(() => {
          const [next, info] = algorithm.step(key, owned.state, take())
          return { next, info }
        })
        const healthy = Number.isFinite(info.health.dataSync()[0])
        const metrics = hostMetrics(info.metrics)
        tf.dispose(info as unknown as tf.TensorContainer)
        if (!healthy) {
          free(next, [owned.state, owned.remembered])
          return { metrics, blame: tidied(() => algorithm.blame(key, owned.state, take())) }
        }
        const previous = owned.state
        owned.state = next
        free(previous, [next, owned.remembered])
        return { metrics, blame: undefined }
      }),
      ({ metrics, blame }) => {
        const { rows } = plan[batch]!
        taken++
        batch++
        skips = blame === undefined ? 0 : skips + 1
        if (blame !== undefined && (options.nonFinite === "fail" || skips === maxSkips)) {
          return Effect.fail(new NonFinite({ step: taken, ...blame }))
        }
        return Effect.succeed<StepReport>({
          step: taken,
          epoch: epoch + 1,
          batch,
          batches: plan.length,
          rows,
          metrics,
          skipped: blame !== undefined,
          endsEpoch: batch === plan.length,
        })
      },
    )
  })

  return {
    step,
    evaluate: (other) =>
      evaluate<B, S, E>(
        algorithm,
        () => owned.state,
        other,
        keys.heldOut,
        () => taken,
      ),
    state: () => owned.state,
    remember: Effect.sync(() => {
      const before = owned.remembered
      owned.remembered = owned.state
      if (before !== undefined) free(before, [owned.state])
    }),
    recall: Effect.sync(() => {
      if (owned.remembered === undefined) return
      const { state } = owned
      owned.state = owned.remembered
      free(state, [owned.state])
    }),
  }
})

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
): Effect.fn.Return<Metrics, E | NonFinite | ProgramError> {
  const batches = yield* source.plan(0)
  const mean = new Mean()
  const breathe = yield* breather
  for (const [i, { rows, take }] of batches.entries()) {
    const batchKey = Key.foldIn(key, i)
    const { metrics, blame } = yield* attempt<StepOutcome, E>(() => {
      const found = tidied(() => algorithm.evaluate(batchKey, state(), take(batchKey)))
      const metrics = hostMetrics(found)
      tf.dispose(found as tf.TensorContainer)
      const blame = Object.values(metrics).some(Number.isNaN)
        ? tidied(() => algorithm.blame(batchKey, state(), take(batchKey)))
        : undefined
      return { metrics, blame }
    })
    if (blame !== undefined) return yield* new NonFinite({ step: steps(), what: "an evaluation", ...blame })
    mean.add(metrics, rows)
    yield* breathe
  }
  return mean.value()
})

/** Weighted running means of metrics. */
export class Mean {
  readonly #sums = new Map<string, number>()
  #weight = 0

  add(metrics: Metrics, weight: number): void {
    this.#weight += weight
    for (const [name, value] of Object.entries(metrics)) {
      this.#sums.set(name, (this.#sums.get(name) ?? 0) + weight * value)
    }
  }

  get weight(): number {
    return this.#weight
  }

  value(): Metrics {
    return Object.fromEntries([...this.#sums].map(([name, sum]) => [name, sum / this.#weight]))
  }
}

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
