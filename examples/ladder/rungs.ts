/** The four methods, each an assembly of the same parts, from the same first parameters. */
import type * as tf from "@tensorflow/tfjs-core"
import { Clock, Effect } from "effect"
import {
  closedForm,
  enumerated,
  fitEM,
  fitMonteCarloEM,
  fitSVI,
  fitVariationalEM,
  GaussianMixture,
  Key,
  Optimizer,
  Schedule,
} from "guidepost"
import type { DataSet } from "./data.ts"

/** What one method found. */
export interface Rung {
  readonly method: string
  readonly params: GaussianMixture.GaussianMixtureParams
  /** log p(x) at the parameters it found, a total over the data, in the data's own units. */
  readonly logLikelihood: number
  /** The bound that it raised; none of draws, whose entropy nobody knows. */
  readonly bound: number | undefined
  readonly iterations: number
  readonly seconds: number
  /** The bound after so many seconds. */
  readonly curve: ReadonlyArray<{ readonly seconds: number; readonly bound: number }>
  /** `[N, K]`, row by row. */
  readonly responsibilities: ReadonlyArray<ReadonlyArray<number>>
}

/** Fits the data by each method. */
export const climb = Effect.fnUntraced(function* (data: DataSet) {
  const { x, components } = data
  const size = x.shape[0]!
  const mixture = GaussianMixture.make({ components, dimensions: 2, size })
  const params = yield* mixture.initialize(x, { method: "k-means++", key: Key.key(2) })
  const mStep = closedForm(mixture.maximize)
  // What the units of the data add to a density: −N Σ log deviation.
  const units = -size * data.deviation.reduce((sum, d) => sum + Math.log(d), 0)

  const rung = Effect.fnUntraced(function* <E, R>(
    method: string,
    run: (report: (value: number) => Effect.Effect<void>) => Effect.Effect<
      {
        readonly params: GaussianMixture.GaussianMixtureParams
        readonly bound: number | undefined
        readonly iterations: number
      },
      E,
      R
    >,
  ) {
    const start = yield* Clock.currentTimeMillis
    const since = Effect.map(Clock.currentTimeMillis, (now) => (now - start) / 1000)
    const curve: Array<{ readonly seconds: number; readonly bound: number }> = []
    const found = yield* run((value) =>
      Effect.map(since, (seconds) => {
        curve.push({ seconds, bound: value + units })
      }),
    )
    const seconds = yield* since
    const scores = yield* mixture.scoreSamples(found.params, x)
    const shares = yield* mixture.predictProba(found.params, x)
    return {
      method,
      params: found.params,
      logLikelihood: Array.from(scores.dataSync()).reduce((sum, score) => sum + score, units),
      bound: found.bound === undefined ? undefined : found.bound + units,
      iterations: found.iterations,
      seconds,
      curve,
      responsibilities: shares.arraySync() as ReadonlyArray<ReadonlyArray<number>>,
    } satisfies Rung
  })

  const em = yield* rung("EM", (report) =>
    fitEM(mixture.model, x, { mStep, params, tolerance: 1e-7, onIteration: ({ value }) => report(value) }),
  )
  const variational = yield* rung("variational EM", (report) =>
    fitVariationalEM(mixture.model, mixture.freeGuide, x, {
      mStep,
      params,
      optimizer: Optimizer.adam(0.2),
      steps: 20,
      iterations: 60,
      tolerance: 0,
      onIteration: ({ value }) => report(value),
    }),
  )
  const monteCarlo = yield* rung("Monte Carlo EM", () =>
    Effect.map(fitMonteCarloEM(mixture.model, x, { mStep, params, draws: 20, iterations: 60 }), (fit) => ({
      ...fit,
      bound: undefined,
    })),
  )
  const steps = 1500
  const amortized = yield* rung("amortized VI", (report) =>
    Effect.map(
      fitSVI(mixture.model, mixture.guide, x, {
        objective: enumerated(),
        optimizer: Optimizer.adam(Schedule.cosine(0.02, { decaySteps: steps })),
        steps,
        params,
        onStep: ({ metrics }) => report(metrics.elbo!),
      }),
      (fit) => ({ params: fit.params, bound: fit.history.at(-1)!.metrics.elbo, iterations: fit.steps }),
    ),
  )
  return [em, variational, monteCarlo, amortized] as ReadonlyArray<Rung>
})

/** A tensor's rows. */
export const rowsOf = (t: tf.Tensor): ReadonlyArray<ReadonlyArray<number>> =>
  t.arraySync() as ReadonlyArray<ReadonlyArray<number>>
