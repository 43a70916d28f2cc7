/**
 * The half-Cauchy distribution on the positive numbers: the distance of a Cauchy from its median.
 * log p(x) = log 2 + log scale − log π − log(scale² + x²) for x > 0. It has neither mean nor variance.
 *
 * ```ts
 * HalfCauchy({ scale: 5 })   // a prior on a standard deviation that may be large
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import type * as Key from "../tensor/Key.ts"
import { quotient } from "../tensor/quotient.ts"
import type { Shape } from "../tensor/Shape.ts"
import { where } from "../tensor/stable.ts"
import { cauchyLogDensity, klCauchyCauchy } from "./Cauchy.ts"
import { operand, toTensor, type Value } from "./Distribution.ts"
import { PathwiseFamily } from "./Family.ts"
import { halfStep, inverted } from "./noise.ts"
import { positive } from "./Support.ts"

/** Parameters of {@link HalfCauchy}: the median. */
export interface HalfCauchyParams {
  readonly scale: Value
}

class HalfCauchyDistribution extends PathwiseFamily<"HalfCauchy", "positive"> {
  readonly scale: Value

  constructor({ scale }: HalfCauchyParams) {
    super({
      family: "HalfCauchy",
      support: positive,
      params: { scale: { value: scale, constraint: positive } },
    })
    this.scale = scale
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    const noise = inverted(key, full, (u) => Math.tan((Math.PI / 2) * (u + halfStep)))
    return tf.mul(operand(this.scale), noise)
  }

  protected score(value: tf.Tensor): tf.Tensor {
    return tf.add(cauchyLogDensity(value, 0, this.scale), Math.LN2)
  }

  /** 0, which is not of the support, but next to it. */
  mode(): tf.Tensor {
    return this.batched(() => tf.zerosLike(toTensor(this.scale)))
  }

  /** log 2π scale. */
  entropy(): tf.Tensor {
    return this.batched(() => tf.add(tf.log(operand(this.scale)), Math.log(2 * Math.PI)))
  }

  /** (2/π) arctan(value / scale). */
  cdf(value: tf.Tensor): tf.Tensor {
    return this.pointwise(value, "cdf", (x) =>
      tf.mul(tf.atan(quotient(tf.relu(x), toTensor(this.scale))), 2 / Math.PI),
    )
  }

  icdf(probability: tf.Tensor): tf.Tensor {
    return this.pointwise(probability, "icdf", (p) => {
      const lower = tf.tan(tf.mul(tf.minimum(p, 0.5), Math.PI / 2))
      // From the upper tail's own probability: the tangent's argument rounds at π/2.
      const upper = tf.reciprocal(tf.tan(tf.mul(tf.sub(1, tf.maximum(p, 0.5)), Math.PI / 2)))
      return tf.mul(
        operand(this.scale),
        where(() => tf.less(p, 0.5), lower, upper),
      )
    })
  }
}

/** A half-Cauchy distribution; see {@link HalfCauchyParams}. */
export type HalfCauchy = HalfCauchyDistribution

/** Makes a half-Cauchy distribution. */
export const HalfCauchy = (params: HalfCauchyParams): HalfCauchy => new HalfCauchyDistribution(params)

/** KL(p ‖ q): that of two Cauchys of one median, whose densities are half of these on either side. */
export const klHalfCauchyHalfCauchy = (p: HalfCauchy, q: HalfCauchy): tf.Tensor =>
  klCauchyCauchy({ loc: 0, scale: p.scale }, { loc: 0, scale: q.scale })
