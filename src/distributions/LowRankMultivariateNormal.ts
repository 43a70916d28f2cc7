/**
 * The multivariate normal distribution whose covariance is a low rank and a diagonal, Σ = WWᵀ + D, with W
 * `[n, r]`: n numbers that r factors move together. Scoring takes n r² operations and no matrix [n, n].
 *
 * ```ts
 * LowRankMultivariateNormal({ loc: [0, 0, 0], covFactor: [[1], [1], [0.5]], covDiag: [0.1, 0.1, 0.2] })
 * ```
 *
 * With C = I + WᵀD⁻¹W = KKᵀ (Woodbury's identity, and the determinant lemma), z = C⁻¹WᵀD⁻¹b:
 *
 *   bᵀΣ⁻¹b = |z|² + |D^−½(b − Wz)|²,   ½ log det Σ = log det K + ½ Σ log dᵢ
 *
 * The first is the least of |z|² + |D^−½(b − Wz)|² over z: a sum of squares, where bᵀD⁻¹b − |K⁻¹WᵀD⁻¹b|² cancels
 * all its digits as D grows small. The rounding of b − Wz is what is left: D may be 1e-10 of WWᵀ, not much less.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Key from "../tensor/Key.ts"
import { cholesky, choleskySolve, diag, logDetCholesky, matrixTranspose, matvec } from "../tensor/linalg.ts"
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
    const distance = tf.mul(this.quadratic(tf.sub(value, toTensor(this.loc))), -0.5)
    return tf.sub(distance, tf.add(this.halfLogDet(), this.eventShape[0]! * halfLog2Pi))
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
  quadratic(b: tf.Tensor): tf.Tensor {
    const w = toTensor(this.covFactor)
    const d = toTensor(this.covDiag)
    const image = matvec(w, tf.div(b, d), { transpose: true })
    const z = tf.squeeze(choleskySolve(this.capacitance(), tf.expandDims(image, -1)), [-1])
    const rest = tf.div(tf.square(tf.sub(b, matvec(w, z))), d)
    return tf.add(tf.sum(tf.square(z), -1), tf.sum(rest, -1))
  }

  /** @internal */
  halfLogDet(): tf.Tensor {
    const logs = tf.mul(tf.sum(tf.log(toTensor(this.covDiag)), -1), 0.5)
    return tf.add(logDetCholesky(this.capacitance()), logs)
  }

  /** @internal */
  columns(): tf.Tensor {
    const shape = [...this.batchShape, ...this.eventShape]
    const w = toTensor(this.covFactor)
    const common = tf.broadcastTo(w, [...shape, w.shape.at(-1)!])
    const own = diag(tf.sqrt(tf.broadcastTo(toTensor(this.covDiag), shape)))
    return columnsOf(tf.concat([common, own], -1))
  }

  /** K, the lower Cholesky factor of I + WᵀD⁻¹W, `[...batch, r, r]`. */
  private capacitance(): tf.Tensor {
    const scaled = tf.div(toTensor(this.covFactor), tf.sqrt(tf.expandDims(toTensor(this.covDiag), -1)))
    const inner = tf.matMul(matrixTranspose(scaled), scaled)
    return cholesky(tf.add(inner, tf.eye(rankOf(this.covFactor))))
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
