/**
 * The LKJ distribution on correlation matrices of D rows, by their lower Cholesky factor L: the matrix LLᵀ has density
 * in proportion to det(LLᵀ)^(η − 1), so that η = 1 is uniform, and a larger η favors weaker correlations
 * (Lewandowski, Kurowicka and Joe, "Generating random correlation matrices based on vines and extended onion method",
 * Journal of Multivariate Analysis 100, 2009). The density is over what is below L's diagonal:
 *
 *   log p(L) = Σ_k (D − k + 2η − 2) log l_kk − log Z,  k = 2 … D
 *
 * ```ts
 * LKJCholesky({ dimension: 3, concentration: 2 })   // event [3, 3]
 * ```
 *
 * By the onion method: row k is a point in a ball, its direction uniform and its squared length a
 * Beta((k − 1)/2, η + (D − k)/2), independent of the other rows. Draws are differentiable in the concentration.
 */
import * as tf from "@tensorflow/tfjs-core"
import { dirichletDivergence, drawDirichlet } from "../tensor/gammas.ts"
import * as Key from "../tensor/Key.ts"
import { diag, diagPart, logDetCholesky, setDiag, tril } from "../tensor/linalg.ts"
import type { Shape } from "../tensor/Shape.ts"
import { lkjConcentration } from "../tensor/special/matrices.ts"
import { rootBetaMean, rootBetaVariance } from "../tensor/special/roots.ts"
import { lbeta, lbetaSlope, lgamma } from "../tensor/special.ts"
import { where } from "../tensor/stable.ts"
import { broadcastTo, float, toTensor, type Value } from "./Distribution.ts"
import { PathwiseFamily } from "./Family.ts"
import { checkShapes, weightedMean } from "./fit.ts"
import { corrCholesky, positive, type Support } from "./Support.ts"

/** Parameters of {@link LKJCholesky}: the number of rows, 2 or more, and η, `[...batch]`. */
export interface LKJCholeskyParams {
  readonly dimension: number
  readonly concentration: Value
}

class LKJCholeskyDistribution extends PathwiseFamily<"LKJCholesky", "corrCholesky"> {
  readonly dimension: number
  readonly concentration: Value

  constructor({ dimension, concentration }: LKJCholeskyParams) {
    super({
      family: "LKJCholesky",
      support: corrCholesky,
      params: {
        concentration: { value: concentration, constraint: positive },
        dimension: { value: dimension, constraint: rowCount },
      },
      eventShape: [dimension, dimension],
    })
    this.dimension = dimension
    this.concentration = concentration
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    const [turn, reach] = Key.split(key)
    const outer = full.slice(0, -2)
    const rows = this.dimension - 1
    const { inside, left } = this.betas()
    const both = tf.stack([broadcastTo(inside, [...outer, rows]), broadcastTo(left, [...outer, rows])], -1)
    // Both shares of the unit length as drawn: 1 − the one has no digit of a small other.
    const [length, rest] = tf.split(tf.sqrt(drawDirichlet(reach!, both)), 2, -1) as [tf.Tensor, tf.Tensor]
    const noise = tril(Key.normal(turn!, [...outer, rows, rows]))
    const points = tf.mul(noise, tf.div(length, tf.norm(noise, 2, -1, true)))
    const below = tf.concat([points, tf.zeros([...outer, rows, 1])], -1)
    const square = tf.concat([tf.zeros([...outer, 1, rows + 1]), below], -2)
    return setDiag(square, tf.concat([tf.ones([...outer, 1]), tf.squeeze(rest, [-1])], -1))
  }

  protected score(value: tf.Tensor): tf.Tensor {
    const diagonal = diagPart(value)
    const [, others] = tf.split(diagonal, [1, this.dimension - 1], -1) as [tf.Tensor, tf.Tensor]
    return tf.sub(tf.sum(tf.mul(this.powers(), tf.log(others)), -1), this.logVolume())
  }

  /** By symmetry zero below the diagonal; on it the mean of a beta's root. */
  mean(): tf.Tensor {
    return this.batched(() => {
      const { inside, left } = this.betas()
      const roots = rootBetaMean(left, inside)
      return diag(tf.concat([tf.ones([...roots.shape.slice(0, -1), 1]), roots], -1))
    })
  }

  /** 1/(2η + D − 1) below the diagonal, alike for all; on it the variance of a beta's root. */
  variance(): tf.Tensor {
    return this.batched(() => {
      const n = this.dimension
      const { inside, left } = this.betas()
      const roots = rootBetaVariance(left, inside)
      const eta = tf.expandDims(tf.expandDims(toTensor(this.concentration), -1), -1)
      const share = tf.reciprocal(tf.add(tf.mul(eta, 2), n - 1))
      const below = tril(tf.mul(share, tf.ones([n, n])), -1)
      return setDiag(below, tf.concat([tf.zeros([...roots.shape.slice(0, -1), 1]), roots], -1))
    })
  }

  /** log Z − Σ_k (D − k + 2η − 2) E[log l_kk]. */
  entropy(): tf.Tensor {
    return this.batched(() => {
      const { inside, left } = this.betas()
      const logs = tf.mul(lbetaSlope(left, inside), 0.5)
      return tf.sub(this.logVolume(), tf.sum(tf.mul(this.powers(), logs), -1))
    }, [])
  }

  /**
   * For the rows from the second on, the powers of the beta of what is inside the ball, and of what is left.
   * @internal
   */
  betas() {
    const ks = tf.range(1, this.dimension)
    const eta = tf.expandDims(toTensor(this.concentration), -1)
    return { inside: tf.mul(ks, 0.5), left: tf.add(eta, tf.mul(tf.sub(this.dimension - 1, ks), 0.5)) }
  }

  /** What each l_kk is raised to, `[...batch, D − 1]`. */
  private powers(): tf.Tensor {
    return tf.sub(tf.mul(this.betas().left, 2), 2)
  }

  /** log Z: of each row log B(inside, left) + ((k − 1)/2) log π − log Γ((k − 1)/2). */
  private logVolume(): tf.Tensor {
    const { inside, left } = this.betas()
    const balls = tf.sub(tf.mul(inside, Math.log(Math.PI)), lgamma(inside))
    return tf.sum(tf.add(lbeta(left, inside), balls), -1)
  }
}

/** An LKJ distribution; see {@link LKJCholeskyParams}. */
export type LKJCholesky = LKJCholeskyDistribution

const make = (params: LKJCholeskyParams): LKJCholesky => new LKJCholeskyDistribution(params)

/**
 * Makes an LKJ distribution on the Cholesky factors of correlation matrices. `LKJCholesky.fit` is its weighted
 * maximum-likelihood estimate.
 */
export const LKJCholesky: {
  (params: LKJCholeskyParams): LKJCholesky
  /**
   * The η that expects of log det LLᵀ what the values `[N, ...batch, D, D]` have on average, by Newton's method; see
   * `fit.ts`. It is infinite where all values are the identity, and 0 where one of them is singular.
   */
  readonly fit: (
    values: tf.Tensor,
    weights?: tf.Tensor,
  ) => { readonly dimension: number; readonly concentration: tf.Tensor }
  /** log det LLᵀ, `[...]`, of factors `[..., D, D]`. */
  readonly sufficientStatistics: (values: tf.Tensor) => { readonly logDet: tf.Tensor }
} = Object.assign(make, {
  fit: (values: tf.Tensor, weights?: tf.Tensor) => {
    checkShapes(values, weights, 2)
    const dimension = values.shape.at(-1)!
    const concentration = tf.tidy(() =>
      lkjConcentration(tf.scalar(dimension), weightedMean(minusLogDet(float(values)), weights)),
    )
    return { dimension, concentration }
  },
  sufficientStatistics: (values: tf.Tensor) => tf.tidy(() => ({ logDet: tf.mul(logDetCholesky(values), 2) })),
})

/** KL(p ‖ q): that of the betas that the squared lengths of the rows are, row by row. */
export const klLKJCholeskys = (p: LKJCholesky, q: LKJCholesky): tf.Tensor => {
  const both = (d: LKJCholesky) => {
    const { inside, left } = d.betas()
    return tf.stack([tf.broadcastTo(inside, left.shape), left], -1)
  }
  return tf.sum(dirichletDivergence(both(p), both(q)), -1)
}

/**
 * −log det LLᵀ, without a negative term: −log l_kk² is log(1 + (Σ_{j<k} l_kj²)/l_kk²), which keeps its digits where l_kk
 * has rounded to 1.
 */
const minusLogDet = (l: tf.Tensor): tf.Tensor => {
  const diagonal = diagPart(l)
  const isLong = () => tf.greater(diagonal, 0.5)
  const long = where(isLong, diagonal, 1)
  const near = tf.log1p(tf.div(tf.sum(tf.square(tril(l, -1)), -1), tf.square(long)))
  const far = tf.mul(tf.log(where(isLong, 1, diagonal)), -2)
  return tf.sum(where(isLong, near, far), -1)
}

const rowCount: Support<"rowCount"> = {
  name: "rowCount",
  describe: "an integer from 2 up",
  discrete: true,
  eventRank: 0,
  cellRank: 0,
  contains: (cell) => Number.isInteger(cell[0]) && cell[0]! >= 2,
  member: () => 2,
}
