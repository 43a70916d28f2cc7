/**
 * The log-normal distribution on the positive numbers: log x is normal.
 * log p(x) = log N(log x; loc, scale) − log x.
 *
 * ```ts
 * LogNormal({ loc: 0, scale: 0.5 })   // median 1
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Key from "../tensor/Key.ts"
import { quotient } from "../tensor/quotient.ts"
import type { Shape } from "../tensor/Shape.ts"
import { ndtr, ndtri } from "../tensor/special/normal.ts"
import { halfLog2Pi, where } from "../tensor/stable.ts"
import { operand, toTensor, type Value } from "./Distribution.ts"
import { PathwiseFamily } from "./Family.ts"
import { Normal, normalLogDensity } from "./Normal.ts"
import { positive, real } from "./Support.ts"

/** Parameters of {@link LogNormal}: the mean and standard deviation of log x. Shapes broadcast to the batch. */
export interface LogNormalParams {
  readonly loc: Value
  readonly scale: Value
}

class LogNormalDistribution extends PathwiseFamily<"LogNormal", "positive"> {
  readonly loc: Value
  readonly scale: Value

  constructor({ loc, scale }: LogNormalParams) {
    super({
      family: "LogNormal",
      support: positive,
      params: { loc: { value: loc, constraint: real }, scale: { value: scale, constraint: positive } },
    })
    this.loc = loc
    this.scale = scale
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    return tf.exp(tf.add(operand(this.loc), tf.mul(operand(this.scale), Key.normal(key, full))))
  }

  protected score(value: tf.Tensor): tf.Tensor {
    const log = tf.log(value)
    return tf.sub(normalLogDensity(log, this.loc, this.scale), log)
  }

  /** exp(loc + scale²/2). */
  mean(): tf.Tensor {
    return this.batched(() => tf.exp(tf.add(operand(this.loc), this.halfSquare())))
  }

  /** (exp(scale²) − 1) · mean². */
  variance(): tf.Tensor {
    return this.batched(() => {
      const s2 = tf.square(operand(this.scale))
      return tf.mul(tf.expm1(s2), tf.exp(tf.add(tf.mul(operand(this.loc), 2), s2)))
    })
  }

  mode(): tf.Tensor {
    return this.batched(() => tf.exp(tf.sub(operand(this.loc), tf.square(operand(this.scale)))))
  }

  /** loc + log scale + ½ + ½ log 2π. */
  entropy(): tf.Tensor {
    return this.batched(() =>
      tf.add(tf.add(operand(this.loc), tf.log(operand(this.scale))), 0.5 + halfLog2Pi),
    )
  }

  cdf(value: tf.Tensor): tf.Tensor {
    return this.pointwise(value, "cdf", (x) => {
      const z = (y: tf.Tensor) => quotient(tf.sub(tf.log(y), operand(this.loc)), toTensor(this.scale))
      const isPositive = () => tf.greater(x, 0)
      return where(isPositive, ndtr(z(where(isPositive, x, 1))), 0)
    })
  }

  icdf(probability: tf.Tensor): tf.Tensor {
    return this.pointwise(probability, "icdf", (p) =>
      tf.exp(tf.add(operand(this.loc), tf.mul(operand(this.scale), ndtri(p)))),
    )
  }

  private halfSquare(): tf.Tensor {
    return tf.mul(tf.square(operand(this.scale)), 0.5)
  }
}

/** A log-normal distribution; see {@link LogNormalParams}. */
export type LogNormal = LogNormalDistribution

const make = (params: LogNormalParams): LogNormal => new LogNormalDistribution(params)

/** Makes a log-normal distribution. `LogNormal.fit` is its weighted maximum-likelihood estimate. */
export const LogNormal: {
  (params: LogNormalParams): LogNormal
  /** Those of a normal for the values' logarithms; for the shapes see `fit.ts`. */
  readonly fit: typeof Normal.fit
  /** log x and (log x)², each of the values' shape. */
  readonly sufficientStatistics: (values: tf.Tensor) => {
    readonly logX: tf.Tensor
    readonly logXSquared: tf.Tensor
  }
} = Object.assign(make, {
  fit: (values: tf.Tensor, weights?: tf.Tensor) => tf.tidy(() => Normal.fit(tf.log(values), weights)),
  sufficientStatistics: (values: tf.Tensor) =>
    tf.tidy(() => {
      const logX = tf.log(values)
      return { logX, logXSquared: tf.square(logX) }
    }),
})
