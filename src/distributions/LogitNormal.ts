/**
 * The logit-normal distribution on [0, 1]: log(x / (1 − x)) is normal. It is `Transformed(Normal, sigmoid)`, so that
 * a draw that has saturated still scores finitely, with its cumulative distribution besides.
 *
 * ```ts
 * LogitNormal({ loc: 0, scale: 1.5 })   // median ½
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Key } from "../tensor/Key.ts"
import type { Shape } from "../tensor/Shape.ts"
import { where } from "../tensor/stable.ts"
import { float } from "./Distribution.ts"
import { Normal, type NormalParams } from "./Normal.ts"
import { sigmoid } from "./Transform.ts"
import { TransformedDistribution } from "./Transformed.ts"

/** Parameters of {@link LogitNormal}: the mean and standard deviation of log(x / (1 − x)). */
export type LogitNormalParams = NormalParams

class LogitNormalDistribution extends TransformedDistribution<Normal, "unitInterval"> {
  constructor(base: Normal) {
    super(base, sigmoid)
  }

  /** Draws of shape `[...shape, ...batch]`, differentiable in the parameters. */
  rsample(key: Key, shape?: Shape): tf.Tensor {
    return this.push(() => this.base.rsample(key, shape), true)
  }

  /** P(X ≤ value), of the normal at the value's logit. */
  cdf(value: tf.Tensor): tf.Tensor {
    return tf.tidy(() => {
      const x = float(value)
      const isInside = () => tf.logicalAnd(tf.greater(x, 0), tf.less(x, 1))
      const inner = where(isInside, x, 0.5)
      const cdf = this.base.cdf(tf.sub(tf.log(inner), tf.log1p(tf.neg(inner))))
      return where(() => tf.greaterEqual(x, 1), 1, where(isInside, cdf, 0))
    })
  }

  icdf(probability: tf.Tensor): tf.Tensor {
    return tf.tidy(() => tf.sigmoid(this.base.icdf(probability)))
  }

  override expand(batchShape: Shape): this {
    return new LogitNormalDistribution(this.base.expand(batchShape)) as this
  }
}

/** A logit-normal distribution; see {@link LogitNormalParams}. */
export type LogitNormal = LogitNormalDistribution

const make = (params: LogitNormalParams): LogitNormal => new LogitNormalDistribution(Normal(params))

/** Makes a logit-normal distribution. `LogitNormal.fit` is its weighted maximum-likelihood estimate. */
export const LogitNormal: {
  (params: LogitNormalParams): LogitNormal
  /**
   * Those of a normal for the values' logits; for the shapes see `fit.ts`. A value that has saturated, to 0 or 1, counts
   * as the logit that it scores by, ∓87.
   */
  readonly fit: typeof Normal.fit
  /** The logit log(x / (1 − x)) and its square, each of the values' shape. */
  readonly sufficientStatistics: (values: tf.Tensor) => {
    readonly logitX: tf.Tensor
    readonly logitXSquared: tf.Tensor
  }
} = Object.assign(make, {
  fit: (values: tf.Tensor, weights?: tf.Tensor) =>
    tf.tidy(() => Normal.fit(sigmoid.inverse(float(values)), weights)),
  sufficientStatistics: (values: tf.Tensor) =>
    tf.tidy(() => {
      const logitX = sigmoid.inverse(float(values))
      return { logitX, logitXSquared: tf.square(logitX) }
    }),
})
