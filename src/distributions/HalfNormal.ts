/**
 * The half-normal distribution on the positive numbers: the size of a normal with mean zero.
 * log p(x) = log 2 + log N(x; 0, scale) for x > 0.
 *
 * ```ts
 * HalfNormal({ scale: 5 })   // a weak prior on a standard deviation
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Key from "../tensor/Key.ts"
import { quotient } from "../tensor/quotient.ts"
import type { Shape } from "../tensor/Shape.ts"
import { erf, erfinv } from "../tensor/special/erf.ts"
import { halfLog2Pi } from "../tensor/stable.ts"
import { operand, toTensor, type Value } from "./Distribution.ts"
import { PathwiseFamily } from "./Family.ts"
import { weightedSquares } from "./fit.ts"
import { klNormalNormal, normalLogDensity } from "./Normal.ts"
import { positive } from "./Support.ts"

/** Parameters of {@link HalfNormal}: the standard deviation of the normal whose size it is. */
export interface HalfNormalParams {
  readonly scale: Value
}

class HalfNormalDistribution extends PathwiseFamily<"HalfNormal", "positive"> {
  readonly scale: Value

  constructor({ scale }: HalfNormalParams) {
    super({
      family: "HalfNormal",
      support: positive,
      params: { scale: { value: scale, constraint: positive } },
    })
    this.scale = scale
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    // The noise is never exactly zero, which would not be positive: none of its 2²³ values is.
    return tf.mul(operand(this.scale), tf.abs(Key.normal(key, full)))
  }

  protected score(value: tf.Tensor): tf.Tensor {
    return tf.add(normalLogDensity(value, 0, this.scale), Math.LN2)
  }

  /** scale · √(2/π). */
  mean(): tf.Tensor {
    return this.batched(() => tf.mul(operand(this.scale), Math.sqrt(2 / Math.PI)))
  }

  /** scale² · (1 − 2/π). */
  variance(): tf.Tensor {
    return this.batched(() => tf.mul(tf.square(operand(this.scale)), 1 - 2 / Math.PI))
  }

  /** 0, which is not of the support, but next to it. */
  mode(): tf.Tensor {
    return this.batched(() => tf.zerosLike(toTensor(this.scale)))
  }

  /** log scale + ½ + ½ log 2π − log 2. */
  entropy(): tf.Tensor {
    return this.batched(() => tf.add(tf.log(operand(this.scale)), 0.5 + halfLog2Pi - Math.LN2))
  }

  /** P(X ≤ value) = erf(value / (scale √2)). */
  cdf(value: tf.Tensor): tf.Tensor {
    return this.pointwise(value, "cdf", (x) =>
      erf(tf.mul(quotient(tf.relu(x), toTensor(this.scale)), Math.SQRT1_2)),
    )
  }

  icdf(probability: tf.Tensor): tf.Tensor {
    return this.pointwise(probability, "icdf", (p) =>
      tf.mul(operand(this.scale), tf.mul(erfinv(p), Math.SQRT2)),
    )
  }
}

/** A half-normal distribution; see {@link HalfNormalParams}. */
export type HalfNormal = HalfNormalDistribution

const make = (params: HalfNormalParams): HalfNormal => new HalfNormalDistribution(params)

/** Makes a half-normal distribution. `HalfNormal.fit` is its weighted maximum-likelihood estimate. */
export const HalfNormal: {
  (params: HalfNormalParams): HalfNormal
  /** The root of the values' weighted mean square; for the shapes see `fit.ts`. */
  readonly fit: (values: tf.Tensor, weights?: tf.Tensor) => { readonly scale: tf.Tensor }
  /** x², of the values' shape. */
  readonly sufficientStatistics: (values: tf.Tensor) => { readonly xSquared: tf.Tensor }
} = Object.assign(make, {
  fit: (values: tf.Tensor, weights?: tf.Tensor) =>
    tf.tidy(() => ({ scale: tf.sqrt(weightedSquares(values, 0, weights)) })),
  sufficientStatistics: (values: tf.Tensor) => tf.tidy(() => ({ xSquared: tf.square(values) })),
})

/** KL(p ‖ q): that of two normals of mean zero, whose densities are half of these on either side. */
export const klHalfNormalHalfNormal = (p: HalfNormal, q: HalfNormal): tf.Tensor =>
  klNormalNormal({ loc: 0, scale: p.scale }, { loc: 0, scale: q.scale })
