/**
 * The ELBO's value and gradient. Nothing here is statistical: the noise of each draw is known from its key, so an
 * estimate is predicted to the digit; and as an estimate of a linear-Gaussian model is a quadratic in that noise,
 * fitting the quadratic through a few keys gives its expectation without Monte Carlo error.
 */
import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { mask } from "../../src/effects/handlers/mask.ts"
import { scale } from "../../src/effects/handlers/scale.ts"
import { attempt } from "../../src/effects/run.ts"
import {
  Backend,
  Bernoulli,
  factor,
  HalfCauchy,
  InvalidArgument,
  Key,
  LogNormal,
  NoClosedForm,
  Normal,
  observe,
  param,
  plate,
  SiteMismatch,
  Support,
  sample,
} from "../../src/index.ts"
import type { ElboOptions } from "../../src/inference/Elbo.ts"
import { valueAndGradient } from "../../src/tensor/gradient.ts"
import { expectClose, normal, sum } from "../effects/numbers.ts"
import { estimateAt, klNormal, leastSquares, mean, noise, rows } from "./gaussian.ts"

const keys = Array.from({ length: 12 }, (_, i) => Key.key(i))
const x = [0.3, -1.2, 2.5, 0.8, 1.9]
const choices = ["auto", "analytic", "monteCarlo"] as const
const variants = choices.flatMap((kl) => [1, 5].map((particles) => ({ kl, particles })))

/** Metrics of one estimate, as numbers. */
const metricsAt = (...args: Parameters<typeof estimateAt>): Readonly<Record<string, number>> =>
  tf.tidy(() => {
    const { loss, metrics } = estimateAt(...args)
    const read = Object.fromEntries(Object.entries(metrics).map(([name, t]) => [name, t.dataSync()[0]!]))
    expect(loss.dataSync()[0]).toBe(-read.elbo!)
    return read
  })

/** The estimate of {@link mean} at one draw, by hand, with the plate's scale `weight`. */
const byHand = (
  x: ReadonlyArray<number>,
  { loc, scale }: { readonly loc: number; readonly scale: number },
  noises: ReadonlyArray<number>,
  kl: (typeof choices)[number],
  weight = 1,
): { readonly elbo: number; readonly logLikelihood: number; readonly "kl/mu": number } => {
  const at = noises.map((e) => {
    const mu = loc + scale * e
    const logLikelihood = weight * sum(x.map((x) => normal(x, mu, mean.noise)))
    const atDraw = normal(mu, loc, scale) - normal(mu, 0, mean.prior)
    return [logLikelihood, kl === "monteCarlo" ? atDraw : klNormal(loc, scale, 0, mean.prior)] as const
  })
  const [logLikelihood, divergence] = [0, 1].map((i) => sum(at.map((pair) => pair[i]!)) / at.length) as [
    number,
    number,
  ]
  return { elbo: logLikelihood - divergence, logLikelihood, "kl/mu": divergence }
}

const meanParams = (loc: number, scale: number) => ({
  loc: tf.scalar(loc),
  scale: tf.scalar(Math.log(scale)),
})

layer(Backend.cpu())((it) => {
  describe("its value", () => {
    it.effect.each(variants)(
      "is that of the formula at the known draws: $kl, $particles particles",
      (variant) =>
        Effect.sync(() => {
          const data = tf.tensor1d(x)
          const params = meanParams(0.7, 0.4)
          for (const key of keys) {
            const noises = Array.from({ length: variant.particles }, (_, i) => noise(key, i, "mu")[0]!)
            const expected = byHand(x, { loc: 0.7, scale: 0.4 }, noises, variant.kl)
            const found = metricsAt(mean.model(5), mean.guide, variant, { params, key, data })
            expect(Object.keys(found).toSorted()).toEqual(["elbo", "kl/mu", "logLikelihood"])
            for (const name of ["elbo", "logLikelihood", "kl/mu"] as const) {
              expectClose(found[name]!, expected[name])
            }
          }
        }),
    )

    it.effect.each(choices)("has expectation log p(x) − KL(q ‖ posterior): %s", (kl) =>
      Effect.sync(() => {
        const data = tf.tensor1d(x)
        const [loc, spread] = [0.7, 0.4]
        const params = meanParams(loc, spread)
        const noises = keys.map((key) => noise(key, 0, "mu")[0]!)
        const values = keys.map(
          (key) => metricsAt(mean.model(5), mean.guide, { kl }, { params, key, data }).elbo!,
        )
        const { coefficients, residual } = leastSquares(
          noises.map((e) => [1, e, e ** 2]),
          values,
        )
        // It is a quadratic in the draw's noise, whose square has mean 1.
        expect(residual).toBeLessThan(1e-5)
        const posterior = mean.posterior(x)
        const exact = mean.evidence(x) - klNormal(loc, spread, posterior.loc, posterior.scale)
        expectClose(coefficients[0]! + coefficients[2]!, exact, 1e-6)
        // Without the last term the claim would be another one.
        expect(Math.abs(exact - mean.evidence(x))).toBeGreaterThan(0.1)
      }),
    )

    it.effect("is log p(x) at every draw, if the guide is the posterior and no closed form is used", () =>
      Effect.sync(() => {
        const posterior = mean.posterior(x)
        const params = meanParams(posterior.loc, posterior.scale)
        const data = tf.tensor1d(x)
        for (const key of keys) {
          const { elbo } = metricsAt(mean.model(5), mean.guide, { kl: "monteCarlo" }, { params, key, data })
          expectClose(elbo!, mean.evidence(x))
        }
      }),
    )

    it.effect("counts factors, with their plate, as likelihood", () =>
      Effect.sync(() => {
        const model = Effect.fnUntraced(function* (x: tf.Tensor) {
          const mu = yield* sample("mu", Normal({ loc: 0, scale: 2 }))
          yield* plate("rows", { size: 10 })(factor("x", tf.mul(tf.square(tf.sub(x, mu)), -0.5)), x)
        })
        const data = tf.tensor1d(x)
        const params = meanParams(0.7, 0.4)
        const [key] = keys
        const mu = 0.7 + 0.4 * noise(key!, 0, "mu")[0]!
        const { logLikelihood } = metricsAt(model, mean.guide, {}, { params, key: key!, data })
        expectClose(logLikelihood!, 2 * sum(x.map((x) => -0.5 * (x - mu) ** 2)))
      }),
    )

    it.effect("of a model without latent sites is the log-likelihood", () =>
      Effect.sync(() => {
        const model = Effect.fnUntraced(function* (x: tf.Tensor) {
          yield* plate("rows", { size: 5 })(
            observe("x", Normal({ loc: yield* param("loc", 0), scale: 1 }), x),
            x,
          )
        })
        const guide = () => Effect.void
        const found = metricsAt(model, guide, {}, { params: { loc: tf.scalar(1) }, key: keys[0]!, data: tf.tensor1d(x) }) // biome-ignore format: one line
        expect(Object.keys(found).toSorted()).toEqual(["elbo", "logLikelihood"])
        expectClose(found.elbo!, sum(x.map((x) => normal(x, 1, 1))))
      }),
    )

    it.effect("refuses a number of particles that is none", () =>
      Effect.gen(function* () {
        for (const particles of [0, -1, 1.5, Number.NaN]) {
          const at = { params: meanParams(0, 1), key: keys[0]!, data: tf.tensor1d(x) }
          const error = yield* Effect.flip(
            attempt(() => tf.tidy(() => estimateAt(mean.model(5), mean.guide, { particles }, at).loss)),
          )
          expect(error).toBeInstanceOf(InvalidArgument)
          expect(error.message).toContain(`particles, at least 1, found ${particles}`)
        }
      }),
    )
  })

  describe("its gradient", () => {
    const point = { loc: 0.7, scale: Math.log(0.4) }
    const data = () => tf.tensor1d(x)
    const lossAt = (options: ElboOptions, key: Key.Key, loc: number, logScale: number): number =>
      tf.tidy(() => {
        const params = { loc: tf.scalar(loc), scale: tf.scalar(logScale) }
        return estimateAt(mean.model(15), mean.guide, options, {
          params,
          key,
          data: data(),
        }).loss.dataSync()[0]!
      })
    const gradientAt = (options: ElboOptions, key: Key.Key) =>
      tf.tidy(() => {
        const { gradient } = valueAndGradient(
          { loc: tf.scalar(point.loc), scale: tf.scalar(point.scale) },
          (params) => {
            const { loss } = estimateAt(mean.model(15), mean.guide, options, { params, key, data: data() })
            return { value: loss, aux: {} }
          },
        )
        return [gradient.loc, gradient.scale].map((g) => g.dataSync()[0]!) as [number, number]
      })

    it.effect.each(variants)(
      "is that of finite differences at the same draws: $kl, $particles particles",
      (variant) =>
        Effect.sync(() => {
          for (const key of keys.slice(0, 4)) {
            const found = gradientAt(variant, key)
            // The engine's own loss, in float32: a step of 0.05 has an error of 1e-3 by curvature, 1e-4 by rounding.
            const h = 0.05
            const own = [
              lossAt(variant, key, point.loc + h, point.scale) -
                lossAt(variant, key, point.loc - h, point.scale),
              lossAt(variant, key, point.loc, point.scale + h) -
                lossAt(variant, key, point.loc, point.scale - h),
            ].map((difference) => difference / (2 * h))
            found.forEach((g, i) => {
              expectClose(g, own[i]!, 3e-3)
            })
            // The formula, in float64, where rounding is no matter.
            const noises = Array.from({ length: variant.particles }, (_, i) => noise(key, i, "mu")[0]!)
            const exact = (loc: number, logScale: number) =>
              -byHand(x, { loc, scale: Math.exp(logScale) }, noises, variant.kl, 3).elbo
            const d = 1e-5
            expectClose(
              found[0],
              (exact(point.loc + d, point.scale) - exact(point.loc - d, point.scale)) / (2 * d),
              1e-5,
            )
            expectClose(
              found[1],
              (exact(point.loc, point.scale + d) - exact(point.loc, point.scale - d)) / (2 * d),
              1e-5,
            )
          }
        }),
    )

    it.effect.each(choices)("has as expectation the gradient of log p(x) − KL(q ‖ posterior): %s", (kl) =>
      Effect.sync(() => {
        // Fifteen rows, of which the five present count three times, are one data set with each of them three times.
        const all = [...x, ...x, ...x]
        const posterior = mean.posterior(all)
        const gradients = keys.map((key) => gradientAt({ kl }, key))
        const features = keys.map((key) => noise(key, 0, "mu")[0]!).map((e) => [1, e, e ** 2])
        const bound = (loc: number, logScale: number) =>
          mean.evidence(all) - klNormal(loc, Math.exp(logScale), posterior.loc, posterior.scale)
        const d = 1e-5
        const exact = [
          bound(point.loc + d, point.scale) - bound(point.loc - d, point.scale),
          bound(point.loc, point.scale + d) - bound(point.loc, point.scale - d),
        ].map((difference) => -difference / (2 * d))
        exact.forEach((expected, i) => {
          const { coefficients, residual } = leastSquares(features, gradients.map((g) => g[i]!)) // biome-ignore format: one line
          expect(residual).toBeLessThan(1e-4)
          expectClose(coefficients[0]! + coefficients[2]!, expected, 1e-5)
        })
      }),
    )

    it.effect("is zero where the guide is the posterior, in expectation", () =>
      Effect.sync(() => {
        const posterior = mean.posterior(x)
        const at = (key: Key.Key) =>
          tf.tidy(() => {
            const params = { loc: tf.scalar(posterior.loc), scale: tf.scalar(Math.log(posterior.scale)) }
            const { gradient } = valueAndGradient(params, (params) => ({
              value: estimateAt(mean.model(5), mean.guide, { kl: "analytic" }, { params, key, data: data() })
                .loss,
              aux: {},
            }))
            return gradient.loc.dataSync()[0]!
          })
        const features = keys.map((key) => [1, noise(key, 0, "mu")[0]!])
        const { coefficients } = leastSquares(features, keys.map(at))
        expectClose(coefficients[0]!, 0, 1e-5)
        expect(Math.abs(coefficients[1]!)).toBeGreaterThan(0.1)
      }),
    )
  })

  describe("in plates", () => {
    const all = Array.from(Key.normalValues(Key.key(9), [7]))
    const batches = [[3, 0], [6, 2], [1, 4], [5]] as const
    const rowsOf = (indices: ReadonlyArray<number>) => tf.tensor1d(indices.map((i) => all[i]!))

    it.effect.each(variants)("minibatches average to all the data: $kl, $particles particles", (variant) =>
      Effect.sync(() => {
        const params = meanParams(0.2, 0.6)
        const [key] = keys
        const whole = metricsAt(mean.model(7), mean.guide, variant, {
          params,
          key: key!,
          data: tf.tensor1d(all),
        })
        const parts = batches.map((batch) =>
          metricsAt(mean.model(7), mean.guide, variant, { params, key: key!, data: rowsOf(batch) }),
        )
        // The draw of mu is the same in each, so this is no average over noise.
        for (const name of ["elbo", "logLikelihood", "kl/mu"]) {
          const average = sum(parts.map((part, i) => (batches[i]!.length / 7) * part[name]!))
          expectClose(average, whole[name]!, 1e-6)
        }
        expect(Math.abs(parts[0]!.elbo! - whole.elbo!)).toBeGreaterThan(0.1)
      }),
    )

    it.effect("gradients of minibatches average to the gradient of all the data", () =>
      Effect.sync(() => {
        const gradient = (data: tf.Tensor) =>
          tf.tidy(() => {
            const at = { loc: tf.scalar(0.2), scale: tf.scalar(-0.5) }
            const found = valueAndGradient(at, (params) => ({
              value: estimateAt(mean.model(7), mean.guide, {}, { params, key: keys[0]!, data }).loss,
              aux: {},
            })).gradient
            return [found.loc.dataSync()[0]!, found.scale.dataSync()[0]!]
          })
        const whole = gradient(tf.tensor1d(all))
        const parts = batches.map((batch) => gradient(rowsOf(batch)))
        whole.forEach((g, i) => {
          expectClose(sum(parts.map((part, b) => (batches[b]!.length / 7) * part[i]!)), g, 1e-5)
        })
      }),
    )

    it.effect("a latent for each row: each minibatch gives its rows' log p(x), scaled, at any draw", () =>
      Effect.sync(() => {
        const [weight, bias] = [1.3, -0.4]
        const exact = rows.posterior(weight, bias)
        const params = {
          a: tf.scalar(exact.a),
          c: tf.scalar(exact.c),
          scale: tf.scalar(Math.log(exact.scale)),
        }
        const model = rows.model(7, weight, bias)
        batches.forEach((batch, i) => {
          const at = { params, key: keys[i]!, data: rowsOf(batch) }
          const { elbo } = metricsAt(model, rows.guide(7), { kl: "monteCarlo" }, at)
          const evidence = sum(batch.map((n) => rows.evidence(all[n]!, weight, bias)))
          expectClose(elbo!, (7 / batch.length) * evidence, 1e-5)
        })
      }),
    )

    it.effect.each(choices)("a latent for each row, two plates deep and both sub-sampled: %s", (kl) =>
      Effect.sync(() => {
        // 3 of 6 groups along −2, 2 of 10 members along −1.
        const plates = <A, E, R>(inner: Effect.Effect<A, E, R>) =>
          plate("groups", { size: 6, subsample: 3, dim: -2 })(inner)
        const members = plate("members", { size: 10, subsample: 2, dim: -1 })
        const model = Effect.fnUntraced(function* (x: tf.Tensor) {
          yield* plates(
            Effect.gen(function* () {
              const center = yield* sample("center", Normal({ loc: 0, scale: 1 }))
              yield* members(observe("x", Normal({ loc: center, scale: 0.5 }), x))
            }),
          )
        })
        const guide = Effect.fnUntraced(function* (_: tf.Tensor) {
          const scale = yield* param("scale", 1, { support: Support.positive })
          yield* plates(sample("center", Normal({ loc: yield* param("loc", 0), scale })))
        })
        const values = [
          [0.1, -0.6],
          [1.2, 0.9],
          [-2, 0.4],
        ]
        const [key] = keys
        const params = meanParams(0.3, 0.8)
        const found = metricsAt(model, guide, { kl }, { params, key: key!, data: tf.tensor2d(values) })
        const centers = noise(key!, 0, "center", [3, 1]).map((e) => 0.3 + 0.8 * e)
        const likelihood = sum(values.map((row, g) => sum(row.map((x) => normal(x, centers[g]!, 0.5)))))
        const divergence =
          kl === "monteCarlo"
            ? sum(centers.map((c) => normal(c, 0.3, 0.8) - normal(c, 0, 1)))
            : 3 * klNormal(0.3, 0.8, 0, 1)
        expectClose(found.logLikelihood!, 2 * 5 * likelihood, 1e-5)
        expectClose(found["kl/center"]!, 2 * divergence, 1e-5)
        expectClose(found.elbo!, 10 * likelihood - 2 * divergence, 1e-5)
      }),
    )
  })

  describe("its choice of the closed form", () => {
    // p(a) p(b | a) p(x | b), and a guide that draws b first, and a given b.
    const model = Effect.fnUntraced(function* (x: tf.Tensor) {
      const a = yield* sample("a", Normal({ loc: 0, scale: 1 }))
      const b = yield* sample("b", Normal({ loc: a, scale: 0.5 }))
      yield* observe("x", Normal({ loc: b, scale: 0.8 }), x)
    })
    const [locB, scaleB, slope, scaleA] = [0.6, 0.9, 0.7, 0.4]
    const turned = Effect.fnUntraced(function* (_: tf.Tensor) {
      const b = yield* sample("b", Normal({ loc: locB, scale: scaleB }))
      yield* sample("a", Normal({ loc: tf.mul(b, slope), scale: scaleA }))
    })
    const straight = Effect.fnUntraced(function* (_: tf.Tensor) {
      const a = yield* sample("a", Normal({ loc: 0.2, scale: scaleA }))
      yield* sample("b", Normal({ loc: tf.mul(a, slope), scale: scaleB }))
    })
    const datum = 1.4
    const at = (key: Key.Key) => ({ params: {}, key, data: tf.scalar(datum) })
    const many = Array.from({ length: 30 }, (_, i) => Key.key(100 + i))
    /** The draws of b and a under {@link turned}. */
    const drawsAt = (key: Key.Key) => {
      const [eb, ea] = [noise(key, 0, "b")[0]!, noise(key, 0, "a")[0]!]
      const b = locB + scaleB * eb
      return { eb, ea, b, a: slope * b + scaleA * ea }
    }
    const expectation = (valueAt: (key: Key.Key) => number): number => {
      const features = many.map(drawsAt).map(({ ea, eb }) => [1, ea, eb, ea ** 2, eb ** 2, ea * eb])
      const { coefficients, residual } = leastSquares(features, many.map(valueAt))
      expect(residual).toBeLessThan(1e-4)
      return coefficients[0]! + coefficients[3]! + coefficients[4]!
    }
    /** E log p(a, b, x) + the guide's entropy, by moments of the guide. */
    const exact = (() => {
      const [mb, vb] = [locB, scaleB ** 2]
      const [ma, va] = [slope * mb, slope ** 2 * vb + scaleA ** 2]
      const gap = va + vb - 2 * slope * vb + (ma - mb) ** 2 // E (b − a)²
      const expected = (square: number, scale: number) => normal(0, 0, scale) - square / (2 * scale ** 2)
      const entropy = (scale: number) => 0.5 + 0.5 * Math.log(2 * Math.PI) + Math.log(scale)
      return (
        expected(va + ma ** 2, 1) +
        expected(gap, 0.5) +
        expected(vb + (datum - mb) ** 2, 0.8) +
        entropy(scaleB) +
        entropy(scaleA)
      )
    })()

    it.effect(
      "is unbiased where the guide draws in another order, where a closed form at every site is not",
      () =>
        Effect.sync(() => {
          const engine = (kl: "auto" | "monteCarlo") =>
            expectation((key) => metricsAt(model, turned, { kl }, at(key)).elbo!)
          expectClose(engine("auto"), exact, 1e-5)
          expectClose(engine("monteCarlo"), exact, 1e-5)
          // What a closed form for b, given the a drawn after it, would have made of it.
          const naive = expectation((key) => {
            const { a, b } = drawsAt(key)
            const divergence = klNormal(slope * b, scaleA, 0, 1) + klNormal(locB, scaleB, a, 0.5)
            return normal(datum, b, 0.8) - divergence
          })
          // −Cov(a, b) / 0.5², which the draws share and the closed form forgets.
          expect(naive - exact).toBeCloseTo((-slope * scaleB ** 2) / 0.25, 4)
          expect(exact - naive).toBeGreaterThan(2.2)
        }),
    )

    it.effect("uses it for a, which b comes before, and the draw for b", () =>
      Effect.sync(() => {
        for (const key of keys) {
          const { a, b } = drawsAt(key)
          const found = metricsAt(model, turned, {}, at(key))
          expectClose(found["kl/a"]!, klNormal(slope * b, scaleA, 0, 1), 1e-5)
          expectClose(found["kl/b"]!, normal(b, locB, scaleB) - normal(b, a, 0.5), 1e-5)
        }
      }),
    )

    it.effect("uses it for both where model and guide draw in one order", () =>
      Effect.sync(() => {
        for (const key of keys) {
          const a = 0.2 + scaleA * noise(key, 0, "a")[0]!
          for (const kl of ["auto", "analytic"] as const) {
            const found = metricsAt(model, straight, { kl }, at(key))
            expectClose(found["kl/a"]!, klNormal(0.2, scaleA, 0, 1), 1e-5)
            expectClose(found["kl/b"]!, klNormal(slope * a, scaleB, a, 0.5), 1e-5)
          }
          const b = slope * a + scaleB * noise(key, 0, "b")[0]!
          const forced = metricsAt(model, straight, { kl: "monteCarlo" }, at(key))
          expectClose(forced["kl/b"]!, normal(b, slope * a, scaleB) - normal(b, a, 0.5), 1e-5)
        }
      }),
    )

    const refused = (...[model, guide, options, at]: Parameters<typeof estimateAt>) =>
      Effect.flip(attempt(() => tf.tidy(() => estimateAt(model, guide, options, at).loss)))

    it.effect("forced where it would be biased, fails with NoClosedForm that names the site", () =>
      Effect.gen(function* () {
        const error = yield* refused(model, turned, { kl: "analytic" }, at(keys[0]!))
        expect(error).toBeInstanceOf(NoClosedForm)
        expect(error.message).toContain('Normal at "b" ‖ Normal given what the guide draws later')
      }),
    )

    it.effect("falls back on the draw for a pair without one; forced, fails", () =>
      Effect.gen(function* () {
        const model = Effect.fnUntraced(function* (x: tf.Tensor) {
          const spread = yield* sample("spread", HalfCauchy({ scale: 2 }))
          yield* observe("x", Normal({ loc: 0, scale: spread }), x)
        })
        const guide = Effect.fnUntraced(function* (_: tf.Tensor) {
          yield* sample("spread", LogNormal({ loc: 0.1, scale: 0.3 }))
        })
        const found = metricsAt(model, guide, {}, at(keys[1]!))
        const log = 0.1 + 0.3 * noise(keys[1]!, 0, "spread")[0]!
        const spread = Math.exp(log)
        const halfCauchy = -Math.log(Math.PI) - Math.log1p((spread / 2) ** 2)
        expectClose(found["kl/spread"]!, normal(log, 0.1, 0.3) - log - halfCauchy, 1e-5)
        const error = yield* refused(model, guide, { kl: "analytic" }, at(keys[1]!))
        expect(error).toBeInstanceOf(NoClosedForm)
        expect(error.message).toContain('LogNormal at "spread" ‖ HalfCauchy')
      }),
    )

    it.effect("scales it as both sites are scaled; draws where they differ", () =>
      Effect.gen(function* () {
        const prior = sample("z", Normal({ loc: 0, scale: 1 }))
        const guess = sample("z", Normal({ loc: 0.5, scale: 0.7 }))
        const half = (program: typeof prior) => () => scale(program, 0.5)
        const z = 0.5 + 0.7 * noise(keys[0]!, 0, "z")[0]!
        const alike = metricsAt(half(prior), half(guess), {}, at(keys[0]!))
        expectClose(alike["kl/z"]!, 0.5 * klNormal(0.5, 0.7, 0, 1))
        const unlike = metricsAt(half(prior), () => guess, {}, at(keys[0]!))
        expectClose(unlike["kl/z"]!, normal(z, 0.5, 0.7) - 0.5 * normal(z, 0, 1))
        const error = yield* refused(half(prior), () => guess, { kl: "analytic" }, at(keys[0]!))
        expect(error.message).toContain("under a mask or another scale")
      }),
    )

    it.effect("draws where a site is masked, and leaves the masked cells out", () =>
      Effect.sync(() => {
        const present = tf.tensor1d([1, 0, 1])
        const inside = plate("rows", { size: 3 })
        const site = (loc: number, scale: number) => sample("z", Normal({ loc, scale }))
        const [prior, guess] = [site(0, 1), site(0.5, 0.7)]
        const draws = noise(keys[0]!, 0, "z", [3]).map((e) => 0.5 + 0.7 * e)
        const [q, p] = [draws.map((z) => normal(z, 0.5, 0.7)), draws.map((z) => normal(z, 0, 1))] as const
        const kept = (terms: ReadonlyArray<number>) => terms[0]! + terms[2]!
        const found = (model: typeof prior, guide: typeof guess) =>
          metricsAt(
            () => inside(model),
            () => inside(guide),
            {},
            at(keys[0]!),
          )["kl/z"]!
        expectClose(found(mask(prior, present), mask(guess, present)), kept(q) - kept(p))
        expectClose(found(mask(prior, present), guess), sum(q) - kept(p))
        expectClose(found(prior, mask(guess, present)), kept(q) - sum(p))
      }),
    )

    it.effect("sums it over events and plates", () =>
      Effect.sync(() => {
        const inside = plate("rows", { size: 8, subsample: 2 })
        const [loc, scale] = [
          [0.2, 0.5, -0.9],
          [0.3, 0.6, 1.8],
        ] as const
        const prior = () => inside(sample("z", Normal.standard([3])))
        const guess = () => inside(sample("z", Normal({ loc, scale }).toEvent(1)))
        const one = sum(loc.map((loc, i) => klNormal(loc, scale[i]!, 0, 1)))
        expectClose(metricsAt(prior, guess, {}, at(keys[0]!))["kl/z"]!, 8 * one)
      }),
    )

    it.effect("is not asked about sites that have no pathwise gradient: those are refused", () =>
      Effect.gen(function* () {
        const coin = () => sample("coin", Bernoulli({ probs: 0.5 }))
        const error = yield* refused(coin, coin, {}, at(keys[0]!))
        expect(error).toBeInstanceOf(SiteMismatch)
        expect(error.message).toContain('these guide sites have none: "coin"')
      }),
    )
  })
})
