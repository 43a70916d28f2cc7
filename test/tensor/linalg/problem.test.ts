import { expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { ShapeMismatch } from "../../../src/tensor/errors.ts"
import * as L from "../../../src/tensor/linalg.ts"
import { on } from "../../laws/onBackends.ts"
import { expectNoLeak, toTensor } from "../kernels/reference.ts"
import * as R from "./reference.ts"

on(["cpu", "wasm"], (check) => {
  const problem = (values: ReadonlyArray<number>, shape: Array<number>): L.CholeskyProblem | undefined => {
    const a = tf.tensor([...values], shape, "float32")
    const found = L.choleskyProblem(a)
    a.dispose()
    return found
  }
  const good = [4, 2, 2, 3]

  check("finds nothing where there is a factor, and leaves nothing behind", () => {
    const a = toTensor(R.positiveDefinite([2, 3], 6, 1))
    expectNoLeak(() => {
      expect(L.choleskyProblem(a)).toBeUndefined()
    })
    expect(problem([], [0, 2, 2])).toBeUndefined()
    a.dispose()
  })

  check("names the first bad member of a batch, the row of its pivot and the pivot", () => {
    const matrices = [good, good, good, good, [1, 2, 2, 1], [-1, 0, 0, 1]].flat()
    expect(problem(matrices, [2, 3, 2, 2])).toEqual({
      reason: "notPositiveDefinite",
      batch: [1, 1],
      pivot: 1,
      value: -3,
      message:
        "batch member [1, 1], row 1: the pivot is -3, which is not positive: the matrix is not positive definite",
    })
  })

  check("finds a singular matrix, and one that is only just not positive definite", () => {
    expect(problem([1, 1, 1, 1], [2, 2])).toMatchObject({ batch: [], pivot: 1, value: 0 })
    const below = Math.fround(1 - 2 ** -24)
    expect(problem([1, 1, 1, below], [2, 2])).toMatchObject({ pivot: 1, value: -(2 ** -24) })
    expect(problem([1, below, below, 1], [2, 2])).toBeUndefined()
  })

  check("finds what is not a number, with its place", () => {
    expect(problem([...good, 1, Number.NaN, Number.NaN, 1], [2, 2, 2])?.message).toBe(
      "batch member [1], row 0: the element in column 1 is NaN",
    )
    expect(problem([Number.POSITIVE_INFINITY, 0, 0, 1], [2, 2])).toMatchObject({
      reason: "notFinite",
      pivot: 0,
    })
  })

  check("finds an asymmetric matrix, at every scale, and not what rounding leaves", () => {
    const message = "row 1: the elements [1, 0] and [0, 1] differ by 2: the matrix is not symmetric"
    expect(problem([4, 0, 2, 3], [2, 2])).toMatchObject({ reason: "asymmetric", pivot: 1, value: 2, message })
    expect(problem([4e-20, 0, 2e-20, 3e-20], [2, 2])?.reason).toBe("asymmetric")
    expect(problem([4e20, 2e20, 2.00001e20, 3e20], [2, 2])).toBeUndefined()
  })

  check("says what cholesky does: a problem of definiteness is a NaN, and no problem is none", () => {
    tf.tidy(() => {
      for (let k = 0; k < 40; k++) {
        // The smallest eigenvalue, 1 + 3x, passes 0 at x = −1/3.
        const x = -1 / 3 + (k - 20) * 1e-3 + 5e-4
        const a = tf.tensor2d([1, x, x, x, x, 1, x, x, x, x, 1, x, x, x, x, 1], [4, 4])
        const spoiled = Number.isNaN(L.cholesky(a).dataSync()[0]!)
        expect(spoiled).toBe(x < -1 / 3)
        expect(L.choleskyProblem(a) !== undefined).toBe(spoiled)
      }
    })
  })

  check("refuses what is not square", () => {
    tf.tidy(() => {
      const call = () => L.choleskyProblem(tf.zeros([2, 3]))
      expect(call).toThrow(ShapeMismatch)
      expect(call).toThrow("choleskyProblem: expected a square matrix [...batch, n, n], found [2, 3]")
    })
  })
})
