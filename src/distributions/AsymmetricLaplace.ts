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
    const { below, above } = this.sides()
    const distance = tf.sub(value, operand(this.loc))
    const side = where(() => tf.less(distance, 0), below, above)
    return tf.neg(tf.add(quotient(tf.abs(distance), side), tf.log(tf.add(below, above))))
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
      const { below, above } = this.sides()
      const { lower, upper } = shares(below, above)
      const distance = tf.sub(x, operand(this.loc))
      const under = tf.mul(lower, tf.exp(quotient(tf.minimum(distance, 0), below)))
      const over = tf.mul(upper, tf.exp(quotient(tf.neg(tf.maximum(distance, 0)), above)))
      return where(() => tf.less(distance, 0), under, tf.sub(1, over))
    })
  }

  icdf(probability: tf.Tensor): tf.Tensor {
    return this.pointwise(probability, "icdf", (p) => {
      const { below, above } = this.sides()
      const { lower, upper } = shares(below, above)
      const isBelow = () => tf.less(p, lower)
      const under = tf.mul(below, logRatio(where(isBelow, p, lower), lower))
      const over = tf.mul(above, tf.neg(logRatio(where(isBelow, upper, tf.sub(1, p)), upper)))
      return tf.add(operand(this.loc), where(isBelow, under, over))
    })
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

/** The probabilities of the two sides, which are as their means. */
const shares = (below: tf.Tensor, above: tf.Tensor) => {
  const total = tf.add(below, above)
  return { lower: quotient(below, total), upper: quotient(above, total) }
}
