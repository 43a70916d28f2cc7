/** Every algorithm of the library as one row: a small fit that takes the options by which fits survive. */
import * as tf from "@tensorflow/tfjs-core"
import { Effect, type Scope } from "effect"
import {
  type Backend,
  Categorical,
  type Checkpoint,
  closedForm,
  Dataset,
  fitEM,
  fitMonteCarloEM,
  fitSVI,
  fitVariationalEM,
  gradientSteps,
  iwae,
  Key,
  lbfgs,
  type Metrics,
  metropolis,
  mixed,
  Normal,
  Optimizer,
  observe,
  param,
  plate,
  reweightedWakeSleep,
  Support,
  type SurvivalOptions,
  sample,
  scoreFunction,
} from "../../../src/index.ts"
import type * as Tree from "../../../src/tensor/Tree.ts"
import { rows } from "../gaussian.ts"

/** How a row is run: so many steps, iterations or epochs. */
export type Options = SurvivalOptions & {
  readonly length: number
  /** Called after each step. */
  readonly onStep?: () => Effect.Effect<void>
}

/** What of a fit's end must be the same to the bit. */
export interface End {
  readonly params: Tree.Tree
  readonly history: ReadonlyArray<number | Metrics>
  readonly checkpoint: Effect.Effect<Checkpoint.Checkpoint, unknown>
}

export interface Algorithm {
  readonly name: string
  readonly length: number
  readonly fit: (options: Options) => Effect.Effect<End, unknown, Backend | Scope.Scope>
}

const size = 20
const values = Array.from(Key.normalValues(Key.key(1), [size]), (z, i) => z + (i % 2 === 0 ? 2 : -2))

/** The data, for as long as the fit's scope is open. */
const x = Effect.acquireRelease(
  Effect.sync(() => tf.tensor1d(values)),
  (x) => Effect.sync(() => x.dispose()),
)

/** A key for a fit that begins; one that goes on has the checkpoint's. */
const keyUnless = (resume: unknown) => (resume === undefined ? { key: Key.key(2) } : {})

const mixture = Effect.fnUntraced(
  function* (x: tf.Tensor) {
    const probs = yield* param("probs", [0.5, 0.5], { support: Support.simplex })
    const loc = yield* param("loc", [-1, 1.5])
    const z = yield* sample("z", Categorical({ probs }))
    return yield* observe("x", Normal({ loc: tf.gather(loc, tf.cast(z, "int32")), scale: 1 }), x)
  },
  plate("rows", { size }),
)

const classes = Effect.fnUntraced(
  function* (_: tf.Tensor) {
    return yield* sample("z", Categorical({ logits: yield* param("logits", tf.zeros([size, 2])) }))
  },
  plate("rows", { size }),
)

const maximized = closedForm<tf.Tensor>(({ probabilities }, x) => ({
  probs: tf.mean(probabilities.z!, 0),
  loc: Normal.fit(tf.expandDims(x, 1), probabilities.z!).loc,
}))

const svi = (name: string, objective: object = {}): Algorithm => ({
  name: `fitSVI, ${name}`,
  length: 5,
  fit: ({ length, ...options }) =>
    Effect.map(
      Effect.flatMap(x, (x) =>
        fitSVI(mixture, classes as never, x, {
          ...keyUnless(options.resume),
          steps: length,
          optimizer: Optimizer.adam(0.05),
          ...objective,
          ...options,
        } as never),
      ),
      (fit) =>
        end(
          fit as never,
          (fit as { history: ReadonlyArray<{ metrics: Metrics }> }).history.map((h) => h.metrics),
        ),
    ) as ReturnType<Algorithm["fit"]>,
})

const end = (
  { params, checkpoint }: { readonly params: Tree.Tree; readonly checkpoint: End["checkpoint"] },
  history: End["history"],
): End => ({ params, history, checkpoint })

/** An EM of the mixture; `run` says which. */
const em = (
  name: string,
  run: (x: tf.Tensor, options: object) => Effect.Effect<unknown, unknown, unknown>,
): Algorithm => ({
  name,
  length: 5,
  fit: ({ length, onStep, ...options }) =>
    Effect.map(
      Effect.flatMap(x, (x) =>
        run(x, {
          ...keyUnless(options.resume),
          iterations: length,
          tolerance: 0,
          ...(onStep && { onIteration: onStep }),
          ...options,
        }),
      ),
      (fit) => end(fit as never, (fit as { history: ReadonlyArray<number> }).history),
    ) as ReturnType<Algorithm["fit"]>,
})

export const algorithms: ReadonlyArray<Algorithm> = [
  {
    name: "fitSVI with moments, minibatches, held-out data, a state remembered, a good one",
    length: 9,
    fit: ({ length, ...options }) =>
      Effect.gen(function* () {
        const data = yield* Dataset.fromArray(values, [size])
        const fit = yield* fitSVI(rows.model(size, 1.3, 0.2), rows.guide(size), data, {
          ...keyUnless(options.resume),
          batchSize: 6,
          epochs: length,
          optimizer: Optimizer.chain(Optimizer.clipByNorm(10), Optimizer.adam(0.05)),
          heldOut: { data, batchSize: 7 },
          earlyStopping: { patience: 3 },
          nonFinite: "restore",
          ...options,
        })
        return end(
          fit as never,
          fit.history.map(({ metrics, heldOut }) => ({ ...metrics, ...heldOut })),
        )
      }),
  },
  svi("score function with a moving average", {
    objective: scoreFunction({ baseline: "average" }),
  }),
  svi("mixed", { objective: mixed() }),
  svi("wake and sleep", { objective: reweightedWakeSleep(3) }),
  {
    name: "fitSVI, iwae",
    length: 5,
    fit: ({ length, ...options }) =>
      Effect.gen(function* () {
        const fit = yield* fitSVI(rows.model(size, 1.3, 0.2), rows.guide(size), yield* x, {
          ...keyUnless(options.resume),
          steps: length,
          objective: iwae(3),
          optimizer: Optimizer.rmsprop(0.05, { centered: true, momentum: 0.9 }),
          ...options,
        })
        return end(
          fit as never,
          fit.history.map(({ metrics }) => metrics),
        )
      }),
  },
  em("fitEM, closed form", (x, options) => fitEM(mixture, x, { mStep: maximized, ...options })),
  em("fitEM, gradient steps", (x, options) =>
    fitEM(mixture, x, { mStep: gradientSteps({ optimizer: Optimizer.adam(0.05), steps: 2 }), ...options }),
  ),
  em("fitEM, L-BFGS", (x, options) =>
    fitEM(mixture, x, { mStep: lbfgs({ iterations: 1, evaluations: 3 }), ...options }),
  ),
  em("fitVariationalEM", (x, options) =>
    fitVariationalEM(mixture, classes, x, {
      mStep: maximized,
      optimizer: Optimizer.adam(0.1),
      steps: 3,
      ...options,
    }),
  ),
  em("fitMonteCarloEM, Gibbs", (x, options) =>
    fitMonteCarloEM(mixture, x, { mStep: maximized, draws: 3, ...options }),
  ),
  em("fitMonteCarloEM, Metropolis", (x, options) =>
    fitMonteCarloEM(mixture, x, { mStep: maximized, draws: 3, kernel: metropolis(), ...options } as never),
  ),
]
