/**
 * The categorical distribution on the classes 0 … K − 1, by `probs` or by `logits` (log-weights, which need not be
 * normalized; −∞ for a class that cannot occur). The last dimension of the parameter is over the classes.
 *
 * ```ts
 * Categorical({ probs: [0.2, 0.3, 0.5] })             // draws 0, 1 or 2
 * Categorical({ logits: tf.zeros([10, 3]) })          // batch [10]
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import type * as Key from "../tensor/Key.ts"
import type { Shape } from "../tensor/Shape.ts"
import { float, type Value } from "./Distribution.ts"
import { Family } from "./Family.ts"
import { weightedMean } from "./fit.ts"
import { integerInterval } from "./Support.ts"
import {
  classCount,
  drawClass,
  likeliest,
  logProbAt,
  type Weights,
  weightCdf,
  weightEntropy,
  weightParams,
} from "./weights.ts"

/** Parameters of {@link Categorical}, `[...batch, K]`: `logits` or `probs`, never both. */
export type CategoricalParams = Weights

class CategoricalDistribution extends Family<"Categorical", "integerInterval", "score"> {
  readonly weights: Weights

  constructor(weights: Weights) {
    super({
      family: "Categorical",
      support: integerInterval(0, classCount(weights) - 1),
      gradient: "score",
      params: weightParams(weights),
      // A number that is no class has no probability, and none is looked up for it.
      scoresAnything: true,
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
    return drawClass(this.weights, key, full)
  }

  protected score(value: tf.Tensor): tf.Tensor {
    return logProbAt(this.weights, value)
  }

  /** The likeliest class; the first of several. */
  mode(): tf.Tensor {
    return this.batched(() => tf.cast(likeliest(this.weights), "float32"))
  }

  /** −Σ p log p. */
  entropy(): tf.Tensor {
    return this.batched(() => weightEntropy(this.weights))
  }

  /** P(X ≤ value): the sum over the classes up to ⌊value⌋. */
  cdf(value: tf.Tensor): tf.Tensor {
    return this.pointwise(value, "cdf", (x) => weightCdf(this.weights, x))
  }

  /** 0 … K − 1, of shape `[K, 1…]`. */
  enumerate(): tf.Tensor {
    const k = classCount(this.weights)
    return this.checked(() => tf.reshape(tf.range(0, k), [k, ...this.batchShape.map(() => 1)]))
  }
}

/** A categorical distribution; see {@link CategoricalParams}. */
export type Categorical = CategoricalDistribution

/** Makes a categorical distribution. `Categorical.fit` is its weighted maximum-likelihood estimate. */
export const Categorical: {
  (params: CategoricalParams): Categorical
  /** probs `[...batch, K]`: each class's share of the weight; for the shapes see `fit.ts`. */
  readonly fit: (
    values: tf.Tensor,
    weights: tf.Tensor | undefined,
    given: { readonly classes: number },
  ) => { readonly probs: tf.Tensor }
  /** The class as a vector, `[..., K]`: one at its place among zeros. */
  readonly sufficientStatistics: (
    values: tf.Tensor,
    given: { readonly classes: number },
  ) => { readonly oneHot: tf.Tensor }
} = Object.assign((params: CategoricalParams): Categorical => new CategoricalDistribution(params), {
  fit: (values: tf.Tensor, weights: tf.Tensor | undefined, { classes }: { readonly classes: number }) =>
    tf.tidy(() => ({ probs: weightedMean(oneHot(values, classes), weights, 1) })),
  sufficientStatistics: (values: tf.Tensor, { classes }: { readonly classes: number }) =>
    tf.tidy(() => ({ oneHot: oneHot(values, classes) })),
})

/** Unlike `tf.oneHot` it takes a single class too. */
const oneHot = (values: tf.Tensor, classes: number): tf.Tensor =>
  float(tf.equal(tf.expandDims(float(values), -1), tf.range(0, classes)))
