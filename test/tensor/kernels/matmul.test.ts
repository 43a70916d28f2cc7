/**
 * Matrix products on wasm, against float64. An inner product of n terms in [−1, 1] added in float32 is off by about
 * √n roundings of sums of size √n: 2.2e-6 · (1 + |sum|) is the largest seen, at n = 300.
 */
import "@tensorflow/tfjs-backend-wasm"
import { beforeAll, describe, expect, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { ShapeMismatch } from "../../../src/tensor/errors.ts"
import { registerKernels } from "../../../src/tensor/kernels/register.ts"
import { at, build, expectClose, expectNoLeak, matMul, random, sumTo, toTensor } from "./reference.ts"

const TOLERANCE = 5e-6

beforeAll(async () => {
  registerKernels("wasm")
  await tf.setBackend("wasm")
})

/** Batch shape of a, of b, and m, k, n. */
const cases: ReadonlyArray<readonly [Array<number>, Array<number>, number, number, number]> = [
  [[], [], 1, 1, 1],
  [[], [], 3, 4, 5],
  [[], [], 1, 7, 9],
  [[], [], 9, 7, 1],
  [[], [], 5, 1, 6],
  [[], [], 17, 300, 13],
  [[], [], 4, 60, 50],
  [[], [], 60, 4, 50],
  [[1], [], 3, 50, 4],
  [[2], [2], 3, 50, 4],
  [[3], [], 5, 49, 7],
  [[], [3], 5, 49, 7],
  [[3], [1], 5, 6, 7],
  [[1], [3], 5, 6, 7],
  [[2, 3], [3], 4, 5, 6],
  [[2, 1], [1, 3], 4, 5, 6],
  [[2, 1], [3], 1, 5, 1],
]
const flags = [false, true]

describe("matMul", () => {
  for (const [batchA, batchB, m, k, n] of cases) {
    for (const transposeA of flags) {
      for (const transposeB of flags) {
        const a = random([...batchA, ...(transposeA ? [k, m] : [m, k])], 1)
        const b = random([...batchB, ...(transposeB ? [n, k] : [k, n])], 2)
        const mark = (transposed: boolean) => (transposed ? "ᵀ" : "")
        it(`[${a.shape}]${mark(transposeA)} · [${b.shape}]${mark(transposeB)}, gradients too`, () => {
          const product = matMul(a, b, transposeA, transposeB)
          const dy = random(product.shape, 3)
          // C = op(A)·op(B): d op(A) = dC·op(B)ᵀ, d op(B) = op(A)ᵀ·dC; transposed, the factors change places.
          const da = transposeA ? matMul(b, dy, transposeB, true) : matMul(dy, b, false, !transposeB)
          const db = transposeB ? matMul(dy, a, true, transposeA) : matMul(a, dy, !transposeA, false)
          const [aTensor, bTensor, dyTensor] = [a, b, dy].map(toTensor) as [tf.Tensor, tf.Tensor, tf.Tensor]
          expectNoLeak(() => {
            expectClose(tf.matMul(aTensor, bTensor, transposeA, transposeB), product, TOLERANCE)
            const gradients = tf.grads((x, y) => tf.matMul(x, y, transposeA, transposeB))
            const [daFound, dbFound] = gradients([aTensor, bTensor], dyTensor)
            expectClose(daFound!, sumTo(da, a.shape), TOLERANCE)
            expectClose(dbFound!, sumTo(db, b.shape), TOLERANCE)
          })
        })
      }
    }
  }

  it("takes no more than 4 times as long for a transposed operand (tfjs: 11 times)", () => {
    const x = toTensor(random([128, 784], 8))
    const w = toTensor(random([784, 400], 9))
    const dy = toTensor(random([128, 400], 10))
    const time = (f: () => tf.Tensor) => {
      const times = Array.from({ length: 9 }, () => {
        const start = performance.now()
        f().dispose()
        return performance.now() - start
      })
      return times.toSorted((a, b) => a - b)[4]!
    }
    const plain = time(() => tf.matMul(x, w))
    expect(time(() => tf.matMul(dy, w, false, true))).toBeLessThan(4 * plain)
    expect(time(() => tf.matMul(x, dy, true, false))).toBeLessThan(4 * plain)
  })

  it("is the same to the bit either way round: with large weights transposed, and not", () => {
    const x = toTensor(random([13, 70], 4))
    const w = toTensor(random([70, 90], 5))
    const plain = tf.matMul(x, w)
    const other = tf.matMul(x, tf.transpose(w), false, true)
    expect(other.dataSync()).toEqual(plain.dataSync())
  })

  it("sees new values under new weights, and the old ones under the old", () => {
    const x = tf.ones([1, 2])
    const w = tf.tensor2d([1, 2, 3, 4], [2, 2])
    const doubled = tf.mul(w, 2)
    for (let i = 0; i < 3; i++) {
      expect(tf.matMul(x, w).dataSync()).toEqual(Float32Array.of(4, 6))
      expect(tf.matMul(x, doubled).dataSync()).toEqual(Float32Array.of(8, 12))
    }
  })

  it("of nothing is nothing, or zeros", () => {
    expect(tf.matMul(tf.zeros([0, 3]), tf.zeros([3, 2])).shape).toEqual([0, 2])
    expect(tf.matMul(tf.ones([2, 0]), tf.ones([0, 3])).arraySync()).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ])
    expect(tf.matMul(tf.ones([0, 2, 3]), tf.ones([3, 2])).shape).toEqual([0, 2, 2])
  })

  it("refuses shapes that do not fit, with both in the message", () => {
    const bad = () => tf.matMul(tf.zeros([2, 3]), tf.zeros([2, 3]))
    expect(bad).toThrow(ShapeMismatch)
    expect(bad).toThrow("matMul: expected a right operand that fits [2,3], found [2,3]")
    expect(() => tf.matMul(tf.zeros([2, 4, 3]), tf.zeros([3, 3, 4]))).toThrow(ShapeMismatch)
  })

  it("leaves other types to tfjs, which refuses them", () => {
    const ints = tf.ones([2, 2], "int32")
    expect(() => tf.matMul(ints, ints)).toThrow("not yet supported")
  })

  it("keeps the heap as it is over 2,000 batched products", () => {
    const a = toTensor(random([4, 20, 30], 6))
    const b = toTensor(random([4, 25, 30], 7))
    const heap = () => (tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } }).wasm.HEAPU8.length
    tf.matMul(a, b, false, true).dispose()
    const before = heap()
    for (let i = 0; i < 2_000; i++) tf.matMul(a, b, false, true).dispose()
    expect(heap()).toBe(before)
  })
})

describe("fused.matMul", () => {
  const alpha = 0.25
  const activations = {
    linear: (y: number) => y,
    relu: (y: number) => Math.max(y, 0),
    relu6: (y: number) => Math.min(Math.max(y, 0), 6),
    prelu: (y: number) => (y < 0 ? alpha * y : y),
    leakyrelu: (y: number) => (y < 0 ? alpha * y : y),
    sigmoid: (y: number) => 1 / (1 + Math.exp(-y)),
    elu: (y: number) => (y < 0 ? Math.expm1(y) : y),
    tanh: Math.tanh,
  }
  /** Batches and an inner size above 48, where tfjs's own kernel adds the bias more than once. */
  const shapes = [
    { a: [6, 60], b: [60, 5], transposeA: false, transposeB: false },
    { a: [6, 60], b: [5, 60], transposeA: false, transposeB: true },
    { a: [60, 6], b: [60, 5], transposeA: true, transposeB: false },
    { a: [3, 6, 60], b: [60, 5], transposeA: false, transposeB: false },
    { a: [2, 60, 6], b: [2, 5, 60], transposeA: true, transposeB: true },
  ]
  for (const [activation, f] of Object.entries(activations)) {
    for (const { a, b, transposeA, transposeB } of shapes) {
      for (const bias of [undefined, [5], [1]]) {
        it(`${activation}([${a}] · [${b}]${bias === undefined ? "" : ` + [${bias}]`})`, () => {
          const left = random(a, 11)
          const right = random(b, 12)
          const offset = bias && random(bias, 13)
          const product = matMul(left, right, transposeA, transposeB)
          const expected = build(product.shape, (i) => f(at(product, i) + (offset ? at(offset, i) : 0)))
          expectNoLeak(() =>
            expectClose(
              tf.tidy(() =>
                tf.fused.matMul({
                  a: toTensor(left),
                  b: toTensor(right),
                  transposeA,
                  transposeB,
                  activation: activation as "relu",
                  leakyreluAlpha: alpha,
                  ...(offset && { bias: toTensor(offset) }),
                  ...(activation === "prelu" && { preluActivationWeights: tf.fill([5], alpha) }),
                }),
              ),
              expected,
              // sigmoid, elu and tanh are tfjs's approximations.
              5e-6,
            ),
          )
        })
      }
    }
  }

  it("has gradients for all its operands", () => {
    const [x, w, c] = [random([6, 60], 14), random([60, 5], 15), random([5], 16)]
    const dy = random([6, 5], 17)
    const layer = (a: tf.Tensor, b: tf.Tensor, bias: tf.Tensor) =>
      tf.fused.matMul({ a: a as tf.Tensor2D, b: b as tf.Tensor2D, bias })
    const [dx, dw, dc] = tf.grads(layer)([x, w, c].map(toTensor), toTensor(dy))
    expectClose(dx!, matMul(dy, w, false, true), TOLERANCE)
    expectClose(dw!, matMul(x, dy, true, false), TOLERANCE)
    expectClose(dc!, sumTo(dy, [5]), TOLERANCE)
  })
})
