/**
 * The Dirichlet-multinomial distribution: how many of `totalCount` trials fall in each of K classes, whose
 * probabilities are drawn once from a Dirichlet (Pólya's urn). One event is a vector of K counts. With A = Σa
 * log p(x) = log n! Γ(A)/Γ(n + A) + Σ log Γ(x + a)/(Γ(a) x!), in float64.
 *
 * ```ts
 * DirichletMultinomial({ totalCount: 10, concentration: [1, 2, 0.5] })
 * ```
 *
 * With one number of trials on the host its values can be enumerated.
 */
import * as tf from "@tensorflow/tfjs-core"
import { dirichletMultinomialLogMass, drawDirichletMultinomial } from "../tensor/counts.ts"
import type { Key } from "../tensor/Key.ts"
import type { Shape } from "../tensor/Shape.ts"
import { broadcastTo, type HasEnumerate, shapeOf, toTensor, type Value } from "./Distribution.ts"
import { Family } from "./Family.ts"
import { withCompositions } from "./Multinomial.ts"
import { independent, multinomial, nonNegativeInteger, positive } from "./Support.ts"

/** Parameters of {@link DirichletMultinomial}: trials `[...batch]` and positive concentrations `[...batch, K]`. */
export interface DirichletMultinomialParams<N extends Value = Value> {
  readonly totalCount: N
  readonly concentration: Value
}

class DirichletMultinomialDistribution extends Family<"DirichletMultinomial", "multinomial", "score"> {
  readonly totalCount: Value
  readonly concentration: Value

  constructor({ totalCount, concentration }: DirichletMultinomialParams) {
    super({
      family: "DirichletMultinomial",
      support: multinomial(totalCount),
      gradient: "score",
      params: {
        concentration: { value: concentration, constraint: independent(positive, 1) },
        totalCount: { value: totalCount, constraint: nonNegativeInteger },
      },
      eventShape: [shapeOf(concentration).at(-1) ?? 0],
    })
    this.totalCount = totalCount
    this.concentration = concentration
  }

  protected draw(key: Key, full: Shape): tf.Tensor {
    const trials = broadcastTo(toTensor(this.totalCount), full.slice(0, -1))
    return drawDirichletMultinomial(key, trials, broadcastTo(toTensor(this.concentration), full))
  }

  protected score(value: tf.Tensor): tf.Tensor {
    return dirichletMultinomialLogMass(value, toTensor(this.concentration))
  }

  /** n a / A. */
  mean(): tf.Tensor {
    return this.batched(() => tf.mul(this.trials(), this.shares()))
  }

  /** n s (1 − s) (n + A) / (1 + A) with s = a / A, for each class: the diagonal of the covariance. */
  variance(): tf.Tensor {
    return this.batched(() => {
      const [n, s, total] = [this.trials(), this.shares(), this.total()]
      const spread = tf.mul(tf.mul(n, s), tf.sub(1, s))
      return tf.mul(spread, tf.div(tf.add(n, total), tf.add(total, 1)))
    })
  }

  private trials(): tf.Tensor {
    return tf.expandDims(toTensor(this.totalCount), -1)
  }

  private total(): tf.Tensor {
    return tf.sum(toTensor(this.concentration), -1, true)
  }

  private shares(): tf.Tensor {
    return tf.div(toTensor(this.concentration), this.total())
  }
}

/** A Dirichlet-multinomial distribution; see {@link DirichletMultinomialParams}. */
export type DirichletMultinomial = DirichletMultinomialDistribution

/** Makes a Dirichlet-multinomial distribution. */
export const DirichletMultinomial: {
  (params: DirichletMultinomialParams<number>): DirichletMultinomial & HasEnumerate
  (params: DirichletMultinomialParams): DirichletMultinomial
} = (params: DirichletMultinomialParams): DirichletMultinomial & HasEnumerate =>
  withCompositions(new DirichletMultinomialDistribution(params), params.totalCount)
