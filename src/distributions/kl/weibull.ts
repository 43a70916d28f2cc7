/**
 * Divergences of Gumbel and Weibull distributions, which are one family twice: −log x of a Weibull(scale, k) draw has
 * the Gumbel distribution of loc −log scale and scale 1/k, and a divergence does not change under a map of both. For
 * an exponential k is 1. Elementwise over the batch.
 */
import * as tf from "@tensorflow/tfjs-core"
import { logRatio, quotient } from "../../tensor/quotient.ts"
import { digamma, lgamma } from "../../tensor/special/gamma.ts"
import { eulerGamma, halfLog2Pi } from "../../tensor/stable.ts"
import { operand, toTensor, type Value } from "../Distribution.ts"
import type { Gamma } from "../Gamma.ts"
import type { ShapeRate } from "../GammaLike.ts"
import type { Gumbel } from "../Gumbel.ts"
import type { LogNormal } from "../LogNormal.ts"
import type { LogUniform } from "../LogUniform.ts"
import type { Weibull, WeibullParams } from "../Weibull.ts"

/** KL(p ‖ q) = γ(r − 1) − log r − d − 1 + e^d Γ(1 + r), with r = σp/σq and d = (μq − μp)/σq. */
export const klGumbelGumbel = (p: Gumbel, q: Gumbel): tf.Tensor => {
  const [own, other] = [toTensor(p.scale), toTensor(q.scale)]
  const distance = quotient(tf.sub(operand(q.loc), operand(p.loc)), other)
  return divergence(quotient(own, other), logRatio(own, other), distance)
}

/** That of two Gumbels with r = kq/kp and d = kq log(the scale of p over that of q). */
export const klWeibullWeibull = (p: WeibullParams, q: WeibullParams): tf.Tensor => {
  const [own, other] = [toTensor(p.concentration), toTensor(q.concentration)]
  const distance = tf.mul(other, logRatio(toTensor(p.scale), toTensor(q.scale)))
  return divergence(quotient(other, own), logRatio(other, own), distance)
}

/** An exponential is a Weibull of concentration 1. */
export const exponentialAsWeibull = ({ rate }: { readonly rate: Value }): WeibullParams => ({
  scale: quotient(tf.scalar(1), toTensor(rate)),
  concentration: 1,
})

/** KL(p ‖ q) of a Weibull p and a log-normal q: of a Gumbel and a normal. */
export const klWeibullLogNormal = (p: Weibull, q: LogNormal): tf.Tensor => {
  const width = quotient(tf.scalar(1), tf.mul(operand(p.concentration), operand(q.scale)))
  const mean = tf.sub(
    tf.sub(tf.log(operand(p.scale)), operand(q.loc)),
    quotient(gamma(), toTensor(p.concentration)),
  )
  const squares = tf.add(
    tf.mul(tf.square(width), Math.PI ** 2 / 6),
    tf.square(quotient(mean, toTensor(q.scale))),
  )
  const rest = tf.add(tf.log(width), eulerGamma + 1 - halfLog2Pi)
  return tf.sub(tf.mul(squares, 0.5), rest)
}

/** KL(p ‖ q) of a log-normal p and a Weibull q: with m = k(μ − log scale), −H − log k − m + e^(m + k²σ²/2). */
export const klLogNormalWeibull = (p: LogNormal, q: WeibullParams): tf.Tensor => {
  const k = operand(q.concentration)
  const mean = tf.mul(k, tf.sub(operand(p.loc), tf.log(operand(q.scale))))
  const width = tf.mul(k, operand(p.scale))
  const power = tf.exp(tf.add(mean, tf.mul(tf.square(width), 0.5)))
  return tf.sub(tf.sub(power, mean), tf.add(tf.log(width), 0.5 + halfLog2Pi))
}

/** KL(p ‖ q) of a log-uniform p and a Weibull q: E (x/scale)ᵏ is the difference of its ends over their k log ratio. */
export const klLogUniformWeibull = (p: LogUniform, q: WeibullParams): tf.Tensor => {
  const k = toTensor(q.concentration)
  const at = (x: Value) => tf.mul(k, logRatio(toTensor(x), toTensor(q.scale)))
  const [low, high] = [at(p.low), at(p.high)]
  const width = tf.mul(k, logRatio(toTensor(p.high), toTensor(p.low)))
  const power = tf.mul(tf.exp(high), quotient(tf.neg(tf.expm1(tf.neg(width))), width))
  return tf.sub(tf.sub(power, tf.mul(tf.add(low, high), 0.5)), tf.log(width))
}

/** KL(p ‖ q) of a Weibull p and a gamma q, by E x and E log x = log scale − γ/k. */
export const klWeibullGamma = (p: Weibull, q: ShapeRate): tf.Tensor => {
  const [shape, rate] = [operand(q.concentration), operand(q.rate)]
  const log = tf.sub(tf.log(operand(p.scale)), quotient(gamma(), toTensor(p.concentration)))
  const logDensity = tf.sub(
    tf.add(tf.mul(shape, tf.log(rate)), tf.mul(tf.sub(shape, 1), log)),
    tf.add(lgamma(toTensor(q.concentration)), tf.mul(rate, p.mean())),
  )
  return tf.neg(tf.add(p.entropy(), logDensity))
}

/** KL(p ‖ q) of a gamma p and a Weibull q, by E log x = ψ(a) − log rate and E xᵏ = Γ(a + k)/Γ(a)/rateᵏ. */
export const klGammaWeibull = (p: Gamma, q: WeibullParams): tf.Tensor => {
  const [a, k] = [toTensor(p.concentration), toTensor(q.concentration)]
  const unit = tf.add(tf.log(operand(p.rate)), tf.log(operand(q.scale)))
  const power = tf.exp(tf.sub(tf.sub(lgamma(tf.add(a, k)), lgamma(a)), tf.mul(k, unit)))
  const log = tf.mul(tf.sub(k, 1), tf.sub(digamma(a), unit))
  const density = tf.add(logRatio(k, toTensor(q.scale)), tf.sub(log, power))
  return tf.neg(tf.add(p.entropy(), density))
}

const divergence = (ratio: tf.Tensor, logOfRatio: tf.Tensor, distance: tf.Tensor): tf.Tensor => {
  const power = tf.exp(tf.add(distance, lgamma(tf.add(ratio, 1))))
  const rest = tf.add(tf.add(logOfRatio, distance), 1)
  return tf.add(tf.mul(tf.sub(ratio, 1), eulerGamma), tf.sub(power, rest))
}

const gamma = (): tf.Tensor => tf.scalar(eulerGamma)
