/**
 * The asymmetric Laplace distribution: two exponentials back to back, of mean scale · asymmetry below loc and
 * scale / asymmetry above it. log p(x) = −|x − loc|/(the side's mean) − log(sum of both).
 *
 * ```ts
 * AsymmetricLaplace({ loc: 0, scale: 1, asymmetry: 2 })   // the longer tail is below
 * ```
 *
 * loc is the a²/(1 + a²) quantile, with a the asymmetry: its likelihood is what quantile regression minimizes.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Key from "../tensor/Key.ts"
import { logRatio, quotient } from "../tensor/quotient.ts"
import type { Shape } from "../tensor/Shape.ts"
import { where } from "../tensor/stable.ts"
import { operand, toTensor, type Value } from "./Distribution.ts"
import { PathwiseFamily } from "./Family.ts"
import { standardized } from "./LocationScale.ts"
import { exponential } from "./noise.ts"
import { positive, real } from "./Support.ts"

/** Parameters of {@link AsymmetricLaplace}: shapes broadcast to the batch; an asymmetry of 1 is none. */
export interface AsymmetricLaplaceParams {
  readonly loc: Value
  readonly scale: Value
  readonly asymmetry: Value
}

class AsymmetricLaplaceDistribution extends PathwiseFamily<"AsymmetricLaplace", "real"> {
  readonly loc: Value
  readonly scale: Value
  readonly asymmetry: Value

  constructor({ loc, scale, asymmetry }: AsymmetricLaplaceParams) {
    super({
      family: "AsymmetricLaplace",
      support: real,
      params: {
        loc: { value: loc, constraint: real },
        scale: { value: scale, constraint: positive },
        asymmetry: { value: asymmetry, constraint: positive },
      },
    })
    this.loc = loc
    this.scale = scale
    this.asymmetry = asymmetry
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    const [down, up] = Key.split(key) as [Key.Key, Key.Key]
    const { below, above } = this.sides()
    const step = tf.sub(tf.mul(above, exponential(up, full)), tf.mul(below, exponential(down, full)))
    return tf.add(operand(this.loc), step)
  }

  protected score(value: tf.Tensor): tf.Tensor {
    const { asymmetry, inverse } = this.inUnits()
    const z = standardized(value, this)
    const steepness = where(() => tf.less(z, 0), inverse, asymmetry)
    const total = tf.add(tf.log(operand(this.scale)), tf.log(tf.add(asymmetry, inverse)))
    return tf.neg(tf.add(tf.mul(tf.abs(z), steepness), total))
  }

  /** loc + the mean above − the mean below. */
  mean(): tf.Tensor {
    return this.batched(() => {
      const { below, above } = this.sides()
      return tf.add(operand(this.loc), tf.sub(above, below))
    })
  }

  /** The sum of both means' squares. */
  variance(): tf.Tensor {
    return this.batched(() => {
      const { below, above } = this.sides()
      return tf.add(tf.square(below), tf.square(above))
    })
  }

  mode(): tf.Tensor {
    return this.batched(() => toTensor(this.loc))
  }

  /** 1 + log(sum of both means). */
  entropy(): tf.Tensor {
    return this.batched(() => {
      const { below, above } = this.sides()
      return tf.add(tf.log(tf.add(below, above)), 1)
    })
  }

  cdf(value: tf.Tensor): tf.Tensor {
    return this.pointwise(value, "cdf", (x) => {
      const { asymmetry, inverse, lower, upper } = this.inUnits()
      const z = standardized(x, this)
      const under = tf.mul(lower, tf.exp(tf.mul(tf.minimum(z, 0), inverse)))
      const over = tf.mul(upper, tf.exp(tf.neg(tf.mul(tf.maximum(z, 0), asymmetry))))
      return where(() => tf.less(z, 0), under, tf.sub(1, over))
    })
  }

  icdf(probability: tf.Tensor): tf.Tensor {
    return this.pointwise(probability, "icdf", (p) => {
      const { asymmetry, inverse, lower, upper } = this.inUnits()
      const isBelow = () => tf.less(p, lower)
      const under = tf.mul(asymmetry, logRatio(where(isBelow, p, lower), lower))
      const over = tf.mul(inverse, tf.neg(logRatio(where(isBelow, upper, tf.sub(1, p)), upper)))
      return tf.add(operand(this.loc), tf.mul(operand(this.scale), where(isBelow, under, over)))
    })
  }

  /** The means of both sides in units of the scale, and the sides' probabilities, which are as their means. */
  private inUnits() {
    const asymmetry = toTensor(this.asymmetry)
    const inverse = quotient(tf.scalar(1), asymmetry)
    const total = tf.add(asymmetry, inverse)
    return {
      asymmetry,
      inverse,
      lower: quotient(asymmetry, total),
      upper: quotient(inverse, total),
    }
  }

  /** The mean distances from loc on its two sides. */
  private sides() {
    const [scale, asymmetry] = [toTensor(this.scale), toTensor(this.asymmetry)]
    return { below: tf.mul(scale, asymmetry), above: quotient(scale, asymmetry) }
  }
}

/** An asymmetric Laplace distribution; see {@link AsymmetricLaplaceParams}. */
export type AsymmetricLaplace = AsymmetricLaplaceDistribution

/** Makes an asymmetric Laplace distribution. */
export const AsymmetricLaplace = (params: AsymmetricLaplaceParams): AsymmetricLaplace =>
  new AsymmetricLaplaceDistribution(params)
