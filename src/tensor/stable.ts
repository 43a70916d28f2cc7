/**
 * Delicate formulas, each with what its naive form gets wrong; and how a gradient is stopped.
 */
import * as tf from "@tensorflow/tfjs-core"

/** log(2π) / 2. */
export const halfLog2Pi = 0.9189385332046727

/** Euler's γ = −Γ′(1). */
export const eulerGamma = 0.5772156649015329

/** The result of `body`, with no gradient flowing through it. tfjs has no stop-gradient of its own. */
export const detach = (body: () => tf.Tensor): tf.Tensor =>
  // Cloned, since a body that hands back a tensor of the tape would hand back its gradient too.
  tf.customGrad(() => ({ value: tf.clone(body()), gradFunc: () => [] }))()

/**
 * `a` where `condition`, else `b`; the shapes broadcast. The condition is a constant: `tf.where` cannot be
 * differentiated where its condition was computed from a differentiated tensor.
 *
 * The side not chosen still receives a gradient of 0 · its derivative: NaN where that derivative is infinite. Make
 * it finite there first ("double where").
 */
export const where = (condition: () => tf.Tensor, a: tf.Tensor | number, b: tf.Tensor | number): tf.Tensor =>
  tf.where(detach(condition), a, b)

/** x · log y, and 0 where both are 0, with a gradient of 0 there: the naive form is 0 · −∞ = NaN. */
export const xlogy = (x: tf.Tensor, y: tf.Tensor): tf.Tensor => {
  const empty = () => tf.logicalAnd(tf.equal(x, 0), tf.equal(y, 0))
  return tf.mul(x, tf.log(where(() => tf.logicalNot(empty()), y, 1)))
}

/** x · log(1 + y), and 0 where x is 0 and y is −1; `log1p` keeps the digits of a small y that 1 + y rounds off. */
export const xlog1py = (x: tf.Tensor, y: tf.Tensor): tf.Tensor => {
  const empty = () => tf.logicalAnd(tf.equal(x, 0), tf.equal(y, -1))
  return tf.mul(x, tf.log1p(where(() => tf.logicalNot(empty()), y, 0)))
}

/**
 * 0 where a finite x is 0 or 1, ∞ elsewhere, with no gradient. Arithmetic takes a tenth of a millisecond on an image
 * batch of [128, 784], comparing and selecting a whole one. The smallest |x² − x| besides 0 is 1e-45, for which one
 * factor of 3e38 does not overflow; two do.
 */
export const penaltyUnlessBinary = (x: tf.Tensor): tf.Tensor =>
  detach(() => tf.mul(tf.mul(tf.abs(tf.sub(tf.square(x), x)), 3e38), 3e38))

/**
 * x coth x − 1 for x > 0. Below 1.5 as the series of (x cosh x − sinh x) / sinh x: for a small x the difference as it
 * stands has no digit of x²/3.
 */
export const xCothMinusOne = (x: tf.Tensor): tf.Tensor => {
  const small = tf.minimum(x, 1.5)
  const square = tf.square(small)
  const series = polynomial([1 / 3, 1 / 30, 1 / 840, 1 / 45360, 1 / 3991680, 1 / 518918400], square)
  const near = tf.mul(square, tf.mul(tf.div(small, tf.sinh(small)), series))
  const far = tf.maximum(x, 1.5)
  return where(() => tf.less(x, 1.5), near, tf.sub(tf.div(far, tf.tanh(far)), 1))
}

/** log(x / (1 − x)) on the host. `log1p` keeps the digits of a small x. */
export const logit = (x: number): number => Math.log(x) - Math.log1p(-x)

/** The standard normal's cumulative distribution, to 2e-7 (of 1, so that its lower tail has few digits). */
export const normalCdf = (x: tf.Tensor): tf.Tensor => tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5)

/** The standard normal's quantile: −∞ at 0, ∞ at 1, NaN outside [0, 1]. Good to float32, with its gradient. */
export const normalIcdf = (p: tf.Tensor): tf.Tensor =>
  withSlope(p, 1, (p) => quantile(tf.sub(p, 0.5), tf.minimum(p, tf.sub(1, p))))

/** The quantile of a standard normal's size, Φ⁻¹((1 + p)/2). The sum as it stands rounds a small p off. */
export const halfNormalIcdf = (p: tf.Tensor): tf.Tensor =>
  withSlope(p, 0.5, (p) => quantile(tf.mul(p, 0.5), tf.mul(tf.sub(1, p), 0.5)))

/** `value(p)`, whose gradient is `factor` over the standard normal's density there. */
const withSlope = (p: tf.Tensor, factor: number, value: (p: tf.Tensor) => tf.Tensor): tf.Tensor =>
  tf.customGrad((t, save) => {
    const x = value(t as tf.Tensor)
    ;(save as tf.GradSaveFunc)([x])
    return {
      value: x,
      gradFunc: (dy: tf.Tensor, [x]: Array<tf.Tensor>) =>
        tf.mul(dy, tf.mul(tf.exp(tf.mul(tf.square(x!), 0.5)), factor * Math.exp(halfLog2Pi))),
    }
  })(p)

/**
 * Φ⁻¹(½ + q), where `tail` = ½ − |q|, which is given since it may be known better than q is.
 *
 * Wichura's "Algorithm AS 241", PPND7 (Applied Statistics 37, 1988, 477–484): a ratio of polynomials in q² in the
 * middle, and in √−log tail beyond.
 */
const quantile = (q: tf.Tensor, tail: tf.Tensor): tf.Tensor => {
  const center = tf.sub(0.180625, tf.square(q))
  const middle = tf.mul(
    q,
    tf.div(
      polynomial([3.3871327179, 50.434271938, 159.29113202, 59.10937472], center),
      polynomial([1, 17.895169469, 78.757757664, 67.1875636], center),
    ),
  )
  const r = tf.sqrt(tf.neg(tf.log(tail)))
  const near = tf.sub(r, 1.6)
  const far = tf.sub(r, 5)
  const beyond = tf.where(
    tf.lessEqual(r, 5),
    tf.div(
      polynomial([1.4234372777, 2.75681539, 1.3067284816, 0.17023821103], near),
      polynomial([1, 0.7370016425, 0.12021132975], near),
    ),
    // The ratio tends to ∞ / ∞ where the tail is empty; r is infinite there, and of the right sign.
    tf.where(
      tf.less(r, Infinity),
      tf.div(
        polynomial([6.657905115, 3.081226386, 0.42868294337, 0.017337203997], far),
        polynomial([1, 0.24197894225, 0.012258202635], far),
      ),
      r,
    ),
  )
  return tf.where(tf.lessEqual(tf.abs(q), 0.425), middle, tf.mul(tf.sign(q), beyond))
}

/** Coefficients from the constant term up. */
const polynomial = (coefficients: ReadonlyArray<number>, x: tf.Tensor): tf.Tensor =>
  coefficients.reduceRight<tf.Tensor>((sum, c) => tf.add(tf.mul(sum, x), c), tf.zerosLike(x))
