/** The rows of `cases.ts` for squared distances under a covariance, however that is given, and what rests on them. */
import * as tf from "@tensorflow/tfjs-core"
import * as L from "../../../src/tensor/linalg.ts"
import { type Dense, random } from "../kernels/reference.ts"
import type { Case } from "./cases.ts"
import * as R from "./reference.ts"

type Batch = ReadonlyArray<number>

/** Of the vectors, the location, the matrix, and what else there is. */
const batches: ReadonlyArray<readonly [Batch, Batch, Batch, Batch]> = [
  [[], [], [], []],
  [[3], [], [], [3]],
  [[2, 1], [3], [], [2, 1]],
  [[3, 2], [2], [2], [1]],
  [[], [2], [3, 1], []],
]

const sum = (a: R.Matrix, b: R.Matrix, sign = 1): R.Matrix =>
  a.map((row, i) => row.map((x, j) => x + sign * b[i]![j]!))
const symmetric = (a: R.Matrix): R.Matrix => sum(a, R.transpose(a)).map((row) => row.map((x) => x / 2))
const quadratic = (b: R.Matrix, covariance: R.Matrix): number =>
  R.multiply(b, R.solve(covariance, R.transpose(b)))[0]![0]!
const lowRank = (w: R.Matrix, d: R.Matrix): R.Matrix =>
  R.multiply(w, R.transpose(w)).map((row, i) => row.map((x, j) => (i === j ? x + d[0]![i]! : x)))
const halfLogDet = (covariance: R.Matrix): number =>
  R.cholesky(covariance).reduce((total, row, i) => total + Math.log(row[i]!), 0)

const positive = (x: Dense): Dense => R.float32({ ...x, values: x.values.map((v) => Math.exp(v / 2)) })

/** log Γ(k/2) for whole k. */
const lgammaHalf = (k: number): number =>
  k <= 2 ? (k === 1 ? Math.log(Math.PI) / 2 : 0) : Math.log(k / 2 - 1) + lgammaHalf(k - 2)

export const distanceCases: ReadonlyArray<Case> = [1, 3].flatMap((n) =>
  batches.flatMap(([ofX, ofLoc, ofMatrix, other]): ReadonlyArray<Case> => {
    const at = `n ${n}, batches [${ofX}] [${ofLoc}] [${ofMatrix}]`
    const [x, loc] = [random([...ofX, n], 71), random([...ofLoc, n], 72)]
    const skewed = (seed: number): Dense => {
      const a = R.positiveDefinite(ofMatrix, n, seed)
      const sign = (i: number) => Math.sign((i % n) - (Math.floor(i / n) % n))
      return R.float32({ ...a, values: a.values.map((v, i) => v + 0.125 * sign(i)) })
    }
    const l = R.triangular(ofMatrix, n, 74)
    const diagonal = (_: number, i: number) => (i % (n * n)) % (n + 1) === 0
    const factor = { ...l, values: l.values.map((v, i) => (diagonal(v, i) ? Math.abs(v) : v)) }
    const given = (
      kind: "covariance" | "precision" | "factor",
      matrix: Dense,
      covariance: (m: R.Matrix) => R.Matrix,
    ): Case => ({
      name: `squaredDistance by ${kind}, ${at}`,
      xs: [x, loc, matrix],
      f: (x, loc, m) => L.squaredDistance(x!, loc!, m!, kind),
      reference: (x, loc, m) =>
        R.overBatch(
          [
            [x!, 1],
            [loc!, 1],
            [m!, 2],
          ],
          [],
          (x, loc, m) => [[quadratic(sum(x!, loc!, -1), covariance(m!))]],
        ),
    })
    const r = 2
    const [w, d] = [random([...ofMatrix, n, r], 75), positive(random([...other, n], 76))]
    return [
      given("covariance", skewed(73), symmetric),
      given("precision", skewed(77), (m) => R.solve(symmetric(m), R.identity(n))),
      given("factor", factor, R.square),
      {
        name: `lowRankDistance ${at}`,
        xs: [x, loc, w, d],
        f: (x, loc, w, d) => L.lowRankDistance(x!, loc!, w!, d!),
        reference: (x, loc, w, d) =>
          R.overBatch(
            [
              [x!, 1],
              [loc!, 1],
              [w!, 2],
              [d!, 1],
            ],
            [],
            (x, loc, w, d) => [[quadratic(sum(x!, loc!, -1), lowRank(w!, d!))]],
          ),
      },
      {
        name: `lowRankHalfLogDet ${at}`,
        xs: [w, d],
        f: (w, d) => L.lowRankHalfLogDet(w!, d!),
        reference: (w, d) =>
          R.overBatch(
            [
              [w!, 2],
              [d!, 1],
            ],
            [],
            (w, d) => [[halfLogDet(lowRank(w!, d!))]],
          ),
      },
      {
        name: `studentVectorLogDensity ${at}`,
        xs: [x, loc, factor],
        f: (x, loc, l) => L.studentVectorLogDensity(x!, tf.scalar(5), loc!, l!),
        reference: (x, loc, l) =>
          R.overBatch(
            [
              [x!, 1],
              [loc!, 1],
              [l!, 2],
            ],
            [],
            (x, loc, l) => {
              const tail = -0.5 * (5 + n) * Math.log1p(quadratic(sum(x!, loc!, -1), R.square(l!)) / 5)
              const volume = lgammaHalf(5 + n) - lgammaHalf(5) - (n / 2) * Math.log(5 * Math.PI)
              return [[tail + volume - l!.reduce((total, row, i) => total + Math.log(row[i]!), 0)]]
            },
          ),
      },
    ]
  }),
)
