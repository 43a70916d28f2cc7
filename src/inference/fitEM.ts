/**
 * Fits a model by expectation maximization, exact, variational or Monte Carlo: three assemblies of one alternation.
 *
 * ```ts
 * const fit = yield* fitEM(mixture.model, x, { mStep: mixture.mStep })
 * fit.params            // typed by the model's Param requirements
 * fit.bound             // log p(x), in nats: exact EM's bound is the evidence
 * ```
 */
import { Clock, Effect, type Scope } from "effect"
import type { DataError } from "../data/errors.ts"
import type { ProgramError } from "../effects/errors.ts"
import type { GuideCheck, Params, Rest } from "../effects/Program.ts"
import { run } from "../effects/run.ts"
import type { Backend } from "../tensor/Backend.ts"
import { InvalidArgument } from "../tensor/errors.ts"
import * as Key from "../tensor/Key.ts"
import { scoped } from "../tensor/Memory.ts"
import * as Tree from "../tensor/Tree.ts"
import type { FiniteSupport } from "./Enumerated.ts"
import { type AlternationState, alternation } from "./em/alternation.ts"
import { type Drawn, type DrawnOptions, drawn } from "./em/drawn.ts"
import { exact } from "./em/exact.ts"
import { type GuidedOptions, type GuidedState, guided } from "./em/guided.ts"
import type { Belief, EStep, MStep } from "./em/steps.ts"
import { BoundDecreased, type NonFinite } from "./errors.ts"
import { breather, type Metrics, start } from "./Loop.ts"
import { gibbs } from "./mcmc/gibbs.ts"
import type { Kernel, KernelState } from "./mcmc/Kernel.ts"
import { type Data, make as makeSource } from "./Source.ts"
import type { ParamTree } from "./svi.ts"

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
export interface EmOptions {
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
  readonly onIteration?: (report: IterationReport) => Effect.Effect<void>
}

/** How {@link fitEM} runs: with an M-step in closed form, or by gradient. */
export interface FitEmOptions<D, M, Q extends Belief = Belief> extends EmOptions {
  readonly mStep: MStep<D, M, Q>
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
} & {
  /** What the E-step measures at these parameters: a total over the data, in nats. */
  readonly [K in V]: number
}

/** Why an alternation can fail, besides the programs' own failures. */
export type EmError = ProgramError | DataError | NonFinite | BoundDecreased

/** Runs the alternation of two steps to its end. */
export const alternate = Effect.fnUntraced(function* <
  D,
  ME,
  MR,
  E extends object,
  M extends object,
  V extends "bound" | "logJoint" = "bound",
  Q extends Belief = Belief,
>(
  model: (data: D) => Effect.Effect<unknown, ME, MR>,
  data: Data<NoInfer<D>>,
  steps: { readonly eStep: EStep<D, E, Q>; readonly mStep: MStep<D, M, NoInfer<Q>> },
  options: EmOptions,
): Effect.fn.Return<EmFit<MR, V>, ME | EmError, Rest<MR> | Backend | Scope.Scope> {
  const { key = Key.key(0), iterations = 200, tolerance = 1e-6, onIteration } = options
  yield* checkOptions(iterations, tolerance)
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
  const driver = yield* start<D, AlternationState<E, M>, ME>(algorithm, source, { key, nonFinite: "fail" })
  const breathe = yield* breather
  const history: Array<number> = []
  const isMonotone = eStep.isMonotone && mStep.isMonotone
  let started = yield* Clock.currentTimeMillis
  let converged = false
  while (history.length < iterations && !converged) {
    const { metrics } = yield* driver.step
    const value = metrics[eStep.measures]!
    const before = history.at(-1)
    history.push(value)
    const now = yield* Clock.currentTimeMillis
    if (onIteration !== undefined) {
      yield* onIteration({
        iteration: history.length,
        value,
        metrics,
        seconds: (now - started) / 1000,
      })
    }
    started = now
    if (before !== undefined) {
      if (isMonotone) yield* checkRise(history.length - 1, before, value)
      converged = tolerance > 0 && Math.abs(value - before) <= tolerance * (1 + Math.abs(value))
    }
    yield* breathe
  }
  const measured = (yield* driver.evaluate(source))[eStep.measures]!
  const params = yield* scoped(
    Effect.sync(() => Tree.clone(driver.state().params)),
    (params) => Tree.leaves(params),
  )
  const found = { params: params as Params<MR>, history, iterations: history.length, converged }
  return { ...found, [eStep.measures]: measured } as unknown as EmFit<MR, V>
})

/** What float32 sums may lose of a bound that has not fallen. */
const slack = 1e-5

const checkRise = (iteration: number, before: number, after: number): Effect.Effect<void, BoundDecreased> =>
  after >= before - slack * (1 + Math.abs(before))
    ? Effect.void
    : Effect.fail(new BoundDecreased({ iteration, before, after }))

const checkCount = (
  where: string,
  count: number | undefined,
  least: number,
): Effect.Effect<void, InvalidArgument> =>
  count === undefined || (Number.isInteger(count) && count >= least)
    ? Effect.void
    : Effect.fail(
        new InvalidArgument({ where, expected: `a whole number, at least ${least}`, found: String(count) }),
      )

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

/**
 * Fits by EM, all latent sites summed out exactly: each must have a list of values. The bound is the log-evidence, which
 * no iteration lowers: where one does the fit fails with `BoundDecreased`. Fails with `SiteMismatch` where a latent site
 * cannot be summed out.
 */
export const fitEM = <D, ME, MR, M extends object>(
  model: (data: D) => Effect.Effect<unknown, ME, MR>,
  data: Data<NoInfer<D>>,
  options: FitEmOptions<NoInfer<D>, M>,
): Effect.Effect<EmFit<MR>, ME | EmError, Rest<MR> | Backend | Scope.Scope> =>
  alternate<D, ME, MR, {}, M>(model, data, { eStep: exact<D>(), mStep: options.mStep }, options)

/** How {@link fitVariationalEM} runs. */
export interface FitVariationalEmOptions<D, M> extends FitEmOptions<D, M>, GuidedOptions {}

/**
 * Fits by variational EM: between two M-steps the guide takes `steps` gradient steps towards the posterior. Finite
 * discrete sites of the guide are summed, and those of the model that the guide leaves out are summed out, unless another
 * `objective` is given.
 */
export const fitVariationalEM = Effect.fnUntraced(function* <D, ME, MR, GE, GR, M extends object>(
  model: (data: D) => Effect.Effect<unknown, ME, MR>,
  guide: ((data: D) => Effect.Effect<unknown, GE, GR>) &
    GuideCheck<MR, GR, "pathwise" | "score", FiniteSupport>,
  data: Data<NoInfer<D>>,
  options: FitVariationalEmOptions<NoInfer<D>, M>,
): Effect.fn.Return<EmFit<MR>, ME | GE | EmError, Rest<MR> | Rest<GR> | Backend | Scope.Scope> {
  yield* checkCount("fitVariationalEM: steps", options.steps, 1)
  if (options.optimizer.problem !== undefined) return yield* options.optimizer.problem
  const services = (yield* Effect.context<Rest<GR>>()) as never
  const eStep = guided<D>(
    (batch, runOptions) =>
      run(
        Effect.suspend(() => guide(batch)),
        services,
        runOptions,
      ),
    options,
  )
  return yield* alternate<D, ME, MR, GuidedState, M>(model, data, { eStep, mStep: options.mStep }, options)
})

/** How {@link fitMonteCarloEM} runs. */
export interface FitMonteCarloEmOptions<D, M, S extends KernelState>
  extends FitEmOptions<D, M, Drawn>,
    DrawnOptions {
  /** Default `gibbs()`. */
  readonly kernel?: Kernel<S>
}

/**
 * Fits by Monte Carlo EM: the E-step draws the latent sites by a Markov chain at the present parameters. What it measures
 * is E_q[log p(x, z)], the mean over its draws, which wanders; so every iteration is taken unless `tolerance` is given.
 */
export const fitMonteCarloEM = <D, ME, MR, M extends object, S extends KernelState = KernelState>(
  model: (data: D) => Effect.Effect<unknown, ME, MR>,
  data: Data<NoInfer<D>>,
  options: FitMonteCarloEmOptions<NoInfer<D>, M, S>,
): Effect.Effect<EmFit<MR, "logJoint">, ME | EmError, Rest<MR> | Backend | Scope.Scope> => {
  const kernel = options.kernel ?? (gibbs() as unknown as Kernel<S>)
  const steps = { eStep: drawn<D, S>(kernel, options), mStep: options.mStep }
  return Effect.andThen(
    Effect.andThen(
      checkCount("fitMonteCarloEM: draws", options.draws, 1),
      checkCount("fitMonteCarloEM: warmup", options.warmup, 0),
    ),
    alternate<D, ME, MR, S, M, "logJoint", Drawn>(model, data, steps, { tolerance: 0, ...options }),
  )
}
