/**
 * The Gumbel distribution of the largest of many: log p(x) = −z − e⁻ᶻ − log scale with z = (x − loc)/scale.
 *
 * ```ts
 * Gumbel({ loc: 0, scale: 1 })   // the noise whose largest sum with logits picks a class
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Key from "../tensor/Key.ts"
import type { Shape } from "../tensor/Shape.ts"
import { eulerGamma } from "../tensor/stable.ts"
import { operand, toTensor } from "./Distribution.ts"
import { LocationScaleFamily, type LocationScaleParams } from "./LocationScale.ts"

/** Parameters of {@link Gumbel}: the mode, and √6/π of the standard deviation. */
export type GumbelParams = LocationScaleParams

class GumbelDistribution extends LocationScaleFamily<"Gumbel"> {
  constructor(params: GumbelParams) {
    super("Gumbel", params)
  }

  protected noise(key: Key.Key, full: Shape): tf.Tensor {
    return Key.gumbel(key, full)
  }

  protected standard(z: tf.Tensor): tf.Tensor {
    return tf.neg(tf.add(z, tf.exp(tf.neg(z))))
  }

  /** loc + γ scale, with Euler's γ. */
  mean(): tf.Tensor {
    return this.batched(() => this.x(eulerGamma))
  }

  /** π² scale² / 6. */
  variance(): tf.Tensor {
    return this.batched(() => tf.mul(tf.square(operand(this.scale)), Math.PI ** 2 / 6))
  }

  mode(): tf.Tensor {
    return this.batched(() => toTensor(this.loc))
  }

  /** log scale + γ + 1. */
  entropy(): tf.Tensor {
    return this.batched(() => tf.add(tf.log(operand(this.scale)), eulerGamma + 1))
  }

  /** exp(−e⁻ᶻ). */
  cdf(value: tf.Tensor): tf.Tensor {
    return this.pointwise(value, "cdf", (x) => {
      // Past 88 the inner exponential is infinite, and the gradient infinite times zero.
      const inner = tf.exp(tf.minimum(tf.neg(this.z(x)), 88))
      return tf.exp(tf.neg(inner))
    })
  }

  icdf(probability: tf.Tensor): tf.Tensor {
    return this.pointwise(probability, "icdf", (p) => this.x(tf.neg(tf.log(tf.neg(tf.log(p))))))
  }
}

/** A Gumbel distribution; see {@link GumbelParams}. */
export type Gumbel = GumbelDistribution

/** Makes a Gumbel distribution. */
export const Gumbel = (params: GumbelParams): Gumbel => new GumbelDistribution(params)
