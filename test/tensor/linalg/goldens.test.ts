/**
 * Against tables from elsewhere (test/goldens/linalg.py): 50-digit factors of ill-conditioned matrices at their float32
 * elements, SciPy's factors and solutions of a batch, and JAX's gradients and Hessian products in float64.
 */
import { expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import * as L from "../../../src/tensor/linalg.ts"
import golden from "../../goldens/linalg.json" with { type: "json" }
import { on } from "../../laws/onBackends.ts"

type Nested = number | ReadonlyArray<Nested>

/** Half a unit in the last place. */
const HALF = 2 ** -24
const { batch, illConditioned, large } = golden

const systems = [
  { name: "lower", options: {} },
  { name: "lower, transposed", options: { transpose: true } },
  { name: "upper", options: { lower: false } },
  { name: "upper, transposed", options: { lower: false, transpose: true } },
] as const

const tensor = (x: Nested): tf.Tensor => tf.tensor(x as Array<number>, undefined, "float32")
const flat = (x: Nested): ReadonlyArray<number> => (typeof x === "number" ? [x] : x.flatMap(flat))
const norm = (x: ReadonlyArray<number>): number => Math.hypot(...x)

/** The largest |found − expected| / |expected|; an expected zero must be found. */
const worst = (found: tf.Tensor, expected: Nested): number => {
  const values = found.dataSync()
  return flat(expected).reduce((most: number, x, i) => {
    const off = Math.abs(values[i]! - x)
    return Math.max(most, off === 0 ? 0 : off / Math.abs(x))
  }, 0)
}

/** |found − expected| / |expected| of all the elements together. */
const distance = (found: tf.Tensor, expected: Nested): number => {
  const values = found.dataSync()
  const exact = flat(expected)
  return norm(exact.map((x, i) => values[i]! - x)) / norm(exact)
}

on(["cpu", "wasm"], (check) => {
  for (const { name, condition, a, b, factor, inverse, solution, logDet } of illConditioned) {
    check(`${name}, condition number ${condition.toExponential(0)}`, () => {
      tf.tidy(() => {
        const matrix = tensor(a)
        const l = L.cholesky(matrix)
        // The exact factor rounded: float64's own error is lost in the last bit.
        expect(worst(l, factor)).toBeLessThan(1.001 * HALF)
        expect(worst(L.logDetCholesky(l), logDet / 2)).toBeLessThan(2 * HALF)
        expect(worst(L.logDet(matrix), logDet)).toBeLessThan(2 * HALF)
        // The backward pass factorizes again: what is left is the rounding of the gradient in L, and the result's.
        expect(distance(tf.grad(L.logDet)(matrix), inverse)).toBeLessThan(2 * HALF)
        // From the rounded factor on, its rounding is amplified: 26 times at most here, by far less than `condition`.
        expect(distance(L.choleskyInverse(l), inverse)).toBeLessThan(32 * HALF)
        const column = tf.expandDims(tensor(b), -1)
        expect(distance(L.choleskySolve(l, column), solution)).toBeLessThan(32 * HALF)
        const form = b.reduce((sum, x, i) => sum + x * solution[i]!, 0)
        expect(worst(L.quadraticForm(l, tensor(b)), form)).toBeLessThan(32 * HALF)
      })
    })
  }

  check("1 / (1 + |i − j|), 64 by 64", () => {
    tf.tidy(() => {
      const rows = Array.from({ length: 64 }, (_, i) =>
        Array.from({ length: 64 }, (_, j) => Math.fround(1 / (1 + Math.abs(i - j)))),
      )
      const l = L.cholesky(tensor(rows))
      expect(worst(tf.slice(l, [63, 0], [1, 64]), large.lastRow)).toBeLessThan(1.001 * HALF)
      expect(worst(L.logDet(tensor(rows)), large.logDet)).toBeLessThan(4 * HALF)
    })
  })

  check("a batch [2, 3] of 4 by 4: SciPy's values", () => {
    tf.tidy(() => {
      const [a, b, t] = [tensor(batch.a), tensor(batch.b), tensor(batch.t)]
      const l = L.cholesky(a)
      expect(worst(l, batch.cholesky)).toBeLessThan(1.001 * HALF)
      expect(worst(L.logDet(a), batch.logDet)).toBeLessThan(16 * HALF)
      expect(distance(L.choleskySolve(l, b), batch.solution)).toBeLessThan(32 * HALF)
      expect(distance(L.choleskyInverse(l), batch.inverse)).toBeLessThan(32 * HALF)
      for (const { name, options } of systems) {
        expect(worst(L.triangularSolve(t, b, options), batch.triangular[name])).toBeLessThan(1.001 * HALF)
      }
      expect(worst(L.packTriangular(a), batch.packed)).toBe(0)
      expect(worst(L.packTriangular(a, { diagonal: -1 }), batch.packedWithoutDiagonal)).toBe(0)
      expect(distance(L.fillTriangular(tensor(batch.packed)), flat(L.tril(a).arraySync() as Nested))).toBe(0)
    })
  })

  const { derivatives } = batch
  const derived: ReadonlyArray<
    readonly [keyof typeof derivatives, at: Nested, f: (x: tf.Tensor) => tf.Tensor]
  > = [
    ["cholesky", batch.a, (a) => tf.mul(L.cholesky(a), tensor(batch.w))],
    ["logDet", batch.a, L.logDet],
    ["choleskySolve", batch.t, (t) => tf.mul(L.choleskySolve(t, tensor(batch.b)), tensor(batch.u))],
    ["choleskyInverse", batch.t, (t) => tf.mul(L.choleskyInverse(t), tensor(batch.w))],
    ...systems.map(
      ({ name, options }) =>
        [
          `triangularSolve ${name}`,
          batch.t,
          (t: tf.Tensor) => tf.mul(L.triangularSolve(t, tensor(batch.b), options), tensor(batch.u)),
        ] as const,
    ),
  ]
  for (const [name, at, f] of derived) {
    check(`${name}: JAX's gradient and Hessian product`, () => {
      tf.tidy(() => {
        const x = tensor(at)
        const gradient = tf.grad((y: tf.Tensor) => tf.sum(f(y)))
        expect(distance(gradient(x), derivatives[name].gradient)).toBeLessThan(16 * HALF)
        const direction = tensor(batch.direction)
        const along = tf.grad((y: tf.Tensor) => tf.sum(tf.mul(gradient(y), direction)))(x)
        expect(distance(along, derivatives[name].along)).toBeLessThan(64 * HALF)
      })
    })
  }
})
