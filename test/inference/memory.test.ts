/** No fit leaves a tensor behind: not when it completes, fails, or is interrupted at any moment; nor grows on its way. */
import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Data, Effect, Exit, Fiber, References } from "effect"
import {
  Backend,
  Dataset,
  elbo,
  type FitOptions,
  fitSVI,
  Key,
  logEvidence,
  Normal,
  Optimizer,
  observe,
  plate,
  predictive,
  sample,
} from "../../src/index.ts"
import { mean, rows } from "./gaussian.ts"

class Broken extends Data.TaggedError("Broken")<{ readonly at: number }> {}

const count = (): number => tf.engine().state.numTensors
const values = Array.from(Key.normalValues(Key.key(1), [20]))

/** A fit that holds all there is to hold: moments, a remembered state, minibatches, held-out data. */
const busy = (options: FitOptions<tf.Tensor1D, "pathwise"> = {}) =>
  Effect.gen(function* () {
    const data = yield* Dataset.fromArray(values, [20])
    return yield* fitSVI(rows.model(20, 1.3, 0.2), rows.guide(20), data, {
      key: Key.key(2),
      batchSize: 6,
      optimizer: Optimizer.chain(Optimizer.clipByNorm(10), Optimizer.adam(0.01)),
      heldOut: { data, batchSize: 7 },
      earlyStopping: { patience: 1_000 },
      ...options,
    })
  })

/** Runs `program`, and requires that it leave as many tensors and bytes as there were before. */
const leavesNothing = <A, E, R>(program: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const { numTensors, numBytes } = tf.engine().state
    const exit = yield* Effect.exit(Effect.scoped(program))
    expect(tf.engine().state).toMatchObject({ numTensors, numBytes })
    return exit
  })

/** A tensor for as long as `use` runs. */
const withTensor = <A, E, R>(make: () => tf.Tensor, use: (t: tf.Tensor) => Effect.Effect<A, E, R>) =>
  Effect.acquireUseRelease(Effect.sync(make), use, (t) => Effect.sync(() => t.dispose()))

/** The model of one mean, with `fault` put in after its draw; it is told how often the model has run. */
const faulty = (fault: (run: number, mu: tf.Tensor) => Effect.Effect<tf.Tensor, Broken>) => {
  let runs = 0
  return Effect.fnUntraced(function* (x: tf.Tensor) {
    runs++
    const mu = yield* fault(runs, yield* sample("mu", Normal({ loc: 0, scale: 2 })))
    yield* plate("rows", { size: 20 })(observe("x", Normal({ loc: mu, scale: 1.5 }), x), x)
  })
}

/** The failure of a program that breaks at the given run, which is in the middle of a step. */
const brokenAt = (at: number) =>
  faulty((run, mu) => (run === at ? Effect.fail(new Broken({ at })) : Effect.succeed(mu)))

const thrownAt = (at: number, body: (mu: tf.Tensor) => void) =>
  faulty((run, mu) =>
    Effect.sync(() => {
      const half = tf.mul(mu, tf.ones([100]))
      if (run === at) body(half)
      return mu
    }),
  )

const lostFrom = (from: number) =>
  faulty((run, mu) => Effect.sync(() => (run < from ? mu : tf.mul(mu, Number.NaN))))

type Fault = readonly [
  name: string,
  tag: string,
  model: () => ReturnType<typeof faulty>,
  options?: (x: tf.Tensor) => FitOptions<tf.Tensor, "pathwise">,
]

const faults: ReadonlyArray<Fault> = [
  [
    "a shape that does not fit",
    "ShapeMismatch",
    () => faulty((_, mu) => Effect.sync(() => tf.add(mu, [0, 0, 0]))),
  ],
  ["an option out of range", "InvalidArgument", () => brokenAt(0), () => ({ steps: -1 })],
  [
    "an objective that is none",
    "InvalidArgument",
    () => brokenAt(0),
    () => ({ objective: elbo({ particles: 0 }) }),
  ],
  ["a failure of the program's own at its first run", "Broken", () => brokenAt(1)],
  ["a failure of the program's own in the fifth step", "Broken", () => brokenAt(6)],
  [
    "a failure of the program's own in a later particle",
    "Broken",
    () => brokenAt(9),
    () => ({ objective: elbo({ particles: 5, kl: "monteCarlo" }) }),
  ],
  [
    "a failure of the program's own in held-out evaluation",
    "Broken",
    () => brokenAt(4),
    (data) => ({ heldOut: { data, every: 2 }, earlyStopping: { patience: 9 } }),
  ],
  [
    "an error thrown in a step",
    "ProgramThrew",
    () =>
      thrownAt(4, () => {
        throw new Error("boom")
      }),
  ],
  ["a refusal of tfjs in a step", "ProgramThrew", () => thrownAt(4, (half) => tf.reshape(half, [3]))], // biome-ignore format: one line
  [
    "a program that suspends in a step, and would make tensors later",
    "ProgramSuspended",
    () =>
      faulty((run, mu) =>
        run < 4 ? Effect.succeed(mu) : Effect.map(Effect.sleep(1), () => tf.keep(tf.add(mu, 1))),
      ),
  ],
  ["a loss that is not finite", "NonFinite", () => lostFrom(4)],
  ["a hundred such losses", "NonFinite", () => lostFrom(4), () => ({ steps: 500, nonFinite: "skip" })],
]

for (const backend of [Backend.cpu, Backend.wasm]) {
  layer(backend(), { excludeTestServices: true })(`on ${backend.name}`, (it) => {
    it.effect("2,000 steps leave the count flat, and the end of the scope brings it back", () =>
      Effect.gen(function* () {
        const counts: Array<number> = []
        const program = withTensor(
          () => tf.tensor1d([1, 2, 4]),
          (x) =>
            fitSVI(mean.model(3), mean.guide, x, {
              steps: 2_000,
              onStep: () => Effect.sync(() => void counts.push(count())),
            }),
        )
        expect(yield* leavesNothing(program)).toSatisfy(Exit.isSuccess)
        expect(counts).toHaveLength(2_000)
        expect(counts[1_999]).toBe(counts[99])
        expect(new Set(counts).size).toBe(1)
      }),
    )

    it.effect("so do minibatches, evaluations, the best state and draws", () =>
      Effect.gen(function* () {
        const counts: Array<number> = []
        const base = count()
        const program = Effect.gen(function* () {
          const onEpoch = () => Effect.sync(() => void counts.push(count() - base))
          const fit = yield* busy({ epochs: 30, optimizer: Optimizer.adam(0.5), onEpoch })
          const before = count()
          yield* Effect.scoped(fit.posterior(5))
          yield* fit.evaluate(yield* Dataset.fromArray(values, [20]), { batchSize: 3 })
          expect(count()).toBe(before)
        })
        expect(yield* leavesNothing(program)).toSatisfy(Exit.isSuccess)
        // Three parameters with two moments each; twice that while an earlier state is the best.
        expect(new Set(counts)).toEqual(new Set([9, 18]))
      }),
    )

    it.effect("steps that are skipped leave the count flat", () =>
      Effect.gen(function* () {
        const counts: Array<number> = []
        const skips: Array<boolean> = []
        const model = faulty((run, mu) => Effect.sync(() => (run % 4 === 2 ? tf.mul(mu, Number.NaN) : mu)))
        const program = withTensor(
          () => tf.tensor1d(values),
          (x) =>
            fitSVI(model, mean.guide, x, {
              steps: 100,
              nonFinite: "skip",
              onStep: ({ skipped }) =>
                Effect.sync(() => {
                  counts.push(count())
                  skips.push(skipped)
                }),
            }),
        )
        expect(yield* leavesNothing(program)).toSatisfy(Exit.isSuccess)
        expect(new Set(counts).size).toBe(1)
        expect(new Set(skips).size).toBe(2)
      }),
    )

    describe("a fit that fails leaves nothing:", () => {
      it.effect.each(faults)("%s", ([, tag, model, options]) =>
        Effect.gen(function* () {
          const program = withTensor(
            () => tf.tensor1d(values),
            (x) => fitSVI(model(), mean.guide, x, { steps: 10, ...options?.(x) }),
          )
          const later = Effect.tapCause(program, () => Effect.sleep(10))
          const exit = yield* leavesNothing(later)
          expect(Exit.findErrorOption(exit)).toMatchObject({ _tag: "Some", value: { _tag: tag } })
        }),
      )

      it.effect("a callback that dies", () =>
        Effect.gen(function* () {
          for (const options of [
            { onStep: () => Effect.die("boom") },
            { onEpoch: () => Effect.die("boom") },
          ]) {
            expect(yield* leavesNothing(busy(options))).toSatisfy(Exit.isFailure)
          }
        }),
      )
    })

    describe("a fit that is interrupted leaves nothing:", () => {
      /** Interrupts the fit after `turns` turns of `ops` operations of the Effect runtime each (from 4, or nothing moves). */
      const interruptedAfter = Effect.fnUntraced(function* (turns: number, ops: number) {
        let steps = 0
        let epochs = 0
        const fit = busy({
          steps: 10_000,
          onStep: () => Effect.sync(() => void steps++),
          onEpoch: () => Effect.sync(() => void epochs++),
        })
        const slow = Effect.provideService(Effect.scoped(fit), References.MaxOpsBeforeYield, ops)
        const exit = yield* leavesNothing(
          Effect.gen(function* () {
            const fiber = yield* Effect.forkChild(slow)
            for (let i = 0; i < turns; i++) yield* Effect.yieldNow
            yield* Fiber.interrupt(fiber)
            return yield* Fiber.await(fiber)
          }),
        )
        expect(Exit.isSuccess(exit) && Exit.hasInterrupts(exit.value)).toBe(true)
        return { steps, epochs }
      })

      it.effect("at 80 random moments, anywhere in the first epochs", () =>
        Effect.gen(function* () {
          const moments = Key.uniformValues(Key.key(7), [80, 2])
          const seen: Array<{ readonly steps: number; readonly epochs: number }> = []
          for (let i = 0; i < 80; i++) {
            // Squared, so that the set-up before the first step is met often.
            const turns = Math.floor(160 * moments[2 * i]! ** 2)
            seen.push(yield* interruptedAfter(turns, 4 + Math.floor(8 * moments[2 * i + 1]!)))
          }
          // They are spread over the whole of it: before the first step, between steps, after evaluations.
          expect(seen.filter(({ steps }) => steps === 0).length).toBeGreaterThanOrEqual(3)
          expect(seen.filter(({ epochs }) => epochs >= 1).length).toBeGreaterThanOrEqual(3)
          expect(new Set(seen.map(({ steps }) => steps)).size).toBeGreaterThanOrEqual(6)
        }),
      )

      it.effect("after 20 random delays, at the pace of the loop itself", () =>
        Effect.gen(function* () {
          const delays = Key.uniformValues(Key.key(8), [20])
          for (const delay of delays) {
            const fiber = yield* Effect.forkChild(Effect.scoped(busy({ steps: 1_000_000 })))
            yield* Effect.sleep(40 * delay)
            const before = count()
            yield* Fiber.interrupt(fiber)
            expect(count()).toBeLessThanOrEqual(before)
          }
          expect(yield* leavesNothing(Effect.void)).toSatisfy(Exit.isSuccess)
        }),
      )

      it.effect("from within, in a callback", () =>
        Effect.gen(function* () {
          for (const at of [1, 4, 5, 13]) {
            const stop = (now: boolean) => (now ? Effect.interrupt : Effect.void)
            const program = busy({
              onStep: ({ step }) => stop(step === at),
              onEpoch: ({ epoch }) => stop(epoch === 3),
            })
            expect(Exit.hasInterrupts(yield* leavesNothing(program))).toBe(true)
          }
        }),
      )
    })

    describe("draws and estimates", () => {
      const x = () => tf.tensor1d(values)
      const key = Key.key(3)

      it.effect("leave nothing, completed or failed", () =>
        Effect.gen(function* () {
          const predicted = withTensor(x, (x) => predictive(rows.model(20, 1, 0), x, { samples: 3, key, guide: rows.guide(20) })) // biome-ignore format: one line
          expect(yield* leavesNothing(predicted)).toSatisfy(Exit.isSuccess)
          const weighed = withTensor(x, (x) =>
            logEvidence(rows.model(20, 1, 0), rows.guide(20), x, {
              over: "rows",
              samples: 3,
              key,
              batchSize: 7,
            }),
          )
          expect(yield* leavesNothing(weighed)).toSatisfy(Exit.isSuccess)
          const failing = withTensor(x, (x) => predictive(brokenAt(3), x, { samples: 5, key }))
          expect(yield* leavesNothing(failing)).toSatisfy(Exit.isFailure)
          const outside = withTensor(x, (x) =>
            logEvidence(mean.model(20), mean.guide, x, { over: "rows", samples: 3, key }),
          )
          expect(yield* leavesNothing(outside)).toSatisfy(Exit.isFailure)
        }),
      )
    })
  })
}
