/**
 * The Poisson distribution on 0, 1, 2, …: log p(x) = x log rate − rate − log x!, evaluated in float64, so that counts
 * of a million keep their digits. By Hörmann's rejection in float64 draws are exact too.
 *
 * ```ts
 * Poisson({ rate: [0.5, 3e4] })
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { deviance, drawPoisson, poissonCdf, poissonLogMass } from "../tensor/counts.ts"
import type { Key } from "../tensor/Key.ts"
import type { Shape } from "../tensor/Shape.ts"
import { broadcastTo, float, operand, toTensor, type Value } from "./Distribution.ts"
import { Family } from "./Family.ts"
import { weightedMean } from "./fit.ts"
import { nonNegative, nonNegativeInteger } from "./Support.ts"

/** Parameters of {@link Poisson}: the mean, zero or positive; of zero every count is zero. */
export interface PoissonParams {
  readonly rate: Value
}

class PoissonDistribution extends Family<"Poisson", "nonNegativeInteger", "score"> {
  readonly rate: Value

  constructor({ rate }: PoissonParams) {
    super({
      family: "Poisson",
      support: nonNegativeInteger,
      gradient: "score",
      params: { rate: { value: rate, constraint: nonNegative } },
    })
    this.rate = rate
  }

  protected draw(key: Key, full: Shape): tf.Tensor {
    return drawPoisson(key, broadcastTo(toTensor(this.rate), full))
  }

  protected score(value: tf.Tensor): tf.Tensor {
    return poissonLogMass(value, toTensor(this.rate))
  }

  mean(): tf.Tensor {
    return this.batched(() => toTensor(this.rate))
  }

  variance(): tf.Tensor {
    return this.mean()
  }

  /** ⌈rate⌉ − 1 but not below 0: of two modes, where the rate is a whole number, the first. */
  mode(): tf.Tensor {
    return this.batched(() => tf.relu(tf.sub(tf.ceil(operand(this.rate)), 1)))
  }

  /** P(X ≤ value), in either tail to rounding. */
  cdf(value: tf.Tensor): tf.Tensor {
    return this.pointwise(value, "cdf", (x) => poissonCdf(x, toTensor(this.rate)))
  }
}

/** A Poisson distribution; see {@link PoissonParams}. */
export type Poisson = PoissonDistribution

const make = (params: PoissonParams): Poisson => new PoissonDistribution(params)

/** Makes a Poisson distribution. `Poisson.fit` is its weighted maximum-likelihood estimate. */
export const Poisson: {
  (params: PoissonParams): Poisson
  /** rate = Σwx / Σw; for the shapes see `fit.ts`. */
  readonly fit: (values: tf.Tensor, weights?: tf.Tensor) => { readonly rate: tf.Tensor }
  /** The count x, of the values' shape. */
  readonly sufficientStatistics: (values: tf.Tensor) => { readonly x: tf.Tensor }
} = Object.assign(make, {
  fit: (values: tf.Tensor, weights?: tf.Tensor) =>
    tf.tidy(() => ({ rate: weightedMean(float(values), weights) })),
  sufficientStatistics: (values: tf.Tensor) => tf.tidy(() => ({ x: tf.clone(float(values)) })),
})

/** KL(p ‖ q) = a log(a/b) + b − a of the rates a and b, elementwise; see `deviance`. */
export const klPoissonPoisson = (p: Poisson, q: Poisson): tf.Tensor =>
  deviance(toTensor(p.rate), toTensor(q.rate))
