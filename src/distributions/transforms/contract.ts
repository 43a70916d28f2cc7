/**
 * What a transform is: a smooth one-to-one map between two sets, with the logarithm of the volume it stretches; and
 * the pieces that the maps of this folder share.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Shape } from "../../tensor/Shape.ts"
import { where } from "../../tensor/stable.ts"
import type { Parameter } from "../Distribution.ts"
import type { Support } from "../Support.ts"

/** A map from `domain` onto `codomain`. All methods are differentiable; call them inside a tidy. */
export interface Transform<out D extends string = string, out C extends string = string> {
  readonly name: string
  readonly domain: Support<D>
  readonly codomain: Support<C>
  /**
   * The number of trailing dimensions of x that are mapped together, which is the domain's: 0 for a map of numbers,
   * 1 for one of vectors. The codomain has its own: a vector may become a matrix.
   */
  readonly eventRank: number
  /** The map's own parameters, which a distribution made with it shows as its own. */
  readonly params: Readonly<Record<string, Parameter>>
  /** Whether the map depends on more than `params` shows: on a network's weights. */
  readonly opaque?: boolean
  readonly forward: (x: tf.Tensor) => tf.Tensor
  readonly inverse: (y: tf.Tensor) => tf.Tensor
  /**
   * log |det ∂y/∂x| where y = forward(x); the last `eventRank` dimensions of x are summed out. Where y has more
   * numbers than x, the volume is that of y's free ones: the first K − 1 of a simplex, the lower triangle of a
   * symmetric matrix, what is below the diagonal of a correlation's factor; and of a sphere its surface.
   */
  readonly logAbsDetJacobian: (x: tf.Tensor, y: tf.Tensor) => tf.Tensor
  /** y with its volume, where the two together take less work than one after the other. */
  readonly forwardAndVolume?: (x: tf.Tensor) => Mapped
  /** x with the volume of the way forward from it, where the two together take less work. */
  readonly inverseAndVolume?: (y: tf.Tensor) => Mapped
  /** The shape of `forward(x)`, or undefined where a shape does not fit. Touches no backend. */
  readonly forwardShape: (shape: Shape) => Shape | undefined
  /** The shape of `inverse(y)`, or undefined where a shape does not fit. Touches no backend. */
  readonly inverseShape: (shape: Shape) => Shape | undefined
}

/** Where a map leads, and log |det ∂y/∂x| there: the way forward's, whichever way was gone. */
export type Mapped = { readonly value: tf.Tensor; readonly volume: tf.Tensor }

/** `transform.forward(x)` and its volume. */
export const forwardAndVolume = (transform: Transform, x: tf.Tensor): Mapped => {
  if (transform.forwardAndVolume !== undefined) return transform.forwardAndVolume(x)
  const value = transform.forward(x)
  return { value, volume: transform.logAbsDetJacobian(x, value) }
}

/** `transform.inverse(y)` and the volume from there to y. */
export const inverseAndVolume = (transform: Transform, y: tf.Tensor): Mapped => {
  if (transform.inverseAndVolume !== undefined) return transform.inverseAndVolume(y)
  const value = transform.inverse(y)
  return { value, volume: transform.logAbsDetJacobian(value, y) }
}

/** A map of numbers, one by one. */
export const elementwise = <D extends string, C extends string>(
  parts: Pick<Transform<D, C>, "name" | "domain" | "codomain" | "forward" | "inverse" | "logAbsDetJacobian">,
): Transform<D, C> => ({
  ...parts,
  eventRank: 0,
  params: {},
  forwardShape: (shape) => shape,
  inverseShape: (shape) => shape,
})

/** log y, and where y is below the smallest normal float32 that one's, with no gradient: what underflowed stays finite. */
export const logPositive = (y: tf.Tensor): tf.Tensor => {
  const isNormal = () => tf.greaterEqual(y, 2 ** -126)
  return where(isNormal, tf.log(where(isNormal, y, 1)), Math.log(2 ** -126))
}

/** The shape with its last dimension longer by `by`; undefined where none is left. */
export const resized = (shape: Shape, by: number): Shape | undefined => {
  const n = (shape.at(-1) ?? 0) + by
  return shape.length === 0 || n < 1 ? undefined : [...shape.slice(0, -1), n]
}

/** `count` numbers of the last dimension, from `start` on. */
export const sliceLast = (x: tf.Tensor, start: number, count: number): tf.Tensor => {
  const outer = x.shape.slice(0, -1)
  return tf.slice(x, [...outer.map(() => 0), start], [...outer, count])
}
