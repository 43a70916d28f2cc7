/**
 * The multivariate normal distribution on vectors of n numbers, by its covariance Σ, its precision Σ⁻¹ or the lower
 * Cholesky factor L of Σ = LLᵀ: log p(x) = −½ |L⁻¹(x − loc)|² − log det L − (n/2) log 2π.
 *
 * ```ts
 * MultivariateNormal({ loc: [0, 0], covarianceMatrix: [[1, 0.8], [0.8, 1]] })   // batch [], event [2]
 * MultivariateNormal({ loc: tf.zeros([5, 3]), scaleTril: tf.eye(3) })           // batch [5], event [3]
 * ```
 *
 * A covariance, or a precision, of condition number up to 10⁷ or so has the digits of float32 for its smallest
 * variance; a factor has no such bound. A fitted one is `param("L", tf.eye(n), { support: Support.lowerCholesky })`.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Key from "../tensor/Key.ts"
import { diagPart, matrixTranspose, outer, triangularSolve, tril } from "../tensor/linalg.ts"
import type { Shape } from "../tensor/Shape.ts"
import { halfLog2Pi } from "../tensor/stable.ts"
import { float, toTensor, type Value } from "./Distribution.ts"
import { PathwiseFamily } from "./Family.ts"
import { weightedMean } from "./fit.ts"
import { columnsOf, type Gaussian } from "./gaussian.ts"
import { realVector } from "./Support.ts"
import { type Scatter, scatterParams, sizeOf, spread } from "./scatter.ts"

/**
 * Parameters of {@link MultivariateNormal}: `loc` `[...batch, n]` and one matrix `[...batch, n, n]`; the batches
 * broadcast.
 */
export type MultivariateNormalParams = { readonly loc: Value } & Scatter

class MultivariateNormalDistribution
  extends PathwiseFamily<"MultivariateNormal", "real">
  implements Gaussian
{
  readonly loc: Value
  /** The matrix, under the name it was given by. */
  readonly scatter: Scatter

  constructor({ loc, ...scatter }: MultivariateNormalParams) {
    const matrix = scatterParams(scatter)
    const n = sizeOf(loc)
    super({
      family: "MultivariateNormal",
      support: realVector,
      params: { loc: { value: loc, constraint: realVector }, ...matrix },
      eventShape: [n],
      eventSizes: Object.fromEntries(Object.keys(matrix).map((name) => [name, [n, n]])),
    })
    this.loc = loc
    this.scatter = scatter
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    return tf.add(toTensor(this.loc), spread(this.scatter).color(Key.normal(key, full)))
  }

  protected score(value: tf.Tensor): tf.Tensor {
    const { distance, halfLogDet } = spread(this.scatter)
    const exponent = tf.mul(distance(value, toTensor(this.loc)), -0.5)
    return tf.sub(exponent, tf.add(halfLogDet(), this.eventShape[0]! * halfLog2Pi))
  }

  mean(): tf.Tensor {
    return this.batched(() => toTensor(this.loc))
  }

  /** The diagonal of the covariance. */
  variance(): tf.Tensor {
    return this.batched(() => spread(this.scatter).variance())
  }

  mode(): tf.Tensor {
    return this.mean()
  }

  /** log det L + (n/2)(1 + log 2π). */
  entropy(): tf.Tensor {
    const n = this.eventShape[0]!
    return this.batched(() => tf.add(spread(this.scatter).halfLogDet(), n * (0.5 + halfLog2Pi)), [])
  }

  /** Σ, `[...batch, n, n]`. */
  covariance(): tf.Tensor {
    const [n] = this.eventShape
    return this.batched(() => spread(this.scatter).covariance(), [n!, n!])
  }

  /** @internal */
  distance(x: tf.Tensor, loc: tf.Tensor): tf.Tensor {
    return spread(this.scatter).distance(x, loc)
  }

  /** @internal */
  halfLogDet(): tf.Tensor {
    return spread(this.scatter).halfLogDet()
  }

  /** @internal */
  columns(): tf.Tensor {
    return columnsOf(spread(this.scatter).factor())
  }
}

/** A multivariate normal distribution; see {@link MultivariateNormalParams}. */
export type MultivariateNormal = MultivariateNormalDistribution

/** What {@link MultivariateNormal.fit} gives. */
export type MultivariateNormalFit = {
  /** `[...batch, n]`. */
  readonly loc: tf.Tensor
  /** `[...batch, n, n]`. */
  readonly covarianceMatrix: tf.Tensor
}

const make = (params: MultivariateNormalParams): MultivariateNormal =>
  new MultivariateNormalDistribution(params)

/**
 * Makes a multivariate normal distribution. `MultivariateNormal.fit(values, weights)` is its weighted maximum
 * likelihood (see fit.ts): the weighted mean and covariance, values `[N, ...batch, n]`. Fewer than n + 1 values with
 * weight leave the covariance singular.
 */
export const MultivariateNormal: {
  (params: MultivariateNormalParams): MultivariateNormal
  readonly fit: (values: tf.Tensor, weights?: tf.Tensor) => MultivariateNormalFit
  /** x, and xxᵀ `[..., n, n]`, of values `[..., n]`. */
  readonly sufficientStatistics: (values: tf.Tensor) => {
    readonly x: tf.Tensor
    readonly outer: tf.Tensor
  }
} = Object.assign(make, {
  fit: (values: tf.Tensor, weights?: tf.Tensor): MultivariateNormalFit =>
    tf.tidy(() => {
      const x = float(values)
      const loc = weightedMean(x, weights, 1)
      const centered = tf.sub(x, loc)
      const w = weights === undefined ? tf.ones(x.shape.slice(0, -1)) : float(weights)
      // Over the values by a product of matrices: their squares one by one would take n times their memory.
      const weighted = tf.mul(centered, tf.expandDims(tf.div(w, tf.sum(w, 0)), -1))
      const sum = tf.matMul(lastFirst(weighted), lastFirst(centered), false, true)
      const covarianceMatrix = tf.mul(tf.add(sum, matrixTranspose(sum)), 0.5)
      return { loc, covarianceMatrix }
    }),
  sufficientStatistics: (values: tf.Tensor) =>
    tf.tidy(() => ({ x: tf.clone(values), outer: outer(values, values) })),
})

/** `[N, ...batch, n]` as `[...batch, n, N]`. */
const lastFirst = (x: tf.Tensor): tf.Tensor =>
  tf.transpose(x, [...Array.from({ length: x.rank - 1 }, (_, i) => i + 1), 0])

/**
 * KL(p ‖ q) = Σᵢ [½ (mᵢᵢ² − 1) − log mᵢᵢ] + ½ Σ_{i>j} mᵢⱼ² + ½ |L_q⁻¹(μ_p − μ_q)|², where M = L_q⁻¹L_p: term by term
 * zero between equals, where the difference of two log-determinants and of a trace from n would leave a rounding.
 */
export const klMultivariateNormals = (p: MultivariateNormal, q: MultivariateNormal): tf.Tensor => {
  const m = triangularSolve(spread(q.scatter).factor(), spread(p.scatter).factor())
  const square = tf.square(diagPart(m))
  const onDiagonal = tf.sum(tf.sub(tf.sub(square, 1), tf.log(square)), -1)
  const below = tf.sum(tf.square(tril(m, -1)), [-2, -1])
  const between = q.distance(toTensor(p.loc), toTensor(q.loc))
  return tf.mul(tf.add(tf.add(onDiagonal, below), between), 0.5)
}
