/** Sizes 0, 1 and 64, matrices without a factor, singular triangles, other types, and memory over many calls. */
import { expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import * as L from "../../../src/tensor/linalg.ts"
import { on } from "../../laws/onBackends.ts"
import { expectNoLeak, random, toTensor } from "../kernels/reference.ts"
import * as R from "./reference.ts"

on(["cpu", "wasm"], (check, backend) => {
  check("a batch of none gives a batch of none, and gradients of zero to what it shared", () => {
    tf.tidy(() => {
      const none = tf.zeros([0, 3, 3])
      const vectors = tf.zeros([0, 3])
      const shapes = [
        L.cholesky(none),
        L.choleskyInverse(none),
        L.choleskySolve(none, tf.zeros([3, 2])),
        L.logDet(none),
        L.triangularSolve(tf.eye(3), tf.zeros([0, 3, 1])),
        L.quadraticForm(tf.eye(3), vectors),
        L.matvec(tf.eye(3), vectors),
        L.outer(vectors, vectors),
        L.setDiag(tf.eye(3), vectors),
        L.diagPart(none),
        L.tril(none),
        L.packTriangular(none),
      ].map(({ shape }) => shape)
      expect(shapes).toEqual([
        [0, 3, 3],
        [0, 3, 3],
        [0, 3, 2],
        [0],
        [0, 3, 1],
        [0],
        [0, 3],
        [0, 3, 3],
        [0, 3, 3],
        [0, 3],
        [0, 3, 3],
        [0, 6],
      ])
      // Not by way of tf.sum, whose gradient fails over nothing: tfjs does not broadcast to a size of 0.
      const gradient = tf.grad((l: tf.Tensor) => L.quadraticForm(l, vectors))(tf.eye(3), tf.zeros([0]))
      expect([...gradient.dataSync()].map(Math.abs)).toEqual(new Array(9).fill(0))
      expect(tf.grad(L.cholesky)(none, none).shape).toEqual([0, 3, 3])
      expect(tf.grad((a: tf.Tensor) => L.matvec(a, vectors))(tf.eye(3), vectors).shape).toEqual([3, 3])
    })
  })

  check("matrices of nothing have a determinant of 1 and factors of nothing", () => {
    tf.tidy(() => {
      expect(L.logDet(tf.zeros([2, 0, 0])).dataSync()).toEqual(Float32Array.of(0, 0))
      expect(L.cholesky(tf.zeros([2, 0, 0])).shape).toEqual([2, 0, 0])
      expect(L.quadraticForm(tf.zeros([0, 0]), tf.zeros([2, 0])).dataSync()).toEqual(Float32Array.of(0, 0))
      expect(L.triangularSolve(tf.eye(2), tf.zeros([2, 0])).shape).toEqual([2, 0])
      expect(L.fillTriangular(tf.zeros([4, 0]), { diagonal: -1 }).shape).toEqual([4, 1, 1])
      expect(L.fillTriangular(tf.zeros([4, 0])).shape).toEqual([4, 0, 0])
    })
  })

  check("1 by 1: the square root, the quotient, the logarithm", () => {
    tf.tidy(() => {
      const a = tf.tensor3d([[[4]], [[9]]])
      const l = L.cholesky(a)
      expect(l.dataSync()).toEqual(Float32Array.of(2, 3))
      expect(L.triangularSolve(l, tf.tensor2d([[6]])).dataSync()).toEqual(Float32Array.of(3, 2))
      expect(L.choleskySolve(l, tf.tensor2d([[36]])).dataSync()).toEqual(Float32Array.of(9, 4))
      expect(L.logDetCholesky(l).dataSync()).toEqual(Float32Array.of(Math.log(2), Math.log(3)))
    })
  })

  check("64 by 64: LLᵀ is A, and L times the solution is B", () => {
    tf.tidy(() => {
      const a = R.positiveDefinite([2], 64, 1)
      const l = L.cholesky(toTensor(a))
      const product = R.overBatch([[{ shape: [2, 64, 64], values: [...l.dataSync()] }, 2]], [64, 64], (m) =>
        R.square(m!),
      )
      // Each element is a sum of at most 64 products of rounded factors, together at most √(a_ii a_jj) ≤ 35.
      a.values.forEach((x, i) => {
        expect(Math.abs(product.values[i]! - x)).toBeLessThan(35 * 2 ** -23)
      })
      const b = random([2, 64, 7], 2)
      const x = L.triangularSolve(l, toTensor(b))
      const back = tf.matMul(L.tril(l), x).dataSync()
      b.values.forEach((value, i) => {
        expect(Math.abs(back[i]! - value)).toBeLessThan(1e-5)
      })
    })
  })

  check("a member without a factor is NaN, in value and gradient, and spoils no other", () => {
    tf.tidy(() => {
      const good = [4, 2, 2, 3]
      const bad = [
        [1, 2, 2, 1],
        [0, 0, 0, 0],
        [-1, 0, 0, 1],
        [Number.NaN, 0, 0, 1],
        [1, Number.NaN, Number.NaN, 1],
        [Number.POSITIVE_INFINITY, 0, 0, 1],
        [1, Number.POSITIVE_INFINITY, 0, 1],
      ]
      for (const matrix of bad) {
        const a = tf.tensor3d([...good, ...matrix, ...good], [3, 2, 2])
        const alone = L.cholesky(tf.tensor2d(good, [2, 2])).dataSync()
        const found = L.cholesky(a).dataSync()
        expect([...found.slice(0, 4)]).toEqual([...alone])
        expect([...found.slice(8)]).toEqual([...alone])
        // Zeros stay above the diagonal.
        expect([...found.slice(4, 8)]).toEqual([Number.NaN, 0, Number.NaN, Number.NaN])
        const gradient = tf
          .grad((x: tf.Tensor) => tf.sum(L.cholesky(x)))(a)
          .dataSync()
        expect([...gradient.slice(4, 8)].every(Number.isNaN)).toBe(true)
        expect([...gradient.slice(0, 4), ...gradient.slice(8)].every(Number.isFinite)).toBe(true)
        const logDets = L.logDet(a).dataSync()
        expect(logDets[0]).toBeCloseTo(Math.log(8), 6)
        expect(logDets[1]).toBeNaN()
      }
    })
  })

  check("a zero on the diagonal divides: infinite, or NaN for 0/0", () => {
    tf.tidy(() => {
      const l = tf.tensor2d([0, 0, 1, 1], [2, 2])
      const one = L.triangularSolve(l, tf.tensor2d([[1], [1]])).dataSync()
      expect([...one]).toEqual([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
      const zero = L.triangularSolve(l, tf.tensor2d([[0], [1]])).dataSync()
      expect(zero[0]).toBeNaN()
      expect(L.logDetCholesky(l).dataSync()[0]).toBe(Number.NEGATIVE_INFINITY)
    })
  })

  check("does not read the triangle it is told to leave, and zeroes what it removes", () => {
    tf.tidy(() => {
      const { NaN: bad, POSITIVE_INFINITY: inf } = Number
      const lower = tf.tensor2d([2, bad, 1, 4], [2, 2])
      const b = tf.tensor2d([[2], [9]])
      expect([...L.triangularSolve(lower, b).dataSync()]).toEqual([1, 2])
      expect([...L.triangularSolve(lower, b, { transpose: true }).dataSync()]).toEqual([-0.125, 2.25])
      expect(L.choleskyInverse(lower).dataSync().every(Number.isFinite)).toBe(true)
      expect([...L.tril(tf.tensor2d([1, inf, 2, 3], [2, 2])).dataSync()]).toEqual([1, 0, 2, 3])
      expect([...L.setDiag(tf.tensor2d([inf, 1, 2, bad], [2, 2]), tf.tensor1d([5, 6])).dataSync()]).toEqual([
        5, 1, 2, 6,
      ])
      const gradient = tf.grad((t: tf.Tensor) => tf.sum(L.triangularSolve(t, b)))(lower)
      expect(Math.abs(gradient.dataSync()[1]!)).toBe(0)
    })
  })

  check("an inverse is triangular even where it is not a number", () => {
    tf.tidy(() => {
      const bad = tf.tensor2d([Number.NaN, 1, 1, 0], [2, 2])
      expect(L.triangularInverse(bad).dataSync()[1]).toBe(0)
      expect(L.triangularInverse(bad, { lower: false }).dataSync()[2]).toBe(0)
    })
  })

  check("derivatives to the fourth order: of √a, 1/l, 1/l², log l at 2", () => {
    const at = tf.tensor2d([[2]])
    const b = tf.tensor2d([[1]])
    const rows: ReadonlyArray<readonly [f: (x: tf.Tensor) => tf.Tensor, fourth: number]> = [
      [L.cholesky, (-15 / 16) * 2 ** -3.5],
      [(l) => L.triangularSolve(l, b), 24 / 2 ** 5],
      [(l) => L.choleskySolve(l, b), 120 / 2 ** 6],
      [L.choleskyInverse, 120 / 2 ** 6],
      [L.logDetCholesky, -6 / 2 ** 4],
    ]
    for (const [f, fourth] of rows) {
      tf.tidy(() => {
        let derivative = (x: tf.Tensor): tf.Tensor => tf.sum(f(x))
        for (let order = 0; order < 4; order++) derivative = tf.grad(derivative)
        expect(derivative(at).dataSync()[0]! / fourth).toBeCloseTo(1, 5)
      })
    }
    tf.dispose([at, b])
  })

  check("choleskyInverse is symmetric to the bit", () => {
    tf.tidy(() => {
      const v = L.choleskyInverse(L.cholesky(toTensor(R.positiveDefinite([3], 9, 5))))
      expect(L.matrixTranspose(v).dataSync()).toEqual(v.dataSync())
    })
  })

  check("keeps the order of NumPy, not that of TensorFlow Probability", () => {
    tf.tidy(() => {
      const filled = L.fillTriangular(tf.tensor1d([1, 2, 3, 4, 5, 6]))
      expect(filled.arraySync()).toEqual([
        [1, 0, 0],
        [2, 3, 0],
        [4, 5, 6],
      ])
      expect(L.packTriangular(filled).arraySync()).toEqual([1, 2, 3, 4, 5, 6])
    })
  })

  check("takes whole numbers for float32", () => {
    tf.tidy(() => {
      const a = tf.tensor2d([4, 2, 2, 5], [2, 2], "int32")
      expect([...L.cholesky(a).dataSync()]).toEqual([2, 0, 1, 2])
      expect([...L.matvec(a, tf.tensor1d([1, 1], "int32")).dataSync()]).toEqual([6, 7])
    })
  })

  check("many vectors that share a matrix, in every remainder of four", () => {
    for (const count of [1, 2, 3, 4, 5, 6, 7, 8, 9]) {
      tf.tidy(() => {
        const l = R.triangular([], 6, 3)
        const x = random([count, 6], count)
        const together = L.triangularSolve(toTensor(l), tf.expandDims(toTensor(x), -1)).dataSync()
        const columns = L.triangularSolve(toTensor(l), tf.transpose(toTensor(x)))
        const across = tf.transpose(columns).dataSync()
        const forms = L.quadraticForm(toTensor(l), toTensor(x)).dataSync()
        for (let i = 0; i < count; i++) {
          const exact = R.solve(R.lower(rows(l)), R.transpose([x.values.slice(6 * i, 6 * i + 6)])).flat()
          exact.forEach((value, j) => {
            expect(together[6 * i + j]).toBe(Math.fround(value))
            expect(across[6 * i + j]).toBe(Math.fround(value))
          })
          expect(forms[i]).toBeCloseTo(
            exact.reduce((sum, value) => sum + value * value, 0),
            5,
          )
        }
      })
    }
  })

  check("memory is flat over 500 calls and gradients", () => {
    const a = toTensor(R.positiveDefinite([4], 8, 6))
    const x = toTensor(random([4, 8], 7))
    const step = () =>
      tf.tidy(() => {
        const f = (m: tf.Tensor) => {
          const l = L.cholesky(m)
          return tf.sum(tf.add(L.quadraticForm(l, x), L.logDetCholesky(l)))
        }
        tf.grad(f)(a)
      })
    const heap = () =>
      backend === "wasm"
        ? (tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } }).wasm.HEAPU8.length
        : 0
    step()
    const before = heap()
    expectNoLeak(() => {
      for (let i = 0; i < 250; i++) step()
    })
    expect(heap()).toBe(before)
    tf.dispose([a, x])
  })
})

const rows = ({
  shape,
  values,
}: {
  readonly shape: ReadonlyArray<number>
  readonly values: ReadonlyArray<number>
}) => R.matrix(shape[0]!, shape[1]!, (i, j) => values[i * shape[1]! + j]!)
