/** What a mixture is fitted to: observations, all alike or with weights; and what is refused of them. */
import * as tf from "@tensorflow/tfjs-core"
import { firstOutside } from "../../distributions/Distribution.ts"
import { OutsideSupport } from "../../distributions/errors.ts"
import { realVector } from "../../distributions/Support.ts"
import { InvalidArgument, ShapeMismatch } from "../../tensor/errors.ts"
import { equals, format, type Shape, unravelIndex } from "../../tensor/Shape.ts"

/** Observations, and how often each counts. */
export interface Weighted {
  /** `[N, D]`. */
  readonly x: tf.Tensor
  /** `[N]`: from 0 up, and not all 0. */
  readonly weights: tf.Tensor
}

/** Observations `[N, D]`, each of which counts once unless it says otherwise. */
export type Observations = tf.Tensor | Weighted

/** The observations, and their weights if they have any. */
export const parts = (
  data: Observations,
): { readonly x: tf.Tensor; readonly weights: tf.Tensor | undefined } =>
  data instanceof tf.Tensor ? { x: data, weights: undefined } : data

/** Throws `ShapeMismatch` unless `x` is `[N, dimensions]` with rows, and its weights `[N]`. */
export const requireShape = (where: string, data: Observations, dimensions: number): void => {
  const { x, weights } = parts(data)
  requireEqual(where, "observations", x, [Math.max(x?.shape[0] ?? 0, 1), dimensions])
  if (weights !== undefined) requireEqual(where, "weights", weights, [x.shape[0]!])
}

/** Throws `ShapeMismatch` unless a tensor has this shape. */
export const requireEqual = (where: string, what: string, tensor: tf.Tensor, shape: Shape): void => {
  // Records come from outside: a name may be missing.
  const isTensor = tensor instanceof tf.Tensor
  if (isTensor && equals(tensor.shape, shape)) return
  throw new ShapeMismatch({
    where: `${where}: ${what}`,
    expected: `shape ${format(shape)}`,
    found: isTensor ? format(tensor.shape) : "no tensor",
  })
}

/** Throws besides, by reading them back, `OutsideSupport` or `InvalidArgument` where numbers are none to fit to. */
export const requireObservations = (where: string, data: Observations, dimensions: number): void => {
  requireShape(where, data, dimensions)
  const { x, weights } = parts(data)
  const outside = firstOutside(realVector, x.dataSync(), x.shape)
  if (outside !== undefined) {
    throw new OutsideSupport({ where: `${where}: observations`, support: realVector.describe, ...outside })
  }
  if (weights !== undefined) requireCounts(where, "weights", weights)
}

/** Throws `InvalidArgument` unless a tensor can say how often each of its cells counts. */
export const requireCounts = (where: string, what: string, tensor: tf.Tensor): void => {
  const values = tensor.dataSync()
  const bad = values.findIndex((w) => !(w >= 0 && w < Number.POSITIVE_INFINITY))
  if (bad < 0 && values.some((w) => w > 0)) return
  throw new InvalidArgument({
    where: `${where}: ${what}`,
    expected: "finite numbers from 0 up, not all 0",
    found: bad >= 0 ? `${values[bad]} at index [${unravelIndex(bad, tensor.shape).join(", ")}]` : "zeros",
  })
}
