/** What a fit gives, when it ends, what it reports on the way, and what it refuses. */
import { describe, expect, expectTypeOf, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Context, Data, Deferred, Effect, Stream } from "effect"
import {
  Backend,
  type BackendUnavailable,
  DataError,
  Dataset,
  type EpochReport,
  elbo,
  type FitError,
  type FitOptions,
  factor,
  fitSVI,
  InvalidArgument,
  InvalidParameter,
  Key,
  LogNormal,
  Normal,
  Optimizer,
  OutsideSupport,
  observe,
  PlateError,
  ProgramSuspended,
  ProgramThrew,
  param,
  perRow,
  plate,
  Schedule,
  ShapeMismatch,
  SiteMismatch,
  type StepReport,
  Support,
  sample,
  UnknownSite,
} from "../../src/index.ts"
import { expectClose, normal, numbers, sum } from "../effects/numbers.ts"
import { klNormal, mean, rows } from "./gaussian.ts"

const x = [0.3, -1.2, 2.5, 0.8, 1.9]
const value = (t: tf.Tensor): number => t.dataSync()[0]!

/** Steps by gradient descent of a fixed rate on no noise: x_n ~ N(loc, 1), loc a parameter. */
const located = (size: number) =>
  Effect.fnUntraced(function* (x: tf.Tensor) {
    const loc = yield* param("loc", 0)
    yield* plate("rows", { size })(observe("x", Normal({ loc, scale: 1 }), x), x)
  })
const nothing = (_: tf.Tensor) => Effect.void

/** Collects what a fit reports. */
const collector = () => {
  const steps: Array<StepReport> = []
  const epochs: Array<EpochReport> = []
  return {
    seen: { steps, epochs },
    onStep: (report: StepReport) => Effect.sync(() => void steps.push(report)),
    onEpoch: (report: EpochReport) => Effect.sync(() => void epochs.push(report)),
  }
}

/** The bits of every parameter, by name. */
const bitsOf = (params: { readonly [name: string]: tf.Tensor }): Record<string, ReadonlyArray<number>> =>
  Object.fromEntries(
    Object.entries(params).map(([name, t]) => [name, Array.from(new Uint32Array(t.dataSync<"float32">().slice().buffer))]), // biome-ignore format: one line
  )

/** What the first backend drew, for the second to draw again. */
const drawn: { first?: ReadonlyArray<number> } = {}

for (const backend of [Backend.cpu, Backend.wasm]) {
  layer(backend())(`a fit on ${backend.name}`, (it) => {
    it.effect("finds the exact posterior of a normal mean", () =>
      Effect.gen(function* () {
        const steps = 800
        const fit = yield* fitSVI(mean.model(5), mean.guide, tf.tensor1d(x), {
          steps,
          key: Key.key(3),
          optimizer: Optimizer.adam(Schedule.cosine(0.05, { decaySteps: steps })),
        })
        const exact = mean.posterior(x)
        // A step's gradient is off by a posterior deviation ε, so that the best that 800 can do is 0.035 of one.
        expect(Math.abs(value(fit.params.loc) - exact.loc)).toBeLessThan(0.1 * exact.scale)
        expect(Math.abs(value(fit.params.scale) / exact.scale - 1)).toBeLessThan(0.05)
        expect(fit.steps).toBe(steps)
        expect(fit.ended).toBe("completed")
      }),
    )

    it.effect("finds the exact posterior of each row, by a guide that reads it, from minibatches", () =>
      Effect.gen(function* () {
        const data = Array.from(Key.normalValues(Key.key(5), [60])).map((e) => 0.4 + 1.2 * e)
        const epochs = 100
        const fit = yield* fitSVI(rows.model(60, 1.3, -0.4), rows.guide(60), tf.tensor1d(data), {
          epochs,
          batchSize: 16,
          key: Key.key(4),
          objective: elbo({ kl: "monteCarlo" }),
          optimizer: Optimizer.adam(Schedule.cosine(0.05, { decaySteps: 4 * epochs })),
        })
        const exact = rows.posterior(1.3, -0.4)
        expectClose(value(fit.params.a), exact.a, 0.01)
        expectClose(value(fit.params.c), exact.c, 0.01)
        expectClose(value(fit.params.scale), exact.scale, 0.01)
        // At the posterior the bound is the evidence itself.
        expectClose(fit.elbo, sum(data.map((x) => rows.evidence(x, 1.3, -0.4))), 1e-3)
        // And its draws have the posterior's moments: 60 × 2,000 of them, within five standard errors.
        const { z } = yield* fit.posterior(2_000)
        expect(z.shape).toEqual([2_000, 60])
        const errors = tf.sub(z, tf.add(tf.mul(tf.tensor1d(data), exact.a), exact.c))
        expect(Math.abs(value(tf.mean(errors)))).toBeLessThan(5 * (exact.scale / Math.sqrt(120_000)) + 0.005)
        expectClose(value(tf.mean(tf.square(errors))), exact.scale ** 2, 0.02)
      }),
    )

    it.effect("is the same for the same key, bit for bit, and another for another", () =>
      Effect.gen(function* () {
        const data = yield* Dataset.fromArray(Array.from(Key.normalValues(Key.key(6), [30])), [30])
        const run = (seed: number) =>
          Effect.scoped(
            Effect.map(
              fitSVI(rows.model(30, 1.3, -0.4), rows.guide(30), data, {
                key: Key.key(seed),
                batchSize: 8,
                epochs: 5,
                optimizer: Optimizer.adam(0.05),
                heldOut: { data, every: 2 },
              }),
              (fit) => ({
                params: bitsOf(fit.params),
                history: fit.history.map(({ seconds, ...rest }) => rest),
              }),
            ),
          )
        const first = yield* run(1)
        expect(yield* run(1)).toEqual(first)
        const other = yield* run(2)
        for (const name of ["a", "c", "scale"]) expect(other.params[name]).not.toEqual(first.params[name])
      }),
    )

    it.effect("draws what the other backend draws", () =>
      Effect.gen(function* () {
        const fit = yield* fitSVI(mean.model(5), mean.guide, tf.tensor1d(x), {
          steps: 1,
          optimizer: Optimizer.sgd(0),
        })
        const { mu } = yield* fit.posterior(50, { key: Key.key(8) })
        const found = numbers(mu)
        expect(new Set(found).size).toBe(50)
        drawn.first ??= found
        expect(found).toEqual(drawn.first)
      }),
    )
  })
}

layer(Backend.cpu())("a fit", (it) => {
  describe("its length", () => {
    const lengths = [
      { batchSize: undefined, steps: undefined, epochs: undefined, taken: 1_000, epochsTaken: 1_000 },
      { batchSize: undefined, steps: 7, epochs: undefined, taken: 7, epochsTaken: 7 },
      { batchSize: undefined, steps: undefined, epochs: 4, taken: 4, epochsTaken: 4 },
      { batchSize: 2, steps: undefined, epochs: undefined, taken: 30, epochsTaken: 10 },
      { batchSize: 2, steps: 7, epochs: undefined, taken: 7, epochsTaken: 2 },
      { batchSize: 2, steps: undefined, epochs: 4, taken: 12, epochsTaken: 4 },
      { batchSize: 5, steps: undefined, epochs: 2, taken: 2, epochsTaken: 2 },
    ]
    it.effect.each(lengths)(
      "batch size $batchSize, steps $steps, epochs $epochs: $taken steps, $epochsTaken epochs",
      ({ batchSize, steps, epochs, taken, epochsTaken }) =>
        Effect.gen(function* () {
          const { seen, ...calls } = collector()
          const options: FitOptions<tf.Tensor1D, "pathwise"> = {
            optimizer: Optimizer.sgd(0.01),
            ...calls,
            ...(batchSize !== undefined && { batchSize }),
            ...(steps !== undefined && { steps }),
            ...(epochs !== undefined && { epochs }),
          }
          const fit = yield* fitSVI(located(5), nothing, tf.tensor1d(x), options)
          expect(fit.steps).toBe(taken)
          expect(fit.ended).toBe("completed")
          expect(seen.steps).toHaveLength(taken)
          expect(fit.history).toHaveLength(epochsTaken)
          expect(seen.epochs).toEqual(fit.history)
          const batches = Math.ceil(5 / (batchSize ?? 5))
          seen.steps.forEach((report, i) => {
            const batch = (i % batches) + 1
            expect(report).toMatchObject({
              step: i + 1,
              epoch: Math.floor(i / batches) + 1,
              batch,
              batches,
              rows: batch === batches ? 5 - (batches - 1) * (batchSize ?? 5) : batchSize,
              skipped: false,
              endsEpoch: batch === batches,
            })
          })
          fit.history.forEach((epoch, i) => {
            expect(epoch.epoch).toBe(i + 1)
            expect(epoch.step).toBe((i + 1) * batches)
          })
        }),
    )

    it.effect("descends the loss: each step is the rate times the gradient", () =>
      Effect.gen(function* () {
        const fit = yield* fitSVI(located(5), nothing, tf.tensor1d(x), {
          steps: 10,
          optimizer: Optimizer.sgd(0.05),
        })
        // d loss / d loc = Σ (loc − x_n).
        const total = sum(x)
        let loc = 0
        for (let i = 0; i < 10; i++) loc -= 0.05 * (5 * loc - total)
        expectClose(fit.params.loc, loc)
      }),
    )

    it.effect("gives the ELBO of the epoch under way where it is cut short", () =>
      Effect.gen(function* () {
        const { seen, ...calls } = collector()
        const options = { batchSize: 2, optimizer: Optimizer.sgd(0.1), ...calls }
        const fit = yield* fitSVI(located(5), nothing, tf.tensor1d(x), { ...options, steps: 2 })
        expect(fit.history).toEqual([])
        expectClose(fit.elbo, (seen.steps[0]!.metrics.elbo! + seen.steps[1]!.metrics.elbo!) / 2)
      }),
    )

    it.effect("ends with `until`, after the step under way, with what it has", () =>
      Effect.gen(function* () {
        const enough = yield* Deferred.make<void>()
        const at: Array<number> = []
        const fit = yield* fitSVI(located(5), nothing, tf.tensor1d(x), {
          steps: 100_000,
          optimizer: Optimizer.sgd(0.05),
          until: Deferred.await(enough),
          onStep: ({ step }) =>
            Effect.suspend(() => {
              at.push(step)
              // Let the waiting fiber see it.
              return step === 25
                ? Effect.andThen(Deferred.succeed(enough, undefined), Effect.yieldNow)
                : Effect.void
            }),
        })
        expect(fit.ended).toBe("until")
        expect(fit.steps).toBe(25)
        expect(at.at(-1)).toBe(25)
        const total = sum(x)
        let loc = 0
        for (let i = 0; i < 25; i++) loc -= 0.05 * (5 * loc - total)
        expectClose(fit.params.loc, loc)
      }),
    )

    it.effect("takes one step where `until` is over before it begins", () =>
      Effect.gen(function* () {
        const options = { until: Effect.void, steps: 50 }
        const fit = yield* fitSVI(located(5), nothing, tf.tensor1d(x), options)
        expect(fit).toMatchObject({ ended: "until", steps: 1 })
      }),
    )
  })

  describe("its minibatches", () => {
    it.effect("cover each row once an epoch, in another order in each", () =>
      Effect.gen(function* () {
        const data = yield* Dataset.fromArray(
          Array.from({ length: 11 }, (_, i) => i),
          [11],
        )
        const seen: Array<Array<number>> = []
        const watched: Dataset.Dataset<tf.Tensor> = {
          size: data.size,
          take: (indices, key) => {
            seen.push(Array.from(indices))
            return data.take(indices, key)
          },
        }
        const model = Effect.fnUntraced(function* (x: tf.Tensor) {
          const loc = yield* param("loc", 0)
          yield* plate("rows", { size: 11 })(observe("x", Normal({ loc, scale: 1 }), x), x)
        })
        // The first two batches are looked at before the first step, and the last after the last.
        yield* fitSVI(model, nothing, watched, { batchSize: 4, epochs: 3 })
        const taken = seen.slice(2, -1)
        expect(taken.map((indices) => indices.length)).toEqual([4, 4, 3, 4, 4, 3, 4, 4, 3])
        const epochs = [0, 3, 6].map((start) => taken.slice(start, start + 3).flat())
        const whole = Array.from({ length: 11 }, (_, i) => i)
        for (const epoch of epochs) expect(epoch.toSorted((a, b) => a - b)).toEqual(whole)
        expect(new Set([whole, ...epochs].map(String)).size).toBe(4)
      }),
    )

    it.effect("average over an epoch to the ELBO of all the data", () =>
      Effect.gen(function* () {
        // Nothing is learned, the guide is the posterior and no closed form is used: nothing is random but the order.
        const [weight, bias] = [1.3, -0.4]
        const exact = rows.posterior(weight, bias)
        const data = Array.from(Key.normalValues(Key.key(2), [11]))
        const fit = yield* fitSVI(rows.model(11, weight, bias), rows.guide(11), tf.tensor1d(data), {
          batchSize: 4,
          epochs: 3,
          optimizer: Optimizer.sgd(0),
          objective: elbo({ kl: "monteCarlo" }),
          params: { a: tf.scalar(exact.a), c: tf.scalar(exact.c), scale: tf.scalar(exact.scale) },
        })
        const evidence = sum(data.map((x) => rows.evidence(x, weight, bias)))
        for (const { metrics } of fit.history) expectClose(metrics.elbo!, evidence, 1e-5)
        expectClose(fit.elbo, evidence, 1e-5)
        expectClose(perRow({ elbo: fit.elbo }, 11).elbo!, evidence / 11, 1e-5)
        // So do those of other data, on the scale of the fit's own.
        const others = data.slice(0, 6).map((x) => x + 1)
        const scaled = (11 / 6) * sum(others.map((x) => rows.evidence(x, weight, bias)))
        for (const options of [{}, { batchSize: 4 }, { batchSize: 1 }]) {
          const metrics = yield* fit.evaluate(tf.tensor1d(others), options)
          expectClose(metrics.elbo!, scaled, 1e-5)
        }
      }),
    )
  })

  describe("held-out data", () => {
    /** log p of data whose mean is the parameter, at each of the steps that gradient descent takes. */
    const path = (train: ReadonlyArray<number>, rate: number, steps: number): ReadonlyArray<number> => {
      const locs = [0]
      for (let i = 0; i < steps; i++) locs.push(locs[i]! - rate * (train.length * locs[i]! - sum(train)))
      return locs
    }
    const heldOutElbo = (held: ReadonlyArray<number>, loc: number, size: number) =>
      (size / held.length) * sum(held.map((x) => normal(x, loc, 1)))

    it.effect("is evaluated at the end of every `every`-th epoch, at the parameters of that moment", () =>
      Effect.gen(function* () {
        const held = [0.4, 0.6, -1]
        const fit = yield* fitSVI(located(5), nothing, tf.tensor1d(x), {
          epochs: 7,
          optimizer: Optimizer.sgd(0.02),
          heldOut: { data: tf.tensor1d(held), batchSize: 2, every: 3 },
        })
        const locs = path(x, 0.02, 7)
        expect(fit.history.map((epoch) => epoch.heldOut !== undefined)).toEqual(
          [1, 2, 3, 4, 5, 6, 7].map((epoch) => epoch % 3 === 0),
        )
        for (const { epoch, heldOut, metrics } of fit.history) {
          // Training metrics are those before the step, held-out ones those after it.
          expectClose(metrics.elbo!, heldOutElbo(x, locs[epoch - 1]!, 5), 1e-5)
          if (heldOut !== undefined) expectClose(heldOut.elbo!, heldOutElbo(held, locs[epoch]!, 5), 1e-5)
        }
      }),
    )

    it.effect("early stopping waits `patience` epochs and gives the best parameters back", () =>
      Effect.gen(function* () {
        // The parameter climbs to the mean of x, 0.86, and passes that of the held-out data, 0.3, on its way.
        const held = [0.1, 0.5]
        const locs = path(x, 0.02, 60)
        const scores = locs.map((loc) => heldOutElbo(held, loc, 5))
        const best = scores.indexOf(Math.max(...scores.slice(1)))
        const fit = yield* fitSVI(located(5), nothing, tf.tensor1d(x), {
          epochs: 60,
          optimizer: Optimizer.sgd(0.02),
          heldOut: { data: tf.tensor1d(held) },
          earlyStopping: { patience: 4 },
        })
        expect(best).toBeGreaterThan(2)
        expect(fit.ended).toBe("early stopping")
        expect(fit.steps).toBe(best + 4)
        expectClose(fit.params.loc, locs[best]!, 1e-5)
        expectClose((yield* fit.evaluate(tf.tensor1d(held))).elbo!, scores[best]!, 1e-5)
      }),
    )

    it.effect(
      "early stopping takes a rise for one only if it is above `minDelta`; without held-out data it reads the ELBO",
      () =>
        Effect.gen(function* () {
          const locs = path(x, 0.02, 200)
          const minDelta = 0.05
          let best = Number.NEGATIVE_INFINITY
          let [waited, epoch, kept] = [0, 0, 0]
          while (waited < 2) {
            epoch++
            const score = heldOutElbo(x, locs[epoch - 1]!, 5)
            if (score > best + minDelta) [best, waited, kept] = [score, 0, epoch]
            else waited++
          }
          const fit = yield* fitSVI(located(5), nothing, tf.tensor1d(x), {
            epochs: 200,
            optimizer: Optimizer.sgd(0.02),
            earlyStopping: { patience: 2, minDelta },
          })
          expect(fit.ended).toBe("early stopping")
          expect(fit.steps).toBe(epoch)
          expect(epoch).toBeLessThan(100)
          expectClose(fit.params.loc, locs[kept]!, 1e-5)
        }),
    )

    it.effect("gives the best parameters back too where it completes before patience ends", () =>
      Effect.gen(function* () {
        const held = [0.1, 0.5]
        const locs = path(x, 0.02, 60)
        const scores = locs.map((loc) => heldOutElbo(held, loc, 5))
        const best = scores.indexOf(Math.max(...scores.slice(1)))
        const fit = yield* fitSVI(located(5), nothing, tf.tensor1d(x), {
          epochs: best + 3,
          optimizer: Optimizer.sgd(0.02),
          heldOut: { data: tf.tensor1d(held) },
          earlyStopping: { patience: 4 },
        })
        expect(fit.ended).toBe("completed")
        expectClose(fit.params.loc, locs[best]!, 1e-5)
      }),
    )
  })

  describe("its parameters", () => {
    it.effect("start at `init`, or at the values given, on their own supports", () =>
      Effect.gen(function* () {
        const options = { steps: 1, optimizer: Optimizer.sgd(0) }
        const own = yield* fitSVI(mean.model(5), mean.guide, tf.tensor1d(x), options)
        expectClose(own.params.loc, 0)
        expectClose(own.params.scale, 1)
        const params = { scale: tf.scalar(0.37) }
        const warm = yield* fitSVI(mean.model(5), mean.guide, tf.tensor1d(x), { ...options, params })
        expectClose(warm.params.loc, 0)
        expectClose(warm.params.scale, 0.37)
        expect(params.scale.isDisposed).toBe(false)
      }),
    )

    it.effect("go on from where another fit ended", () =>
      Effect.gen(function* () {
        const options = { optimizer: Optimizer.sgd(0.05) }
        const data = tf.tensor1d(x)
        const first = yield* fitSVI(located(5), nothing, data, { ...options, steps: 4 })
        const second = yield* fitSVI(located(5), nothing, data, {
          ...options,
          steps: 6,
          params: first.params,
        })
        const whole = yield* fitSVI(located(5), nothing, data, { ...options, steps: 10 })
        expect(bitsOf(second.params)).toEqual(bitsOf(whole.params))
      }),
    )

    it.effect("stay in their support, however long the steps", () =>
      Effect.gen(function* () {
        const model = Effect.fnUntraced(function* (x: tf.Tensor) {
          const scale = yield* param("scale", 5, { support: Support.positive })
          const share = yield* param("share", 0.5, { support: Support.unitInterval })
          yield* plate("rows", { size: 5 })(observe("x", Normal({ loc: tf.mul(share, 9), scale }), x), x)
        })
        const found: Array<readonly [number, number]> = []
        // A rate at which the real line itself would be left behind zero at the first step.
        const stream = fitSVI.stream(model, nothing, tf.tensor1d(x.map((x) => x / 100)), {
          steps: 60,
          optimizer: Optimizer.adam(0.5),
        })
        yield* Stream.runForEach(stream, (report) =>
          Effect.scoped(
            Effect.map(report.params, ({ scale, share }) => void found.push([value(scale), value(share)])),
          ),
        )
        expect(found).toHaveLength(60)
        for (const [scale, share] of found) {
          expect(scale).toBeGreaterThan(0)
          expect(share).toBeGreaterThan(0)
          expect(share).toBeLessThan(1)
        }
        expect(Math.min(...found.map(([scale]) => scale))).toBeLessThan(0.5)
      }),
    )

    it.effect("of one name in model and guide are one parameter, with both gradients", () =>
      Effect.gen(function* () {
        const model = Effect.fnUntraced(function* (_: tf.Tensor) {
          const loc = yield* param("loc", 1)
          yield* sample("z", Normal({ loc: 0, scale: 1 }))
          yield* factor("pull", tf.mul(-0.5, tf.square(tf.sub(loc, 3))))
        })
        const guide = Effect.fnUntraced(function* (_: tf.Tensor) {
          const loc = yield* param("loc", 1)
          yield* sample("z", Normal({ loc, scale: 1 }))
        })
        // loss = ½ (loc − 3)² + ½ loc²: the guide alone would go to 0, the model alone to 3.
        const fit = yield* fitSVI(model, guide, tf.scalar(0), { steps: 100, optimizer: Optimizer.sgd(0.1) })
        expect(Object.keys(fit.params)).toEqual(["loc"])
        expectClose(fit.params.loc, 1.5, 1e-5)
      }),
    )

    it.effect("of one name are refused where model and guide give them other supports or shapes", () =>
      Effect.gen(function* () {
        const reading = (
          init: number | ReadonlyArray<number>,
          options?: { readonly support: typeof Support.positive },
        ) =>
          Effect.fnUntraced(function* (_: tf.Tensor) {
            yield* sample("z", Normal({ loc: tf.sum(yield* param("w", init, options)), scale: 1 }))
          })
        const support = yield* Effect.flip(
          fitSVI(reading(1), reading(1, { support: Support.positive }), tf.scalar(0)),
        )
        expect(support).toBeInstanceOf(SiteMismatch)
        expect(support.message).toBe('guide and model disagree on the support of parameter: "w"')
        const shape = yield* Effect.flip(fitSVI(reading([1, 2]), reading([1, 2, 3]), tf.scalar(0)))
        expect(shape).toBeInstanceOf(ShapeMismatch)
        expect(shape.message).toContain(
          'parameter "w" of guide and model: expected one shape: [3], as in the guide',
        )
      }),
    )

    it.effect("of the posterior: draws at other data", () =>
      Effect.gen(function* () {
        const fit = yield* fitSVI(rows.model(5, 1, 0), rows.guide(5), tf.tensor1d(x), {
          steps: 1,
          optimizer: Optimizer.sgd(0),
          params: { a: tf.scalar(2), c: tf.scalar(-1), scale: tf.scalar(1e-4) },
        })
        const own = yield* fit.posterior(3)
        expect(own.z.shape).toEqual([3, 5])
        const other = yield* fit.posterior(2, { data: tf.tensor1d([10, 20]) })
        expectClose(other.z, [19, 39, 19, 39], 1e-3)
        const dataset = yield* Dataset.fromArray([10, 20], [2])
        expectClose((yield* fit.posterior(1, { data: dataset })).z, [19, 39], 1e-3)
        expect(yield* Effect.flip(fit.posterior(0))).toBeInstanceOf(InvalidArgument)
      }),
    )
  })

  describe("its reports", () => {
    it.effect("onStep and onEpoch run in order, the epoch's after its last step", () =>
      Effect.gen(function* () {
        const log: Array<string> = []
        yield* fitSVI(located(5), nothing, tf.tensor1d(x), {
          batchSize: 3,
          epochs: 2,
          onStep: ({ step }) => Effect.sync(() => void log.push(`step ${step}`)),
          onEpoch: ({ epoch }) => Effect.sync(() => void log.push(`epoch ${epoch}`)),
        })
        expect(log).toEqual(["step 1", "step 2", "epoch 1", "step 3", "step 4", "epoch 2"])
      }),
    )

    it.effect("carry the objective's metrics", () =>
      Effect.gen(function* () {
        const { seen, ...calls } = collector()
        yield* fitSVI(mean.model(5), mean.guide, tf.tensor1d(x), { steps: 1, ...calls })
        const [{ metrics }] = seen.steps as [StepReport]
        expect(Object.keys(metrics).toSorted()).toEqual(["elbo", "kl/mu", "logLikelihood"])
        expectClose(metrics["kl/mu"]!, klNormal(0, 1, 0, 2))
        expectClose(metrics.elbo!, metrics.logLikelihood! - metrics["kl/mu"]!)
      }),
    )
  })

  describe("what it refuses", () => {
    const model = mean.model(5)
    const { guide } = mean
    const data = () => tf.tensor1d(x)
    const refusal = (options: FitOptions<tf.Tensor, "pathwise">) => Effect.flip(fitSVI(model, guide, data() as tf.Tensor, options)) // biome-ignore format: one line

    it.effect.each([
      {
        options: { steps: 3, epochs: 3 },
        text: "steps, epochs: expected one of the two, found steps 3 and epochs 3",
      },
      { options: { steps: 0 }, text: "steps: expected a whole number, at least 1, found 0" },
      { options: { steps: 1.5 }, text: "steps: expected a whole number, at least 1, found 1.5" },
      { options: { steps: Number.NaN }, text: "steps: expected a whole number, at least 1, found NaN" },
      { options: { epochs: -1 }, text: "epochs: expected a whole number, at least 1, found -1" },
      {
        options: { batchSize: 0 },
        text: "batchSize: expected a whole number from 1 to the data set's 5 rows, found 0",
      },
      {
        options: { batchSize: 6 },
        text: "batchSize: expected a whole number from 1 to the data set's 5 rows, found 6",
      },
      {
        options: { batchSize: 2.5 },
        text: "batchSize: expected a whole number from 1 to the data set's 5 rows",
      },
      {
        options: { earlyStopping: { patience: 0 } },
        text: "earlyStopping.patience: expected a whole number",
      },
      {
        options: { earlyStopping: { patience: 1, minDelta: -1 } },
        text: "earlyStopping.minDelta: expected a finite number, at least 0, found -1",
      },
      { options: { optimizer: Optimizer.adam(-1) }, text: "Optimizer.adam, learningRate: expected" },
      {
        options: { optimizer: Optimizer.chain(Optimizer.clipByNorm(0), Optimizer.adam(1)) },
        text: "Optimizer.clipByNorm",
      },
      {
        options: { optimizer: Optimizer.sgd(Schedule.cosine(1, { decaySteps: 0 })) },
        text: "Schedule.cosine",
      },
      { options: { objective: elbo({ particles: 0 }) }, text: "elbo: expected a whole number of particles" },
    ] satisfies ReadonlyArray<{ options: FitOptions<tf.Tensor, "pathwise">; text: string }>)(
      "options: $text",
      ({ options, text }) =>
        Effect.gen(function* () {
          const error = yield* refusal(options)
          expect(error).toBeInstanceOf(InvalidArgument)
          expect(error.message).toContain(text)
        }),
    )

    it.effect("held-out options out of range, and held-out data that are none", () =>
      Effect.gen(function* () {
        const every = yield* refusal({ heldOut: { data: data(), every: 0 } })
        expect(every.message).toContain("heldOut.every: expected a whole number, at least 1, found 0")
        const batchSize = yield* refusal({ heldOut: { data: data(), batchSize: 9 } })
        expect(batchSize.message).toContain("batchSize: expected a whole number from 1")
        const wrong = yield* refusal({ heldOut: { data: tf.tensor1d([1, Number.NaN]), batchSize: 1 } })
        expect(wrong).toBeInstanceOf(DataError)
        // More rows than the plate has members, all at once.
        const many = yield* refusal({ heldOut: { data: tf.zeros([6]) }, steps: 1 })
        expect(many).toBeInstanceOf(PlateError)
      }),
    )

    it.effect("warm starts of no parameter, or outside its support", () =>
      Effect.gen(function* () {
        const unknown = yield* refusal({ params: { scael: tf.scalar(1) } })
        expect(unknown).toBeInstanceOf(UnknownSite)
        expect(unknown.message).toContain(
          'fitSVI: params: the program has no site "scael"; it has "loc", "scale"',
        )
        const outside = yield* refusal({ params: { scale: tf.scalar(-1) } })
        expect(outside).toBeInstanceOf(InvalidParameter)
        expect(outside.message).toContain('param "scale": parameter "value" must be positive')
        const shape = yield* refusal({ params: { loc: tf.zeros([3]) } })
        expect(shape).toBeInstanceOf(ShapeMismatch)
        expect(shape.message).toContain('site "mu"')
      }),
    )

    it.effect("minibatches of a model that has no plate of the data's size", () =>
      Effect.gen(function* () {
        const options = { batchSize: 2, steps: 1 }
        const other = yield* Effect.flip(fitSVI(mean.model(4), guide, data(), options))
        expect(other).toBeInstanceOf(PlateError)
        expect(other.message).toContain("an observed site or factor in a plate of size 5")
        expect(other.message).toContain("since batches hold 2, found sizes 4")
        const bare = Effect.fnUntraced(function* (x: tf.Tensor) {
          const mu = yield* sample("mu", Normal({ loc: 0, scale: 1 }))
          yield* observe("x", Normal({ loc: mu, scale: tf.onesLike(x) }).toEvent(1), x)
        })
        const none = yield* Effect.flip(fitSVI(bare, guide, data(), options))
        expect(none).toBeInstanceOf(PlateError)
        expect(none.message).toContain("found no plate")
        // All at once there is nothing to scale; and a factor may carry the likelihood.
        yield* fitSVI(bare, guide, data(), { steps: 1 })
        const weighed = Effect.fnUntraced(function* (x: tf.Tensor) {
          const mu = yield* sample("mu", Normal({ loc: 0, scale: 1 }))
          yield* plate("rows", { size: 5 })(factor("x", tf.neg(tf.square(tf.sub(x, mu)))), x)
        })
        yield* fitSVI(weighed, guide, data(), options)
      }),
    )

    it.effect("programs without a parameter", () =>
      Effect.gen(function* () {
        const fixed = (_: tf.Tensor) => Effect.asVoid(sample("mu", Normal({ loc: 0, scale: 1 })))
        const error = yield* Effect.flip(fitSVI(model, fixed, data()))
        expect(error).toBeInstanceOf(InvalidArgument)
        expect(error.message).toContain("at least one parameter, found none: there is nothing to fit")
      }),
    )

    it.effect("data that the model gives no density to, and data of another shape", () =>
      Effect.gen(function* () {
        const nan = yield* Effect.flip(fitSVI(model, guide, tf.tensor1d([1, 2, Number.NaN, 4, 5])))
        expect(nan).toBeInstanceOf(OutsideSupport)
        expect(nan.message).toContain(
          'site "x" (Normal): the value must be a finite number, found NaN at index [2]',
        )
        const batched = yield* Effect.flip(
          fitSVI(model, guide, tf.tensor1d([1, 2, Number.NaN, 4, 5]), { batchSize: 2 }),
        )
        expect(batched).toBeInstanceOf(DataError)
        const column = yield* Effect.flip(fitSVI(model, guide, tf.ones([5, 1])))
        expect(column).toBeInstanceOf(ShapeMismatch)
        expect(column.message).toContain("expected a value of shape [5] (batch [5] by plate \"rows\", event []), found [5, 1]") // biome-ignore format: one line
      }),
    )

    it.effect("minibatches of what is no tensor", () =>
      Effect.gen(function* () {
        const model = Effect.fnUntraced(function* (data: { readonly x: tf.Tensor; readonly more: unknown }) {
          yield* located(5)(data.x)
        })
        const options = { batchSize: 2, steps: 1 }
        const none = () => Effect.void
        for (const [more, found] of [
          [5, "number"],
          [[data()], "an array"],
          [null, "null"],
        ] as const) {
          const fit = fitSVI(model, none, { x: data(), more }, options)
          const error = yield* Effect.flip(fit)
          expect(error).toBeInstanceOf(DataError)
          expect(error.message).toBe(
            `data.more: expected a tensor or a record of tensors, to take minibatches of, found ${found}`,
          )
        }
        // All at once the programs take what they are given.
        yield* fitSVI(model, none, { x: data(), more: 5 }, { steps: 1 })
        yield* fitSVI(model, none, { x: data(), more: { y: data() } }, options)
      }),
    )

    describe("at run time, for sites whose names the compiler cannot read", () => {
      const loc = param("loc", 0)
      const real = (name: string) => Effect.flatMap(loc, (loc) => sample(name, Normal({ loc, scale: 1 })))
      const positive = (name: string) =>
        Effect.flatMap(loc, (loc) => sample(name, LogNormal({ loc, scale: 1 })))
      const seen = (name: string) => observe(name, Normal({ loc: 0, scale: 1 }), 0)

      it.effect.each([
        {
          model: ["a", "b"].map(real),
          guide: ["a"].map(real),
          message: 'guide lacks latent sites of the model: "b"',
        },
        {
          model: ["a"].map(real),
          guide: ["a", "c", "d"].map(real),
          message: 'guide samples sites that the model does not have: "c", "d"',
        },
        {
          model: [real("alpha")],
          guide: [real("aplha")],
          message: 'guide lacks latent sites of the model: "alpha"',
        },
        {
          model: [real("a"), seen("x")],
          guide: [real("a"), real("x")],
          message: 'guide samples sites that the model does not have: "x"',
        },
        {
          model: [real("a"), seen("x")],
          guide: [real("a"), seen("x")],
          message: 'a guide cannot observe: "x"',
        },
        {
          model: [positive("a")],
          guide: [real("a")],
          message: 'guide and model disagree on the support of: "a"',
        },
      ])("$message", ({ model, guide, message }) =>
        Effect.gen(function* () {
          type Site = ReturnType<typeof real> | ReturnType<typeof positive> | ReturnType<typeof seen>
          const all = (sites: ReadonlyArray<Site>) => () => Effect.all(sites)
          const error = yield* Effect.flip(fitSVI(all(model), all(guide), data()))
          expect(error).toBeInstanceOf(SiteMismatch)
          expect(error.message).toBe(message)
        }),
      )
    })
  })

  describe("programs with a service and a failure of their own", () => {
    class Sensor extends Context.Service<Sensor, { readonly noise: number }>()("test/Sensor") {}
    class Broken extends Data.TaggedError("Broken")<{ readonly reading: number }> {}
    class Lost extends Data.TaggedError("Lost")<{ readonly at: number }> {}

    const model = Effect.fnUntraced(function* (x: tf.Tensor) {
      const { noise } = yield* Sensor
      if (noise <= 0) return yield* new Broken({ reading: noise })
      const mu = yield* sample("mu", Normal({ loc: 0, scale: 2 }))
      return yield* plate("rows", { size: 5 })(observe("x", Normal({ loc: mu, scale: noise }), x), x)
    })
    const program = Effect.suspend(() => fitSVI(model, mean.guide, tf.tensor1d(x), { steps: 2 }))

    it.effect("take the service from outside", () =>
      Effect.gen(function* () {
        const elboAt = (noise: number) =>
          Effect.map(Effect.provideService(program, Sensor, { noise }), (fit) => fit.elbo)
        const [near, far] = [yield* elboAt(1.5), yield* elboAt(3)]
        expect(near).not.toBe(far)
        const plain = yield* fitSVI(mean.model(5), mean.guide, tf.tensor1d(x), { steps: 2 })
        expect(near).toBe(plain.elbo)
      }),
    )

    it.effect("fail with their own error, typed, before the first step", () =>
      Effect.gen(function* () {
        const provided = Effect.provideService(program, Sensor, { noise: -1 })
        type Failure = Effect.Error<typeof provided>
        expectTypeOf<Failure>().toEqualTypeOf<FitError | Broken>()
        expectTypeOf<Extract<Effect.Services<typeof provided>, Sensor>>().toEqualTypeOf<never>()
        expectTypeOf<BackendUnavailable>().not.toExtend<Failure>()
        const found = yield* provided.pipe(
          Effect.as(0),
          Effect.catchTag("Broken", ({ reading }) => Effect.succeed(reading)),
        )
        expect(found).toBe(-1)
      }),
    )

    it.effect("and in the middle of a fit, from model and guide", () =>
      Effect.gen(function* () {
        let runs = 0
        const guide = Effect.fnUntraced(function* (x: tf.Tensor) {
          yield* mean.guide(x)
          if (++runs === 6) return yield* new Lost({ at: runs })
        })
        const steps: Array<number> = []
        const fit = fitSVI(model, guide, tf.tensor1d(x), {
          steps: 20,
          onStep: ({ step }) => Effect.sync(() => void steps.push(step)),
        })
        const error = yield* Effect.flip(Effect.provideService(fit, Sensor, { noise: 1.5 }))
        expect(error).toEqual(new Lost({ at: 6 }))
        // Once before the first step, then once for each.
        expect(steps).toEqual([1, 2, 3, 4])
      }),
    )

    it.effect("that suspend, or throw, fail with what and where", () =>
      Effect.gen(function* () {
        const waiting = Effect.fnUntraced(function* (x: tf.Tensor) {
          const mu = yield* sample("mu", Normal({ loc: 0, scale: 2 }))
          yield* Effect.promise(() => Promise.resolve())
          yield* plate("rows", { size: 5 })(observe("x", Normal({ loc: mu, scale: 1 }), x), x)
        })
        const suspended = yield* Effect.flip(fitSVI(waiting, mean.guide, tf.tensor1d(x)))
        expect(suspended).toBeInstanceOf(ProgramSuspended)
        expect(suspended.message).toContain('suspends after site "mu"')
        const throwing = (_: tf.Tensor): Effect.Effect<void> => {
          throw new Error("no such file")
        }
        const threw = yield* Effect.flip(fitSVI(throwing, () => Effect.void, tf.tensor1d(x)))
        expect(threw).toBeInstanceOf(ProgramThrew)
        expect(threw.message).toContain("no such file")
      }),
    )
  })
})
