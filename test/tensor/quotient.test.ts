/** Quotients and logarithms at scales from 1e-30 to 1e30, against float64; and their gradients. */
import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { logRatio, logSumSquares, quotient } from "../../src/tensor/quotient.ts"
import { xCothMinusOne } from "../../src/tensor/stable.ts"
import { expectClose, numbers } from "../laws/numbers.ts"
import { on } from "../laws/onBackends.ts"

type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor

const both = (f: Binary, a: number, b: number): ReadonlyArray<number> =>
  tf.tidy(() => {
    const value = f(tf.scalar(a), tf.scalar(b)).dataSync()[0]!
    const gradients = tf.grads((a, b) => f(a!, b!))([tf.scalar(a), tf.scalar(b)])
    return [value, ...gradients.map((g) => g.dataSync()[0]!)]
  })

const scales = [1e-30, 3e-12, 0.7, 1, 1.0000001, 5, 4e15, 1e30].map(Math.fround)
const inFloat32 = (x: number) => Math.abs(x) < 3e38 && Math.abs(x) > 1e-37

describe("a quotient", () => {
  on(["cpu", "wasm"], (check) => {
    const compare = (
      name: string,
      f: Binary,
      exact: (a: number, b: number) => ReadonlyArray<number>,
      absolute: number,
    ) =>
      check(`${name}: value and gradients wherever float32 has them`, () => {
        for (const a of scales) {
          for (const b of scales) {
            const expected = exact(a, b)
            const found = both(f, a, b)
            expected.forEach((e, i) => {
              if (!inFloat32(e)) return
              expectClose(
                [found[i]!],
                [e],
                { relative: 5e-7, absolute: i === 0 ? absolute : 0 },
                `${a}, ${b}`,
              )
            })
          }
        }
      })

    compare("quotient", quotient, (a, b) => [a / b, 1 / b, -a / b / b], 0)
    compare("logRatio", logRatio, (a, b) => [Math.log(a / b), 1 / a, -1 / b], 0)
    compare(
      "logSumSquares",
      logSumSquares,
      (a, b) => {
        const s = a * a + b * b
        return [Math.log(s), (2 * a) / s, (2 * b) / s]
      },
      2e-7,
    )

    check("of zeros, and in no digit of a difference", () => {
      expect(both(logSumSquares, 0, 0)[0]).toBe(-Infinity)
      expect(both(logSumSquares, 0, 2)).toEqual([Math.fround(Math.log(4)), 0, 1])
      expect(both(logRatio, 1, 1)).toEqual([0, 1, -1])
    })

    check("broadcasts, its gradients summed back to the shapes of its arguments", () => {
      tf.tidy(() => {
        const a = tf.tensor([[1], [2]])
        const b = tf.tensor([1, 2, 4])
        const [toA, toB] = tf.grads((a, b) => tf.sum(quotient(a!, b!)))([a, b])
        expect(toA!.shape).toEqual([2, 1])
        expect(numbers(() => toA!)).toEqual([1.75, 1.75])
        expect(numbers(() => toB!)).toEqual([-3, -0.75, -0.1875])
      })
    })
  })

  on(["cpu"], (check) => {
    check("has second derivatives", () => {
      tf.tidy(() => {
        const at = tf.scalar(3)
        const second = (f: (x: tf.Tensor) => tf.Tensor) =>
          numbers(() => tf.grad((x) => tf.grad(f)(x as tf.Tensor))(at))[0]!
        const two = tf.scalar(2)
        expectClose([second((x) => quotient(two, x))], [4 / 27], { relative: 1e-6 })
        expectClose([second((x) => logRatio(two, x))], [1 / 9], { relative: 1e-6 })
        expectClose([second((x) => logSumSquares(two, x))], [(8 - 18) / 169], { relative: 1e-6 })
        expectClose([second((x) => logSumSquares(x, tf.scalar(5)))], [(50 - 18) / 34 ** 2], {
          relative: 1e-6,
        })
      })
    })

    check("x coth x − 1 keeps the digits of a small x, and has its gradient", () => {
      const at = [1e-6, 1e-3, 0.1, 0.7, 1.4999, 1.5, 2, 10, 80].map(Math.fround)
      const exact = (x: number) => (x < 0.05 ? x ** 2 / 3 - x ** 4 / 45 : x / Math.tanh(x) - 1)
      const slope = (x: number) =>
        x < 0.05 ? (2 * x) / 3 - (4 * x ** 3) / 45 : 1 / Math.tanh(x) - x / Math.sinh(x) ** 2
      expectClose(
        numbers(() => xCothMinusOne(tf.tensor(at))),
        at.map(exact),
        { relative: 4e-7 },
      )
      expectClose(
        numbers(() => tf.grad((x: tf.Tensor) => tf.sum(xCothMinusOne(x)))(tf.tensor(at))),
        at.map(slope),
        { relative: 3e-6 },
      )
    })
  })
})
