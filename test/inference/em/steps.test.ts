/** What the halves of an alternation carry, report and are blamed for; one component; a floor that is not small. */
import { readFileSync } from "node:fs"
import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import {
  Backend,
  BoundDecreased,
  Categorical,
  closedForm,
  elbo,
  enumerated,
  fitEM,
  fitVariationalEM,
  GaussianMixture,
  Key,
  NonFinite,
  Normal,
  type Objective,
  Optimizer,
  observe,
  type Progress,
  param,
  plate,
  Support,
  sample,
} from "../../../src/index.ts"
import { normal, sum } from "../../effects/numbers.ts"

const size = 40
const optimizer = Optimizer.adam(0.1)

/** z_n ~ N(θ, 1), x_n ~ N(z_n, 0.5²), and a normal for each z_n. */
const model = Effect.fnUntraced(
  function* (x: tf.Tensor) {
    const z = yield* sample("z", Normal({ loc: yield* param("theta", 0), scale: 1 }))
    return yield* observe("x", Normal({ loc: z, scale: 0.5 }), x)
  },
  plate("data", { size }),
)
const guide = Effect.fnUntraced(
  function* (_: tf.Tensor) {
    const loc = yield* param("loc", tf.zeros([size]))
    return yield* sample("z", Normal({ loc, scale: yield* param("scale", 1, { support: Support.positive }) }))
  },
  plate("data", { size }),
)
const data = () => Normal({ loc: 1, scale: 1.1 }).sample(Key.key(5), [size])
const still = closedForm<tf.Tensor>(() => ({}))

/** Two normals, of weights that an M-step may set. */
const mixture = Effect.fnUntraced(
  function* (x: tf.Tensor) {
    const probs = yield* param("probs", [0.5, 0.5], { support: Support.simplex })
    const scale = yield* param("scale", 1, { support: Support.positive })
    const z = yield* sample("z", Categorical({ probs }))
    return yield* observe("x", Normal({ loc: tf.gather([-1, 1], tf.cast(z, "int32")), scale }), x)
  },
  plate("data", { size }),
)
const classes = Effect.fnUntraced(
  function* (_: tf.Tensor) {
    return yield* sample("z", Categorical({ logits: yield* param("logits", tf.zeros([size, 2])) }))
  },
  plate("data", { size }),
)

const faithful = readFileSync(new URL("../../../examples/ladder/faithful.csv", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .slice(1)
  .map((row) => row.split(",").map(Number))

layer(Backend.wasm())("the variational E-step", (it) => {
  it.effect("tells its objective how far it has come, over all iterations", () =>
    Effect.gen(function* () {
      const seen: Array<number> = []
      const klWeight = Object.assign((step: number) => {
        seen.push(step)
        return Math.min(1, 0.5 + step / 100)
      }, {})
      const x = data()
      const fit = yield* fitVariationalEM(model, guide, x, {
        mStep: still,
        optimizer,
        objective: elbo({ klWeight }),
        steps: 4,
        iterations: 3,
        tolerance: 0,
      })
      // The bound at the end is of one more E-step.
      expect(seen).toEqual(Array.from({ length: 4 * (3 + 1) }, (_, step) => step))
      expect(Number.isFinite(fit.bound)).toBe(true)
    }),
  )

  it.effect("keeps what its objective remembers, and frees it in the end", () =>
    Effect.gen(function* () {
      const seen: Array<number> = []
      const counting: Objective<"pathwise" | "score"> = {
        name: "counting",
        estimate: (programs, key, training, progress?: Progress) => {
          const before = progress!.memory.calls ?? tf.scalar(0)
          seen.push(before.dataSync()[0]!)
          return { ...enumerated().estimate(programs, key, training), memory: { calls: tf.add(before, 1) } }
        },
      }
      const x = data()
      const tensors = tf.memory().numTensors
      yield* Effect.scoped(
        fitVariationalEM(model, guide, x, {
          mStep: still,
          optimizer,
          objective: counting,
          steps: 3,
          iterations: 2,
          tolerance: 0,
        }),
      )
      expect(seen).toEqual(Array.from({ length: 3 * (2 + 1) }, (_, call) => call))
      expect(tf.memory().numTensors).toBe(tensors)
    }),
  )
})

layer(Backend.wasm())("what is blamed", (it) => {
  const dead = () => tf.tensor1d([1, 0])

  it.effect("where a component has died and a guide still believes in it: the component", () =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(
        fitVariationalEM(mixture, classes, data(), {
          mStep: closedForm<tf.Tensor>(() => ({ probs: dead() })),
          optimizer,
          iterations: 5,
        }),
      )
      expect(failure).toBeInstanceOf(NonFinite)
      expect(failure.message).toBe(
        'step 2 is not finite at site "z": value 1 has probability 0: a bound that averages over it is -Infinity',
      )
    }),
  )

  it.effect("where the exact E-step rules a dead component out: what is wrong besides", () =>
    Effect.gen(function* () {
      let taken = 0
      const failure = yield* Effect.flip(
        fitEM(mixture, data(), {
          mStep: closedForm<tf.Tensor>(
            () => (++taken < 3 ? { probs: dead() } : { scale: tf.scalar(Number.NaN) }),
            { isMonotone: false },
          ),
          tolerance: 0,
        }),
      )
      expect(failure).toBeInstanceOf(NonFinite)
      expect(failure.message).toMatch(/^step 3 .*parameter "scale".*NaN, from the M-step$/)
    }),
  )
})

for (const backend of ["cpu", "wasm"] as const) {
  layer(Backend[backend]())(`a mixture on ${backend}`, (it) => {
    describe("of one component", () => {
      it.effect("is a Gaussian, found in one iteration", () =>
        Effect.gen(function* () {
          const x = tf.tensor2d(faithful)
          const one = GaussianMixture.make({
            components: 1,
            dimensions: 2,
            size: 272,
            covariance: "diagonal",
            floor: 0,
          })
          const fit = yield* fitEM(one.model, x, { mStep: closedForm(one.maximize) })
          expect(fit.converged).toBe(true)
          expect(fit.iterations).toBeLessThanOrEqual(3)
          const columns = [0, 1].map((d) => faithful.map((row) => row[d]!))
          const locs = columns.map((column) => sum(column) / 272)
          const scales = columns.map((column, d) =>
            Math.sqrt(sum(column.map((v) => (v - locs[d]!) ** 2)) / 272),
          )
          const exact = sum(faithful.map((row) => sum(row.map((v, d) => normal(v, locs[d]!, scales[d]!)))))
          expect(Math.abs(fit.bound - exact)).toBeLessThan(2e-3)
          locs.forEach((loc, d) => {
            expect(fit.params.loc.dataSync()[d]).toBeCloseTo(loc, 4)
          })
          scales.forEach((scale, d) => {
            expect(fit.params.scale.dataSync()[d]).toBeCloseTo(scale, 4)
          })
          expect([...fit.params.weights.dataSync()]).toEqual([1])
        }),
      )
    })

    describe("with a floor that is not small", () => {
      // From the maximum without a floor the first iteration can only fall.
      const start = Effect.fnUntraced(function* (x: tf.Tensor) {
        const shape = { components: 2, dimensions: 2, size: 272, covariance: "diagonal" } as const
        const free = GaussianMixture.make({ ...shape, floor: 0 })
        const params = yield* free.initialize(x, { method: "k-means++", key: Key.key(2) })
        const { params: best } = yield* fitEM(free.model, x, { mStep: closedForm(free.maximize), params })
        return { floored: GaussianMixture.make({ ...shape, floor: 0.5 }), best }
      })

      it.effect("fails, naming the iteration, where it claims to maximize", () =>
        Effect.gen(function* () {
          const x = tf.tensor2d(faithful)
          const { floored, best } = yield* start(x)
          const mStep = closedForm(floored.maximize)
          const failure = yield* Effect.flip(fitEM(floored.model, x, { mStep, params: best }))
          expect(failure).toBeInstanceOf(BoundDecreased)
          expect(failure.message).toMatch(/^iteration 1 lowered the bound/)
        }),
      )

      it.effect("goes on where it does not: isMonotone: false", () =>
        Effect.gen(function* () {
          const x = tf.tensor2d(faithful)
          const { floored, best } = yield* start(x)
          const mStep = closedForm(floored.maximize, { isMonotone: false })
          const fit = yield* fitEM(floored.model, x, { mStep, params: best })
          expect(fit.converged).toBe(true)
          expect(fit.bound).toBeLessThan(fit.history[0]! - 1)
          expect(Math.min(...fit.params.scale.dataSync())).toBeGreaterThan(Math.sqrt(0.5))
        }),
      )
    })
  })
}
