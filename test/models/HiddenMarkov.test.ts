import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Context, Effect } from "effect"
import { substituted } from "../../src/effects/handlers/substitute.ts"
import { run } from "../../src/effects/run.ts"
import {
  Backend,
  Key,
  type Observe,
  Optimizer,
  type Param,
  Poisson,
  param,
  type Sample,
  Support,
} from "../../src/index.ts"
import { exact } from "../../src/inference/em/exact.ts"
import { closedForm, gradientSteps } from "../../src/inference/em/mStep.ts"
import type { Model } from "../../src/inference/em/steps.ts"
import { fitEM, fitMonteCarloEM } from "../../src/inference/fitEM.ts"
import * as HiddenMarkov from "../../src/models/HiddenMarkov.ts"
import golden from "../goldens/hiddenMarkov.json" with { type: "json" }
import { expectTensor as expectFlat } from "../nn/support.ts"

const states = 3
const size = golden.x.length
const hmm = HiddenMarkov.make({ states, size })
const start = () => ({
  initial: tf.tensor(golden.start.initial),
  transition: tf.tensor(golden.start.transition),
  loc: tf.tensor(golden.start.loc),
  scale: tf.tensor(golden.start.scale),
})
/** What is missing is NaN, which must not matter. */
const sequences = (): HiddenMarkov.Sequences => {
  const x = golden.x.map((row, n) => row.map((value, t) => (golden.mask[n]![t] === 1 ? value : Number.NaN)))
  return { x: tf.tensor2d(x), mask: tf.tensor2d(golden.mask) }
}
const expectTensor = (
  tensor: tf.Tensor,
  shape: ReadonlyArray<number>,
  values: tf.TensorLike,
  tolerance: number,
) => expectFlat(tensor, shape, [values].flat(3) as ReadonlyArray<number>, tolerance)

/** The exact E-step at `params`. */
const believe = (program: Effect.Effect<unknown, unknown, unknown>, params: Record<string, tf.Tensor>) => {
  const model: Model = (params, options) =>
    run(program, Context.empty(), {
      ...options,
      handlers: [substituted(params), ...(options.handlers ?? [])],
    })
  return exact().expect(Key.key(0), model, params, {}, undefined)
}

for (const backend of ["cpu", "wasm"] as const) {
  layer(Backend[backend]())(`HiddenMarkov on ${backend}`, (it) => {
    it.effect("evidence and smoothing are those of forward-backward in float64", () =>
      Effect.sync(() =>
        tf.tidy(() => {
          const { value, belief } = believe(hmm.model(sequences()), start())
          expect(value.dataSync()[0]! / golden.history[0]!).toBeCloseTo(1, 6)
          for (const [n, gamma] of golden.smoothed.entries()) {
            for (const [t, probabilities] of gamma.entries()) {
              const found = tf.gather(tf.gather(belief.probabilities.z!, t), n)
              expectTensor(found, [states], probabilities, 2e-5)
            }
          }
        }),
      ),
    )

    it.effect("what a fit is asked: as in float64, and as hmmlearn says", () =>
      Effect.gen(function* () {
        const [params, data] = [start(), sequences()]
        const before = tf.memory().numTensors
        yield* Effect.scoped(
          Effect.gen(function* () {
            const scores = yield* hmm.scoreSamples(params, data)
            expectTensor(scores, [size], golden.evidences, 1e-4)
            expect((yield* hmm.score(params, data)) / golden.history[0]!).toBeCloseTo(1, 6)
            const smoothed = yield* hmm.smooth(params, data)
            const filtered = yield* hmm.filter(params, data)
            const { states: paths, logProb } = yield* hmm.decode(params, data)
            const predicted = yield* hmm.predict(params, data)
            expect([smoothed.shape, filtered.shape, paths.shape]).toEqual([
              [size, 100, states],
              [size, 100, states],
              [size, 100],
            ])
            expect(paths.dtype).toBe("int32")
            expectTensor(logProb, [size], golden.pathWeights, 2e-4)
            golden.smoothed.forEach((gamma, n) => {
              for (const [found, expected] of [
                [smoothed, gamma],
                [filtered, golden.filtered[n]!],
              ] as const) {
                tf.tidy(() => {
                  const part = tf.slice(tf.gather(found, n), [0, 0], [gamma.length, states])
                  expectTensor(part, [gamma.length, states], expected, 2e-6)
                })
              }
              const path = golden.paths[n]!
              // After the end the state stays.
              const all = [...path, ...new Array<number>(100 - path.length).fill(path.at(-1)!)]
              expect([...paths.dataSync()].slice(100 * n, 100 * (n + 1))).toEqual(all)
            })
            expect([...predicted.dataSync()]).toEqual([...paths.dataSync()])
          }),
        )
        expect(tf.memory().numTensors).toBe(before)
      }),
    )

    it.effect("draws have the chain's frequencies and its emissions' moments", () =>
      Effect.gen(function* () {
        const params = start()
        const before = tf.memory().numTensors
        yield* Effect.scoped(
          Effect.gen(function* () {
            const { x, states: z } = yield* hmm.sample(params, { sequences: 3000, steps: 3 }, Key.key(21))
            expect([x.shape, z.shape]).toEqual([
              [3000, 3],
              [3000, 3],
            ])
            const path = z.dataSync()
            const seen = x.dataSync()
            const counts = [0, 1, 2, 3].map(() => [0, 0, 0])
            const sums = [0, 0, 0]
            path.forEach((state, i) => {
              counts[i % 3 === 0 ? 3 : path[i - 1]!]![state]! += 1
              sums[state]! += seen[i]!
            })
            const rows = [...golden.start.transition, golden.start.initial]
            // Four tests of 2 degrees of freedom, and three means at 4.5 standard errors: a false alarm in 10⁻⁴ of seeds.
            counts.forEach((row, i) => {
              const total = row.reduce((a, b) => a + b)
              const chi2 = row.reduce(
                (sum, c, j) => sum + (c - total * rows[i]![j]!) ** 2 / (total * rows[i]![j]!),
                0,
              )
              expect(chi2).toBeLessThan(23)
            })
            sums.forEach((sum, j) => {
              const count = counts.reduce((n, row) => n + row[j]!, 0)
              const error = golden.start.scale[j]! / Math.sqrt(count)
              expect(Math.abs(sum / count - golden.start.loc[j]!) / error).toBeLessThan(4.5)
            })
          }),
        )
        expect(tf.memory().numTensors).toBe(before)
      }),
    )

    it.effect("EM is Baum-Welch, iteration by iteration", () =>
      Effect.gen(function* () {
        const fit = yield* fitEM(hmm.model, sequences(), {
          mStep: closedForm(hmm.maximize),
          params: start(),
          iterations: golden.history.length,
          tolerance: 0,
        })
        fit.history.forEach((bound, i) => {
          expect(Math.abs(bound / golden.history[i]! - 1), `iteration ${i}`).toBeLessThan(1e-5)
        })
        expect(fit.history).toHaveLength(golden.history.length)
        expectTensor(fit.params.initial, [states], golden.params.initial, 1e-3)
        expectTensor(fit.params.transition, [states, states], golden.params.transition, 1e-3)
        expectTensor(fit.params.loc, [states], golden.params.loc, 1e-3)
        expectTensor(fit.params.scale, [states], golden.params.scale, 1e-3)
      }),
    )
  })
}

layer(Backend.wasm())("HiddenMarkov", (it) => {
  it.effect("without a mask every step counts", () =>
    Effect.sync(() =>
      tf.tidy(() => {
        const x = tf.slice(tf.tensor2d(golden.x), [0, 0], [1, 100])
        const one = HiddenMarkov.make({ states, size: 1 })
        const plain = believe(one.model({ x }), start())
        const masked = believe(one.model({ x, mask: tf.ones([1, 100]) }), start())
        expect(plain.value.dataSync()[0]).toBeCloseTo(masked.value.dataSync()[0]!, 3)
        const a = one.maximize(plain.belief, { x }, start())
        const b = one.maximize(masked.belief, { x, mask: tf.ones([1, 100]) }, start())
        expectTensor(a.transition, [states, states], [...b.transition.dataSync()], 1e-6)
      }),
    ),
  )

  it.effect("what follows a sequence is no part of it", () =>
    Effect.sync(() =>
      tf.tidy(() => {
        const x = tf.slice(tf.tensor2d(golden.x), [2, 0], [1, 7])
        const one = HiddenMarkov.make({ states, size: 1 })
        const padded = {
          x: tf.pad(x, [
            [0, 0],
            [0, 9],
          ]),
          mask: tf.pad(tf.ones([1, 7]), [
            [0, 0],
            [0, 9],
          ]),
        }
        const [short, long] = [believe(one.model({ x }), start()), believe(one.model(padded), start())]
        expect(short.value.dataSync()[0]).toBeCloseTo(long.value.dataSync()[0]!, 4)
        const [a, b] = [
          one.maximize(short.belief, { x }, start()),
          one.maximize(long.belief, padded, start()),
        ]
        for (const name of ["initial", "transition", "loc", "scale"]) {
          const found = b[name] as tf.Tensor
          expectTensor(found, found.shape, [...(a[name] as tf.Tensor).dataSync()], 1e-5)
        }
      }),
    ),
  )

  it.effect("a state that is never visited keeps its row and its emission", () =>
    Effect.gen(function* () {
      const before = {
        ...start(),
        initial: tf.tensor([0.5, 0.5, 0]),
        transition: tf.tensor([
          [0.9, 0.1, 0],
          [0.2, 0.8, 0],
          [0.3, 0.3, 0.4],
        ]),
      }
      const fit = yield* fitEM(hmm.model, sequences(), {
        mStep: closedForm(hmm.maximize),
        params: before,
        iterations: 2,
      })
      expectTensor(tf.gather(fit.params.transition, 2), [states], [0.3, 0.3, 0.4], 1e-6)
      expect(fit.params.loc.dataSync()[2]).toBe(1)
      expect(fit.params.scale.dataSync()[2]).toBe(1)
    }),
  )

  describe("other emissions", () => {
    const rates = Effect.all({ rate: param("rate", [1, 5], { support: Support.positive }) })
    const at = ({ rate }: { readonly rate: tf.Tensor }, z: tf.Tensor) =>
      Poisson({ rate: tf.gather(rate, tf.cast(z, "int32")) })
    const counts = () => tf.tensor2d([[0, 1, 0, 7, 9, 8, 1, 0, 1, 6, 9, 7, 8]])

    it.effect("in closed form", () =>
      Effect.gen(function* () {
        const closed = HiddenMarkov.make({
          states: 2,
          size: 1,
          emission: {
            params: rates,
            at,
            maximize: (x, weights) => Poisson.fit(tf.expandDims(x, 1), weights),
          },
        })
        const fit = yield* fitEM(closed.model, { x: counts() }, { mStep: closedForm(closed.maximize) })
        expectTensor(fit.params.rate, [2], [0.5, 54 / 7], 0.02)
      }),
    )

    it.effect("by gradient, where there is no closed form", () =>
      Effect.gen(function* () {
        const open = HiddenMarkov.make({ states: 2, size: 1, emission: { params: rates, at } })
        // @ts-expect-error: an emission without an M-step leaves the model without one
        expect(open.maximize).toBeUndefined()
        const mStep = gradientSteps({ optimizer: Optimizer.adam(0.2), steps: 3 })
        const fit = yield* fitEM(open.model, { x: counts() }, { mStep, iterations: 25 })
        expectTensor(fit.params.rate, [2], [0.5, 54 / 7], 0.05)
      }),
    )
  })

  it.effect("starts at clusters of the observations, and EM from there finds the states", () =>
    Effect.gen(function* () {
      const data = sequences()
      const params = yield* hmm.initialize(data, { method: "k-means", key: Key.key(5) })
      const order = [...tf.topk(tf.neg(params.loc), states).indices.dataSync()]
      expect(order.map((i) => Math.round(params.loc.dataSync()[i]!))).toEqual([-2, 0, 3])
      for (const row of [params.initial, ...tf.unstack(params.transition)]) {
        expect(tf.sum(row).dataSync()[0]).toBeCloseTo(1, 5)
        expect(tf.min(row).dataSync()[0]).toBeGreaterThan(0)
      }
      const fit = yield* fitEM(hmm.model, data, { mStep: closedForm(hmm.maximize), params })
      // The mode that float64 EM climbs from its own start is no higher.
      expect(fit.bound).toBeGreaterThan(golden.history.at(-1)! - 0.5)
      const copied = yield* hmm.initialize(data, { params: fit.params })
      expectTensor(copied.loc, [states], [...fit.params.loc.dataSync()], 0)
    }),
  )

  it.effect("decodes ties towards the least state, and what cannot be as nothing", () =>
    Effect.gen(function* () {
      const one = HiddenMarkov.make({ states: 2, size: 1 })
      const even = {
        initial: tf.tensor([0.5, 0.5]),
        transition: tf.fill([2, 2], 0.5),
        loc: tf.tensor([1, 1]),
        scale: tf.tensor([1, 1]),
      }
      const x = tf.zeros([1, 4])
      expect([...(yield* one.predict(even, { x })).dataSync()]).toEqual([0, 0, 0, 0])
      // Nothing is missing but observations: the path is the chain's own.
      const empty = yield* one.smooth(even, { x, mask: tf.zeros([1, 4]) })
      expectTensor(empty, [1, 4, 2], [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5], 1e-6)
    }),
  )

  it.effect("is drawn as whole paths by Monte Carlo EM", () =>
    Effect.gen(function* () {
      const fit = yield* fitMonteCarloEM(hmm.model, sequences(), {
        mStep: closedForm(hmm.maximize),
        params: start(),
        iterations: 6,
        draws: 20,
        warmup: 0,
      })
      const exactly = yield* fitEM(hmm.model, sequences(), {
        mStep: closedForm(hmm.maximize),
        params: start(),
        iterations: 6,
        tolerance: 0,
      })
      expectTensor(fit.params.loc, [states], [...exactly.params.loc.dataSync()], 0.1)
    }),
  )

  it.effect("types its sites and parameters", () =>
    Effect.sync(() => {
      type R = Effect.Services<ReturnType<typeof hmm.model>>
      const types: [R] extends [
        | Sample<"z", "integerInterval", "score">
        | Observe<"x">
        | Param<"initial" | "transition", tf.Tensor>
        | Param<"initial", tf.Tensor>
        | Param<"transition", tf.Tensor>
        | Param<"loc", tf.Tensor>
        | Param<"scale", tf.Tensor>,
      ]
        ? true
        : false = true
      expect(types).toBe(true)
    }),
  )

  it.effect("leaves no tensor behind", () =>
    Effect.gen(function* () {
      const data = sequences()
      const params = start()
      const before = tf.memory().numTensors
      yield* Effect.scoped(fitEM(hmm.model, data, { mStep: closedForm(hmm.maximize), params, iterations: 2 }))
      expect(tf.memory().numTensors).toBe(before)
    }),
  )
})
