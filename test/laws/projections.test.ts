/**
 * Draws of vectors and matrices in more dimensions than a grid can cover, by what is known of their projections: uᵀx
 * of a Gaussian is normal, with mean uᵀμ and variance uᵀΣu, for each direction u. So the correlations are tested too,
 * which marginals do not see. And the gradient of E[cos uᵀx] = exp(−½ uᵀΣu) cos uᵀμ in every parameter.
 *
 * Each of 40 Kolmogorov–Smirnov tests on 10,000 draws alarms falsely with probability 1e-5, each of 60 gradients,
 * beyond 5 standard errors, with probability 6e-7; the seeds are fixed.
 */
import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { type Reparameterized, toTensor, type Value } from "../../src/distributions/Distribution.ts"
import { LowRankMultivariateNormal } from "../../src/distributions/LowRankMultivariateNormal.ts"
import { MatrixNormal } from "../../src/distributions/MatrixNormal.ts"
import { MultivariateNormal } from "../../src/distributions/MultivariateNormal.ts"
import * as Key from "../../src/tensor/Key.ts"
import { tril } from "../../src/tensor/linalg.ts"
import { expectClose, numbers } from "./numbers.ts"
import { on } from "./onBackends.ts"

const loc = [1, -2, 0.5, 3]
const scaleTril = [
  [1, 0, 0, 0],
  [0.8, 0.6, 0, 0],
  [-0.5, 0.2, 1.5, 0],
  [0.3, -1, 0.4, 0.2],
]
const product = (a: ReadonlyArray<ReadonlyArray<number>>): Array<Array<number>> =>
  a.map((x) => a.map((y) => x.reduce((sum, v, k) => sum + v * y[k]!, 0)))

const covarianceMatrix = product(scaleTril)
const covFactor = [
  [1, 0],
  [0.8, -0.6],
  [-0.5, 0.2],
  [0.3, -1],
]
const covDiag = [0.5, 0.1, 1, 0.2]
const row = [
  [1, 0],
  [-0.7, 0.5],
]
const column = [
  [0.4, 0],
  [0.3, 1.2],
]
const [rows, columns] = [product(row), product(column)]

interface Case {
  readonly name: string
  readonly make: (params: Readonly<Record<string, Value>>) => Reparameterized
  readonly params: Readonly<Record<string, ReadonlyArray<number> | ReadonlyArray<ReadonlyArray<number>>>>
  readonly covariance: ReadonlyArray<ReadonlyArray<number>>
}

const cases: ReadonlyArray<Case> = [
  {
    name: "MultivariateNormal by covariance",
    make: (p) => MultivariateNormal({ loc: p.loc!, covarianceMatrix: p.covarianceMatrix! }),
    params: { loc, covarianceMatrix },
    covariance: covarianceMatrix,
  },
  {
    name: "MultivariateNormal by factor",
    make: (p) => MultivariateNormal({ loc: p.loc!, scaleTril: p.scaleTril! }),
    params: { loc, scaleTril },
    covariance: covarianceMatrix,
  },
  {
    name: "LowRankMultivariateNormal",
    make: (p) => LowRankMultivariateNormal({ loc: p.loc!, covFactor: p.covFactor!, covDiag: p.covDiag! }),
    params: { loc, covFactor, covDiag },
    covariance: product(covFactor).map((r, i) => r.map((x, j) => (i === j ? x + covDiag[i]! : x))),
  },
  {
    name: "MatrixNormal",
    make: (p) => MatrixNormal({ loc: p.loc!, scaleTrilRow: p.row!, scaleTrilColumn: p.column! }),
    params: {
      loc: [
        [1, -2],
        [0.5, 3],
      ],
      row,
      column,
    },
    // The number [i, j] stands at 2i + j.
    covariance: [0, 1, 2, 3].map((a) =>
      [0, 1, 2, 3].map((b) => rows[a >> 1]![b >> 1]! * columns[a & 1]![b & 1]!),
    ),
  },
]

const count = 10_000
const directions = Array.from({ length: 5 }, (_, i) => Array.from(Key.normalValues(Key.key(100 + i), [4])))
const dot = (a: ReadonlyArray<number>, b: ArrayLike<number>) => a.reduce((sum, x, i) => sum + x * b[i]!, 0)
const varianceAlong = (c: Case, u: ReadonlyArray<number>) =>
  dot(
    u,
    c.covariance.map((r) => dot(u, r)),
  )

/** Φ by its series (Marsaglia, "Evaluating the normal distribution", 2004): exact to 1e-15 within ±7. */
const cdf = (z: number): number => {
  if (Math.abs(z) > 7) return z > 0 ? 1 : 0
  let [sum, term] = [z, z]
  for (let k = 3; Math.abs(term) > 1e-17; k += 2) {
    term *= (z * z) / k
    sum += term
  }
  return 0.5 + sum * Math.exp(-0.5 * z * z - 0.9189385332046727)
}

describe("draws of a Gaussian in four dimensions", () => {
  on(["cpu", "wasm"], (check) => {
    for (const one of cases) {
      check(`are normal along any direction: ${one.name}`, () => {
        const x = numbers(() => one.make(one.params).sample(Key.key(7), [count]))
        for (const u of directions) {
          const deviation = Math.sqrt(varianceAlong(one, u))
          const scores = Array.from({ length: count }, (_, n) =>
            cdf((dot(u, x.slice(4 * n, 4 * n + 4)) - dot(u, loc)) / deviation),
          ).sort((a, b) => a - b)
          const distance = scores.reduce(
            (most, p, i) => Math.max(most, Math.abs(p - i / count), Math.abs(p - (i + 1) / count)),
            0,
          )
          expect(distance * Math.sqrt(count), `along ${u}`).toBeLessThan(2.47)
        }
      })
    }
  })

  on(["cpu"], (check) => {
    for (const one of cases) {
      check(`have the gradient of E[cos uᵀx] in every parameter: ${one.name}`, () => {
        const u = directions[0]!.map((x) => x / 2)
        const names = Object.keys(one.params)
        const gradient = (f: (d: Reparameterized) => tf.Tensor) =>
          tf.tidy(() =>
            tf
              .grads((...values: Array<tf.Tensor>) =>
                f(one.make(Object.fromEntries(names.map((name, i) => [name, values[i]!])))),
              )(names.map((name) => tf.tensor(one.params[name] as tf.TensorLike)))
              .flatMap((g) => Array.from(g.dataSync())),
          )
        // The exact one through the covariance that the family states, whose gradient the density's laws test.
        const exact = gradient((d) => {
          const at = tf.tensor1d(u)
          const spread = tf.sum(tf.mul(at, tf.dot(covarianceOf(one, d), at)))
          const mean = tf.sum(tf.mul(at, tf.reshape((d as unknown as { mean: () => tf.Tensor }).mean(), [4])))
          return tf.mul(tf.exp(tf.mul(spread, -0.5)), tf.cos(mean)) as tf.Scalar
        })
        const rounds = Array.from({ length: 40 }, (_, i) =>
          gradient((d) => {
            const x = tf.reshape(d.rsample(Key.foldIn(Key.key(3), i), [500]), [500, 4])
            return tf.mean(tf.cos(tf.dot(x, tf.tensor1d(u))))
          }),
        )
        exact.forEach((e, k) => {
          const found = rounds.map((round) => round[k]!)
          const mean = found.reduce((a, b) => a + b, 0) / 40
          const error = Math.sqrt(found.reduce((a, x) => a + (x - mean) ** 2, 0) / 39 / 40)
          expect(Math.abs(mean - e), `${k}: ${mean} ± ${error} for ${e}`).toBeLessThan(5 * error + 1e-5)
        })
      })
    }

    check("have the covariance that the family states", () => {
      for (const one of cases) {
        const found = numbers(() => covarianceOf(one, one.make(one.params)))
        expectClose(found, one.covariance.flat(), { absolute: 1e-5 }, one.name)
      }
    })
  })
})

/** `[4, 4]`; a matrix normal's is the product of those of its rows and columns. */
const covarianceOf = (one: Case, d: Reparameterized): tf.Tensor2D => {
  if (one.name !== "MatrixNormal") {
    return (d as unknown as { covariance: () => tf.Tensor2D }).covariance()
  }
  const square = (name: string) => {
    const l = tril(toTensor(d.params[name]!.value))
    return tf.matMul(l, l, false, true)
  }
  const [byRow, byColumn] = [square("scaleTrilRow"), square("scaleTrilColumn")]
  return tf.reshape(tf.mul(tf.reshape(byRow, [2, 1, 2, 1]), tf.reshape(byColumn, [1, 2, 1, 2])), [4, 4])
}
