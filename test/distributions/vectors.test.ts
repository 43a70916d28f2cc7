/**
 * Families of vectors and matrices where they are not like the others: matrices that have no factor, sizes that do not
 * fit together, divergences across ways to give a covariance, parameters that are matrices and are learned, and draws
 * of correlations and covariances by what is known of them.
 */
import { describe, expect, it, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { findProblem } from "../../src/distributions/Distribution.ts"
import type { InvalidParameter } from "../../src/distributions/errors.ts"
import { kl } from "../../src/distributions/kl.ts"
import { LKJCholesky } from "../../src/distributions/LKJCholesky.ts"
import { LowRankMultivariateNormal } from "../../src/distributions/LowRankMultivariateNormal.ts"
import { MatrixNormal } from "../../src/distributions/MatrixNormal.ts"
import {
  MultivariateNormal,
  type MultivariateNormalParams,
} from "../../src/distributions/MultivariateNormal.ts"
import { Normal } from "../../src/distributions/Normal.ts"
import * as Support from "../../src/distributions/Support.ts"
import { WishartCholesky } from "../../src/distributions/WishartCholesky.ts"
import { Backend, fitSVI, Optimizer, observe, param, plate, Schedule } from "../../src/index.ts"
import * as Key from "../../src/tensor/Key.ts"
import { expectClose, numbers } from "../laws/numbers.ts"
import { on } from "../laws/onBackends.ts"

describe("what is wrong with a matrix", () => {
  on(["cpu"], (check) => {
    check("is said with its place in the batch, where it is a tensor", () => {
      tf.tidy(() => {
        const cases = [
          ["covarianceMatrix", [2, 1, 1, 2], [1, 2, 2, 1], "a symmetric positive-definite matrix"],
          ["precisionMatrix", [2, 1, 1, 2], [1, 0.5, 0.25, 1], "a symmetric positive-definite matrix"],
          [
            "scaleTril",
            [2, 0, 1, 2],
            [1, 0.5, 0, 1],
            "a lower-triangular matrix of finite numbers with a positive diagonal",
          ],
        ] as const
        for (const [name, good, bad, constraint] of cases) {
          const matrix = tf.tensor([...good, ...good, ...bad], [1, 3, 2, 2])
          const d = MultivariateNormal({ loc: [0, 0], [name]: matrix } as unknown as MultivariateNormalParams)
          expect(d.problem).toBeUndefined()
          expect(d.batchShape).toEqual([1, 3])
          const problem = findProblem(d) as InvalidParameter
          expect(problem.parameter).toBe(name)
          expect(problem.constraint).toBe(constraint)
          expect(problem.index).toEqual([0, 2])
          expect(problem.found).toBe(`[${bad.join(", ")}]`)
          expect(problem.message).toContain("at index [0, 2]")
        }
      })
    })

    check("is a size that does not fit, by name", () => {
      const messages = [
        MultivariateNormal({ loc: [0, 0], covarianceMatrix: [[1]] }),
        MultivariateNormal({ loc: [0], scaleTril: [[1, 0]] }),
        LowRankMultivariateNormal({ loc: [0, 0], covFactor: [[1], [1]], covDiag: [1] }),
        MatrixNormal({ loc: [[0, 0]], scaleTrilRow: [[1]], scaleTrilColumn: [[1]] }),
        WishartCholesky({ concentration: 3, scaleTril: [[1, 0]] }),
        MultivariateNormal({ loc: 0, scaleTril: [[1]] }),
        LKJCholesky({ dimension: 1, concentration: 1 }),
      ].map((d) => d.problem?.message)
      expect(messages).toEqual([
        'MultivariateNormal: parameter "covarianceMatrix": expected shape [...batch, 2, 2], found shape [1, 1]',
        'MultivariateNormal: parameter "scaleTril": expected shape [...batch, 1, 1], found shape [1, 2]',
        'LowRankMultivariateNormal: parameter "covDiag": expected shape [...batch, 2], found shape [1]',
        'MatrixNormal: parameter "scaleTrilColumn": expected shape [...batch, 2, 2], found shape [1, 1]',
        'WishartCholesky: parameter "scaleTril": expected shape [...batch, 2, 2], found shape [1, 2]',
        'MultivariateNormal: parameter "loc": expected a vector of finite numbers, found shape []',
        'LKJCholesky: parameter "dimension" must be an integer from 2 up, found 1',
      ])
    })
  })
})

describe("divergences of Gaussian vectors", () => {
  const p = MultivariateNormal({
    loc: [0, 1],
    scaleTril: [
      [1, 0],
      [0.5, 2],
    ],
  })
  const low = LowRankMultivariateNormal({ loc: [0, 1], covFactor: [[1], [0.5]], covDiag: [1e-30, 4] })

  it("compile across ways to give a covariance, and not to what is no Gaussian", () => {
    const scalar = Normal({ loc: 0, scale: 1 })
    const never = () => [
      // @ts-expect-error a batch is not one vector
      kl(p, scalar),
      // @ts-expect-error nor are vectors of positive numbers
      kl(p, WishartCholesky({ concentration: 3, scaleTril: [[1]] })),
    ]
    expect(never).toBeTypeOf("function")
  })

  on(["cpu", "wasm"], (check) => {
    check("are the same however the covariance is given, and broadcast", () => {
      const locs = [
        [0, 0],
        [1, -1],
        [3, 0],
      ]
      const q = MultivariateNormal({
        loc: locs,
        scaleTril: [
          [1.5, 0],
          [0, 0.5],
        ],
      })
      const diagonal = Normal({ loc: locs, scale: [1.5, 0.5] }).toEvent(1)
      const expected = numbers(() => kl(p, q))
      expect(expected).toHaveLength(3)
      expectClose(
        numbers(() => kl(p, diagonal)),
        expected,
        { relative: 1e-6 },
      )
      expectClose(
        numbers(() => kl(low, q)),
        expected,
        { relative: 1e-5 },
      )
      expectClose(
        numbers(() => kl(low, diagonal)),
        expected,
        { relative: 1e-5 },
      )
      const back = numbers(() => kl(q, p))
      expectClose(
        numbers(() => kl(diagonal, p)),
        back,
        { relative: 1e-6 },
      )
      // By hand: Σ_q = diag(2.25, 0.25), Σ_p = [[1, 0.5], [0.5, 4.25]].
      const byHand = 0.5 * (1 / 2.25 + 4.25 / 0.25 + 1 / 0.25 - 2 + Math.log((2.25 * 0.25) / 4))
      expectClose([expected[0]!], [byHand], { relative: 1e-6 })
    })
  })
})

describe("draws", () => {
  on(["cpu", "wasm"], (check) => {
    check("of LKJ in four dimensions have correlations of a known beta, each of them", () => {
      // Each correlation is 2B − 1 with B a Beta(a, a), a = η + D/2 − 1: variance 1/(2a + 1), fourth moment known.
      const [count, eta] = [8000, 1.5]
      const a = eta + 1
      const l = tf.tidy(() => LKJCholesky({ dimension: 4, concentration: eta }).sample(Key.key(2), [count]))
      const r = numbers(() => tf.matMul(l, l, false, true))
      l.dispose()
      const second = 1 / (2 * a + 1)
      const fourth = (3 * second) / (2 * a + 3)
      for (const [i, j] of [
        [1, 0],
        [2, 0],
        [2, 1],
        [3, 0],
        [3, 1],
        [3, 2],
      ] as const) {
        const xs = Array.from({ length: count }, (_, n) => r[16 * n + 4 * i + j]!)
        const mean = xs.reduce((s, x) => s + x, 0) / count
        const square = xs.reduce((s, x) => s + x * x, 0) / count
        // 4.42 standard errors: 1e-5 each.
        expect(Math.abs(mean)).toBeLessThan(4.42 * Math.sqrt(second / count))
        expect(Math.abs(square - second)).toBeLessThan(4.42 * Math.sqrt((fourth - second ** 2) / count))
      }
    })

    check("of Wishart in three dimensions have the mean and the variances of their product", () => {
      const [count, freedom] = [8000, 4.5]
      const v = [
        [1, 0, 0],
        [0.5, 0.8, 0],
        [-1, 0.3, 0.6],
      ]
      const scale = v.map((x) => v.map((y) => x.reduce((s, z, k) => s + z * y[k]!, 0)))
      const l = WishartCholesky({ concentration: freedom, scaleTril: v }).sample(Key.key(4), [count])
      const product = numbers(() => tf.matMul(l, l, false, true))
      l.dispose()
      for (let i = 0; i < 3; i++) {
        for (let j = 0; j <= i; j++) {
          const xs = Array.from({ length: count }, (_, n) => product[9 * n + 3 * i + j]!)
          const mean = xs.reduce((s, x) => s + x, 0) / count
          const variance = freedom * (scale[i]![j]! ** 2 + scale[i]![i]! * scale[j]![j]!)
          expect(Math.abs(mean - freedom * scale[i]![j]!)).toBeLessThan(4.42 * Math.sqrt(variance / count))
          const found = xs.reduce((s, x) => s + (x - mean) ** 2, 0) / count
          expect(Math.abs(found / variance - 1)).toBeLessThan(0.2)
        }
      }
    })
  })
})

for (const backend of [Backend.cpu, Backend.wasm]) {
  layer(backend())(`a matrix as a parameter, on ${backend.name}`, (it) => {
    it.effect("is fitted without leaving its set: the covariance of maximum likelihood", () =>
      Effect.gen(function* () {
        const x = MultivariateNormal({
          loc: [0, 0],
          covarianceMatrix: [
            [2, -0.8],
            [-0.8, 1],
          ],
        }).sample(Key.key(6), [200])
        const exact = MultivariateNormal.fit(x)
        const model = Effect.fnUntraced(function* (x: tf.Tensor) {
          const covarianceMatrix = yield* param(
            "covariance",
            [
              [1, 0],
              [0, 1],
            ],
            { support: Support.covariance },
          )
          const loc = yield* param("loc", [0, 0])
          yield* plate("rows", { size: 200 })(
            observe("x", MultivariateNormal({ loc, covarianceMatrix }), x),
            x,
          )
        })
        const fit = yield* fitSVI(model, () => Effect.void, x, {
          steps: 400,
          key: Key.key(0),
          optimizer: Optimizer.adam(Schedule.cosine(0.1, { decaySteps: 400 })),
        })
        const { covariance } = fit.params as { readonly covariance: tf.Tensor }
        expect(covariance.shape).toEqual([2, 2])
        expectClose(
          numbers(() => tf.clone(covariance)),
          numbers(() => tf.clone(exact.covarianceMatrix)),
          { relative: 1e-3, absolute: 1e-3 },
        )
      }).pipe(Effect.scoped),
    )
  })
}
