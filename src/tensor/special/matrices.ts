/**
 * The concentrations of matrix distributions by what they expect of a log-determinant, of tensors that broadcast; each
 * evaluated in float64 and rounded once. Differentiable once, but for the dimension.
 */
import type * as tf from "@tensorflow/tfjs-core"
import { type Elementwise, elementwise, type Slope } from "./elementwise.ts"
import * as scalar from "./scalar/matrices.ts"

type OfDimension = [dimension: tf.Tensor, s: tf.Tensor]

const ofDimension = (
  name: string,
  f: (dimension: number, s: number) => number,
  slope: Slope<OfDimension>,
): Elementwise<OfDimension> =>
  elementwise(name, ["dimension", "s"], f, `the one of ${name} in its dimension`, slope)

/** The concentration of the LKJ distribution of so many rows, 2 or more, for which −E log det LLᵀ is s: ∞ at 0. */
export const lkjConcentration: Elementwise<OfDimension> = ofDimension(
  "lkjConcentration",
  scalar.lkjConcentration,
  (dimension, s) => lkjConcentrationSlope(dimension, s),
)

/** The derivative of `lkjConcentration`. */
export const lkjConcentrationSlope: Elementwise<OfDimension> = ofDimension(
  "lkjConcentrationSlope",
  scalar.lkjConcentrationSlope,
  "the second one of lkjConcentration",
)

/** The concentration of Wishart distributions of so many rows for which log det E W − E log det W is s: ∞ at 0. */
export const wishartConcentration: Elementwise<OfDimension> = ofDimension(
  "wishartConcentration",
  scalar.wishartConcentration,
  (dimension, s) => wishartConcentrationSlope(dimension, s),
)

/** The derivative of `wishartConcentration`. */
export const wishartConcentrationSlope: Elementwise<OfDimension> = ofDimension(
  "wishartConcentrationSlope",
  scalar.wishartConcentrationSlope,
  "the second one of wishartConcentration",
)
