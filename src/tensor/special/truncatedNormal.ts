/**
 * The truncated normal distribution, of tensors: see `scalar/truncatedNormal.ts`. Arguments broadcast; an end that is
 * not there is infinite. Evaluated in float64 and rounded once, so that a tail 1,000 widths out has its digits.
 *
 * The derivatives in the ends come from the density there; those in loc and scale from the ends' and the value's,
 * since everything moves and widens together. The log-density's are functions of their own, for there the sum of the
 * others would cancel, and have no further derivatives.
 */
import * as tf from "@tensorflow/tfjs-core"
import { quotient } from "../quotient.ts"
import { where } from "../stable.ts"
import { type Elementwise, elementwise } from "./elementwise.ts"
import * as scalar from "./scalar/truncatedNormal.ts"

type Ends = [loc: tf.Tensor, scale: tf.Tensor, low: tf.Tensor, high: tf.Tensor]
type ValueAndEnds = [x: tf.Tensor, ...ends: Ends]
type OfValue = Elementwise<ValueAndEnds>
type OfEnds = Elementwise<Ends>

const ofValue = ["x", "loc", "scale", "low", "high"] as const
const ofEnds = ["loc", "scale", "low", "high"] as const

/** log p(x), for low ≤ x ≤ high. */
export const truncatedNormalLogDensity: OfValue = elementwise<ValueAndEnds>(
  "truncatedNormalLogDensity",
  ofValue,
  scalar.logDensity,
  (x, loc, scale) => tf.neg(quotient(quotient(tf.sub(x, loc), scale), scale)),
  (...args) => truncatedNormalSlopeLoc(...args),
  (...args) => truncatedNormalSlopeScale(...args),
  (_, ...ends) => densityAt(ends[2], ends),
  (_, ...ends) => tf.neg(densityAt(ends[3], ends)),
)

/** ∂ log p(x)/∂loc. */
export const truncatedNormalSlopeLoc: OfValue = elementwise<ValueAndEnds>(
  "truncatedNormalSlopeLoc",
  ofValue,
  scalar.slopeLoc,
  ...second("loc"),
)

/** ∂ log p(x)/∂scale. */
export const truncatedNormalSlopeScale: OfValue = elementwise<ValueAndEnds>(
  "truncatedNormalSlopeScale",
  ofValue,
  scalar.slopeScale,
  ...second("scale"),
)

/** P(X ≤ x). */
export const truncatedNormalCdf: OfValue = elementwise<ValueAndEnds>(
  "truncatedNormalCdf",
  ofValue,
  scalar.cdf,
  (x, ...ends) => cdfSlopes(x, ends).toX,
  (x, ...ends) => {
    const { toX, toLow, toHigh } = cdfSlopes(x, ends)
    return tf.neg(tf.add(toX, tf.add(toLow, toHigh)))
  },
  (x, ...ends) => {
    const { toX, toLow, toHigh } = cdfSlopes(x, ends)
    return tf.neg(tf.add(widened(x, toX, ends), widenedEnds(toLow, toHigh, ends)))
  },
  (x, ...ends) => cdfSlopes(x, ends).toLow,
  (x, ...ends) => cdfSlopes(x, ends).toHigh,
)

/** The x with P(X ≤ x) = p: low at 0, high at 1, NaN outside [0, 1]. */
export const truncatedNormalQuantile: OfValue = elementwise<ValueAndEnds>(
  "truncatedNormalQuantile",
  ["p", "loc", "scale", "low", "high"],
  scalar.quantile,
  (p, ...ends) => tf.exp(tf.neg(truncatedNormalLogDensity(truncatedNormalQuantile(p, ...ends), ...ends))),
  (p, ...ends) => {
    const { toLow, toHigh } = quantileSlopes(p, ends)
    return tf.sub(1, tf.add(toLow, toHigh))
  },
  (p, ...ends) => {
    const { x, toLow, toHigh } = quantileSlopes(p, ends)
    return tf.sub(quotient(tf.sub(x, ends[0]), ends[1]), widenedEnds(toLow, toHigh, ends))
  },
  (p, ...ends) => quantileSlopes(p, ends).toLow,
  (p, ...ends) => quantileSlopes(p, ends).toHigh,
)

/** The mean. */
export const truncatedNormalMean: OfEnds = elementwise<Ends>(
  "truncatedNormalMean",
  ofEnds,
  scalar.mean,
  ...momentSlopes(
    (end, ends, density) => product(tf.sub(truncatedNormalMean(...ends), end), density),
    (ends) => quotient(tf.sub(truncatedNormalMean(...ends), ends[0]), ends[1]),
    1,
  ),
)

/** The variance. */
export const truncatedNormalVariance: OfEnds = elementwise<Ends>(
  "truncatedNormalVariance",
  ofEnds,
  scalar.variance,
  ...momentSlopes(
    (end, ends, density) => {
      const distance = tf.sub(end, truncatedNormalMean(...ends))
      return product(tf.sub(truncatedNormalVariance(...ends), tf.square(distance)), density)
    },
    (ends) => tf.mul(quotient(truncatedNormalVariance(...ends), ends[1]), 2),
    0,
  ),
)

/** The entropy. */
export const truncatedNormalEntropy: OfEnds = elementwise<Ends>(
  "truncatedNormalEntropy",
  ofEnds,
  scalar.entropy,
  ...momentSlopes(
    (end, ends, density) => {
      const excess = tf.add(truncatedNormalEntropy(...ends), truncatedNormalLogDensity(end, ...ends))
      return product(tf.sub(excess, 1), density)
    },
    (ends) => tf.reciprocal(ends[1]),
    0,
  ),
)

const densityAt = (x: tf.Tensor, ends: Ends): tf.Tensor => tf.exp(truncatedNormalLogDensity(x, ...ends))

const cdfSlopes = (x: tf.Tensor, ends: Ends) => {
  const [, , low, high] = ends
  const isInside = () => tf.logicalAnd(tf.greaterEqual(x, low), tf.lessEqual(x, high))
  const inside = (slope: tf.Tensor) => where(isInside, slope, 0)
  const cdf = truncatedNormalCdf(x, ...ends)
  return {
    toX: inside(densityAt(where(isInside, x, finiteEnd(ends)), ends)),
    toLow: inside(tf.mul(tf.sub(cdf, 1), densityAt(low, ends))),
    toHigh: inside(tf.neg(tf.mul(cdf, densityAt(high, ends)))),
  }
}

/** An end that is finite. */
const finiteEnd = ([, , low, high]: Ends): tf.Tensor => where(() => tf.greater(low, -Infinity), low, high)

/** Where x is p of the way, an end takes with it what its own share and the density at both say. */
const quantileSlopes = (p: tf.Tensor, ends: Ends) => {
  const x = truncatedNormalQuantile(p, ...ends)
  const density = truncatedNormalLogDensity(x, ...ends)
  const ratio = (end: tf.Tensor) => tf.exp(tf.sub(truncatedNormalLogDensity(end, ...ends), density))
  return { x, toLow: tf.mul(tf.sub(1, p), ratio(ends[2])), toHigh: tf.mul(p, ratio(ends[3])) }
}

/** (x − loc)/scale · slope, and 0 where the slope is 0: x may be infinite. */
const widened = (x: tf.Tensor, slope: tf.Tensor, [loc, scale]: Ends): tf.Tensor =>
  product(quotient(tf.sub(x, loc), scale), slope)

const widenedEnds = (toLow: tf.Tensor, toHigh: tf.Tensor, ends: Ends): tf.Tensor =>
  tf.add(widened(ends[2], toLow, ends), widened(ends[3], toHigh, ends))

/** x · y, and 0 where y is 0 and x infinite. */
const product = (x: tf.Tensor, y: tf.Tensor): tf.Tensor => {
  const vanishes = () => tf.equal(y, 0)
  return tf.mul(where(vanishes, 0, x), y)
}

/**
 * The derivatives of a moment m in loc, scale, low and high, from that in an end (for the lower one; for the upper it
 * is minus the same), from `degree` · m / scale, and from what it gains where everything moves by one.
 */
function momentSlopes(
  inEnd: (end: tf.Tensor, ends: Ends, density: tf.Tensor) => tf.Tensor,
  inScale: (ends: Ends) => tf.Tensor,
  gain: number,
) {
  const inLow = (ends: Ends) => inEnd(ends[2], ends, densityAt(ends[2], ends))
  const inHigh = (ends: Ends) => tf.neg(inEnd(ends[3], ends, densityAt(ends[3], ends)))
  return [
    (...ends: Ends) => tf.sub(gain, tf.add(inLow(ends), inHigh(ends))),
    (...ends: Ends) => tf.sub(inScale(ends), widenedEnds(inLow(ends), inHigh(ends), ends)),
    (...ends: Ends) => inLow(ends),
    (...ends: Ends) => inHigh(ends),
  ] as const
}

function second(parameter: string) {
  const name = `the second derivative of a truncated normal's log-density, first in ${parameter}`
  return [name, name, name, name, name] as const
}
