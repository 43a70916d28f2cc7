/**
 * The Wishart distribution on covariance matrices of n rows, by their lower Cholesky factor L: LLᵀ is the sum of ν
 * outer products of normal vectors with covariance VVᵀ, where ν = `concentration` need not be whole. The density is
 * over L's lower triangle, not over LLᵀ's.
 *
 * By Bartlett's decomposition L = VA, with the squares of A's diagonal χ² of ν, ν − 1, … degrees of freedom and what is
 * below it standard normal:
 *
 *   log p(L) = Σᵢ log χ(aᵢᵢ; ν − i + 1) + Σ_{i>j} log N(aᵢⱼ; 0, 1) − Σᵢ i log vᵢᵢ
 *
 * ```ts
 * WishartCholesky({ concentration: 5, scaleTril: [[1, 0], [0.5, 1]] })   // event [2, 2]
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { deviance } from "../tensor/counts.ts"
import { drawGamma, gammaDivergence, gammaEntropy, gammaLogDensity } from "../tensor/gammas.ts"
import * as Key from "../tensor/Key.ts"
import {
  cholesky,
  diagPart,
  logDetCholesky,
  matrixTranspose,
  matvec,
  setDiag,
  triangularSolve,
  tril,
} from "../tensor/linalg.ts"
import { expandRight, type Shape } from "../tensor/Shape.ts"
import { wishartConcentration } from "../tensor/special/matrices.ts"
import { rootGammaMean, rootGammaVariance } from "../tensor/special/roots.ts"
import { digamma } from "../tensor/special.ts"
import { halfLog2Pi } from "../tensor/stable.ts"
import { broadcastTo, float, toTensor, type Value } from "./Distribution.ts"
import { PathwiseFamily } from "./Family.ts"
import { checkShapes, weightedMean } from "./fit.ts"
import { greaterThan, lowerCholesky } from "./Support.ts"
import { sizeOf } from "./scatter.ts"

/**
 * Parameters of {@link WishartCholesky}: `concentration` `[...batch]`, above n − 1, and the lower Cholesky factor V of
 * the scale, `[...batch, n, n]`; the mean of LLᵀ is concentration · VVᵀ.
 */
export interface WishartCholeskyParams {
  readonly concentration: Value
  readonly scaleTril: Value
}

class WishartCholeskyDistribution extends PathwiseFamily<"WishartCholesky", "lowerCholesky"> {
  readonly concentration: Value
  readonly scaleTril: Value

  constructor({ concentration, scaleTril }: WishartCholeskyParams) {
    const n = sizeOf(scaleTril)
    super({
      family: "WishartCholesky",
      support: lowerCholesky,
      params: {
        concentration: { value: concentration, constraint: greaterThan(n - 1) },
        scaleTril: { value: scaleTril, constraint: lowerCholesky },
      },
      eventShape: [n, n],
      eventSizes: { scaleTril: [n, n] },
    })
    this.concentration = concentration
    this.scaleTril = scaleTril
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    const [diagonal, below] = Key.split(key)
    const halves = broadcastTo(this.halves(), full.slice(0, -1))
    const squares = drawGamma(diagonal!, halves, tf.fill(halves.shape, 0.5))
    const a = setDiag(tril(Key.normal(below!, full), -1), tf.sqrt(squares))
    // Column by column, summed in float64: draws are then the same on every backend.
    const columns = matvec(tf.expandDims(tril(toTensor(this.scaleTril)), -3), matrixTranspose(a))
    return matrixTranspose(columns)
  }

  protected score(value: tf.Tensor): tf.Tensor {
    const n = this.eventShape[0]!
    const a = triangularSolve(toTensor(this.scaleTril), value)
    const diagonal = diagPart(a)
    // The density of a is that of its square times the square's slope 2a.
    const chi = gammaLogDensity(tf.square(diagonal), this.halves(), tf.scalar(0.5))
    const onDiagonal = tf.sum(tf.add(chi, tf.log(tf.mul(diagonal, 2))), -1)
    const squares = tf.mul(squaresBelow(a), -0.5)
    const below = tf.sub(squares, ((n * (n - 1)) / 2) * halfLog2Pi)
    return tf.sub(tf.add(onDiagonal, below), this.logStretch())
  }

  /** V E[A]: the diagonal of A has the means √2 Γ((k + 1)/2)/Γ(k/2) of χ's, and what is below it zero. */
  mean(): tf.Tensor {
    return this.batched(() => {
      const chi = tf.mul(rootGammaMean(this.halves()), Math.SQRT2)
      return tf.mul(tril(toTensor(this.scaleTril)), tf.expandDims(chi, -2))
    })
  }

  /** Of the number [i, j]: v_ij² Var(a_jj) + Σ_{j < k ≤ i} v_ik². */
  variance(): tf.Tensor {
    return this.batched(() => {
      const squares = tf.square(tril(toTensor(this.scaleTril)))
      const chi = tf.mul(rootGammaVariance(this.halves()), 2)
      const beyond = tril(tf.cumsum(squares, squares.rank - 1, true, true))
      return tf.add(tf.mul(squares, tf.expandDims(chi, -2)), beyond)
    })
  }

  /** The sum of those of A's independent numbers, and the log-determinant of A ↦ VA. */
  entropy(): tf.Tensor {
    return this.batched(() => {
      const n = this.eventShape[0]!
      const halves = this.halves()
      const roots = tf.sub(gammaEntropy(halves), tf.mul(tf.add(digamma(halves), Math.LN2), 0.5))
      const below = ((n * (n - 1)) / 2) * (0.5 + halfLog2Pi)
      return tf.add(tf.add(tf.sum(roots, -1), below), this.logStretch())
    }, [])
  }

  /** Half of the degrees of freedom on A's diagonal, `[...batch, n]`. @internal */
  halves(): tf.Tensor {
    const freedom = tf.sub(tf.expandDims(toTensor(this.concentration), -1), tf.range(0, this.eventShape[0]!))
    return tf.mul(freedom, 0.5)
  }

  /** Σᵢ i log vᵢᵢ. */
  private logStretch(): tf.Tensor {
    const logs = tf.log(diagPart(toTensor(this.scaleTril)))
    return tf.sum(tf.mul(logs, tf.range(1, this.eventShape[0]! + 1)), -1)
  }
}

/** A Wishart distribution by Cholesky factors; see {@link WishartCholeskyParams}. */
export type WishartCholesky = WishartCholeskyDistribution

const make = (params: WishartCholeskyParams): WishartCholesky => new WishartCholeskyDistribution(params)

/**
 * Makes a Wishart distribution on the Cholesky factors of covariance matrices. `WishartCholesky.fit` is its weighted
 * maximum-likelihood estimate.
 */
export const WishartCholesky: {
  (params: WishartCholeskyParams): WishartCholesky
  /**
   * The ν that expects of log det LLᵀ what the values `[N, ...batch, n, n]` have on average, by Newton's method, and the
   * factor of the mean of LLᵀ over ν; see `fit.ts`. Where all values are equal ν is infinite, or as large as rounding
   * makes it, and the factor near zero.
   */
  readonly fit: (
    values: tf.Tensor,
    weights?: tf.Tensor,
  ) => { readonly concentration: tf.Tensor; readonly scaleTril: tf.Tensor }
  /** LLᵀ, `[..., n, n]`, and log det LLᵀ, `[...]`, of factors `[..., n, n]`. */
  readonly sufficientStatistics: (values: tf.Tensor) => {
    readonly outer: tf.Tensor
    readonly logDet: tf.Tensor
  }
} = Object.assign(make, {
  fit: (values: tf.Tensor, weights?: tf.Tensor) => {
    checkShapes(values, weights, 2)
    return tf.tidy(() => {
      const l = tril(float(values))
      const root = cholesky(weightedMean(tf.matMul(l, l, false, true), weights, 2))
      const m = triangularSolve(root, l)
      const s = weightedMean(tf.add(tf.sum(excess(m), -1), squaresBelow(m)), weights)
      const concentration = wishartConcentration(tf.scalar(l.shape.at(-1)!), s)
      return { concentration, scaleTril: tf.div(root, expandRight(tf.sqrt(concentration), 2)) }
    })
  },
  sufficientStatistics: (values: tf.Tensor) =>
    tf.tidy(() => {
      const logDet = tf.mul(logDetCholesky(values), 2)
      return { outer: tf.matMul(values, values, false, true), logDet }
    }),
})

/**
 * KL(p ‖ q) of two Wisharts, which is that of their factors. With M = V_q⁻¹V_p, and p's a the halves of A's degrees of
 * freedom, b those of q, it is Σᵢ KL(Gamma(aᵢ, 1) ‖ Gamma(bᵢ, mᵢᵢ²)) for the diagonal of A, and for what is below it
 * Σᵢ ½(i − 1)(mᵢᵢ² − 1 − log mᵢᵢ²) + ½ν Σ_{i>j} mᵢⱼ²: each zero between equals, and none negative.
 */
export const klWishartCholeskys = (p: WishartCholesky, q: WishartCholesky): tf.Tensor => {
  const n = p.eventShape[0]!
  const m = triangularSolve(toTensor(q.scaleTril), tril(toTensor(p.scaleTril)))
  const onDiagonal = tf.sum(gammaDivergence(p.halves(), q.halves(), tf.square(diagPart(m))), -1)
  const others = tf.sum(tf.mul(excess(m), tf.range(0, n)), -1)
  const below = tf.mul(toTensor(p.concentration), squaresBelow(m))
  return tf.add(onDiagonal, tf.mul(tf.add(others, below), 0.5))
}

/**
 * mᵢᵢ² − 1 − log mᵢᵢ². With M = R⁻¹L, where RRᵀ is the mean of LLᵀ, the mean of Σᵢ of these and of the squares below the
 * diagonal is log det RRᵀ less the mean of log det LLᵀ, in positive terms: that as it stands has no digit at a large ν.
 */
const excess = (m: tf.Tensor): tf.Tensor => deviance(tf.scalar(1), tf.square(diagPart(m)))

/** Σ_{i>j} mᵢⱼ². */
const squaresBelow = (m: tf.Tensor): tf.Tensor => tf.sum(tf.square(tril(m, -1)), [-2, -1])
