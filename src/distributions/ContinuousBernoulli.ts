/**
 * The continuous Bernoulli distribution on [0, 1], by `probs` or by `logits` η = log(p / (1 − p)):
 * log p(x) = ηx − log((e^η − 1)/η), pˣ(1 − p)¹⁻ˣ made a density (Loaiza-Ganem and Cunningham, "The continuous
 * Bernoulli: fixing a pervasive error in variational autoencoders", NeurIPS 2019).
 *
 * ```ts
 * ContinuousBernoulli({ logits }).toEvent(1)   // grey pixels, with a normalized density
 * ```
 *
 * A probability p is not the mean, and lies strictly between 0 and 1.
 */
import * as tf from "@tensorflow/tfjs-core"
import type * as Key from "../tensor/Key.ts"
import {
  continuousBernoulliCdf,
  continuousBernoulliDivergence,
  continuousBernoulliEntropy,
  continuousBernoulliIcdf,
  continuousBernoulliLogDensity,
  continuousBernoulliLogits,
  continuousBernoulliMean,
  continuousBernoulliVariance,
  drawContinuousBernoulli,
} from "../tensor/paths.ts"
import type { Shape } from "../tensor/Shape.ts"
import type { Chance, ChanceFields } from "./chance.ts"
import { broadcastTo, operand, toTensor, type Value } from "./Distribution.ts"
import { PathwiseFamily } from "./Family.ts"
import { weightedMean } from "./fit.ts"
import { real, type Support, unitInterval } from "./Support.ts"

/** Parameters of {@link ContinuousBernoulli}: `logits` or `probs`, never both. */
export type ContinuousBernoulliParams = Chance

class ContinuousBernoulliDistribution extends PathwiseFamily<"ContinuousBernoulli", "unitInterval"> {
  readonly logits: Value | undefined
  readonly probs: Value | undefined

  constructor({ logits, probs }: ContinuousBernoulliParams) {
    super({
      family: "ContinuousBernoulli",
      support: unitInterval,
      params:
        probs === undefined
          ? { logits: { value: logits, constraint: real } }
          : { probs: { value: probs, constraint: withinUnit } },
    })
    this.logits = logits
    this.probs = probs
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    return drawContinuousBernoulli(key, broadcastTo(natural(this), full))
  }

  protected score(value: tf.Tensor): tf.Tensor {
    return continuousBernoulliLogDensity(value, natural(this))
  }

  /** ½ + ½ (coth η/2 − 2/η). */
  mean(): tf.Tensor {
    return this.batched(() => continuousBernoulliMean(natural(this)))
  }

  /** 1/η² − ¼/sinh² η/2. */
  variance(): tf.Tensor {
    return this.batched(() => continuousBernoulliVariance(natural(this)))
  }

  /** 1 where η is above 0, else 0. */
  mode(): tf.Tensor {
    return this.batched(() => tf.cast(tf.greater(natural(this), 0), "float32"))
  }

  /** log((e^η − 1)/η) − η · mean. */
  entropy(): tf.Tensor {
    return this.batched(() => continuousBernoulliEntropy(natural(this)))
  }

  /** (e^(ηx) − 1)/(e^η − 1). */
  cdf(value: tf.Tensor): tf.Tensor {
    return this.pointwise(value, "cdf", (x) => continuousBernoulliCdf(tf.clipByValue(x, 0, 1), natural(this)))
  }

  icdf(probability: tf.Tensor): tf.Tensor {
    return this.pointwise(probability, "icdf", (p) => continuousBernoulliIcdf(p, natural(this)))
  }
}

/** A continuous Bernoulli distribution; see {@link ContinuousBernoulliParams}. */
export type ContinuousBernoulli = ContinuousBernoulliDistribution

const make = (params: ContinuousBernoulliParams): ContinuousBernoulli =>
  new ContinuousBernoulliDistribution(params)

/** Makes a continuous Bernoulli distribution. `ContinuousBernoulli.fit` is its weighted maximum-likelihood estimate. */
export const ContinuousBernoulli: {
  (params: ContinuousBernoulliParams): ContinuousBernoulli
  /** The logits that have the values' mean, by Newton's method, ∓∞ for 0 and 1; for the shapes see `fit.ts`. */
  readonly fit: (values: tf.Tensor, weights?: tf.Tensor) => { readonly logits: tf.Tensor }
  /** x, of the values' shape. */
  readonly sufficientStatistics: (values: tf.Tensor) => { readonly x: tf.Tensor }
} = Object.assign(make, {
  fit: (values: tf.Tensor, weights?: tf.Tensor) =>
    tf.tidy(() => ({ logits: continuousBernoulliLogits(weightedMean(values, weights)) })),
  sufficientStatistics: (values: tf.Tensor) => ({ x: tf.clone(values) }),
})

/** KL(p ‖ q) = (ηp − ηq) · the mean of p + log((e^ηq − 1)/ηq) − log((e^ηp − 1)/ηp). */
export const klContinuousBernoulliContinuousBernoulli = (
  p: ContinuousBernoulli,
  q: ContinuousBernoulli,
): tf.Tensor => continuousBernoulliDivergence(natural(p), natural(q))

/** η. */
export const natural = ({ logits, probs }: ChanceFields): tf.Tensor =>
  probs === undefined ? toTensor(logits!) : tf.sub(tf.log(operand(probs)), tf.log1p(tf.neg(operand(probs))))

const withinUnit: Support<"unitInterval"> = {
  ...unitInterval,
  describe: "above 0 and below 1",
  contains: (cell) => cell[0]! > 0 && cell[0]! < 1,
}
