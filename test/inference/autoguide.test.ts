/**
 * Automatic guides against exact answers: conjugate posteriors, Gaussian posteriors with a known covariance, a mode in
 * closed form, the density that a guide states of itself, and what it refuses. Fits have fixed seeds; their tolerances are
 * the noise of a stochastic fit, several times over.
 */
import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Context, Effect } from "effect"
import { replayed } from "../../src/effects/handlers/replay.ts"
import { substituted } from "../../src/effects/handlers/substitute.ts"
import { attempt } from "../../src/effects/run.ts"
import {
  amortise,
  autoDelta,
  autoFlow,
  autoLowRank,
  autoMultivariateNormal,
  autoNormal,
  Backend,
  Bernoulli,
  Dirichlet,
  deterministic,
  Exponential,
  elbo,
  enumerated,
  factor,
  fitSVI,
  Gamma,
  type Handler,
  type Init,
  initToMedian,
  initToSample,
  initToUniform,
  initToValues,
  Key,
  LogNormal,
  logEvidence,
  mask,
  Normal,
  Optimizer,
  observe,
  Poisson,
  param,
  plate,
  Schedule,
  Support,
  sample,
  scale,
  trace,
  Uniform,
} from "../../src/index.ts"
import { onBatch, synchronous } from "../../src/inference/programs.ts"
import { valueAndGradient } from "../../src/tensor/gradient.ts"
import { expectClose, normal, numbers, sum } from "../effects/numbers.ts"
import { mean, rows } from "./gaussian.ts"

type Program<R> = (data: tf.Tensor) => Effect.Effect<unknown, never, R>

const x = [0.3, -1.2, 2.5, 0.8, 1.9]
const value = (t: tf.Tensor): number => t.dataSync()[0]!
const fitting = (steps: number, rate = 0.05) => ({
  steps,
  key: Key.key(3),
  optimizer: Optimizer.adam(Schedule.cosine(rate, { decaySteps: steps })),
})

/** Two real sites whose sum and difference are seen: z ~ N(0, I), s ~ N(z₁ + z₂, 0.5²), d ~ N(z₁ − z₂, 2²). */
const correlated = Effect.fnUntraced(function* (x: tf.Tensor) {
  const a = yield* sample("a", Normal({ loc: 0, scale: 1 }))
  const b = yield* sample("b", Normal({ loc: 0, scale: 1 }))
  const [s, d] = tf.unstack(x)
  yield* observe("s", Normal({ loc: tf.add(a, b), scale: 0.5 }), s!)
  yield* observe("d", Normal({ loc: tf.sub(a, b), scale: 2 }), d!)
})

/** In the coordinates (a + b)/√2 and (a − b)/√2 the prior is standard and the two are independent. */
const correlatedAt = (s: number, d: number) => {
  const [along, across] = [1 + 2 / 0.25, 1 + 2 / 4].map((precision) => 1 / precision) as [number, number]
  const [u, v] = [(Math.SQRT2 * s * along) / 0.25, (Math.SQRT2 * d * across) / 4]
  return {
    mean: [(u + v) / Math.SQRT2, (u - v) / Math.SQRT2] as const,
    variance: (along + across) / 2,
    covariance: (along - across) / 2,
    evidence: normal(s, 0, Math.sqrt(2 + 0.25)) + normal(d, 0, Math.sqrt(2 + 4)),
  }
}

/** Rates with a known posterior: rate ~ Gamma(3, 2), counts Poisson. */
const counts = [2, 4, 3, 0, 5]
const rates = Effect.fnUntraced(function* (x: tf.Tensor) {
  const rate = yield* sample("rate", Gamma({ concentration: 3, rate: 2 }))
  yield* plate("rows", { size: 5 })(observe("x", Poisson({ rate }), x), x)
})
const logGamma = (n: number): number => sum(Array.from({ length: n - 1 }, (_, i) => Math.log(i + 1)))
const ratesEvidence = (): number => {
  const [shape, rate] = [3 + sum(counts), 2 + counts.length]
  return (
    3 * Math.log(2) -
    logGamma(3) +
    logGamma(shape) -
    shape * Math.log(rate) -
    sum(counts.map((n) => logGamma(n + 1)))
  )
}

/** The guide's and the model's run at one key, and the guide's density of its draw. */
const runGuide = <R>(guide: Program<R>, data: tf.Tensor, key: Key.Key) =>
  onBatch(synchronous(guide, guide, Context.empty() as never), data).guide({ key })

layer(Backend.cpu())("an automatic guide", (it) => {
  describe("autoNormal", () => {
    it.effect("reaches the posterior of a normal mean, and there the evidence", () =>
      Effect.gen(function* () {
        const model = mean.model(5)
        const fit = yield* fitSVI(model, autoNormal(model), tf.tensor1d(x), fitting(500))
        const exact = mean.posterior(x)
        expect(Math.abs(value(fit.params["auto/mu/loc"]) - exact.loc)).toBeLessThan(0.1 * exact.scale)
        expectClose(value(fit.params["auto/mu/scale"]), exact.scale, 0.05)
        const params = { "auto/mu/loc": tf.scalar(exact.loc), "auto/mu/scale": tf.scalar(exact.scale) }
        yield* everyDraw(model, autoNormal(model), params, tf.tensor1d(x), mean.evidence(x))
      }),
    )

    it.effect("gives each member of a plate its own, and leaves the model its parameters", () =>
      Effect.gen(function* () {
        const model = Effect.fnUntraced(
          function* (x: tf.Tensor) {
            const bias = yield* param("bias", 0.6)
            const z = yield* sample("z", Normal({ loc: 0, scale: 1 }))
            yield* observe("x", Normal({ loc: tf.add(tf.mul(z, 1.3), bias), scale: 0.5 }), x)
          },
          plate("rows", { size: 5 }),
        )
        const fit = yield* fitSVI(model, autoNormal(model), tf.tensor1d(x), {
          ...fitting(400),
          objective: elbo({ particles: 2 }),
        })
        const bias = value(fit.params.bias)
        // By symmetry the maximum-likelihood bias is the mean.
        expectClose(bias, sum(x) / 5, 0.02)
        const { a, c, scale } = rows.posterior(1.3, bias)
        numbers(fit.params["auto/z/loc"]).forEach((loc, i) => {
          expect(Math.abs(loc - (a * x[i]! + c))).toBeLessThan(0.05)
        })
        for (const found of numbers(fit.params["auto/z/scale"])) expectClose(found, scale, 0.06)
      }),
    )

    it.effect("is below the evidence of a gamma-Poisson model, by what a log-normal must lose", () =>
      Effect.gen(function* () {
        const guide = autoNormal(rates)
        const fit = yield* fitSVI(rates, guide, tf.tensor1d(counts), fitting(400, 0.1))
        // The best log-normal for Gamma(α, β): E log q − log p by the moments of each, at σ² = 1/α.
        const [alpha, rate] = [3 + sum(counts), 2 + counts.length]
        const bound = (mu: number, sigma: number) =>
          alpha * mu -
          rate * Math.exp(mu + sigma ** 2 / 2) +
          Math.log(sigma) +
          0.5 * Math.log(2 * Math.PI * Math.E)
        const best = bound(Math.log(alpha / rate) - 1 / (2 * alpha), 1 / Math.sqrt(alpha))
        const gap = logGamma(alpha) - alpha * Math.log(rate) - best
        expect(gap).toBeGreaterThan(0)
        expectClose(value(fit.params["auto/rate/scale"]), 1 / Math.sqrt(alpha), 0.05)
        expectClose(value(fit.params["auto/rate/loc"]), Math.log(alpha / rate) - 1 / (2 * alpha), 0.02)
        // The estimate's expectation there, by the trapezoid rule over the draw's noise.
        const [loc, scale] = [Math.log(alpha / rate) - 1 / (2 * alpha), 1 / Math.sqrt(alpha)]
        const params = { "auto/rate/loc": tf.scalar(loc), "auto/rate/scale": tf.scalar(scale) }
        let expectation = 0
        for (let noise = -7; noise <= 7; noise += 0.25) {
          const at = replayed(new Map([["rate", tf.scalar(Math.exp(loc + scale * noise))]]))
          const found = yield* estimate(rates, guide, params, tf.tensor1d(counts), Key.key(0), [at])
          expectation += found * Math.exp(normal(noise, 0, 1)) * 0.25
        }
        expectClose(expectation, ratesEvidence() - gap, 1e-5)
      }),
    )

    it.effect("states the density of its draws, on every kind of support", () =>
      Effect.gen(function* () {
        const model = Effect.fnUntraced(function* (_: tf.Tensor) {
          const top = yield* sample("top", Exponential({ rate: 1 }))
          yield* sample("within", Uniform({ low: 0, high: top }))
          yield* sample("weights", Dirichlet({ concentration: [1, 2, 3] }))
          yield* plate("rows", { size: 2 })(sample("vectors", Normal.standard([3])))
        })
        const guide = autoNormal(model, { scale: 0.7 })
        yield* attempt(() =>
          tf.tidy(() => {
            const q = runGuide(guide, tf.scalar(0), Key.key(1))
            const at = (name: string) => numbers(q.params.get(`auto/${name}`)!.value as tf.Tensor)
            const density = (name: string) =>
              sum(numbers(q.samples.get(name)!.distribution.logProb(q.samples.get(name)!.value)))
            const drawn = (name: string) => numbers(q.samples.get(name)!.value)
            const [top] = drawn("top")
            expectClose(density("top"), normal(Math.log(top!), at("top/loc")[0]!, 0.7) - Math.log(top!), 1e-5)
            const share = drawn("within")[0]! / top!
            const slope = Math.log(top! * share * (1 - share))
            expectClose(
              density("within"),
              normal(Math.log(share / (1 - share)), at("within/loc")[0]!, 0.7) - slope,
              1e-4,
            )
            const vectors = drawn("vectors").map((v, i) => normal(v, at("vectors/loc")[i]!, 0.7))
            expectClose(density("vectors"), sum(vectors), 1e-5)
            expect(q.params.get("auto/weights/loc")!.value).toHaveProperty("shape", [2])
            expectClose(sum(drawn("weights")), 1, 1e-5)
            expect([...q.samples.keys()]).toEqual(["top", "within", "weights", "vectors"])
          }),
        )
      }),
    )

    it.effect("leaves out what is summed out, and shows nothing else of the model", () =>
      Effect.gen(function* () {
        const model = Effect.fnUntraced(function* (x: tf.Tensor) {
          const loc = yield* sample("loc", Normal({ loc: 0, scale: 1 }))
          const coin = yield* sample("coin", Bernoulli({ probs: 0.3 }))
          yield* deterministic("twice", tf.mul(loc, 2))
          yield* factor("weight", tf.mul(tf.square(loc), -0.1))
          yield* observe("x", Normal({ loc: tf.add(loc, coin), scale: 0.5 }), x)
        })
        const guide = autoNormal(model, { summedOut: ["coin"] })
        const data = tf.scalar(0.4)
        yield* attempt(() =>
          tf.tidy(() => {
            const q = runGuide(guide, data, Key.key(1))
            expect([...q.samples.keys()]).toEqual(["loc"])
            expect([q.factors.size, q.deterministics.size]).toEqual([0, 0])
          }),
        )
        const fit = yield* fitSVI(model, guide, data, { ...fitting(300), objective: enumerated() })
        // The exact posterior is a mixture of two normals, and the best one lies near its mean.
        const precision = 1 + 0.2 + 4
        const weigh = (coin: number) => {
          const at = (4 * (0.4 - coin)) / precision
          return {
            at,
            log: 0.5 * precision * at ** 2 - 2 * (0.4 - coin) ** 2 + Math.log(coin === 1 ? 0.3 : 0.7),
          }
        }
        const [tails, heads] = [weigh(0), weigh(1)]
        const share = 1 / (1 + Math.exp(tails.log - heads.log))
        const exact = share * heads.at + (1 - share) * tails.at
        expect(Math.abs(value(fit.params["auto/loc/loc"]) - exact)).toBeLessThan(0.05)
      }),
    )

    it.effect("weighs a masked site as the model does, and no scale of the model's", () =>
      attempt(() =>
        tf.tidy(() => {
          const rows = plate("rows", { size: 3 })(sample("z", Normal({ loc: 0, scale: 1 })))
          const model = (_: tf.Tensor) => scale(mask(rows, [1, 0, 1]), 5)
          const { mask: kept, scale: weight } = runGuide(
            autoNormal(model),
            tf.scalar(0),
            Key.key(1),
          ).samples.get("z")!
          expect(numbers(kept!)).toEqual([1, 0, 1])
          expect(weight).toBe(1)
        }),
      ),
    )
  })

  describe("autoDelta", () => {
    it.effect("is the mode of the constrained density", () =>
      Effect.gen(function* () {
        const fit = yield* fitSVI(rates, autoDelta(rates), tf.tensor1d(counts), fitting(400, 0.1))
        // (α − 1)/β. In the logarithm's coordinate the mode would be α/β.
        expectClose(value(fit.params["auto/rate/value"]), (3 + sum(counts) - 1) / (2 + counts.length), 1e-4)
      }),
    )
  })

  describe("a guide of all sites together", () => {
    const data = [1.7, -0.6] as const
    const exact = correlatedAt(...data)

    it.effect("autoMultivariateNormal reaches the covariance, and there every draw gives the evidence", () =>
      Effect.gen(function* () {
        const guide = autoMultivariateNormal(correlated)
        const fit = yield* fitSVI(correlated, guide, tf.tensor1d([...data]), fitting(400))
        const [a, , c, d] = numbers(fit.params["auto/scaleTril"]) as [number, number, number, number]
        const deviation = Math.sqrt(exact.variance)
        expect(Math.abs(value(fit.params["auto/a/loc"]) - exact.mean[0])).toBeLessThan(0.1 * deviation)
        expect(Math.abs(value(fit.params["auto/b/loc"]) - exact.mean[1])).toBeLessThan(0.1 * deviation)
        expectClose(a * a, exact.variance, 0.08)
        expectClose(c * c + d * d, exact.variance, 0.08)
        expectClose(a * c, exact.covariance, 0.08)
        const below = exact.covariance / deviation
        const exactly = {
          "auto/a/loc": tf.scalar(exact.mean[0]),
          "auto/b/loc": tf.scalar(exact.mean[1]),
          "auto/scaleTril": tf.tensor2d([
            [deviation, 0],
            [below, Math.sqrt(exact.variance - below ** 2)],
          ]),
        }
        yield* everyDraw(correlated, guide, exactly, tf.tensor1d([...data]), exact.evidence)
        // A mean field has the variance of each number given the other, which is less.
        const field = yield* fitSVI(correlated, autoNormal(correlated), tf.tensor1d([...data]), fitting(300))
        const given = exact.variance - below ** 2
        expectClose(value(field.params["auto/a/scale"]) ** 2, given, 0.05)
        expect(given).toBeLessThan(0.7 * exact.variance)
      }),
    )

    it.effect("autoLowRank reaches a rank of one and a diagonal", () =>
      Effect.gen(function* () {
        const guide = autoLowRank(correlated, { rank: 1 })
        const fit = yield* fitSVI(correlated, guide, tf.tensor1d([...data]), fitting(400))
        const [u, v] = numbers(fit.params["auto/factor"]) as [number, number]
        const [s, t] = [value(fit.params["auto/a/scale"]), value(fit.params["auto/b/scale"])]
        expectClose(u * v, exact.covariance, 0.08)
        expectClose(u * u + s * s, exact.variance, 0.08)
        expectClose(v * v + t * t, exact.variance, 0.08)
        const shared = Math.sqrt(-exact.covariance)
        const own = tf.scalar(Math.sqrt(exact.variance + exact.covariance))
        const exactly = {
          "auto/a/loc": tf.scalar(exact.mean[0]),
          "auto/b/loc": tf.scalar(exact.mean[1]),
          "auto/a/scale": own,
          "auto/b/scale": own,
          "auto/factor": tf.tensor2d([[shared], [-shared]]),
        }
        yield* everyDraw(correlated, guide, exactly, tf.tensor1d([...data]), exact.evidence)
      }),
    )

    it.effect("scores members of a plate by the normal of each, given those before it", () =>
      Effect.gen(function* () {
        const model = rows.model(5, 1.3, -0.4)
        const { a, c, scale } = rows.posterior(1.3, -0.4)
        const params = {
          "auto/z/loc": tf.tensor1d(x.map((x) => a * x + c)),
          "auto/scaleTril": tf.mul(tf.eye(5), scale),
        }
        const guide = autoMultivariateNormal(model)
        const options = { over: "rows", samples: 2, key: Key.key(5), params }
        const { values } = yield* logEvidence(model, guide, tf.tensor1d(x), options)
        values.forEach((found, i) => {
          expectClose(found, rows.evidence(x[i]!, 1.3, -0.4), 1e-5)
        })
      }),
    )
  })

  describe("amortise", () => {
    it.effect("draws a site as an encoder says, from minibatches", () =>
      Effect.gen(function* () {
        const data = Array.from(Key.normalValues(Key.key(5), [60])).map((e) => 0.4 + 1.2 * e)
        const model = rows.model(60, 1.3, -0.4)
        const encode = Effect.fnUntraced(function* (x: tf.Tensor) {
          const [a, c] = [yield* param("a", 0), yield* param("c", 0)]
          const scale = yield* param("scale", 1, { support: Support.positive })
          return { loc: tf.add(tf.mul(x, a), c), scale: tf.mul(tf.onesLike(x), scale) }
        })
        const guide = amortise(autoNormal(model), { z: encode })
        const fit = yield* fitSVI(model, guide, tf.tensor1d(data), {
          epochs: 100,
          batchSize: 16,
          key: Key.key(4),
          objective: elbo({ kl: "monteCarlo" }),
          optimizer: Optimizer.adam(Schedule.cosine(0.05, { decaySteps: 400 })),
        })
        const exact = rows.posterior(1.3, -0.4)
        expectClose(value(fit.params.a), exact.a, 0.01)
        expectClose(value(fit.params.c), exact.c, 0.01)
        expectClose(value(fit.params.scale), exact.scale, 0.01)
        expect(Object.keys(fit.params).toSorted()).toEqual(["a", "c", "scale"])
      }),
    )

    it.effect("gives autoDelta its points", () =>
      attempt(() =>
        tf.tidy(() => {
          const model = rows.model(2, 1, 0)
          const guide = amortise(autoDelta(model), { z: (x) => Effect.succeed({ value: tf.mul(x, 3) }) })
          const q = runGuide(guide, tf.tensor1d([1, 2]), Key.key(0))
          expect(numbers(q.samples.get("z")!.value)).toEqual([3, 6])
        }),
      ),
    )
  })

  it.effect("leaves no tensor behind, nor does one that is refused", () =>
    Effect.gen(function* () {
      const data = tf.tensor1d([1.7, -0.6])
      const before = tf.engine().state.numTensors
      yield* Effect.scoped(fitSVI(correlated, autoNormal(correlated), data, { steps: 3 }))
      yield* Effect.scoped(fitSVI(correlated, autoMultivariateNormal(correlated), data, { steps: 3 }))
      yield* Effect.scoped(fitSVI(correlated, autoLowRank(correlated), data, { steps: 3 }))
      yield* Effect.scoped(fitSVI(correlated, autoFlow(correlated), data, { steps: 3 }))
      const subsampled = (x: tf.Tensor) =>
        plate("rows", { size: 4 })(sample("z", Normal({ loc: 0, scale: 1 })), x)
      yield* Effect.flip(Effect.scoped(trace(autoMultivariateNormal(subsampled)(data), { key: Key.key(0) })))
      expect(tf.engine().state.numTensors).toBe(before)
    }),
  )
})

const supports = Effect.fnUntraced(function* (_: tf.Tensor) {
  const top = yield* sample("top", Exponential({ rate: 1 }))
  yield* plate("rows", { size: 2 })(sample("within", Uniform({ low: 0, high: top })))
  yield* sample("weights", Dirichlet({ concentration: [1, 2, 3] }))
})
const guides: ReadonlyArray<readonly [string, Program<never>]> = [
  ["autoMultivariateNormal", autoMultivariateNormal(supports, { scale: 0.5 }) as never],
  ["autoLowRank", autoLowRank(supports, { scale: 0.5 }) as never],
  ["autoFlow", autoFlow(supports, { scale: 0.5 }) as never],
  ["autoFlow, splines", autoFlow(supports, { scale: 0.5, kind: "spline" }) as never],
]

for (const backend of [Backend.cpu, Backend.wasm]) {
  layer(backend())(`an automatic guide on ${backend.name}`, (it) => {
    it.effect.each(guides)("%s scores every number once, whoever has drawn it", ([, guide]) =>
      attempt(() =>
        tf.tidy(() => {
          const q = runGuide(guide, tf.scalar(0), Key.key(1))
          const values = new Map([...q.samples].map(([name, site]) => [name, site.value]))
          const read = (name: string) => q.params.get(`auto/${name}`)?.value as tf.Tensor | undefined
          // At first: the covariance is diagonal for the normal and the flow, and of rank 3 more for the low rank.
          const sites = ["top", "within", "weights"] as const
          const loc = sites.flatMap((name) => numbers(read(`${name}/loc`)!))
          const [top] = numbers(values.get("top")!)
          const shares = numbers(values.get("within")!).map((w) => w / top!)
          const broken = unbreak(numbers(values.get("weights")!))
          const u = [Math.log(top!), ...shares.map((p) => Math.log(p / (1 - p))), ...broken.x]
          const factorOf = read("factor")
          const w = factorOf === undefined ? u.map(() => [0]) : (factorOf.arraySync() as Array<Array<number>>)
          const covariance = u.map((_, i) =>
            u.map((_, j) => (i === j ? 0.25 : 0) + sum(w[i]!.map((a, k) => a * w[j]![k]!))),
          )
          const volume = Math.log(top!) + sum(shares.map((p) => Math.log(top! * p * (1 - p)))) + broken.volume
          const expected =
            gaussian(
              u.map((x, i) => x - loc[i]!),
              covariance,
            ) - volume
          const total = (recording: typeof q) =>
            sum(
              [...recording.samples.values()].flatMap(({ distribution, value }) =>
                numbers(distribution.logProb(value)),
              ),
            )
          expectClose(total(q), expected, 1e-4)
          // The same values, drawn by nobody: the flows must be inverted.
          const programs = onBatch(synchronous(guide, guide, Context.empty() as never), tf.scalar(0))
          const copies = new Map([...values].map(([name, value]) => [name, tf.clone(value)]))
          const again = programs.guide({ key: Key.key(1), handlers: [replayed(copies)] })
          expectClose(total(again), expected, 1e-4)
        }),
      ),
    )

    it.effect.each([autoMultivariateNormal, autoFlow])("scores a value that it has not drawn", (auto) =>
      attempt(() =>
        tf.tidy(() => {
          const q = runGuide(auto(supports, { scale: 0.5 }) as never, tf.scalar(0), Key.key(1))
          const { distribution, value: drawn } = q.samples.get("top")!
          const loc = value(q.params.get("auto/top/loc")!.value as tf.Tensor)
          const at = (top: number) => normal(Math.log(top), loc, 0.5) - Math.log(top)
          const found = tf.sub(distribution.logProb(tf.scalar(1.3)), distribution.logProb(drawn))
          expectClose(value(found), at(1.3) - at(value(drawn)), 1e-4)
          // Several values, and draws of the site by itself.
          const two = distribution.logProb(tf.tensor1d([1.3, 2]))
          expectClose(value(tf.sub(...(tf.unstack(two) as [tf.Tensor, tf.Tensor]))), at(1.3) - at(2), 1e-4)
          const draws = numbers(distribution.sample(Key.key(2), [400])).map(Math.log)
          // Five standard errors of a mean of 400.
          expect(Math.abs(sum(draws) / 400 - loc)).toBeLessThan((5 * 0.5) / 20)
        }),
      ),
    )

    describe("its start", () => {
      const model = Effect.fnUntraced(function* (_: tf.Tensor) {
        const top = yield* sample("top", LogNormal({ loc: 2, scale: 0.5 }))
        yield* plate("rows", { size: 400 })(sample("z", Normal({ loc: top, scale: 1 })))
      })
      const startAt = (init: Init, key = Key.key(2)) =>
        Effect.scoped(
          Effect.map(trace(autoDelta(model, { init })(tf.scalar(0)), { key }), ({ values }) => ({
            top: value(values.top),
            z: numbers(values.z),
          })),
        )

      it.effect("is the prior's median, given the sites before", () =>
        Effect.gen(function* () {
          const { top, z } = yield* startAt(initToMedian)
          // The deviation of a median of 15 normals is 0.32 of theirs (asymptotically √(π/30)): five of them.
          expect(Math.abs(Math.log(top) - 2)).toBeLessThan(5 * 0.5 * 0.32)
          const errors = z.map((z) => z - top)
          const deviation = Math.sqrt(sum(errors.map((e) => e * e)) / 400)
          expect(Math.abs(deviation - 0.32)).toBeLessThan(0.06)
          const small = Effect.fnUntraced(function* (_: tf.Tensor) {
            yield* sample("top", LogNormal({ loc: 2, scale: 0.5 }))
          })
          const joined = yield* trace(autoFlow(small)(tf.scalar(0)), { key: Key.key(2) })
          const apart = yield* trace(autoNormal(model)(tf.scalar(0)), { key: Key.key(2) })
          expectClose(value(joined.params["auto/top/loc"]), value(apart.params["auto/top/loc"]), 1e-6)
        }),
      )

      it.effect("is a draw, uniform, or a value given", () =>
        Effect.gen(function* () {
          const drawn = yield* startAt(initToSample)
          const spread = Math.sqrt(sum(drawn.z.map((z) => (z - drawn.top) ** 2)) / 400)
          expect(Math.abs(spread - 1)).toBeLessThan(0.2)
          const uniform = yield* startAt(initToUniform(0.5))
          expect(Math.max(...uniform.z.map(Math.abs))).toBeLessThanOrEqual(0.5)
          expect(Math.max(...uniform.z.map(Math.abs))).toBeGreaterThan(0.45)
          expect(Math.abs(Math.log(uniform.top))).toBeLessThanOrEqual(0.5)
          const given = yield* startAt(initToValues({ top: 5 }))
          expectClose(given.top, 5, 1e-6)
          expect(Math.abs(sum(given.z) / 400 - 5)).toBeLessThan(0.1)
        }),
      )
    })
  })
}

/** One estimate of the ELBO, without closed forms, at these parameters. */
const estimate = <MR, GR>(
  model: Program<MR>,
  guide: Program<GR>,
  params: object,
  data: tf.Tensor,
  key: Key.Key,
  handlers: ReadonlyArray<Handler> = [],
): Effect.Effect<number> =>
  Effect.orDie(
    attempt(() =>
      tf.tidy(() => {
        const programs = synchronous(model, guide, Context.empty() as never)
        const on = onBatch(programs, data, [substituted(params), ...handlers])
        return value(elbo({ kl: "monteCarlo" }).estimate(on, key, false).metrics.elbo!)
      }),
    ),
  )

/**
 * At the posterior every draw's estimate is the evidence, and along the draw alone it is level: whatever is scored twice,
 * or not at all, or at the wrong place, shows.
 */
const everyDraw = Effect.fnUntraced(function* <MR, GR>(
  model: Program<MR>,
  guide: Program<GR>,
  params: { readonly [name: string]: tf.Tensor },
  data: tf.Tensor,
  evidence: number,
) {
  const programs = synchronous(model, guide, Context.empty() as never)
  for (let seed = 0; seed < 5; seed++) {
    expectClose(yield* estimate(model, guide, params, data, Key.key(seed)), evidence, 1e-5)
    const slopes = yield* attempt(() =>
      tf.tidy(() => {
        const { gradient } = valueAndGradient(params, (params) => {
          const on = onBatch(programs, data, [substituted(params)])
          return {
            value: elbo({ stickingTheLanding: true }).estimate(on, Key.key(seed), false).loss,
            aux: {},
          }
        })
        return Object.values(gradient).flatMap((leaf) => numbers(leaf))
      }),
    )
    for (const slope of slopes) expect(Math.abs(slope)).toBeLessThan(2e-4)
  }
})

/** The stick's breaks of a probability vector, as logits, each less that of an even break; and the volume there. */
const unbreak = (y: ReadonlyArray<number>) => {
  const n = y.length - 1
  const rest = y.map((_, i) => 1 - sum(y.slice(0, i)))
  const v = y.slice(0, n).map((p, i) => p / rest[i]!)
  return {
    x: v.map((v, i) => Math.log(v / (1 - v)) + Math.log(n - i)),
    volume: sum(v.map((v, i) => Math.log(rest[i]! * v * (1 - v)))),
  }
}

/** log N(x; 0, covariance), by elimination. */
const gaussian = (x: ReadonlyArray<number>, covariance: ReadonlyArray<ReadonlyArray<number>>): number => {
  const rows = covariance.map((row, i) => [...row, x[i]!])
  let log = 0
  for (let i = 0; i < rows.length; i++) {
    const [pivot, rest] = [rows[i]!, rows.slice(i + 1)]
    log += normal(pivot[rows.length]!, 0, Math.sqrt(pivot[i]!))
    for (const row of rest) {
      const ratio = row[i]! / pivot[i]!
      for (let j = i; j < row.length; j++) row[j]! -= ratio * pivot[j]!
    }
  }
  return log
}
