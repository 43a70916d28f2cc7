/**
 * Quotients, and logarithms of quotients and of sums of squares, that are right at scales from 1e-30 to 1e30, with
 * gradients that are finite wherever the exact ones are. The arguments broadcast.
 *
 * The naive forms square: tfjs differentiates a/b in b as −a/b², where b² is 0 from 1e-23 down and infinite from
 * 2e19 up; log(a² + b²) breaks at the same places, and log(a/b) where the quotient itself leaves float32.
 *
 * ```ts
 * quotient(tf.scalar(1), tf.scalar(1e-30))        // 1e30, with gradients 1e30 and −∞ (1e60 is not a float32)
 * logRatio(tf.scalar(1e30), tf.scalar(1e-30))     // 138.155…
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Shape } from "./Shape.ts"
import { where } from "./stable.ts"

/** a / b, whose gradient in b is −(a/b)/b. */
export const quotient = (a: tf.Tensor, b: tf.Tensor): tf.Tensor =>
  binary(a, b, tf.div, (dy, a, b) => {
    const toA = quotient(dy, b)
    return [toA, tf.neg(tf.mul(toA, quotient(a, b)))]
  })

/**
 * log(a/b) for positive a and b. Near 1 it comes from the difference a − b, which float32 has exactly there, while
 * the rounded quotient has lost the digits that its logarithm is made of.
 */
export const logRatio = (a: tf.Tensor, b: tf.Tensor): tf.Tensor =>
  binary(
    a,
    b,
    (a, b) => {
      const ratio = tf.div(a, b)
      const excess = tf.div(tf.sub(a, b), b)
      const isNormal = tf.logicalAnd(tf.greater(ratio, 1e-37), tf.less(ratio, 1e37))
      const log = tf.where(isNormal, tf.log(ratio), tf.sub(tf.log(a), tf.log(b)))
      return tf.where(tf.less(tf.abs(excess), 0.5), tf.log1p(excess), log)
    },
    (dy, a, b) => [quotient(dy, a), tf.neg(quotient(dy, b))],
  )

/** log(a² + b²); −∞ where both are 0. */
export const logSumSquares = (a: tf.Tensor, b: tf.Tensor): tf.Tensor =>
  binary(
    a,
    b,
    (a, b) => {
      const { larger, ratio } = bySize(a, b)
      return tf.add(tf.mul(tf.log(larger), 2), tf.log1p(tf.square(ratio)))
    },
    (dy, a, b) => {
      const { larger, ratio } = bySize(a, b)
      const factor = tf.div(tf.mul(dy, 2), tf.add(tf.square(ratio), 1))
      const toward = (x: tf.Tensor) => quotient(tf.mul(factor, quotient(x, larger)), larger)
      return [toward(a), toward(b)]
    },
  )

/** The larger of |a| and |b|, and what part of it the smaller is; 0 where both are 0. */
const bySize = (a: tf.Tensor, b: tf.Tensor) => {
  const [x, y] = [tf.abs(a), tf.abs(b)]
  // Not by `tf.maximum`, whose gradient cannot be broadcast.
  const isFirst = () => tf.greater(x, y)
  const [larger, smaller] = [where(isFirst, x, y), where(isFirst, y, x)]
  const isZero = () => tf.equal(larger, 0)
  return { larger, ratio: quotient(smaller, where(isZero, 1, larger)) }
}

/** An elementwise function of two tensors that broadcast, and its gradients before they are summed to their shapes. */
const binary = (
  a: tf.Tensor,
  b: tf.Tensor,
  value: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
  gradients: (dy: tf.Tensor, a: tf.Tensor, b: tf.Tensor) => readonly [tf.Tensor, tf.Tensor],
): tf.Tensor =>
  tf.customGrad((...args) => {
    const [a, b, save] = args as unknown as [tf.Tensor, tf.Tensor, tf.GradSaveFunc]
    save([a, b])
    return {
      value: value(a, b),
      gradFunc: (dy: tf.Tensor, [a, b]: Array<tf.Tensor>) => {
        const [toA, toB] = gradients(dy, a!, b!)
        return [sumTo(toA, a!.shape), sumTo(toB, b!.shape)]
      },
    }
  })(a, b)

/** Summed over the dimensions along which `shape` was stretched. */
const sumTo = (x: tf.Tensor, shape: Shape): tf.Tensor => {
  const axes = tf.broadcast_util.getReductionAxes([...shape], x.shape)
  return tf.reshape(axes.length === 0 ? x : tf.sum(x, axes), [...shape])
}
