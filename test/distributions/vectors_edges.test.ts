/**
 * Families of vectors and matrices at their edges: the border of the simplex, one dimension, values and parameters
 * without dimensions; the curvature at a mode; the gradients of the moments that are made of gamma functions.
 */
import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Dirichlet } from "../../src/distributions/Dirichlet.ts"
import type { Distribution } from "../../src/distributions/Distribution.ts"
import { kl } from "../../src/distributions/kl.ts"
import { LKJCholesky } from "../../src/distributions/LKJCholesky.ts"
import { LogisticNormal } from "../../src/distributions/LogisticNormal.ts"
import { LowRankMultivariateNormal } from "../../src/distributions/LowRankMultivariateNormal.ts"
import { MatrixNormal } from "../../src/distributions/MatrixNormal.ts"
import { MultivariateNormal } from "../../src/distributions/MultivariateNormal.ts"
import { MultivariateStudentT } from "../../src/distributions/MultivariateStudentT.ts"
import { Normal } from "../../src/distributions/Normal.ts"
import { WishartCholesky } from "../../src/distributions/WishartCholesky.ts"
import { ShapeMismatch } from "../../src/tensor/errors.ts"
import * as Key from "../../src/tensor/Key.ts"
import {
  rootBetaMean,
  rootBetaVariance,
  rootGammaMean,
  rootGammaVariance,
} from "../../src/tensor/special/roots.ts"
import { expectClose, numbers } from "../laws/numbers.ts"
import { on } from "../laws/onBackends.ts"

describe("the border of the simplex", () => {
  on(["cpu", "wasm"], (check) => {
    check(
      "scores −∞ or ∞ and never NaN, with gradients of zero, and leaves the rest of a batch alone",
      () => {
        const cases = [
          [[2, 0.5, 3], [0, 0, 1], -Infinity],
          [[0.5, 2, 3], [0, 0, 1], -Infinity],
          [[0.5, 1, 3], [0, 0, 1], Infinity],
          [[0.5, 0.5, 0.5], [0, 0.5, 0.5], Infinity],
          [[1, 1, 3], [0, 0, 1], Math.log(12)],
        ] as const
        const inner = [0.2, 0.3, 0.5]
        for (const [concentration, value, expected] of cases) {
          const gradients = (values: ReadonlyArray<ReadonlyArray<number>>) =>
            tf.tidy(() =>
              tf
                .grads((a: tf.Tensor, x: tf.Tensor) => tf.sum(Dirichlet({ concentration: a }).logProb(x)))([
                  tf.tensor1d([...concentration]),
                  tf.tensor2d(values.map((row) => [...row])),
                ])
                .map((g) => Array.from(g.dataSync())),
            )
          const d = Dirichlet({ concentration })
          expectClose(
            numbers(() => d.logProb(tf.tensor1d([...value]))),
            [expected],
            { relative: 1e-6 },
            `${concentration} at ${value}`,
          )
          if (Number.isFinite(expected)) continue
          const [ofA, ofX] = gradients([value, inner]) as [Array<number>, Array<number>]
          const [aloneA, aloneX] = gradients([inner]) as [Array<number>, Array<number>]
          expect(ofX.slice(0, 3)).toEqual([0, 0, 0])
          expect(ofX.slice(3)).toEqual(aloneX)
          expect(ofA).toEqual(aloneA)
        }
      },
    )
  })
})

describe("one dimension", () => {
  const shape = (d: Distribution) => tf.tidy(() => d.sample(Key.key(0), [3]).shape)

  on(["cpu", "wasm"], (check) => {
    check("is a normal, a t, a chi, each under its other name", () => {
      const [x, z] = [0.7, (0.7 - 0.2) / 1.5]
      const normal = -0.5 * z * z - Math.log(1.5) - 0.5 * Math.log(2 * Math.PI)
      for (const d of [
        MultivariateNormal({ loc: [0.2], covarianceMatrix: [[2.25]] }),
        MultivariateNormal({ loc: [0.2], precisionMatrix: [[1 / 2.25]] }),
        MultivariateNormal({ loc: [0.2], scaleTril: [[1.5]] }),
        LowRankMultivariateNormal({ loc: [0.2], covFactor: [[1]], covDiag: [1.25] }),
        MatrixNormal({ loc: [[0.2]], scaleTrilRow: [[0.5]], scaleTrilColumn: [[3]] }),
      ]) {
        expectClose(
          numbers(() => d.logProb(tf.fill([...d.eventShape], x))),
          [normal],
          { relative: 1e-6 },
        )
        expectClose(
          numbers(() => d.variance()),
          [2.25],
          { relative: 1e-6 },
        )
        expect(shape(d)).toEqual([3, ...d.eventShape])
      }
      // The Cauchy density is 1/(π scale (1 + z²)).
      const t = MultivariateStudentT({ df: 1, loc: [0.2], scaleTril: [[1.5]] })
      expectClose(
        numbers(() => t.logProb(tf.tensor1d([x]))),
        [-Math.log(Math.PI * 1.5 * (1 + z * z))],
        { relative: 1e-6 },
      )
      // χ of 2 degrees of freedom has the density x e^(−x²/2), mean √(π/2), variance 2 − π/2.
      const chi = WishartCholesky({ concentration: 2, scaleTril: [[1]] })
      expectClose(
        numbers(() =>
          tf.concat(
            [chi.logProb(tf.tensor2d([[x]])), tf.reshape(chi.mean(), [-1])].map((v) => tf.reshape(v, [-1])),
          ),
        ),
        [Math.log(x) - (x * x) / 2, Math.sqrt(Math.PI / 2)],
        { relative: 1e-6 },
      )
      expectClose(
        numbers(() => chi.variance()),
        [2 - Math.PI / 2],
        { relative: 1e-6 },
      )
    })

    check("of a simplex is certain", () => {
      const one = Dirichlet({ concentration: [2.5] })
      const other = Dirichlet({ concentration: [4] })
      expect(numbers(() => one.logProb(tf.tensor1d([1])))).toEqual([0])
      expect(numbers(() => one.sample(Key.key(0), [4]))).toEqual([1, 1, 1, 1])
      expect(numbers(() => one.mean())).toEqual([1])
      expect(numbers(() => one.variance())).toEqual([0])
      expectClose(
        numbers(() => tf.stack([one.entropy(), kl(one, other)])),
        [0, 0],
        { absolute: 1e-6 },
      )
      // Any concentration fits; the estimate is one of them.
      expectClose(
        numbers(() => Dirichlet.fit(tf.ones([5, 1])).concentration),
        [1],
        { relative: 1e-5 },
      )
    })
  })
})

describe("values and parameters without dimensions", () => {
  on(["cpu", "wasm"], (check) => {
    check("are refused where an event has some", () => {
      const before = tf.memory().numTensors
      const scalar = tf.scalar(1)
      const distributions: ReadonlyArray<Distribution> = [
        Dirichlet({ concentration: [1, 2] }),
        MultivariateNormal({ loc: [0], scaleTril: [[1]] }),
        LowRankMultivariateNormal({ loc: [0], covFactor: [[1]], covDiag: [1] }),
        MultivariateStudentT({ df: 3, loc: [0], scaleTril: [[1]] }),
        LogisticNormal({ loc: [0], scale: [1] }),
        MatrixNormal({ loc: [[0]], scaleTrilRow: [[1]], scaleTrilColumn: [[1]] }),
        WishartCholesky({ concentration: 3, scaleTril: [[1]] }),
        LKJCholesky({ dimension: 2, concentration: 1 }),
      ]
      for (const d of distributions) {
        expect(d.problem, d.family).toBeUndefined()
        expect(() => d.logProb(scalar), d.family).toThrow(ShapeMismatch)
      }
      for (const d of [
        Dirichlet({ concentration: 2 }),
        MultivariateNormal({ loc: 0, covarianceMatrix: 1 }),
        LowRankMultivariateNormal({ loc: 0, covFactor: 1, covDiag: 1 }),
        MultivariateStudentT({ df: 3, loc: 0, scaleTril: 1 }),
        LogisticNormal({ loc: 0, scale: 1 }),
        MatrixNormal({ loc: 0, scaleTrilRow: 1, scaleTrilColumn: 1 }),
        WishartCholesky({ concentration: 3, scaleTril: 1 }),
      ] as ReadonlyArray<Distribution>) {
        expect(d.problem, d.family).toBeInstanceOf(ShapeMismatch)
        expect(() => d.sample(Key.key(0)), d.family).toThrow(ShapeMismatch)
      }
      for (const statistics of [
        Dirichlet.fit,
        Dirichlet.sufficientStatistics,
        MultivariateNormal.fit,
        MultivariateNormal.sufficientStatistics,
        LKJCholesky.sufficientStatistics,
        WishartCholesky.sufficientStatistics,
      ] as ReadonlyArray<(x: tf.Tensor) => unknown>) {
        expect(() => statistics(scalar), statistics.name).toThrow(ShapeMismatch)
      }
      scalar.dispose()
      expect(tf.memory().numTensors).toBe(before)
    })
  })
})

describe("the curvature at the mode", () => {
  on(["cpu", "wasm"], (check) => {
    check("is that of the covariance, though the gradient there is zero", () => {
      // Σ = [[2, 0.6], [0.6, 1]], of determinant 1.64.
      const inverse = [1 / 1.64, -0.6 / 1.64, -0.6 / 1.64, 2 / 1.64]
      const covarianceMatrix = [
        [2, 0.6],
        [0.6, 1],
      ]
      const scaleTril = [
        [Math.SQRT2, 0],
        [0.6 / Math.SQRT2, Math.sqrt(1 - 0.18)],
      ]
      const loc = [1, -1]
      const cases: ReadonlyArray<readonly [Distribution, number]> = [
        [MultivariateNormal({ loc, covarianceMatrix }), 1],
        [MultivariateNormal({ loc, scaleTril }), 1],
        [LowRankMultivariateNormal({ loc, covFactor: [[1], [0.6]], covDiag: [1, 0.64] }), 1],
        // (ν + n)/ν of it.
        [MultivariateStudentT({ df: 4, loc, scaleTril }), 1.5],
      ]
      for (const [d, times] of cases) {
        const slope = (i: number) => (x: tf.Tensor) =>
          tf.slice(tf.grad((y: tf.Tensor) => d.logProb(y))(x), [i], [1])
        const found = [0, 1].flatMap((i) => numbers(() => tf.grad(slope(i))(tf.tensor1d(loc))))
        const expected = inverse.map((v) => -times * v)
        expectClose(found, expected, { relative: 1e-5, absolute: 1e-6 }, d.family)
      }
    })
  })
})

describe("moments of roots", () => {
  const steps = (f: (x: number) => number, at: number) => {
    const h = 0.02 * at
    return (8 * (f(at + h) - f(at - h)) - (f(at + 2 * h) - f(at - 2 * h))) / (12 * h)
  }
  const each = {
    rootGammaMean: (a: number) => tf.tidy(() => rootGammaMean(tf.scalar(a)).dataSync()[0]!),
    rootGammaVariance: (a: number) => tf.tidy(() => rootGammaVariance(tf.scalar(a)).dataSync()[0]!),
  }
  const two = { rootBetaMean, rootBetaVariance }

  on(["cpu", "wasm"], (check) => {
    check("have the derivatives of their differences, on both sides of where the series begins", () => {
      for (const a of [0.3, 2, 15, 19.9, 60]) {
        for (const [name, f] of Object.entries({ rootGammaMean, rootGammaVariance })) {
          const [found] = numbers(() => tf.grad((x: tf.Tensor) => f(x))(tf.scalar(a)))
          const expected = steps(each[name as keyof typeof each], a)
          expectClose([found!], [expected], { relative: 3e-4, absolute: 1e-5 }, `${name} ${a}`)
        }
        for (const b of [0.5, 3, 40]) {
          for (const [name, f] of Object.entries(two)) {
            const at = (a: number, b: number) => numbers(() => f(tf.scalar(a), tf.scalar(b)))[0]!
            const found = tf.tidy(() =>
              tf
                .grads((a: tf.Tensor, b: tf.Tensor) => f(a, b))([tf.scalar(a), tf.scalar(b)])
                .map((g) => g.dataSync()[0]!),
            )
            const expected = [steps((x) => at(x, b), a), steps((x) => at(a, x), b)]
            expectClose(found, expected, { relative: 3e-4, absolute: 1e-5 }, `${name} ${a}, ${b}`)
          }
        }
      }
    })

    check("keep their digits far out", () => {
      // Var χ_k = ½ − 1/(8k) − …, and of a beta's root, by the delta method, b/(4 a²) where b is far below a.
      expectClose(
        numbers(() => tf.mul(rootGammaVariance(tf.tensor1d([1e3, 1e6, 1e12])), 2)),
        [0.5 - 1 / 16e3, 0.5, 0.5],
        { relative: 1e-6 },
      )
      expectClose(
        numbers(() => rootBetaVariance(tf.tensor1d([1e6, 1e9]), tf.scalar(0.5))),
        [0.125e-12, 0.125e-18],
        { relative: 1e-5 },
      )
    })
  })
})

describe("divergences of matrices", () => {
  on(["cpu", "wasm"], (check) => {
    check("do not see how a scale is shared between rows and columns, and broadcast", () => {
      const matrix = (byRow: number) =>
        MatrixNormal({
          loc: [
            [1, 0],
            [0, 2],
          ],
          scaleTrilRow: [
            [byRow, 0],
            [0.5 * byRow, 2 * byRow],
          ],
          scaleTrilColumn: [
            [1 / byRow, 0],
            [-1 / byRow, 3 / byRow],
          ],
        })
      expectClose(
        numbers(() => kl(matrix(1), matrix(4))),
        [0],
        { absolute: 1e-6 },
      )
      // As the four numbers of a vector with the Kronecker product's factor, against independent ones.
      const q = MatrixNormal({
        loc: [
          [0, 0],
          [0, 0],
        ],
        scaleTrilRow: [
          [1, 0],
          [0, 1],
        ],
        scaleTrilColumn: [
          [2, 0],
          [0, 2],
        ],
      })
      const factor = [
        [1, 0, 0, 0],
        [-1, 3, 0, 0],
        [0.5, 0, 2, 0],
        [-0.5, 1.5, -2, 6],
      ]
      const asVector = MultivariateNormal({ loc: [1, 0, 0, 2], scaleTril: factor })
      const four = Normal({ loc: [0, 0, 0, 0], scale: 2 }).toEvent(1)
      const expected = numbers(() => kl(asVector, four))
      expectClose(
        numbers(() => kl(matrix(1), q)),
        expected,
        { relative: 1e-6 },
      )
      const many = LKJCholesky({ dimension: 3, concentration: [1, 2, 4] })
      const found = numbers(() => kl(many, LKJCholesky({ dimension: 3, concentration: 2 })))
      expect(found).toHaveLength(3)
      expect(Math.abs(found[1]!)).toBeLessThan(1e-7)
      expect(() => kl(many, LKJCholesky({ dimension: 4, concentration: 2 }))).toThrow(ShapeMismatch)
    })
  })
})
