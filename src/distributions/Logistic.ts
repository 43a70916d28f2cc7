/**
 * The logistic distribution, whose cumulative distribution is the logistic sigmoid:
 * log p(x) = −z − 2 log(1 + e⁻ᶻ) − log scale with z = (x − loc)/scale.
 *
 * ```ts
 * Logistic({ loc: 0, scale: 1 })   // the noise of a logistic regression
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import type * as Key from "../tensor/Key.ts"
import type { Shape } from "../tensor/Shape.ts"
import { logit } from "../tensor/stable.ts"
import { operand, toTensor } from "./Distribution.ts"
import { LocationScaleFamily, type LocationScaleParams } from "./LocationScale.ts"
import { inverted } from "./noise.ts"

/** Parameters of {@link Logistic}: the mean, and √3/π of the standard deviation. */
export type LogisticParams = LocationScaleParams

class LogisticDistribution extends LocationScaleFamily<"Logistic"> {
  constructor(params: LogisticParams) {
    super("Logistic", params)
  }

  protected noise(key: Key.Key, full: Shape): tf.Tensor {
    return inverted(key, full, logit, 2 ** -126)
  }

  protected standard(z: tf.Tensor): tf.Tensor {
    return tf.neg(tf.add(tf.softplus(z), tf.softplus(tf.neg(z))))
  }

  mean(): tf.Tensor {
    return this.batched(() => toTensor(this.loc))
  }

  /** π² scale² / 3. */
  variance(): tf.Tensor {
    return this.batched(() => tf.mul(tf.square(operand(this.scale)), Math.PI ** 2 / 3))
  }

  mode(): tf.Tensor {
    return this.mean()
  }

  /** 2 + log scale. */
  entropy(): tf.Tensor {
    return this.batched(() => tf.add(tf.log(operand(this.scale)), 2))
  }

  cdf(value: tf.Tensor): tf.Tensor {
    return this.pointwise(value, "cdf", (x) => tf.sigmoid(this.z(x)))
  }

  icdf(probability: tf.Tensor): tf.Tensor {
    return this.pointwise(probability, "icdf", (p) => this.x(tf.sub(tf.log(p), tf.log1p(tf.neg(p)))))
  }
}

/** A logistic distribution; see {@link LogisticParams}. */
export type Logistic = LogisticDistribution

/** Makes a logistic distribution. */
export const Logistic = (params: LogisticParams): Logistic => new LogisticDistribution(params)
