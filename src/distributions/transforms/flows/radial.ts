/**
 * Radial flows: y = x + β̂ (x − x₀)/(α̂ + r) with r = |x − x₀|, which moves vectors towards a point or away from it
 * (Rezende and Mohamed, "Variational Inference with Normalizing Flows", ICML 2015, §4.1).
 *
 * The map has an inverse where α̂ > 0 and β̂ > −α̂, so α̂ = log(1 + e^α) and β̂ = σ − α̂ with σ = log(1 + e^β) (their
 * appendix A.2): α and β may be any numbers. Then y − x₀ = (x − x₀)(r + σ)/(r + α̂), and the volume is
 * (n − 1) log (r + σ)/(r + α̂) + log (r² + 2α̂r + α̂σ)/(r + α̂)²: quotients of sums of positive terms.
 *
 * The inverse: with R = |y − x₀|, r is the positive root of r² + (σ − R) r − α̂R = 0, in the form that does not cancel.
 *
 * ```ts
 * Flow(Normal.standard([2]), [radial({ x0: [1, 0], alpha: 0, beta: -2 })])
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { broadcast } from "../../../tensor/Shape.ts"
import { where } from "../../../tensor/stable.ts"
import { operand, shapeOf, toTensor, type Value } from "../../Distribution.ts"
import { real, realVector } from "../../Support.ts"
import type { Mapped, Transform } from "../contract.ts"
import { vectorFlow } from "./conditioned.ts"
import { stretched } from "./planar.ts"

/** A vector of n numbers, and two numbers: any at all. Leading dimensions of all three are a batch. */
export interface Radial {
  readonly x0: Value
  readonly alpha: Value
  readonly beta: Value
}

/** The radial flow with these parameters, whose batch dimensions broadcast with those of x. */
export const radial = ({ x0, alpha, beta }: Radial): Transform<"real", "real"> => {
  const width = shapeOf(x0).at(-1)
  const batch = broadcast(shapeOf(x0).slice(0, -1), shapeOf(alpha), shapeOf(beta))
  const shape = () => ({ a: tf.softplus(toTensor(alpha)), s: tf.softplus(toTensor(beta)) })
  const volumeAt = (r: tf.Tensor, a: tf.Tensor, s: tf.Tensor) => {
    const below = tf.log(tf.add(r, a))
    const aside = tf.sub(tf.log(tf.add(r, s)), below)
    const outward = tf.add(tf.mul(r, tf.add(r, tf.mul(a, 2))), tf.mul(a, s))
    return tf.add(tf.mul(aside, (width ?? 1) - 1), tf.sub(tf.log(outward), tf.mul(below, 2)))
  }
  const scaled = (from: tf.Tensor, factor: tf.Tensor) =>
    tf.add(operand(x0), tf.mul(from, tf.expandDims(factor, -1)))
  const there = (x: tf.Tensor): Mapped => {
    const { a, s } = shape()
    const from = tf.sub(x, operand(x0))
    const r = length(from)
    return { value: scaled(from, tf.div(tf.add(r, s), tf.add(r, a))), volume: volumeAt(r, a, s) }
  }
  const back = (y: tf.Tensor): Mapped => {
    const { a, s } = shape()
    const from = tf.sub(y, operand(x0))
    const r = positiveRoot(tf.sub(s, length(from)), tf.mul(a, length(from)))
    return { value: scaled(from, tf.div(tf.add(r, a), tf.add(r, s))), volume: volumeAt(r, a, s) }
  }
  return {
    ...vectorFlow((n) => n === width),
    name: "radial",
    params: {
      x0: { value: x0, constraint: realVector },
      alpha: { value: alpha, constraint: real },
      beta: { value: beta, constraint: real },
    },
    forward: (x) => there(x).value,
    inverse: (y) => back(y).value,
    logAbsDetJacobian: (x) => there(x).volume,
    forwardAndVolume: there,
    inverseAndVolume: back,
    forwardShape: (shape) => stretched(shape, batch, [width]),
  }
}

/** |x| along the last dimension; at zero with a gradient of zero, where that of the root is infinite. */
const length = (x: tf.Tensor): tf.Tensor => {
  const square = tf.sum(tf.square(x), -1)
  const isZero = () => tf.equal(square, 0)
  return where(isZero, 0, tf.sqrt(where(isZero, 1, square)))
}

/** The root r ≥ 0 of r² + p r − q = 0, for q ≥ 0. */
const positiveRoot = (p: tf.Tensor, q: tf.Tensor): tf.Tensor => {
  const sum = tf.add(tf.sqrt(tf.add(tf.square(p), tf.mul(q, 4))), tf.abs(p))
  const isFalling = () => tf.lessEqual(p, 0)
  const safe = where(() => tf.equal(sum, 0), 1, sum)
  return where(isFalling, tf.div(sum, 2), tf.div(tf.mul(q, 2), safe))
}
