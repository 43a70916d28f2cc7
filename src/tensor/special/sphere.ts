/**
 * What the von Mises–Fisher distribution makes of its concentration and of the order ν = d/2 − 1 of its dimension, of
 * tensors that broadcast; each evaluated in float64 and rounded once. Differentiable once, but for the order.
 */
import type * as tf from "@tensorflow/tfjs-core"
import { type Elementwise, elementwise, type Slope } from "./elementwise.ts"
import * as scalar from "./scalar/sphere.ts"

type OfOrder = [order: tf.Tensor, x: tf.Tensor]
type OfPair = [order: tf.Tensor, p: tf.Tensor, q: tf.Tensor]

const ofOrder = (
  name: string,
  f: (order: number, x: number) => number,
  slope: Slope<OfOrder>,
): Elementwise<OfOrder> => elementwise(name, ["order", "x"], f, `the one of ${name} in its order`, slope)

const ofPair = (
  name: string,
  f: (order: number, p: number, q: number) => number,
  from: Slope<OfPair>,
  to: Slope<OfPair>,
): Elementwise<OfPair> =>
  elementwise(name, ["order", "p", "q"], f, `the one of ${name} in its order`, from, to)

/** The entropy of concentration x, less that of the uniform distribution. */
export const sphereEntropy: Elementwise<OfOrder> = ofOrder(
  "sphereEntropy",
  scalar.sphereEntropy,
  (order, x) => sphereEntropySlope(order, x),
)

/** The derivative of `sphereEntropy`. */
export const sphereEntropySlope: Elementwise<OfOrder> = ofOrder(
  "sphereEntropySlope",
  scalar.sphereEntropySlope,
  "the second one of sphereEntropy",
)

/** KL(p ‖ q) by the concentrations of two with one mean direction. */
export const sphereDivergence: Elementwise<OfPair> = ofPair(
  "sphereDivergence",
  scalar.sphereDivergence,
  (order, p, q) => sphereDivergenceFrom(order, p, q),
  (order, p, q) => sphereDivergenceTo(order, p, q),
)

/** The derivative of `sphereDivergence` in p. */
export const sphereDivergenceFrom: Elementwise<OfPair> = ofPair(
  "sphereDivergenceFrom",
  scalar.sphereDivergenceFrom,
  "the second one of sphereDivergence",
  "the second one of sphereDivergence",
)

/** The derivative of `sphereDivergence` in q. */
export const sphereDivergenceTo: Elementwise<OfPair> = ofPair(
  "sphereDivergenceTo",
  scalar.sphereDivergenceTo,
  "the second one of sphereDivergence",
  "the second one of sphereDivergence",
)

/** The concentration at which the mean resultant length is 1 − x: ∞ at 0, and 0 from 1 on. */
export const sphereConcentration: Elementwise<OfOrder> = ofOrder(
  "sphereConcentration",
  scalar.sphereConcentration,
  (order, x) => sphereConcentrationSlope(order, x),
)

/** The derivative of `sphereConcentration`. */
export const sphereConcentrationSlope: Elementwise<OfOrder> = ofOrder(
  "sphereConcentrationSlope",
  scalar.sphereConcentrationSlope,
  "the second one of sphereConcentration",
)
