/**
 * The tests that every backend's kernels pass: values and gradients against float64 worked from the definition,
 * the cases that fall back to tfjs's kernels, and memory.
 */
import { beforeAll, describe, expect, it, vi } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { ShapeMismatch } from "../../../src/tensor/errors.ts"
import { adamMoments, allFinite, bernoulliLogProb } from "../../../src/tensor/fused.ts"
import { registerKernels } from "../../../src/tensor/kernels/register.ts"
import { at, build, expectClose, expectNoLeak, random, sum, sumTo, toTensor } from "./reference.ts"

/** float32 rounds a value by at most 2⁻²⁴ of itself. */
const ROUNDING = 1.2e-7

/** Sets the backend up with our kernels, then runs the tests on it. */
export const kernelSuite = (backend: "wasm" | "cpu"): void => {
  beforeAll(async () => {
    registerKernels(backend)
    await tf.setBackend(backend)
    // The cpu backend advertises at its first use.
    Object.assign(tf.backend(), { firstUse: false })
  })

  describe("registerKernels", () => {
    it("does nothing the second time, and warns of nothing", () => {
      const warn = vi.spyOn(console, "warn")
      const names = [tf.Sum, tf.Tile, tf.Transpose, "GuidepostAdam", "GuidepostBernoulliLogProb"]
      const before = names.map((name) => tf.getKernel(name, backend))
      const gradients = [tf.Sum, tf.Tile, tf.BatchMatMul].map(tf.getGradient)
      registerKernels(backend)
      expect(names.map((name) => tf.getKernel(name, backend))).toEqual(before)
      expect([tf.Sum, tf.Tile, tf.BatchMatMul].map(tf.getGradient)).toEqual(gradients)
      expect(warn).not.toHaveBeenCalled()
      warn.mockRestore()
    })
  })

  describe("Sum", () => {
    const shapes = [[], [1], [7], [3, 4], [5, 1, 2], [3, 4, 5], [2, 3, 1, 4]]
    for (const shape of shapes) {
      for (const axes of subsets(shape.length)) {
        for (const keepDims of [false, true]) {
          it(`[${shape}] over [${axes}]${keepDims ? ", dimensions kept" : ""}`, () => {
            const x = random(shape, 1)
            const dy = random(sum(x, axes, keepDims).shape, 2)
            const kept = { shape: sum(x, axes, true).shape, values: dy.values }
            const input = toTensor(x)
            expectNoLeak(() => {
              expectClose(tf.sum(input, axes, keepDims), sum(x, axes, keepDims), 5 * ROUNDING)
              const dyTensor = toTensor(dy)
              const gradient = tf.grad((t) => tf.sum(t, axes, keepDims))(input, dyTensor)
              expectClose(
                gradient,
                build(shape, (index) => at(kept, index)),
                0,
              )
              dyTensor.dispose()
            })
          })
        }
      }
    }

    it("adds in float64: 10⁶ tenths, along a row and down a column", () => {
      const tenths = tf.fill([1_000_000], 0.1)
      const exact = { shape: [], values: [1_000_000 * Math.fround(0.1)] }
      expectClose(tf.sum(tenths), exact, ROUNDING)
      const columns = tf.reshape(tenths, [250_000, 4])
      const quarter = { shape: [4], values: new Array<number>(4).fill(250_000 * Math.fround(0.1)) }
      expectClose(tf.sum(columns, 0), quarter, ROUNDING)
    })

    it("leaves other types to tfjs", () => {
      expect(tf.sum(tf.tensor1d([1, 2, 3], "int32")).dtype).toBe("int32")
      expect(tf.sum(tf.tensor1d([1, 2, 3], "int32")).dataSync()).toEqual(Int32Array.of(6))
      expect(tf.sum(tf.tensor1d([true, false, true], "bool")).dataSync()).toEqual(Int32Array.of(2))
    })

    it("is 0 over nothing, NaN over a NaN and infinite over an infinity", () => {
      expect(tf.sum(tf.zeros([0, 3]), 0).dataSync()).toEqual(Float32Array.of(0, 0, 0))
      expect(tf.sum(tf.tensor1d([1, Number.NaN])).dataSync()[0]).toBeNaN()
      expect(tf.sum(tf.tensor1d([1, Number.POSITIVE_INFINITY])).dataSync()[0]).toBe(Number.POSITIVE_INFINITY)
    })

    it("has a second derivative", () => {
      const second = tf.grad((x) => tf.sum(tf.grad((y) => tf.sum(tf.mul(y, tf.square(y))))(x)))
      expectClose(second(tf.tensor1d([1, 2])), { shape: [2], values: [6, 12] }, ROUNDING)
    })
  })

  describe("Tile as a broadcast", () => {
    const cases: ReadonlyArray<readonly [from: Array<number>, to: Array<number>]> = [
      [[1], [5]],
      [[], [2, 3]],
      [[4], [3, 4]],
      [
        [3, 1],
        [3, 4],
      ],
      [
        [1, 3],
        [4, 3],
      ],
      [
        [1, 3, 1],
        [2, 3, 4],
      ],
      [
        [2, 1, 3],
        [2, 5, 3],
      ],
      [
        [1, 2, 1, 3],
        [4, 2, 5, 3],
      ],
      [
        [2, 3],
        [2, 3],
      ],
      [
        [0, 1],
        [0, 4],
      ],
    ]
    for (const [from, to] of cases) {
      it(`[${from}] to [${to}]`, () => {
        const x = random(from, 3)
        const dy = random(to, 4)
        const input = toTensor(x)
        expectNoLeak(() => {
          expectClose(
            tf.broadcastTo(input, to),
            build(to, (index) => at(x, index)),
            0,
          )
          const dyTensor = toTensor(dy)
          const gradient = tf.grad((t) => tf.broadcastTo(t, to))(input, dyTensor)
          // Axes with others between them are summed by tfjs, in float32.
          expectClose(gradient, sumTo(dy, from), 5 * ROUNDING)
          dyTensor.dispose()
        })
      })
    }

    it("leaves true tiling to tfjs, gradient too", () => {
      const x = tf.tensor2d([[1, 2]])
      expect(tf.tile(x, [2, 2]).arraySync()).toEqual([
        [1, 2, 1, 2],
        [1, 2, 1, 2],
      ])
      expect(tf.tile(tf.tensor1d([1, 2], "int32"), [2]).dataSync()).toEqual(Int32Array.of(1, 2, 1, 2))
      expect(
        tf
          .grad((t) => tf.tile(t, [2, 2]))(x)
          .arraySync(),
      ).toEqual([[4, 4]])
    })
  })

  describe("Transpose", () => {
    for (const shape of [
      [2, 3],
      [33, 65],
      [32, 32],
      [128, 40],
      [2, 256, 33],
      [1, 5],
      [5, 1],
      [3, 2, 4],
      [2, 2, 37, 34],
      [0, 3],
    ]) {
      it(`[${shape}], last two axes`, () => {
        const rank = shape.length
        const perm = [...shape.keys()].slice(0, -2).concat(rank - 1, rank - 2)
        const x = random(shape, 5)
        const swap = (index: ReadonlyArray<number>) => [...index.slice(0, -2), index.at(-1)!, index.at(-2)!]
        const input = toTensor(x)
        expectNoLeak(() => {
          expectClose(
            tf.transpose(input, perm),
            build(swap(shape), (index) => at(x, swap(index))),
            0,
          )
        })
      })
    }

    it("leaves other permutations and types to tfjs", () => {
      const x = random([2, 3, 4], 6)
      const expected = build([4, 2, 3], ([k, i, j]) => at(x, [i!, j!, k!]))
      expectClose(tf.transpose(toTensor(x), [2, 0, 1]), expected, 0)
      const ints = tf.tensor2d([1, 2, 3, 4], [2, 2], "int32")
      expect(tf.transpose(ints).dataSync()).toEqual(Int32Array.of(1, 3, 2, 4))
    })
  })

  describe("bernoulliLogProb", () => {
    /** x·l − softplus(l) in float64; the terms are ordered so that nothing overflows. */
    const logProb = (l: number, x: number) => x * l - Math.max(l, 0) - Math.log1p(Math.exp(-Math.abs(l)))
    const extremes = [-1e4, -104, -103, -88, -30, -17, -1, -1e-3, 0, 1e-3, 0.7, 1, 17, 30, 88, 103, 104, 1e4]

    it("is exact to rounding, relatively, from −10⁴ to 10⁴", () => {
      const grid = [...extremes, ...random([4000], 7).values.map((u) => 40 * u)].map(Math.fround)
      for (const x of [0, 1, Math.fround(0.3)]) {
        const found = bernoulliLogProb(tf.tensor1d(grid), tf.fill([grid.length], x)).dataSync()
        grid.forEach((l, i) => {
          const expected = Math.fround(logProb(l, x))
          // float32 has less than full precision below 1.2e-38.
          const error = Math.abs(found[i]! - expected) - 1e-44
          expect(error <= 2 * ROUNDING * Math.abs(expected), `l = ${l}, x = ${x}: ${found[i]}`).toBe(true)
        })
      }
    })

    it("has the gradients x − σ(l) and l, finite at ±10⁴, and the second derivative −σ(1 − σ)", () => {
      const l = build([extremes.length], ([i]) => extremes[i!]!)
      const x = build([extremes.length], ([i]) => (i! % 3) / 2)
      const sigmoid = (t: number) => 1 / (1 + Math.exp(-t))
      const [dl, dx] = tf.grads((a, b) => bernoulliLogProb(a, b))([toTensor(l), toTensor(x)])
      expectClose(
        dl!,
        build(l.shape, (i) => at(x, i) - sigmoid(at(l, i))),
        3e-7,
      )
      expectClose(dx!, l, ROUNDING)
      const slope = (a: tf.Tensor) => tf.grad((t) => bernoulliLogProb(t, toTensor(x)))(a)
      const curvature = tf.grad((a) => tf.sum(slope(a)))(toTensor(l))
      expectClose(
        curvature,
        build(l.shape, (i) => -sigmoid(at(l, i)) * sigmoid(-at(l, i))),
        3e-7,
      )
    })

    it("agrees in its gradient with finite differences of the float64 formula", () => {
      const l = random([50], 8)
      const x = random([50], 9)
      const h = 1e-5
      const gradient = tf.grad((a) => bernoulliLogProb(a, toTensor(x)))(toTensor(l))
      const slope = build(
        [50],
        (i) => (logProb(at(l, i) + h, at(x, i)) - logProb(at(l, i) - h, at(x, i))) / (2 * h),
      )
      expectClose(gradient, slope, 1e-6)
    })

    it("broadcasts both ways, gradients summed back", () => {
      const l = random([3, 1, 4], 10)
      const x = random([2, 4], 11)
      const dy = random([3, 2, 4], 12)
      const [lTensor, xTensor, dyTensor] = [l, x, dy].map(toTensor) as [tf.Tensor, tf.Tensor, tf.Tensor]
      expectNoLeak(() => {
        const value = build([3, 2, 4], (i) => logProb(at(l, i), at(x, i)))
        expectClose(bernoulliLogProb(lTensor, xTensor), value, ROUNDING)
        const [dl, dx] = tf.grads((a, b) => bernoulliLogProb(a, b))([lTensor, xTensor], dyTensor)
        const slope = build([3, 2, 4], (i) => at(dy, i) * (at(x, i) - 1 / (1 + Math.exp(-at(l, i)))))
        expectClose(dl!, sumTo(slope, l.shape), 3e-7)
        expectClose(
          dx!,
          sumTo(
            build([3, 2, 4], (i) => at(dy, i) * at(l, i)),
            x.shape,
          ),
          3e-7,
        )
      })
    })

    it("takes whole numbers and booleans for x, passes NaN on, and nothing for nothing", () => {
      const l = tf.tensor1d([0.5, -2])
      const expected = { shape: [2], values: [logProb(0.5, 1), logProb(-2, 0)] }
      expectClose(bernoulliLogProb(l, tf.tensor1d([1, 0], "int32")), expected, ROUNDING)
      expectClose(bernoulliLogProb(l, tf.tensor1d([true, false], "bool")), expected, ROUNDING)
      expect(bernoulliLogProb(tf.scalar(Number.NaN), tf.scalar(1)).dataSync()[0]).toBeNaN()
      expect(bernoulliLogProb(tf.scalar(1), tf.scalar(Number.NaN)).dataSync()[0]).toBeNaN()
      expect(bernoulliLogProb(tf.zeros([0, 2]), tf.zeros([0, 2])).shape).toEqual([0, 2])
    })

    it("refuses shapes that do not broadcast", () => {
      expect(() => bernoulliLogProb(tf.zeros([3]), tf.zeros([4]))).toThrow(ShapeMismatch)
      expect(() => bernoulliLogProb(tf.zeros([3]), tf.zeros([4]))).toThrow(
        "bernoulliLogProb: expected x that broadcasts with the logits' [3], found [4]",
      )
    })
  })

  describe("allFinite", () => {
    const found = (values: ReadonlyArray<number>) => {
      const x = tf.tensor1d([...values])
      const answer = allFinite([x])
      const value = answer.dataSync()[0]
      tf.dispose([x, answer])
      return value
    }
    const largest = 3.4028234663852886e38
    const smallest = 1.401298464324817e-45

    it.each([0, 1, 2, 3, 4, 5, 8, 1001])(
      "of %i finite elements, the largest and smallest among them",
      (n) => {
        const before = tf.memory().numTensors
        const values = [largest, -largest, smallest, -smallest, 0, -0, 1, -1]
        expect(found(Array.from({ length: n }, (_, i) => values[i % 8]!))).toBe(0)
        expect(tf.memory().numTensors).toBe(before)
      },
    )

    it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
      "finds %d in any place",
      (bad) => {
        for (const n of [1, 4, 5, 11]) {
          for (let place = 0; place < n; place++) {
            expect(
              found(Array.from({ length: n }, (_, i) => (i === place ? bad : i))),
              `${place} of ${n}`,
            ).toBeNaN()
          }
        }
      },
    )

    it("of several tensors together, of any shape and type", () => {
      const parts = [tf.scalar(1), tf.zeros([2, 3]), tf.tensor1d([1, 2], "int32"), tf.zeros([0])]
      const bad = tf.tensor1d([0, Number.NaN, 0])
      expectNoLeak(() => {
        const [good, spoiled] = [allFinite(parts), allFinite([...parts, bad, ...parts])]
        expect(good.dataSync()).toEqual(Float32Array.of(0))
        expect(spoiled.dataSync()[0]).toBeNaN()
        expect(good.shape).toEqual([])
        tf.dispose([good, spoiled])
      })
      expect(allFinite([]).dataSync()[0]).toBe(0)
    })

    it("of infinities of both signs, which cancel to NaN, and of many of the largest numbers, which do not", () => {
      expect(found([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])).toBeNaN()
      expect(found(new Array<number>(100_000).fill(largest))).toBe(0)
    })
  })

  describe("adamMoments", () => {
    const options = (t: number) => ({
      b1: 0.9,
      b2: 0.999,
      eps: 1e-8,
      correction1: 1 - 0.9 ** t,
      correction2: 1 - 0.999 ** t,
      scale: -1e-3,
    })

    it("follows Adam in float64 for 100 steps", () => {
      const shape = [7, 5]
      let m: Array<number> = new Array(35).fill(0)
      let v: Array<number> = new Array(35).fill(0)
      let [mTensor, vTensor] = [tf.zeros(shape), tf.zeros(shape)]
      const before = tf.memory().numTensors
      for (let t = 1; t <= 100; t++) {
        const g = random(shape, t)
        const { b1, b2, eps, correction1, correction2, scale } = options(t)
        m = m.map((mi, i) => b1 * mi + (1 - b1) * g.values[i]!)
        v = v.map((vi, i) => b2 * vi + (1 - b2) * g.values[i]! ** 2)
        const update = m.map((mi, i) => (scale * (mi / correction1)) / (Math.sqrt(v[i]! / correction2) + eps))
        const gTensor = toTensor(g)
        const next = adamMoments(gTensor, mTensor, vTensor, options(t))
        // Updates are of size 10⁻³, so this is 10⁻⁶ of them.
        expectClose(next.update, { shape, values: update }, 1e-9)
        tf.dispose([mTensor, vTensor, gTensor])
        mTensor = next.m
        vTensor = next.v
      }
      expect(tf.memory().numTensors).toBe(before)
      expectClose(mTensor, { shape, values: m }, 1e-6)
      expectClose(vTensor, { shape, values: v }, 1e-6)
    })

    it("leaves its arguments as they were", () => {
      const [g, m, v] = [1, 2, 3].map((seed) => toTensor(random([4], seed))) as [
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
      ]
      const squares = tf.square(v)
      tf.dispose(Object.values(adamMoments(g, m, squares, options(1))))
      for (const [i, tensor] of [g, m].entries()) expectClose(tensor, random([4], i + 1), 0)
      const third = random([4], 3)
      expectClose(
        squares,
        build([4], (i) => at(third, i) ** 2),
        ROUNDING,
      )
    })

    it("is 0 where there was never a gradient, and stays finite for the largest and smallest ones", () => {
      const update = (g: number) => adamMoments(tf.scalar(g), tf.scalar(0), tf.scalar(0), options(1)).update
      expect(update(0).dataSync()[0]).toBe(-0)
      expectClose(update(1e15), { shape: [], values: [-1e-3] }, 1e-9)
      // √v̂ = 10⁻¹² is small against ε.
      expectClose(update(-1e-12), { shape: [], values: [1e-7 / 1.0001] }, 1e-12)
    })

    it("takes an odd number of elements, and one", () => {
      for (const n of [1, 3]) {
        const g = random([n], 4)
        const next = adamMoments(toTensor(g), tf.zeros([n]), tf.zeros([n]), options(1))
        // At the first step m̂ = g and √v̂ = |g|.
        expectClose(
          next.update,
          build([n], (i) => -1e-3 * Math.sign(at(g, i))),
          1e-7,
        )
        expectClose(
          next.m,
          build([n], (i) => 0.1 * at(g, i)),
          ROUNDING,
        )
        expectClose(
          next.v,
          build([n], (i) => 0.001 * at(g, i) ** 2),
          ROUNDING,
        )
      }
    })

    it("refuses moments of another shape", () => {
      expect(() => adamMoments(tf.zeros([2]), tf.zeros([2]), tf.zeros([3]), options(1))).toThrow(
        ShapeMismatch,
      )
    })
  })
}

const subsets = (rank: number): Array<Array<number>> =>
  Array.from({ length: 2 ** rank }, (_, bits) =>
    [...new Array(rank).keys()].filter((axis) => (bits >> axis) & 1),
  )
