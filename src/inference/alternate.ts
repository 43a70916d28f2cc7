/**
 * Runs the alternation of an E-step and an M-step to its end: what `fitEM`, `fitVariationalEM` and `fitMonteCarloEM` are
 * assembled of, and whoever has steps of their own.
 *
 * ```ts
 * const fit = yield* alternate(model, x, { eStep: exact(), mStep: closedForm(maximize) }, { iterations: 50 })
 * ```
 */
import { Clock, Effect, type Scope } from "effect"
import type { DataError } from "../data/errors.ts"
import type { ProgramError } from "../effects/errors.ts"
import type { Params, Rest } from "../effects/Program.ts"
import { run } from "../effects/run.ts"
import type { Backend } from "../tensor/Backend.ts"
import { InvalidArgument } from "../tensor/errors.ts"
import * as Key from "../tensor/Key.ts"
import { scoped } from "../tensor/Memory.ts"
import * as Tree from "../tensor/Tree.ts"
import { keyOf } from "./checkpoint/agree.ts"
import type { Checkpoint } from "./checkpoint/Checkpoint.ts"
import { begin, inOwnScope, reportingFailure, type SurvivalOptions } from "./checkpoint/run.ts"
import { type AlternationState, alternation } from "./em/alternation.ts"
import type { Belief, EStep, MStep } from "./em/steps.ts"
import { BoundDecreased, type CheckpointError, type NonFinite } from "./errors.ts"
import { breather, type NonFinitePolicy } from "./Loop.ts"
import type { Metrics } from "./metrics.ts"
import { type InMemory, make as makeSource } from "./Source.ts"
import type { ParamTree } from "./svi.ts"
import { spanned } from "./Telemetry.ts"

/** One iteration, as a person wants to see it. */
export interface IterationReport {
  /** Iterations taken so far, this one included. */
  readonly iteration: number
  /** What the E-step measured before this iteration's M-step: a total over the data, in nats. */
  readonly value: number
  /** Means over the E-step's draws, such as `acceptance/<site>`; and `value` again, by its name. */
  readonly metrics: Metrics
  readonly seconds: number
}

/** How an alternation runs. */
export interface EmOptions extends SurvivalOptions {
  /** The seed of everything random; default `Key.key(0)`. */
  readonly key?: Key.Key
  /** At most this many iterations; default 200. */
  readonly iterations?: number
  /**
   * The fit has converged when an iteration changes the bound by no more than `tolerance · (1 + |bound|)`. Default 1e-6;
   * 0 for never. Where the bound is an estimate it does not settle so, and every iteration is taken.
   */
  readonly tolerance?: number
  /** First values of parameters, constrained; those not named start at their `init`. */
  readonly params?: ParamTree
  /** What to do with an iteration that is not finite: fail with `NonFinite` (the default), leave it out, or go back. */
  readonly nonFinite?: NonFinitePolicy
  readonly onIteration?: (report: IterationReport) => Effect.Effect<void>
}

/**
 * A model fitted by alternation. Its tensors live until the scope closes. Where the E-step knows its belief's entropy it
 * measures a `bound` on log p(x); of draws it knows E_q[log p(x, z)] alone, the `logJoint`.
 */
export type EmFit<MR, V extends "bound" | "logJoint" = "bound"> = {
  /** Every parameter of the model, constrained. */
  readonly params: Params<MR>
  /** What the E-step measures, before each iteration's M-step. */
  readonly history: ReadonlyArray<number>
  readonly iterations: number
  readonly converged: boolean
  /** Where the fit stands, for the option `resume` of a longer one. To be taken while the fit's scope is open. */
  readonly checkpoint: Effect.Effect<Checkpoint, CheckpointError>
} & {
  /** What the E-step measures at these parameters: a total over the data, in nats. */
  readonly [K in V]: number
}

/** Why an alternation can fail, besides the programs' own failures. */
export type EmError = ProgramError | DataError | NonFinite | BoundDecreased | CheckpointError

const toItsEnd = Effect.fnUntraced(function* <
  D,
  ME,
  MR,
  E extends object,
  M extends object,
  V extends "bound" | "logJoint" = "bound",
  Q extends Belief = Belief,
>(
  model: (data: D) => Effect.Effect<unknown, ME, MR>,
  data: InMemory<NoInfer<D>>,
  steps: { readonly eStep: EStep<D, E, Q>; readonly mStep: MStep<D, M, NoInfer<Q>> },
  options: EmOptions,
): Effect.fn.Return<EmFit<MR, V>, ME | EmError, Rest<MR> | Backend | Scope.Scope> {
  const { iterations = 200, tolerance = 1e-6, onIteration, resume } = options
  yield* checkOptions(iterations, tolerance)
  const key = yield* keyOf(options.key, { resume, otherwise: Key.key(0) })
  const { eStep, mStep } = steps
  const services = (yield* Effect.context<Rest<MR>>()) as never
  const source = yield* makeSource<D>(data, { key })
  const algorithm = alternation<D, E, M, Q>(
    (batch, runOptions) =>
      run(
        Effect.suspend(() => model(batch)),
        services,
        runOptions,
      ),
    eStep,
    mStep,
    options.params,
  )
  const under = yield* begin<D, AlternationState<E, M>, Journal, ME>(algorithm, source, {
    name: nameOf(steps),
    key,
    nonFinite: options.nonFinite ?? "fail",
    checkpoint: options.checkpoint,
    resume,
  })
  const { driver } = under
  const breathe = yield* breather
  const history: Array<number> = [...(under.journal?.history ?? [])]
  const isMonotone = eStep.isMonotone && mStep.isMonotone
  const hasSettled = () => {
    const [before, value] = history.slice(-2)
    return (
      value !== undefined && tolerance > 0 && Math.abs(value - before!) <= tolerance * (1 + Math.abs(value))
    )
  }
  const journal = (): Journal => ({ history })
  const checkpoint = Effect.suspend(() => under.checkpoint(journal()))
  const write = Effect.suspend(() => under.write(journal()))
  yield* write
  let started = yield* Clock.currentTimeMillis

  // An iteration and its place in the history are one: no interruption falls between.
  const countedStep = Effect.uninterruptible(
    Effect.tap(driver.step, ({ metrics, skipped }) =>
      Effect.sync(() => {
        // What was left out has changed nothing, and its value is no number.
        if (!skipped) history.push(metrics[eStep.measures]!)
      }),
    ),
  )
  const iterate = Effect.gen(function* () {
    const { metrics, skipped } = yield* countedStep
    if (!skipped) {
      const [before, value] = history.length === 1 ? [undefined, history[0]!] : history.slice(-2)
      const now = yield* Clock.currentTimeMillis
      if (onIteration !== undefined) {
        yield* onIteration({
          iteration: history.length,
          value: value!,
          metrics,
          seconds: (now - started) / 1000,
        })
      }
      started = now
      if (before !== undefined && isMonotone) yield* checkRise(history.length - 1, before, value!)
    }
    yield* under.after(journal)
    yield* breathe
  })
  const salvage = Effect.gen(function* () {
    // A disk that is full is no reason to keep the result from who asked for it.
    yield* reportingFailure(write)
    if (options.onInterrupt === undefined) return
    yield* options.onInterrupt({
      params: Tree.toHost(driver.best().params),
      metrics: history.length === 0 ? {} : { [eStep.measures]: history.at(-1)! },
      steps: history.length,
      checkpoint: yield* checkpoint,
    })
  })
  yield* Effect.onInterrupt(
    Effect.gen(function* () {
      while (history.length < iterations && !hasSettled()) yield* iterate
    }),
    () => reportingFailure(salvage),
  )
  yield* write
  const measured = (yield* driver.evaluate(source))[eStep.measures]!
  const params = yield* scoped(
    Effect.sync(() => Tree.clone(driver.best().params)),
    (params) => Tree.leaves(params),
  )
  const iterationsTaken = history.length
  const found = {
    params: params as Params<MR>,
    history,
    iterations: iterationsTaken,
    converged: hasSettled(),
    checkpoint,
  }
  return { ...found, [eStep.measures]: measured } as unknown as EmFit<MR, V>
})

/** Runs the alternation of two steps to its end. */
export const alternate = <
  D,
  ME,
  MR,
  E extends object,
  M extends object,
  V extends "bound" | "logJoint" = "bound",
  Q extends Belief = Belief,
>(
  model: (data: D) => Effect.Effect<unknown, ME, MR>,
  data: InMemory<NoInfer<D>>,
  steps: { readonly eStep: EStep<D, E, Q>; readonly mStep: MStep<D, M, NoInfer<Q>> },
  options: EmOptions,
): Effect.Effect<EmFit<MR, V>, ME | EmError, Rest<MR> | Backend | Scope.Scope> =>
  inOwnScope(spanned(toItsEnd<D, ME, MR, E, M, V, Q>(model, data, steps, options), nameOf(steps)))

const nameOf = ({
  eStep,
  mStep,
}: {
  readonly eStep: { readonly name: string }
  readonly mStep: { readonly name: string }
}) => `EM by ${eStep.name} and ${mStep.name}`

/** What an alternation has seen so far, as a checkpoint holds it. */
interface Journal {
  readonly history: ReadonlyArray<number>
}

/** What float32 sums may lose of a bound that has not fallen. */
const slack = 1e-5

const checkRise = (iteration: number, before: number, after: number): Effect.Effect<void, BoundDecreased> =>
  after >= before - slack * (1 + Math.abs(before))
    ? Effect.void
    : Effect.fail(new BoundDecreased({ iteration, before, after }))

const checkOptions = (iterations: number, tolerance: number): Effect.Effect<void, InvalidArgument> => {
  const refuse = (where: string, expected: string, found: number) =>
    Effect.fail(new InvalidArgument({ where: `fitEM: ${where}`, expected, found: String(found) }))
  if (!(Number.isInteger(iterations) && iterations >= 1)) {
    return refuse("iterations", "a whole number, at least 1", iterations)
  }
  return tolerance >= 0 && Number.isFinite(tolerance)
    ? Effect.void
    : refuse("tolerance", "a finite number, at least 0", tolerance)
}
