/**
 * The soft Laplace distribution (hyperbolic secant): Laplace's straight tails with a smooth top.
 * log p(x) = log(2/π) − log(eᶻ + e⁻ᶻ) − log scale with z = (x − loc)/scale.
 *
 * ```ts
 * SoftLaplace({ loc: 0, scale: 1 })
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import type * as Key from "../tensor/Key.ts"
import type { Shape } from "../tensor/Shape.ts"
import { where } from "../tensor/stable.ts"
import { operand, toTensor } from "./Distribution.ts"
import { LocationScaleFamily, type LocationScaleParams } from "./LocationScale.ts"
import { halfStep, inverted } from "./noise.ts"

/** Parameters of {@link SoftLaplace}: the mean, and 2/π of the standard deviation. */
export type SoftLaplaceParams = LocationScaleParams

class SoftLaplaceDistribution extends LocationScaleFamily<"SoftLaplace"> {
  constructor(params: SoftLaplaceParams) {
    super("SoftLaplace", params)
  }

  protected noise(key: Key.Key, full: Shape): tf.Tensor {
    return inverted(key, full, (u) => Math.log(Math.tan((Math.PI / 2) * (u + halfStep))))
  }

  protected standard(z: tf.Tensor): tf.Tensor {
    // log(eᶻ + e⁻ᶻ), no term of which overflows.
    return tf.sub(Math.log(2 / Math.PI), tf.add(z, tf.softplus(tf.mul(z, -2))))
  }

  mean(): tf.Tensor {
    return this.batched(() => toTensor(this.loc))
  }

  /** (π scale / 2)². */
  variance(): tf.Tensor {
    return this.batched(() => tf.square(tf.mul(operand(this.scale), Math.PI / 2)))
  }

  mode(): tf.Tensor {
    return this.mean()
  }

  /** log 2π scale. */
  entropy(): tf.Tensor {
    return this.batched(() => tf.add(tf.log(operand(this.scale)), Math.log(2 * Math.PI)))
  }

  /** (2/π) arctan eᶻ below loc, and one less the same of −z above it. */
  cdf(value: tf.Tensor): tf.Tensor {
    return this.pointwise(value, "cdf", (x) => {
      const z = this.z(x)
      const tail = (z: tf.Tensor) => tf.mul(tf.atan(tf.exp(z)), 2 / Math.PI)
      const above = tf.sub(1, tail(tf.neg(tf.maximum(z, 0))))
      return where(() => tf.less(z, 0), tail(tf.minimum(z, 0)), above)
    })
  }

  icdf(probability: tf.Tensor): tf.Tensor {
    return this.pointwise(probability, "icdf", (p) => {
      const z = (tail: tf.Tensor) => tf.log(tf.tan(tf.mul(tail, Math.PI / 2)))
      const above = tf.neg(z(tf.sub(1, tf.maximum(p, 0.5))))
      return this.x(where(() => tf.less(p, 0.5), z(tf.minimum(p, 0.5)), above))
    })
  }
}

/** A soft Laplace distribution; see {@link SoftLaplaceParams}. */
export type SoftLaplace = SoftLaplaceDistribution

/** Makes a soft Laplace distribution. */
export const SoftLaplace = (params: SoftLaplaceParams): SoftLaplace => new SoftLaplaceDistribution(params)
