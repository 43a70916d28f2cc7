/**
 * The Cauchy distribution, log p(x) = log scale − log π − log(scale² + (x − loc)²). Its tails are so heavy that it
 * has neither mean nor variance.
 *
 * ```ts
 * Cauchy({ loc: 0, scale: 2.5 })
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import type * as Key from "../tensor/Key.ts"
import { logSumSquares, quotient } from "../tensor/quotient.ts"
import type { Shape } from "../tensor/Shape.ts"
import { where } from "../tensor/stable.ts"
import { operand, toTensor, type Value } from "./Distribution.ts"
import { LocationScaleFamily, type LocationScaleParams } from "./LocationScale.ts"
import { inverted } from "./noise.ts"

/** Parameters of {@link Cauchy}: the median, and half the distance between the quartiles. */
export type CauchyParams = LocationScaleParams

class CauchyDistribution extends LocationScaleFamily<"Cauchy"> {
  constructor(params: CauchyParams) {
    super("Cauchy", params)
  }

  protected noise(key: Key.Key, full: Shape): tf.Tensor {
    return inverted(key, full, (u) => Math.tan(Math.PI * (u - 0.5)), 2 ** -23)
  }

  protected standard(z: tf.Tensor): tf.Tensor {
    return tf.sub(-Math.log(Math.PI), logSumSquares(z, tf.scalar(1)))
  }

  // Not from z, which overflows at values whose density is a number still.
  protected override score(value: tf.Tensor): tf.Tensor {
    return cauchyLogDensity(value, this.loc, this.scale)
  }

  mode(): tf.Tensor {
    return this.batched(() => toTensor(this.loc))
  }

  /** log 4π scale. */
  entropy(): tf.Tensor {
    return this.batched(() => tf.add(tf.log(operand(this.scale)), Math.log(4 * Math.PI)))
  }

  /** The angle of (−z, 1) as a part of π: ½ + arctan(z)/π would keep no digit of the lower tail. */
  cdf(value: tf.Tensor): tf.Tensor {
    return this.pointwise(value, "cdf", (x) => {
      const z = this.z(x)
      return tf.div(tf.atan2(tf.onesLike(z), tf.neg(z)), Math.PI)
    })
  }

  icdf(probability: tf.Tensor): tf.Tensor {
    return this.pointwise(probability, "icdf", (p) => {
      const middle = tf.tan(tf.mul(tf.sub(p, 0.5), Math.PI))
      // Beyond the quartiles from the tail's own probability, which p − ½ has rounded off.
      const tail = tf.mul(tf.minimum(p, tf.sub(1, p)), Math.PI)
      const beyond = tf.div(tf.sign(tf.sub(p, 0.5)), tf.tan(tail))
      return this.x(where(() => tf.less(tf.abs(tf.sub(p, 0.5)), 0.25), middle, beyond))
    })
  }
}

/** A Cauchy distribution; see {@link CauchyParams}. */
export type Cauchy = CauchyDistribution

/** Makes a Cauchy distribution. */
export const Cauchy = (params: CauchyParams): Cauchy => new CauchyDistribution(params)

/** log scale − log π − log(scale² + (x − loc)²). */
export const cauchyLogDensity = (x: tf.Tensor, loc: Value, scale: Value): tf.Tensor =>
  tf.sub(
    tf.sub(tf.log(operand(scale)), Math.log(Math.PI)),
    logSumSquares(tf.sub(x, operand(loc)), toTensor(scale)),
  )

/**
 * KL(p ‖ q) = log(((σp + σq)² + (μp − μq)²) / 4σpσq), elementwise (Chyzak and Nielsen, "A closed-form formula for
 * the Kullback–Leibler divergence between Cauchy distributions", 2019).
 *
 * As log(1 + ((σp − σq)² + (μp − μq)²) / 4σpσq) it keeps its digits where the two are close.
 */
export const klCauchyCauchy = (p: CauchyParams, q: CauchyParams): tf.Tensor => {
  const mean = tf.mul(tf.sqrt(operand(p.scale)), tf.sqrt(operand(q.scale)))
  const part = (difference: tf.Tensor) => tf.square(tf.mul(quotient(difference, mean), 0.5))
  return tf.log1p(
    tf.add(part(tf.sub(operand(p.scale), operand(q.scale))), part(tf.sub(operand(p.loc), operand(q.loc)))),
  )
}
