/** A fit as a stream of its steps: the same fit, to be stopped at any of them. */
import { describe, expect, expectTypeOf, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Data, Effect, Exit, Option, Stream } from "effect"
import {
  Backend,
  Dataset,
  fitSVI,
  InvalidArgument,
  Key,
  NonFinite,
  Normal,
  Optimizer,
  observe,
  plate,
  type StepReport,
  type StreamReport,
  sample,
} from "../../src/index.ts"
import { mean, rows } from "./gaussian.ts"

class Broken extends Data.TaggedError("Broken")<{ readonly at: number }> {}

const x = Array.from(Key.normalValues(Key.key(1), [20]))
const count = (): number => tf.engine().state.numTensors
const value = (t: tf.Tensor): number => t.dataSync()[0]!

/** The report without its effect, which no other equals. */
const plain = ({ params, ...report }: StreamReport<never, never, never>): StepReport => report

const options = { key: Key.key(2), batchSize: 6, epochs: 3, optimizer: Optimizer.adam(0.05) }

layer(Backend.cpu(), { excludeTestServices: true })("fitSVI.stream", (it) => {
  const model = rows.model(20, 1.3, 0.2)
  const guide = rows.guide(20)

  it.effect("reports the steps of the fit, no more and no less", () =>
    Effect.gen(function* () {
      const data = yield* Dataset.fromArray(x, [20])
      const steps: Array<StepReport> = []
      const onStep = (report: StepReport) => Effect.sync(() => void steps.push(report))
      const fit = yield* fitSVI(model, guide, data, { ...options, onStep })
      const last: { params?: Record<string, number> } = {}
      const streamed = yield* fitSVI.stream(model, guide, data, options).pipe(
        Stream.mapEffect((report) =>
          Effect.scoped(
            Effect.map(report.params, (params) => {
              last.params = Object.fromEntries(Object.entries(params).map(([name, t]) => [name, value(t)]))
              return report
            }),
          ),
        ),
        Stream.runCollect,
      )
      expect(streamed).toHaveLength(12)
      expect(streamed.map(plain as never)).toEqual(steps)
      // Read as they go by, the last parameters are those of the fit.
      expect(last.params).toEqual(
        Object.fromEntries(Object.entries(fit.params).map(([name, t]) => [name, value(t)])),
      )
    }),
  )

  it.effect("has the fit's types, and no scope to close", () =>
    Effect.sync(() => {
      const stream = fitSVI.stream(mean.model(20), mean.guide, tf.tensor1d(x))
      expectTypeOf<Stream.Services<typeof stream>>().toEqualTypeOf<Backend>()
      type Params = Effect.Success<Stream.Success<typeof stream>["params"]>
      expectTypeOf<Params>().toEqualTypeOf<{ readonly loc: tf.Tensor; readonly scale: tf.Tensor }>()
    }),
  )

  describe("taken in part", () => {
    it.effect.each([1, 2, 5, 12, 100])("%d reports: leaves no tensor", (n) =>
      Effect.gen(function* () {
        const data = yield* Dataset.fromArray(x, [20])
        const before = count()
        const reports = yield* fitSVI
          .stream(model, guide, data, options)
          .pipe(Stream.take(n), Stream.runCollect)
        expect(reports).toHaveLength(Math.min(n, 12))
        expect(reports.at(-1)!.step).toBe(Math.min(n, 12))
        expect(count()).toBe(before)
      }),
    )

    it.effect("until a condition holds: the parameters of that step", () =>
      Effect.gen(function* () {
        const data = yield* Dataset.fromArray(x, [20])
        const before = count()
        const found = yield* fitSVI.stream(model, guide, data, { ...options, epochs: 1_000 }).pipe(
          Stream.mapEffect((report) =>
            Effect.scoped(Effect.map(report.params, ({ a }) => ({ step: report.step, a: value(a) }))),
          ),
          Stream.takeUntil(({ a }) => a > 0.3),
          Stream.runLast,
        )
        const { step, a } = Option.getOrThrow(found)
        expect(a).toBeGreaterThan(0.3)
        expect(step).toBeLessThan(100)
        expect(count()).toBe(before)
        const fit = yield* fitSVI(model, guide, data, { key: Key.key(2), batchSize: 6, steps: step, optimizer: Optimizer.adam(0.05) }) // biome-ignore format: one line
        expect(value(fit.params.a)).toBe(a)
      }),
    )

    it.effect("interrupted in the consumer: leaves no tensor", () =>
      Effect.gen(function* () {
        const data = yield* Dataset.fromArray(x, [20])
        for (const at of [1, 4, 9]) {
          const before = count()
          const exit = yield* fitSVI.stream(model, guide, data, options).pipe(
            Stream.runForEach(({ step }) => (step === at ? Effect.interrupt : Effect.void)),
            Effect.exit,
          )
          expect(Exit.hasInterrupts(exit)).toBe(true)
          expect(count()).toBe(before)
        }
      }),
    )
  })

  it.effect("gives copies of parameters that outlive it, if they are taken while it runs; else says so", () =>
    Effect.gen(function* () {
      const data = yield* Dataset.fromArray(x, [20])
      const stream = fitSVI.stream(model, guide, data, options)
      const kept = yield* stream.pipe(
        Stream.mapEffect(({ params }) => params),
        Stream.take(2),
        Stream.runCollect,
      )
      expect(kept.map(({ a }) => a.isDisposed)).toEqual([false, false])
      expect(value(kept[0]!.a)).not.toBe(value(kept[1]!.a))
      const last = Option.getOrThrow(yield* Stream.runLast(stream))
      const error = yield* Effect.flip(last.params)
      expect(error).toBeInstanceOf(InvalidArgument)
      expect(error.message).toContain("to be read while the stream runs, as in Stream.mapEffect, found a stream that has ended") // biome-ignore format: one line
    }),
  )

  describe("fails as the fit does, and leaves no tensor:", () => {
    it.effect("before its first step", () =>
      Effect.gen(function* () {
        const data = yield* Dataset.fromArray(x, [20])
        const before = count()
        const stream = fitSVI.stream(model, guide, data, { ...options, epochs: 0 })
        expect(yield* Effect.flip(Stream.runDrain(stream))).toBeInstanceOf(InvalidArgument)
        expect(count()).toBe(before)
      }),
    )

    it.effect("on its way, with its own error or NonFinite", () =>
      Effect.gen(function* () {
        const data = yield* Dataset.fromArray(x, [20])
        const before = count()
        for (const fault of [Effect.fail(new Broken({ at: 5 })), Effect.succeed(Number.NaN)]) {
          let runs = 0
          const model = Effect.fnUntraced(function* (x: tf.Tensor) {
            const mu = yield* sample("mu", Normal({ loc: 0, scale: 2 }))
            const factor: number = ++runs < 7 ? 1 : yield* fault
            const d = Normal({ loc: tf.mul(mu, factor), scale: 1.5 })
            yield* plate("rows", { size: 20 })(observe("x", d, x), x)
          })
          const steps: Array<number> = []
          const error = yield* fitSVI.stream(model, mean.guide, data, options).pipe(
            Stream.runForEach(({ step }) => Effect.sync(() => void steps.push(step))),
            Effect.flip,
          )
          // The model runs twice before the first step.
          expect(steps).toEqual([1, 2, 3, 4])
          expect(error).toSatisfy((error) => error instanceof Broken || error instanceof NonFinite)
          expect(count()).toBe(before)
        }
      }),
    )
  })

  it.effect("runs twice as two fits", () =>
    Effect.gen(function* () {
      const data = yield* Dataset.fromArray(x, [20])
      const stream = fitSVI.stream(model, guide, data, options)
      const run = Stream.runCollect(stream)
      expect((yield* run).map(plain as never)).toEqual((yield* run).map(plain as never))
    }),
  )
})
