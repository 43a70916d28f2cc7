/**
 * Delicate formulas, each with what its naive form gets wrong; and how a gradient is stopped.
 */
import * as tf from "@tensorflow/tfjs-core"

/** log(2π) / 2. */
export const halfLog2Pi = 0.9189385332046727

/** Euler's γ = −Γ′(1). */
export const eulerGamma = 0.5772156649015329

/** How far a float32 probability vector may stray from summing to one. */
export const simplexTolerance = 1e-5

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

/** Neither infinite nor NaN. */
export const isBounded = (x: tf.Tensor): tf.Tensor => tf.less(tf.abs(x), Infinity)

/**
 * log Σ eᵗ over one dimension, which vanishes; −∞, with a gradient of zero, where every t is −∞: `tf.logSumExp` gives
 * NaN there, from −∞ − (−∞). In one pass, float64 inside. Differentiable to any order.
 */
export const logSumExp = (t: tf.Tensor, axis = -1): tf.Tensor => {
  const attrs = { axis: axis < 0 ? axis + t.rank : axis }
  const engine = tf.engine()
  // Inside a kernel, or what stands for one, no gradient is taken.
  const isTaped = engine.state.gradientDepth > 0 && engine.state.kernelDepth === 0
  if (!isTaped) return engine.runKernel("GuidepostLogSumExp", { t }, attrs) as tf.Tensor
  const [y] = engine.runKernel("GuidepostLogSumExpShares", { t }, attrs) as [tf.Tensor, tf.Tensor]
  return y
}

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

/** Coefficients from the constant term up. */
const polynomial = (coefficients: ReadonlyArray<number>, x: tf.Tensor): tf.Tensor =>
  coefficients.reduceRight<tf.Tensor>((sum, c) => tf.add(tf.mul(sum, x), c), tf.zerosLike(x))
