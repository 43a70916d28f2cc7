/** Fits over data that are streamed: what they learn, how they go on, what they hold and what they leave. */
import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Exit, Fiber, Result, Stream } from "effect"
import {
  Backend,
  type Checkpoint,
  Dataset,
  type FitOptions,
  fitEM,
  fitSVI,
  gradientSteps,
  Key,
  logEvidence,
  Optimizer,
  Schedule,
} from "../../src/index.ts"
import * as Tree from "../../src/tensor/Tree.ts"
import { chunksOf, counted, watch } from "../data/streams.ts"
import { mean, rows } from "./gaussian.ts"

const size = 60
const values = Float32Array.from(Key.normalValues(Key.key(1), [size]))

/** The data, as the rows of a matrix would be: what the programs take is the one field. */
const streamed = (
  options: Dataset.StreamOptions,
  bytes: Dataset.StreamedFieldSpec<unknown>["bytes"] = watch(values).bytes,
) =>
  Effect.map(Dataset.streamed({ x: { bytes, shape: [size] } }, options), (data) =>
    Dataset.map(data, ({ x }) => tf.clone(x)),
  )

const fitOver = (
  data: Dataset.Dataset<tf.Tensor> | Dataset.StreamedDataset<tf.Tensor>,
  options: FitOptions<tf.Tensor, "pathwise"> = {},
) =>
  fitSVI(rows.model(size, 1.3, 0.2), rows.guide(size), data, {
    ...(options.resume === undefined && { key: Key.key(2) }),
    batchSize: 7,
    epochs: 5,
    optimizer: Optimizer.adam(0.05),
    ...options,
  })

const endOf = Effect.fnUntraced(function* (...args: Parameters<typeof fitOver>) {
  const { params, history } = yield* fitOver(...args)
  const host = Tree.toHost(params as unknown as Tree.Tree)
  return { params: host, history: history.map(({ metrics, heldOut }) => ({ metrics, heldOut })) }
}, Effect.scoped)

const alive = () => tf.engine().state.numTensors

for (const backend of ["cpu", "wasm"] as const) {
  layer(Backend[backend](), { excludeTestServices: true })(`on ${backend}`, (it) => {
    it.effect("is that of data in memory, to the bit, where a window has all the rows", () =>
      Effect.gen(function* () {
        const inMemory = yield* Dataset.fromArray(values, [size])
        const data = yield* streamed({ blockRows: 8, window: 8 })
        expect(yield* endOf(data)).toEqual(yield* endOf(inMemory))
      }),
    )

    it.effect("finds the posterior from windows of a few rows", () =>
      Effect.gen(function* () {
        const data = yield* streamed({ blockRows: 5, window: 2 })
        const fit = yield* fitSVI(mean.model(size), mean.guide, data, {
          batchSize: 12,
          epochs: 100,
          optimizer: Optimizer.adam(Schedule.cosine(0.05, { decaySteps: 500 })),
        })
        const { loc, scale } = mean.posterior([...values])
        expect(fit.params.loc.dataSync()[0]).toBeCloseTo(loc, 1)
        expect(fit.params.scale.dataSync()[0]).toBeCloseTo(scale, 1)
      }),
    )

    it.effect("evaluates data that are streamed as those in memory", () =>
      Effect.gen(function* () {
        const inMemory = yield* Dataset.fromArray(values, [size])
        const data = yield* streamed({ blockRows: 7, window: 1 })
        const held = yield* endOf(inMemory, { epochs: 2, heldOut: { data, batchSize: 11 } })
        expect(held).toEqual(
          yield* endOf(inMemory, { epochs: 2, heldOut: { data: inMemory, batchSize: 11 } }),
        )

        const fit = yield* fitOver(data, { epochs: 1 })
        expect(yield* fit.evaluate(data, { batchSize: 9 })).toEqual(
          yield* fit.evaluate(inMemory, { batchSize: 9 }),
        )
        const before = alive()
        const evidence = (data: Dataset.Dataset<tf.Tensor> | Dataset.StreamedDataset<tf.Tensor>) =>
          logEvidence(rows.model(size, 1.3, 0.2), rows.guide(size), data, {
            over: "rows",
            samples: 3,
            key: Key.key(5),
            batchSize: 13,
          })
        expect(yield* evidence(data)).toEqual(yield* evidence(inMemory))
        expect(alive()).toBe(before)
      }),
    )

    it.effect("gives draws for rows in memory, and refuses those of the file", () =>
      Effect.gen(function* () {
        const fit = yield* fitOver(yield* streamed({ blockRows: 7, window: 1 }), { epochs: 1 })
        const refused = yield* Effect.flip(fit.posterior(2))
        expect(refused.message).toBe("data: expected some rows in memory, found 60 rows that are streamed")
        const few = yield* Dataset.fromArray(values.subarray(0, 4), [4])
        expect((yield* fit.posterior(2, { data: few })).z.shape).toEqual([2, 4])
      }),
    )

    it.effect("needs a batch size", () =>
      Effect.gen(function* () {
        const data = yield* streamed({ blockRows: 7 })
        const without = yield* Effect.flip(fitSVI(rows.model(size, 1, 0), rows.guide(size), data, {}))
        expect(without.message).toBe(
          "batchSize: expected a number of rows, since the data's 60 are streamed, found none",
        )
        const large = yield* Effect.flip(fitOver(data, { batchSize: 61 }))
        expect(large.message).toBe(
          "batchSize: expected a whole number from 1 to the data set's 60 rows, found 61",
        )
        // @ts-expect-error EM takes all the data at once.
        fitEM(mean.model(size), data, { mStep: gradientSteps({ optimizer: Optimizer.adam(0.1) }) })
      }),
    )

    describe("taken up", () => {
      const options = { blockRows: 5, window: 2 }

      it.effect("at any batch of an epoch, ends with the same bits", () =>
        Effect.gen(function* () {
          const data = yield* streamed(options)
          const whole = yield* endOf(data)
          for (const steps of [1, 4, 8, 9, 10, 17, 25]) {
            const checkpoint = yield* Effect.scoped(
              Effect.flatMap(
                fitOver(data, { steps, ...({ epochs: undefined } as {}) }),
                (fit) => fit.checkpoint,
              ),
            )
            expect(yield* endOf(yield* streamed(options), { resume: checkpoint })).toEqual(whole)
          }
        }),
      )

      it.effect("only with the same blocks and windows", () =>
        Effect.gen(function* () {
          const { checkpoint } = yield* fitOver(yield* streamed(options), { epochs: 1 })
          const resume = yield* checkpoint
          const inMemory = yield* Dataset.fromArray(values, [size])
          for (const [data, expected] of [
            [yield* streamed({ blockRows: 5, window: 3 }), "windows of 3 blocks of 5 rows"],
            [inMemory, "the order of data in memory"],
          ] as const) {
            const refused = yield* Effect.flip(fitOver(data, { resume }))
            expect(refused).toMatchObject({
              _tag: "CheckpointError",
              expected: `rows in ${expected}`,
              found: "windows of 2 blocks of 5 rows",
            })
          }
          const all = yield* streamed({ blockRows: 8, window: 8 })
          const fit = yield* fitOver(all, { epochs: 1 })
          expect(yield* endOf(inMemory, { resume: yield* fit.checkpoint })).toEqual(yield* endOf(inMemory))
        }),
      )

      it.effect("after an interruption at any moment, among them the middle of a read", () =>
        Effect.gen(function* () {
          const { watched } = watch(values)
          let reading = 0
          const bytes = (offset: number, length: number) =>
            counted(
              Stream.tap(chunksOf(values, offset, length, 4), () =>
                Effect.sync(() => void reading++).pipe(Effect.andThen(Effect.yieldNow)),
              ),
              watched,
            )
          const before = alive()
          const whole = yield* endOf(yield* streamed(options))
          const moments = [0, 3, 9, 20, 40, 60, 80, 110, 150, 200, 280]
          let [midRead, midFit] = [0, 0]
          for (const moment of moments) {
            reading = 0
            let checkpoint: Checkpoint.Checkpoint | undefined
            const fiber = yield* Effect.forkChild(
              Effect.scoped(
                Effect.flatMap(streamed(options, bytes), (data) =>
                  fitOver(data, {
                    onInterrupt: (partial) =>
                      Effect.sync(() => {
                        checkpoint = partial.checkpoint
                      }),
                  }),
                ),
              ),
            )
            while (reading < moment) yield* Effect.yieldNow
            if (watched.open > 0) midRead++
            yield* Fiber.interrupt(fiber)
            expect(watched.open).toBe(0)
            expect(alive()).toBe(before)
            if (checkpoint === undefined) continue
            midFit++
            expect(yield* endOf(yield* streamed(options), { resume: checkpoint })).toEqual(whole)
          }
          expect(midRead).toBeGreaterThan(3)
          expect(midFit).toBeGreaterThan(5)
        }),
      )
    })

    it.effect("fails where a read fails, at the step that needs it, and leaves nothing", () =>
      Effect.gen(function* () {
        const before = alive()
        const { watched } = watch(values)
        for (const epochs of [0, 2]) {
          let reads = 0
          // 12 blocks an epoch.
          const bytes = (offset: number, length: number) =>
            counted(
              ++reads > 12 * epochs + 7
                ? Stream.fail(new Error("disk gone"))
                : chunksOf(values, offset, length),
              watched,
            )
          let steps = 0
          const fit = Effect.scoped(
            Effect.flatMap(streamed({ blockRows: 5, window: 2 }, bytes), (data) =>
              fitOver(data, { onStep: () => Effect.sync(() => void steps++) }),
            ),
          )
          const result = yield* Effect.result(fit)
          expect(Result.isFailure(result) && result.failure).toMatchObject({
            _tag: "DataError",
            found: "disk gone",
          })
          // Three windows of ten rows an epoch before it, and so four batches of seven and a part of the fifth.
          expect(steps).toBe(9 * epochs + 4)
          expect(watched.open).toBe(0)
          expect(alive()).toBe(before)
        }
      }),
    )

    it.effect("leaves nothing where it ends by itself, or its reports are read on the way", () =>
      Effect.gen(function* () {
        const before = alive()
        const { bytes, watched } = watch(values)
        const reads: Array<number> = []
        const exit = yield* Effect.exit(
          Effect.scoped(
            Effect.gen(function* () {
              const data = yield* streamed({ blockRows: 5, window: 2 }, bytes)
              const stream = fitSVI.stream(rows.model(size, 1.3, 0.2), rows.guide(size), data, {
                batchSize: 7,
                epochs: 3,
              })
              yield* Stream.runForEach(stream, (report) =>
                Effect.map(Effect.scoped(report.params), () => void reads.push(watched.ranges.length)),
              )
            }),
          ),
        )
        expect(Exit.isSuccess(exit)).toBe(true)
        // To read the parameters reads no data: three epochs of twelve blocks, the last with the next one's first window begun.
        expect(reads.at(-1)).toBeLessThanOrEqual(3 * 12 + 2)
        expect(watched.open).toBe(0)
        expect(alive()).toBe(before)
      }),
    )
  })
}
