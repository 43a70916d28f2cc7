/**
 * Fits a model by expectation maximization, exact, variational or Monte Carlo: three assemblies of one alternation.
 *
 * ```ts
 * const fit = yield* fitEM(mixture.model, x, { mStep: mixture.mStep })
 * fit.params            // typed by the model's Param requirements
 * fit.bound             // log p(x), in nats: exact EM's bound is the evidence
 * ```
 */
import { Effect, type Scope } from "effect"
import type { GuideCheck, Rest } from "../effects/Program.ts"
import { run } from "../effects/run.ts"
import type { Backend } from "../tensor/Backend.ts"
import { InvalidArgument } from "../tensor/errors.ts"
import { alternate, type EmError, type EmFit, type EmOptions } from "./alternate.ts"
import type { FiniteSupport } from "./Enumerated.ts"
import { type Drawn, type DrawnOptions, drawn } from "./em/drawn.ts"
import { exact } from "./em/exact.ts"
import { type GuidedOptions, type GuidedState, guided } from "./em/guided.ts"
import type { Belief, MStep } from "./em/steps.ts"
import { gibbs } from "./mcmc/gibbs.ts"
import type { Kernel, KernelState } from "./mcmc/Kernel.ts"
import type { InMemory } from "./Source.ts"

/** How {@link fitEM} runs: with an M-step in closed form, or by gradient. */
export interface FitEmOptions<D, M, Q extends Belief = Belief> extends EmOptions {
  readonly mStep: MStep<D, M, Q>
}

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

/**
 * Fits by EM, all latent sites summed out exactly: each must have a list of values. The bound is the log-evidence, which
 * no iteration lowers: where one does the fit fails with `BoundDecreased`. Fails with `SiteMismatch` where a latent site
 * cannot be summed out.
 */
export const fitEM = <D, ME, MR, M extends object>(
  model: (data: D) => Effect.Effect<unknown, ME, MR>,
  data: InMemory<NoInfer<D>>,
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
  data: InMemory<NoInfer<D>>,
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
  data: InMemory<NoInfer<D>>,
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
