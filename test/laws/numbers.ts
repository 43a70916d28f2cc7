/** Reading tensors, and comparing them with numbers. */
import { expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"

/** The numbers of the tensor that `body` gives, whose other tensors are freed. */
export const numbers = (body: () => tf.Tensor): ReadonlyArray<number> =>
  tf.tidy(() => Array.from(body().dataSync()))

/** Equal to within `relative` of the expected value or `absolute`, or the same infinity. */
export const expectClose = (
  actual: ReadonlyArray<number>,
  expected: ReadonlyArray<number>,
  tolerance: { readonly relative?: number; readonly absolute?: number },
  what = "",
): void => {
  expect(actual.length, what).toBe(expected.length)
  const { relative = 0, absolute = 0 } = tolerance
  actual.forEach((a, i) => {
    const e = expected[i]!
    if (Number.isFinite(e)) {
      const allowed = Math.max(absolute, relative * Math.abs(e))
      expect(Math.abs(a - e), `${what} [${i}]: ${a} for ${e}`).toBeLessThanOrEqual(allowed)
    } else expect(a, `${what} [${i}]`).toBe(e)
  })
}
