/**
 * The gamma distribution on the positive numbers, the wait for `concentration` events that come at a steady rate:
 * log p(x) = c log rate + (c − 1) log x − rate · x − log Γ(c).
 *
 * ```ts
 * Gamma({ concentration: 3, rate: 2 })   // mean 1.5
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { deviance } from "../tensor/counts.ts"
import { gammaShape } from "../tensor/gammas.ts"
import { quotient } from "../tensor/quotient.ts"
import { toTensor, type Value } from "./Distribution.ts"
import { weightedMean } from "./fit.ts"
import { GammaLike, type ShapeRate } from "./GammaLike.ts"
import { positive } from "./Support.ts"

/** Parameters of {@link Gamma}: the shape and the rate, one over the scale. Shapes broadcast to the batch. */
export type GammaParams = ShapeRate

class GammaDistribution extends GammaLike<"Gamma"> {
  readonly concentration: Value
  readonly rate: Value

  constructor({ concentration, rate }: GammaParams) {
    super({
      family: "Gamma",
      support: positive,
      params: {
        concentration: { value: concentration, constraint: positive },
        rate: { value: rate, constraint: positive },
      },
    })
    this.concentration = concentration
    this.rate = rate
  }

  protected shapeRate() {
    return { a: toTensor(this.concentration), rate: toTensor(this.rate) }
  }
}

/** A gamma distribution; see {@link GammaParams}. */
export type Gamma = GammaDistribution

const make = (params: GammaParams): Gamma => new GammaDistribution(params)

/** Makes a gamma distribution. `Gamma.fit` is its weighted maximum-likelihood estimate. */
export const Gamma: {
  (params: GammaParams): Gamma
  /**
   * The concentration by Newton's method, the rate from it and the mean; for the shapes see `fit.ts`. Both are infinite,
   * or as large as rounding makes them, where all values are equal.
   */
  readonly fit: (values: tf.Tensor, weights?: tf.Tensor) => Fitted
  /** x and log x, each of the values' shape. */
  readonly sufficientStatistics: (values: tf.Tensor) => {
    readonly x: tf.Tensor
    readonly logX: tf.Tensor
  }
} = Object.assign(make, {
  fit: (values: tf.Tensor, weights?: tf.Tensor) => tf.tidy(() => fitShapeRate(values, weights)),
  sufficientStatistics: (values: tf.Tensor) => tf.tidy(() => ({ x: tf.clone(values), logX: tf.log(values) })),
})

/** Estimates of a shape and a rate, of shape `batch`. */
export type Fitted = {
  readonly concentration: tf.Tensor
  readonly rate: tf.Tensor
}

/**
 * log c − ψ(c) = log m − mean of log x, with m the mean of x, and rate = c/m. The right side is the mean of
 * −log(x/m) + x/m − 1, which has only positive terms: as a difference it has no digit left at a large shape.
 */
export const fitShapeRate = (values: tf.Tensor, weights?: tf.Tensor): Fitted => {
  const mean = weightedMean(values, weights)
  const excess = weightedMean(tf.div(deviance(mean, values), mean), weights)
  const concentration = gammaShape(excess)
  return { concentration, rate: quotient(concentration, mean) }
}
