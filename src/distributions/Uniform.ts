/**
 * The uniform distribution on [low, high], ends included: log p(x) = −log(high − low).
 *
 * ```ts
 * Uniform({ low: 0, high: 10 })
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Key from "../tensor/Key.ts"
import { logRatio, quotient } from "../tensor/quotient.ts"
import type { Shape } from "../tensor/Shape.ts"
import { where } from "../tensor/stable.ts"
import { operand, toTensor, type Value } from "./Distribution.ts"
import { PathwiseFamily } from "./Family.ts"
import { checkShapes } from "./fit.ts"
import { interval, real } from "./Support.ts"

/** Parameters of {@link Uniform}: `high` above `low`; shapes broadcast to the batch. */
export interface UniformParams {
  readonly low: Value
  readonly high: Value
}

class UniformDistribution extends PathwiseFamily<"Uniform", "interval"> {
  readonly low: Value
  readonly high: Value

  constructor({ low, high }: UniformParams) {
    super({
      family: "Uniform",
      support: interval(low, high),
      params: {
        low: { value: low, constraint: real },
        high: { value: high, constraint: real, above: "low" },
      },
    })
    this.low = low
    this.high = high
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    return tf.add(operand(this.low), tf.mul(width(this), Key.uniform(key, full)))
  }

  protected score(value: tf.Tensor): tf.Tensor {
    return tf.sub(tf.zerosLike(value), tf.log(width(this)))
  }

  mean(): tf.Tensor {
    return this.batched(() => tf.mul(tf.add(operand(this.low), operand(this.high)), 0.5))
  }

  /** (high − low)² / 12. */
  variance(): tf.Tensor {
    return this.batched(() => tf.div(tf.square(width(this)), 12))
  }

  /** log(high − low). */
  entropy(): tf.Tensor {
    return this.batched(() => tf.log(width(this)))
  }

  cdf(value: tf.Tensor): tf.Tensor {
    return this.pointwise(value, "cdf", (x) =>
      tf.clipByValue(quotient(tf.sub(x, operand(this.low)), width(this)), 0, 1),
    )
  }

  icdf(probability: tf.Tensor): tf.Tensor {
    return this.pointwise(probability, "icdf", (p) => {
      const x = tf.add(operand(this.low), tf.mul(width(this), p))
      // Rounding may have carried it past the upper end.
      const high = toTensor(this.high)
      return where(() => tf.greater(x, high), high, x)
    })
  }
}

/** A uniform distribution; see {@link UniformParams}. */
export type Uniform = UniformDistribution

const make = (params: UniformParams): Uniform => new UniformDistribution(params)

/** Makes a uniform distribution. `Uniform.fit` is its maximum-likelihood estimate. */
export const Uniform: {
  (params: UniformParams): Uniform
  /** The least and the greatest value that has any weight; for the shapes see `fit.ts`. */
  readonly fit: (
    values: tf.Tensor,
    weights?: tf.Tensor,
  ) => { readonly low: tf.Tensor; readonly high: tf.Tensor }
} = Object.assign(make, {
  fit: (values: tf.Tensor, weights?: tf.Tensor) =>
    tf.tidy(() => {
      checkShapes(values, weights)
      const counted = (other: number) =>
        weights === undefined ? values : where(() => tf.greater(weights, 0), values, other)
      return { low: tf.min(counted(Infinity), 0), high: tf.max(counted(-Infinity), 0) }
    }),
})

/** KL(p ‖ q) = log(width of q / width of p) where q covers p, elementwise; infinite elsewhere. */
export const klUniformUniform = (p: Uniform, q: Uniform): tf.Tensor => {
  const covers = () =>
    tf.logicalAnd(
      tf.lessEqual(operand(q.low), operand(p.low)),
      tf.greaterEqual(operand(q.high), operand(p.high)),
    )
  return where(covers, logRatio(width(q), width(p)), Infinity)
}

const width = (d: UniformParams): tf.Tensor => tf.sub(operand(d.high), operand(d.low))
