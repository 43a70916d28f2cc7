/**
 * The exponential distribution on the positive numbers, the wait for what comes at a steady rate:
 * log p(x) = log rate − rate · x.
 *
 * ```ts
 * Exponential({ rate: 2 })   // mean 0.5
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import type * as Key from "../tensor/Key.ts"
import { logRatio, quotient } from "../tensor/quotient.ts"
import type { Shape } from "../tensor/Shape.ts"
import { operand, toTensor, type Value } from "./Distribution.ts"
import { PathwiseFamily } from "./Family.ts"
import { weightedMean } from "./fit.ts"
import { exponential } from "./noise.ts"
import { positive } from "./Support.ts"

/** Parameters of {@link Exponential}: how many are expected in a unit of time. */
export interface ExponentialParams {
  readonly rate: Value
}

class ExponentialDistribution extends PathwiseFamily<"Exponential", "positive"> {
  readonly rate: Value

  constructor({ rate }: ExponentialParams) {
    super({
      family: "Exponential",
      support: positive,
      params: { rate: { value: rate, constraint: positive } },
    })
    this.rate = rate
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    return quotient(exponential(key, full), toTensor(this.rate))
  }

  protected score(value: tf.Tensor): tf.Tensor {
    return tf.sub(tf.log(operand(this.rate)), tf.mul(operand(this.rate), value))
  }

  /** 1 / rate. */
  mean(): tf.Tensor {
    return this.batched(() => quotient(tf.scalar(1), toTensor(this.rate)))
  }

  /** 1 / rate². */
  variance(): tf.Tensor {
    return this.batched(() => tf.square(quotient(tf.scalar(1), toTensor(this.rate))))
  }

  /** 0, which is not of the support, but next to it. */
  mode(): tf.Tensor {
    return this.batched(() => tf.zerosLike(toTensor(this.rate)))
  }

  /** 1 − log rate. */
  entropy(): tf.Tensor {
    return this.batched(() => tf.sub(1, tf.log(operand(this.rate))))
  }

  /** 1 − exp(−rate · value), which keeps its digits where it is small. */
  cdf(value: tf.Tensor): tf.Tensor {
    return this.pointwise(value, "cdf", (x) =>
      tf.neg(tf.expm1(tf.neg(tf.mul(operand(this.rate), tf.relu(x))))),
    )
  }

  icdf(probability: tf.Tensor): tf.Tensor {
    return this.pointwise(probability, "icdf", (p) =>
      quotient(tf.neg(tf.log1p(tf.neg(p))), toTensor(this.rate)),
    )
  }
}

/** An exponential distribution; see {@link ExponentialParams}. */
export type Exponential = ExponentialDistribution

const make = (params: ExponentialParams): Exponential => new ExponentialDistribution(params)

/** Makes an exponential distribution. `Exponential.fit` is its weighted maximum-likelihood estimate. */
export const Exponential: {
  (params: ExponentialParams): Exponential
  /** rate = Σw / Σwx; for the shapes see `fit.ts`. */
  readonly fit: (values: tf.Tensor, weights?: tf.Tensor) => { readonly rate: tf.Tensor }
  /** x itself, of the values' shape. */
  readonly sufficientStatistics: (values: tf.Tensor) => { readonly x: tf.Tensor }
} = Object.assign(make, {
  fit: (values: tf.Tensor, weights?: tf.Tensor) =>
    tf.tidy(() => ({ rate: tf.reciprocal(weightedMean(values, weights)) })),
  sufficientStatistics: (values: tf.Tensor) => tf.tidy(() => ({ x: tf.clone(values) })),
})

/** KL(p ‖ q) = r − 1 − log r with r = the rate of q over that of p, elementwise. */
export const klExponentialExponential = (p: Exponential, q: Exponential): tf.Tensor => {
  const [own, other] = [toTensor(p.rate), toTensor(q.rate)]
  return tf.sub(quotient(tf.sub(other, own), own), logRatio(other, own))
}
