/**
 * Divergences of the gamma's relatives from other families and to them, KL(p ‖ q) = −H(p) − E_p log q(x), by moments
 * that p has: against a gamma E x and E log x, against an inverse gamma E 1/x and E log x, against a log-normal the mean
 * and variance of log x, against a continuous Bernoulli E x alone. Elementwise over the batch.
 *
 * ```ts
 * kl(Beta({ concentration1: 2, concentration0: 3 }), Gamma({ concentration: 1.8, rate: 0.7 }))
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { gammaEntropy } from "../../tensor/gammas.ts"
import { continuousBernoulliLogDensity } from "../../tensor/paths.ts"
import { logRatio, quotient } from "../../tensor/quotient.ts"
import { digamma, lbeta, lbetaCurve, lbetaSlope, lgamma, trigamma } from "../../tensor/special/gamma.ts"
import { eulerGamma, where } from "../../tensor/stable.ts"
import type { Beta } from "../Beta.ts"
import { type Chi2, chi2AsGamma } from "../Chi2.ts"
import { type ContinuousBernoulli, natural } from "../ContinuousBernoulli.ts"
import { type HasEntropy, type HasMean, operand, toTensor } from "../Distribution.ts"
import type { Exponential } from "../Exponential.ts"
import type { Gamma } from "../Gamma.ts"
import type { ShapeRate } from "../GammaLike.ts"
import type { Gumbel } from "../Gumbel.ts"
import type { HalfNormal } from "../HalfNormal.ts"
import type { InverseGamma } from "../InverseGamma.ts"
import type { Kumaraswamy } from "../Kumaraswamy.ts"
import type { LogNormal } from "../LogNormal.ts"
import type { LogUniform } from "../LogUniform.ts"
import type { Normal } from "../Normal.ts"
import type { Pareto } from "../Pareto.ts"
import type { Uniform } from "../Uniform.ts"
import { againstGumbel, againstNormal, klToExponential, klToHalfNormal, klToNormal } from "./moments.ts"

type HasMoments = HasMean & HasEntropy

/** The family of p, then of q, then the formula; see kl.ts. */
export const gammaPairs = {
  Beta: {
    Gamma: (p: Beta, q: Gamma) => toGamma(p, ofBeta(p), q),
    Chi2: (p: Beta, q: Chi2) => toGamma(p, ofBeta(p), chi2AsGamma(q)),
    LogNormal: (p: Beta, q: LogNormal) => {
      const curve = lbetaCurve(toTensor(p.concentration1), toTensor(p.concentration0))
      return againstNormal(ofBeta(p), curve, tf.sub(p.entropy(), ofBeta(p)), q)
    },
    ContinuousBernoulli: (p: Beta, q: ContinuousBernoulli) => toContinuousBernoulli(p, q),
    Uniform: (p: Beta, q: Uniform) => unitToUniform(p, q),
  },
  Kumaraswamy: {
    Gamma: (p: Kumaraswamy, q: Gamma) => toGamma(p, ofKumaraswamy(p), q),
    Chi2: (p: Kumaraswamy, q: Chi2) => toGamma(p, ofKumaraswamy(p), chi2AsGamma(q)),
    ContinuousBernoulli: (p: Kumaraswamy, q: ContinuousBernoulli) => toContinuousBernoulli(p, q),
    Uniform: (p: Kumaraswamy, q: Uniform) => unitToUniform(p, q),
  },
  ContinuousBernoulli: { Uniform: (p: ContinuousBernoulli, q: Uniform) => unitToUniform(p, q) },
  Gamma: {
    Gumbel: (p: Gamma, q: Gumbel) => gammaToGumbel(p, p, q),
    LogNormal: (p: Gamma, q: LogNormal) => gammaToLogNormal(p, 1, q),
    InverseGamma: (p: Gamma, q: InverseGamma) => gammaToInverseGamma(p, p, q),
  },
  Chi2: {
    Gumbel: (p: Chi2, q: Gumbel) => gammaToGumbel(p, chi2AsGamma(p), q),
    LogNormal: (p: Chi2, q: LogNormal) => gammaToLogNormal(chi2AsGamma(p), 1, q),
    InverseGamma: (p: Chi2, q: InverseGamma) => gammaToInverseGamma(p, chi2AsGamma(p), q),
  },
  InverseGamma: {
    Gamma: (p: InverseGamma, q: Gamma) => toGamma(p, tf.neg(ofGamma(p)), q),
    Chi2: (p: InverseGamma, q: Chi2) => toGamma(p, tf.neg(ofGamma(p)), chi2AsGamma(q)),
    LogNormal: (p: InverseGamma, q: LogNormal) => gammaToLogNormal(p, -1, q),
    Exponential: (p: InverseGamma, q: Exponential) => klToExponential(p, q),
    Normal: (p: InverseGamma, q: Normal) => klToNormal(p, q),
    HalfNormal: (p: InverseGamma, q: HalfNormal) => klToHalfNormal(p, q),
  },
  LogNormal: {
    Gamma: (p: LogNormal, q: Gamma) => toGamma(p, toTensor(p.loc), q),
    Chi2: (p: LogNormal, q: Chi2) => toGamma(p, toTensor(p.loc), chi2AsGamma(q)),
    InverseGamma: (p: LogNormal, q: InverseGamma) => {
      const half = tf.mul(tf.square(operand(p.scale)), 0.5)
      return toInverseGamma(p, toTensor(p.loc), tf.exp(tf.sub(half, operand(p.loc))), q)
    },
  },
  HalfNormal: {
    Gamma: (p: HalfNormal, q: Gamma) => toGamma(p, ofHalfNormal(p), q),
    Chi2: (p: HalfNormal, q: Chi2) => toGamma(p, ofHalfNormal(p), chi2AsGamma(q)),
  },
  Pareto: {
    Gamma: (p: Pareto, q: Gamma) => toGamma(p, ofPareto(p), q),
    Chi2: (p: Pareto, q: Chi2) => toGamma(p, ofPareto(p), chi2AsGamma(q)),
    LogNormal: (p: Pareto, q: LogNormal) => {
      // log x − log scale is exponential.
      const alpha = toTensor(p.alpha)
      return againstNormal(ofPareto(p), tf.square(inverse(alpha)), tf.sub(1, tf.log(alpha)), q)
    },
  },
  LogUniform: {
    Gamma: (p: LogUniform, q: Gamma) => toGamma(p, ofLogUniform(p), q),
    Chi2: (p: LogUniform, q: Chi2) => toGamma(p, ofLogUniform(p), chi2AsGamma(q)),
  },
  Uniform: {
    Gamma: (p: Uniform, q: Gamma) => uniformToGamma(p, q),
    Chi2: (p: Uniform, q: Chi2) => uniformToGamma(p, chi2AsGamma(q)),
    Beta: (p: Uniform, q: Beta) => uniformToBeta(p, q),
    ContinuousBernoulli: (p: Uniform, q: ContinuousBernoulli) =>
      where(() => isWithin(p, 0, 1), toContinuousBernoulli(p, q), Infinity),
  },
} as const

/** −H − log r − (b − 1)(E log x + log r) + r E x + log Γ(b), for q's shape b and rate r. */
const toGamma = (p: HasMoments, meanLog: tf.Tensor, q: ShapeRate): tf.Tensor => {
  const [shape, logRate] = [toTensor(q.concentration), tf.log(operand(q.rate))]
  const power = tf.mul(tf.sub(shape, 1), tf.add(meanLog, logRate))
  const logDensity = tf.sub(tf.add(logRate, power), tf.add(lgamma(shape), tf.mul(operand(q.rate), p.mean())))
  return tf.neg(tf.add(p.entropy(), logDensity))
}

/** The same with 1/x for x: −H + log r + (b + 1)(E log x − log r) + r E 1/x + log Γ(b). */
const toInverseGamma = (
  p: HasEntropy,
  meanLog: tf.Tensor,
  meanReciprocal: tf.Tensor,
  q: ShapeRate,
): tf.Tensor => {
  const [shape, logRate] = [toTensor(q.concentration), tf.log(operand(q.rate))]
  const power = tf.mul(tf.add(shape, 1), tf.sub(meanLog, logRate))
  const rest = tf.add(lgamma(shape), tf.mul(operand(q.rate), meanReciprocal))
  return tf.sub(tf.add(tf.add(logRate, power), rest), p.entropy())
}

/** log q is linear in x. */
const toContinuousBernoulli = (p: HasMoments, q: ContinuousBernoulli): tf.Tensor =>
  tf.neg(tf.add(p.entropy(), continuousBernoulliLogDensity(p.mean(), natural(q))))

/** −H + log(high − low) of a p on [0, 1]; infinite where q does not cover it. */
const unitToUniform = (p: HasEntropy, q: Uniform): tf.Tensor => {
  const covers = () => tf.logicalAnd(tf.lessEqual(operand(q.low), 0), tf.greaterEqual(operand(q.high), 1))
  return where(covers, tf.sub(q.entropy(), p.entropy()), Infinity)
}

/** With the rate times the scale of q as r, E e^(−x/scale) = (1 + 1/r)⁻ᵃ. */
const gammaToGumbel = (p: HasMoments, { concentration, rate }: ShapeRate, q: Gumbel): tf.Tensor => {
  const r = tf.mul(operand(rate), operand(q.scale))
  const log = tf.mul(operand(concentration), tf.log1p(inverse(r)))
  const power = tf.exp(tf.sub(quotient(toTensor(q.loc), toTensor(q.scale)), log))
  return againstGumbel(p, power, q)
}

/** Of log x, or of −log x: its mean is ± (ψ(a) − log rate), its variance ψ′(a), its entropy that of x less ψ(a). */
const gammaToLogNormal = (p: ShapeRate, sign: 1 | -1, q: LogNormal): tf.Tensor => {
  const a = toTensor(p.concentration)
  return againstNormal(tf.mul(ofGamma(p), sign), trigamma(a), tf.sub(gammaEntropy(a), digamma(a)), q)
}

/** E 1/x = rate/(a − 1); infinite for a up to 1. */
const gammaToInverseGamma = (p: HasEntropy, own: ShapeRate, q: InverseGamma): tf.Tensor => {
  const a = toTensor(own.concentration)
  const exists = () => tf.greater(a, 1)
  const reciprocal = quotient(toTensor(own.rate), tf.sub(where(exists, a, 2), 1))
  return where(exists, toInverseGamma(p, ofGamma(own), reciprocal, q), Infinity)
}

const uniformToGamma = (p: Uniform, q: ShapeRate): tf.Tensor => {
  const [low, high] = within(p, 0, Infinity)
  return where(() => isWithin(p, 0, Infinity), toGamma(p, meanLog(low, high), q), Infinity)
}

const uniformToBeta = (p: Uniform, q: Beta): tf.Tensor => {
  const [low, high] = within(p, 0, 1)
  const [one, zero] = [toTensor(q.concentration1), toTensor(q.concentration0)]
  const left = tf.mul(tf.sub(one, 1), meanLog(low, high))
  const right = tf.mul(tf.sub(zero, 1), meanLog(tf.sub(1, high), tf.sub(1, low)))
  const logDensity = tf.sub(tf.add(left, right), lbeta(one, zero))
  return where(() => isWithin(p, 0, 1), tf.neg(tf.add(p.entropy(), logDensity)), Infinity)
}

const isWithin = (p: Uniform, low: number, high: number): tf.Tensor =>
  tf.logicalAnd(tf.greaterEqual(operand(p.low), low), tf.lessEqual(operand(p.high), high))

/** p's ends where they lie between these, else others that do. */
const within = (p: Uniform, low: number, high: number): readonly [tf.Tensor, tf.Tensor] => [
  where(() => isWithin(p, low, high), toTensor(p.low), 0.25),
  where(() => isWithin(p, low, high), toTensor(p.high), 0.75),
]

/** The mean of log x between two ends: log high − 1 + log(high/low)/(high/low − 1), of which the last is 0 at low = 0. */
const meanLog = (low: tf.Tensor, high: tf.Tensor): tf.Tensor => {
  const width = tf.sub(high, low)
  const isZero = () => tf.equal(low, 0)
  const safe = where(isZero, high, low)
  const rest = quotient(tf.mul(safe, logRatio(high, safe)), width)
  return tf.add(tf.sub(tf.log(high), 1), where(isZero, 0, rest))
}

// E log x.

const ofBeta = (p: Beta): tf.Tensor => lbetaSlope(toTensor(p.concentration1), toTensor(p.concentration0))

const ofKumaraswamy = (p: Kumaraswamy): tf.Tensor => {
  const harmonic = tf.add(digamma(tf.add(operand(p.concentration0), 1)), eulerGamma)
  return tf.neg(quotient(harmonic, toTensor(p.concentration1)))
}

const ofGamma = ({ concentration, rate }: ShapeRate): tf.Tensor =>
  tf.sub(digamma(toTensor(concentration)), tf.log(operand(rate)))

const ofHalfNormal = (p: HalfNormal): tf.Tensor =>
  tf.sub(tf.log(operand(p.scale)), 0.5 * (eulerGamma + Math.LN2))

const ofPareto = (p: Pareto): tf.Tensor => tf.add(tf.log(operand(p.scale)), inverse(toTensor(p.alpha)))

const ofLogUniform = (p: LogUniform): tf.Tensor =>
  tf.mul(tf.add(tf.log(operand(p.low)), tf.log(operand(p.high))), 0.5)

const inverse = (x: tf.Tensor): tf.Tensor => quotient(tf.scalar(1), x)
