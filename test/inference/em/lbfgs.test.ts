import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import {
  Backend,
  Categorical,
  Key,
  Normal,
  Optimizer,
  observe,
  param,
  plate,
  Support,
  sample,
} from "../../../src/index.ts"
import { lbfgs } from "../../../src/inference/em/lbfgs.ts"
import { closedForm, gradientSteps } from "../../../src/inference/em/mStep.ts"
import { fitEM } from "../../../src/inference/fitEM.ts"
import { type LbfgsState, start, step } from "../../../src/inference/optimizer/lbfgs.ts"
import type * as Tree from "../../../src/tensor/Tree.ts"

/** Σ 100 (x_{i+1} − x_i²)² + (1 − x_i)², whose minimum is 0 at ones. */
const rosenbrock = ({ x }: { readonly x: tf.Tensor }): tf.Tensor => {
  const n = x.shape[0]!
  const [here, next] = [tf.slice(x, 0, n - 1), tf.slice(x, 1, n - 1)]
  const valley = tf.mul(tf.square(tf.sub(next, tf.square(here))), 100)
  return tf.sum(tf.add(valley, tf.square(tf.sub(1, here))))
}

interface Points {
  readonly x: tf.Tensor
  readonly y: tf.Tensor
}

/** The values of f along a minimization, and where it ended. */
const minimize = <T extends Tree.Tree>(
  f: (params: T) => tf.Tensor,
  params: T,
  iterations: number,
  evaluations?: number,
) => {
  let state: LbfgsState<T> = start(f, params)
  const values = [state.value]
  for (let i = 0; i < iterations; i++) {
    state = step(f, state, evaluations)
    values.push(state.value)
  }
  return { state, values: values.map((value) => value.dataSync()[0]!) }
}

for (const backend of ["cpu", "wasm"] as const) {
  layer(Backend[backend]())(`L-BFGS on ${backend}`, (it) => {
    it.effect.each([
      { n: 2, iterations: 45, first: [-1.2, 1] },
      { n: 8, iterations: 70, first: [-1.2, 1, -1.2, 1, -1.2, 1, -1.2, 1] },
    ])("Rosenbrock's valley in $n dimensions", ({ first, iterations }) =>
      Effect.sync(() =>
        tf.tidy(() => {
          const { state, values } = minimize(rosenbrock, { x: tf.tensor1d(first) }, iterations)
          expect(values.at(-1)).toBeLessThan(1e-8)
          for (const x of state.params.x.dataSync()) expect(Math.abs(x - 1)).toBeLessThan(1e-3)
          values.forEach((value, i) => {
            if (i > 0) expect(value, `step ${i}`).toBeLessThanOrEqual(values[i - 1]!)
          })
        }),
      ),
    )
  })
}

layer(Backend.cpu())("an L-BFGS step", (it) => {
  it.effect("solves a quadratic of n numbers in about n steps, over a tree", () =>
    Effect.sync(() =>
      tf.tidy(() => {
        const f = ({ a, b }: { readonly a: tf.Tensor; readonly b: tf.Tensor }) =>
          tf.add(tf.sum(tf.mul([1, 100], tf.square(tf.sub(a, [3, -1])))), tf.mul(10, tf.square(tf.sub(b, 2))))
        const { state } = minimize(f, { a: tf.zeros([2]), b: tf.scalar(0) }, 16)
        expect(state.params.b.shape).toEqual([])
        const [x, y] = state.params.a.dataSync() as unknown as [number, number]
        expect(x).toBeCloseTo(3, 4)
        expect(y).toBeCloseTo(-1, 4)
        expect(state.params.b.dataSync()[0]).toBeCloseTo(2, 4)
      }),
    ),
  )

  it.effect("has the two loops' direction: that of the BFGS matrix", () =>
    Effect.sync(() =>
      tf.tidy(() => {
        // After one step, H is BFGS's update of γI, here in float64; the next step is along −Hg.
        const h = [
          [3, 1],
          [1, 2],
        ] as const
        const g = (x: ReadonlyArray<number>) => h.map((row) => row[0] * x[0]! + row[1] * x[1]!)
        const f = (x: tf.Tensor) =>
          tf.mul(
            0.5,
            tf.sum(
              tf.mul(x, tf.squeeze(tf.matMul(tf.tensor2d(h.map((r) => [...r])), tf.expandDims(x, 1)), [1])),
            ),
          )
        const first = start(f, tf.tensor1d([1, -2]) as tf.Tensor)
        const second = step(f, first)
        const third = step(f, second)
        const at = (state: LbfgsState<tf.Tensor>) => [...state.params.dataSync()]
        const s = at(second).map((x, i) => x - at(first)[i]!)
        const y = g(at(second)).map((x, i) => x - g(at(first))[i]!)
        const dot = (a: ReadonlyArray<number>, b: ReadonlyArray<number>) =>
          a.reduce((sum, x, i) => sum + x * b[i]!, 0)
        const gradient = g(at(second))
        const rho = 1 / dot(s, y)
        const gamma = dot(s, y) / dot(y, y)
        // (I − ρ s yᵀ) γ (I − ρ y sᵀ) g + ρ s sᵀ g
        const inner = gradient.map((x, i) => gamma * (x - rho * y[i]! * dot(s, gradient)))
        const d = inner.map((x, i) => -(x - rho * s[i]! * dot(y, inner)) - rho * s[i]! * dot(s, gradient))
        const moved = at(third).map((x, i) => x - at(second)[i]!)
        const cosine = dot(moved, d) / Math.sqrt(dot(moved, moved) * dot(d, d))
        expect(cosine).toBeGreaterThan(1 - 1e-6)
        // The Wolfe conditions hold there.
        const slope = dot(gradient, d)
        expect(third.value.dataSync()[0]!).toBeLessThan(second.value.dataSync()[0]!)
        expect(dot(g(at(third)), d)).toBeGreaterThanOrEqual(0.9 * slope)
      }),
    ),
  )

  it.effect("comes back from where the function has no value", () =>
    Effect.sync(() =>
      tf.tidy(() => {
        // x − log x: NaN below 0, where a step that doubles may end.
        const f = (x: tf.Tensor) => tf.sum(tf.sub(x, tf.log(x)))
        const { state, values } = minimize(f, tf.tensor1d([30]) as tf.Tensor, 15)
        expect(state.params.dataSync()[0]).toBeCloseTo(1, 3)
        expect(values.every(Number.isFinite)).toBe(true)
      }),
    ),
  )

  it.effect("goes far where the first step is short", () =>
    Effect.sync(() =>
      tf.tidy(() => {
        const f = (x: tf.Tensor) => tf.sum(tf.square(tf.sub(x, 1000)))
        const { state } = minimize(f, tf.tensor1d([0]) as tf.Tensor, 1)
        // The first step tried is of length 1; up to 100 the gradient is as steep as before.
        expect(state.params.dataSync()[0]).toBe(128)
      }),
    ),
  )

  it.effect("stays where nothing can be gained", () =>
    Effect.sync(() =>
      tf.tidy(() => {
        const flat = minimize((x: tf.Tensor) => tf.mul(0, tf.sum(x)), tf.tensor1d([1, 2]) as tf.Tensor, 2)
        expect([...flat.state.params.dataSync()]).toEqual([1, 2])
        const cliff = minimize((x: tf.Tensor) => tf.sum(tf.log(tf.neg(x))), tf.tensor1d([1]) as tf.Tensor, 2)
        expect([...cliff.state.params.dataSync()]).toEqual([1])
      }),
    ),
  )
})

layer(Backend.wasm())("lbfgs as an M-step", (it) => {
  // Two lines, mixed: each point lies about one of them.
  const n = 120
  const lines = Effect.fnUntraced(
    function* ({ x, y }: Points) {
      const probs = yield* param("probs", [0.5, 0.5], { support: Support.simplex })
      const slope = yield* param("slope", [1, -1])
      const at = yield* param("at", [0, 0])
      const scale = yield* param("scale", [1, 1], { support: Support.positive })
      const z = tf.cast(yield* sample("z", Categorical({ probs })), "int32")
      const loc = tf.add(tf.mul(tf.gather(slope, z), x), tf.gather(at, z))
      return yield* observe("y", Normal({ loc, scale: tf.gather(scale, z) }), y)
    },
    plate("data", { size: n }),
  )
  const data = () => {
    const x = tf.linspace(-2, 2, n)
    const which = tf.cast(tf.less(tf.tensor1d(Key.uniformValues(Key.key(1), [n], 0, 1)), 0.4), "float32")
    const line = tf.add(
      tf.mul(which, tf.add(tf.mul(2, x), 1)),
      tf.mul(tf.sub(1, which), tf.sub(tf.mul(-0.5, x), 1)),
    )
    return { x, y: tf.add(line, tf.mul(Key.normal(Key.key(2), [n]), tf.add(tf.mul(which, 0.2), 0.3))) }
  }
  /** Weighted least squares, line by line. */
  const regressions = closedForm<Points>(({ probabilities }, { x, y }) => {
    const w = probabilities.z!
    const [xs, ys] = [tf.expandDims(x, 1), tf.expandDims(y, 1)]
    const mean = (values: tf.Tensor) => tf.div(tf.sum(tf.mul(w, values), 0), tf.sum(w, 0))
    const dx = tf.sub(xs, mean(xs))
    const slope = tf.div(mean(tf.mul(dx, ys)), mean(tf.square(dx)))
    const at = tf.sub(mean(ys), tf.mul(slope, mean(xs)))
    const scale = tf.sqrt(mean(tf.square(tf.sub(ys, tf.add(tf.mul(slope, xs), at)))))
    return { probs: tf.mean(w, 0), slope, at, scale }
  })

  describe("of a mixture of regressions", () => {
    it.effect("goes as EM in closed form goes, and ends there", () =>
      Effect.gen(function* () {
        const options = { iterations: 40, tolerance: 0 }
        const exact = yield* fitEM(lines, data(), { ...options, mStep: regressions })
        const fit = yield* fitEM(lines, data(), { ...options, mStep: lbfgs({ iterations: 8 }) })
        // `fitEM` itself asserts that no iteration lowers the bound.
        expect(Math.abs(fit.bound - exact.bound)).toBeLessThan(2e-3)
        for (const name of ["probs", "slope", "at", "scale"] as const) {
          const gap = tf.max(tf.abs(tf.sub(fit.params[name], exact.params[name]))).dataSync()[0]!
          expect(gap, name).toBeLessThan(5e-3)
        }
        const early = fit.history.slice(0, 6).map((bound, i) => Math.abs(bound - exact.history[i]!))
        expect(Math.max(...early)).toBeLessThan(0.5)
      }),
    )

    it.effect("is further along than as many gradient steps", () =>
      Effect.gen(function* () {
        const options = { iterations: 6, tolerance: 0 }
        const quasi = yield* fitEM(lines, data(), {
          ...options,
          mStep: lbfgs({ iterations: 5, evaluations: 4 }),
        })
        const optimizer = Optimizer.adam(0.05)
        const plain = yield* fitEM(lines, data(), {
          ...options,
          mStep: gradientSteps({ optimizer, steps: 20 }),
        })
        expect(quasi.bound).toBeGreaterThan(plain.bound)
      }),
    )
  })

  it.effect("refuses options that cannot be", () =>
    Effect.gen(function* () {
      const mStep = lbfgs({ memory: 0 })
      const error = yield* Effect.flip(fitEM(lines, data(), { mStep, iterations: 1 }))
      expect(error).toHaveProperty("_tag", "InvalidArgument")
      expect((error as Error).message).toContain("lbfgs, memory")
    }),
  )

  it.effect("leaves no tensor behind", () =>
    Effect.gen(function* () {
      const points = data()
      const before = tf.memory().numTensors
      yield* Effect.scoped(fitEM(lines, points, { mStep: lbfgs(), iterations: 2 }))
      expect(tf.memory().numTensors).toBe(before)
    }),
  )
})
