/**
 * The Laplace distribution, two exponentials back to back: log p(x) = −|x − loc|/scale − log 2 scale.
 *
 * ```ts
 * Laplace({ loc: 0, scale: 1 })   // its posterior mode is the lasso's
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import type * as Key from "../tensor/Key.ts"
import { logRatio, quotient } from "../tensor/quotient.ts"
import type { Shape } from "../tensor/Shape.ts"
import { where } from "../tensor/stable.ts"
import { operand, toTensor } from "./Distribution.ts"
import { LocationScaleFamily, type LocationScaleParams, standardized } from "./LocationScale.ts"
import { halfStep, inverted } from "./noise.ts"

/** Parameters of {@link Laplace}: the median, and the mean distance from it. */
export type LaplaceParams = LocationScaleParams

class LaplaceDistribution extends LocationScaleFamily<"Laplace"> {
  constructor(params: LaplaceParams) {
    super("Laplace", params)
  }

  protected noise(key: Key.Key, full: Shape): tf.Tensor {
    return inverted(key, full, (u) => Math.sign(u) * Math.log1p(-Math.abs(u)), -1 + halfStep)
  }

  protected standard(z: tf.Tensor): tf.Tensor {
    return tf.sub(-Math.LN2, tf.abs(z))
  }

  mean(): tf.Tensor {
    return this.batched(() => toTensor(this.loc))
  }

  /** 2 scale². */
  variance(): tf.Tensor {
    return this.batched(() => tf.mul(tf.square(operand(this.scale)), 2))
  }

  mode(): tf.Tensor {
    return this.mean()
  }

  /** 1 + log 2 scale. */
  entropy(): tf.Tensor {
    return this.batched(() => tf.add(tf.log(operand(this.scale)), 1 + Math.LN2))
  }

  /** ½eᶻ below loc and 1 − ½e⁻ᶻ above it. */
  cdf(value: tf.Tensor): tf.Tensor {
    return this.pointwise(value, "cdf", (x) => {
      const z = this.z(x)
      const below = tf.mul(tf.exp(tf.minimum(z, 0)), 0.5)
      const above = tf.sub(1, tf.mul(tf.exp(tf.neg(tf.maximum(z, 0))), 0.5))
      return where(() => tf.less(z, 0), below, above)
    })
  }

  icdf(probability: tf.Tensor): tf.Tensor {
    return this.pointwise(probability, "icdf", (p) => {
      const below = tf.log(tf.mul(tf.minimum(p, 0.5), 2))
      const above = tf.neg(tf.log(tf.mul(tf.sub(1, tf.maximum(p, 0.5)), 2)))
      return this.x(where(() => tf.less(p, 0.5), below, above))
    })
  }
}

/** A Laplace distribution; see {@link LaplaceParams}. */
export type Laplace = LaplaceDistribution

/** Makes a Laplace distribution. */
export const Laplace = (params: LaplaceParams): Laplace => new LaplaceDistribution(params)

/** KL(p ‖ q) = r e^−|d|/σp + |d|/σq − log r − 1 with r = σp/σq and d = μp − μq, elementwise. */
export const klLaplaceLaplace = (p: Laplace, q: Laplace): tf.Tensor => {
  const distance = tf.abs(tf.sub(operand(p.loc), operand(q.loc)))
  const [own, other] = [toTensor(p.scale), toTensor(q.scale)]
  const near = tf.mul(quotient(own, other), tf.exp(tf.neg(quotient(distance, own))))
  return tf.sub(tf.add(near, quotient(distance, other)), tf.add(logRatio(own, other), 1))
}

/**
 * KL(p ‖ q) of a normal p and a Laplace q, elementwise: with z = (μp − μq)/σp,
 * E|x − μq| / σq + log 2σq − ½ log 2πe σp², where E|x − μq| = σp (√(2/π) e^−z²/2 + z erf(z/√2)).
 */
export const klNormalLaplace = (p: LocationScaleParams, q: Laplace): tf.Tensor => {
  const z = standardized(tf.sub(operand(p.loc), operand(q.loc)), { loc: 0, scale: p.scale })
  const spread = tf.add(
    tf.mul(tf.exp(tf.mul(tf.square(z), -0.5)), Math.sqrt(2 / Math.PI)),
    tf.mul(z, tf.erf(tf.mul(z, Math.SQRT1_2))),
  )
  const ratio = quotient(toTensor(p.scale), toTensor(q.scale))
  const constant = 0.5 * (1 + Math.log(Math.PI / 2))
  return tf.sub(tf.mul(ratio, spread), tf.add(logRatio(toTensor(p.scale), toTensor(q.scale)), constant))
}
