/**
 * The families of vectors and matrices against float64 SciPy: log-densities from the location to 30 widths away,
 * moments, entropies. The table's script is beside it. And extremes, where the exact values are representable.
 */
import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Dirichlet } from "../../src/distributions/Dirichlet.ts"
import type { Value } from "../../src/distributions/Distribution.ts"
import { LKJCholesky } from "../../src/distributions/LKJCholesky.ts"
import { LowRankMultivariateNormal } from "../../src/distributions/LowRankMultivariateNormal.ts"
import { MatrixNormal } from "../../src/distributions/MatrixNormal.ts"
import { MultivariateNormal } from "../../src/distributions/MultivariateNormal.ts"
import { MultivariateStudentT } from "../../src/distributions/MultivariateStudentT.ts"
import { WishartCholesky } from "../../src/distributions/WishartCholesky.ts"
import * as Key from "../../src/tensor/Key.ts"
import golden from "../goldens/distributions_vectors.json" with { type: "json" }
import type { Able } from "../laws/families.ts"
import { expectClose, numbers } from "../laws/numbers.ts"
import { on } from "../laws/onBackends.ts"

const make = {
  Dirichlet,
  LKJCholesky,
  LowRankMultivariateNormal,
  MatrixNormal,
  MultivariateNormal,
  MultivariateStudentT,
  WishartCholesky,
} as unknown as Record<string, (params: Readonly<Record<string, Value>>) => Able>

interface Case {
  readonly family: string
  readonly params: Readonly<Record<string, Value>>
  readonly at: ReadonlyArray<ReadonlyArray<number>>
  readonly logProb: ReadonlyArray<number>
  readonly mean?: ReadonlyArray<number>
  readonly variance?: ReadonlyArray<number>
  readonly entropy?: ReadonlyArray<number>
  /** Events of density zero. */
  readonly outside?: ReadonlyArray<ReadonlyArray<number>>
}

const tolerance = { relative: 1e-5, absolute: 1e-6 }

describe(`the same numbers as SciPy ${golden.scipy}`, () => {
  on(["cpu", "wasm"], (check) => {
    for (const [i, one] of (golden.cases as unknown as ReadonlyArray<Case>).entries()) {
      check(`${one.family} ${i}, by ${Object.keys(one.params)}`, () => {
        const d = make[one.family]!(one.params)
        expect(d.problem).toBeUndefined()
        const found = numbers(() => d.logProb(tf.tensor(one.at.flat(), [one.at.length, ...d.eventShape])))
        expectClose(found, one.logProb, tolerance, "logProb")
        for (const event of one.outside ?? []) {
          const [outside] = numbers(() => d.logProb(tf.tensor(event, [...d.eventShape])))
          expect(outside, `at ${event}`).toBe(-Infinity)
        }
        for (const moment of ["mean", "variance", "entropy"] as const) {
          const expected = one[moment]
          if (expected === undefined) continue
          expectClose(
            numbers(() => d[moment]!()),
            expected,
            tolerance,
            moment,
          )
        }
      })
    }
  })
})

describe("extremes", () => {
  const both = (d: (scale: tf.Tensor) => Able, scale: number, x: ReadonlyArray<number>) =>
    tf.tidy(() => {
      const { value, grad } = tf.valueAndGrad((s: tf.Tensor) => {
        const made = d(s)
        return tf.sum(made.logProb(tf.tensor(x as Array<number>, [...made.eventShape])))
      })(tf.scalar(scale))
      return [value.dataSync()[0]!, grad.dataSync()[0]!] as const
    })
  const eye = () => tf.eye(2)

  on(["cpu", "wasm"], (check) => {
    check(
      "scales from 1e-30 to 1e30 score finitely, with finite gradients where they are representable",
      () => {
        for (const scale of [1e-30, 1e-15, 1, 1e15, 1e30]) {
          const x = [scale, -scale]
          const exact = -1 - 2 * Math.log(scale) - Math.log(2 * Math.PI)
          const normal = both(
            (s) => MultivariateNormal({ loc: [0, 0], scaleTril: tf.mul(s, eye()) }),
            scale,
            x,
          )
          expectClose([normal[0]], [exact], { relative: 1e-6 })
          // −2/s + |x|²/s³: nothing.
          expect(Math.abs(normal[1]) * scale).toBeLessThan(1e-5)
          const matrix = both(
            (s) => MatrixNormal({ loc: [[0], [0]], scaleTrilRow: tf.mul(s, eye()), scaleTrilColumn: [[1]] }),
            scale,
            x,
          )
          expectClose([matrix[0]], [exact], { relative: 1e-6 })
          expect(Math.abs(matrix[1]) * scale).toBeLessThan(1e-5)
          const t = both(
            (s) => MultivariateStudentT({ df: 1e8, loc: [0, 0], scaleTril: tf.mul(s, eye()) }),
            scale,
            x,
          )
          expectClose([t[0]], [exact], { relative: 1e-5, absolute: 1e-5 })
          expect(Math.abs(t[1]) * scale).toBeLessThan(1e-4)
        }
      },
    )

    check("a low rank with a diagonal from 1e-20 to 1e20 scores as it should", () => {
      for (const scale of [1e-20, 1e-10, 1e-6, 1, 1e20]) {
        const [value, slope] = both(
          (s) =>
            LowRankMultivariateNormal({ loc: [0, 0], covFactor: [[1], [1]], covDiag: tf.mul(s, [1, 1]) }),
          scale,
          [1, 1],
        )
        // Along (1, 1) the variance is 2 + s, across it s.
        const exact = -1 / (2 + scale) - 0.5 * Math.log((2 + scale) * scale) - Math.log(2 * Math.PI)
        expectClose([value], [exact], { relative: 1e-5, absolute: 1e-5 })
        expectClose(
          [slope],
          [1 / (2 + scale) ** 2 - 0.5 / (2 + scale) - 0.5 / scale],
          { relative: 1e-3 },
          `${scale}`,
        )
      }
    })

    check("few and many degrees of freedom draw and score finitely", () => {
      for (const df of [1e-2, 1, 1e4, 1e8]) {
        const values = numbers(() => {
          const d = MultivariateStudentT({
            df,
            loc: [0, 1],
            scaleTril: [
              [1, 0],
              [0.5, 1],
            ],
          })
          const draws = d.sample(Key.key(1), [500])
          return tf.concat([tf.reshape(draws, [-1]), d.logProb(draws)])
        })
        // Of the largest draws the squared distance is beyond float32.
        expect(values.every(Number.isFinite), `df ${df}`).toBe(true)
      }
    })
  })
})
