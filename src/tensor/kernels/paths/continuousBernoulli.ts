/**
 * The continuous Bernoulli distribution by its logits η: density, moments, cumulative distribution, quantiles and
 * draws, with their derivatives, of float64s. With h = η/2 they are made of log(sinh h / h) and its derivative
 * L(h) = coth h − 1/h, both by series near 0, where the terms as they stand cancel.
 */
import * as tf from "@tensorflow/tfjs-core"
import { poly } from "../../special/scalar/polynomial.ts"
import { type KeyAttrs, streamOf } from "../counts/stream.ts"
import type { Formula } from "../gamma/formula.ts"
import type { LoopKernel } from "../loop.ts"

/** log of η e^(ηx) / (e^η − 1) = η(x − ½) − log(sinh h / h), for 0 ≤ x ≤ 1. */
export const continuousBernoulliDensity: Formula = {
  name: "GuidepostContinuousBernoulliLogDensity",
  inputs: ["x", "logits"],
  value: (x, logits) => logDensity(x, logits),
  partials: [(_, logits) => logits, (x, logits) => x - meanOf(logits)],
}

/** ½ + ½ L(h). */
export const continuousBernoulliMean: Formula = {
  name: "GuidepostContinuousBernoulliMean",
  inputs: ["logits"],
  value: (logits) => meanOf(logits),
  partials: [(logits) => varianceOf(logits)],
}

/** ¼ L′(h). */
export const continuousBernoulliVariance: Formula = {
  name: "GuidepostContinuousBernoulliVariance",
  inputs: ["logits"],
  value: (logits) => varianceOf(logits),
  partials: [(logits) => 0.125 * langevinCurve(0.5 * logits)],
}

/** log(sinh h / h) − h L(h). */
export const continuousBernoulliEntropy: Formula = {
  name: "GuidepostContinuousBernoulliEntropy",
  inputs: ["logits"],
  value: (logits) => logSinhc(0.5 * logits) - 0.5 * logits * langevin(0.5 * logits),
  partials: [(logits) => -logits * varianceOf(logits)],
}

/** KL of two, by their logits: −H(p) − log q at the mean of p, in which log q is linear. */
export const continuousBernoulliDivergence: Formula = {
  name: "GuidepostContinuousBernoulliDivergence",
  inputs: ["p", "q"],
  value: (p, q) => logDensity(meanOf(p), p) - logDensity(meanOf(p), q),
  partials: [(p, q) => (p - q) * varianceOf(p), (p, q) => meanOf(q) - meanOf(p)],
}

/** The logits of which m is the mean, −∞ for 0 and ∞ for 1: by Newton's method, from a start on the near side of 0. */
export const continuousBernoulliLogits: Formula = {
  name: "GuidepostContinuousBernoulliLogits",
  inputs: ["m"],
  value: (m) => logitsOf(m),
  partials: [(m) => 1 / varianceOf(logitsOf(m))],
}

const logitsOf = (m: number): number => {
  if (m === 0 || m === 1) return m === 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  let logits = 1 / (1 - m) - 1 / m
  for (let i = 0; i < 12; i++) logits -= (meanOf(logits) - m) / varianceOf(logits)
  return logits
}

/** P(X ≤ x) = (e^(ηx) − 1)/(e^η − 1). */
export const continuousBernoulliCdf: Formula = {
  name: "GuidepostContinuousBernoulliCdf",
  inputs: ["x", "logits"],
  value: (x, logits) => {
    if (logits === 0) return x
    if (logits < 0) return Math.expm1(logits * x) / Math.expm1(logits)
    return (Math.exp(logits * (x - 1)) * Math.expm1(-logits * x)) / Math.expm1(-logits)
  },
  partials: [
    (x, logits) => Math.exp(logDensity(x, logits)),
    (x, logits) => -Math.exp(logDensity(x, logits)) * slope(x, logits),
  ],
}

/** The x at which P(X ≤ x) = u: log(1 + u(e^η − 1))/η. */
export const continuousBernoulliIcdf: Formula = {
  name: "GuidepostContinuousBernoulliIcdf",
  inputs: ["u", "logits"],
  value: (u, logits) => quantile(u, logits),
  partials: [
    (u, logits) => Math.exp(-logDensity(quantile(u, logits), logits)),
    (u, logits) => slope(quantile(u, logits), logits),
  ],
}

/** Input the logits: draws by inversion, never exactly 0 or 1. */
export const continuousBernoulliDraw: LoopKernel<KeyAttrs> = {
  name: "GuidepostContinuousBernoulliDraw",
  inputs: ["logits"],
  outputs: ([logits]) => [logits!.shape],
  run: ({ inputs, outputs, attrs }) => {
    const logits = inputs[0]!
    const out = outputs[0]!
    const random = streamOf(attrs)
    for (let i = 0; i < out.length; i++) {
      random.moveTo(i)
      out[i] = Math.max(2 ** -126, Math.min(1 - 2 ** -24, quantile(random.uniform(), logits[i]!)))
    }
  },
}

/** Inputs the logits and a draw: dx/dη. */
export const continuousBernoulliPath: LoopKernel<object> = {
  name: "GuidepostContinuousBernoulliPath",
  inputs: ["logits", "x"],
  outputs: ([logits]) => [logits!.shape],
  run: ({ inputs, outputs }) => {
    const [logits, x] = inputs as [Float32Array, Float32Array]
    const out = outputs[0]!
    for (let i = 0; i < out.length; i++) out[i] = slope(x[i]!, logits[i]!)
  },
}

export const continuousBernoulliDrawGradient: tf.GradConfig = {
  kernelName: continuousBernoulliDraw.name,
  inputsToSave: ["logits"],
  outputsToSave: [true],
  gradFunc: (dy, [logits, x]) => ({
    logits: () =>
      tf.mul(
        dy as tf.Tensor,
        tf.engine().runKernel(continuousBernoulliPath.name, { logits: logits!, x: x! }) as tf.Tensor,
      ),
  }),
}

const logDensity = (x: number, logits: number): number => {
  // ηx − η/2 − |η|/2 + …: what is left of the first three is exact at the end where the density is high.
  const h = 0.5 * logits
  return logits * (x - (logits > 0 ? 1 : 0)) - (logSinhc(h) - Math.abs(h))
}

const meanOf = (logits: number): number => {
  // Far to the left ½ + ½ L cancels down to −1/η.
  const h = 0.5 * logits
  return h < -1 ? -0.5 / h + 1 / Math.expm1(2 * h) + 1 : 0.5 + 0.5 * langevin(h)
}

const varianceOf = (logits: number): number => 0.25 * langevinSlope(0.5 * logits)

/** dx/dη at constant probability, ((1 − e^(−ηx))/(1 − e^(−η)) − x)/η; x(1 − x)/2 at η = 0. */
const slope = (x: number, logits: number): number => {
  // 1 − x has the distribution of −η.
  if (logits < 0) return slope(1 - x, -logits)
  if (logits < 1e-3) return x * (0.5 * (1 - x) + logits * (x * x * (1 / 6) - 0.25 * x + 1 / 12))
  return (Math.expm1(-logits * x) / Math.expm1(-logits) - x) / logits
}

const quantile = (u: number, logits: number): number => {
  if (Math.abs(logits) < 1e-12 || u === 1) return u
  // Of 1 − u(1 − e^η) at a u near 1, what is left.
  if (logits < -1 && u > 0.5) return Math.log(1 - u + u * Math.exp(logits)) / logits
  if (logits < 30) return Math.log1p(u * Math.expm1(logits)) / logits
  const log = logits + Math.log(u)
  if (log < 0) return Math.log1p(Math.exp(log)) / logits
  return 1 + Math.log(u + (1 - u) * Math.exp(-logits)) / logits
}

/** log(sinh h / h). */
const logSinhc = (h: number): number => {
  const size = Math.abs(h)
  if (size < 0.5) return h * h * poly(LOG_SINHC, h * h)
  return size - Math.log(2 * size) + Math.log1p(-Math.exp(-2 * size))
}

/** L(h) = coth h − 1/h. */
const langevin = (h: number): number =>
  Math.abs(h) < 0.5 ? h * poly(LANGEVIN, h * h) : 1 / Math.tanh(h) - 1 / h

/** L′(h) = 1/h² − 1/sinh² h. */
const langevinSlope = (h: number): number =>
  Math.abs(h) < 0.5 ? poly(LANGEVIN_SLOPE, h * h) : 1 / (h * h) - 1 / Math.sinh(h) ** 2

/** L″(h) = 2 cosh h/sinh³ h − 2/h³. */
const langevinCurve = (h: number): number =>
  Math.abs(h) < 0.5 ? h * poly(LANGEVIN_CURVE, h * h) : 2 / Math.tanh(h) / Math.sinh(h) ** 2 - 2 / (h * h * h)

/** L(h)/h in h², 2²ᵏ B₂ₖ/(2k)!; and what its integral and derivatives have. */
const LANGEVIN = [
  1 / 3,
  -1 / 45,
  2 / 945,
  -1 / 4725,
  2 / 93555,
  -1382 / 638512875,
  4 / 18243225,
  -3617 / 162820783125,
]
const LOG_SINHC = LANGEVIN.map((c, k) => c / (2 * k + 2))
const LANGEVIN_SLOPE = LANGEVIN.map((c, k) => c * (2 * k + 1))
const LANGEVIN_CURVE = LANGEVIN_SLOPE.slice(1).map((c, k) => c * (2 * k + 2))
