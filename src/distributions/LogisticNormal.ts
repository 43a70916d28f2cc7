/**
 * The logistic normal distribution on the simplex of n + 1: n normal numbers, sent there by stick-breaking. Unlike a
 * Dirichlet's, its draws are differentiable in closed form, and KL is that of the normals.
 *
 * ```ts
 * LogisticNormal({ loc: [0, 0], scale: [1, 1] })   // event [3]
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { requireVector } from "../tensor/linalg/shapes.ts"
import { float } from "./Distribution.ts"
import { checkShapes } from "./fit.ts"
import type { Independent } from "./Independent.ts"
import { Normal, type NormalParams } from "./Normal.ts"
import { stickBreaking } from "./Transform.ts"
import { Transformed } from "./Transformed.ts"

/** Parameters of {@link LogisticNormal}, `[...batch, n]`: of the normals that the sticks are broken by. */
export type LogisticNormalParams = NormalParams

/** A logistic normal distribution; see {@link LogisticNormalParams}. */
export type LogisticNormal = Transformed<Independent<Normal>, "simplex">

const make = (params: LogisticNormalParams): LogisticNormal =>
  Transformed(Normal(params).toEvent(1), stickBreaking)

/**
 * Makes a logistic normal distribution; the last dimension of the parameters is part of the event. `LogisticNormal.fit`
 * is its weighted maximum-likelihood estimate.
 */
export const LogisticNormal: {
  (params: LogisticNormalParams): LogisticNormal
  /**
   * Those of normals for the numbers that stick-breaking makes the values of: of values `[N, ...batch, n + 1]` a loc and a
   * scale `[...batch, n]`; see `fit.ts`.
   */
  readonly fit: typeof Normal.fit
  /** The numbers that stick-breaking makes the values `[..., n + 1]` of, and their squares, each `[..., n]`. */
  readonly sufficientStatistics: (values: tf.Tensor) => {
    readonly stick: tf.Tensor
    readonly stickSquared: tf.Tensor
  }
} = Object.assign(make, {
  fit: (values: tf.Tensor, weights?: tf.Tensor) => {
    checkShapes(values, weights, 1)
    return tf.tidy(() => Normal.fit(sticks(values), weights && tf.expandDims(weights, -1)))
  },
  sufficientStatistics: (values: tf.Tensor) => {
    requireVector("LogisticNormal.sufficientStatistics", values)
    return tf.tidy(() => {
      const stick = sticks(values)
      return { stick, stickSquared: tf.square(stick) }
    })
  },
})

const sticks = (values: tf.Tensor): tf.Tensor => stickBreaking.inverse(float(values))
