/** `nonFinite: "restore"`: back to the last good state, and smaller steps from there, until it goes well or has gone on for long. */
import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import {
  Backend,
  type Belief,
  Categorical,
  Checkpoint,
  closedForm,
  factor,
  fitEM,
  fitMonteCarloEM,
  fitSVI,
  type Interrupted,
  Key,
  NonFinite,
  Normal,
  Optimizer,
  observe,
  param,
  plate,
  type StepReport,
  Support,
  sample,
} from "../../src/index.ts"
import { expectClose } from "../effects/numbers.ts"

const x = [0.5, 1, 2.5, 3]
const mean = 1.75

const model = (x: tf.Tensor) =>
  Effect.gen(function* () {
    const loc = yield* param("loc", 0)
    yield* plate("rows", { size: 4 })(observe("x", Normal({ loc, scale: 1 }), x))
  })
const nothing = (_: tf.Tensor) => Effect.void

/**
 * Descent at rate 7 on 4 rows multiplies the distance from the mean by 1 − 28 at each step, after one restoration by
 * 1 − 14, then 1 − 7, 1 − 3.5, and at last by 1 − 1.75 = −0.75.
 */
const exploding = { optimizer: Optimizer.sgd(7), nonFinite: "restore", steps: 400, key: Key.key(1) } as const

/** The same descent on the host: where it has gone back, and where it ends. */
const reference = (steps: number) => {
  let [loc, good, rate] = [0, 0, 7]
  const restored: Array<number> = []
  for (let step = 1; step <= steps; step++) {
    const density = x.map((x) => Math.fround(Math.fround(Math.fround(x - loc) ** 2) / 2))
    if (Number.isFinite(Math.fround(density.reduce((a, b) => a + b)))) {
      loc = Math.fround(loc - rate * 4 * (loc - mean))
      if (step % 100 === 0) good = loc
    } else {
      restored.push(step)
      loc = good
      rate /= 2
    }
  }
  return { restored, loc }
}

const reporting = () => {
  const reports: Array<StepReport> = []
  return { reports, onStep: (report: StepReport) => Effect.sync(() => void reports.push(report)) }
}

for (const backend of [Backend.cpu, Backend.wasm]) {
  layer(backend())(`on ${backend.name}`, (it) => {
    it.effect("a rate that explodes comes down until the fit converges, and each report says why", () =>
      Effect.gen(function* () {
        const { reports, onStep } = reporting()
        const fit = yield* fitSVI(model, nothing, tf.tensor1d(x), { ...exploding, onStep })
        const { restored, loc } = reference(exploding.steps)
        expectClose(loc, mean, 1e-5)
        expectClose(fit.params.loc, mean, 1e-5)
        const back = reports.filter((report) => report.restored)
        expect(restored).toHaveLength(4)
        expect(back.map(({ step }) => step)).toEqual(restored)
        expect(reports.filter(({ skipped }) => skipped)).toEqual(back)
        for (const { blame, metrics } of back) {
          expect(Number.isFinite(metrics.elbo)).toBe(false)
          expect(blame).toMatchObject({ site: "x", parameter: "log-density" })
          expect(Object.keys(blame!).sort()).toEqual(
            ["advice", "found", "index", "parameter", "site"].filter((key) => key in blame!),
          )
        }
        for (const report of reports) expect("blame" in report).toBe(report.skipped)
        expect(fit.steps).toBe(400)
      }),
    )
  })
}

layer(Backend.cpu())("restore", (it) => {
  it.effect("is not skip: that leaves the steps out and explodes again", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        fitSVI(model, nothing, tf.tensor1d(x), { ...exploding, nonFinite: "skip" }),
      )
      expect(error).toBeInstanceOf(NonFinite)
      expect(error).toMatchObject({ site: "x", parameter: "log-density" })
    }),
  )

  it.effect("gives up after the tenth time", () =>
    Effect.gen(function* () {
      const { reports, onStep } = reporting()
      const hopeless = (_: tf.Tensor) =>
        Effect.flatMap(param("w", 1), (w) => factor("bad", tf.mul(w, Number.NaN)))
      const data = tf.scalar(0)
      const tensors = tf.memory().numTensors
      const error = yield* Effect.flip(
        fitSVI(hopeless, nothing, data, { nonFinite: "restore", steps: 50, onStep }),
      )
      expect(error).toBeInstanceOf(NonFinite)
      expect(error).toMatchObject({ step: 11, site: "bad", parameter: "logWeight", found: "NaN" })
      expect(reports.map(({ step, restored }) => [step, restored])).toEqual(
        Array.from({ length: 10 }, (_, i) => [i + 1, true]),
      )
      expect(tf.memory().numTensors).toBe(tensors)
    }),
  )

  it.effect("goes on from a checkpoint to the same bits, the good state and the rate with it", () =>
    Effect.gen(function* () {
      const data = tf.tensor1d(x)
      const whole = reporting()
      const fit = yield* fitSVI(model, nothing, data, { ...exploding, steps: 260, onStep: whole.onStep })
      const { restored } = reference(260)
      for (const cut of [1, restored[0]! - 1, restored[0]!, restored[1]! + 3, 100, restored[3]!]) {
        const part = yield* fitSVI(model, nothing, data, { ...exploding, steps: cut })
        const token = yield* Checkpoint.decode(yield* Checkpoint.encode(yield* part.checkpoint), "a file")
        const rest = reporting()
        const { key: _, ...options } = exploding
        const again = yield* fitSVI(model, nothing, data, {
          ...options,
          steps: 260,
          resume: token,
          onStep: rest.onStep,
        })
        expect(rest.reports).toEqual(whole.reports.slice(cut))
        expect(again.params.loc.dataSync()).toEqual(fit.params.loc.dataSync())
      }
    }),
  )

  it.effect("leaves no tensor, at its end and when it is cut off", () =>
    Effect.gen(function* () {
      const data = tf.tensor1d(x)
      const tensors = tf.memory().numTensors
      yield* Effect.scoped(fitSVI(model, nothing, data, exploding))
      expect(tf.memory().numTensors).toBe(tensors)
      let partial: Interrupted | undefined
      const cut = fitSVI(model, nothing, data, {
        ...exploding,
        onStep: ({ restored }) => (restored ? Effect.interrupt : Effect.void),
        onInterrupt: (found) =>
          Effect.sync(() => {
            partial = found
          }),
      })
      yield* Effect.exit(Effect.scoped(cut))
      expect(tf.memory().numTensors).toBe(tensors)
      expect(partial?.steps).toBe(reference(400).restored[0])
    }),
  )
})

layer(Backend.cpu())("EM", (it) => {
  const size = 6
  const mixture = Effect.fnUntraced(
    function* (x: tf.Tensor) {
      const probs = yield* param("probs", [0.5, 0.5], { support: Support.simplex })
      const z = yield* sample("z", Categorical({ probs }))
      yield* observe("x", Normal({ loc: tf.mul(3, z), scale: 1 }), x)
    },
    plate("rows", { size }),
  )
  const data = () => tf.tensor1d([0, 0.2, -0.1, 3, 2.9, 0.1])
  /** The share of each class; but NaN in the `bad`-th iterations, each of which calls twice: the second time to be blamed. */
  const failingAt = (...bad: ReadonlyArray<number>) => {
    let [calls, iteration] = [0, 0]
    let again = false
    const mStep = closedForm<tf.Tensor>(
      ({ probabilities }: Belief) => {
        calls++
        if (again) again = false
        else again = bad.includes(++iteration)
        const probs = tf.mean(probabilities.z!, 0)
        return { probs: bad.includes(iteration) ? tf.mul(probs, Number.NaN) : probs }
      },
      { isMonotone: false },
    )
    return { mStep, calls: () => calls }
  }

  for (const nonFinite of ["skip", "restore"] as const) {
    describe(nonFinite, () => {
      it.effect("by draws goes on after iterations that are not finite, with other draws", () =>
        Effect.gen(function* () {
          const x = data()
          const tensors = tf.memory().numTensors
          const { mStep, calls } = failingAt(2, 5)
          const options = { mStep, nonFinite, iterations: 8, draws: 50, key: Key.key(2) }
          const { history, probs } = yield* Effect.scoped(
            Effect.map(fitMonteCarloEM(mixture, x, options), ({ history, params }) => ({
              history,
              probs: Array.from(params.probs.dataSync()),
            })),
          )
          expect(calls()).toBe(12)
          expect(history).toHaveLength(8)
          for (const value of history) expect(value).toSatisfy(Number.isFinite)
          // 4 rows lie at 0 and 2 at 3, four standard deviations apart at least: the share is 2/3 but for a few draws.
          expectClose(probs[0]!, 2 / 3, 0.05)
          expect(tf.memory().numTensors).toBe(tensors)
        }),
      )

      it.effect("fails in the end where every iteration is not finite", () =>
        Effect.gen(function* () {
          const x = data()
          const tensors = tf.memory().numTensors
          const mStep = closedForm<tf.Tensor>(() => ({ probs: tf.tensor1d([Number.NaN, 1]) }))
          const error = yield* Effect.flip(fitEM(mixture, x, { mStep, nonFinite }))
          expect(error).toMatchObject({
            _tag: "NonFinite",
            step: nonFinite === "skip" ? 100 : 11,
            parameter: "probs",
            index: [0],
          })
          expect(tf.memory().numTensors).toBe(tensors)
        }),
      )
    })
  }

  it.effect("restored goes back to where it began, and does again what it did", () =>
    Effect.gen(function* () {
      const x = data()
      const options = { iterations: 6, tolerance: 0 }
      const { history } = yield* fitEM(mixture, x, {
        ...options,
        mStep: failingAt(4).mStep,
        nonFinite: "restore",
      })
      const straight = yield* fitEM(mixture, x, { ...options, mStep: failingAt().mStep })
      // The three iterations before the fourth, and the same again from the beginning.
      expect(history).toEqual([...straight.history.slice(0, 3), ...straight.history.slice(0, 3)])
      const skipped = yield* fitEM(mixture, x, { ...options, mStep: failingAt(4).mStep, nonFinite: "skip" })
      expect(skipped.history).toEqual(straight.history)
    }),
  )
})
