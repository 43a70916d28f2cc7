/**
 * The categorical distribution with its classes as one-hot vectors, by `probs` or by `logits` (as in `Categorical`).
 * One event is a vector of K numbers.
 *
 * ```ts
 * OneHotCategorical({ probs: [0.2, 0.3, 0.5] })   // draws [1, 0, 0], [0, 1, 0] or [0, 0, 1]
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import type * as Key from "../tensor/Key.ts"
import type { Shape } from "../tensor/Shape.ts"
import { float, type Value } from "./Distribution.ts"
import { Family } from "./Family.ts"
import { weightedMean } from "./fit.ts"
import { oneHot } from "./Support.ts"
import {
  classCount,
  drawClass,
  isClass,
  likeliest,
  logProbOf,
  probabilities,
  type Weights,
  weightEntropy,
  weightParams,
} from "./weights.ts"

/** Parameters of {@link OneHotCategorical}, `[...batch, K]`: `logits` or `probs`, never both. */
export type OneHotCategoricalParams = Weights

class OneHotCategoricalDistribution extends Family<"OneHotCategorical", "oneHot", "score"> {
  readonly weights: Weights

  constructor(weights: Weights) {
    super({
      family: "OneHotCategorical",
      support: oneHot,
      gradient: "score",
      params: weightParams(weights),
      eventShape: [classCount(weights)],
    })
    this.weights = weights
  }

  get logits(): Value | undefined {
    return this.weights.logits
  }

  get probs(): Value | undefined {
    return this.weights.probs
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    return this.vectors(drawClass(this.weights, key, full.slice(0, -1)))
  }

  protected score(value: tf.Tensor): tf.Tensor {
    return logProbOf(this.weights, () => tf.greater(value, 0.5))
  }

  /** The probabilities. */
  mean(): tf.Tensor {
    return this.batched(() => probabilities(this.weights))
  }

  /** p(1 − p) for each class: the diagonal of the covariance. */
  variance(): tf.Tensor {
    return this.batched(() => {
      const p = probabilities(this.weights)
      return tf.mul(p, tf.sub(1, p))
    })
  }

  /** The likeliest vector; the first of several. */
  mode(): tf.Tensor {
    return this.batched(() => this.vectors(likeliest(this.weights)))
  }

  /** −Σ p log p. */
  entropy(): tf.Tensor {
    return this.batched(() => weightEntropy(this.weights), [])
  }

  /** The K vectors, of shape `[K, 1…, K]`. */
  enumerate(): tf.Tensor {
    const k = classCount(this.weights)
    return this.checked(() => tf.reshape(tf.eye(k), [k, ...this.batchShape.map(() => 1), k]))
  }

  private vectors(classes: tf.Tensor): tf.Tensor {
    return tf.cast(isClass(this.weights, classes), "float32")
  }
}

/** A one-hot categorical distribution; see {@link OneHotCategoricalParams}. */
export type OneHotCategorical = OneHotCategoricalDistribution

/** Makes a one-hot categorical distribution. `OneHotCategorical.fit` is its weighted maximum-likelihood estimate. */
export const OneHotCategorical: {
  (params: OneHotCategoricalParams): OneHotCategorical
  /** probs = Σwx / Σw, `[...batch, K]`; for the shapes see `fit.ts`. */
  readonly fit: (values: tf.Tensor, weights?: tf.Tensor) => { readonly probs: tf.Tensor }
  /** The vector x, of the values' shape. */
  readonly sufficientStatistics: (values: tf.Tensor) => { readonly x: tf.Tensor }
} = Object.assign(
  (params: OneHotCategoricalParams): OneHotCategorical => new OneHotCategoricalDistribution(params),
  {
    fit: (values: tf.Tensor, weights?: tf.Tensor) =>
      tf.tidy(() => ({ probs: weightedMean(float(values), weights, 1) })),
    sufficientStatistics: (values: tf.Tensor) => tf.tidy(() => ({ x: tf.clone(float(values)) })),
  },
)
