/**
 * The Laplace approximation against exact modes, Hessians and evidence, in float64 and by hand: posteriors that are
 * normal, where it is exact, and others where its own formula is. Each covariance within 1e-3 of the product of its two
 * standard deviations, each mode within 1e-3 of one, the evidence within 1e-3 nats.
 */
import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import {
  autoLaplace,
  autoMultivariateNormal,
  Backend,
  Bernoulli,
  Categorical,
  Dirichlet,
  elbo,
  enumerated,
  factor,
  fitSVI,
  Gamma,
  initToValues,
  Key,
  LogNormal,
  logEvidence,
  Multinomial,
  Normal,
  Optimizer,
  observe,
  Poisson,
  param,
  plate,
  predictive,
  sample,
} from "../../src/index.ts"
import { logNormal, normal, numbers, sum } from "../effects/numbers.ts"
import { rows } from "./gaussian.ts"

type Matrix = ReadonlyArray<ReadonlyArray<number>>

/** What an approximation should be. */
interface Exact {
  readonly mode: ReadonlyArray<number>
  readonly precision: Matrix
  /** log p(x, u) at the mode, if the evidence is to be checked. */
  readonly logJoint?: number
}

/** A⁻¹ and log det A of a symmetric positive-definite matrix, by elimination. */
const inverse = (a: Matrix): { readonly inverse: Matrix; readonly logDet: number } => {
  const n = a.length
  const w = a.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))])
  let logDet = 0
  for (let k = 0; k < n; k++) {
    const pivot = w[k]![k]!
    logDet += Math.log(pivot)
    w[k] = w[k]!.map((x) => x / pivot)
    for (let i = 0; i < n; i++) {
      const ratio = w[i]![k]!
      if (i !== k) w[i] = w[i]!.map((x, j) => x - ratio * w[k]![j]!)
    }
  }
  return { inverse: w.map((row) => row.slice(n)), logDet }
}

/** The found mode, covariance and evidence against the exact ones, with the sites in this order. */
const expectLaplace = (
  found: { readonly params: object; readonly logEvidence: number },
  sites: ReadonlyArray<string>,
  { mode, precision, logJoint }: Exact,
): void => {
  const params = found.params as { readonly [name: string]: tf.Tensor }
  const u = sites.flatMap((site) => numbers(params[`auto/${site}/loc`]!))
  const l = params["auto/scaleTril"]!.arraySync() as Array<Array<number>>
  const { inverse: covariance, logDet } = inverse(precision)
  const deviation = covariance.map((row, i) => Math.sqrt(row[i]!))
  expect(u).toHaveLength(mode.length)
  u.forEach((u, i) => {
    expect(Math.abs(u - mode[i]!) / deviation[i]!, `mode ${i}: ${u}, not ${mode[i]}`).toBeLessThan(1e-3)
    mode.forEach((_, j) => {
      const error = sum(l[i]!.map((x, k) => x * l[j]![k]!)) - covariance[i]![j]!
      expect(Math.abs(error) / (deviation[i]! * deviation[j]!), `covariance ${i}, ${j}`).toBeLessThan(1e-3)
    })
  })
  if (logJoint === undefined) return
  const evidence = logJoint + 0.5 * mode.length * Math.log(2 * Math.PI) - 0.5 * logDet
  expect(Math.abs(found.logEvidence - evidence)).toBeLessThan(1e-3)
}

/** Newton's method in float64. */
const newton = (
  start: ReadonlyArray<number>,
  at: (u: ReadonlyArray<number>) => { readonly gradient: ReadonlyArray<number>; readonly precision: Matrix },
) => {
  let u = start
  for (let i = 0; i < 100; i++) {
    const { gradient, precision } = at(u)
    const { inverse: covariance } = inverse(precision)
    u = u.map((x, i) => x - sum(gradient.map((g, j) => covariance[i]![j]! * g)))
  }
  return { mode: u, precision: at(u).precision }
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))
const float32 = (xs: ReadonlyArray<number>): ReadonlyArray<number> => xs.map(Math.fround)
const noise = (seed: number, n: number): ReadonlyArray<number> =>
  Array.from(Key.normalValues(Key.key(seed), [n]))
const logGamma = (n: number): number => sum(Array.from({ length: n - 1 }, (_, i) => Math.log(i + 1)))

const counts = [2, 4, 3, 0, 5]
const rates = Effect.fnUntraced(function* (x: tf.Tensor) {
  const rate = yield* sample("rate", Gamma({ concentration: 3, rate: 2 }))
  yield* plate("rows", { size: 5 })(observe("x", Poisson({ rate }), x), x)
})
const [shape, rate] = [3 + sum(counts), 2 + counts.length]
/** In u = log rate the density is that of shape · u − rate · eᵘ. */
const ratesExact: Exact = { mode: [Math.log(shape / rate)], precision: [[shape]] }
const ratesEvidence =
  3 * Math.log(2) -
  logGamma(3) +
  logGamma(shape) -
  shape * Math.log(rate) -
  sum(counts.map((n) => logGamma(n + 1)))

/** y ~ N(a + b·t, σ²) with normal priors of standard deviation s. */
const line = (s: readonly [number, number], sigma: number, t: ReadonlyArray<number>) => ({
  model: Effect.fnUntraced(function* (y: tf.Tensor) {
    const a = yield* sample("a", Normal({ loc: 0, scale: s[0] }))
    const b = yield* sample("b", Normal({ loc: 0, scale: s[1] }))
    const loc = tf.add(a, tf.mul(b, [...t]))
    yield* plate("rows", { size: t.length })(observe("y", Normal({ loc, scale: sigma }), y))
  }),
  exact: (y: ReadonlyArray<number>): Exact => {
    const columns = [t.map(() => 1), t]
    const precision = columns.map((x, i) =>
      columns.map((z, j) => sum(x.map((x, n) => x * z[n]!)) / sigma ** 2 + (i === j ? s[i]! ** -2 : 0)),
    )
    const right = columns.map((x) => sum(x.map((x, n) => x * y[n]!)) / sigma ** 2)
    const { inverse: covariance } = inverse(precision)
    const mode = covariance.map((row) => sum(row.map((c, j) => c * right[j]!)))
    const [a, b] = mode as [number, number]
    const logJoint =
      normal(a, 0, s[0]) + normal(b, 0, s[1]) + sum(y.map((y, n) => normal(y, a + b * t[n]!, sigma)))
    return { mode, precision, logJoint }
  },
})

/** Unknown location and scale, in the coordinates (μ, log σ). */
const spread = Effect.fnUntraced(function* (x: tf.Tensor) {
  const mu = yield* sample("mu", Normal({ loc: 0, scale: 10 }))
  const sigma = yield* sample("sigma", LogNormal({ loc: 0, scale: 1 }))
  yield* plate("rows", { size: 6 })(observe("x", Normal({ loc: mu, scale: sigma }), x))
})
const spreadExact = (x: ReadonlyArray<number>): Exact => {
  const exact = newton([sum(x) / 6, 0], ([mu, s]) => {
    const tau = Math.exp(-2 * s!)
    const [first, second] = [sum(x.map((x) => x - mu!)), sum(x.map((x) => (x - mu!) ** 2))]
    return {
      gradient: [mu! / 100 - tau * first, s! + 6 - tau * second],
      precision: [
        [0.01 + 6 * tau, 2 * tau * first],
        [2 * tau * first, 1 + 2 * tau * second],
      ],
    }
  })
  const [mu, s] = exact.mode as [number, number]
  const sigma = Math.exp(s)
  // The density of log σ: the volume makes the log-normal a normal.
  const logJoint = normal(mu, 0, 10) + logNormal(sigma, 0, 1) + s + sum(x.map((x) => normal(x, mu, sigma)))
  return { ...exact, logJoint }
}

for (const backend of [Backend.cpu, Backend.wasm]) {
  layer(backend())(`autoLaplace on ${backend.name}`, (it) => {
    it.effect("is log-normal for a gamma posterior, and its evidence is Stirling's", () =>
      Effect.gen(function* () {
        const found = yield* autoLaplace(rates).approximate(tf.tensor1d(counts))
        expectLaplace(found, ["rate"], ratesExact)
        const stirling = (shape - 0.5) * Math.log(shape) - shape + 0.5 * Math.log(2 * Math.PI)
        expect(Math.abs(found.logEvidence - (ratesEvidence + stirling - logGamma(shape)))).toBeLessThan(1e-4)
      }),
    )

    it.effect("is exact for a normal posterior, whatever its units", () =>
      Effect.gen(function* () {
        const t = float32(noise(1, 20).map((e) => 1e-4 * e))
        const y = float32(t.map((t, n) => 3 + 2e4 * t + 0.5 * noise(2, 20)[n]!))
        const { model, exact } = line([10, 1e5], 0.5, t)
        expectLaplace(yield* autoLaplace(model).approximate(tf.tensor1d([...y])), ["a", "b"], exact(y))
      }),
    )

    it.effect("is exact for numbers that are almost one: an intercept and a slope over the years", () =>
      Effect.gen(function* () {
        const t = Array.from({ length: 40 }, (_, n) => 1985 + n)
        const y = float32(t.map((t, n) => 0.02 * (t - 2000) + 0.3 * noise(3, 40)[n]!))
        const { model, exact } = line([100, 1], 0.3, t)
        expectLaplace(yield* autoLaplace(model).approximate(tf.tensor1d([...y])), ["a", "b"], exact(y))
      }),
    )

    it.effect("has the Hessian of a location and a scale", () =>
      Effect.gen(function* () {
        const x = float32([0.3, -1.2, 2.5, 0.8, 1.9, 4])
        const found = yield* autoLaplace(spread).approximate(tf.tensor1d([...x]))
        expectLaplace(found, ["mu", "sigma"], spreadExact(x))
      }),
    )
  })
}

layer(Backend.cpu())("autoLaplace", (it) => {
  it.effect("has the Hessian of a logistic regression", () =>
    Effect.gen(function* () {
      const x = Array.from({ length: 50 }, (_, n) => float32([1, noise(4, 50)[n]!, noise(5, 50)[n]! * 3]))
      const y = x.map((row, n) => (noise(6, 50)[n]! < row[0]! * 0.3 + row[1]! - 0.5 * row[2]! ? 1 : 0))
      const model = Effect.fnUntraced(function* (y: tf.Tensor) {
        const w = yield* sample("w", Normal({ loc: tf.zeros([3]), scale: 2 }).toEvent(1))
        const logits = tf.squeeze(tf.matMul(tf.tensor2d(x as never), tf.expandDims(w, 1)), [1])
        yield* plate("rows", { size: 50 })(observe("y", Bernoulli({ logits }), y))
      })
      const exact = newton([0, 0, 0], (w) => {
        const p = x.map((row) => sigmoid(sum(row.map((x, i) => x * w[i]!))))
        return {
          gradient: w.map((w, i) => w / 4 + sum(x.map((row, n) => row[i]! * (p[n]! - y[n]!)))),
          precision: w.map((_, i) =>
            w.map(
              (_, j) =>
                (i === j ? 0.25 : 0) + sum(x.map((row, n) => row[i]! * row[j]! * p[n]! * (1 - p[n]!))),
            ),
          ),
        }
      })
      const p = x.map((row) => sigmoid(sum(row.map((x, i) => x * exact.mode[i]!))))
      const logJoint =
        sum(exact.mode.map((w) => normal(w, 0, 2))) + sum(p.map((p, n) => Math.log(y[n] === 1 ? p : 1 - p)))
      expectLaplace(yield* autoLaplace(model).approximate(tf.tensor1d(y)), ["w"], { ...exact, logJoint })
    }),
  )

  it.effect("has the Hessian of a simplex: its breaks are independent, by the beta of each", () =>
    Effect.gen(function* () {
      const model = Effect.fnUntraced(function* (x: tf.Tensor) {
        const probs = yield* sample("probs", Dirichlet({ concentration: [1, 2, 0.5, 1] }))
        yield* observe("x", Multinomial({ totalCount: 20, probs }), x)
      })
      const found = yield* autoLaplace(model).approximate(tf.tensor1d([9, 2, 6, 3]))
      const alpha = [10, 4, 6.5, 4]
      const breaks = [0, 1, 2].map((i) => [alpha[i]!, sum(alpha.slice(i + 1))] as const)
      const mode = breaks.map(([a, b], i) => Math.log(a / b) + Math.log(3 - i))
      const precision = breaks.map(([a, b], i) => breaks.map((_, j) => (i === j ? (a * b) / (a + b) : 0)))
      expectLaplace(found, ["probs"], { mode, precision })
    }),
  )

  it.effect("has the Hessian of what bends within a thousandth, and of what bends over thousands", () =>
    Effect.gen(function* () {
      const rates = [1e3, 1e-4]
      const model = Effect.fnUntraced(function* (_: tf.Tensor) {
        const z = yield* sample("z", Normal({ loc: [0, 0], scale: [0.01, 1e5] }).toEvent(1))
        // Gamma(2) for the exponential of each.
        const u = tf.mul(z, rates)
        yield* factor("gamma", tf.mul(tf.sum(tf.sub(u, tf.exp(u))), 2))
      })
      const parts = rates.map((k, i) => {
        const prior = [0.01, 1e5][i]! ** -2
        return newton([0], ([z]) => ({
          gradient: [z! * prior - 2 * k * (1 - Math.exp(k * z!))],
          precision: [[prior + 2 * k * k * Math.exp(k * z!)]],
        }))
      })
      const mode = parts.map(({ mode }) => mode[0]!)
      const precision = parts.map((part, i) => parts.map((_, j) => (i === j ? part.precision[0]![0]! : 0)))
      // From the mode itself, and from a little off.
      for (const z of [
        [0, 0],
        [0.001, 3e3],
      ]) {
        const guide = autoLaplace(model, { init: initToValues({ z }) })
        expectLaplace(yield* guide.approximate(tf.scalar(0)), ["z"], { mode, precision })
      }
    }),
  )

  it.effect("takes each member of a plate, and what they share", () =>
    Effect.gen(function* () {
      const x = float32([1.5, -0.3, 2.2, 0.9])
      const model = Effect.fnUntraced(function* (x: tf.Tensor) {
        const mu = yield* sample("mu", Normal({ loc: 0, scale: 3 }))
        yield* plate("rows", { size: 4 })(
          Effect.gen(function* () {
            const z = yield* sample("z", Normal({ loc: mu, scale: 0.8 }))
            yield* observe("x", Normal({ loc: z, scale: 0.4 }), x)
          }),
        )
      })
      const [prior, between, within] = [1 / 9, 1 / 0.64, 1 / 0.16]
      const precision = Array.from({ length: 5 }, (_, i) =>
        Array.from({ length: 5 }, (_, j) => {
          if (i === j) return i === 0 ? prior + 4 * between : between + within
          return i === 0 || j === 0 ? -between : 0
        }),
      )
      const { inverse: covariance } = inverse(precision)
      const mode = covariance.map((row) => sum(x.map((x, n) => row[n + 1]! * within * x)))
      const logJoint =
        normal(mode[0]!, 0, 3) +
        sum(x.map((x, n) => normal(mode[n + 1]!, mode[0]!, 0.8) + normal(x, mode[n + 1]!, 0.4)))
      const found = yield* autoLaplace(model).approximate(tf.tensor1d([...x]))
      expectLaplace(found, ["mu", "z"], { mode, precision, logJoint })
    }),
  )

  it.effect("sums out the discrete sites that it is told to", () =>
    Effect.gen(function* () {
      const x = float32([-1.1, 0.4, 2.8])
      const model = Effect.fnUntraced(function* (x: tf.Tensor) {
        const mean = yield* sample("mean", Normal({ loc: 0, scale: 2 }))
        yield* plate("rows", { size: 3 })(
          Effect.gen(function* () {
            const z = yield* sample("z", Categorical({ probs: [0.4, 0.6] }))
            const shift = tf.gather([-1, 1], tf.cast(z, "int32"))
            yield* observe("x", Normal({ loc: tf.add(mean, shift), scale: 1 }), x)
          }),
        )
      })
      const at = (m: number) =>
        x.map((x) => {
          const logs = [Math.log(0.4) + normal(x, m - 1, 1), Math.log(0.6) + normal(x, m + 1, 1)] as const
          const r = sigmoid(logs[1] - logs[0])
          return { r, log: Math.log(Math.exp(logs[0]) + Math.exp(logs[1])), slope: x - m + 1 - 2 * r }
        })
      // The second derivative of a sum inside a logarithm: the mean of the seconds, and the variance of the firsts.
      const exact = newton([0.5], ([m]) => ({
        gradient: [m! / 4 - sum(at(m!).map(({ slope }) => slope))],
        precision: [[0.25 + sum(at(m!).map(({ r }) => 1 - 4 * r * (1 - r)))]],
      }))
      const logJoint = normal(exact.mode[0]!, 0, 2) + sum(at(exact.mode[0]!).map(({ log }) => log))
      const guide = autoLaplace(model, { summedOut: ["z"] })
      expectLaplace(yield* guide.approximate(tf.tensor1d([...x])), ["mean"], { ...exact, logJoint })
      const fit = yield* fitSVI(model, guide, tf.tensor1d([...x]), {
        steps: 150,
        objective: enumerated(),
        optimizer: Optimizer.adam(0.05),
      })
      expect(Math.abs(numbers(fit.params["auto/mean/loc"])[0]! - exact.mode[0]!)).toBeLessThan(0.01)
    }),
  )

  it.effect("goes on from a fit, whose parameters of the model it keeps", () =>
    Effect.gen(function* () {
      const x = float32([1, 3, 2, 2.4, 0.6])
      const model = Effect.fnUntraced(function* (x: tf.Tensor) {
        const bias = yield* param("bias", 0)
        const mu = yield* sample("mu", Normal({ loc: 0, scale: 2 }))
        yield* plate("rows", { size: 5 })(observe("x", Normal({ loc: tf.add(mu, bias), scale: 1 }), x))
      })
      const data = tf.tensor1d([...x])
      const guide = autoLaplace(model)
      const fit = yield* fitSVI(model, guide, data, { steps: 100, optimizer: Optimizer.adam(0.02) })
      const [bias] = numbers(fit.params.bias) as [number]
      expect(Math.abs(bias)).toBeGreaterThan(0.1)
      const found = yield* guide.approximate(data, { params: fit.params, iterations: 0 })
      expect(numbers(found.params.bias)).toEqual([bias])
      const precision = 0.25 + 5
      const mode = sum(x.map((x) => x - bias)) / precision
      const logJoint = normal(mode, 0, 2) + sum(x.map((x) => normal(x, mode + bias, 1)))
      expectLaplace(found, ["mu"], { mode: [mode], precision: [[precision]], logJoint })
    }),
  )

  it.effect("gives draws, a guide for importance sampling, and a start for fitSVI", () =>
    Effect.gen(function* () {
      const x = float32([0.3, -1.2, 2.5, 0.8, 1.9])
      const data = tf.tensor1d([...x])
      const model = rows.model(5, 1.3, -0.4)
      const found = yield* autoLaplace(model).approximate(data)
      const { a, c, scale } = rows.posterior(1.3, -0.4)
      const { guide, params } = found
      // Exact here, so that every draw's weight is the evidence.
      const { values } = yield* logEvidence(model, guide, data, {
        over: "rows",
        samples: 2,
        key: Key.key(5),
        params,
      })
      values.forEach((value, i) => {
        expect(Math.abs(value - rows.evidence(x[i]!, 1.3, -0.4))).toBeLessThan(1e-3)
      })
      expect(Math.abs(found.logEvidence - sum(x.map((x) => rows.evidence(x, 1.3, -0.4))))).toBeLessThan(1e-3)
      const { z } = yield* found.posterior(400)
      expect(z.shape).toEqual([400, 5])
      numbers(tf.mean(z, 0)).forEach((mean, i) => {
        // Five standard errors: one alarm in 350,000 for each of five.
        expect(Math.abs(mean - (a * x[i]! + c))).toBeLessThan((5 * scale) / 20)
      })
      const drawn = yield* predictive(model, data, { samples: 3, key: Key.key(1), guide, params })
      expect(drawn.x.shape).toEqual([3, 5])
      const fit = yield* fitSVI(model, autoMultivariateNormal(model), data, {
        steps: 1,
        params,
        objective: elbo({ stickingTheLanding: true }),
      })
      // At the posterior the bound is the evidence, at whatever draw.
      expect(Math.abs(fit.elbo - found.logEvidence)).toBeLessThan(1e-3)
    }),
  )

  describe("without a mode", () => {
    const refused = <R>(model: (data: tf.Tensor) => Effect.Effect<unknown, never, R>, options = {}) =>
      Effect.flip(
        Effect.scoped(autoLaplace(model as never, options).approximate(tf.scalar(0))),
      ) as Effect.Effect<{
        readonly _tag: string
        readonly message: string
        readonly site?: string
      }>

    it.effect("names a coordinate along which nothing changes", () =>
      Effect.gen(function* () {
        // The factor takes the prior away.
        const error = yield* refused(
          Effect.fnUntraced(function* (_: tf.Tensor) {
            yield* sample("a", Normal({ loc: 1, scale: 1 }))
            const b = yield* sample("b", Normal.standard([3]))
            yield* factor("none", tf.mul(tf.sum(tf.square(tf.slice(b, [1], [1]))), 0.5))
          }),
        )
        expect(error).toMatchObject({ _tag: "NoMode", site: "b", index: [1] })
        expect(error.message).toContain("second derivative of −log p is 0.00")
        expect(error.message).toContain("proper prior")
      }),
    )

    it.effect("names one of two that can stand for each other", () =>
      Effect.gen(function* () {
        const error = yield* refused(
          Effect.fnUntraced(function* (_: tf.Tensor) {
            const a = yield* sample("a", Normal({ loc: 0, scale: 1 }))
            const b = yield* sample("b", Normal({ loc: 0, scale: 1 }))
            yield* factor("none", tf.mul(tf.add(tf.square(a), tf.square(b)), 0.5))
            yield* factor("sum", tf.mul(tf.square(tf.sub(tf.add(a, b), 1)), -2))
          }),
        )
        expect(error._tag).toBe("NoMode")
        expect(["a", "b"]).toContain(error.site)
      }),
    )

    it.effect("sees a saddle where the slope is zero", () =>
      Effect.gen(function* () {
        const error = yield* refused(
          Effect.fnUntraced(function* (_: tf.Tensor) {
            const a = yield* sample("a", Normal({ loc: 0, scale: 1 }))
            const b = yield* sample("b", Normal({ loc: 0, scale: 1 }))
            yield* factor("twist", tf.mul(tf.mul(a, b), 3))
          }),
          { init: initToValues({ a: 0, b: 0 }) },
        )
        expect(error._tag).toBe("NoMode")
      }),
    )

    it.effect("sees a density that rises for ever", () =>
      Effect.gen(function* () {
        const error = yield* refused(
          Effect.fnUntraced(function* (_: tf.Tensor) {
            const a = yield* sample("a", Normal({ loc: 0, scale: 1 }))
            yield* factor("up", tf.add(tf.mul(tf.square(a), 0.5), a))
          }),
        )
        expect(error).toMatchObject({ _tag: "NoMode", site: "a" })
      }),
    )

    it.effect("says that a search was cut short", () =>
      Effect.gen(function* () {
        const model = Effect.fnUntraced(function* (_: tf.Tensor) {
          const a = yield* sample("a", Normal({ loc: 0, scale: 1 }))
          yield* factor("steep", tf.neg(tf.exp(tf.mul(a, 4))))
        })
        const error = yield* Effect.flip(
          autoLaplace(model, { init: initToValues({ a: 10 }) }).approximate(tf.scalar(0), { iterations: 0 }),
        )
        expect(error._tag).toBe("NoMode")
        expect(error.message).toContain("log p still rises")
      }),
    )

    it.effect("names the site of a start that has no density", () =>
      Effect.gen(function* () {
        const error = yield* refused(
          Effect.fnUntraced(function* (_: tf.Tensor) {
            const a = yield* sample("a", Normal({ loc: 0, scale: 1 }))
            yield* factor("never", tf.mul(a, -Infinity))
          }),
        )
        expect(error).toMatchObject({ _tag: "NonFinite", site: "never" })
      }),
    )
  })

  it.effect("leaves no tensor behind, nor does one that is refused", () =>
    Effect.gen(function* () {
      const data = tf.tensor1d(counts)
      const before = tf.engine().state.numTensors
      yield* Effect.scoped(
        Effect.flatMap(autoLaplace(rates).approximate(data), ({ posterior }) => posterior(3)),
      )
      const improper = Effect.fnUntraced(function* (_: tf.Tensor) {
        const a = yield* sample("a", Normal({ loc: 0, scale: 1 }))
        yield* factor("none", tf.mul(tf.square(a), 0.5))
      })
      yield* Effect.flip(Effect.scoped(autoLaplace(improper).approximate(data)))
      expect(tf.engine().state.numTensors).toBe(before)
    }),
  )
})
