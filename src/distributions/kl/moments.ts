/**
 * Divergences between families that differ, where the log-density of q is made of moments that p has:
 * KL(p ‖ q) = −H(p) − E_p log q(x). Elementwise over the batch.
 *
 * Against a normal E (x − loc)² is what counts, against an exponential E x, against a Gumbel also E e^−x/scale. A
 * divergence does not change under a map of both, so the pairs of log-normal and log-uniform distributions are pairs
 * of normal and uniform ones.
 */
import * as tf from "@tensorflow/tfjs-core"
import { quotient } from "../../tensor/quotient.ts"
import { eulerGamma, halfLog2Pi, where } from "../../tensor/stable.ts"
import { type HasEntropy, type HasMean, type HasVariance, operand, toTensor } from "../Distribution.ts"
import type { Exponential } from "../Exponential.ts"
import type { Gumbel } from "../Gumbel.ts"
import type { HalfNormal } from "../HalfNormal.ts"
import { standardized } from "../LocationScale.ts"
import type { LogNormal } from "../LogNormal.ts"
import type { LogUniform } from "../LogUniform.ts"
import type { NormalParams } from "../Normal.ts"
import type { Uniform } from "../Uniform.ts"

type HasMoments = HasMean & HasVariance & HasEntropy

/** KL(p ‖ q) of any p with mean, variance and entropy, and a normal q; infinite where p's variance is. */
export const klToNormal = (p: HasMoments, q: NormalParams): tf.Tensor =>
  againstNormal(p.mean(), p.variance(), p.entropy(), q)

/** KL(p ‖ q) of a p on the positive numbers with mean and entropy, and an exponential q. */
export const klToExponential = (p: HasMean & HasEntropy, q: Exponential): tf.Tensor => {
  const rate = operand(q.rate)
  return tf.sub(tf.mul(rate, p.mean()), tf.add(tf.log(rate), p.entropy()))
}

/** KL(p ‖ q) of a p on the positive numbers with mean, variance and entropy, and a half-normal q. */
export const klToHalfNormal = (p: HasMoments, q: HalfNormal): tf.Tensor =>
  tf.sub(klToNormal(p, { loc: 0, scale: q.scale }), Math.LN2)

/** As {@link klToExponential}; infinite where p reaches below zero. */
export const klUniformExponential = (p: Uniform, q: Exponential): tf.Tensor =>
  where(() => tf.greaterEqual(operand(p.low), 0), klToExponential(p, q), Infinity)

/** As {@link klToHalfNormal}; infinite where p reaches below zero. */
export const klUniformHalfNormal = (p: Uniform, q: HalfNormal): tf.Tensor =>
  where(() => tf.greaterEqual(operand(p.low), 0), klToHalfNormal(p, q), Infinity)

/** KL(p ‖ q) of a normal p and a Gumbel q: with z = (x − loc)/scale of q, E e⁻ᶻ = exp(−E z + Var z / 2). */
export const klNormalGumbel = (p: NormalParams & HasMean & HasEntropy, q: Gumbel): tf.Tensor => {
  const width = quotient(toTensor(p.scale), toTensor(q.scale))
  const exponent = tf.sub(tf.mul(tf.square(width), 0.5), standardized(p.mean(), q))
  return againstGumbel(p, tf.exp(exponent), q)
}

/** KL(p ‖ q) of a uniform p and a Gumbel q: E e⁻ᶻ = e^−low (1 − e^−width) / width, both in the units of z. */
export const klUniformGumbel = (p: Uniform, q: Gumbel): tf.Tensor => {
  const width = quotient(tf.sub(operand(p.high), operand(p.low)), toTensor(q.scale))
  const atLow = tf.exp(tf.neg(standardized(toTensor(p.low), q)))
  return againstGumbel(p, tf.mul(atLow, quotient(tf.neg(tf.expm1(tf.neg(width))), width)), q)
}

/** KL(p ‖ q) of an exponential p and a Gumbel q: E e⁻ᶻ = r e^loc/scale / (r + 1) with r = the rate times the scale. */
export const klExponentialGumbel = (p: Exponential, q: Gumbel): tf.Tensor => {
  const r = tf.mul(operand(p.rate), operand(q.scale))
  const atZero = tf.exp(quotient(toTensor(q.loc), toTensor(q.scale)))
  return againstGumbel(p, tf.mul(atZero, quotient(r, tf.add(r, 1))), q)
}

/** KL(p ‖ q) of an exponential p and a log-normal q: −log x has a Gumbel and a normal distribution. */
export const klExponentialLogNormal = (p: Exponential, q: LogNormal): tf.Tensor => {
  const mean = tf.add(tf.log(operand(p.rate)), eulerGamma)
  return againstNormal(mean, Math.PI ** 2 / 6, eulerGamma + 1, {
    loc: tf.neg(operand(q.loc)),
    scale: q.scale,
  })
}

/** KL(p ‖ q) of a log-uniform p and a log-normal q: log x has a uniform and a normal distribution. */
export const klLogUniformLogNormal = (p: LogUniform, q: LogNormal): tf.Tensor => {
  const [low, high] = [tf.log(operand(p.low)), tf.log(operand(p.high))]
  const width = tf.sub(high, low)
  return againstNormal(tf.mul(tf.add(low, high), 0.5), tf.div(tf.square(width), 12), tf.log(width), q)
}

/** −H + ½(variance + (mean − loc)²)/scale² + log scale + ½ log 2π. */
export const againstNormal = (
  mean: tf.Tensor,
  variance: tf.Tensor | number,
  entropy: tf.Tensor | number,
  q: NormalParams,
): tf.Tensor => {
  const scale = toTensor(q.scale)
  const spread = quotient(typeof variance === "number" ? tf.scalar(variance) : variance, scale)
  const squares = tf.add(quotient(spread, scale), tf.square(standardized(mean, q)))
  return tf.sub(tf.add(tf.mul(squares, 0.5), tf.add(tf.log(scale), halfLog2Pi)), entropy)
}

/** −H + E z + E e⁻ᶻ + log scale, with z = (x − loc)/scale. */
export const againstGumbel = (p: HasMean & HasEntropy, exponential: tf.Tensor, q: Gumbel): tf.Tensor =>
  tf.sub(tf.add(tf.add(standardized(p.mean(), q), exponential), tf.log(operand(q.scale))), p.entropy())
