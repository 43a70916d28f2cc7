/**
 * Planar flows: y = x + û tanh(w·x + b), which moves vectors along û by how far they lie from a plane (Rezende and
 * Mohamed, "Variational Inference with Normalizing Flows", ICML 2015, §4.1).
 *
 * The map has an inverse where w·û > −1, so û = u + (m(w·u) − w·u) w/|w|² with m(a) = log(1 + eᵃ) − 1 (their appendix
 * A.1): u may be any vector. With s = 1 + w·û = log(1 + e^(w·u)) and t = tanh(w·x + b) the volume is
 * log(t² + s(1 − t²)), a sum of positive terms, where 1 + (1 − t²) w·û would cancel.
 *
 * The inverse has no closed form: a = w·x + b solves a + (s − 1) tanh a = w·y + b, which rises in a. It is solved in
 * float64 (`tensor/special/planar.ts`), and differentiated by the implicit function theorem.
 *
 * ```ts
 * Flow(Normal.standard([2]), [planar({ u: [1, 0], w: [2, -1], b: 0 })])
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { broadcast, type Shape } from "../../../tensor/Shape.ts"
import { planarRoot } from "../../../tensor/special/planar.ts"
import { where } from "../../../tensor/stable.ts"
import { operand, shapeOf, toTensor, type Value } from "../../Distribution.ts"
import { real, realVector } from "../../Support.ts"
import { logPositive, type Mapped, type Transform } from "../contract.ts"
import { vectorFlow } from "./conditioned.ts"

/** Vectors of n numbers, and one number: any at all. Leading dimensions of all three are a batch. */
export interface Planar {
  readonly u: Value
  readonly w: Value
  readonly b: Value
}

/** The planar flow with these parameters, whose batch dimensions broadcast with those of x. */
export const planar = ({ u, w, b }: Planar): Transform<"real", "real"> => {
  const width = shapeOf(u).at(-1)
  const batch = broadcast(shapeOf(u).slice(0, -1), shapeOf(w).slice(0, -1), shapeOf(b))
  const along = (x: tf.Tensor) => tf.add(tf.sum(tf.mul(x, operand(w)), -1), operand(b))
  /** û and s. A w of zero does nothing but move all vectors alike. */
  const shape = () => {
    const [uTensor, wTensor] = [toTensor(u), toTensor(w)]
    const product = tf.sum(tf.mul(uTensor, wTensor), -1, true)
    const square = tf.sum(tf.square(wTensor), -1, true)
    const isFlat = () => tf.equal(square, 0)
    const s = where(isFlat, 1, tf.softplus(product))
    const excess = tf.div(tf.sub(tf.sub(s, 1), product), where(isFlat, 1, square))
    return { direction: tf.add(uTensor, tf.mul(excess, wTensor)), s: tf.squeeze(s, [-1]) }
  }
  const volumeAt = (t: tf.Tensor, s: tf.Tensor) => {
    const square = tf.square(t)
    return logPositive(tf.add(square, tf.mul(s, tf.sub(1, square))))
  }
  const there = (x: tf.Tensor): Mapped => {
    const { direction, s } = shape()
    const t = tf.tanh(along(x))
    return { value: tf.add(x, tf.mul(direction, tf.expandDims(t, -1))), volume: volumeAt(t, s) }
  }
  const back = (y: tf.Tensor): Mapped => {
    const { direction, s } = shape()
    const t = tf.tanh(planarRoot(along(y), s))
    return { value: tf.sub(y, tf.mul(direction, tf.expandDims(t, -1))), volume: volumeAt(t, s) }
  }
  return {
    ...vectorFlow((n) => n === width),
    name: "planar",
    params: {
      u: { value: u, constraint: realVector },
      w: { value: w, constraint: realVector },
      b: { value: b, constraint: real },
    },
    forward: (x) => there(x).value,
    inverse: (y) => back(y).value,
    logAbsDetJacobian: (x) => there(x).volume,
    forwardAndVolume: there,
    inverseAndVolume: back,
    forwardShape: (shape) => stretched(shape, batch, [width, shapeOf(w).at(-1)]),
  }
}

/** The shape of vectors after a map of vectors whose parameters have these batch dimensions and widths. */
export const stretched = (
  shape: Shape,
  batch: Shape | undefined,
  widths: ReadonlyArray<number | undefined>,
): Shape | undefined => {
  const width = shape.at(-1)
  if (width === undefined || batch === undefined || widths.some((n) => n !== width)) return undefined
  const outer = broadcast(shape.slice(0, -1), batch)
  return outer && [...outer, width]
}
