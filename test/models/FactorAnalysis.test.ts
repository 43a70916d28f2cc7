import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import {
  Backend,
  fitSVI,
  Key,
  type Observe,
  Optimizer,
  type Param,
  type Sample,
  Schedule,
  trace,
} from "../../src/index.ts"
import { alternate } from "../../src/inference/alternate.ts"
import { conjugate } from "../../src/inference/em/conjugate.ts"
import { gradientSteps } from "../../src/inference/em/mStep.ts"
import type { FactorParams, Noise } from "../../src/models/FactorAnalysis.ts"
import * as FactorAnalysis from "../../src/models/FactorAnalysis.ts"
import { symmetricEigen } from "../../src/tensor/linalg/eigen.ts"
import golden from "../goldens/factorAnalysis.json" with { type: "json" }
import { expectTensor as expectFlat } from "../nn/support.ts"

const [inputs, latent, size] = [5, 2, 200]
const data = () => tf.tensor2d(golden.x)
const make = <N extends Noise>(noise: N) => FactorAnalysis.make({ inputs, latent, size, noise })
const startOf = (noise: Noise): FactorParams => ({
  loadings: tf.tensor(golden.start.loadings),
  loc: tf.tensor(golden.start.loc),
  scale: noise === "isotropic" ? tf.scalar(1) : tf.ones([inputs]),
})
const covarianceOf = ({ loadings, scale }: FactorParams) =>
  tf.add(tf.matMul(loadings, loadings, false, true), tf.mul(tf.eye(inputs), tf.square(scale)))
const expectTensor = (
  tensor: tf.Tensor,
  shape: ReadonlyArray<number>,
  values: tf.TensorLike,
  tolerance: number,
) => expectFlat(tensor, shape, [values].flat(3) as ReadonlyArray<number>, tolerance)
const number = (t: tf.Tensor) => t.dataSync()[0]!

/** The largest sine of an angle between the spans of two sets of columns, 0 where they are one. */
const gap = (w: tf.Tensor, rows: ReadonlyArray<ReadonlyArray<number>>): number => {
  const basis = tf.tensor2d(rows as Array<Array<number>>)
  const q = tf.linalg.gramSchmidt(tf.transpose(w as tf.Tensor2D) as tf.Tensor2D) as tf.Tensor2D
  const outside = tf.sub(q, tf.matMul(tf.matMul(q, basis, false, true), basis))
  return number(tf.max(tf.abs(outside)))
}

for (const backend of ["cpu", "wasm"] as const) {
  layer(Backend[backend]())(`FactorAnalysis on ${backend}`, (it) => {
    it.effect.each(golden.em)("$noise: EM step by step as in float64", (golden) =>
      Effect.gen(function* () {
        const factors = make(golden.noise as Noise)
        const x = data()
        const start = startOf(golden.noise as Noise)
        const posterior = factors.posterior(start, x)
        expectTensor(posterior.mean, [size, latent], golden.posterior.mean, 1e-5)
        expectTensor(posterior.covariance, [latent, latent], golden.posterior.covariance, 1e-5)
        const options = { params: start, iterations: golden.iterations, tolerance: 0 }
        const fit = yield* alternate(factors.model, x, conjugate(factors), options)
        expect(fit.history).toHaveLength(golden.history.length)
        fit.history.forEach((bound, i) => {
          expect(Math.abs(bound / golden.history[i]! - 1)).toBeLessThan(2e-6)
        })
        expectTensor(fit.params.loadings, [inputs, latent], golden.loadings, 1e-4)
        expectTensor(fit.params.loc, [inputs], golden.loc, 1e-4)
        expectTensor(fit.params.scale, start.scale.shape, golden.scale, 1e-4)
      }),
    )

    it.effect("EM reaches scikit-learn's factor analysis", () =>
      Effect.gen(function* () {
        const factors = make("diagonal")
        const x = data()
        const { factorAnalysis } = golden.sklearn
        const fit = yield* alternate(factors.model, x, conjugate(factors), {
          params: factors.initialize(x),
          iterations: 1000,
          tolerance: 1e-8,
        })
        expect(fit.converged).toBe(true)
        expect(Math.abs(fit.bound - factorAnalysis.logLikelihood)).toBeLessThan(1e-4 * size)
        expectTensor(covarianceOf(fit.params), [inputs, inputs], factorAnalysis.covariance, 2e-2)
      }),
    )

    it.effect("the closed form is scikit-learn's, and EM's limit", () =>
      Effect.gen(function* () {
        const factors = make("isotropic")
        const x = data()
        const { principal } = golden.sklearn
        const params = factors.closedForm(x)
        expectTensor(covarianceOf(params), [inputs, inputs], principal.covariance, 1e-5)
        expectTensor(tf.square(params.scale), [], principal.variance, 1e-5)
        expect(number(factors.evidence(params, x)) / principal.logLikelihood).toBeCloseTo(1, 6)
        const fit = yield* alternate(factors.model, x, conjugate(factors), {
          params: factors.initialize(x),
          iterations: 1000,
          tolerance: 1e-8,
        })
        expect(Math.abs(fit.bound - principal.logLikelihood)).toBeLessThan(1e-4 * size)
        expect(gap(params.loadings, principal.components)).toBeLessThan(1e-4)
        expect(gap(fit.params.loadings, principal.components)).toBeLessThan(1e-2)
      }),
    )
  })
}

layer(Backend.wasm())("FactorAnalysis", (it) => {
  it.effect("amortised SVI reaches the closed form", () =>
    Effect.gen(function* () {
      const factors = make("isotropic")
      const x = data()
      const { principal } = golden.sklearn
      const { params } = yield* fitSVI(factors.model, factors.guide, x, {
        params: factors.initialize(x),
        steps: 1500,
        optimizer: Optimizer.adam(Schedule.exponential(0.03, { transitionSteps: 600, decayRate: 0.1 })),
      })
      const evidence = number(factors.evidence(params, x))
      expect(evidence).toBeLessThan(principal.logLikelihood + 1e-2)
      expect((principal.logLikelihood - evidence) / size).toBeLessThan(1e-3)
      expect(gap(params.loadings, principal.components)).toBeLessThan(0.05)
      // The guide has become the posterior.
      const posterior = factors.posterior(params, x)
      const q = (yield* trace(factors.guide(x), { key: Key.key(0), params })).sites.get("z")!
        .distribution as never as {
        mean: () => tf.Tensor
        covariance: () => tf.Tensor
      }
      expect(number(tf.max(tf.abs(tf.sub(q.mean(), posterior.mean))))).toBeLessThan(0.1)
      expect(number(tf.max(tf.abs(tf.sub(q.covariance(), posterior.covariance))))).toBeLessThan(0.02)
    }),
  )

  it.effect("an M-step by gradient climbs to the same place", () =>
    Effect.gen(function* () {
      const factors = make("diagonal")
      const x = data()
      const fit = yield* alternate(
        factors.model,
        x,
        {
          eStep: conjugate(factors).eStep,
          mStep: gradientSteps({ optimizer: Optimizer.adam(0.02), steps: 5 }),
        },
        { params: factors.initialize(x), iterations: 300, tolerance: 0 },
      )
      expect(Math.abs(fit.bound - golden.sklearn.factorAnalysis.logLikelihood)).toBeLessThan(0.1)
    }),
  )

  describe("exactly", () => {
    it.effect.each(["diagonal", "isotropic"] as const)(
      "%s: bound = E log p(x, z) + entropy = evidence",
      (noise) =>
        Effect.sync(() =>
          tf.tidy(() => {
            const factors = make(noise)
            const [params, x] = [startOf(noise), data()]
            const posterior = factors.posterior(params, x)
            const [a, b, , c] = posterior.covariance.dataSync() as unknown as [number, number, number, number]
            const entropy =
              size * (latent * 0.5 * Math.log(2 * Math.PI * Math.E) + 0.5 * Math.log(a * c - b * b))
            const evidence = number(factors.evidence(params, x))
            expect(
              Math.abs((number(factors.expected(params, posterior, x)) + entropy) / evidence - 1),
            ).toBeLessThan(2e-6)
          }),
        ),
    )

    it.effect.each(["diagonal", "isotropic"] as const)(
      "%s: the M-step is where E log p(x, z) is flat",
      (noise) =>
        Effect.sync(() =>
          tf.tidy(() => {
            const factors = make(noise)
            const x = data()
            const posterior = factors.posterior(startOf(noise), x)
            const best = factors.maximize(posterior, x)
            const top = number(factors.expected(best, posterior, x))
            for (const name of ["loadings", "loc", "scale"] as const) {
              const at = (h: number) => {
                const moved = tf.add(best[name], tf.mul(Key.normal(Key.key(7), best[name].shape), h))
                return number(factors.expected({ ...best, [name]: moved }, posterior, x))
              }
              expect(at(0.05), name).toBeLessThan(top)
              expect(at(-0.05), name).toBeLessThan(top)
              expect(Math.abs(at(0.02) - at(-0.02)), name).toBeLessThan(
                0.1 * (2 * top - at(0.02) - at(-0.02)),
              )
            }
          }),
        ),
    )

    it.effect("a batch stands for the whole plate", () =>
      Effect.sync(() =>
        tf.tidy(() => {
          const factors = make("diagonal")
          const [params, x] = [startOf("diagonal"), data()]
          const half = tf.slice(x, [0, 0], [100, inputs])
          const twice = tf.concat([half, half])
          expect(number(factors.evidence(params, half))).toBeCloseTo(
            number(factors.evidence(params, twice)),
            2,
          )
        }),
      ),
    )
  })

  it.effect("a constant column keeps the floor as its variance", () =>
    Effect.gen(function* () {
      const factors = make("diagonal")
      const x = tf.mul(data(), [[1, 1, 0, 1, 1]])
      const fit = yield* alternate(factors.model, x, conjugate(factors), {
        params: factors.initialize(x),
        iterations: 50,
      })
      expect(fit.params.scale.dataSync()[2]!).toBeCloseTo(1e-3, 6)
    }),
  )

  it.effect("leaves no tensor behind", () =>
    Effect.gen(function* () {
      const factors = make("isotropic")
      const x = data()
      const before = tf.memory().numTensors
      yield* Effect.scoped(alternate(factors.model, x, conjugate(factors), { iterations: 3 }))
      factors.closedForm(x).loadings.dispose()
      expect(tf.memory().numTensors).toBe(before + 2)
    }),
  )

  it.effect("types its sites and parameters", () =>
    Effect.sync(() => {
      const factors = make("isotropic")
      type R = Effect.Services<ReturnType<typeof factors.model>>
      const exact: [R] extends [
        | Sample<"z", "real", "pathwise">
        | Observe<"x">
        | Param<"loadings", tf.Tensor>
        | Param<"loc", tf.Tensor>
        | Param<"scale", tf.Tensor>,
      ]
        ? true
        : false = true
      expect(exact).toBe(true)
      // @ts-expect-error: only probabilistic PCA has a closed form
      expect(make("diagonal").closedForm).toBeDefined()
    }),
  )
})

describe("symmetricEigen", () => {
  layer(Backend.cpu())("", (it) => {
    it.effect("A U = U Λ, U orthonormal, falling", () =>
      Effect.sync(() => {
        const n = 12
        const r = Key.uniformValues(Key.key(3), [n, n], -1, 1)
        const a = Float64Array.from({ length: n * n }, (_, at) => {
          const [i, j] = [Math.floor(at / n), at % n]
          return r[i * n + j]! + r[j * n + i]!
        })
        const { values, vectors } = symmetricEigen(a, n)
        const dot = (p: ArrayLike<number>, q: ArrayLike<number>) =>
          Array.from(p).reduce((s, v, i) => s + v * q[i]!, 0)
        const row = (m: Float64Array, i: number) => m.subarray(i * n, i * n + n)
        for (let k = 0; k < n; k++) {
          if (k > 0) expect(values[k]!).toBeLessThanOrEqual(values[k - 1]!)
          for (let i = 0; i < n; i++) {
            expect(dot(row(a, i), row(vectors, k))).toBeCloseTo(values[k]! * vectors[k * n + i]!, 12)
            expect(dot(row(vectors, i), row(vectors, k))).toBeCloseTo(i === k ? 1 : 0, 12)
          }
        }
      }),
    )

    it.effect("of a diagonal matrix, of a zero one, and no endless loop on NaN", () =>
      Effect.sync(() => {
        expect([...symmetricEigen([1, 0, 0, 2], 2).values]).toEqual([2, 1])
        expect([...symmetricEigen([0, 0, 0, 0], 2).values]).toEqual([0, 0])
        // A zero on the diagonal: the threshold must not be one that no element can pass.
        expect([...symmetricEigen([0, 1, 1, 0], 2).values].map((v) => Math.round(v * 1e12) / 1e12)).toEqual([
          1, -1,
        ])
        expect(symmetricEigen([Number.NaN, 1, 1, 2], 2).values).toHaveLength(2)
      }),
    )
  })
})
