/** Special functions against closed forms and one another, and what they refuse. */
import "@tensorflow/tfjs-backend-cpu"
import { beforeAll, describe, expect, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { InvalidArgument } from "../../../src/tensor/errors.ts"
import { registerKernels } from "../../../src/tensor/kernels/register.ts"
import * as special from "../../../src/tensor/special.ts"

beforeAll(async () => {
  registerKernels("cpu")
  await tf.setBackend("cpu")
  Object.assign(tf.backend(), { firstUse: false })
})

const at = (f: (...args: ReadonlyArray<tf.Tensor>) => tf.Tensor, ...args: ReadonlyArray<number>): number =>
  tf.tidy(() => f(...args.map((x) => tf.scalar(x))).dataSync()[0]!)

/** P(T < −t) for a Student's t of ν degrees, as the comment on `betainc` has it. */
const studentTail = (df: number, t: number): number => {
  const sum = df + t * t
  return t * t < df
    ? 0.5 * at(special.betaincc as never, 0.5, df / 2, (t * t) / sum)
    : 0.5 * at(special.betainc as never, df / 2, 0.5, df / sum)
}

/** Within float32's rounding of the arguments, too. */
const close = (found: number, expected: number, relative = 5e-7) =>
  expect(Math.abs(found / expected - 1) < relative, `${found}, expected ${expected}`).toBe(true)

describe("special functions in closed form", () => {
  it("a Student's t of 1 and 2 degrees, of 1e8 as a normal's, and at 1e-2", () => {
    for (const t of [0.01, 1, 30, 1e4]) {
      close(studentTail(1, t), Math.atan(1 / t) / Math.PI)
      close(studentTail(2, t), 1 / (Math.sqrt(2 + t * t) * (t + Math.sqrt(2 + t * t))))
    }
    // The squares in x are rounded, and the tail's slope multiplies that by t².
    for (const t of [0.5, 1, 3, 5]) close(studentTail(1e8, t), at(special.ndtr as never, -t), 2e-6)
    // 30 digits of mpmath's betainc.
    close(studentTail(0.01, 2), 0.4819083033150091, 1e-6)
  })

  it("incomplete gamma and beta functions of small integers", () => {
    for (const x of [0.001, 0.3, 2, 15]) {
      close(at(special.gammainc as never, 1, x), -Math.expm1(-Math.fround(x)))
      close(at(special.gammaincc as never, 2, x), (1 + Math.fround(x)) * Math.exp(-Math.fround(x)))
      close(at(special.gammainc as never, 0.5, x * x), at(special.erf as never, x))
    }
    for (const x of [0.001, 0.3, 0.9].map(Math.fround)) {
      close(at(special.betainc as never, 4, 1, x), x ** 4)
      close(at(special.betaincc as never, 1, 7, x), (1 - x) ** 7)
      close(at(special.betainc as never, 0.5, 0.5, x), (2 / Math.PI) * Math.asin(Math.sqrt(x)))
    }
  })

  it("the examples of the module's head", () => {
    const quantiles = tf.tidy(() =>
      special.gammainc(tf.scalar(1e6), tf.tensor1d([0.999e6, 1.001e6])).dataSync(),
    )
    expect([...quantiles].map((p) => p.toFixed(4))).toEqual(["0.1587", "0.8413"])
    const slope = tf.tidy(
      () =>
        tf
          .grad((a) => special.lbeta(a, tf.scalar(0.5)))(tf.scalar(1e8))
          .dataSync()[0]!,
    )
    close(slope, -5e-9)
  })

  it("the chain lgamma, digamma, trigamma, polygamma by repeated gradients", () => {
    const x = tf.scalar(2.5)
    let f: (x: tf.Tensor) => tf.Tensor = special.lgamma
    for (let n = 0; n < 5; n++) {
      const g = tf.grad(f)
      const [found, expected] = tf.tidy(() => [g(x).dataSync()[0]!, special.polygamma(n, x).dataSync()[0]!])
      expect(found).toBe(expected)
      f = g
    }
    x.dispose()
  })

  it("polygamma refuses an order that it has not", () => {
    for (const n of [-1, 0.5, 101, Number.NaN]) {
      const bad = () => special.polygamma(n, tf.scalar(1))
      expect(bad).toThrow(InvalidArgument)
      expect(bad).toThrow(`polygamma: expected an integer n from 0 to 100, found ${n}`)
    }
  })
})
