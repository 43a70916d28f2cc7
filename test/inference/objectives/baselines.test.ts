/**
 * Baselines that are learned from the data: what their parameters climb and what they do not, by formula; how much they
 * take off the noise where the signals depend on the data; and what is refused. That they leave the gradient's expectation
 * as it is is shown in `unbiased.test.ts`.
 */
import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Context, Effect } from "effect"
import {
  Backend,
  Bernoulli,
  elbo,
  fitSVI,
  Key,
  Normal,
  type Objective,
  Optimizer,
  observe,
  param,
  plate,
  ShapeMismatch,
  sample,
  scoreFunction,
  UnknownSite,
  withBaselines,
} from "../../../src/index.ts"
import { onBatch, synchronous } from "../../../src/inference/programs.ts"
import { constrained } from "../../../src/inference/svi.ts"
import { valueAndGradient } from "../../../src/tensor/gradient.ts"
import { expectClose, normal } from "../../effects/numbers.ts"
import { moments } from "./estimates.ts"

const size = 24
const rows = plate("rows", { size })

/** z_n ~ Bernoulli(½), x_n ~ N(z_n, 0.5²): far from 0 and 1, what x_n costs has little to do with z_n. */
const model = Effect.fnUntraced(function* (x: tf.Tensor) {
  const z = yield* sample("z", Bernoulli({ probs: 0.5 }))
  yield* observe("x", Normal({ loc: z, scale: 0.5 }), x)
}, rows)

const guide = Effect.fnUntraced(function* (x: tf.Tensor) {
  yield* sample("z", Bernoulli({ logits: tf.add(yield* param("logit", 0), tf.mul(x, 0.3)) }))
}, rows)

/** b(x) = β₀ + β₁x + β₂x². */
const learned = withBaselines(guide, {
  z: Effect.fnUntraced(function* (x: tf.Tensor) {
    const beta = yield* param("beta", [0, 0, 0])
    const features = tf.stack([tf.onesLike(x), x, tf.square(x)], -1)
    return tf.squeeze(tf.matMul(features as tf.Tensor2D, tf.reshape(beta, [3, 1])), [1])
  }),
})

type Params = Readonly<Record<string, tf.Tensor>>

/** The gradient of what descends in all parameters, and the metrics. */
const gradientAt = (
  objective: Objective<"pathwise" | "score">,
  program: (x: tf.Tensor) => Effect.Effect<unknown, never, unknown>,
  x: ReadonlyArray<number>,
  at: Readonly<Record<string, number | ReadonlyArray<number>>>,
  key: Key.Key,
  average = 0,
) =>
  tf.tidy(() => {
    const memory = { "z/sum": tf.scalar(average), "z/weight": tf.scalar(1) }
    const programs = synchronous(model, program, Context.empty() as never)
    const params: Params = Object.fromEntries(
      Object.entries(at).map(([name, value]) => [name, tf.tensor(value as number)]),
    )
    const { gradient, aux } = valueAndGradient(params, (params) => {
      const given = onBatch(programs, tf.tensor1d([...x]), [constrained(params)])
      const { loss, metrics } = objective.estimate(given, key, true, { step: 0, memory })
      return { value: loss, aux: metrics }
    })
    const read = (tensors: Params) =>
      Object.fromEntries(
        Object.entries(tensors).map(([name, tensor]) => [name, Array.from(tensor.dataSync())]),
      )
    return { gradient: read(gradient as Params), metrics: read(aux) }
  }) as unknown as Readonly<Record<"gradient" | "metrics", Readonly<Record<string, ReadonlyArray<number>>>>>

const spread = Array.from({ length: size }, (_, n) => -3 + (6 * n) / (size - 1))
const tensorsAlive = () => tf.engine().state.numTensors

for (const [name, backend] of [
  ["cpu", Backend.cpu()],
  ["wasm", Backend.wasm()],
] as const) {
  layer(backend)(`on ${name}`, (it) => {
    it.effect("their parameters descend the squared error alone, and the guide's the signal less them", () =>
      Effect.sync(() => {
        // One row of 24: its log-weight is 1/24 of the bound, and says which z was drawn.
        const x = 0.7
        const beta = [0.4, -0.8, 0.3]
        const baseline = beta[0]! + beta[1]! * x + beta[2]! * x * x
        const drawn = new Set<number>()
        for (let seed = 0; seed < 12; seed++) {
          const at = { logit: 0.5, beta }
          const { gradient, metrics } = gradientAt(
            scoreFunction({ baseline: "none" }),
            learned,
            [x],
            at,
            Key.key(seed),
          )
          const p = 1 / (1 + Math.exp(-(0.5 + 0.3 * x)))
          const weights = [0, 1].map((z) => Math.log(0.5) + normal(x, z, 0.5) - Math.log(z === 1 ? p : 1 - p))
          const found = metrics.elbo![0]! / size
          const z = Math.abs(found - weights[1]!) < 1e-4 ? 1 : 0
          drawn.add(z)
          expectClose(found, weights[z]!, 1e-5)
          const error = weights[z]! - baseline
          for (const [i, slope] of [1, x, x * x].entries()) {
            expectClose(gradient.beta![i]!, -error * slope, 1e-4)
          }
          expectClose(gradient.logit![0]!, -size * error * (z - p), 1e-4)
        }
        expect([...drawn].toSorted()).toEqual([0, 1])
      }),
    )

    it.effect("they are trained in a fit, which leaves no tensor, and take most of the noise away", () =>
      Effect.gen(function* () {
        const x = tf.tensor1d(spread)
        const before = tensorsAlive()
        yield* Effect.scoped(
          Effect.gen(function* () {
            const fit = yield* fitSVI(model, learned, x, {
              objective: scoreFunction({ baseline: "none" }),
              optimizer: Optimizer.adam(0.1),
              steps: 250,
            })
            const beta = Array.from(fit.params.beta.dataSync())
            const logit = fit.params.logit.dataSync()[0]!
            const variance = (
              program: typeof guide | typeof learned,
              at: Readonly<Record<string, number | ReadonlyArray<number>>>,
              baseline: "none" | "average" = "none",
            ) =>
              moments(
                Array.from(
                  { length: 150 },
                  (_, i) =>
                    gradientAt(scoreFunction({ baseline }), program, spread, at, Key.key(i), fit.elbo / size)
                      .gradient.logit![0]!,
                ),
              ).variance
            const less = variance(learned, { logit, beta })
            // No baseline, and the best of one number for all rows.
            expect(less).toBeLessThan(0.25 * variance(guide, { logit }))
            expect(less).toBeLessThan(0.6 * variance(guide, { logit }, "average"))
          }),
        )
        expect(tensorsAlive()).toBe(before)
        x.dispose()
      }),
    )
  })
}

layer(Backend.cpu())((it) => {
  describe("a learned baseline", () => {
    /** A fit whose guide the compiler need not judge. */
    const fitted = (program: (x: tf.Tensor) => Effect.Effect<unknown, never, unknown>) =>
      Effect.scoped(
        Effect.suspend(() => {
          const x = tf.tensor1d(spread)
          return Effect.ensuring(
            fitSVI(model, program as unknown as typeof guide, x, { objective: scoreFunction(), steps: 1 }),
            Effect.sync(() => x.dispose()),
          )
        }),
      )

    it.effect("of another shape than the site's plates is refused", () =>
      Effect.gen(function* () {
        const column = withBaselines(guide, { z: (x) => Effect.sync(() => tf.reshape(x, [size, 1])) })
        const failure = yield* Effect.flip(fitted(column))
        expect(failure).toBeInstanceOf(ShapeMismatch)
        expect(failure.message).toContain('withBaselines: site "z"')
        expect(failure.message).toContain("[24, 1]")
      }),
    )

    it.effect("of a site that the guide does not have is refused", () =>
      Effect.gen(function* () {
        const stray = withBaselines(guide, { y: (x: tf.Tensor) => Effect.succeed(x) } as never)
        const failure = yield* Effect.flip(fitted(stray as unknown as typeof guide))
        expect(failure).toBeInstanceOf(UnknownSite)
        expect(failure.message).toContain('"y"')
      }),
    )

    it.effect("is left alone by objectives without scores", () =>
      Effect.sync(() => {
        const normalGuide = Effect.fnUntraced(function* (_: tf.Tensor) {
          yield* sample("w", Normal({ loc: yield* param("loc", 0), scale: 1 }))
        })
        const program = withBaselines(normalGuide, { w: () => param("beta", 1) })
        const found = tf.tidy(() => {
          const programs = synchronous(
            (_: tf.Tensor) => sample("w", Normal({ loc: 1, scale: 1 })),
            program,
            Context.empty() as never,
          )
          const params = { loc: tf.scalar(0), beta: tf.scalar(1) }
          const { gradient } = valueAndGradient(params, (params) => ({
            value: elbo().estimate(onBatch(programs, tf.scalar(0), [constrained(params)]), Key.key(0), true)
              .loss,
            aux: {},
          }))
          return [gradient.loc.dataSync()[0]!, gradient.beta.dataSync()[0]!]
        }) as unknown as ReadonlyArray<number>
        expect(found[1]).toBe(0)
        expect(found[0]).not.toBe(0)
      }),
    )
  })
})
