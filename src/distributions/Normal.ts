/**
 * The normal distribution, log p(x) = −½((x − loc)/scale)² − log scale − ½ log 2π.
 *
 * ```ts
 * const prior = Normal.standard([20])                     // batch [], event [20]
 * const noise = Normal({ loc: tf.zeros([3]), scale: 2 })  // batch [3], event []
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { normalDivergence } from "../tensor/fused.ts"
import * as Key from "../tensor/Key.ts"
import { normalVectorLogDensity } from "../tensor/normals.ts"
import { quotient } from "../tensor/quotient.ts"
import { type Shape, size } from "../tensor/Shape.ts"
import { ndtr, ndtri } from "../tensor/special/normal.ts"
import { halfLog2Pi } from "../tensor/stable.ts"
import { broadcastTo, float, operand, scoredShape, toTensor, type Value } from "./Distribution.ts"
import { PathwiseFamily } from "./Family.ts"
import { weightedMean, weightedSquares } from "./fit.ts"
import type { Independent } from "./Independent.ts"
import { positive, real } from "./Support.ts"

/** Parameters of {@link Normal}: shapes broadcast to the batch shape; `scale` is a standard deviation. */
export interface NormalParams {
  readonly loc: Value
  readonly scale: Value
}

class NormalDistribution extends PathwiseFamily<"Normal", "real"> {
  readonly loc: Value
  readonly scale: Value

  constructor({ loc, scale }: NormalParams) {
    super({
      family: "Normal",
      support: real,
      params: { loc: { value: loc, constraint: real }, scale: { value: scale, constraint: positive } },
    })
    this.loc = loc
    this.scale = scale
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    return tf.add(operand(this.loc), tf.mul(operand(this.scale), Key.normal(key, full)))
  }

  protected score(value: tf.Tensor): tf.Tensor {
    return normalLogDensity(value, this.loc, this.scale)
  }

  /** @internal */
  summedLogProb(value: tf.Tensor, n: number): tf.Tensor {
    return this.checked(() => {
      const full = scoredShape(this, value, "logProb")
      const event = full.slice(full.length - n)
      const vectors = (x: tf.Tensor): tf.Tensor => {
        const batch = x.shape.slice(0, Math.max(x.rank - n, 0))
        return tf.reshape(broadcastTo(x, [...batch, ...event]), [...batch, size(event)])
      }
      const score = normalVectorLogDensity(
        vectors(float(value)),
        vectors(toTensor(this.loc)),
        vectors(toTensor(this.scale)),
      )
      return broadcastTo(score, full.slice(0, full.length - n))
    })
  }

  mean(): tf.Tensor {
    return this.batched(() => toTensor(this.loc))
  }

  variance(): tf.Tensor {
    return this.batched(() => tf.square(operand(this.scale)))
  }

  mode(): tf.Tensor {
    return this.mean()
  }

  /** ½ + ½ log 2π + log scale. */
  entropy(): tf.Tensor {
    return this.batched(() => tf.add(tf.log(operand(this.scale)), 0.5 + halfLog2Pi))
  }

  cdf(value: tf.Tensor): tf.Tensor {
    return this.pointwise(value, "cdf", (x) =>
      ndtr(quotient(tf.sub(x, operand(this.loc)), toTensor(this.scale))),
    )
  }

  icdf(probability: tf.Tensor): tf.Tensor {
    return this.pointwise(probability, "icdf", (p) =>
      tf.add(operand(this.loc), tf.mul(operand(this.scale), ndtri(p))),
    )
  }
}

/** A normal distribution; see {@link NormalParams}. */
export type Normal = NormalDistribution

const make = (params: NormalParams): Normal => new NormalDistribution(params)

/** Makes a normal distribution. `Normal.standard(shape)` is the standard normal over one event of that shape. */
export const Normal: {
  (params: NormalParams): Normal
  /** The values' weighted mean and standard deviation about it; for the shapes see `fit.ts`. */
  readonly fit: (
    values: tf.Tensor,
    weights?: tf.Tensor,
  ) => { readonly loc: tf.Tensor; readonly scale: tf.Tensor }
  /** x and x², each of the values' shape. */
  readonly sufficientStatistics: (values: tf.Tensor) => {
    readonly x: tf.Tensor
    readonly xSquared: tf.Tensor
  }
  readonly standard: (eventShape: Shape) => Independent<Normal>
} = Object.assign(make, {
  fit: (values: tf.Tensor, weights?: tf.Tensor) =>
    tf.tidy(() => {
      const loc = weightedMean(values, weights)
      return { loc, scale: tf.sqrt(weightedSquares(values, loc, weights)) }
    }),
  sufficientStatistics: (values: tf.Tensor) =>
    tf.tidy(() => ({ x: tf.clone(values), xSquared: tf.square(values) })),
  standard: (eventShape: Shape): Independent<Normal> =>
    make({ loc: 0, scale: 1 }).expand(eventShape).toEvent(eventShape.length),
})

/** −½((x − loc)/scale)² − log scale − ½ log 2π. */
export const normalLogDensity = (x: tf.Tensor, loc: Value, scale: Value): tf.Tensor => {
  const z = quotient(tf.sub(x, operand(loc)), toTensor(scale))
  return tf.sub(tf.mul(tf.square(z), -0.5), tf.add(tf.log(operand(scale)), halfLog2Pi))
}

/** KL(p ‖ q) = log(σq/σp) + (σp² + (μp − μq)²) / (2σq²) − ½, elementwise over the batch. */
export const klNormalNormal = (p: NormalParams, q: NormalParams): tf.Tensor =>
  normalDivergence({
    locP: toTensor(p.loc),
    scaleP: toTensor(p.scale),
    locQ: toTensor(q.loc),
    scaleQ: toTensor(q.scale),
  })
