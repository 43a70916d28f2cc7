/**
 * The beta-binomial distribution: the number of successes in `totalCount` trials, whose one chance is drawn from
 * Beta(concentration1, concentration0). log p(x) = log C(n, x) + log B(x + a, n − x + b) − log B(a, b), in float64.
 *
 * ```ts
 * BetaBinomial({ totalCount: 10, concentration1: 2, concentration0: 5 })
 * ```
 *
 * With one number of trials on the host its values can be enumerated.
 */
import * as tf from "@tensorflow/tfjs-core"
import { dirichletMultinomialLogMass, drawDirichletMultinomial } from "../tensor/counts.ts"
import type { Key } from "../tensor/Key.ts"
import type { Shape } from "../tensor/Shape.ts"
import { withCounts } from "./Binomial.ts"
import { broadcastTo, type HasEnumerate, operand, toTensor, type Value } from "./Distribution.ts"
import { Family } from "./Family.ts"
import { integerInterval, nonNegativeInteger, positive } from "./Support.ts"

/** Parameters of {@link BetaBinomial}: a whole number of trials, and the positive concentrations of success and failure. */
export interface BetaBinomialParams<N extends Value = Value> {
  readonly totalCount: N
  readonly concentration1: Value
  readonly concentration0: Value
}

class BetaBinomialDistribution extends Family<"BetaBinomial", "integerInterval", "score"> {
  readonly totalCount: Value
  readonly concentration1: Value
  readonly concentration0: Value

  constructor({ totalCount, concentration1, concentration0 }: BetaBinomialParams) {
    super({
      family: "BetaBinomial",
      support: integerInterval(0, totalCount),
      gradient: "score",
      params: {
        concentration1: { value: concentration1, constraint: positive },
        concentration0: { value: concentration0, constraint: positive },
        totalCount: { value: totalCount, constraint: nonNegativeInteger },
      },
    })
    this.totalCount = totalCount
    this.concentration1 = concentration1
    this.concentration0 = concentration0
  }

  protected draw(key: Key, full: Shape): tf.Tensor {
    const trials = broadcastTo(toTensor(this.totalCount), full)
    const counts = drawDirichletMultinomial(key, trials, this.concentrations(full))
    return tf.squeeze(tf.slice(counts, full.map(() => 0).concat(0), [...full, 1]), [full.length])
  }

  protected score(value: tf.Tensor): tf.Tensor {
    const failures = tf.sub(operand(this.totalCount), value)
    const successes = broadcastTo(value, failures.shape)
    return dirichletMultinomialLogMass(
      tf.stack([successes, failures], -1),
      this.concentrations(this.batchShape),
    )
  }

  /** n a / (a + b). */
  mean(): tf.Tensor {
    return this.batched(() => tf.mul(operand(this.totalCount), this.chance()))
  }

  /** n p (1 − p) (a + b + n) / (a + b + 1) with p = a / (a + b). */
  variance(): tf.Tensor {
    return this.batched(() => {
      const [p, total] = [this.chance(), this.total()]
      const trials = toTensor(this.totalCount)
      const spread = tf.mul(tf.mul(trials, p), tf.div(operand(this.concentration0), total))
      return tf.mul(spread, tf.div(tf.add(total, trials), tf.add(total, 1)))
    })
  }

  /** `[...shape, 2]`. */
  private concentrations(shape: Shape): tf.Tensor {
    const at = (value: Value) => broadcastTo(toTensor(value), shape)
    return tf.stack([at(this.concentration1), at(this.concentration0)], -1)
  }

  private total(): tf.Tensor {
    return tf.add(operand(this.concentration1), operand(this.concentration0))
  }

  private chance(): tf.Tensor {
    return tf.div(operand(this.concentration1), this.total())
  }
}

/** A beta-binomial distribution; see {@link BetaBinomialParams}. */
export type BetaBinomial = BetaBinomialDistribution

/** Makes a beta-binomial distribution. */
export const BetaBinomial: {
  (params: BetaBinomialParams<number>): BetaBinomial & HasEnumerate
  (params: BetaBinomialParams): BetaBinomial
} = (params: BetaBinomialParams): BetaBinomial & HasEnumerate =>
  withCounts(new BetaBinomialDistribution(params), params.totalCount)
