/**
 * The uniform distribution on the integers from `low` to `high`, both included: log p(x) = −log(high − low + 1).
 *
 * ```ts
 * DiscreteUniform({ low: 1, high: 6 })   // a die
 * ```
 *
 * With both ends on the host as single numbers its values can be enumerated.
 */
import * as tf from "@tensorflow/tfjs-core"
import { drawInteger } from "../tensor/counts.ts"
import type { Key } from "../tensor/Key.ts"
import type { Shape } from "../tensor/Shape.ts"
import { where } from "../tensor/stable.ts"
import { broadcastTo, type HasEnumerate, operand, toTensor, type Value } from "./Distribution.ts"
import { withEnumerate } from "./enumerable.ts"
import { Family } from "./Family.ts"
import { integer, integerInterval } from "./Support.ts"

/** Parameters of {@link DiscreteUniform}: integers, `high` not below `low`; shapes broadcast to the batch. */
export interface DiscreteUniformParams {
  readonly low: Value
  readonly high: Value
}

class DiscreteUniformDistribution extends Family<"DiscreteUniform", "integerInterval", "score"> {
  readonly low: Value
  readonly high: Value

  constructor({ low, high }: DiscreteUniformParams) {
    super({
      family: "DiscreteUniform",
      support: integerInterval(low, high),
      gradient: "score",
      params: {
        low: { value: low, constraint: integer },
        high: { value: high, constraint: integer, above: "low", orEqual: true },
      },
    })
    this.low = low
    this.high = high
  }

  protected draw(key: Key, full: Shape): tf.Tensor {
    return drawInteger(key, broadcastTo(toTensor(this.low), full), broadcastTo(toTensor(this.high), full))
  }

  protected score(value: tf.Tensor): tf.Tensor {
    return tf.sub(tf.zerosLike(value), tf.log(count(this)))
  }

  mean(): tf.Tensor {
    return this.batched(() => tf.mul(tf.add(operand(this.low), operand(this.high)), 0.5))
  }

  /** (n² − 1) / 12 for n values. */
  variance(): tf.Tensor {
    return this.batched(() => tf.div(tf.sub(tf.square(count(this)), 1), 12))
  }

  /** low, the first of the equally likely. */
  mode(): tf.Tensor {
    return this.batched(() => toTensor(this.low))
  }

  /** log(high − low + 1). */
  entropy(): tf.Tensor {
    return this.batched(() => tf.log(count(this)))
  }

  cdf(value: tf.Tensor): tf.Tensor {
    return this.pointwise(value, "cdf", (x) => {
      const reached = tf.div(tf.add(tf.sub(tf.floor(x), operand(this.low)), 1), count(this))
      // Not by `clipByValue`, which makes zero of what is no number.
      const from0 = where(() => tf.less(reached, 0), 0, reached)
      return where(() => tf.greater(reached, 1), 1, from0)
    })
  }

  /** The least value whose cumulative probability is not below `probability`. */
  icdf(probability: tf.Tensor): tf.Tensor {
    return this.pointwise(probability, "icdf", (p) => {
      const steps = tf.sub(tf.ceil(tf.mul(p, count(this))), 1)
      return tf.add(operand(this.low), tf.relu(steps))
    })
  }
}

/** A discrete uniform distribution; see {@link DiscreteUniformParams}. */
export type DiscreteUniform = DiscreteUniformDistribution

/** One whose values can be listed without a look at a tensor: both ends are single numbers. */
export type ListedDiscreteUniform = DiscreteUniform & HasEnumerate

/** Makes a discrete uniform distribution. */
export const DiscreteUniform: {
  (params: { readonly low: number; readonly high: number }): ListedDiscreteUniform
  (params: DiscreteUniformParams): DiscreteUniform
} = (params: DiscreteUniformParams): ListedDiscreteUniform => {
  const { low, high } = params
  return withEnumerate(
    new DiscreteUniformDistribution(params),
    typeof low === "number" && typeof high === "number" ? () => tf.range(low, high + 1) : undefined,
  )
}

/** KL(p ‖ q) = log(count of q / count of p) where q covers p, elementwise; infinite elsewhere. */
export const klDiscreteUniformDiscreteUniform = (p: DiscreteUniform, q: DiscreteUniform): tf.Tensor => {
  const covers = () =>
    tf.logicalAnd(
      tf.lessEqual(operand(q.low), operand(p.low)),
      tf.greaterEqual(operand(q.high), operand(p.high)),
    )
  return where(covers, tf.log(tf.div(count(q), count(p))), Infinity)
}

/** high − low + 1. */
export const count = (d: DiscreteUniformParams): tf.Tensor =>
  tf.add(tf.sub(operand(d.high), operand(d.low)), 1)
