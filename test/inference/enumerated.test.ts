/**
 * The bound with finite sites summed exactly: the guide's by their probability, the model's own inside the logarithm.
 * Value and gradient against the same sums written out in float64, and fits against exact evidence.
 */
import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Context, Effect } from "effect"
import { attempt } from "../../src/effects/run.ts"
import {
  Backend,
  Bernoulli,
  Categorical,
  enumerated,
  fitSVI,
  Key,
  mask,
  Normal,
  Optimizer,
  observe,
  Poisson,
  param,
  plate,
  SiteMismatch,
  Support,
  sample,
} from "../../src/index.ts"
import { onBatch, synchronous } from "../../src/inference/programs.ts"
import { constrained } from "../../src/inference/svi.ts"
import { valueAndGradient } from "../../src/tensor/gradient.ts"

const normal = (x: number, loc: number, scale = 1): number =>
  -0.5 * ((x - loc) / scale) ** 2 - Math.log(scale) - 0.5 * Math.log(2 * Math.PI)
const logSumExp = (terms: ReadonlyArray<number>): number => {
  const most = Math.max(...terms)
  return most + Math.log(terms.reduce((sum, t) => sum + Math.exp(t - most), 0))
}
const softmax = (logits: ReadonlyArray<number>): ReadonlyArray<number> => {
  const log = logSumExp(logits)
  return logits.map((l) => Math.exp(l - log))
}
const at = (table: ReadonlyArray<number>, z: tf.Tensor): tf.Tensor =>
  tf.gather(tf.tensor([...table]), tf.cast(z, "int32"))

const x = [0.5, -1, 2.5]
const weights = [0.2, 0.3, 0.5]
const means = [0, 2, -1]

/** In nested plates of sizes that subsample: a global coin, a class for each row, and a coin of the model's own. */
const model = Effect.fnUntraced(function* (rows: tf.Tensor) {
  const g = yield* sample("g", Bernoulli({ probs: 0.3 }))
  return yield* Effect.gen(function* () {
    const z = yield* sample("z", Categorical({ probs: weights }))
    const w = yield* sample("w", Bernoulli({ probs: at([0.6, 0.2], g) }))
    return yield* observe(
      "x",
      Normal({ loc: tf.add(tf.add(at(means, z), g), tf.mul(w, 0.5)), scale: 1 }),
      rows,
    )
  }).pipe(plate("data", { size: 6, subsample: 3 }))
})

const guide = Effect.fnUntraced(function* (_: tf.Tensor) {
  const logit = yield* param("logit", 0)
  const g = yield* sample("g", Bernoulli({ logits: logit }))
  const logits = yield* param("logits", tf.zeros([2, 3]))
  return yield* sample("z", Categorical({ logits: tf.gather(logits, tf.cast(g, "int32")) })).pipe(
    plate("data", { size: 6, subsample: 3 }),
  )
})

/** Σ_g q(g) [log p(g)/q(g) + 2 Σᵢ Σ_z q(z|g) (log p(z)/q(z|g) + log Σ_w p(w|g) p(xᵢ | z, g, w))]. */
const bound = (logit: number, logits: ReadonlyArray<ReadonlyArray<number>>): number =>
  [0, 1].reduce((sum, g) => {
    const q = g === 1 ? 1 / (1 + Math.exp(-logit)) : 1 / (1 + Math.exp(logit))
    const p = g === 1 ? 0.3 : 0.7
    const inner = x.reduce(
      (sum, x) =>
        sum +
        softmax(logits[g]!).reduce((sum, qz, z) => {
          const coin = g === 1 ? 0.2 : 0.6
          const likelihood = logSumExp([
            Math.log(1 - coin) + normal(x, means[z]! + g),
            Math.log(coin) + normal(x, means[z]! + g + 0.5),
          ])
          return sum + qz * (Math.log(weights[z]! / qz) + likelihood)
        }, 0),
      0,
    )
    return sum + q * (Math.log(p / q) + 2 * inner)
  }, 0)

const logit = 0.4
const logits = [
  [0.1, -0.5, 0.3],
  [1, 0.2, -0.7],
]

for (const [name, backend] of [
  ["cpu", Backend.cpu()],
  ["wasm", Backend.wasm()],
] as const) {
  layer(backend)(`on ${name}`, (it) => {
    describe("enumerated", () => {
      it.effect("is the exact bound, with its exact gradient, whatever the key", () =>
        Effect.sync(() => {
          const programs = { ...synchronous(model, guide, Context.empty()), sumsOut: ["boolean"] }
          const objective = enumerated()
          for (const seed of [0, 1]) {
            const before = tf.memory().numTensors
            const { value, gradient } = tf.tidy(() => {
              const params = { logit: tf.scalar(logit), logits: tf.tensor(logits) }
              const found = valueAndGradient(params, (params) => {
                const pair = onBatch(programs, tf.tensor(x), [constrained(params)])
                return { value: objective.estimate(pair, Key.key(seed), true).loss, aux: {} }
              })
              return {
                value: found.value.dataSync()[0]!,
                gradient: [found.gradient.logit, found.gradient.logits].flatMap((t) =>
                  Array.from(t.dataSync()),
                ),
              }
            }) as unknown as { readonly value: number; readonly gradient: ReadonlyArray<number> }
            expect(tf.memory().numTensors).toBe(before)
            expect(-value).toBeCloseTo(bound(logit, logits), 4)
            const h = 1e-5
            const slope = (f: (h: number) => number) => (f(h) - f(-h)) / (2 * h)
            const expected = [
              slope((h) => bound(logit + h, logits)),
              ...[0, 1].flatMap((g) =>
                [0, 1, 2].map((k) =>
                  slope((h) =>
                    bound(
                      logit,
                      logits.map((row, i) => row.map((l, j) => (i === g && j === k ? l + h : l))),
                    ),
                  ),
                ),
              ),
            ]
            for (const [i, e] of expected.entries()) expect(-gradient[i]!, `${i}`).toBeCloseTo(e, 3)
          }
        }),
      )
    })
  })
}

layer(Backend.cpu())((it) => {
  describe("fitSVI with enumerated()", () => {
    it.effect("reaches the evidence beside a pathwise site, the model's classes summed out", () =>
      Effect.gen(function* () {
        const mixture = Effect.fnUntraced(function* (rows: tf.Tensor) {
          const mean = yield* sample("mean", Normal({ loc: 0, scale: 2 }))
          return yield* Effect.gen(function* () {
            const z = yield* sample("z", Categorical({ probs: [0.4, 0.6] }))
            return yield* observe("x", Normal({ loc: tf.add(mean, at([-1, 1], z)), scale: 1 }), rows)
          }).pipe(plate("data", { size: 3 }))
        })
        // It has no "z": the objective sums it out, and the compiler knows.
        const meanOnly = Effect.fnUntraced(function* (_: tf.Tensor) {
          const loc = yield* param("loc", 0)
          const scale = yield* param("scale", 1, { support: Support.positive })
          return yield* sample("mean", Normal({ loc, scale }))
        })
        const rows = tf.tensor(x)
        const fit = yield* fitSVI(mixture, meanOnly, rows, {
          objective: enumerated(),
          optimizer: Optimizer.adam(0.03),
          steps: 500,
        })
        let [evidence, moment] = [0, 0]
        for (let i = 0; i < 4000; i++) {
          const mean = -10 + (20 * (i + 0.5)) / 4000
          const each = x.map((x) =>
            logSumExp([Math.log(0.4) + normal(x, mean - 1), Math.log(0.6) + normal(x, mean + 1)]),
          )
          const density = Math.exp(normal(mean, 0, 2) + each.reduce((a, b) => a + b, 0)) * (20 / 4000)
          evidence += density
          moment += density * mean
        }
        // The posterior is nearly normal: the gap is below a hundredth, and so is the error of the mean of 250 draws.
        const bounds = fit.history.slice(-250).map(({ metrics }) => metrics.elbo!)
        const mean = bounds.reduce((a, b) => a + b, 0) / bounds.length
        expect(Math.abs(mean - Math.log(evidence))).toBeLessThan(0.03)
        expect(fit.params.loc.dataSync()[0]).toBeCloseTo(moment / evidence, 1)
        rows.dispose()
      }),
    )

    it.effect("does not count a variable of the guide where it is masked", () =>
      Effect.gen(function* () {
        const inRows = plate("rows", { size: 3 })
        const masked = Effect.fnUntraced(function* (_: undefined) {
          const z = yield* sample("z", Categorical({ probs: weights }))
          yield* observe("x", Normal({ loc: at(means, z), scale: 1 }), x)
        }, inRows)
        const q = [0.5, 0.3, 0.2]
        const guess = Effect.fnUntraced(function* (_: undefined) {
          const logits = yield* param("logits", q.map(Math.log))
          yield* sample("z", Categorical({ logits }))
        }, inRows)
        const present = () => tf.tensor1d([1, 0, 1])
        const fit = yield* fitSVI(
          (data: undefined) => Effect.suspend(() => mask(masked(data), present())),
          (data: undefined) => Effect.suspend(() => mask(guess(data), present())),
          undefined,
          { objective: enumerated(), steps: 1 },
        )
        const of = (x: number) =>
          q.reduce((sum, q, z) => sum + q * (Math.log(weights[z]! / q) + normal(x, means[z]!)), 0)
        expect(fit.elbo).toBeCloseTo(of(x[0]!) + of(x[2]!), 4)
      }),
    )

    it.effect("refuses a site outside of a plate that depends on a variable inside", () =>
      Effect.gen(function* () {
        const inRows = plate("rows", { size: 3 })
        const summing = Effect.fnUntraced(function* (_: undefined) {
          const z = yield* inRows(sample("z", Bernoulli({ probs: 0.5 })))
          yield* observe("total", Normal({ loc: tf.sum(z, -1, true), scale: 1 }), 2)
        })
        const guess = Effect.fnUntraced(function* (_: undefined) {
          yield* inRows(sample("z", Bernoulli({ logits: yield* param("logit", 0) })))
        })
        // A fit's first run, with everything drawn, would refuse the shape.
        const failure = yield* Effect.flip(
          attempt(() =>
            tf.tidy(() => {
              const pair = onBatch(synchronous(summing, guess, Context.empty()), undefined, [
                constrained({ logit: tf.scalar(0) }),
              ])
              return enumerated().estimate(pair, Key.key(0), true).loss
            }),
          ),
        )
        expect(failure).toBeInstanceOf(SiteMismatch)
        expect(failure.message).toMatch(/"total" depends, outside of a plate, on: "z"/)
      }),
    )

    it.effect("refuses a guide's site with no list of values and no pathwise gradient", () =>
      Effect.gen(function* () {
        const counts = (_: undefined) => sample("k" as string, Poisson({ rate: 1 }))
        const guess = (_: undefined) =>
          Effect.flatMap(param("rate", 1), (rate) => sample("k" as string, Poisson({ rate })))
        const failure = yield* Effect.flip(
          fitSVI(counts, guess, undefined, { objective: enumerated(), steps: 1 }),
        )
        expect(failure).toBeInstanceOf(SiteMismatch)
        expect(failure.message).toContain('"k"')
      }),
    )

    it.effect("refuses a guide that lacks a site with no list of values", () =>
      Effect.gen(function* () {
        const two = Effect.fnUntraced(function* (_: tf.Tensor) {
          yield* sample("a" as string, Normal({ loc: 0, scale: 1 }))
          return yield* sample("b" as string, Normal({ loc: 0, scale: 1 }))
        })
        const one = Effect.fnUntraced(function* (_: tf.Tensor) {
          return yield* sample("a" as string, Normal({ loc: yield* param("loc", 0), scale: 1 }))
        })
        const rows = tf.tensor(x)
        const failure = yield* Effect.flip(fitSVI(two, one, rows, { objective: enumerated(), steps: 1 }))
        expect(failure).toBeInstanceOf(SiteMismatch)
        expect(failure.message).toMatch(/guide lacks latent sites of the model: "b"/)
        rows.dispose()
      }),
    )
  })
})
