/**
 * The alternations against what is known: exact EM's bound is the evidence and its belief the posterior; variational and
 * Monte Carlo EM end where exact EM does; what cannot be is refused.
 */
import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import {
  Backend,
  type Belief,
  BoundDecreased,
  Categorical,
  closedForm,
  enumerated,
  fitEM,
  fitMonteCarloEM,
  fitSVI,
  fitVariationalEM,
  gradientSteps,
  InvalidArgument,
  Key,
  NonFinite,
  Normal,
  Optimizer,
  observe,
  param,
  plate,
  SiteMismatch,
  Support,
  sample,
  UnknownSite,
} from "../../src/index.ts"

const size = 300

/** Two normals, well apart: 100 draws of one and 200 of the other. */
const data = () =>
  tf.concat([
    Normal({ loc: -2, scale: 0.5 }).sample(Key.key(1), [100]),
    Normal({ loc: 1.5, scale: 1 }).sample(Key.key(2), [200]),
  ])

const model = Effect.fnUntraced(
  function* (x: tf.Tensor) {
    const probs = yield* param("probs", [0.5, 0.5], { support: Support.simplex })
    const loc = yield* param("loc", [-1, 1])
    const scale = yield* param("scale", [1, 1], { support: Support.positive })
    const z = yield* sample("z", Categorical({ probs }))
    const k = tf.cast(z, "int32")
    return yield* observe("x", Normal({ loc: tf.gather(loc, k), scale: tf.gather(scale, k) }), x)
  },
  plate("data", { size }),
)

const guide = Effect.fnUntraced(
  function* (_: tf.Tensor) {
    return yield* sample("z", Categorical({ logits: yield* param("logits", tf.zeros([size, 2])) }))
  },
  plate("data", { size }),
)

const maximize = ({ probabilities }: Belief, x: tf.Tensor) => {
  const { loc, scale } = Normal.fit(tf.expandDims(x, 1), probabilities.z!)
  return { probs: tf.mean(probabilities.z!, 0), loc, scale }
}
const mStep = closedForm<tf.Tensor>(maximize)

/** EM in float64: the log-likelihood before each of `n` M-steps, and at the end. */
const reference = (x: ReadonlyArray<number>, n: number) => {
  let [p, m, s] = [
    [0.5, 0.5],
    [-1, 1],
    [1, 1],
  ]
  const history: Array<number> = []
  for (let i = 0; i <= n; i++) {
    const joint = x.map((x) =>
      [0, 1].map(
        (k) => (p[k]! * Math.exp(-0.5 * ((x - m[k]!) / s[k]!) ** 2)) / s[k]! / Math.sqrt(2 * Math.PI),
      ),
    )
    history.push(joint.reduce((sum, [a, b]) => sum + Math.log(a! + b!), 0))
    if (i === n) break
    const weights = [0, 1].map((k) => joint.map((j) => j[k]! / (j[0]! + j[1]!)))
    const counts = weights.map((w) => w.reduce((a, b) => a + b, 0))
    m = weights.map((w, k) => w.reduce((sum, w, i) => sum + w * x[i]!, 0) / counts[k]!)
    s = weights.map((w, k) =>
      Math.sqrt(w.reduce((sum, w, i) => sum + w * (x[i]! - m[k]!) ** 2, 0) / counts[k]!),
    )
    p = counts.map((c) => c / x.length)
  }
  return { history, loc: m, scale: s, probs: p }
}

for (const [name, backend] of [
  ["cpu", Backend.cpu()],
  ["wasm", Backend.wasm()],
] as const) {
  layer(backend)(`on ${name}`, (it) => {
    describe("fitEM", () => {
      it.effect("takes the iterations of EM in float64, and its bound is the evidence", () =>
        Effect.gen(function* () {
          const x = data()
          const fit = yield* fitEM(model, x, { mStep, iterations: 12, tolerance: 0 })
          const exact = reference(Array.from(x.dataSync()), 12)
          for (const [i, bound] of fit.history.entries()) {
            expect(bound, `${i}`).toBeCloseTo(exact.history[i]!, 2)
          }
          expect(fit.bound).toBeCloseTo(exact.history[12]!, 2)
          for (const name of ["loc", "scale", "probs"] as const) {
            Array.from(fit.params[name].dataSync()).forEach((value, k) => {
              expect(value, name).toBeCloseTo(exact[name][k]!, 4)
            })
          }
          expect(fit.iterations).toBe(12)
          expect(fit.converged).toBe(false)
          x.dispose()
        }),
      )
    })
  })
}

layer(Backend.cpu())((it) => {
  describe("the ladder's rungs", () => {
    it.effect("all end at the maximum that exact EM finds", () =>
      Effect.gen(function* () {
        const x = data()
        const em = yield* fitEM(model, x, { mStep })
        expect(em.converged).toBe(true)
        const gradient = yield* fitEM(model, x, {
          mStep: gradientSteps({ optimizer: Optimizer.adam(0.05), steps: 5 }),
          iterations: 100,
          tolerance: 0,
        })
        expect(em.bound - gradient.bound).toBeLessThan(0.05)
        const variational = yield* fitVariationalEM(model, guide, x, {
          mStep,
          optimizer: Optimizer.adam(0.3),
          iterations: 40,
        })
        expect(em.bound - variational.bound).toBeGreaterThan(-0.01)
        expect(em.bound - variational.bound).toBeLessThan(0.3)
        const monteCarlo = yield* fitMonteCarloEM(model, x, { mStep, iterations: 30, draws: 20 })
        // Of draws only E log p(x, z) is known: the evidence at their parameters, by one step of exact EM.
        const there = yield* fitEM(model, x, { mStep, iterations: 1, params: monteCarlo.params })
        expect(em.bound - there.history[0]!).toBeLessThan(0.3)
        const svi = yield* fitSVI(model, guide, x, {
          objective: enumerated(),
          optimizer: Optimizer.adam(0.1),
          steps: 400,
        })
        expect(em.bound - svi.history.at(-1)!.metrics.elbo!).toBeLessThan(0.3)
        x.dispose()
      }),
    )

    it.effect("leave as many tensors as they found, also where they fail", () =>
      Effect.gen(function* () {
        const x = data()
        const before = tf.memory().numTensors
        yield* Effect.scoped(fitEM(model, x, { mStep, iterations: 3 }))
        expect(tf.memory().numTensors).toBe(before)
        yield* Effect.scoped(fitMonteCarloEM(model, x, { mStep, iterations: 3 }))
        expect(tf.memory().numTensors).toBe(before)
        const optimizer = Optimizer.adam(0.1)
        yield* Effect.scoped(fitVariationalEM(model, guide, x, { mStep, optimizer, iterations: 3 }))
        expect(tf.memory().numTensors).toBe(before)
        const wrong = closedForm<tf.Tensor>(() => ({ loc: tf.tensor([50, -50]) }))
        yield* Effect.flip(Effect.scoped(fitEM(model, x, { mStep: wrong })))
        expect(tf.memory().numTensors).toBe(before)
        x.dispose()
      }),
    )
  })

  describe("fitEM refuses", () => {
    const fails = (options: Partial<Parameters<typeof fitEM<tf.Tensor, never, never, {}>>[2]>) =>
      Effect.acquireUseRelease(
        Effect.sync(data),
        (x) => Effect.flip(fitEM(model, x, { mStep, ...options })),
        (x) => Effect.sync(() => x.dispose()),
      )

    it.effect("an M-step that lowers the bound, naming the iteration", () =>
      Effect.gen(function* () {
        let taken = 0
        const failure = yield* fails({
          mStep: closedForm<tf.Tensor>((belief, x) =>
            ++taken === 3 ? { loc: tf.tensor([9, -9]) } : maximize(belief, x),
          ),
        })
        expect(failure).toBeInstanceOf(BoundDecreased)
        expect(failure.message).toMatch(/^iteration 3 lowered the bound from -\d+\.\d+ to -\d+/)
      }),
    )

    it.effect("parameters that the model does not have, and options out of range", () =>
      Effect.gen(function* () {
        const stray = yield* fails({ mStep: closedForm<tf.Tensor>(() => ({ mean: tf.scalar(0) })) })
        expect(stray).toBeInstanceOf(UnknownSite)
        expect(stray.message).toMatch(/"mean".*"probs", "loc", "scale"/)
        for (const options of [
          { iterations: 0 },
          { iterations: 1.5 },
          { tolerance: -1 },
          { tolerance: Number.NaN },
        ]) {
          expect(yield* fails(options), JSON.stringify(options)).toBeInstanceOf(InvalidArgument)
        }
      }),
    )

    it.effect("a latent site without a list of values, and a bound that is no number", () =>
      Effect.gen(function* () {
        const continuous = Effect.fnUntraced(function* (x: tf.Tensor) {
          const mean = yield* sample("mean", Normal({ loc: yield* param("loc", 0), scale: 1 }))
          return yield* observe("x", Normal({ loc: mean, scale: 1 }), x)
        })
        const x = tf.scalar(1)
        const failure = yield* Effect.flip(fitEM(continuous, x, { mStep: closedForm(() => ({})) }))
        expect(failure).toBeInstanceOf(SiteMismatch)
        expect(failure.message).toMatch(/no list of values.*"mean"/)
        const bad = yield* fails({
          mStep: closedForm<tf.Tensor>(() => ({ scale: tf.tensor([Number.NaN, 1]) })),
        })
        expect(bad).toBeInstanceOf(NonFinite)
        expect(bad.message).toMatch(/scale/)
        x.dispose()
      }),
    )
  })
})
