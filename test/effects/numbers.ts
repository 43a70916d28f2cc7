/** Log-densities by their textbook formulas, in float64 and without the library, and how tests compare with them. */
import { expect } from "@effect/vitest"
import type * as tf from "@tensorflow/tfjs-core"

/** log N(x; loc, scale²). */
export const normal = (x: number, loc: number, scale: number): number =>
  -0.5 * ((x - loc) / scale) ** 2 - Math.log(scale) - 0.5 * Math.log(2 * Math.PI)

/** The log-density of a variable whose logarithm is N(loc, scale²). */
export const logNormal = (x: number, loc: number, scale: number): number =>
  normal(Math.log(x), loc, scale) - Math.log(x)

/** Σ over a list. */
export const sum = (xs: ReadonlyArray<number>): number => xs.reduce((total, x) => total + x, 0)

/** A tensor's numbers. */
export const numbers = (t: tf.Tensor): ReadonlyArray<number> => Array.from(t.dataSync())

/** Float32 keeps seven digits, and sums lose one of them. */
export const expectClose = (
  actual: tf.Tensor | number,
  expected: number | ReadonlyArray<number>,
  tolerance = 2e-6,
): void => {
  const found = typeof actual === "number" ? [actual] : numbers(actual)
  const wanted = typeof expected === "number" ? [expected] : expected
  expect(found).toHaveLength(wanted.length)
  wanted.forEach((e, i) => {
    const distance = Math.abs(found[i]! - e)
    // Written so that NaN fails.
    if (!(distance <= tolerance * (1 + Math.abs(e)))) expect(found).toEqual(wanted)
  })
}
