/**
 * Draws of vectors and matrices in more dimensions than a grid can cover, by what is known of one number made of each:
 * see `rows/projections.ts`. And for Gaussians, the gradient of E[cos uᵀx] = exp(−½ uᵀΣu) cos uᵀμ in every parameter.
 *
 * Each of 172 Kolmogorov–Smirnov tests on 10,000 draws alarms falsely with probability 1e-5, each of 60 gradients,
 * beyond 5 standard errors, with probability 6e-7: a correct library fails with probability 0.2%, and the seeds are
 * fixed, so that it then always does.
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
import {
  column,
  covarianceMatrix,
  covDiag,
  covFactor,
  loc,
  lowRankCovariance,
  matrixCovariance,
  projected,
  row,
  scaleTril,
} from "./rows/projections.ts"

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
    covariance: lowRankCovariance,
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
    covariance: matrixCovariance,
  },
]

const count = 10_000

describe("draws in more dimensions", () => {
  on(["cpu", "wasm"], (check) => {
    for (const { name, d, along } of projected) {
      check(`have what is known of their projections: ${name}`, () => {
        const width = d.eventShape.reduce((a, b) => a * b, 1)
        const x = numbers(() => d.sample(Key.key(7), [count]))
        const draws = Array.from({ length: count }, (_, n) => x.slice(width * n, width * (n + 1)))
        for (const { title, of, cdf } of along) {
          const scores = draws.map((draw) => cdf(of(draw))).sort((a, b) => a - b)
          const distance = scores.reduce(
            (most, p, i) => Math.max(most, Math.abs(p - i / count), Math.abs(p - (i + 1) / count)),
            0,
          )
          // Beyond this with probability 1e-5: √(½ log(2 / 1e-5)).
          expect(distance * Math.sqrt(count), title).toBeLessThan(2.47)
        }
      })
    }

    check("are tested as often as is said above", () => {
      expect(2 * projected.reduce((sum, { along }) => sum + along.length, 0)).toBe(172)
    })
  })
})

describe("draws of a Gaussian in four dimensions", () => {
  on(["cpu"], (check) => {
    for (const one of cases) {
      check(`have the gradient of E[cos uᵀx] in every parameter: ${one.name}`, () => {
        const u = Array.from(Key.normalValues(Key.key(100), [4])).map((x) => x / 2)
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
