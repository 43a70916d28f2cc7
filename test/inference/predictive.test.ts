/**
 * Draws from the prior, the posterior and the guide. Moments are compared with exact ones at five standard errors,
 * a false alarm in 1.7 million each; keys are fixed.
 */
import { describe, expect, expectTypeOf, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Data, Effect } from "effect"
import {
  Backend,
  deterministic,
  InvalidArgument,
  Key,
  LogNormal,
  MissingParam,
  Normal,
  observe,
  type Predicted,
  param,
  plate,
  predictive,
  SiteMismatch,
  sample,
} from "../../src/index.ts"
import { expectClose, numbers, sum } from "../effects/numbers.ts"
import { mean, rows } from "./gaussian.ts"

const key = Key.key(21)
const x = [0.3, -1.2, 2.5, 0.8, 1.9]

/** Compares the mean and the variance of draws of a normal with the exact ones. */
const expectMoments = (draws: ReadonlyArray<number>, loc: number, variance: number): void => {
  const n = draws.length
  const found = sum(draws) / n
  const spread = sum(draws.map((draw) => (draw - loc) ** 2)) / n
  expect(Math.abs(found - loc)).toBeLessThan(5 * Math.sqrt(variance / n))
  expect(Math.abs(spread - variance)).toBeLessThan(5 * variance * Math.sqrt(2 / n))
}

for (const backend of [Backend.cpu, Backend.wasm]) {
  layer(backend())(`on ${backend.name}`, (it) => {
    it.effect("the prior predictive has the prior's moments, whatever the data", () =>
      Effect.gen(function* () {
        const data = tf.fill([4_000], 1e6)
        const draws = yield* predictive(rows.model(4_000, 1.3, -0.4), data, { samples: 5, key })
        expect(draws.z.shape).toEqual([5, 4_000])
        expect(draws.x.shape).toEqual([5, 4_000])
        expectMoments(numbers(draws.z), 0, 1)
        expectMoments(numbers(draws.x), -0.4, 1.3 ** 2 + 0.25)
        // x comes from the z beside it.
        const errors = tf.sub(draws.x, tf.add(tf.mul(draws.z, 1.3), -0.4))
        expectMoments(numbers(errors), 0, 0.25)
      }),
    )

    it.effect("the posterior predictive has the posterior's", () =>
      Effect.gen(function* () {
        const { loc, scale } = mean.posterior(x)
        const draws = yield* predictive(mean.model(5), tf.tensor1d(x), {
          samples: 2_000,
          key,
          guide: mean.guide,
          params: { loc: tf.scalar(loc), scale: tf.scalar(scale) },
        })
        expect(draws.mu.shape).toEqual([2_000])
        expect(draws.x.shape).toEqual([2_000, 5])
        expectMoments(numbers(draws.mu), loc, scale ** 2)
        const [first, second] = [0, 1].map((i) => numbers(tf.slice(draws.x, [0, i], [-1, 1]))) as [
          ReadonlyArray<number>,
          ReadonlyArray<number>,
        ]
        expectMoments(first, loc, scale ** 2 + 2.25)
        // Two rows share their mean: their difference forgets it, and their sum has it twice.
        expectMoments(first.map((x, i) => x - second[i]!), 0, 2 * 2.25) // biome-ignore format: one line
        expectMoments(first.map((x, i) => x + second[i]!), 2 * loc, 4 * scale ** 2 + 2 * 2.25) // biome-ignore format: one line
      }),
    )
  })
}

layer(Backend.cpu())("predictive", (it) => {
  it.effect("draws by key: the same for the same, the guide's noise at the guide's sites", () =>
    Effect.gen(function* () {
      const params = { loc: tf.scalar(3), scale: tf.scalar(0.5) }
      const draw = (seed: number, samples: number) =>
        predictive(mean.model(5), tf.tensor1d(x), { samples, key: Key.key(seed), guide: mean.guide, params })
      const first = yield* draw(1, 4)
      expect(numbers((yield* draw(1, 4)).x)).toEqual(numbers(first.x))
      expect(numbers((yield* draw(2, 4)).x)).not.toEqual(numbers(first.x))
      // More draws are more of the same.
      expect(numbers((yield* draw(1, 6)).mu).slice(0, 4)).toEqual(numbers(first.mu))
      const expected = [0, 1, 2, 3].map(
        (i) => 3 + 0.5 * Key.normalValues(Key.foldInName(Key.foldIn(Key.key(1), i), "mu"), [])[0]!,
      )
      expectClose(first.mu, expected)
    }),
  )

  it.effect("gives deterministic sites too, and types every name", () =>
    Effect.gen(function* () {
      const model = Effect.fnUntraced(function* (x: tf.Tensor) {
        const mu = yield* sample("mu", Normal({ loc: 0, scale: 1 }))
        const twice = yield* deterministic("twice", tf.mul(mu, 2))
        yield* plate("rows", { size: 3 })(observe("x", Normal({ loc: twice, scale: 1 }), x), x)
      })
      const draws = yield* predictive(model, tf.zeros([3]), { samples: 7, key })
      expectTypeOf(draws).toEqualTypeOf<Predicted<Effect.Services<ReturnType<typeof model>>>>()
      expectTypeOf<keyof typeof draws>().toEqualTypeOf<"mu" | "twice" | "x">()
      expect(Object.keys(draws).toSorted()).toEqual(["mu", "twice", "x"])
      expectClose(draws.twice, numbers(draws.mu).map((mu) => 2 * mu)) // biome-ignore format: one line
    }),
  )

  it.effect("takes parameters from `init` without params, and refuses some for all", () =>
    Effect.gen(function* () {
      const guide = Effect.fnUntraced(function* (_: tf.Tensor) {
        yield* sample("mu", Normal({ loc: yield* param("loc", 40), scale: yield* param("spread", 1e-4) }))
      })
      const at = { samples: 2, key, guide }
      const { mu } = yield* predictive(mean.model(5), tf.tensor1d(x), at)
      expectClose(mu, [40, 40], 1e-4)
      const some = { loc: tf.scalar(1) } as never
      const error = yield* Effect.flip(predictive(mean.model(5), tf.tensor1d(x), { ...at, params: some }))
      expect(error).toBeInstanceOf(MissingParam)
      expect(error.message).toContain('"spread"')
    }),
  )

  describe("refuses", () => {
    it.effect("a number of draws that is none", () =>
      Effect.gen(function* () {
        for (const samples of [0, -2, 0.5, Number.NaN]) {
          const error = yield* Effect.flip(predictive(mean.model(5), tf.tensor1d(x), { samples, key }))
          expect(error).toBeInstanceOf(InvalidArgument)
          expect(error.message).toContain(`samples: expected a whole number, at least 1, found ${samples}`)
        }
      }),
    )

    it.effect("a guide that is another model's, by its type and when it runs", () =>
      Effect.gen(function* () {
        const other = Effect.fnUntraced(function* (_: tf.Tensor) {
          yield* sample("nu", Normal({ loc: 0, scale: 1 }))
        })
        // @ts-expect-error the guide lacks "mu"
        const named = yield* Effect.flip(predictive(mean.model(5), tf.tensor1d(x), { samples: 1, key, guide: other })) // biome-ignore format: one line
        expect(named).toBeInstanceOf(SiteMismatch)
        const nameless = (site: string) => (_: tf.Tensor) => sample(site, Normal({ loc: 0, scale: 1 }))
        const observed = yield* Effect.flip(
          predictive(mean.model(5), tf.tensor1d(x), { samples: 1, key, guide: nameless("x") }),
        )
        expect(observed).toBeInstanceOf(SiteMismatch)
        const positive = (site: string) => (_: tf.Tensor) => sample(site, LogNormal({ loc: 0, scale: 1 }))
        const support = yield* Effect.flip(
          predictive(mean.model(5), tf.tensor1d(x), { samples: 1, key, guide: positive("mu") }),
        )
        expect(support.message).toBe('guide and model disagree on the support of: "mu"')
        yield* predictive(mean.model(5), tf.tensor1d(x), { samples: 1, key, guide: nameless("mu") })
      }),
    )

    it.effect("nothing of the programs' own failures, which arrive as they are", () =>
      Effect.gen(function* () {
        class Empty extends Data.TaggedError("Empty")<{}> {}
        const failing = (_: tf.Tensor) =>
          Effect.andThen(sample("mu", Normal({ loc: 0, scale: 1 })), new Empty())
        const error = yield* Effect.flip(predictive(failing, tf.tensor1d(x), { samples: 1, key }))
        expect(error).toBeInstanceOf(Empty)
      }),
    )
  })
})
