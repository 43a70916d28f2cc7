/**
 * A fit under way: two programs, their data and a driver, advanced a step at a time. `fitSVI` runs one to its end;
 * `fitSVI.stream` hands its reports out one by one.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Clock, Effect, type Scope } from "effect"
import { DataError } from "../data/errors.ts"
import type { Rest } from "../effects/Program.ts"
import { attempt } from "../effects/run.ts"
import { InvalidArgument } from "../tensor/errors.ts"
import * as Key from "../tensor/Key.ts"
import * as Tree from "../tensor/Tree.ts"
import { keyOf } from "./checkpoint/agree.ts"
import type { Checkpoint } from "./checkpoint/Checkpoint.ts"
import { begin, type Interrupted, reportingFailure } from "./checkpoint/run.ts"
import { elbo } from "./Elbo.ts"
import type { CheckpointError } from "./errors.ts"
import { checkOptions, type FitError, type FitOptions, lengthOf } from "./FitOptions.ts"
import { breather, type Driver, type EpochReport, firstBatch, type StepReport } from "./Loop.ts"
import { Mean, type Metrics } from "./metrics.ts"
import { checkMinibatches } from "./minibatches.ts"
import { adam } from "./Optimizer.ts"
import { Patience } from "./Patience.ts"
import { type ProgramPair, synchronous } from "./programs.ts"
import { type Data, make as makeSource, type Source } from "./Source.ts"
import { type ParamTree, paramsAt, type SviState, svi } from "./svi.ts"
import { Telemetry } from "./Telemetry.ts"

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
  /** Every parameter that the programs read, constrained: new tensors. */
  readonly params: Effect.Effect<ParamTree, E | FitError>
  /** The fit now, to go on from. */
  readonly checkpoint: Effect.Effect<Checkpoint, CheckpointError>
  /** Writes the last checkpoint. */
  readonly finish: Effect.Effect<void, CheckpointError>
  /** What to do when the fit is cut off: write a checkpoint, and tell who asked to be told. */
  readonly salvage: Effect.Effect<void>
}

/** What a fit has seen so far, as a checkpoint holds it. */
interface Journal {
  readonly history: ReadonlyArray<EpochReport>
  readonly best: EpochReport | undefined
  readonly mean: ReturnType<Mean["save"]>
  readonly patience: ReturnType<Patience["save"]>
  /** Of the epoch under way. */
  readonly seconds: number
  readonly stoppedEarly: boolean
}

/** Checks everything that can be checked before the first step, and sets the fit up. */
export const open = Effect.fnUntraced(function* <D, ME, MR, GE, GR>(
  model: (data: D) => Effect.Effect<unknown, ME, MR>,
  guide: (data: D) => Effect.Effect<unknown, GE, GR>,
  data: Data<D>,
  options: FitOptions<D, never, string>,
): Effect.fn.Return<Session<D, ME | GE>, ME | GE | FitError, Rest<MR> | Rest<GR> | Scope.Scope> {
  const { optimizer = adam(1e-3), objective = elbo(), heldOut, earlyStopping, resume } = options
  yield* checkOptions(options, optimizer)
  const key = yield* keyOf(options.key, { resume, otherwise: Key.key(0) })
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
  const run = yield* begin<D, SviState, Journal, ME | GE>(
    svi(programs, objective, optimizer, options.params, {
      measureGradient: (yield* Telemetry) !== undefined,
      whole: source.batchSize >= source.size ? source.size : undefined,
    }),
    source,
    {
      name: "fitSVI",
      key,
      nonFinite: options.nonFinite ?? "fail",
      checkpoint: options.checkpoint,
      resume,
    },
  )
  const { driver } = run
  const until =
    options.until === undefined
      ? undefined
      : yield* Effect.forkScoped(options.until, { startImmediately: true })
  const breathe = yield* breather

  const before = run.journal
  const history: Array<EpochReport> = [...(before?.history ?? [])]
  let best = before?.best
  const patience = new Patience(earlyStopping, before?.patience)
  let mean = new Mean(before?.mean)
  let started = (yield* Clock.currentTimeMillis) - 1000 * (before?.seconds ?? 0)
  let now = started
  let ending: Ending | undefined = before?.stoppedEarly === true ? "early stopping" : undefined

  /** Ends the fit where its length has been reached. */
  const checkLength = () => {
    const { step, epoch, batch } = driver.position()
    const epochs = epoch + (batch > 0 && batch === batches ? 1 : 0)
    if (limit.steps !== undefined && step >= limit.steps) ending ??= "completed"
    if (limit.epochs !== undefined && epochs >= limit.epochs) ending ??= "completed"
  }
  const batches = (yield* source.plan(driver.position().epoch)).length

  const journal = (): Journal => ({
    history,
    best,
    mean: mean.save(),
    patience: patience.save(),
    seconds: (now - started) / 1000,
    stoppedEarly: ending === "early stopping",
  })

  /** Closes an epoch whose steps are all taken. Until it has been, the epoch is missing in the history. */
  const endEpoch = Effect.gen(function* () {
    const { epoch: past, step } = driver.position()
    const due = held !== undefined && (past + 1) % (heldOut?.every ?? 1) === 0
    const evaluated = due ? yield* driver.evaluate(held, () => driver.position().state) : undefined
    now = yield* Clock.currentTimeMillis
    const epoch: EpochReport = {
      epoch: past + 1,
      step,
      metrics: mean.value(),
      seconds: (now - started) / 1000,
      ...(evaluated === undefined ? {} : { heldOut: evaluated }),
    }
    yield* Effect.sync(() => {
      started = now
      mean = new Mean()
      history.push(epoch)
      const judged = held === undefined ? epoch.metrics : evaluated
      if (judged?.elbo === undefined) return
      const verdict = patience.judge(judged.elbo)
      if (verdict === "better") {
        driver.remember()
        best = epoch
      }
      if (verdict === "stop") ending ??= "early stopping"
    })
    if (options.onEpoch !== undefined) yield* options.onEpoch(epoch)
  })
  const owesEpoch = () => {
    const { epoch, batch } = driver.position()
    return batch === batches && history.length === epoch
  }
  const countedStep = Effect.uninterruptible(
    Effect.tap(driver.step, (report) =>
      Effect.sync(() => {
        if (!report.skipped) mean.add(report.metrics, report.rows)
      }),
    ),
  )

  // The interruption may have come between the last step of an epoch and its end.
  if (owesEpoch()) yield* endEpoch
  checkLength()

  const advance = Effect.gen(function* () {
    const report = yield* countedStep
    if (options.onStep !== undefined) yield* options.onStep(report)
    if (report.endsEpoch) yield* endEpoch
    checkLength()
    if (options.checkpoint !== undefined) {
      now = yield* Clock.currentTimeMillis
      yield* run.after(journal)
    }
    yield* breathe
    if (until?.pollUnsafe() !== undefined) ending ??= "until"
    return report
  })

  const checkpoint = Effect.suspend(() => run.checkpoint(journal()))
  const metrics = () => best?.metrics ?? (mean.weight > 0 ? mean.value() : (history.at(-1)?.metrics ?? {}))
  const params = Effect.flatMap(firstBatch(source), (take) =>
    attempt<ParamTree, ME | GE>(
      () =>
        tf.tidy(() => paramsAt(programs, driver.best(), key, take(key)) as tf.TensorContainer) as ParamTree,
    ),
  )
  const finish = Effect.suspend(() => run.write(journal()))
  const salvage = Effect.gen(function* () {
    // A disk that is full is no reason to keep the result from who asked for it.
    yield* reportingFailure(finish)
    if (options.onInterrupt === undefined) return
    const found = yield* params
    const partial: Interrupted = {
      params: Tree.toHost(found),
      metrics: metrics(),
      steps: driver.position().step,
      checkpoint: yield* checkpoint,
    }
    Tree.dispose(found)
    yield* options.onInterrupt(partial)
  })
  // What cannot be written is found out before the first step.
  yield* finish

  return {
    programs,
    source,
    driver,
    key,
    advance,
    ending: () => ending,
    history,
    metrics,
    steps: () => driver.position().step,
    params,
    checkpoint,
    finish,
    salvage: reportingFailure(salvage as Effect.Effect<void, FitError>),
  }
})

/** The same error, as one of the held-out data. */
const inHeldOut = (error: DataError | InvalidArgument): DataError | InvalidArgument => {
  const where = `heldOut: ${error.where}`
  return error instanceof DataError
    ? new DataError({ ...error, where })
    : new InvalidArgument({ ...error, where })
}

/** Metrics for one row of the data: totals divided by their number. */
export const perRow = (metrics: Metrics, rows: number): Metrics =>
  Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, value / rows]))
