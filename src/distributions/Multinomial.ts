/**
 * The multinomial distribution: how many of `totalCount` trials fall in each of K classes, by `probs` or by `logits`
 * (log-weights, which need not be normalized). One event is a vector of K counts.
 * log p(x) = log n! − Σ log x! + Σ x log p, in float64.
 *
 * ```ts
 * Multinomial({ totalCount: 10, probs: [0.2, 0.3, 0.5] })
 * ```
 *
 * With one number of trials on the host its values can be enumerated: C(n + K − 1, K − 1) of them.
 */
import * as tf from "@tensorflow/tfjs-core"
import { drawMultinomial, multinomialLogMass } from "../tensor/counts.ts"
import type { Key } from "../tensor/Key.ts"
import type { Shape } from "../tensor/Shape.ts"
import { where } from "../tensor/stable.ts"
import type { FitTrials } from "./Binomial.ts"
import { broadcastTo, float, type HasEnumerate, toTensor, type Value } from "./Distribution.ts"
import { compositions, withEnumerate } from "./enumerable.ts"
import { Family } from "./Family.ts"
import { weightedMean } from "./fit.ts"
import { multinomial, nonNegativeInteger } from "./Support.ts"
import { classCount, klWeights, probabilities, type Weights, weightParams } from "./weights.ts"

/** Parameters of {@link Multinomial}: a whole number of trials `[...batch]`; `logits` or `probs` `[...batch, K]`. */
export type MultinomialParams<N extends Value = Value> = Weights & { readonly totalCount: N }

class MultinomialDistribution extends Family<"Multinomial", "multinomial", "score"> {
  readonly totalCount: Value
  readonly weights: Weights

  constructor({ totalCount, ...weights }: MultinomialParams) {
    super({
      family: "Multinomial",
      support: multinomial(totalCount),
      gradient: "score",
      params: {
        ...weightParams(weights as Weights),
        totalCount: { value: totalCount, constraint: nonNegativeInteger },
      },
      eventShape: [classCount(weights as Weights)],
    })
    this.totalCount = totalCount
    this.weights = weights as Weights
  }

  get logits(): Value | undefined {
    return this.weights.logits
  }

  get probs(): Value | undefined {
    return this.weights.probs
  }

  protected draw(key: Key, full: Shape): tf.Tensor {
    const { weights } = this
    const trials = broadcastTo(toTensor(this.totalCount), full.slice(0, -1))
    const each = broadcastTo(toTensor(weights.probs ?? weights.logits!), full)
    return drawMultinomial(key, trials, each, weights.probs === undefined)
  }

  protected score(value: tf.Tensor): tf.Tensor {
    const { probs, logits } = this.weights
    return multinomialLogMass(value, toTensor(probs ?? logits!), probs === undefined)
  }

  /** n p. */
  mean(): tf.Tensor {
    return this.batched(() => tf.mul(this.trials(), probabilities(this.weights)))
  }

  /** n p (1 − p) for each class: the diagonal of the covariance. */
  variance(): tf.Tensor {
    return this.batched(() => {
      const p = probabilities(this.weights)
      return tf.mul(this.trials(), tf.mul(p, tf.sub(1, p)))
    })
  }

  private trials(): tf.Tensor {
    return tf.expandDims(toTensor(this.totalCount), -1)
  }
}

/** A multinomial distribution; see {@link MultinomialParams}. */
export type Multinomial = MultinomialDistribution

/** Makes a multinomial distribution. `Multinomial.fit` is its weighted maximum-likelihood estimate. */
export const Multinomial: {
  (params: MultinomialParams<number>): Multinomial & HasEnumerate
  (params: MultinomialParams): Multinomial
  readonly fit: FitTrials
  /** The vector x of counts, of the values' shape. */
  readonly sufficientStatistics: (values: tf.Tensor) => { readonly x: tf.Tensor }
} = Object.assign(
  (params: MultinomialParams): Multinomial & HasEnumerate =>
    withCompositions(new MultinomialDistribution(params), params.totalCount),
  {
    fit: ((values, weights, { totalCount }) => ({
      totalCount,
      probs: tf.tidy(() =>
        tf.div(weightedMean(float(values), weights, 1), tf.expandDims(toTensor(totalCount), -1)),
      ),
    })) satisfies FitTrials,
    sufficientStatistics: (values: tf.Tensor) => tf.tidy(() => ({ x: tf.clone(float(values)) })),
  },
)

/** KL(p ‖ q), over the batch: n times that of one trial. NaN where p has fewer trials, ∞ where it has more. */
export const klMultinomialMultinomial = (p: Multinomial, q: Multinomial): tf.Tensor => {
  const [n, m] = [toTensor(p.totalCount), toTensor(q.totalCount)]
  const same = tf.mul(n, klWeights(p.weights, q.weights))
  const other = where(() => tf.greater(n, m), Number.POSITIVE_INFINITY, Number.NaN)
  return where(() => tf.equal(n, m), same, other)
}

/** `d` with every vector of counts that sum to n, where n is on the host. */
export const withCompositions = <D extends Family<string, "multinomial", "score">>(d: D, totalCount: Value) =>
  withEnumerate(
    d,
    typeof totalCount === "number"
      ? () => tf.tensor2d(compositions(totalCount, d.eventShape[0]!).map((row) => [...row]))
      : undefined,
  )
