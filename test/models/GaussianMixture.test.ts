import { readFileSync } from "node:fs"
import { describe, expect, expectTypeOf, layer, it as plain } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { trace } from "../../src/effects/handlers/trace.ts"
import type { Factor, Observe, Param, Sample } from "../../src/effects/Program.ts"
import { enumerated } from "../../src/inference/Enumerated.ts"
import { closedForm } from "../../src/inference/em/mStep.ts"
import { fitEM } from "../../src/inference/fitEM.ts"
import { fitSVI } from "../../src/inference/fitSVI.ts"
import * as Optimizer from "../../src/inference/Optimizer.ts"
import * as GaussianMixture from "../../src/models/GaussianMixture.ts"
import { Backend } from "../../src/tensor/Backend.ts"
import * as Key from "../../src/tensor/Key.ts"
import golden from "../goldens/gaussianMixture.json" with { type: "json" }

const key = Key.key(0)
const kinds = ["full", "tied", "diagonal", "spherical"] as const
type Rows = ReadonlyArray<ReadonlyArray<number>>

const faithful: Rows = readFileSync(new URL("../../examples/ladder/faithful.csv", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .slice(1)
  .map((row) => row.split(",").map(Number))
const tensor = (rows: Rows) => tf.tensor2d(rows as Array<Array<number>>)
const numbers = (t: tf.Tensor) => Array.from(t.dataSync())
const apart = (t: tf.Tensor, values: unknown) => {
  const expected = (values as ReadonlyArray<unknown>).flat(3) as ReadonlyArray<number>
  expect(t.size).toBe(expected.length)
  return Math.max(...numbers(t).map((v, i) => Math.abs(v - expected[i]!)))
}

/** To which of some rows each row is nearest, as responsibilities. */
const nearest = (rows: Rows, seeds: ReadonlyArray<number>) =>
  tensor(
    rows.map((row) => {
      const far = seeds.map((s) => row.reduce((sum, v, i) => sum + (v - rows[s]![i]!) ** 2, 0))
      return seeds.map((_, k) => (k === far.indexOf(Math.min(...far)) ? 1 : 0))
    }),
  )

/** Three groups of 40 in the plane, far apart: at (0, 0), (10, 0) and (0, 10). */
const groups = () =>
  tf.add(
    Key.normal(Key.key(7), [120, 2]),
    tensor(
      Array.from(
        { length: 120 },
        (_, n) =>
          [
            [0, 0],
            [10, 0],
            [0, 10],
          ][n % 3]!,
      ),
    ),
  )

const fitted = Effect.fnUntraced(function* (
  mixture: GaussianMixture.GaussianMixture,
  x: tf.Tensor,
  how: GaussianMixture.Initialization,
  options: object = {},
) {
  const params = yield* mixture.initialize(x, how)
  return yield* fitEM(mixture.model, x, { mStep: closedForm(mixture.maximize), params, ...options })
})

for (const backend of ["cpu", "wasm"] as const) {
  layer(Backend[backend]())(`GaussianMixture on ${backend}`, (it) => {
    describe("EM against scikit-learn, in float64, from the same responsibilities", () => {
      const name = (c: (typeof golden.cases)[number]) =>
        `${c.data}, ${c.covariance}, floor ${c.floor}, ${c.iterations} iterations`
      it.effect.each(golden.cases.map((c) => [name(c), c] as const))("%s", ([, c]) =>
        Effect.gen(function* () {
          const rows: Rows = c.data === "iris" ? golden.iris : faithful
          const x = tensor(rows)
          const [n, d] = x.shape
          const covariance = c.covariance as GaussianMixture.Covariance
          const mixture = GaussianMixture.make({
            components: c.seeds.length,
            dimensions: d,
            size: n,
            covariance,
            floor: c.floor,
          })
          const start = { responsibilities: nearest(rows, c.seeds) }
          const { params, bound } = yield* fitted(mixture, x, start, {
            iterations: c.iterations,
            tolerance: 0,
          })
          // To 1e-4 an observation is asked for; the whole sum is within 1e-3.
          expect(Math.abs(bound - c.logLikelihood)).toBeLessThan(1e-3)
          expect(apart(params.weights, c.weights)).toBeLessThan(1e-3)
          expect(apart(params.loc, c.loc)).toBeLessThan(1e-3)
          expect(apart(params.scale, c.scale)).toBeLessThan(1e-3)
          expect(numbers(yield* mixture.predict(params, x))).toEqual(c.labels)
          const every = tf.range(0, n, Math.floor(n / 10), "int32")
          const probabilities = yield* mixture.predictProba(params, x)
          expect(apart(tf.gather(probabilities, every), c.probabilities)).toBeLessThan(1e-3)
          const scores = yield* mixture.scoreSamples(params, x)
          expect(apart(tf.gather(scores, every), c.scores)).toBeLessThan(1e-3)
          expect(Math.abs((yield* mixture.aic(params, x)) - c.aic)).toBeLessThan(2e-3)
          expect(Math.abs((yield* mixture.bic(params, x)) - c.bic)).toBeLessThan(2e-3)
        }),
      )
    })

    it.effect("Old Faithful, two full components, no floor: log-likelihood −1130.26396", () =>
      Effect.gen(function* () {
        const mixture = GaussianMixture.make({ components: 2, dimensions: 2, size: 272, floor: 0 })
        const fit = yield* fitted(mixture, tensor(faithful), { method: "k-means", key })
        expect(fit.converged).toBe(true)
        expect(Math.abs(fit.bound + 1130.26396)).toBeLessThan(1e-3)
      }),
    )

    it.effect("where all lies far from 0, components keep their digits", () =>
      Effect.gen(function* () {
        // Quarters, so that 4000 can be added in float32 without a rounding.
        const rows = faithful.map(([a, b]) => [Math.round(a! * 4) / 4, b!])
        for (const covariance of kinds) {
          const mixture = GaussianMixture.make({ components: 2, dimensions: 2, size: 272, covariance })
          const start = { responsibilities: nearest(rows, [0, 1]) }
          const near = yield* fitted(mixture, tensor(rows), start, { iterations: 5 })
          const far = yield* fitted(mixture, tf.add(tensor(rows), 4000), start, { iterations: 5 })
          expect(Math.abs(near.bound - far.bound)).toBeLessThan(0.01)
          expect(apart(far.params.scale, near.params.scale.arraySync() as never)).toBeLessThan(1e-3)
        }
      }),
    )

    it.effect("scores full covariances without a matrix for each observation", () =>
      Effect.gen(function* () {
        const [k, n, d] = [4, 1000, 16]
        const mixture = GaussianMixture.make({ components: k, dimensions: d, size: n })
        const x = Key.normal(key, [n, d])
        const params = yield* mixture.initialize(x, { method: "random", key })
        const { peakBytes } = yield* Effect.promise(() => {
          const before = tf.memory().numBytes
          const profile = tf.profile(() => {
            Effect.runSync(Effect.scoped(mixture.scoreSamples(params, x)))
            return tf.scalar(0)
          })
          return profile.then(({ peakBytes }) => ({ peakBytes: peakBytes - before }))
        })
        // A few of [K, N]: [K, N, D] would be 16 of them, [K, N, D, D] 256.
        expect(peakBytes).toBeLessThan(10 * 4 * k * n)
      }),
    )

    it.effect("a weight of 2 is an observation twice, and 0 none", () =>
      Effect.gen(function* () {
        const rows = faithful.slice(0, 60)
        const counts = rows.map((_, n) => n % 3)
        const repeated = rows.flatMap((row, n) => new Array(counts[n]!).fill(row) as Rows)
        for (const covariance of kinds) {
          const options = { components: 2, dimensions: 2, covariance }
          const weighted = GaussianMixture.make({ ...options, size: 60 })
          const data = { x: tensor(rows), weights: tf.tensor1d(counts) }
          const params = yield* weighted.initialize(data, { responsibilities: nearest(rows, [0, 1]) })
          const run = { params, iterations: 4, tolerance: 0 }
          const one = yield* fitEM(weighted.weighted, data, { mStep: closedForm(weighted.maximize), ...run })
          const plain = GaussianMixture.make({ ...options, size: 60 })
          const x = tensor(repeated)
          const two = yield* fitEM(plain.model, x, { mStep: closedForm(plain.maximize), ...run })
          expect(Math.abs(one.bound - two.bound)).toBeLessThan(1e-3)
          for (const name of ["weights", "loc", "scale"] as const) {
            expect(apart(one.params[name], two.params[name].arraySync() as never)).toBeLessThan(1e-4)
          }
          const bic = yield* weighted.bic(one.params, data)
          expect(Math.abs(bic - (yield* plain.bic(two.params, x)))).toBeLessThan(1e-2)
        }
      }),
    )

    describe("starts", () => {
      const mixture = (components = 3) =>
        GaussianMixture.make({ components, dimensions: 2, size: 120, covariance: "spherical" })
      const isSplit = ({ weights }: GaussianMixture.GaussianMixtureParams) =>
        numbers(weights).every((w) => Math.abs(w - 1 / 3) < 0.05)

      it.effect("with k-means++, which finds groups far apart where random picks seldom do", () =>
        Effect.gen(function* () {
          const x = groups()
          const found = { "k-means++": 0, random: 0 }
          for (let seed = 0; seed < 50; seed++) {
            for (const method of ["k-means++", "random"] as const) {
              const params = yield* mixture().initialize(x, { method, key: Key.key(seed) })
              if (isSplit(params)) found[method]++
            }
          }
          // One of each group: picked by distance 97 times in 100 or so, at random 2 times in 9.
          expect(found["k-means++"]).toBeGreaterThan(42)
          expect(found.random).toBeLessThan(25)
        }),
      )

      it.effect("with k-means, whose centers are the means of what is nearest to them", () =>
        Effect.gen(function* () {
          const x = tensor(faithful)
          const { initialize } = GaussianMixture.make({ components: 4, dimensions: 2, size: 272 })
          const { loc } = yield* initialize(x, { method: "k-means", key })
          const again = yield* initialize(x, {
            responsibilities: tf.slice(
              nearest([...(loc.arraySync() as Rows), ...faithful], [0, 1, 2, 3]),
              [4, 0],
            ),
          })
          expect(apart(again.loc, loc.arraySync() as never)).toBeLessThan(1e-4)
        }),
      )

      it.effect("the same with the same key, otherwise with another", () =>
        Effect.gen(function* () {
          const x = groups()
          for (const method of ["k-means++", "k-means", "random"] as const) {
            const [a, b, c] = yield* Effect.all([
              mixture(5).initialize(x, { method, key: Key.key(1) }),
              mixture(5).initialize(x, { method, key: Key.key(1) }),
              mixture(5).initialize(x, { method, key: Key.key(2) }),
            ])
            expect(numbers(a.loc)).toEqual(numbers(b.loc))
            expect(numbers(a.loc)).not.toEqual(numbers(c.loc))
          }
        }),
      )

      it.effect("where an earlier fit ended: warm", () =>
        Effect.gen(function* () {
          const x = groups()
          const first = yield* fitted(mixture(), x, { method: "k-means", key })
          const params = yield* mixture().initialize(x, { params: first.params })
          expect(params.loc).not.toBe(first.params.loc)
          const second = yield* fitted(mixture(), x, { params })
          expect(second.history[0]).toBeCloseTo(first.bound, 3)
          expect(second.iterations).toBeLessThanOrEqual(2)
        }),
      )

      it.effect("never from an observation without weight, while there are others", () =>
        Effect.gen(function* () {
          const x = groups()
          const weights = tf.tensor1d(Array.from({ length: 120 }, (_, n) => (n % 3 === 2 ? 0 : 1)))
          for (const method of ["k-means++", "random"] as const) {
            const { loc, weights: found } = yield* mixture(2).initialize({ x, weights }, { method, key })
            expect(
              numbers(loc)
                .filter((_, i) => i % 2 === 1)
                .every((y) => y < 5),
            ).toBe(true)
            expect(numbers(found).reduce((a, b) => a + b)).toBeCloseTo(1, 6)
          }
        }),
      )
    })

    it.effect("draws what its parameters say", () =>
      Effect.gen(function* () {
        const n = 20_000
        for (const covariance of kinds) {
          const mixture = GaussianMixture.make({ components: 2, dimensions: 2, size: 1, covariance })
          const scale = {
            full: [
              [
                [1, 0],
                [0.5, 2],
              ],
              [
                [0.5, 0],
                [-1, 1],
              ],
            ],
            tied: [
              [1, 0],
              [0.5, 2],
            ],
            diagonal: [
              [1, 2],
              [0.5, 3],
            ],
            spherical: [0.5, 2],
          }[covariance]
          const params = {
            weights: tf.tensor1d([0.3, 0.7]),
            loc: tensor([
              [-3, 1],
              [4, 2],
            ]),
            scale: tf.tensor(scale as tf.TensorLike),
          }
          const { x, z } = yield* mixture.sample(params, n, key)
          expect(x.shape).toEqual([n, 2])
          // Six comparisons for each kind, two-sided at 1e-6 each.
          const share = numbers(tf.mean(z))[0]!
          expect(Math.abs(share - 0.7)).toBeLessThan(4.9 * Math.sqrt(0.21 / n))
          const refit = mixture.maximize({ probabilities: { z: tf.stack([tf.sub(1, z), z], 1) } }, x, params)
          const worst = 4.9 * 3 * Math.sqrt(2 / (0.3 * n))
          expect(apart(refit.loc, params.loc.arraySync() as never)).toBeLessThan(worst)
          expect(apart(refit.scale, params.scale.arraySync() as never)).toBeLessThan(worst)
        }
      }),
    )

    describe("at the edge", () => {
      const data = { floor: 1e-4, dimensions: 2 }

      it.effect("a component that no observation belongs to stays, with weight 0, and is reported", () =>
        Effect.gen(function* () {
          const rows = [
            [0, 0],
            [0.5, 1],
            [1, 0],
            [9, 9],
            [9, 8],
            [8, 9],
          ]
          const responsibilities = tensor(rows.map((_, n) => (n < 3 ? [1, 0, 0] : [0, 0, 1])))
          for (const covariance of kinds) {
            const mixture = GaussianMixture.make({ ...data, components: 3, size: 6, covariance })
            const x = tensor(rows)
            const start = yield* mixture.initialize(x, { responsibilities })
            const { params, bound } = yield* fitted(mixture, x, { params: start })
            expect(numbers(params.weights)[1]).toBe(0)
            expect(numbers(tf.gather(params.loc, 1))).toEqual(numbers(tf.gather(start.loc, 1)))
            expect(Number.isFinite(bound)).toBe(true)
            const problems = yield* mixture.diagnose(params)
            expect(problems.map(({ component, problem }) => [component, problem])).toEqual([[1, "empty"]])
            const probabilities = yield* mixture.predictProba(params, x)
            expect(numbers(tf.gather(probabilities, 1, 1))).toEqual([0, 0, 0, 0, 0, 0])
            expect(numbers(tf.sum(probabilities, 1)).every((sum) => Math.abs(sum - 1) < 1e-6)).toBe(true)
          }
        }),
      )

      it.effect("a component on a point is reported as collapsed; the others are not", () =>
        Effect.gen(function* () {
          const x = tensor([
            [0, 0],
            [1, 2],
            [2, 0],
            [3, 1],
            [50, 50],
          ])
          const responsibilities = tensor([
            [1, 0],
            [1, 0],
            [1, 0],
            [1, 0],
            [0, 1],
          ])
          for (const covariance of ["full", "diagonal", "spherical"] as const) {
            const mixture = GaussianMixture.make({ ...data, components: 2, size: 5, covariance })
            const { params } = yield* fitted(mixture, x, { responsibilities })
            const problems = yield* mixture.diagnose(params)
            expect(problems.map(({ component, problem }) => [component, problem])).toEqual([[1, "collapsed"]])
            expect(problems[0]!.weight).toBeCloseTo(0.2, 5)
            expect(problems[0]!.variance).toBeCloseTo(1e-4, 8)
          }
        }),
      )

      it.effect("without a floor a collapse is a failure that names the parameter", () =>
        Effect.gen(function* () {
          const x = tensor([
            [0, 0],
            [1, 2],
            [2, 0],
            [3, 1],
            [50, 50],
            [50, 50],
          ])
          const mixture = GaussianMixture.make({ components: 2, dimensions: 2, size: 6, floor: 0 })
          const error = yield* Effect.flip(fitted(mixture, x, { method: "k-means", key }))
          expect(error._tag).toBe("NonFinite")
          expect(error.message).toContain('"scale"')
        }),
      )

      it.effect("constant and collinear columns: every component is reported; without a floor, refused", () =>
        Effect.gen(function* () {
          const constant = tensor([
            [1, 0.1],
            [2, 0.1],
            [4, 0.1],
            [8, 0.1],
            [16, 0.1],
            [17, 0.1],
          ])
          const collinear = tensor([
            [1, 3],
            [2, 6],
            [4, 12],
            [8, 24],
            [16, 48],
            [17, 51],
          ])
          for (const [x, covariance] of [
            [constant, "full"],
            [constant, "tied"],
            [constant, "diagonal"],
            [collinear, "full"],
            [collinear, "tied"],
          ] as const) {
            const options = { ...data, components: 2, size: 6, covariance }
            const mixture = GaussianMixture.make(options)
            const { params } = yield* fitted(mixture, x, { method: "k-means++", key })
            const problems = yield* mixture.diagnose(params)
            expect(problems.map(({ problem }) => problem)).toEqual(["collapsed", "collapsed"])
            const floorless = GaussianMixture.make({ ...options, floor: 0 })
            const error = yield* Effect.flip(floorless.initialize(x, { method: "k-means++", key }))
            expect(error._tag).toBe("InvalidArgument")
          }
        }),
      )

      it.effect("more components than different points: the others are empty", () =>
        Effect.gen(function* () {
          const x = tensor([
            [1, 2],
            [1, 2],
            [3, 5],
            [3, 5],
            [0, 1],
            [0, 1],
          ])
          for (const covariance of kinds) {
            const mixture = GaussianMixture.make({ ...data, components: 5, size: 6, covariance })
            for (const method of ["k-means", "k-means++"] as const) {
              const { params } = yield* fitted(mixture, x, { method, key })
              const problems = yield* mixture.diagnose(params)
              expect(problems.filter(({ problem }) => problem === "empty")).toHaveLength(2)
            }
          }
        }),
      )

      it.effect("more components than points: refused to pick, fitted where responsibilities are given", () =>
        Effect.gen(function* () {
          const mixture = GaussianMixture.make({ ...data, components: 3, size: 2 })
          const x = tensor([
            [0, 0],
            [4, 4],
          ])
          const error = yield* Effect.flip(mixture.initialize(x, { method: "random", key }))
          expect(error.message).toBe(
            "GaussianMixture.initialize: expected at least 3 observations, as many as components, found 2",
          )
          const start = {
            responsibilities: tensor([
              [1, 0, 0],
              [0, 0.6, 0.4],
            ]),
          }
          const { params } = yield* fitted(mixture, x, start, { iterations: 3 })
          expect(numbers(params.weights).reduce((a, b) => a + b)).toBeCloseTo(1, 5)
          expect((yield* mixture.diagnose(params)).length).toBe(3)
        }),
      )

      it.effect("one observation", () =>
        Effect.gen(function* () {
          const x = tensor([[3, 4]])
          for (const covariance of kinds) {
            const mixture = GaussianMixture.make({ ...data, components: 2, size: 1, covariance })
            const { params, bound } = yield* fitted(mixture, x, { responsibilities: tensor([[0.5, 0.5]]) })
            expect(apart(params.loc, [3, 4, 3, 4])).toBe(0)
            // log N(0; 0, 1e-4 I) of two dimensions.
            expect(bound).toBeCloseTo(-Math.log(2 * Math.PI) - Math.log(1e-4), 3)
          }
        }),
      )

      it.effect("a row that is not finite is refused, and named", () =>
        Effect.gen(function* () {
          const mixture = GaussianMixture.make({ ...data, components: 2, size: 3 })
          const x = tensor([
            [1, 2],
            [Number.NaN, 3],
            [4, 5],
          ])
          const start = yield* Effect.flip(mixture.initialize(x, { method: "random", key }))
          const fit = yield* Effect.flip(fitEM(mixture.model, x, { mStep: closedForm(mixture.maximize) }))
          for (const error of [start, fit]) {
            expect(error._tag).toBe("OutsideSupport")
            expect(error.message).toContain("NaN")
            expect(error.message).toContain("[1")
          }
        }),
      )
    })

    describe("guides", () => {
      it.effect("free logits at the posterior give the evidence; from elsewhere they climb towards it", () =>
        Effect.gen(function* () {
          // Groups that overlap, so that the posterior has something to say.
          const x = tf.slice(groups(), [0, 0], [30, 2])
          const sizes = { components: 3, dimensions: 2, size: 30 }
          const mixture = GaussianMixture.make({ ...sizes, covariance: "spherical" })
          const params = {
            weights: tf.tensor1d([0.2, 0.3, 0.5]),
            loc: tensor([
              [0, 0],
              [6, 1],
              [1, 6],
            ]),
            scale: tf.tensor1d([4, 3, 5]),
          }
          const evidence = numbers(tf.sum(yield* mixture.scoreSamples(params, x)))[0]!
          const posterior = tf.log(yield* mixture.predictProba(params, x))
          const bound = (logits: tf.Tensor, steps: number, rate: number) =>
            Effect.map(
              fitSVI(mixture.model, mixture.freeGuide, x, {
                objective: enumerated(),
                optimizer: Optimizer.sgd(rate),
                steps,
                params: { ...params, logits } as never,
              }),
              ({ elbo }) => elbo,
            )
          expect(yield* bound(posterior, 1, 1e-12)).toBeCloseTo(evidence, 3)
          const start = yield* bound(tf.zeros([30, 3]), 1, 1e-12)
          expect(start).toBeLessThan(evidence - 1)
          expect(yield* bound(tf.zeros([30, 3]), 20, 1e-2)).toBeGreaterThan(start + 0.1)
        }),
      )

      it.effect("a network of x comes near it, for new observations too", () =>
        Effect.gen(function* () {
          const x = tf.div(groups(), 5)
          const mixture = GaussianMixture.make({
            components: 3,
            dimensions: 2,
            size: 120,
            covariance: "tied",
          })
          const em = yield* fitted(mixture, x, { method: "k-means", key })
          const fit = yield* fitSVI(mixture.model, mixture.guide, x, {
            objective: enumerated(),
            optimizer: Optimizer.adam(0.03),
            steps: 300,
            params: { ...em.params } as never,
          })
          expect(fit.elbo).toBeGreaterThan(em.bound - 2)
          expect(fit.elbo).toBeLessThan(em.bound + 0.01)
        }),
      )
    })

    it.effect("leaves no tensor when the scope closes", () =>
      Effect.gen(function* () {
        const x = groups()
        const nan = tf.fill([120, 2], Number.NaN)
        const before = tf.memory().numTensors
        for (const covariance of kinds) {
          const mixture = GaussianMixture.make({ components: 3, dimensions: 2, size: 120, covariance })
          yield* Effect.scoped(
            Effect.gen(function* () {
              const { params } = yield* fitted(mixture, x, { method: "k-means", key }, { iterations: 2 })
              yield* mixture.predict(params, x)
              yield* mixture.predictProba(params, x)
              yield* mixture.scoreSamples(params, x)
              yield* mixture.sample(params, 5, key)
              yield* mixture.aic(params, x)
              yield* mixture.diagnose(params)
              yield* Effect.flip(mixture.initialize(nan, { method: "k-means", key }))
              yield* Effect.flip(mixture.predict({ ...params, weights: params.loc }, x))
              yield* trace(mixture.guide(x), { key })
            }),
          )
          expect(tf.memory().numTensors).toBe(before)
        }
      }),
    )
  })
}

describe("GaussianMixture", () => {
  plain("counts what its parameters can be chosen by", () => {
    const free = (covariance: GaussianMixture.Covariance) =>
      GaussianMixture.make({ components: 3, dimensions: 4, size: 1, covariance }).freedom
    expect(kinds.map(free)).toEqual([2 + 12 + 30, 2 + 12 + 10, 2 + 12 + 12, 2 + 12 + 3])
  })

  plain("says what it asks for in its type", () => {
    const mixture = GaussianMixture.make({ components: 2, dimensions: 2, size: 9 })
    type Z = Sample<"z", "integerInterval", "score">
    type P = Param<"weights", tf.Tensor> | Param<"loc", tf.Tensor> | Param<"scale", tf.Tensor>
    expectTypeOf(mixture.model).returns.toEqualTypeOf<Effect.Effect<tf.Tensor, never, Z | Observe<"x"> | P>>()
    expectTypeOf(mixture.weighted).returns.toEqualTypeOf<
      Effect.Effect<tf.Tensor, never, Z | Observe<"x"> | Factor<"weights"> | P>
    >()
    expectTypeOf(mixture.freeGuide).returns.toEqualTypeOf<
      Effect.Effect<tf.Tensor, never, Z | Param<"logits", tf.Tensor>>
    >()
    // Never run: the compiler is the test.
    const fits = Effect.fnUntraced(function* (x: tf.Tensor) {
      const fit = yield* fitEM(mixture.model, x, { mStep: closedForm(mixture.maximize) })
      expectTypeOf(fit.params).toEqualTypeOf<{
        readonly weights: tf.Tensor
        readonly loc: tf.Tensor
        readonly scale: tf.Tensor
      }>()
      yield* mixture.predict(fit.params, x)
      const amortized = yield* fitSVI(mixture.model, mixture.guide, x, { objective: enumerated() })
      yield* mixture.bic(amortized.params, x)
      // @ts-expect-error: z is discrete, and the default objective has no gradient for it
      yield* fitSVI(mixture.model, mixture.guide, x)
      // @ts-expect-error: no parameters are no mixture's
      yield* mixture.predict({ loc: x, scale: x }, x)
      // @ts-expect-error: a method that draws needs a key
      yield* mixture.initialize(x, { method: "random" })
    })
    expect(fits).toBeTypeOf("function")
    // @ts-expect-error: no covariance of that name
    GaussianMixture.make({ components: 2, dimensions: 2, size: 9, covariance: "diag" })
  })
})
