/**
 * The modified Bessel function of any order, scaled, and the quotient of two that are one order apart, of tensors;
 * within half an ulp of float32, or little more. The order ν ≥ 0 and x ≥ 0 broadcast; of anything negative they are NaN.
 * Differentiable in x, never in the order: `logMeanExp` twice, the others that are no derivatives once.
 */
import type * as tf from "@tensorflow/tfjs-core"
import { type Elementwise, elementwise, type Slope } from "./elementwise.ts"
import * as scalar from "./scalar/besselOrder.ts"

type OfOrder = [order: tf.Tensor, x: tf.Tensor]

const ofOrder = (
  name: string,
  f: (order: number, x: number) => number,
  slope: Slope<OfOrder>,
): Elementwise<OfOrder> => elementwise(name, ["order", "x"], f, `the one of ${name} in its order`, slope)

/** log(e⁻ˣ I_ν(x)): log I_ν(x) = logIve(ν, x) + x. From −∞ at 0, where ν > 0, to about −½ log 2πx. */
export const logIve: Elementwise<OfOrder> = ofOrder("logIve", scalar.logIve, (order, x) =>
  logIveSlope(order, x),
)

/** The derivative of `logIve` in x. */
export const logIveSlope: Elementwise<OfOrder> = ofOrder(
  "logIveSlope",
  scalar.logIveSlope,
  "the second one of logIve",
)

/**
 * log((2/x)^ν Γ(ν + 1) I_ν(x)) − x, the logarithm of the mean of e^{x(w − 1)} where w is a coordinate of a point anywhere
 * on the sphere in d = 2ν + 2 dimensions: from 0 down.
 */
export const logMeanExp: Elementwise<OfOrder> = ofOrder("logMeanExp", scalar.logMeanExp, (order, x) =>
  besselQuotientRest(order, x),
)

/** I_{ν+1}(x)/I_ν(x), from 0 up to 1: the mean resultant length of von Mises and Fisher's density. */
export const besselQuotient: Elementwise<OfOrder> = ofOrder(
  "besselQuotient",
  scalar.besselQuotient,
  (order, x) => besselQuotientSlope(order, x),
)

/** I_{ν+1}(x)/I_ν(x) − 1, which is −(ν + ½)/x at large x, where the quotient itself has rounded to 1. */
export const besselQuotientRest: Elementwise<OfOrder> = ofOrder(
  "besselQuotientRest",
  scalar.besselQuotientRest,
  (order, x) => besselQuotientSlope(order, x),
)

/** The derivative of `besselQuotient` in x. */
export const besselQuotientSlope: Elementwise<OfOrder> = ofOrder(
  "besselQuotientSlope",
  scalar.besselQuotientSlope,
  "the second one of besselQuotient",
)

/** I_{ν+1}(x)/(x I_ν(x)), from 1/(2ν + 2) down. */
export const besselShare: Elementwise<OfOrder> = ofOrder("besselShare", scalar.besselShare, (order, x) =>
  besselShareSlope(order, x),
)

/** The derivative of `besselShare` in x. */
export const besselShareSlope: Elementwise<OfOrder> = ofOrder(
  "besselShareSlope",
  scalar.besselShareSlope,
  "the second one of besselShare",
)
