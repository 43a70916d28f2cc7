/** The log-evidence by importance sampling, against exact evidences: Gaussian, discrete, and of bounded support. */
import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Data, Effect } from "effect"
import { mask } from "../../src/effects/handlers/mask.ts"
import {
  Backend,
  Bernoulli,
  Dataset,
  InvalidArgument,
  Key,
  logEvidence,
  MissingParam,
  Normal,
  observe,
  PlateError,
  param,
  plate,
  SiteMismatch,
  sample,
  Uniform,
} from "../../src/index.ts"
import { expectClose, normal, sum } from "../effects/numbers.ts"
import { estimateAt, mean, noise, rows } from "./gaussian.ts"

const key = Key.key(31)
const x = [0.3, -1.2, 2.5, 0.8, 1.9, -0.1, 0]
const [weight, bias] = [1.3, -0.4]
const exact = x.map((x) => rows.evidence(x, weight, bias))
const posterior = rows.posterior(weight, bias)
const over = "rows"

const at = ({ a, c, scale }: typeof posterior) => ({
  a: tf.scalar(a),
  c: tf.scalar(c),
  scale: tf.scalar(scale),
})

/** A guide that is off in place and width, for which the weights vary. */
const crude = { a: posterior.a * 0.9, c: posterior.c + 0.1, scale: posterior.scale * 1.4 }

/** Var(w) / E(w)² of a weight of row x under the crude guide, by quadrature. */
const spread = (x: number): number => {
  const [loc, scale] = [posterior.a * x + posterior.c, posterior.scale]
  const steps = Array.from({ length: 4_001 }, (_, i) => (i - 2_000) / 100)
  const squares = steps.map((z) =>
    Math.exp(2 * normal(z, loc, scale) - normal(z, crude.a * x + crude.c, crude.scale)),
  )
  return sum(squares) / 100 - 1
}

for (const backend of [Backend.cpu, Backend.wasm]) {
  layer(backend())(`on ${backend.name}`, (it) => {
    it.effect("nears log p(x) of each row with many draws", () =>
      Effect.gen(function* () {
        const samples = 1_500
        const { values } = yield* logEvidence(rows.model(7, weight, bias), rows.guide(7), tf.tensor1d(x), {
          over,
          samples,
          key,
          params: at(crude),
        })
        expect(values).toHaveLength(7)
        values.forEach((value, n) => {
          // Five standard errors of the mean weight: a false alarm in 1.7 million a row.
          const error = Math.sqrt(spread(x[n]!) / samples)
          expect(error).toBeLessThan(0.03)
          expect(Math.abs(value - exact[n]!)).toBeLessThan(5 * error)
        })
      }),
    )
  })
}

layer(Backend.cpu())("logEvidence", (it) => {
  const run = (options: { readonly samples: number; readonly batchSize?: number; readonly size?: number }) =>
    logEvidence(rows.model(options.size ?? 7, weight, bias), rows.guide(options.size ?? 7), tf.tensor1d(x), {
      over,
      key,
      params: at(posterior),
      ...options,
    })

  it.effect("is log p(x) at every draw where the guide is the posterior; the mean is that of the rows", () =>
    Effect.gen(function* () {
      for (const samples of [1, 3]) {
        const { values, mean, standardError } = yield* run({ samples })
        values.forEach((value, n) => {
          expectClose(value, exact[n]!, 1e-5)
        })
        const average = sum(exact) / 7
        expectClose(mean, average, 1e-5)
        const variance = sum(exact.map((value) => (value - average) ** 2)) / 6
        expectClose(standardError, Math.sqrt(variance / 7), 1e-4)
      }
    }),
  )

  it.effect("at one draw is the ELBO's estimate at that draw, row by row", () =>
    Effect.gen(function* () {
      const { values } = yield* logEvidence(rows.model(7, weight, bias), rows.guide(7), tf.tensor1d(x), {
        over,
        samples: 1,
        key,
        params: at(crude),
      })
      const draws = noise(Key.foldIn(key, 0), 0, "z", [7])
      values.forEach((value, n) => {
        const loc = crude.a * x[n]! + crude.c
        const z = loc + crude.scale * draws[n]!
        const likelihood = normal(x[n]!, weight * z + bias, 0.5)
        expectClose(value, normal(z, 0, 1) + likelihood - normal(z, loc, crude.scale), 1e-5)
      })
      const params = { ...at(crude), scale: tf.scalar(Math.log(crude.scale)) }
      const { metrics } = estimateAt(
        rows.model(7, weight, bias),
        rows.guide(7),
        { kl: "monteCarlo" },
        { params, key: Key.foldIn(key, 0), data: tf.tensor1d(x) },
      )
      expectClose(metrics.elbo!, sum([...values]), 1e-5)
    }),
  )

  it.effect(
    "takes rows in their order, in batches that need not be even, and leaves the plate's scale out",
    () =>
      Effect.gen(function* () {
        const expected = yield* run({ samples: 2 })
        for (const options of [{ batchSize: 7 }, { batchSize: 3 }, { batchSize: 1 }, { size: 70_000 }]) {
          const { values } = yield* run({ samples: 2, ...options })
          expect(values).toHaveLength(7)
          values.forEach((value, n) => {
            expectClose(value, expected.values[n]!, 1e-5)
          })
        }
        const data = yield* Dataset.fromArray(x, [7])
        const done: Array<number> = []
        const { values } = yield* logEvidence(rows.model(7, weight, bias), rows.guide(7), data, {
          over,
          key,
          samples: 2,
          batchSize: 3,
          params: at(posterior),
          onProgress: (share) => Effect.sync(() => void done.push(share)),
        })
        expect(values).toHaveLength(7)
        expect(done).toEqual([1, 2, 3, 4, 5, 6].map((i) => i / 6))
      }),
  )

  it.effect("sums what lies in a plate within, with that plate's scale", () =>
    Effect.gen(function* () {
      // 3 rows along −1, of which each has 2 of 10 replicates along −2.
      const replicates = plate("replicates", { size: 10, subsample: 2, dim: -2 })
      const model = Effect.fnUntraced(function* (y: tf.Tensor) {
        yield* plate("rows", { size: 3, dim: -1 })(
          Effect.gen(function* () {
            const z = yield* sample("z", Normal({ loc: 0, scale: 1 }))
            yield* replicates(observe("y", Normal({ loc: z, scale: 2 }), y))
          }),
        )
      })
      const guide = (_: tf.Tensor) =>
        plate("rows", { size: 3, dim: -1 })(sample("z", Normal({ loc: 0.5, scale: 1e-4 })))
      const y = [
        [1, 2, 3],
        [0, -1, 4],
      ]
      const { values } = yield* logEvidence(model, guide, tf.tensor2d(y), { over, samples: 1, key })
      const draws = noise(Key.foldIn(key, 0), 0, "z", [3])
      values.forEach((value, n) => {
        const z = 0.5 + 1e-4 * draws[n]!
        const likelihood = 5 * sum(y.map((row) => normal(row[n]!, z, 2)))
        expectClose(value, likelihood + normal(z, 0, 1) - normal(z, 0.5, 1e-4), 1e-3)
      })
    }),
  )

  it.effect("leaves out what a mask leaves out", () =>
    Effect.gen(function* () {
      const model = (x: tf.Tensor) =>
        plate("rows", { size: 3 })(
          mask(observe("x", Normal({ loc: 0, scale: 1 }), x), tf.tensor1d([1, 0, 1])),
          x,
        )
      const data = tf.tensor1d([0.5, Number.NaN, 1])
      const { values } = yield* logEvidence(model, () => Effect.void, data, { over, samples: 2, key })
      expectClose(values[0]!, normal(0.5, 0, 1))
      expect(values[1]).toBe(0)
      expectClose(values[2]!, normal(1, 0, 1))
    }),
  )

  it.effect("takes discrete guides: a sum over two classes", () =>
    Effect.gen(function* () {
      const inside = plate("rows", { size: 4 })
      const model = (x: tf.Tensor) =>
        inside(
          Effect.flatMap(sample("class", Bernoulli({ probs: 0.3 })), (k) =>
            observe("x", Normal({ loc: tf.mul(k, 2), scale: 1 }), x),
          ),
          x,
        )
      const guide = (_: tf.Tensor) => inside(sample("class", Bernoulli({ probs: 0.5 })))
      const data = [0, 1, 2, 3]
      const samples = 2_000
      const { values } = yield* logEvidence(model, guide, tf.tensor1d(data), { over, samples, key })
      values.forEach((value, n) => {
        const weights = [
          2 * 0.7 * Math.exp(normal(data[n]!, 0, 1)),
          2 * 0.3 * Math.exp(normal(data[n]!, 2, 1)),
        ]
        const p = (weights[0]! + weights[1]!) / 2
        const relative = Math.abs(weights[0]! - weights[1]!) / 2 / p
        expect(Math.abs(value - Math.log(p))).toBeLessThan((5 * relative) / Math.sqrt(samples) + 1e-5)
      })
    }),
  )

  it.effect("takes impossible draws for what they are", () =>
    Effect.gen(function* () {
      const inside = plate("rows", { size: 3 })
      const model = (x: tf.Tensor) =>
        inside(
          Effect.flatMap(sample("z", Uniform({ low: 0, high: 10 })), (z) =>
            observe("x", Uniform({ low: z, high: tf.add(z, 1) }), x),
          ),
          x,
        )
      const guide = (_: tf.Tensor) => inside(sample("z", Uniform({ low: 0, high: 10 })))
      // p(x) = 1/10 wherever 1 < x < 10, of one draw in ten.
      const samples = 2_000
      const { values } = yield* logEvidence(model, guide, tf.tensor1d([2.5, 5, 30]), { over, samples, key })
      for (const value of values.slice(0, 2)) {
        expect(Math.abs(value - Math.log(0.1))).toBeLessThan(5 * Math.sqrt(9 / samples))
      }
      expect(values[2]).toBe(-Infinity)
    }),
  )

  it.effect(
    "is exact for a model without latent sites, and counts members that are no rows of the data",
    () =>
      Effect.gen(function* () {
        const inside = plate("members", { size: 3 })
        const model = () => inside(observe("y", Normal({ loc: 0, scale: 1 }), [1, 2, 3]))
        const options = { over: "members", samples: 2, key }
        const { values } = yield* logEvidence(model, () => Effect.void, undefined, options)
        expect(values).toHaveLength(3)
        values.forEach((value, n) => {
          expectClose(value, normal(n + 1, 0, 1))
        })
      }),
  )

  describe("refuses", () => {
    const data = () => tf.tensor1d(x)
    const options = { over, samples: 1, key }

    it.effect("sites outside the plate, in model and guide, and a plate that is not there", () =>
      Effect.gen(function* () {
        const outside = yield* Effect.flip(logEvidence(mean.model(7), mean.guide, data(), options))
        expect(outside).toBeInstanceOf(PlateError)
        expect(outside.message).toBe(
          'plate "rows": expected every site inside it, so that the evidence is one term for each member, found site "mu" outside',
        )
        const typo = yield* Effect.flip(
          logEvidence(rows.model(7, 1, 0), rows.guide(7), data(), { ...options, over: "row" }),
        )
        expect(typo).toBeInstanceOf(PlateError)
      }),
    )

    it.effect("numbers of draws and of rows that cannot be", () =>
      Effect.gen(function* () {
        for (const samples of [0, -1, 2.5, Number.NaN]) {
          const error = yield* Effect.flip(run({ samples }))
          expect(error).toBeInstanceOf(InvalidArgument)
          expect(error.message).toContain(`logEvidence: samples: expected a whole number, at least 1, found ${samples}`) // biome-ignore format: one line
        }
        for (const batchSize of [0, 8, 1.5]) {
          const error = yield* Effect.flip(run({ samples: 1, batchSize }))
          expect(error.message).toContain(
            "batchSize: expected a whole number from 1 to the data set's 7 rows",
          )
        }
      }),
    )

    it.effect("some parameters for all, and a guide that is another model's", () =>
      Effect.gen(function* () {
        const params = { a: tf.scalar(1) } as never
        const some = yield* Effect.flip(
          logEvidence(rows.model(7, 1, 0), rows.guide(7), data(), { ...options, params }),
        )
        expect(some).toBeInstanceOf(MissingParam)
        const other = (name: string) => (x: tf.Tensor) =>
          plate("rows", { size: 7 })(sample(name, Normal({ loc: 0, scale: 1 })), x)
        const named = yield* Effect.flip(logEvidence(rows.model(7, 1, 0), other("y"), data(), options))
        expect(named).toBeInstanceOf(SiteMismatch)
      }),
    )

    it.effect("nothing of the programs' own failures, which arrive as they are", () =>
      Effect.gen(function* () {
        class Empty extends Data.TaggedError("Empty")<{}> {}
        const failing = Effect.fnUntraced(function* (x: tf.Tensor) {
          yield* param("w", 1)
          if (x.size === 7) return yield* new Empty()
        })
        expect(yield* Effect.flip(logEvidence(failing, () => Effect.void, data(), options))).toBeInstanceOf(
          Empty,
        )
      }),
    )
  })
})
