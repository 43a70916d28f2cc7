/**
 * Optimizers against Optax's trajectories in float64 (`goldens/optimizers.py`): twenty steps on Rosenbrock's
 * function beside a quadratic. The gradients are evaluated here, in float64, so that only the update is under
 * test; what differs is float32 rounding of the parameters and the state.
 */
import { describe, expect, it, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import * as Optimizer from "../../src/inference/Optimizer.ts"
import * as Schedule from "../../src/inference/Schedule.ts"
import { Backend } from "../../src/tensor/Backend.ts"
import { ShapeMismatch, TreeMismatch } from "../../src/tensor/errors.ts"
import * as Tree from "../../src/tensor/Tree.ts"
import goldens from "../goldens/optimizers.json" with { type: "json" }

type Name = keyof typeof goldens.trajectories

const cosine = Schedule.cosine(0.05, { decaySteps: 15, alpha: 0.1 })

const cases: { readonly [name in Name]: Optimizer.Optimizer } = {
  sgd: Optimizer.sgd(1e-3),
  sgdCosine: Optimizer.sgd(Schedule.cosine(2e-3, { decaySteps: 15, alpha: 0.1 })),
  momentum: Optimizer.momentum(1e-3),
  nesterov: Optimizer.momentum(1e-3, { decay: 0.8, nesterov: true }),
  adam: Optimizer.adam(0.05),
  adamOptions: Optimizer.adam(0.05, { b1: 0.5, b2: 0.9, eps: 1e-3 }),
  adamCosine: Optimizer.adam(cosine),
  adamW: Optimizer.adamW(0.05, { weightDecay: 0.1 }),
  adamWDefault: Optimizer.adamW(0.05),
  adamWMask: Optimizer.adamW(cosine, { weightDecay: 0.2, decayed: (path) => path === "quadratic/w" }),
  rmsprop: Optimizer.rmsprop(0.02),
  rmspropCentered: Optimizer.rmsprop(0.02, { decay: 0.8, eps: 1e-4, centered: true }),
  rmspropMomentum: Optimizer.rmsprop(0.01, { momentum: 0.7 }),
  rmspropNesterov: Optimizer.rmsprop(0.01, { momentum: 0.7, nesterov: true }),
  adagrad: Optimizer.adagrad(0.1),
  adagradOptions: Optimizer.adagrad(0.1, { initialAccumulator: 0, eps: 1e-3 }),
  clipByNorm: Optimizer.chain(Optimizer.clipByNorm(20), Optimizer.sgd(2e-3)),
  clipByValue: Optimizer.chain(Optimizer.clipByValue(5), Optimizer.sgd(0.01)),
  chain: Optimizer.chain(
    Optimizer.clipByNorm(5),
    Optimizer.scaleByAdam(),
    Optimizer.scaleBySchedule((step) => -cosine(step)),
  ),
}

const start = () => ({
  rosenbrock: tf.tensor1d(goldens.start.rosenbrock),
  quadratic: { w: tf.tensor2d(goldens.start.quadratic.w) },
})

const values = (tree: Tree.Tree) => Tree.leaves(tree).flatMap((leaf) => Array.from(leaf.dataSync()))

/** The gradient of the goldens' function, its leaves in another order than the parameters'. */
const gradient = (params: Tree.Tree): Tree.Tree => {
  const [x, y, ...w] = values(params) as [number, number, ...Array<number>]
  const target = goldens.target.flat()
  const weight = goldens.weight.flat()
  return {
    quadratic: {
      w: tf.tensor2d(
        w.map((wi, i) => weight[i]! * (wi - target[i]!)),
        [2, 3],
      ),
    },
    rosenbrock: tf.tensor1d([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)]),
  }
}

/** The parameters after each step, in the goldens' order. Every tensor is disposed by its owner. */
const run = (optimizer: Optimizer.Optimizer, steps: number, onStep: () => void = () => {}) => {
  let params: Tree.Tree = start()
  let state = optimizer.init(params)
  const path: Array<Array<number>> = []
  for (let step = 0; step < steps; step++) {
    const grads = gradient(params)
    const next = optimizer.update(grads, state, params)
    const moved: Tree.Tree = Tree.zipWith(params, next.updates, (param, update) => tf.add(param, update))
    for (const old of [params, state.slots, grads, next.updates]) Tree.dispose(old)
    params = moved
    state = next.state
    path.push(values(params))
    onStep()
  }
  Tree.dispose(params)
  Tree.dispose(state.slots)
  return { path, state }
}

for (const [backend, provided] of [["wasm", Backend.wasm()] as const, ["cpu", Backend.cpu()] as const]) {
  layer(provided)(`on ${backend}`, (it) => {
    for (const [name, optimizer] of Object.entries(cases)) {
      it(`${name} takes Optax's steps, and leaves no tensor`, () => {
        const before = tf.memory().numTensors
        const { path, state } = run(optimizer, 20)
        expect(tf.memory().numTensors).toBe(before)
        expect(optimizer.problem).toBeUndefined()
        expect(state.count).toBe(20)
        const expected = goldens.trajectories[name as Name]
        expect(path).toHaveLength(expected.length)
        path.forEach((row, step) => {
          row.forEach((value, i) => {
            // Thirty float32 roundings of numbers around 1; the options under test move them by 3e-4 and more.
            expect(Math.abs(value - expected[step]![i]!), `step ${step}, value ${i}`).toBeLessThan(2e-5)
          })
        })
      })
    }
  })
}

it("covers every golden", () =>
  expect(Object.keys(cases).sort()).toEqual(Object.keys(goldens.trajectories).sort()))

layer(Backend.wasm())("an optimizer", (it) => {
  it("keeps the tensor count flat over 500 steps", () => {
    const optimizer = Optimizer.chain(cases.chain, Optimizer.rmsprop(0.01, { momentum: 0.5, centered: true }))
    const counts = new Set<number>()
    run(optimizer, 500, () => counts.add(tf.memory().numTensors))
    expect(counts.size).toBe(1)
  })

  it("shows every tensor of its state, and goes on from a state rebuilt of its entries", () => {
    const before = tf.memory().numTensors
    const optimizer = Optimizer.chain(
      Optimizer.chain(Optimizer.clipByNorm(5), Optimizer.clipByValue(4)),
      Optimizer.adam(0.05),
      Optimizer.momentum(0.5),
    )
    const params = start()
    const grads = gradient(params)
    const initial = optimizer.init(params)
    const { updates, state } = optimizer.update(grads, initial, params)
    // Two moments and a trace for each of two leaves; then the updates, the gradients and the parameters.
    expect(Tree.leaves(state.slots)).toHaveLength(6)
    expect(tf.memory().numTensors - before).toBe(6 + 6 + 2 + 2 + 2)
    const rebuilt: Optimizer.OptimizerState = {
      count: state.count,
      slots: Tree.fromEntries(Tree.entries(state.slots)) as Optimizer.OptimizerState["slots"],
    }
    const a = optimizer.update(grads, state, params)
    const b = optimizer.update(grads, rebuilt, params)
    expect(values(b.updates)).toEqual(values(a.updates))
    expect(values(b.state.slots)).toEqual(values(a.state.slots))
    for (const tree of [params, grads, initial.slots, updates, state.slots]) Tree.dispose(tree)
    for (const next of [a, b]) {
      Tree.dispose(next.updates)
      Tree.dispose(next.state.slots)
    }
    expect(tf.memory().numTensors).toBe(before)
  })

  it("takes a lone tensor, and parameters without a leaf", () => {
    tf.tidy(() => {
      const adam = Optimizer.adam(0.1)
      const alone = tf.scalar(3)
      const { updates } = adam.update(tf.scalar(2), adam.init(alone), alone)
      // Adam's first step is the learning rate in the direction of the sign.
      expect(values(updates)[0]).toBeCloseTo(-0.1, 6)
      expect(adam.update({}, adam.init({}), {}).updates).toEqual({})
      const clip = Optimizer.clipByNorm(1)
      expect(clip.update({}, clip.init({}), {}).updates).toEqual({})
    })
  })

  it("clips by norm only where the norm is larger, and keeps zero at zero", () => {
    tf.tidy(() => {
      const clip = Optimizer.clipByNorm(10)
      const clipped = (a: number, b: number) => {
        const grads = { a: tf.scalar(a), b: tf.tensor1d([b]) }
        return values(clip.update(grads, clip.init(grads), grads).updates)
      }
      expect(clipped(3, 4)).toEqual([3, 4])
      expect(clipped(0, 0)).toEqual([0, 0])
      expect(clipped(30, 40)).toEqual([6, 8])
    })
  })

  it("centers a steady gradient without a NaN", () => {
    tf.tidy(() => {
      // v − m² falls to rounding of g², which is as often negative and far above eps = 1e-8.
      const optimizer = Optimizer.rmsprop(0.1, { centered: true })
      const params = tf.zeros([1000])
      const grads = tf.linspace(100, 10_000, 1000)
      let state = optimizer.init(params)
      for (let step = 0; step < 300; step++) {
        const next = optimizer.update(grads, state, params)
        state = next.state
        expect(values(next.updates).every(Number.isFinite)).toBe(true)
      }
    })
  })

  it("throws TreeMismatch and ShapeMismatch where broadcasting would pass in silence", () => {
    const before = tf.memory().numTensors
    tf.tidy(() => {
      const adam = Optimizer.adam(0.1)
      const params = { w: tf.zeros([3]), b: tf.zeros([2]) }
      const state = adam.init(params)
      const refusal = (grads: Tree.Tree, from: Optimizer.OptimizerState = state) => {
        try {
          adam.update(grads, from, params)
        } catch (error) {
          return error
        }
        return undefined
      }
      const missing = refusal({ w: tf.ones([3]) })
      expect(missing).toBeInstanceOf(TreeMismatch)
      expect((missing as TreeMismatch).message).toContain("b")
      const scalar = refusal({ w: tf.ones([1]), b: tf.ones([2]) })
      expect(scalar).toBeInstanceOf(ShapeMismatch)
      expect((scalar as ShapeMismatch).message).toBe(
        'Optimizer.update, params, "w": expected the gradient\'s shape [1], found [3]',
      )
      const foreign = refusal(params, Optimizer.sgd(0.1).init(params))
      expect(foreign).toBeInstanceOf(TreeMismatch)
      expect((foreign as TreeMismatch).message).toBe("Optimizer.update, state, m: missing w, b")
    })
    expect(tf.memory().numTensors).toBe(before)
  })
})

describe("hyperparameters out of range", () => {
  const nan = Number.NaN
  const bad = Schedule.cosine(1, { decaySteps: 0 })
  it.each<readonly [string, Optimizer.Optimizer, message: string]>([
    ["sgd", Optimizer.sgd(-1), "Optimizer.sgd, learningRate: expected a finite number, at least 0, found -1"],
    ["sgd, schedule", Optimizer.sgd(bad), bad.problem!.message],
    [
      "momentum",
      Optimizer.momentum(1, { decay: 1 }),
      "Optimizer.momentum, decay: expected at least 0 and below 1, found 1",
    ],
    [
      "momentum, rate",
      Optimizer.momentum(nan),
      "Optimizer.momentum, learningRate: expected a finite number, at least 0, found NaN",
    ],
    [
      "adam, b1",
      Optimizer.adam(1e-3, { b1: 1 }),
      "Optimizer.adam, b1: expected at least 0 and below 1, found 1",
    ],
    [
      "adam, b2",
      Optimizer.adam(1e-3, { b2: -0.1 }),
      "Optimizer.adam, b2: expected at least 0 and below 1, found -0.1",
    ],
    [
      "adam, eps",
      Optimizer.adam(1e-3, { eps: 0 }),
      "Optimizer.adam, eps: expected a finite number above 0, found 0",
    ],
    ["adam, schedule", Optimizer.adam(bad), bad.problem!.message],
    [
      "adamW",
      Optimizer.adamW(1e-3, { weightDecay: -1 }),
      "Optimizer.adamW, weightDecay: expected a finite number, at least 0, found -1",
    ],
    [
      "adamW, b1",
      Optimizer.adamW(1e-3, { b1: nan }),
      "Optimizer.adamW, b1: expected at least 0 and below 1, found NaN",
    ],
    [
      "rmsprop",
      Optimizer.rmsprop(1e-3, { decay: 2 }),
      "Optimizer.rmsprop, decay: expected at least 0 and below 1, found 2",
    ],
    [
      "rmsprop, momentum",
      Optimizer.rmsprop(1e-3, { momentum: -1 }),
      "Optimizer.rmsprop, momentum: expected at least 0 and below 1, found -1",
    ],
    [
      "adagrad",
      Optimizer.adagrad(1e-3, { initialAccumulator: -1 }),
      "Optimizer.adagrad, initialAccumulator: expected a finite number, at least 0, found -1",
    ],
    [
      "clipByNorm",
      Optimizer.clipByNorm(0),
      "Optimizer.clipByNorm, maxNorm: expected a finite number above 0, found 0",
    ],
    [
      "clipByValue",
      Optimizer.clipByValue(-1),
      "Optimizer.clipByValue, maxValue: expected a finite number above 0, found -1",
    ],
    ["scaleBySchedule", Optimizer.scaleBySchedule(bad), bad.problem!.message],
    ["an empty chain", Optimizer.chain(), "Optimizer.chain: expected at least one optimizer, found none"],
    [
      "a chain of a chain",
      Optimizer.chain(Optimizer.clipByNorm(1), Optimizer.chain(Optimizer.sgd(nan))),
      "Optimizer.sgd, learningRate: expected a finite number, at least 0, found NaN",
    ],
  ])("%s", (_, optimizer, message) => {
    expect(optimizer.problem?._tag).toBe("InvalidArgument")
    expect(optimizer.problem?.message).toBe(message)
  })
})
