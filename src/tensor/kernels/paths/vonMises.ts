/**
 * Draws of von Mises' distribution on the circle, by rejection from a wrapped Cauchy (D. J. Best and N. I. Fisher,
 * "Efficient simulation of the von Mises distribution", Applied Statistics 28 (1979), 152–157). Their derivative
 * in the concentration κ is that of `cone.ts` in two dimensions. The cumulative distribution is by quadrature, from where
 * the density is highest to where it counts no more, on either side of the mean and of its opposite: relatively exact.
 */
import * as tf from "@tensorflow/tfjs-core"
import { besselRatioRest, i0e, logI0e } from "../../special/scalar/bessel.ts"
import { type KeyAttrs, type Stream, streamOf } from "../counts/stream.ts"
import type { Formula } from "../gamma/formula.ts"
import type { LoopKernel } from "../loop.ts"
import { coneSlope, integrate, whereItEnds } from "./cone.ts"

/** κ (cos(x − μ) − 1) − log 2π − log e⁻ᵏ I₀(κ), the density's logarithm. */
export const vonMisesDensity: Formula = {
  name: "GuidepostVonMisesLogDensity",
  inputs: ["x", "loc", "concentration"],
  value: (x, loc, k) => k * cosLess1(x - loc) - Math.log(2 * Math.PI) - logI0e(k),
  partials: [
    (x, loc, k) => -k * Math.sin(x - loc),
    (x, loc, k) => k * Math.sin(x - loc),
    (x, loc, k) => cosLess1(x - loc) - besselRatioRest(k),
  ],
}

/** P(X ≤ x) for x in [−π, π], wherever the mean direction is. */
export const vonMisesCdf: Formula = {
  name: "GuidepostVonMisesCdf",
  inputs: ["x", "loc", "concentration"],
  value: (x, loc, k) => massBetween(-Math.PI - loc, Math.max(-Math.PI, Math.min(x, Math.PI)) - loc, k),
  partials: [
    (x, loc, k) => densityAt(x - loc, k),
    (x, loc, k) => densityAt(Math.PI + loc, k) - densityAt(x - loc, k),
    (x, loc, k) => massSlope(x - loc, k) - massSlope(-Math.PI - loc, k),
  ],
}

/** cos x − 1, with the digits of a small x. */
export const cosineLess1: Formula = {
  name: "GuidepostCosineLess1",
  inputs: ["x"],
  value: (x) => cosLess1(x),
  partials: [(x) => -Math.sin(x)],
}

const cosLess1 = (x: number): number => -2 * Math.sin(0.5 * x) ** 2

/** Inputs the mean direction and the concentration; a draw lies in [−π, π]. */
export const vonMisesDraw: LoopKernel<KeyAttrs> = {
  name: "GuidepostVonMisesDraw",
  inputs: ["loc", "concentration"],
  outputs: ([loc]) => [loc!.shape],
  run: ({ inputs, outputs, attrs }) => {
    const [loc, concentration] = inputs as [Float32Array, Float32Array]
    const out = outputs[0]!
    const random = streamOf(attrs)
    for (let i = 0; i < out.length; i++) {
      random.moveTo(i)
      const x = loc[i]! + drawCentered(random, concentration[i]!)
      out[i] = x - 2 * Math.PI * Math.round(x / (2 * Math.PI))
    }
  },
}

/** Inputs the concentration and what flows back into a draw: what flows back into the concentration. */
export const vonMisesPath: LoopKernel<KeyAttrs> = {
  name: "GuidepostVonMisesPath",
  inputs: ["concentration", "dy"],
  outputs: ([concentration]) => [concentration!.shape],
  run: ({ inputs, outputs, attrs }) => {
    const [concentration, dy] = inputs as [Float32Array, Float32Array]
    const out = outputs[0]!
    const random = streamOf(attrs)
    for (let i = 0; i < out.length; i++) {
      random.moveTo(i)
      out[i] = dy[i]! * vonMisesSlope(drawCentered(random, concentration[i]!), concentration[i]!)
    }
  },
}

export const vonMisesDrawGradient: tf.GradConfig = {
  kernelName: vonMisesDraw.name,
  inputsToSave: ["concentration"],
  gradFunc: (dy, [concentration], attrs) => ({
    loc: () => tf.clone(dy as tf.Tensor),
    concentration: () =>
      tf
        .engine()
        .runKernel(
          vonMisesPath.name,
          { concentration: concentration!, dy: dy as tf.Tensor },
          attrs,
        ) as tf.Tensor,
  }),
}

/** A draw of mean direction 0. */
const drawCentered = (random: Stream, k: number): number => {
  if (!(k > 0 && k < Number.POSITIVE_INFINITY)) return Number.NaN
  // There a normal is as good, and the rejection's terms have cancelled.
  if (k > 1e8) return random.normal() / Math.sqrt(k)
  const r = tightness(k)
  for (;;) {
    const z = Math.cos(Math.PI * random.uniform())
    const f = (1 + r * z) / (r + z)
    const c = k * (r - f)
    const u = random.uniform()
    if (c * (2 - c) <= u && Math.log(c / u) + 1 - c < 0) continue
    const angle = Math.acos(Math.max(-1, Math.min(1, f)))
    return random.uniform() < 0.5 ? -angle : angle
  }
}

/** That of the wrapped Cauchy; 1/κ + κ for a small κ, where the difference in ρ cancels. */
const tightness = (k: number): number => {
  if (k < 1e-4) return 1 / k + k
  const tau = 1 + Math.sqrt(1 + 4 * k * k)
  const rho = (tau - Math.sqrt(2 * tau)) / (2 * k)
  return (1 + rho * rho) / (2 * rho)
}

/** dθ/dκ at constant probability, for θ in [−π, π]: odd in θ, and towards 0. */
export const vonMisesSlope = (theta: number, k: number): number =>
  Math.sign(theta) * coneSlope(Math.abs(theta), 2, k, -besselRatioRest(k))

/** The probability of the angles from `from` to `to`, about a mean of 0, which may lie round the end. */
const massBetween = (from: number, to: number, k: number): number => {
  let sum = 0
  for (let half = Math.floor(from / Math.PI); half * Math.PI < to; half++) {
    const [start, end] = [half * Math.PI, (half + 1) * Math.PI]
    const [low, high] = [Math.max(from, start), Math.min(to, end)]
    // As a distance from the mean, where it is a whole number of turns away, in which the density falls.
    sum += half % 2 === 0 ? massOnSide(low - start, high - start, k) : massOnSide(end - high, end - low, k)
  }
  return Math.min(1, sum / (2 * Math.PI * i0e(k)))
}

/** ∫ e^κ(cos t − 1) dt, t from `low` to `high`, both in [0, π]. */
const massOnSide = (low: number, high: number, k: number): number => {
  const above = (t: number) => 2 * k * Math.sin((low + t) / 2) * Math.sin((low - t) / 2)
  return (
    Math.exp(k * cosLess1(low)) * integrate((t) => Math.exp(above(t)), low, whereItEnds(above, low, high))
  )
}

/** The derivative in κ of the probability from a multiple of π, where it is 0, to y. */
const massSlope = (y: number, k: number): number => {
  const theta = y - 2 * Math.PI * Math.round(y / (2 * Math.PI))
  return -densityAt(theta, k) * vonMisesSlope(theta, k)
}

const densityAt = (angle: number, k: number): number => Math.exp(k * cosLess1(angle)) / (2 * Math.PI * i0e(k))
