/**
 * The log-uniform (reciprocal) distribution on [low, high]: log x is uniform. log p(x) = −log x − log log(high/low).
 *
 * ```ts
 * LogUniform({ low: 1e-4, high: 1 })   // a learning rate, each decade alike
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import type * as Key from "../tensor/Key.ts"
import { logRatio, quotient } from "../tensor/quotient.ts"
import type { Shape } from "../tensor/Shape.ts"
import { where, xCothMinusOne } from "../tensor/stable.ts"
import { operand, toTensor, type Value } from "./Distribution.ts"
import { PathwiseFamily } from "./Family.ts"
import { halfStep, inverted } from "./noise.ts"
import { interval, positive } from "./Support.ts"

/** Parameters of {@link LogUniform}: both positive, `high` above `low`; shapes broadcast to the batch. */
export interface LogUniformParams {
  readonly low: Value
  readonly high: Value
}

class LogUniformDistribution extends PathwiseFamily<"LogUniform", "interval"> {
  readonly low: Value
  readonly high: Value

  constructor({ low, high }: LogUniformParams) {
    super({
      family: "LogUniform",
      support: interval(low, high),
      params: {
        low: { value: low, constraint: positive },
        high: { value: high, constraint: positive, above: "low" },
      },
    })
    this.low = low
    this.high = high
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    return this.within(this.at(inverted(key, full, (u) => u + halfStep)))
  }

  protected score(value: tf.Tensor): tf.Tensor {
    // One logarithm of the product: two may cancel.
    return tf.neg(tf.log(tf.mul(value, logWidth(this))))
  }

  /** (high − low) / log(high/low). */
  mean(): tf.Tensor {
    return this.batched(() => quotient(tf.sub(operand(this.high), operand(this.low)), logWidth(this)))
  }

  /** mean² (c coth c − 1) with c = ½ log(high/low): E x² less mean² would cancel where the ends are close. */
  variance(): tf.Tensor {
    return this.batched(() => tf.mul(tf.square(this.mean()), xCothMinusOne(tf.mul(logWidth(this), 0.5))))
  }

  mode(): tf.Tensor {
    return this.batched(() => toTensor(this.low))
  }

  /** ½ log(low · high) + log log(high/low). */
  entropy(): tf.Tensor {
    return this.batched(() => {
      const middle = tf.mul(tf.add(tf.log(operand(this.low)), tf.log(operand(this.high))), 0.5)
      return tf.add(middle, tf.log(logWidth(this)))
    })
  }

  cdf(value: tf.Tensor): tf.Tensor {
    return this.pointwise(value, "cdf", (x) =>
      quotient(logRatio(this.within(x), toTensor(this.low)), logWidth(this)),
    )
  }

  icdf(probability: tf.Tensor): tf.Tensor {
    return this.pointwise(probability, "icdf", (p) => this.at(p))
  }

  /** low · (high/low)ᵘ. */
  private at(u: tf.Tensor): tf.Tensor {
    return tf.mul(operand(this.low), tf.exp(tf.mul(u, logWidth(this))))
  }

  /** Rounding may have carried a number past an end. */
  private within(x: tf.Tensor): tf.Tensor {
    const [low, high] = [toTensor(this.low), toTensor(this.high)]
    // Not by `tf.minimum`, whose gradient cannot be broadcast.
    const fromLow = where(() => tf.less(x, low), low, x)
    return where(() => tf.greater(fromLow, high), high, fromLow)
  }
}

/** A log-uniform distribution; see {@link LogUniformParams}. */
export type LogUniform = LogUniformDistribution

/** Makes a log-uniform distribution. */
export const LogUniform = (params: LogUniformParams): LogUniform => new LogUniformDistribution(params)

/** KL(p ‖ q) = log(width of log q / width of log p) where q covers p, elementwise; infinite elsewhere. */
export const klLogUniformLogUniform = (p: LogUniform, q: LogUniform): tf.Tensor => {
  const covers = () =>
    tf.logicalAnd(
      tf.lessEqual(operand(q.low), operand(p.low)),
      tf.greaterEqual(operand(q.high), operand(p.high)),
    )
  return where(covers, logRatio(logWidth(q), logWidth(p)), Infinity)
}

const logWidth = (d: LogUniformParams): tf.Tensor => logRatio(toTensor(d.high), toTensor(d.low))
