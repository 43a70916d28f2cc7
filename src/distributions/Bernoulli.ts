/**
 * The Bernoulli distribution on {0, 1}, by `probs` or by `logits` = log(p / (1 − p)).
 *
 * From logits log p(x) = x·logits − softplus(logits), finite for any finite logits, where x log p + (1 − x) log(1 − p)
 * is not. With `soft` the values may lie anywhere in [0, 1] and are scored by the same formula: the cross-entropy
 * that the grey pixels of an image are trained on (not a normalized density). Only the engine's check of the support
 * refuses soft values outside [0, 1]; their score is whatever the formula gives.
 *
 * ```ts
 * Bernoulli({ logits }).toEvent(1)
 * Bernoulli({ logits, soft: true }).toEvent(1)   // grey pixels
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { bernoulliLogProb } from "../tensor/fused.ts"
import * as Key from "../tensor/Key.ts"
import type { Shape } from "../tensor/Shape.ts"
import { logit, penaltyUnlessBinary, where } from "../tensor/stable.ts"
import {
  type Chance,
  chanceParams,
  complement,
  crossEntropy,
  klChance,
  probability,
  weighLogs,
} from "./chance.ts"
import { float, operand, toTensor, type Value } from "./Distribution.ts"
import { Family } from "./Family.ts"
import { weightedMean } from "./fit.ts"
import { boolean, type Support, unitInterval } from "./Support.ts"

/** Parameters of {@link Bernoulli}: `logits` or `probs`, never both. */
export type BernoulliParams = Chance & {
  /** Whether values between 0 and 1 may be observed. Default false. */
  readonly soft?: boolean
}

class BernoulliDistribution extends Family<"Bernoulli", "boolean", "score"> {
  readonly logits: Value | undefined
  readonly probs: Value | undefined
  readonly soft: boolean

  constructor(params: BernoulliParams) {
    const { logits, probs, soft = false } = params
    super({
      family: "Bernoulli",
      support: soft ? softBoolean : boolean,
      gradient: "score",
      params: chanceParams(params),
      // From probabilities a score may be ∞ − ∞ outside [0, 1], from logits it is finite for any finite value.
      scoresAnything: soft || probs === undefined,
    })
    this.soft = soft
    this.logits = logits
    this.probs = probs
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    // The noise is made on the host and only compared here, so that both backends draw the same. By `probs` these
    // are the draws of `jax.random.bernoulli`.
    const u = Key.uniformValues(key, full)
    if (this.probs !== undefined) return ones(tf.less(tf.tensor(u, [...full]), operand(this.probs)))
    for (let i = 0; i < u.length; i++) u[i] = logit(u[i]!)
    return ones(tf.less(tf.tensor(u, [...full]), operand(this.logits!)))
  }

  protected score(value: tf.Tensor): tf.Tensor {
    if (this.probs === undefined) {
      const score = bernoulliLogProb(toTensor(this.logits!), value)
      return this.soft ? score : tf.sub(score, penaltyUnlessBinary(value))
    }
    return weighLogs(this, value, tf.sub(1, value))
  }

  mean(): tf.Tensor {
    return this.batched(() => probability(this))
  }

  variance(): tf.Tensor {
    return this.batched(() => tf.mul(probability(this), complement(this)))
  }

  /** The likelier of 0 and 1; 0 if they are equally likely. */
  mode(): tf.Tensor {
    return this.batched(() =>
      ones(
        this.probs === undefined
          ? tf.greater(operand(this.logits!), 0)
          : tf.greater(operand(this.probs), 0.5),
      ),
    )
  }

  /** −p log p − (1 − p) log(1 − p). */
  entropy(): tf.Tensor {
    return this.batched(() => crossEntropy(this, this))
  }

  /** P(X ≤ value): 0 below 0, 1 − p below 1, then 1. */
  cdf(value: tf.Tensor): tf.Tensor {
    return this.pointwise(value, "cdf", (x) => {
      const below = where(() => tf.less(x, 0), 0, Number.NaN)
      const from0 = where(() => tf.greaterEqual(x, 0), complement(this), below)
      return where(() => tf.greaterEqual(x, 1), 1, from0)
    })
  }

  /** [0, 1], of shape `[2, 1…]`. */
  enumerate(): tf.Tensor {
    return this.checked(() => tf.tensor([0, 1], [2, ...this.batchShape.map(() => 1)]))
  }
}

/** A Bernoulli distribution; see {@link BernoulliParams}. */
export type Bernoulli = BernoulliDistribution

const make = (params: BernoulliParams): Bernoulli => new BernoulliDistribution(params)

/** Makes a Bernoulli distribution. `Bernoulli.fit` is its weighted maximum-likelihood estimate. */
export const Bernoulli: {
  (params: BernoulliParams): Bernoulli
  /** probs = Σwx / Σw; for the shapes see `fit.ts`. */
  readonly fit: (values: tf.Tensor, weights?: tf.Tensor) => { readonly probs: tf.Tensor }
  /** x, of the values' shape. */
  readonly sufficientStatistics: (values: tf.Tensor) => { readonly x: tf.Tensor }
} = Object.assign(make, {
  fit: (values: tf.Tensor, weights?: tf.Tensor) =>
    tf.tidy(() => ({ probs: weightedMean(float(values), weights) })),
  sufficientStatistics: (values: tf.Tensor) => tf.tidy(() => ({ x: tf.clone(float(values)) })),
})

/** KL(p ‖ q) of two Bernoullis, elementwise over the batch. */
export const klBernoulliBernoulli = (p: Bernoulli, q: Bernoulli): tf.Tensor => klChance(p, q)

const softBoolean: Support<"boolean"> = {
  ...boolean,
  describe: unitInterval.describe,
  contains: unitInterval.contains,
  inside: unitInterval.inside!,
}

const ones = (condition: tf.Tensor): tf.Tensor => tf.cast(condition, "float32")
