/**
 * A fit under way: two programs, their data and a driver, advanced a step at a time. `fitSVI` runs one to its end;
 * `fitSVI.stream` hands its reports out one by one.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Clock, Effect, type Scope } from "effect"
import { DataError } from "../data/errors.ts"
import { PlateError } from "../effects/errors.ts"
import type { Rest } from "../effects/Program.ts"
import { attempt, type Recording } from "../effects/run.ts"
import { InvalidArgument } from "../tensor/errors.ts"
import * as Key from "../tensor/Key.ts"
import { elbo } from "./Elbo.ts"
import { checkOptions, type EarlyStopping, type FitError, type FitOptions, lengthOf } from "./FitOptions.ts"
import {
  breather,
  type Driver,
  type EpochReport,
  Mean,
  type Metrics,
  type StepReport,
  start,
} from "./Loop.ts"
import { adam } from "./Optimizer.ts"
import { onBatch, type ProgramPair, pair, synchronous } from "./programs.ts"
import { type Data, make as makeSource, type Source } from "./Source.ts"
import { type SviState, svi } from "./svi.ts"

/** Why a fit ended. */
export type Ending = "completed" | "early stopping" | "until"

/** A fit under way. */
export interface Session<D, E> {
  readonly programs: ProgramPair<D>
  readonly source: Source<D>
  readonly driver: Driver<D, SviState, E>
  readonly key: Key.Key
  /** One step, with what its epoch's end entails. */
  readonly advance: Effect.Effect<StepReport, E | FitError>
  readonly ending: () => Ending | undefined
  readonly history: ReadonlyArray<EpochReport>
  /** Means over the epoch that `params` stand for: the best under early stopping; else the one under way, or the last. */
  readonly metrics: () => Metrics
  readonly steps: () => number
}

/** Checks everything that can be checked before the first step, and sets the fit up. */
export const open = Effect.fnUntraced(function* <D, ME, MR, GE, GR>(
  model: (data: D) => Effect.Effect<unknown, ME, MR>,
  guide: (data: D) => Effect.Effect<unknown, GE, GR>,
  data: Data<D>,
  options: FitOptions<D, never, string>,
): Effect.fn.Return<Session<D, ME | GE>, ME | GE | FitError, Rest<MR> | Rest<GR> | Scope.Scope> {
  const { key = Key.key(0), optimizer = adam(1e-3), objective = elbo(), heldOut, earlyStopping } = options
  yield* checkOptions(options, optimizer)
  const context = yield* Effect.context<Rest<MR> | Rest<GR>>()
  const programs = { ...synchronous(model, guide, context), sumsOut: objective.sumsOut }
  const source = yield* makeSource(data, {
    batchSize: options.batchSize,
    key: Key.foldInName(key, "batches"),
  })
  const limit = lengthOf(options, source)
  const held =
    heldOut === undefined
      ? undefined
      : yield* Effect.mapError(
          makeSource(heldOut.data, { batchSize: heldOut.batchSize, key, shuffle: false }),
          inHeldOut,
        )
  yield* checkMinibatches<D, ME | GE>(programs, source, key)
  const driver = yield* start<D, SviState, ME | GE>(
    svi(programs, objective, optimizer, options.params),
    source,
    { key, nonFinite: options.nonFinite ?? "fail" },
  )
  const until =
    options.until === undefined
      ? undefined
      : yield* Effect.forkScoped(options.until, { startImmediately: true })
  const breathe = yield* breather

  const history: Array<EpochReport> = []
  let best: EpochReport | undefined
  const patience = new Patience(earlyStopping)
  let mean = new Mean()
  let steps = 0
  let started = yield* Clock.currentTimeMillis
  let ending: Ending | undefined

  const endEpoch = Effect.fnUntraced(function* (report: StepReport) {
    const due = held !== undefined && report.epoch % (heldOut?.every ?? 1) === 0
    const evaluated = due ? yield* driver.evaluate(held) : undefined
    const now = yield* Clock.currentTimeMillis
    const epoch: EpochReport = {
      epoch: report.epoch,
      step: report.step,
      metrics: mean.value(),
      seconds: (now - started) / 1000,
      ...(evaluated === undefined ? {} : { heldOut: evaluated }),
    }
    started = now
    mean = new Mean()
    history.push(epoch)
    const judged = held === undefined ? epoch.metrics : evaluated
    if (judged?.elbo !== undefined) {
      const verdict = patience.judge(judged.elbo)
      if (verdict === "better") {
        yield* driver.remember
        best = epoch
      }
      if (verdict === "stop") ending ??= "early stopping"
    }
    if (options.onEpoch !== undefined) yield* options.onEpoch(epoch)
  })

  const advance = Effect.gen(function* () {
    const report = yield* driver.step
    steps = report.step
    if (!report.skipped) mean.add(report.metrics, report.rows)
    if (options.onStep !== undefined) yield* options.onStep(report)
    if (report.endsEpoch) yield* endEpoch(report)
    if (limit.steps === report.step || (report.endsEpoch && limit.epochs === report.epoch))
      ending ??= "completed"
    yield* breathe
    if (until?.pollUnsafe() !== undefined) ending ??= "until"
    return report
  })

  return {
    programs,
    source,
    driver,
    key,
    advance,
    ending: () => ending,
    history,
    metrics: () => best?.metrics ?? (mean.weight > 0 ? mean.value() : (history.at(-1)?.metrics ?? {})),
    steps: () => steps,
  }
})

/** The same error, as one of the held-out data. */
const inHeldOut = (error: DataError | InvalidArgument): DataError | InvalidArgument => {
  const where = `heldOut: ${error.where}`
  return error instanceof DataError
    ? new DataError({ ...error, where })
    : new InvalidArgument({ ...error, where })
}

/** Counts the epochs without a rise. */
class Patience {
  readonly #options: EarlyStopping | undefined
  #best = Number.NEGATIVE_INFINITY
  #waited = 0

  constructor(options: EarlyStopping | undefined) {
    this.#options = options
  }

  judge(elbo: number): "better" | "wait" | "stop" {
    if (this.#options === undefined) return "wait"
    const { patience, minDelta = 0 } = this.#options
    if (elbo > this.#best + minDelta) {
      this.#best = elbo
      this.#waited = 0
      return "better"
    }
    this.#waited++
    return this.#waited >= patience ? "stop" : "wait"
  }
}

/**
 * Under minibatches some observed site or factor must lie in a plate as large as the data: otherwise the likelihood of a
 * batch would stand for that of all the data, and the posterior of anything global would come out too wide.
 */
const checkMinibatches = <D, E>(
  programs: ProgramPair<D>,
  source: Source<D>,
  key: Key.Key,
): Effect.Effect<void, E | FitError> => {
  if (source.batchSize >= source.size) return Effect.void
  return Effect.flatMap(source.plan(0), ([first]) =>
    attempt<void, E>(() =>
      tf.tidy(() => {
        const batch = first!.take(key)
        const [, model] = pair(onBatch(programs, batch), key, false)
        const found = platesOf(model)
        if (!found.some(({ size }) => size === source.size)) {
          throw new PlateError({
            plate: found.map(({ name }) => name).join(", "),
            expected: `an observed site or factor in a plate of size ${source.size}, the rows of the data, since batches hold ${source.batchSize}`,
            found: found.length === 0 ? "no plate" : `sizes ${found.map(({ size }) => size).join(", ")}`,
          })
        }
      }),
    ),
  )
}

const platesOf = (model: Recording) =>
  [...[...model.samples.values()].filter((site) => site.observed), ...model.factors.values()].flatMap(
    (site) => site.plates,
  )

/** Metrics for one row of the data: totals divided by their number. */
export const perRow = (metrics: Metrics, rows: number): Metrics =>
  Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, value / rows]))
