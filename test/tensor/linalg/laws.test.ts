/**
 * What holds of every function of `tensor/linalg`, for each row of the table in `cases.ts` and on both backends: the
 * value is that in float64 rounded once; the gradient, and the gradient of the gradient, are those of central
 * differences in float64; values and first derivatives are the same to the bit on cpu and wasm; nothing leaks.
 */
import { describe, expect, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { valueAndGradient } from "../../../src/tensor/gradient.ts"
import type { Tree } from "../../../src/tensor/Tree.ts"
import { on } from "../../laws/onBackends.ts"
import { type Dense, expectNoLeak, random, toTensor } from "../kernels/reference.ts"
import { type Case, cases } from "./cases.ts"
import * as R from "./reference.ts"

/** Half a unit in the last place of float32, and what float64 may add to it. */
const ROUNDING = 2 ** -24 * 1.00001
/** Products of rounded factors and their sums: tens of roundings. */
const FIRST = 5e-6
/** Besides, the differences' own error, 1e-8 or so. */
const SECOND = 5e-5

const results = new Map<string, Record<string, ReadonlyArray<Float32Array>>>()

on(["cpu", "wasm"], (check, backend) => {
  for (const row of cases) {
    check(row.name, () => {
      const weights = random(row.reference(...row.xs).shape, 99)
      const value = R.differences((xs) => R.total(row.reference(...xs), weights), row.xs, 1e-5)
      expectNoLeak(() => {
        tf.tidy(() => {
          const xs = row.xs.map(toTensor)
          const found = row.f(...xs)
          expectRounded(found, row.reference(...row.xs), row.slack ?? 0)
          const gradient = gradientOf(row, weights)(xs)
          for (const [i, g] of gradient.entries()) expectNear(g, value[i]!, FIRST)
          const bits = [found, ...gradient].map((x) => Float32Array.from(x.dataSync()))
          results.set(row.name, { ...results.get(row.name), [backend]: bits })
        })
      })
    })
  }
})

on(["cpu", "wasm"], (check) => {
  for (const row of cases.filter(({ name }) => !name.includes("[2,2]"))) {
    check(`${row.name}, second derivative`, () => {
      const weights = random(row.reference(...row.xs).shape, 98)
      const directions = row.xs.map((x, i) => random(x.shape, 97 - i))
      const gradientAt = (xs: ReadonlyArray<Dense>) =>
        R.differences((ys) => R.total(row.reference(...ys), weights), xs, 1e-4)
      const along = (step: number) =>
        row.xs.map((x, i) => ({ ...x, values: x.values.map((v, j) => v + step * directions[i]!.values[j]!) }))
      const [up, down] = [gradientAt(along(1e-4)), gradientAt(along(-1e-4))]
      expectNoLeak(() => {
        tf.tidy(() => {
          const vs = directions.map(toTensor)
          const second = gradientsOf((xs) => {
            const products = gradientOf(row, weights)(xs).map((g, i) => tf.sum(tf.mul(g, vs[i]!)))
            return tf.addN(products)
          }, row.xs.map(toTensor))
          second.forEach((g, i) => {
            const expected = up[i]!.values.map((value, j) => (value - down[i]!.values[j]!) / 2e-4)
            expectNear(g, { shape: up[i]!.shape, values: expected }, SECOND)
          })
        })
      })
    })
  }
})

describe("cpu and wasm", () => {
  it("agree to the bit, in value and gradient", () => {
    expect(results.size).toBe(cases.length)
    for (const [name, { cpu, wasm }] of results) expect(wasm, name).toEqual(cpu)
  })
})

const gradientOf =
  ({ f }: Case, weights: Dense) =>
  (xs: ReadonlyArray<tf.Tensor>): ReadonlyArray<tf.Tensor> =>
    gradientsOf((ys) => tf.sum(tf.mul(f(...ys), toTensor(weights))), xs)

/** Zero where `f` does not depend on an argument. */
const gradientsOf = (
  f: (xs: ReadonlyArray<tf.Tensor>) => tf.Tensor,
  xs: ReadonlyArray<tf.Tensor>,
): ReadonlyArray<tf.Tensor> => {
  const tree = Object.fromEntries(xs.map((x, i) => [`x${i}`, x]))
  const evaluate = (t: Tree) => ({ value: f(Object.values(t as Record<string, tf.Tensor>)), aux: {} })
  return Object.values(valueAndGradient(tree, evaluate).gradient as Record<string, tf.Tensor>)
}

/** Each value the float32 nearest to the float64 one, up to `slack` roundings more. */
const expectRounded = (found: tf.Tensor, expected: Dense, slack: number): void => {
  expect(found.shape).toEqual([...expected.shape])
  const values = found.dataSync()
  const largest = expected.values.reduce((most, x) => Math.max(most, Math.abs(x)), 0)
  expected.values.forEach((x, i) => {
    // Where a value is the small difference of large ones, float64's own rounding counts.
    const allowed = (1 + slack) * ROUNDING * Math.abs(x) + 1e-14 * largest + slack * ROUNDING * largest
    expect(Math.abs(values[i]! - x) <= allowed, `element ${i}: ${values[i]}, expected ${x}`).toBe(true)
  })
}

const expectNear = (found: tf.Tensor, expected: Dense, tolerance: number): void => {
  expect(found.shape).toEqual([...expected.shape])
  const values = found.dataSync()
  const largest = expected.values.reduce((most, x) => Math.max(most, Math.abs(x)), 1)
  expected.values.forEach((x, i) => {
    const off = Math.abs(values[i]! - x)
    expect(off <= tolerance * largest, `element ${i}: ${values[i]}, expected ${x}`).toBe(true)
  })
}
