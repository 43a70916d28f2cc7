/**
 * A fit under way: two programs, their data and a driver, advanced a step at a time. `fitSVI` runs one to its end;
 * `fitSVI.stream` hands its reports out one by one.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Clock, type Context, Effect, type Scope } from "effect"
import type { DataError } from "../data/errors.ts"
import type { Gradient } from "../distributions/Distribution.ts"
import { PlateError, type ProgramError } from "../effects/errors.ts"
import type { Rest } from "../effects/Program.ts"
import { attempt, type Recording, run } from "../effects/run.ts"
import { InvalidArgument } from "../tensor/errors.ts"
import * as Key from "../tensor/Key.ts"
import type { Tree } from "../tensor/Tree.ts"
import { elbo, pair } from "./Elbo.ts"
import type { NonFinite } from "./errors.ts"
import {
  breather,
  type Driver,
  type EpochReport,
  Mean,
  type Metrics,
  type NonFinitePolicy,
  type StepReport,
  start,
} from "./Loop.ts"
import type { Objective } from "./Objective.ts"
import { adam, type Optimizer } from "./Optimizer.ts"
import { type Data, make as makeSource, type Source } from "./Source.ts"
import { type ProgramPair, type SviState, svi } from "./svi.ts"

/** What a fit can fail with, besides the programs' own failures. */
export type FitError = ProgramError | DataError | NonFinite

/** Held-out data, evaluated at the end of every `every`-th epoch (default: every epoch). */
export interface HeldOut<D> {
  readonly data: Data<D>
  readonly batchSize?: number
  readonly every?: number
}

/**
 * Stops a fit whose ELBO (held-out where there is such data) has not risen by `minDelta` (default 0) for `patience`
 * epochs, and goes back to the best parameters.
 */
export interface EarlyStopping {
  readonly patience: number
  readonly minDelta?: number
}

/** How a fit runs. */
export interface FitOptions<D, G extends Gradient = Gradient> {
  /** The seed of everything random; default `Key.key(0)`. The same key gives the same fit, bit for bit. */
  readonly key?: Key.Key
  /** How long, in steps or in epochs: not both. Default 1,000 steps, or 10 epochs where there are minibatches. */
  readonly steps?: number
  readonly epochs?: number
  /** Rows of a minibatch. Default: all the data at once. */
  readonly batchSize?: number
  /** Default `adam(1e-3)`. */
  readonly optimizer?: Optimizer
  /** Default `elbo()`. */
  readonly objective?: Objective<G>
  readonly heldOut?: HeldOut<D>
  readonly earlyStopping?: EarlyStopping
  /** What to do with a step that is not finite: fail with `NonFinite` (the default), or leave it out. */
  readonly nonFinite?: NonFinitePolicy
  /** First values of parameters, constrained; those not named start at their `init`. */
  readonly params?: { readonly [name: string]: Tree }
  /** Called after each step, and at the end of each epoch: progress. */
  readonly onStep?: (report: StepReport) => Effect.Effect<void>
  readonly onEpoch?: (report: EpochReport) => Effect.Effect<void>
  /** When this effect completes, the fit stops after the step under way and returns what it has. */
  readonly until?: Effect.Effect<unknown>
}

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
  readonly steps: () => number
}

/** Checks everything that can be checked before the first step, and sets the fit up. */
export const open = Effect.fnUntraced(function* <D, ME, MR, GE, GR>(
  model: (data: D) => Effect.Effect<unknown, ME, MR>,
  guide: (data: D) => Effect.Effect<unknown, GE, GR>,
  data: Data<D>,
  options: FitOptions<D, never>,
): Effect.fn.Return<Session<D, ME | GE>, ME | GE | FitError, Rest<MR> | Rest<GR> | Scope.Scope> {
  const { key = Key.key(0), optimizer = adam(1e-3), objective = elbo(), heldOut, earlyStopping } = options
  yield* checkOptions(options, optimizer)
  const context = yield* Effect.context<Rest<MR> | Rest<GR>>()
  const programs = synchronous(model, guide, context)
  const source = yield* makeSource(data, {
    batchSize: options.batchSize,
    key: Key.foldInName(key, "batches"),
  })
  const limit = lengthOf(options, source)
  const held =
    heldOut === undefined
      ? undefined
      : yield* makeSource(heldOut.data, { batchSize: heldOut.batchSize, key, shuffle: false })
  yield* checkMinibatches<D, ME | GE>(programs, source, key)
  const driver = yield* start<D, SviState, ME | GE>(
    svi(programs, objective, optimizer, options.params),
    source,
    { key, nonFinite: options.nonFinite ?? "fail" },
  )
  const until = options.until === undefined ? undefined : yield* Effect.forkScoped(options.until)
  const breathe = yield* breather

  const history: Array<EpochReport> = []
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
      if (verdict === "better") yield* driver.remember
      if (verdict === "stop") ending ??= "early stopping"
    }
    if (options.onEpoch !== undefined) yield* options.onEpoch(epoch)
  })

  const advance = Effect.gen(function* () {
    const report = yield* driver.step
    steps = report.step
    if (!report.skipped) mean.add(report.metrics, 1)
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
    steps: () => steps,
  }
})

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

/** The programs as calls that a gradient closure can make. */
export const synchronous = <D, ME, MR, GE, GR>(
  model: (data: D) => Effect.Effect<unknown, ME, MR>,
  guide: (data: D) => Effect.Effect<unknown, GE, GR>,
  context: Context.Context<Rest<MR> | Rest<GR>>,
): ProgramPair<D> => {
  const services = context as unknown as Context.Context<never>
  // Suspended, so that a program function that throws fails as a program, not as a call.
  return {
    model: (batch, options) =>
      run(
        Effect.suspend(() => model(batch)),
        services,
        options,
      ),
    guide: (batch, options) =>
      run(
        Effect.suspend(() => guide(batch)),
        services,
        options,
      ),
  }
}

const lengthOf = <D>(
  options: FitOptions<D, never>,
  source: Source<D>,
): { readonly steps: number | undefined; readonly epochs: number | undefined } => {
  if (options.steps !== undefined || options.epochs !== undefined) {
    return { steps: options.steps, epochs: options.epochs }
  }
  return source.whole ? { steps: 1_000, epochs: undefined } : { steps: undefined, epochs: 10 }
}

const checkOptions = <D>(
  options: FitOptions<D, never>,
  optimizer: Optimizer,
): Effect.Effect<void, InvalidArgument> => {
  const refuse = (where: string, expected: string, found: unknown) =>
    Effect.fail(new InvalidArgument({ where: `fitSVI: ${where}`, expected, found: String(found) }))
  const { steps, epochs, earlyStopping, heldOut } = options
  if (steps !== undefined && epochs !== undefined) {
    return refuse("steps, epochs", "one of the two", `steps ${steps} and epochs ${epochs}`)
  }
  const counts: ReadonlyArray<readonly [string, number | undefined]> = [
    ["steps", steps],
    ["epochs", epochs],
    ["earlyStopping.patience", earlyStopping?.patience],
    ["heldOut.every", heldOut?.every],
  ]
  for (const [name, count] of counts) {
    if (count !== undefined && !(Number.isInteger(count) && count >= 1)) {
      return refuse(name, "a whole number, at least 1", count)
    }
  }
  const minDelta = earlyStopping?.minDelta
  if (minDelta !== undefined && !(minDelta >= 0 && Number.isFinite(minDelta))) {
    return refuse("earlyStopping.minDelta", "a finite number, at least 0", minDelta)
  }
  return optimizer.problem === undefined ? Effect.void : Effect.fail(optimizer.problem)
}

/**
 * Under minibatches some observed site must lie in a plate as large as the data: otherwise the likelihood of a
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
        const [, model] = pair(
          { model: (o) => programs.model(batch, o), guide: (o) => programs.guide(batch, o) },
          key,
          false,
        )
        const found = platesOf(model)
        if (!found.some(({ size }) => size === source.size)) {
          throw new PlateError({
            plate: found.map(({ name }) => name).join(", "),
            expected: `an observed site in a plate of size ${source.size}, the rows of the data, since batches hold ${source.batchSize}`,
            found: found.length === 0 ? "no plate" : `sizes ${found.map(({ size }) => size).join(", ")}`,
          })
        }
      }),
    ),
  )
}

const platesOf = (model: Recording) =>
  [...model.samples.values()].filter((site) => site.observed).flatMap((site) => site.plates)

/** Metrics for one row of the data: totals divided by their number. */
export const perRow = (metrics: Metrics, rows: number): Metrics =>
  Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, value / rows]))
