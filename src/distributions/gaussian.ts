/**
 * What the divergence of two Gaussians needs of each, whatever its covariance is made of: a matrix, a low rank and a
 * diagonal, or a diagonal alone. With Σ_p = Σ_c cᵀc over columns c,
 *
 *   KL(p ‖ q) = ½ [ log det Σ_q − log det Σ_p + Σ_c cᵀΣ_q⁻¹c + (μ_p − μ_q)ᵀΣ_q⁻¹(μ_p − μ_q) − n ]
 *
 * so that the trace is a sum of squares, as each quadratic form is, and no matrix [n, n] need be made of a low rank.
 */
import * as tf from "@tensorflow/tfjs-core"
import { diag } from "../tensor/linalg.ts"
import { quotient } from "../tensor/quotient.ts"
import type { Shape } from "../tensor/Shape.ts"
import { toTensor, type Value } from "./Distribution.ts"
import type { Independent } from "./Independent.ts"
import type { Normal } from "./Normal.ts"

/** A Gaussian vector of n numbers. Each function computes; call them inside a tidy. */
export interface Gaussian {
  readonly batchShape: Shape
  /** `[n]`. */
  readonly eventShape: Shape
  /** `[...batch, n]`. */
  readonly loc: Value
  /** (x − loc)ᵀΣ⁻¹(x − loc) of both `[...sample, ...batch, n]`. */
  readonly distance: (x: tf.Tensor, loc: tf.Tensor) => tf.Tensor
  /** ½ log det Σ. */
  readonly halfLogDet: () => tf.Tensor
  /** Vectors whose squares ccᵀ sum to Σ, `[k, ...batch, n]`. */
  readonly columns: () => tf.Tensor
}

/** Normals that are the numbers of one vector. */
export const diagonalGaussian = (d: Independent<Normal>): Gaussian => {
  const at = (value: Value) => tf.broadcastTo(toTensor(value), [...d.batchShape, ...d.eventShape])
  return {
    batchShape: d.batchShape,
    eventShape: d.eventShape,
    loc: at(d.base.loc),
    distance: (x, loc) => tf.sum(tf.square(quotient(tf.sub(x, loc), at(d.base.scale))), -1),
    halfLogDet: () => tf.sum(tf.log(at(d.base.scale)), -1),
    columns: () => columnsOf(diag(at(d.base.scale))),
  }
}

/** The columns of matrices `[...batch, n, k]` as `[k, ...batch, n]`. */
export const columnsOf = (a: tf.Tensor): tf.Tensor => {
  const axes = Array.from({ length: a.rank - 1 }, (_, i) => i)
  return tf.transpose(a, [a.rank - 1, ...axes])
}

/** KL(p ‖ q) of two Gaussians of as many numbers, over their common batch. */
export const klGaussians = (p: Gaussian, q: Gaussian): tf.Tensor => {
  const between = q.distance(toTensor(p.loc), toTensor(q.loc))
  const columns = p.columns()
  // The columns stay in front of a batch of q's that p does not have.
  const missing = Math.max(q.batchShape.length - (columns.rank - 2), 0)
  const [k, ...own] = columns.shape as [number, ...Array<number>]
  const apart = tf.reshape(columns, [k, ...new Array<number>(missing).fill(1), ...own])
  const trace = tf.sum(q.distance(apart, tf.zeros([...p.eventShape])), 0)
  const volumes = tf.sub(q.halfLogDet(), p.halfLogDet())
  return tf.add(volumes, tf.mul(tf.add(tf.sub(trace, p.eventShape[0]!), between), 0.5))
}
