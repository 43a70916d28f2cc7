/**
 * The multivariate normal distribution whose covariance is a low rank and a diagonal, Σ = WWᵀ + D, with W
 * `[n, r]`: n numbers that r factors move together. Scoring takes n r² operations and no matrix [n, n].
 *
 * ```ts
 * LowRankMultivariateNormal({ loc: [0, 0, 0], covFactor: [[1], [1], [0.5]], covDiag: [0.1, 0.1, 0.2] })
 * ```
 *
 * By Woodbury's identity and the determinant lemma in float64 (`tensor/kernels/linalg/precision.ts`): D may be 1e-20 of
 * WWᵀ, and log p keeps its digits.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Key from "../tensor/Key.ts"
import { diag, lowRankDistance, lowRankHalfLogDet, matvec } from "../tensor/linalg.ts"
import type { Shape } from "../tensor/Shape.ts"
import { halfLog2Pi } from "../tensor/stable.ts"
import { shapeOf, toTensor, type Value } from "./Distribution.ts"
import { PathwiseFamily } from "./Family.ts"
import { columnsOf, type Gaussian } from "./gaussian.ts"
import { independent, positive, realMatrix, realVector } from "./Support.ts"
import { sizeOf } from "./scatter.ts"

/**
 * Parameters of {@link LowRankMultivariateNormal}: `loc` `[...batch, n]`, `covFactor` `[...batch, n, r]`, `covDiag`
 * `[...batch, n]`; the batches broadcast.
 */
export interface LowRankMultivariateNormalParams {
  readonly loc: Value
  readonly covFactor: Value
  readonly covDiag: Value
}

class LowRankMultivariateNormalDistribution
  extends PathwiseFamily<"LowRankMultivariateNormal", "real">
  implements Gaussian
{
  readonly loc: Value
  readonly covFactor: Value
  readonly covDiag: Value

  constructor({ loc, covFactor, covDiag }: LowRankMultivariateNormalParams) {
    const n = sizeOf(loc)
    super({
      family: "LowRankMultivariateNormal",
      support: realVector,
      params: {
        loc: { value: loc, constraint: realVector },
        covFactor: { value: covFactor, constraint: realMatrix },
        covDiag: { value: covDiag, constraint: positiveVector },
      },
      eventShape: [n],
      eventSizes: { covFactor: [n, rankOf(covFactor)], covDiag: [n] },
    })
    this.loc = loc
    this.covFactor = covFactor
    this.covDiag = covDiag
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    const [common, own] = Key.split(key)
    const factors = Key.normal(common!, [...full.slice(0, -1), rankOf(this.covFactor)])
    const noise = tf.mul(tf.sqrt(toTensor(this.covDiag)), Key.normal(own!, full))
    return tf.add(toTensor(this.loc), tf.add(matvec(toTensor(this.covFactor), factors), noise))
  }

  protected score(value: tf.Tensor): tf.Tensor {
    const exponent = tf.mul(this.distance(value, toTensor(this.loc)), -0.5)
    return tf.sub(exponent, tf.add(this.halfLogDet(), this.eventShape[0]! * halfLog2Pi))
  }

  mean(): tf.Tensor {
    return this.batched(() => toTensor(this.loc))
  }

  /** The diagonal of the covariance, Σ_k w_ik² + dᵢ. */
  variance(): tf.Tensor {
    return this.batched(() => tf.add(tf.sum(tf.square(toTensor(this.covFactor)), -1), toTensor(this.covDiag)))
  }

  mode(): tf.Tensor {
    return this.mean()
  }

  /** ½ log det Σ + (n/2)(1 + log 2π). */
  entropy(): tf.Tensor {
    const n = this.eventShape[0]!
    return this.batched(() => tf.add(this.halfLogDet(), n * (0.5 + halfLog2Pi)), [])
  }

  /** Σ, `[...batch, n, n]`. */
  covariance(): tf.Tensor {
    const [n] = this.eventShape
    return this.batched(() => {
      const w = toTensor(this.covFactor)
      return tf.add(tf.matMul(w, w, false, true), diag(toTensor(this.covDiag)))
    }, [n!, n!])
  }

  /** @internal */
  distance(x: tf.Tensor, loc: tf.Tensor): tf.Tensor {
    return lowRankDistance(x, loc, toTensor(this.covFactor), toTensor(this.covDiag))
  }

  /** @internal */
  halfLogDet(): tf.Tensor {
    return lowRankHalfLogDet(toTensor(this.covFactor), toTensor(this.covDiag))
  }

  /** @internal */
  columns(): tf.Tensor {
    const shape = [...this.batchShape, ...this.eventShape]
    const w = toTensor(this.covFactor)
    const common = tf.broadcastTo(w, [...shape, w.shape.at(-1)!])
    const own = diag(tf.sqrt(tf.broadcastTo(toTensor(this.covDiag), shape)))
    return columnsOf(tf.concat([common, own], -1))
  }
}

/** A multivariate normal of low rank and diagonal; see {@link LowRankMultivariateNormalParams}. */
export type LowRankMultivariateNormal = LowRankMultivariateNormalDistribution

/** Makes a multivariate normal distribution of low rank and diagonal. */
export const LowRankMultivariateNormal = (
  params: LowRankMultivariateNormalParams,
): LowRankMultivariateNormal => new LowRankMultivariateNormalDistribution(params)

const rankOf = (covFactor: Value): number => shapeOf(covFactor).at(-1) ?? 0

const positiveVector = { ...independent(positive, 1), describe: "a vector of positive finite numbers" }
