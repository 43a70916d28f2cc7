/**
 * What holds for every special function, by the table in functions.ts: its value within an ulp of float32 everywhere,
 * the same bits on both backends, the values at the ends of its domain, gradients, shapes, types and memory.
 */
import "@tensorflow/tfjs-backend-cpu"
import "@tensorflow/tfjs-backend-wasm"
import { beforeAll, describe, expect, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { InvalidArgument, ShapeMismatch } from "../../../src/tensor/errors.ts"
import { registerKernels } from "../../../src/tensor/kernels/register.ts"
import goldenBessel from "../../goldens/specialBessel.json" with { type: "json" }
import golden from "../../goldens/specialFunctions.json" with { type: "json" }
import goldenMatrices from "../../goldens/specialMatrices.json" with { type: "json" }
import { expectNoLeak } from "../kernels/reference.ts"
import { rows } from "./functions.ts"
import { arity, type Row } from "./Row.ts"

const tables = { ...golden, ...goldenBessel, ...goldenMatrices } as unknown as Readonly<
  Record<string, ReadonlyArray<ReadonlyArray<number | string>>>
>

beforeAll(async () => {
  for (const backend of ["cpu", "wasm"] as const) {
    registerKernels(backend)
    await tf.setBackend(backend)
    // A backend advertises at its first use.
    Object.assign(tf.backend(), { firstUse: false })
  }
})

/** The values of f at a list of arguments, on one backend. */
const values = ({ f }: Row, points: ReadonlyArray<ReadonlyArray<number>>, backend: string): Float32Array => {
  tf.setBackend(backend)
  return tf.tidy(() => f(...columns(points)).dataSync()) as Float32Array
}

const columns = (points: ReadonlyArray<ReadonlyArray<number>>): ReadonlyArray<tf.Tensor> =>
  (points[0] ?? []).map((_, i) => tf.tensor1d(points.map((point) => point[i]!)))

/** The distance from one float32 to its neighbor, about a value. */
const ulp = (x: number): number => {
  const size = Math.abs(x)
  return size < 2 ** -126 ? 2 ** -149 : 2 ** (Math.floor(Math.log2(size)) - 23)
}

/** How many ulps a float32 is off; 0 where both are the same infinity. */
const off = (found: number, expected: number): number => {
  const rounded = Math.fround(expected)
  if (Object.is(found, rounded) || found === rounded) return 0
  return Math.abs(found - expected) / ulp(expected)
}

const goldens = ({ name }: Row) => {
  const table = tables[name]!
  return {
    args: table.map((line) => line.slice(0, -1).map(Number)),
    expected: table.map((line) => Number(line.at(-1))),
  }
}

describe.each(rows)("$name", (row) => {
  const { f, inside, special, refuses = [] } = row

  it("is within an ulp of the exact value at the float32 arguments", () => {
    const { args, expected } = goldens(row)
    const found = values(row, args, row.stock ? "wasm" : "cpu")
    const errors = expected.map((value, i) => off(found[i]!, value))
    const worst = errors.reduce((most, error, i) => (error <= errors[most]! ? most : i), 0)
    expect(expected.length).toBeGreaterThan(10)
    expect(errors[worst]! <= 1, `${errors[worst]} ulp at ${args[worst]}: ${found[worst]}`).toBe(true)
  })

  it("has its values at the ends of the domain and NaN where an argument is", () => {
    const points = special.map(([args]) => args)
    const nan = Array.from({ length: arity(row) }, (_, i) =>
      Array.from({ length: arity(row) }, (_, j) => (i === j ? Number.NaN : 0.5)),
    )
    const found = [...values(row, [...points, ...nan], "cpu")]
    const expected = [...special.map(([, value]) => Math.fround(value)), ...nan.map(() => Number.NaN)]
    expect(found).toEqual(expected)
  })

  if (!row.stock)
    it("is the same on both backends, bit for bit", () => {
      const points = [...goldens(row).args, ...special.map(([args]) => args)]
      // A NaN has many patterns, of which V8 may write any.
      const bits = (backend: string) =>
        new Uint32Array(values(row, points, backend).map((x) => (Number.isNaN(x) ? Number.NaN : x)).buffer)
      expect(bits("wasm")).toEqual(bits("cpu"))
    })

  it("has the gradient of finite differences", () => {
    // Richardson's extrapolation from central differences with steps of 1% and 2%, with an allowance of a thousandth for
    // its own error and of an ulp for the rounding of each value.
    for (const at of inside) {
      at.forEach((x, i) => {
        if (refuses.includes(i)) return
        const shifted = (by: number) => at.map((v, j) => (i === j ? Math.fround(v + by) : v))
        const step = (h: number) => {
          const [up, down] = [shifted(h), shifted(-h)]
          const [high, low] = values(row, [up, down], "cpu")
          return (high! - low!) / (up[i]! - down[i]!)
        }
        const h = stepAt(row, at, i)
        const difference = (4 * step(h) - step(2 * h)) / 3
        const gradient = tf.tidy(() => derivative(row, at, i).dataSync()[0]!)
        const value = Math.abs(values(row, [at], "cpu")[0]!)
        const tolerance = 1e-3 * Math.abs(gradient) + (1.5e-7 * value) / h
        expect(
          Math.abs(gradient - difference) <= tolerance,
          `at ${at}, argument ${i}: ${gradient}, by differences ${difference} ± ${tolerance} (x = ${x})`,
        ).toBe(true)
      })
    }
  })

  if (refuses.length > 0)
    it("refuses a derivative that is not implemented", () => {
      for (const i of refuses) {
        const refused = () => tf.tidy(() => derivative(row, inside[0]!, i))
        expect(refused).toThrow(InvalidArgument)
        expect(refused).toThrow(/a gradient: expected a derivative that is implemented, found the|found 101/)
      }
    })

  it("broadcasts, keeps the shape, and takes other types for float32", () => {
    tf.setBackend("wasm")
    const point = inside[0] ?? [2]
    tf.tidy(() => {
      const shapes = [
        [3, 1],
        [1, 2],
        [2, 3, 2],
      ]
      const args = point.map((v, i) => tf.fill(shapes[i]!, v))
      const out = f(...args)
      const expected = [
        [3, 1],
        [3, 2],
        [2, 3, 2],
      ][args.length - 1]!
      expect(out.shape).toEqual(expected)
      expect(out.dtype).toBe("float32")
      const one = values(row, [point], "wasm")[0]!
      expect([...out.dataSync()]).toEqual(new Array(out.size).fill(one))
      const gradients = tf.grads(f as (...args: Array<tf.Tensor>) => tf.Tensor)
      if (refuses.length === 0) {
        expect(gradients([...args]).map((g) => g.shape)).toEqual(args.map((arg) => arg.shape))
      }
      expect(f(...point.map(() => tf.zeros([0, 2]))).shape).toEqual([0, 2])
      const ints = point.map(() => tf.scalar(1, "int32"))
      const floats = point.map(() => tf.scalar(1))
      if (!row.stock) expect(f(...ints).dataSync()).toEqual(f(...floats).dataSync())
    })
    if (arity(row) === 1) return
    const bad = () => f(...point.map((v, i) => tf.fill([i + 2], v)))
    expect(() => tf.tidy(bad)).toThrow(ShapeMismatch)
  })

  it("leaves nothing behind", () => {
    for (const backend of ["cpu", "wasm"]) {
      tf.setBackend(backend)
      const args = (inside[0] ?? [2]).map((v) => tf.fill([2, 2], v))
      const scalar = (inside[0] ?? [2]).map((v) => tf.scalar(v))
      expectNoLeak(() => {
        f(args[0]!, ...scalar.slice(1)).dispose()
        if (refuses.length > 0) return
        for (const g of tf.grads(f as (...args: Array<tf.Tensor>) => tf.Tensor)(args)) g.dispose()
      })
      tf.dispose([args, scalar])
    }
  })
})

/** The derivative in the i-th argument alone. */
const derivative = ({ f }: Row, at: ReadonlyArray<number>, i: number): tf.Tensor => {
  const args = at.map((v) => tf.scalar(v))
  return tf.grad((x) => f(...args.map((arg, j) => (i === j ? x : arg))))(args[i]!)
}

/** 1% of the argument, less where it is large or next to the end of an interval. */
const stepAt = (row: Row, at: ReadonlyArray<number>, i: number): number => {
  const x = Math.abs(at[i]!)
  const isFraction =
    /^(erfinv|ndtri)/.test(row.name) || (arity(row) === 3 ? i === 2 : i === 1 && /incc?inv/.test(row.name))
  return isFraction ? 0.01 * Math.min(x, 1 - x) : (0.01 * x) / (1 + 0.1 * Math.sqrt(x))
}
