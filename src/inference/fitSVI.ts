/**
 * Fits a model and a guide by stochastic variational inference.
 *
 * ```ts
 * const fit = yield* fitSVI(model, guide, images, { batchSize: 128, epochs: 10, optimizer: adam(1e-3) })
 * fit.params.decoder          // typed by the programs' Param requirements
 * fit.elbo                    // the bound over the last epoch, in nats
 * const { z } = yield* fit.posterior(100)
 * ```
 */
import { Effect, type Scope, Stream } from "effect"
import type { Gradient } from "../distributions/Distribution.ts"
import type { ProgramError } from "../effects/errors.ts"
import { substituted } from "../effects/handlers/substitute.ts"
import type { GuideCheck, Params, Rest, Values } from "../effects/Program.ts"
import type { Backend } from "../tensor/Backend.ts"
import { InvalidArgument } from "../tensor/errors.ts"
import * as Key from "../tensor/Key.ts"
import { scoped } from "../tensor/Memory.ts"
import * as Tree from "../tensor/Tree.ts"
import { firstNonFinite } from "./blame.ts"
import type { Checkpoint } from "./checkpoint/Checkpoint.ts"
import { inOwnScope } from "./checkpoint/run.ts"
import { type CheckpointError, NonFinite } from "./errors.ts"
import type { FitError, FitOptions } from "./FitOptions.ts"
import type { EpochReport, StepReport } from "./Loop.ts"
import type { Metrics } from "./metrics.ts"
import { drawSites } from "./predictive.ts"
import { type Ending, open, type Session } from "./Session.ts"
import { type Data, everything, type InMemory, make as makeSource } from "./Source.ts"
import { spanned } from "./Telemetry.ts"

/** A fitted pair of programs. Its tensors live until the scope closes. */
export interface Fit<D, E, MR, GR> {
  /** Every parameter of model and guide, constrained. */
  readonly params: Params<MR | GR>
  /**
   * The mean ELBO over the last epoch's steps (those taken, if it was cut short; under early stopping, over the epoch
   * that `params` come from): a total over the data, in nats.
   */
  readonly elbo: number
  readonly history: ReadonlyArray<EpochReport>
  readonly steps: number
  readonly ended: Ending
  /** Where the fit stands, for the option `resume` of a longer one. To be taken while the fit's scope is open. */
  readonly checkpoint: Effect.Effect<Checkpoint, CheckpointError>
  /**
   * `n` draws of every latent site from the guide, stacked: `[n, ...site shape]`, given the data of the fit or other
   * data. Sites in the plate of the data are drawn for every row: give a few rows where there are many, and always where
   * the data are streamed.
   */
  readonly posterior: (
    n: number,
    options?: { readonly data?: InMemory<D>; readonly key?: Key.Key },
  ) => Effect.Effect<Values<MR>, E | ProgramError, Scope.Scope>
  /** The objective's metrics on other data: totals on the scale of the fit's own data. */
  readonly evaluate: (
    data: Data<D>,
    options?: { readonly batchSize?: number },
  ) => Effect.Effect<Metrics, E | FitError>
}

/** A report of {@link fitSVI.stream}: a step, and a way to copy the parameters at that moment. */
export interface StreamReport<E, MR, GR> extends StepReport {
  /** The parameters now, constrained: copies that live until the scope closes. Read them while the stream runs. */
  readonly params: Effect.Effect<Params<MR | GR>, E | FitError, Scope.Scope>
}

const toItsEnd = Effect.fnUntraced(function* <
  D,
  ME,
  MR,
  GE,
  GR,
  G extends Gradient = "pathwise",
  S extends string = never,
>(
  model: (data: D) => Effect.Effect<unknown, ME, MR>,
  guide: ((data: D) => Effect.Effect<unknown, GE, GR>) & GuideCheck<MR, GR, G, S>,
  data: Data<NoInfer<D>>,
  options: FitOptions<NoInfer<D>, G, S>,
): Effect.fn.Return<
  Fit<D, ME | GE, MR, GR>,
  ME | GE | FitError,
  Rest<MR> | Rest<GR> | Backend | Scope.Scope
> {
  const session = yield* open<D, ME, MR, GE, GR>(model, guide, data, options)
  const { driver, history, key, programs, checkpoint } = session
  yield* Effect.onInterrupt(
    Effect.gen(function* () {
      while (session.ending() === undefined) yield* session.advance
    }),
    () => session.salvage,
  )
  yield* checkFinite(session)
  yield* session.finish
  const params = yield* paramsOf<D, ME | GE, MR, GR>(session)
  return {
    params,
    elbo: session.metrics().elbo ?? Number.NaN,
    history,
    steps: session.steps(),
    ended: session.ending()!,
    checkpoint,
    posterior: (n, { data: given = data, key: drawKey = Key.foldInName(key, "posterior") } = {}) =>
      drawSites<Values<MR>, ME | GE>(
        (batch, options) => programs.guide(batch as D, options),
        () => everything<D>(given, drawKey),
        { samples: n, key: drawKey, handlers: [substituted(params)] },
      ),
    evaluate: (given, { batchSize } = {}) =>
      Effect.scoped(
        Effect.flatMap(makeSource<D>(given, { batchSize, key, shuffle: false }), (source) =>
          driver.evaluate(source),
        ),
      ),
  }
})

const fit = <D, ME, MR, GE, GR, G extends Gradient = "pathwise", S extends string = never>(
  model: (data: D) => Effect.Effect<unknown, ME, MR>,
  guide: ((data: D) => Effect.Effect<unknown, GE, GR>) & GuideCheck<MR, GR, G, S>,
  data: Data<NoInfer<D>>,
  options: FitOptions<NoInfer<D>, G, S> = {},
): Effect.Effect<Fit<D, ME | GE, MR, GR>, ME | GE | FitError, Rest<MR> | Rest<GR> | Backend | Scope.Scope> =>
  inOwnScope(spanned(toItsEnd<D, ME, MR, GE, GR, G, S>(model, guide, data, options), "fitSVI"))

const stream = <D, ME, MR, GE, GR, G extends Gradient = "pathwise", S extends string = never>(
  model: (data: D) => Effect.Effect<unknown, ME, MR>,
  guide: ((data: D) => Effect.Effect<unknown, GE, GR>) & GuideCheck<MR, GR, G, S>,
  data: Data<NoInfer<D>>,
  options: FitOptions<NoInfer<D>, G, S> = {},
): Stream.Stream<StreamReport<ME | GE, MR, GR>, ME | GE | FitError, Rest<MR> | Rest<GR> | Backend> =>
  Stream.unwrap(
    Effect.map(openForStream<D, ME, MR, GE, GR>(model, guide, data, options), (session) =>
      Stream.unfold(session, (session) =>
        session.ending() === undefined
          ? Effect.map(
              session.advance,
              (report) => [{ ...report, params: paramsOf<D, ME | GE, MR, GR>(session) }, session] as const,
            )
          : Effect.undefined,
      ),
    ),
  ) as Stream.Stream<StreamReport<ME | GE, MR, GR>, ME | GE | FitError, Rest<MR> | Rest<GR> | Backend>

/**
 * Fits `model` and `guide` to `data`, and gives their parameters, the ELBO's history and draws from the posterior.
 * `fitSVI.stream` is the same fit as a `Stream` of its steps, to be stopped at any of them.
 *
 * The guide must have the model's latent sites, with the same supports and draws that the objective can
 * differentiate: the compiler names the site where it does not. `data` are tensors as the programs take them, or a
 * `Dataset` of them, which stays on the host, or in its file where it is streamed. Interrupting a fit frees every tensor of it; `until` stops one and
 * keeps its result.
 */
export const fitSVI = Object.assign(fit, { stream })

/** A session that is saved when its stream ends before it does. */
const openForStream = <D, ME, MR, GE, GR>(...args: Parameters<typeof open<D, ME, MR, GE, GR>>) =>
  Effect.tap(open<D, ME, MR, GE, GR>(...args), (session) =>
    Effect.addFinalizer(() => (session.ending() === undefined ? session.salvage : Effect.void)),
  )

const ended = new InvalidArgument({
  where: "params of a stream's report",
  expected: "to be read while the stream runs, as in Stream.mapEffect",
  found: "a stream that has ended",
})

/** Refuses parameters that the last update has made infinite or NaN; an earlier one's would show in the step after it. */
const checkFinite = <D, E>({ driver, steps }: Session<D, E>): Effect.Effect<void, NonFinite> =>
  Effect.suspend(() => {
    for (const [parameter, leaf] of Tree.entries(driver.best().params)) {
      const found = firstNonFinite(leaf)
      if (found !== undefined) return Effect.fail(new NonFinite({ step: steps(), parameter, ...found }))
    }
    return Effect.void
  })

const paramsOf = <D, E, MR, GR>(
  session: Session<D, E>,
): Effect.Effect<Params<MR | GR>, E | FitError, Scope.Scope> =>
  scoped(
    Effect.suspend(() =>
      Tree.leaves(session.driver.position().state.params).some((leaf) => leaf.isDisposed)
        ? Effect.fail(ended)
        : session.params,
    ),
    (params) => Tree.leaves(params),
  ) as unknown as Effect.Effect<Params<MR | GR>, E | FitError, Scope.Scope>
