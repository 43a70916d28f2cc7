/**
 * How much the objectives' gradients vary, against what theory predicts. Where a variance has a formula, the sample's is
 * to lie within 4 of its standard errors (a false alarm in 16,000, for each of four); where theory gives an order, the two
 * samples differ by many standard errors; where it gives zero, it is zero in float32. The keys are fixed.
 */
import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import {
  Backend,
  type Distribution,
  elbo,
  factor,
  iwae,
  Key,
  Normal,
  param,
  plate,
  sample,
  scoreFunction,
} from "../../../src/index.ts"
import { gradients, moments, oneByOne } from "./estimates.ts"
import * as worlds from "./worlds.ts"

const repeats = 20_000
const x = [0.8, -1.1]

/** The same normal, to be differentiated by its score. */
const byScore = (normal: Normal): Distribution<"real", "score"> =>
  Object.assign(Object.create(normal), { gradient: "score" })

/** E[z²] under N(mu, 1), as the ELBO of a model whose prior is the guide and whose only evidence is the factor z². */
const square = (mu: number, gradient: "pathwise" | "score"): worlds.World => {
  const inside = (repeats: number | undefined) => plate("repeats", { size: repeats! })
  return {
    at: { mu },
    scale: 1,
    members: [],
    model: (repeats) =>
      inside(repeats)(
        Effect.gen(function* () {
          const z = yield* sample("z", Normal({ loc: mu, scale: 1 }))
          yield* factor("square", tf.square(z))
        }),
      ),
    guide: (repeats) =>
      inside(repeats)(
        Effect.gen(function* () {
          const q = Normal({ loc: yield* param("mu", 0), scale: 1 })
          yield* sample("z", gradient === "score" ? byScore(q) : q)
        }),
      ),
  }
}

layer(Backend.cpu())((it) => {
  describe("of d E[z²] / dμ under N(μ, 1), which is 2μ", () => {
    for (const mu of [0.5, 1.5]) {
      it.effect.each([
        ["pathwise", elbo({ kl: "analytic" }), 4],
        ["pathwise", elbo({ stickingTheLanding: true }), 4],
        ["score", scoreFunction({ baseline: "none" }), mu ** 4 + 14 * mu ** 2 + 15],
      ] as const)(`at μ = ${mu}, %s`, ([kind, objective, expected]) =>
        Effect.sync(() => {
          const { gradient } = gradients(square(mu, kind), objective, Key.key(3), repeats)
          const { mean, error, variance, varianceError } = moments(gradient.mu!)
          expect(Math.abs(mean + 2 * mu)).toBeLessThan(4 * error)
          expect(Math.abs(variance - expected)).toBeLessThan(4 * varianceError)
          expect(varianceError).toBeLessThan(0.1 * expected)
        }),
      )
    }
  })

  describe("where the guide is the posterior", () => {
    // z ~ N(0, 1), x ~ N(w z, 0.5²): precision 1 + 4w², mean 4wx / precision. The guide's mean is m + 0.3 x.
    const w = 1.2
    const precision = 1 + 4 * w ** 2
    const world = {
      ...worlds.pathwise([0.8]),
      at: { w, m: 0.8 * ((4 * w) / precision - 0.3), s: -0.5 * Math.log(precision) },
    }
    const largest = (values: ArrayLike<number>) => Math.max(...Array.from(values, Math.abs))

    it.effect.each([
      ["elbo, sticking the landing", elbo({ stickingTheLanding: true })],
      ["iwae(5), dreg", iwae(5)],
    ] as const)("is zero at each draw: %s", ([_, objective]) =>
      Effect.sync(() => {
        const { gradient } = gradients(world, objective, Key.key(1), 1_000)
        expect(largest(gradient.m!)).toBeLessThan(1e-5)
        expect(largest(gradient.s!)).toBeLessThan(1e-5)
      }),
    )

    it.effect.each([
      ["elbo", elbo()],
      ["elbo, Monte Carlo KL", elbo({ kl: "monteCarlo" })],
      ["iwae(5), standard", iwae(5, { gradient: "standard" })],
    ] as const)("is not: %s", ([_, objective]) =>
      Effect.sync(() => {
        const { gradient } = gradients(world, objective, Key.key(1), 1_000)
        expect(moments(gradient.s!).variance).toBeGreaterThan(0.1)
      }),
    )
  })

  describe("falls", () => {
    it.effect("from the standard gradient of iwae(16) to the doubly reparameterized, off the posterior", () =>
      Effect.sync(() => {
        const variance = (gradient: "dreg" | "standard") =>
          moments(gradients(worlds.pathwise([0.8]), iwae(16, { gradient }), Key.key(2), 3_000).gradient.s!)
            .variance
        expect(variance("dreg")).toBeLessThan(0.5 * variance("standard"))
      }),
    )

    it.effect("from no baseline to the mean of the other particles' signals", () =>
      Effect.sync(() => {
        const variance = (objective: Parameters<typeof gradients>[1]) =>
          moments(gradients(worlds.turned(0.9), objective, Key.key(4), 6_000).gradient.c!).variance
        const none = variance(scoreFunction({ particles: 4, baseline: "none" }))
        expect(variance(scoreFunction({ particles: 4 }))).toBeLessThan(0.5 * none)
      }),
    )

    it.effect("with signals that leave out what a draw has no part in: by plates, and by order", () =>
      Effect.sync(() => {
        const variance = (world: worlds.World, parameter: string, raoBlackwellize: boolean) =>
          moments(oneByOne(world, scoreFunction({ baseline: "none", raoBlackwellize }), 150)[parameter]!)
            .variance
        const rows = worlds.discrete([...x, 0.3, -0.4, 1.2, 0.1, 0.6, -0.9], 8)
        expect(variance(rows, "a", true)).toBeLessThan(0.5 * variance(rows, "a", false))
        // c is drawn first: what it costs is no signal of z's.
        const coins = worlds.coins("global first", x, 2)
        expect(variance(coins, "a", true)).toBeLessThan(0.9 * variance(coins, "a", false))
      }),
    )
  })
})
