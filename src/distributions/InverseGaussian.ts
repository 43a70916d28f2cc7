/**
 * The inverse Gaussian (Wald) distribution on the positive numbers, the time at which a Brownian motion with drift
 * first comes to a level: log p(x) = ½ log(λ/(2πx³)) − λ(x − μ)²/(2μ²x), with μ = loc and λ = concentration.
 *
 * ```ts
 * InverseGaussian({ loc: 2, concentration: 4 })   // mean 2, variance 2
 * ```
 *
 * Draws are differentiable by implicit reparameterization (Figurnov, Mohamed and Mnih, "Implicit reparameterization
 * gradients", NeurIPS 2018).
 */
import * as tf from "@tensorflow/tfjs-core"
import type * as Key from "../tensor/Key.ts"
import {
  drawInverseGaussian,
  inverseGaussianCdf,
  inverseGaussianEntropy,
  inverseGaussianLogDensity,
} from "../tensor/paths.ts"
import { logRatio, quotient } from "../tensor/quotient.ts"
import type { Shape } from "../tensor/Shape.ts"
import { where } from "../tensor/stable.ts"
import { broadcastTo, toTensor, type Value } from "./Distribution.ts"
import { PathwiseFamily } from "./Family.ts"
import { weightedMean } from "./fit.ts"
import { positive } from "./Support.ts"

/** Parameters of {@link InverseGaussian}: the mean, and its cube over the variance. Shapes broadcast to the batch. */
export interface InverseGaussianParams {
  readonly loc: Value
  readonly concentration: Value
}

class InverseGaussianDistribution extends PathwiseFamily<"InverseGaussian", "positive"> {
  readonly loc: Value
  readonly concentration: Value

  constructor({ loc, concentration }: InverseGaussianParams) {
    super({
      family: "InverseGaussian",
      support: positive,
      params: {
        loc: { value: loc, constraint: positive },
        concentration: { value: concentration, constraint: positive },
      },
    })
    this.loc = loc
    this.concentration = concentration
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    const [loc, concentration] = this.both()
    return drawInverseGaussian(key, broadcastTo(loc, full), broadcastTo(concentration, full))
  }

  protected score(value: tf.Tensor): tf.Tensor {
    return inverseGaussianLogDensity(value, ...this.both())
  }

  mean(): tf.Tensor {
    return this.batched(() => toTensor(this.loc))
  }

  /** μ³/λ. */
  variance(): tf.Tensor {
    return this.batched(() => {
      const [loc, concentration] = this.both()
      return tf.mul(tf.square(loc), quotient(loc, concentration))
    })
  }

  /** μ/(√(1 + c²) + c), with c = 3μ/(2λ). */
  mode(): tf.Tensor {
    return this.batched(() => {
      const [loc, concentration] = this.both()
      const c = tf.mul(quotient(loc, concentration), 1.5)
      return quotient(loc, tf.add(tf.sqrt(tf.add(tf.square(c), 1)), c))
    })
  }

  /** ½ log(2πe μ³/λ) − (3/2) e^(2λ/μ) E₁(2λ/μ), with the exponential integral E₁. */
  entropy(): tf.Tensor {
    return this.batched(() => inverseGaussianEntropy(...this.both()))
  }

  /** P(X ≤ value), by the normal's. */
  cdf(value: tf.Tensor): tf.Tensor {
    return this.pointwise(value, "cdf", (x) => {
      const isPositive = () => tf.greater(x, 0)
      return where(isPositive, inverseGaussianCdf(where(isPositive, x, 1), ...this.both()), 0)
    })
  }

  private both(): readonly [tf.Tensor, tf.Tensor] {
    return [toTensor(this.loc), toTensor(this.concentration)]
  }
}

/** An inverse Gaussian distribution; see {@link InverseGaussianParams}. */
export type InverseGaussian = InverseGaussianDistribution

const make = (params: InverseGaussianParams): InverseGaussian => new InverseGaussianDistribution(params)

/** Makes an inverse Gaussian distribution. `InverseGaussian.fit` is its weighted maximum-likelihood estimate. */
export const InverseGaussian: {
  (params: InverseGaussianParams): InverseGaussian
  /** μ the mean of x, and 1/λ that of (x − μ)²/(μ²x); for the shapes see `fit.ts`. */
  readonly fit: (
    values: tf.Tensor,
    weights?: tf.Tensor,
  ) => { readonly loc: tf.Tensor; readonly concentration: tf.Tensor }
  /** x and 1/x, each of the values' shape. */
  readonly sufficientStatistics: (values: tf.Tensor) => {
    readonly x: tf.Tensor
    readonly reciprocal: tf.Tensor
  }
} = Object.assign(make, {
  fit: (values: tf.Tensor, weights?: tf.Tensor) =>
    tf.tidy(() => {
      const loc = weightedMean(values, weights)
      const excess = tf.div(tf.square(tf.sub(quotient(values, loc), 1)), values)
      return { loc, concentration: tf.reciprocal(weightedMean(excess, weights)) }
    }),
  sufficientStatistics: (values: tf.Tensor) =>
    tf.tidy(() => ({ x: tf.clone(values), reciprocal: tf.reciprocal(values) })),
})

/** KL(p ‖ q) = ½ (r − 1 − log r) + λq (μp − μq)²/(2 μp μq²), with r = λq/λp. */
export const klInverseGaussianInverseGaussian = (
  p: InverseGaussianParams,
  q: InverseGaussianParams,
): tf.Tensor => {
  const [mp, mq] = [toTensor(p.loc), toTensor(q.loc)]
  const [lp, lq] = [toTensor(p.concentration), toTensor(q.concentration)]
  const spread = tf.sub(quotient(tf.sub(lq, lp), lp), logRatio(lq, lp))
  const shift = tf.mul(tf.square(quotient(tf.sub(mp, mq), mq)), quotient(lq, mp))
  return tf.mul(tf.add(spread, shift), 0.5)
}
