/**
 * The inverse-gamma distribution on the positive numbers: 1/x is a gamma draw.
 * log p(x) = c log rate − (c + 1) log x − rate/x − log Γ(c).
 *
 * ```ts
 * InverseGamma({ concentration: 3, rate: 2 })   // mean 1, a prior on a variance
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import {
  drawInverseGamma,
  inverseGammaCdf,
  inverseGammaEntropy,
  inverseGammaIcdf,
  inverseGammaLogDensity,
} from "../tensor/gammas.ts"
import type * as Key from "../tensor/Key.ts"
import { quotient } from "../tensor/quotient.ts"
import type { Shape } from "../tensor/Shape.ts"
import { where } from "../tensor/stable.ts"
import { broadcastTo, operand, toTensor, type Value } from "./Distribution.ts"
import { PathwiseFamily } from "./Family.ts"
import { type Fitted, fitShapeRate } from "./Gamma.ts"
import type { ShapeRate } from "./GammaLike.ts"
import { positive } from "./Support.ts"

/** Parameters of {@link InverseGamma}: shape and rate of the gamma that 1/x follows. Shapes broadcast to the batch. */
export type InverseGammaParams = ShapeRate

class InverseGammaDistribution extends PathwiseFamily<"InverseGamma", "positive"> {
  readonly concentration: Value
  readonly rate: Value

  constructor({ concentration, rate }: InverseGammaParams) {
    super({
      family: "InverseGamma",
      support: positive,
      params: {
        concentration: { value: concentration, constraint: positive },
        rate: { value: rate, constraint: positive },
      },
    })
    this.concentration = concentration
    this.rate = rate
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    return drawInverseGamma(
      key,
      broadcastTo(toTensor(this.concentration), full),
      broadcastTo(toTensor(this.rate), full),
    )
  }

  protected score(value: tf.Tensor): tf.Tensor {
    return inverseGammaLogDensity(value, toTensor(this.concentration), toTensor(this.rate))
  }

  /** rate / (c − 1); ∞ for c up to 1. */
  mean(): tf.Tensor {
    return this.batched(() => this.above(1, (c) => quotient(toTensor(this.rate), tf.sub(c, 1))))
  }

  /** mean² / (c − 2); ∞ for c up to 2. */
  variance(): tf.Tensor {
    return this.batched(() =>
      this.above(2, (c) => quotient(tf.square(quotient(toTensor(this.rate), tf.sub(c, 1))), tf.sub(c, 2))),
    )
  }

  /** rate / (c + 1). */
  mode(): tf.Tensor {
    return this.batched(() => quotient(toTensor(this.rate), tf.add(operand(this.concentration), 1)))
  }

  /** c + log Γ(c) − (1 + c) ψ(c) + log rate. */
  entropy(): tf.Tensor {
    return this.batched(() =>
      tf.add(inverseGammaEntropy(toTensor(this.concentration)), tf.log(operand(this.rate))),
    )
  }

  /** P(X ≤ value), the incomplete gamma function Q(c, rate / value). */
  cdf(value: tf.Tensor): tf.Tensor {
    return this.pointwise(value, "cdf", (x) => {
      const isPositive = () => tf.greater(x, 0)
      const at = where(isPositive, x, 1)
      return where(isPositive, inverseGammaCdf(at, toTensor(this.concentration), toTensor(this.rate)), 0)
    })
  }

  icdf(probability: tf.Tensor): tf.Tensor {
    return this.pointwise(probability, "icdf", (p) =>
      inverseGammaIcdf(p, toTensor(this.concentration), toTensor(this.rate)),
    )
  }

  /** `body` of a concentration above `least`, and ∞ where it is not. */
  private above(least: number, body: (c: tf.Tensor) => tf.Tensor): tf.Tensor {
    const c = toTensor(this.concentration)
    const exists = () => tf.greater(c, least)
    return where(exists, body(where(exists, c, least + 1)), Infinity)
  }
}

/** An inverse-gamma distribution; see {@link InverseGammaParams}. */
export type InverseGamma = InverseGammaDistribution

const make = (params: InverseGammaParams): InverseGamma => new InverseGammaDistribution(params)

/** Makes an inverse-gamma distribution. `InverseGamma.fit` is its weighted maximum-likelihood estimate. */
export const InverseGamma: {
  (params: InverseGammaParams): InverseGamma
  /** That of a gamma to 1/x; for the shapes see `fit.ts`, for values that are all equal `Gamma.fit`. */
  readonly fit: (values: tf.Tensor, weights?: tf.Tensor) => Fitted
  /** log x and 1/x, each of the values' shape. */
  readonly sufficientStatistics: (values: tf.Tensor) => {
    readonly logX: tf.Tensor
    readonly reciprocal: tf.Tensor
  }
} = Object.assign(make, {
  fit: (values: tf.Tensor, weights?: tf.Tensor) =>
    tf.tidy(() => fitShapeRate(quotient(tf.scalar(1), values), weights)),
  sufficientStatistics: (values: tf.Tensor) =>
    tf.tidy(() => ({ logX: tf.log(values), reciprocal: quotient(tf.scalar(1), values) })),
})
