/** A step that is not finite: what the failure names, and what `nonFinite: "skip"` does instead. */
import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, type Scope } from "effect"
import { mask } from "../../src/effects/handlers/mask.ts"
import {
  Backend,
  Bernoulli,
  Dataset,
  elbo,
  factor,
  fitSVI,
  Key,
  NonFinite,
  Normal,
  Optimizer,
  observe,
  param,
  paramTree,
  plate,
  type StepReport,
  sample,
  Uniform,
} from "../../src/index.ts"
import { detach } from "../../src/tensor/stable.ts"
import { expectClose } from "../effects/numbers.ts"
import { mean, noise } from "./gaussian.ts"

/** The parameter w, from `from`, which falls by `by` a step whatever else the model holds: 3, 2, 1, 0 at the fourth. */
const falling = (from: number, by = 1) =>
  Effect.gen(function* () {
    const w = yield* param("w", from)
    yield* factor("fall", tf.mul(w, -by))
    return w
  })

const nothing = () => Effect.void

/** Plain gradient descent at rate 1. */
const descent = { steps: 20, optimizer: Optimizer.sgd(1) }

/** Observes ones, a row each, under what the falling parameter makes of itself. */
const falls =
  <D extends Normal | Bernoulli>(from: number, by: number, rows: number, d: (w: tf.Tensor) => D) =>
  () =>
    Effect.flatMap(falling(from, by), (w) =>
      plate("rows", { size: rows })(
        observe(
          "x",
          d(w),
          Array.from({ length: rows }, () => 1),
        ),
      ),
    )

const cases = [
  {
    name: "a scale that falls to zero",
    run: () =>
      fitSVI(
        falls(3, 1, 2, (w) => Normal({ loc: 0, scale: detach(() => tf.stack([tf.scalar(2), w])) })),
        nothing,
        undefined,
        descent,
      ),
    expected: { step: 4, site: "x", parameter: "scale", index: [1] },
    message:
      'step 4 is not finite at site "x", parameter "scale", index [1]: Normal scale must be positive and finite, found 0',
  },
  {
    name: "a scale that is below zero from one step to the next",
    run: () =>
      fitSVI(
        falls(2.5, 1, 1, (w) => Normal({ loc: 0, scale: detach(() => tf.clone(w)) })),
        nothing,
        undefined,
        descent,
      ),
    expected: { step: 4, site: "x", parameter: "scale", index: [] },
    message: 'site "x", parameter "scale": Normal scale must be positive and finite, found -0.5',
  },
  {
    name: "infinite logits",
    run: () =>
      fitSVI(
        falls(0, -50, 3, (w) =>
          Bernoulli({ logits: detach(() => tf.stack([tf.scalar(0), tf.scalar(0), tf.exp(w)])) }),
        ),
        nothing,
        undefined,
        descent,
      ),
    expected: { step: 3, site: "x", parameter: "logits", index: [2] },
    message: "Bernoulli logits must be a finite number, found Infinity",
  },
  {
    name: "a location that is NaN, in a matrix",
    run: () =>
      fitSVI(
        () =>
          Effect.flatMap(falling(0.5, 2), (w) => {
            const last = tf.tensor2d([0, 0, 0, 0, 0, 1], [2, 3])
            const loc = detach(() => tf.log(tf.add(2, tf.mul(w, last))))
            return observe("y", Normal({ loc, scale: 1 }).toEvent(2), tf.zeros([2, 3]))
          }),
        nothing,
        undefined,
        descent,
      ),
    expected: { step: 3, site: "y", parameter: "loc", index: [1, 2] },
    message: "Normal loc must be a finite number, found NaN",
  },
  {
    name: "data that fall out of a support that moves",
    run: () =>
      fitSVI(
        () =>
          Effect.flatMap(falling(5), (w) =>
            observe("x", Uniform({ low: 0, high: detach(() => tf.clone(w)) }), 2.5),
          ),
        nothing,
        undefined,
        descent,
      ),
    expected: { step: 4, site: "x", parameter: "log-density", index: [], found: "-Infinity" },
    message: 'step 4 is not finite at site "x", parameter "log-density": -Infinity',
  },
  {
    name: "a factor",
    run: () =>
      fitSVI(
        () =>
          Effect.flatMap(falling(2), (w) =>
            factor(
              "penalty",
              detach(() => tf.log(tf.sub(w, 1))),
            ),
          ),
        nothing,
        undefined,
        descent,
      ),
    expected: { step: 2, site: "penalty", parameter: "logWeight", found: "-Infinity" },
    message: 'step 2 is not finite at site "penalty", parameter "logWeight": -Infinity',
  },
  {
    name: "a gradient alone: √ at 0",
    run: () =>
      fitSVI(
        Effect.fnUntraced(function* () {
          const v = yield* param("v", [4, 0])
          yield* factor("root", tf.neg(tf.sum(tf.sqrt(tf.square(v)))))
        }),
        nothing,
        undefined,
        descent,
      ),
    expected: { step: 1, site: "root", parameter: "v", index: [1], found: "a gradient of NaN" },
    message: 'step 1 is not finite at site "root", parameter "v", index [1]: a gradient of NaN',
  },
  {
    name: "a gradient alone, in a tree of parameters",
    run: () =>
      fitSVI(
        Effect.fnUntraced(function* () {
          const { b } = yield* paramTree("net", () => ({ a: tf.scalar(1), b: tf.tensor1d([1, 2, 0]) }))
          yield* factor("root", tf.neg(tf.sum(tf.sqrt(tf.square(b)))))
        }),
        nothing,
        undefined,
        descent,
      ),
    expected: { step: 1, parameter: "net/b", index: [2], found: "a gradient of NaN" },
    message: 'parameter "net/b", index [2]: a gradient of NaN',
  },
  {
    name: "a parameter: too long a step the step before",
    run: () =>
      fitSVI(
        Effect.fnUntraced(function* () {
          const v = yield* param("v", [1, 2, 3])
          yield* factor("steep", tf.mul(tf.sum(tf.mul(v, [0, 1, 0])), 1e18))
        }),
        nothing,
        undefined,
        { ...descent, optimizer: Optimizer.sgd(1e30) },
      ),
    expected: { step: 2, parameter: "v", index: [1], found: "Infinity" },
    message: 'step 2 is not finite, parameter "v", index [1]: Infinity',
  },
]

for (const backend of [Backend.cpu, Backend.wasm]) {
  layer(backend())(`on ${backend.name}`, (it) => {
    for (const { name, run, expected, message } of cases) {
      it.effect(`names ${name}`, () =>
        Effect.gen(function* () {
          const error: unknown = yield* Effect.flip<unknown, unknown, Backend | Scope.Scope>(run())
          expect(error).toBeInstanceOf(NonFinite)
          expect(error).toMatchObject(expected)
          expect((error as NonFinite).message).toContain(message)
        }),
      )
    }
  })
}

layer(Backend.cpu())("a step that is not finite", (it) => {
  describe("by its draw", () => {
    const model = () =>
      Effect.gen(function* () {
        const z = yield* sample("z", Normal({ loc: 0, scale: 1 }))
        yield* observe("x", Normal({ loc: 0, scale: z }), 1)
      })
    const guide = () =>
      Effect.gen(function* () {
        yield* sample("z", Normal({ loc: tf.add(1.2, tf.mul(yield* param("w", 0), 0)), scale: 1 }))
      })

    for (const particles of [1, 3]) {
      it.effect(`is taken again at the very draw, with ${particles} particles`, () =>
        Effect.gen(function* () {
          const key = Key.key(11)
          const error = yield* Effect.flip(
            fitSVI(model, guide, undefined, { key, steps: 500, objective: elbo({ particles }) }),
          )
          expect(error).toBeInstanceOf(NonFinite)
          const { step, site, parameter, found } = error as NonFinite
          // The first step with a draw below zero, and that draw.
          const drawsAt = (step: number) => {
            const stepKey = Key.foldIn(Key.foldInName(key, "step"), step - 1)
            return Array.from({ length: particles }, (_, i) => 1.2 + noise(stepKey, i, "z")[0]!)
          }
          let first = 1
          while (Math.min(...drawsAt(first)) > 0) first++
          expect({ step, site, parameter }).toEqual({ step: first, site: "x", parameter: "scale" })
          const z = drawsAt(first).find((z) => z < 0)!
          expectClose(Number(found.split("found ")[1]), z, 1e-6)
        }),
      )
    }
  })

  it.effect("does not name masked or finite sites before the one at fault", () =>
    Effect.gen(function* () {
      const model = Effect.fnUntraced(function* () {
        yield* observe("fine", Normal({ loc: 0, scale: 1 }), 1)
        const w = yield* falling(2)
        const falls = Normal({ loc: 0, scale: detach(() => tf.clone(w)) })
        yield* mask(observe("masked", falls, 1), tf.scalar(0, "bool"))
        yield* observe("first", falls, 1)
        yield* observe("second", falls, 1)
      })
      const error = yield* Effect.flip(fitSVI(model, nothing, undefined, descent))
      expect(error).toMatchObject({ step: 3, site: "first", parameter: "scale" })
    }),
  )

  describe("left out", () => {
    const rows = [0.5, 1, 1e30, 1.5, 2, 2.5]
    // The square of (1e30 − loc) is beyond float32.
    const model = Effect.fnUntraced(function* (x: tf.Tensor) {
      const loc = yield* param("loc", 0)
      yield* plate("rows", { size: 6 })(observe("x", Normal({ loc, scale: 1 }), x), x)
    })
    const nothing = (_: tf.Tensor) => Effect.void

    it.effect("leaves parameters and optimizer as they were, and the fit goes on", () =>
      Effect.gen(function* () {
        const data = yield* Dataset.fromArray(rows, [6])
        const reports: Array<StepReport> = []
        const options = {
          key: Key.key(1),
          batchSize: 1,
          epochs: 3,
          optimizer: Optimizer.sgd(0.01),
          nonFinite: "skip",
          onStep: (report: StepReport) => Effect.sync(() => void reports.push(report)),
        } as const
        const taken: Array<number> = []
        const watched: typeof data = {
          ...data,
          take: (indices, key) => {
            taken.push(indices[0]!)
            return data.take(indices, key)
          },
        }
        const fit = yield* fitSVI(model, nothing, watched, options)
        expect(fit.steps).toBe(18)
        expect(reports.filter(({ skipped }) => skipped)).toHaveLength(3)
        for (const report of reports) expect(Number.isFinite(report.metrics.elbo)).toBe(!report.skipped)
        for (const epoch of fit.history) expect(epoch.metrics.elbo).toSatisfy(Number.isFinite)
        // Descent over the rows that were not left out, in the order in which they came: each counts six times.
        let loc = 0
        for (const row of taken
          .slice(2, -1)
          .filter((row, i, all) => row !== 2 && !(i > 0 && all[i - 1] === row))) {
          loc -= 0.01 * 6 * (loc - rows[row]!)
        }
        expectClose(fit.params.loc, loc, 1e-5)
      }),
    )

    it.effect("a hundred times in a row, fails all the same; ninety-nine times, not", () =>
      Effect.gen(function* () {
        let runs = 0
        /** Not finite from its `from`-th step on, for `times` steps. */
        const faulty = (from: number, times: number) => {
          runs = 0
          return Effect.fnUntraced(function* (x: tf.Tensor) {
            const mu = yield* sample("mu", Normal({ loc: 0, scale: 2 }))
            runs++
            const bad = runs > from && runs <= from + 2 * times
            yield* plate("rows", { size: 1 })(observe("x", Normal({ loc: bad ? tf.mul(mu, Number.NaN) : mu, scale: 1 }), x), x) // biome-ignore format: one line
          })
        }
        const data = tf.tensor1d([1])
        const options = { steps: 300, nonFinite: "skip" } as const
        // Each such step is taken twice, the second time to find what went wrong; there is one run before the first.
        const error = yield* Effect.flip(fitSVI(faulty(5, 100), mean.guide, data, options))
        expect(error).toBeInstanceOf(NonFinite)
        expect(error).toMatchObject({ step: 104, site: "x", parameter: "loc" })
        const fit = yield* fitSVI(faulty(5, 99), mean.guide, data, options)
        expect(fit.steps).toBe(300)
      }),
    )

    it.effect("as often as it likes, if not in a row", () =>
      Effect.gen(function* () {
        let runs = 0
        const model = Effect.fnUntraced(function* (x: tf.Tensor) {
          const mu = yield* sample("mu", Normal({ loc: 0, scale: 2 }))
          // A good step is one run; a bad one two.
          const loc = runs++ % 3 === 0 ? mu : tf.mul(mu, Number.NaN)
          yield* plate("rows", { size: 1 })(observe("x", Normal({ loc, scale: 1 }), x), x)
        })
        let skipped = 0
        const fit = yield* fitSVI(model, mean.guide, tf.tensor1d([1]), {
          steps: 300,
          nonFinite: "skip",
          onStep: (report) =>
            Effect.sync(() => {
              if (report.skipped) skipped++
            }),
        })
        expect(fit.steps).toBe(300)
        expect(skipped).toBe(150)
      }),
    )

    it.effect("is not what happens unless asked for", () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(fitSVI(model, nothing, tf.tensor1d(rows), { steps: 5 }))
        expect(error).toMatchObject({ _tag: "NonFinite", step: 1, site: "x", index: [2] })
      }),
    )

    it.effect("an epoch of nothing else has no metrics", () =>
      Effect.gen(function* () {
        const fit = yield* fitSVI(model, nothing, tf.tensor1d(rows), { steps: 5, nonFinite: "skip" })
        expect(fit.history.map(({ metrics }) => metrics)).toEqual([{}, {}, {}, {}, {}])
        expect(fit.elbo).toBeNaN()
        expectClose(fit.params.loc, 0)
      }),
    )
  })
})
