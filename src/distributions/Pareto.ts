/**
 * The Pareto distribution on the numbers from `scale` up, a power law: log(x/scale) is exponential of rate alpha.
 * log p(x) = log alpha − log x − alpha log(x/scale).
 *
 * ```ts
 * Pareto({ scale: 1, alpha: 3 })   // mean 1.5
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import type * as Key from "../tensor/Key.ts"
import { logRatio, quotient } from "../tensor/quotient.ts"
import type { Shape } from "../tensor/Shape.ts"
import { where } from "../tensor/stable.ts"
import { operand, toTensor, type Value } from "./Distribution.ts"
import { PathwiseFamily } from "./Family.ts"
import { checkShapes, weightedMean } from "./fit.ts"
import { exponential } from "./noise.ts"
import { positive } from "./Support.ts"
import { atLeast } from "./supports/closedHalfLines.ts"
import type { Uniform } from "./Uniform.ts"

/** Parameters of {@link Pareto}: the least value, and how fast the tail falls off. Shapes broadcast to the batch. */
export interface ParetoParams {
  readonly scale: Value
  readonly alpha: Value
}

class ParetoDistribution extends PathwiseFamily<"Pareto", "greaterThan"> {
  readonly scale: Value
  readonly alpha: Value

  constructor({ scale, alpha }: ParetoParams) {
    super({
      family: "Pareto",
      support: atLeast(scale),
      params: {
        scale: { value: scale, constraint: positive },
        alpha: { value: alpha, constraint: positive },
      },
    })
    this.scale = scale
    this.alpha = alpha
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    const x = this.at(exponential(key, full))
    // A small alpha's draws may be beyond float32.
    return tf.minimum(x, largest)
  }

  protected score(value: tf.Tensor): tf.Tensor {
    const excess = tf.mul(operand(this.alpha), logRatio(value, toTensor(this.scale)))
    return tf.sub(tf.log(operand(this.alpha)), tf.add(tf.log(value), excess))
  }

  /** scale · alpha / (alpha − 1); infinite for an alpha of 1 or less. */
  mean(): tf.Tensor {
    return this.batched(() => {
      const alpha = toTensor(this.alpha)
      const hasOne = () => tf.greater(alpha, 1)
      const factor = tf.div(alpha, tf.sub(where(hasOne, alpha, 2), 1))
      return tf.mul(operand(this.scale), where(hasOne, factor, Infinity))
    })
  }

  /** scale² · alpha / ((alpha − 1)² (alpha − 2)); infinite for an alpha of 2 or less. */
  variance(): tf.Tensor {
    return this.batched(() => {
      const alpha = toTensor(this.alpha)
      const hasOne = () => tf.greater(alpha, 2)
      const safe = where(hasOne, alpha, 3)
      const factor = tf.div(safe, tf.mul(tf.square(tf.sub(safe, 1)), tf.sub(safe, 2)))
      return tf.mul(tf.square(operand(this.scale)), where(hasOne, factor, Infinity))
    })
  }

  mode(): tf.Tensor {
    return this.batched(() => toTensor(this.scale))
  }

  /** log(scale/alpha) + 1 + 1/alpha. */
  entropy(): tf.Tensor {
    return this.batched(() => {
      const [scale, alpha] = [toTensor(this.scale), toTensor(this.alpha)]
      return tf.add(tf.add(logRatio(scale, alpha), 1), quotient(tf.scalar(1), alpha))
    })
  }

  /** 1 − (scale/value)^alpha, which keeps its digits near the scale. */
  cdf(value: tf.Tensor): tf.Tensor {
    return this.pointwise(value, "cdf", (x) => {
      const scale = toTensor(this.scale)
      const fromScale = where(() => tf.less(x, scale), scale, x)
      return tf.neg(tf.expm1(tf.neg(tf.mul(operand(this.alpha), logRatio(fromScale, scale)))))
    })
  }

  icdf(probability: tf.Tensor): tf.Tensor {
    return this.pointwise(probability, "icdf", (p) => this.at(tf.neg(tf.log1p(tf.neg(p)))))
  }

  /** scale · e^(t/alpha). */
  private at(t: tf.Tensor): tf.Tensor {
    return tf.mul(operand(this.scale), tf.exp(quotient(t, toTensor(this.alpha))))
  }
}

/** A Pareto distribution; see {@link ParetoParams}. */
export type Pareto = ParetoDistribution

const make = (params: ParetoParams): Pareto => new ParetoDistribution(params)

/** Makes a Pareto distribution. `Pareto.fit` is its weighted maximum-likelihood estimate. */
export const Pareto: {
  (params: ParetoParams): Pareto
  /** The least value that has any weight, and Σw / Σw log(x/scale); for the shapes see `fit.ts`. */
  readonly fit: (
    values: tf.Tensor,
    weights?: tf.Tensor,
  ) => { readonly scale: tf.Tensor; readonly alpha: tf.Tensor }
  /** log x, of the values' shape: the statistic of the Paretos of one scale. */
  readonly sufficientStatistics: (values: tf.Tensor) => { readonly logX: tf.Tensor }
} = Object.assign(make, {
  fit: (values: tf.Tensor, weights?: tf.Tensor) =>
    tf.tidy(() => {
      checkShapes(values, weights)
      const counted = weights === undefined ? values : where(() => tf.greater(weights, 0), values, Infinity)
      const scale = tf.min(counted, 0)
      return { scale, alpha: tf.reciprocal(weightedMean(logRatio(values, scale), weights)) }
    }),
  sufficientStatistics: (values: tf.Tensor) => tf.tidy(() => ({ logX: tf.log(values) })),
})

/**
 * KL(p ‖ q) = αq log(sp/sq) + r − 1 − log r with r = αq/αp, elementwise; infinite where q begins above p.
 */
export const klParetoPareto = (p: Pareto, q: Pareto): tf.Tensor => {
  const [own, other] = [toTensor(p.alpha), toTensor(q.alpha)]
  const excess = tf.mul(other, logRatio(toTensor(p.scale), toTensor(q.scale)))
  const shape = tf.sub(quotient(tf.sub(other, own), own), logRatio(other, own))
  return where(() => tf.greaterEqual(operand(p.scale), operand(q.scale)), tf.add(excess, shape), Infinity)
}

/**
 * KL(p ‖ q) of a uniform p and a Pareto q, elementwise: from E log x = (high log high − low log low)/(high − low) − 1;
 * infinite where q begins above p.
 */
export const klUniformPareto = (p: Uniform, q: Pareto): tf.Tensor => {
  const scale = toTensor(q.scale)
  const covers = () => tf.greaterEqual(operand(p.low), scale)
  const low = where(covers, toTensor(p.low), scale)
  const high = where(covers, toTensor(p.high), tf.mul(scale, 2))
  const width = tf.sub(high, low)
  // E log(x/scale), of which no part is as large as the logarithms themselves.
  const part = (x: tf.Tensor) => tf.mul(x, logRatio(x, scale))
  const mean = tf.sub(quotient(tf.sub(part(high), part(low)), width), 1)
  const rest = tf.sub(tf.log(operand(q.alpha)), tf.log(scale))
  const crossEntropy = tf.sub(tf.mul(tf.add(operand(q.alpha), 1), mean), rest)
  return where(covers, tf.sub(crossEntropy, tf.log(width)), Infinity)
}

/** The largest float32. */
const largest = 3.4028234663852886e38
