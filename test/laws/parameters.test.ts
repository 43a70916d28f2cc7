/**
 * Laws of bad parameters and of memory: a number on the host is refused as the distribution is made, a tensor by
 * `findProblem`; the methods of such a distribution throw that same error; and no method leaves a tensor behind,
 * whether it succeeds or throws.
 */
import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { findProblem } from "../../src/distributions/Distribution.ts"
import { InvalidParameter } from "../../src/distributions/errors.ts"
import { ShapeMismatch } from "../../src/tensor/errors.ts"
import * as Key from "../../src/tensor/Key.ts"
import { type Able, families, tensors } from "./families.ts"
import { on } from "./onBackends.ts"

const key = Key.key(11)

const thrownBy = (body: () => unknown): unknown => {
  try {
    body()
  } catch (thrown) {
    return thrown
  }
  return "nothing was thrown"
}

describe("parameters", () => {
  on(["cpu"], (check) => {
    check("that are wrong are refused by name, with what was found and where", () => {
      for (const row of families) {
        expect(row.bad.length, row.name).toBeGreaterThan(0)
        for (const { params, parameter, found } of row.bad) {
          const title = `${row.name} ${JSON.stringify(params)}`
          const d = row.make(params)
          const problem = d.problem as InvalidParameter
          expect(problem, title).toBeInstanceOf(InvalidParameter)
          expect(problem.parameter, title).toBe(parameter)
          expect(problem.found, title).toContain(found)
          expect(problem.message, title).toContain(`parameter "${parameter}" must be ${problem.constraint}`)
          expect(findProblem(d), title).toBe(problem)
          const value = tf.zeros([...d.eventShape])
          for (const use of [
            () => d.sample(key),
            () => d.rsample?.(key) ?? d.sample(key),
            () => d.logProb(value),
            () => (d.mean ?? d.entropy ?? d.mode ?? (() => d.sample(key))).call(d),
            () => d.toEvent(0).logProb(value),
            () => d.expand([2]).sample(key),
          ]) {
            expect(thrownBy(use), title).toEqual(problem)
          }
          value.dispose()
          tf.tidy(() => {
            const unread = row.make(tensors(params))
            expect(unread.problem, title).toBeUndefined()
            const late = findProblem(unread) as InvalidParameter
            expect(late, title).toBeInstanceOf(InvalidParameter)
            expect(late.parameter, title).toBe(parameter)
            expect(late.found, title).toContain(found)
            expect(findProblem(unread.toEvent(0)), title).toEqual(late)
          })
        }
        for (const params of row.params) {
          tf.tidy(() => {
            expect(findProblem(row.make(tensors(params))), row.name).toBeUndefined()
          })
        }
      }
    })

    check("that are no numbers at all are refused by name, as callers without types may give them", () => {
      for (const row of families) {
        const params = row.params[0]!
        for (const name of Object.keys(params)) {
          for (const [given, found] of [
            ["a", '"a"'],
            [["1", 2], '"1"'],
            [
              [
                [1, 2],
                [3, null],
              ],
              "nothing",
            ],
            [null, "nothing"],
            [true, "true"],
            [{ value: 1 }, "what is no number"],
          ] as const) {
            const title = `${row.name}.${name}: ${JSON.stringify(given)}`
            const { problem } = row.make({ ...params, [name]: given as never })
            expect(problem, title).toBeInstanceOf(InvalidParameter)
            expect((problem as InvalidParameter).found, title).toBe(found)
          }
        }
      }
    })

    check("that do not broadcast, or have no cells, are refused", () => {
      for (const row of families) {
        const params = row.params[0]!
        const names = Object.keys(params)
        tf.tidy(() => {
          const stacked = (name: string, n: number) =>
            tf.stack(Array.from({ length: n }, () => tf.tensor(params[name] as tf.TensorLike)))
          const empty = row.make({
            ...params,
            [names[0]!]: tf.zeros([0, ...stacked(names[0]!, 1).shape.slice(1)]),
          })
          expect(empty.problem, row.name).toBeInstanceOf(ShapeMismatch)
          expect(empty.problem!.message, row.name).toContain("no dimension of size 0")
          if (names.length < 2 || row.name.includes("affine")) return
          const d = row.make({
            ...params,
            [names[0]!]: stacked(names[0]!, 2),
            [names[1]!]: stacked(names[1]!, 3),
          })
          expect(d.problem, row.name).toBeInstanceOf(ShapeMismatch)
          expect(d.problem!.message, row.name).toMatch(/parameters that broadcast, found \w+ \[2/)
          expect(findProblem(d), row.name).toBe(d.problem)
        })
      }
    })
  })
})

describe("no method leaves a tensor behind", () => {
  on(["cpu", "wasm"], (check) => {
    for (const row of families) {
      check(row.name, () => {
        const params = tensors(row.params[0]!)
        const make = row.make(params) as Able
        const draw = make.sample(key, [3])
        const wrong = tf.zeros([3, ...make.eventShape])
        const probability = tf.tensor([0.2, 0.7])
        const uses = (d: Able): Record<string, () => tf.Tensor> => ({
          sample: () => d.sample(key, [3]),
          logProb: () => d.logProb(draw),
          ...(d.rsample && { rsample: () => d.rsample!(key, [3]) }),
          ...(d.mean && { mean: () => d.mean!() }),
          ...(d.variance && { variance: () => d.variance!() }),
          ...(d.mode && { mode: () => d.mode!() }),
          ...(d.entropy && { entropy: () => d.entropy!() }),
          ...(d.cdf && { cdf: () => d.cdf!(draw) }),
          ...(d.icdf && { icdf: () => d.icdf!(probability) }),
          ...(d.enumerate && { enumerate: () => d.enumerate!() }),
        })
        const each: Record<string, () => tf.Tensor> = {
          ...uses(make),
          ...Object.fromEntries(
            Object.entries(uses(make.expand([2]).toEvent(0) as Able)).map(([name, use]) => [
              `event ${name}`,
              use,
            ]),
          ),
        }
        delete each["event logProb"]
        const before = tf.memory().numTensors
        for (const [name, use] of Object.entries(each)) {
          const result = use()
          expect(tf.memory().numTensors, `${row.name}.${name}`).toBe(before + 1)
          result.dispose()
          expect(tf.memory().numTensors, `${row.name}.${name}`).toBe(before)
        }
        expect(
          thrownBy(() => make.expand([2]).logProb(wrong)),
          row.name,
        ).toBeInstanceOf(ShapeMismatch)
        expect(tf.memory().numTensors, row.name).toBe(before)
        // The results are the caller's: freeing them has not touched the parameters.
        for (const tensor of Object.values(params)) expect(tensor.isDisposed, row.name).toBe(false)
        const gradient = tf.grads((...values: Array<tf.Tensor>) => {
          const d = row.make(
            Object.fromEntries(Object.keys(params).map((name, i) => [name, values[i]!])),
          ) as Able
          return tf.sum(d.logProb(d.rsample ? d.rsample(key, [3]) : draw))
        })
        if (row.name !== "Delta") for (const g of gradient(Object.values(params))) g.dispose()
        expect(tf.memory().numTensors, `gradient of ${row.name}`).toBe(before)
        for (const tensor of [draw, wrong, probability, ...Object.values(params)]) tensor.dispose()
      })
    }
  })
})
