/**
 * Draws of von Mises' distribution on the circle, by rejection from a wrapped Cauchy (D. J. Best and N. I. Fisher,
 * "Efficient simulation of the von Mises distribution", Applied Statistics 28 (1979), 152–157), and their derivative
 * in the concentration κ by implicit reparameterization: with A = I₁(κ)/I₀(κ), at a constant probability,
 *
 *   dθ/dκ = −∫ (cos t − A) e^κ(cos t − cos θ) dt,  t from −π to θ
 *
 * By Gauss–Legendre quadrature over the part that counts. For a θ near 0 that is from 0 to θ, the whole integral from
 * −π to 0 being zero: so that nothing cancels.
 */
import * as tf from "@tensorflow/tfjs-core"
import { besselRatio, besselRatioRest, besselRatioSlope, logI0e } from "../../special/scalar/bessel.ts"
import { type KeyAttrs, type Stream, streamOf } from "../counts/stream.ts"
import type { Formula } from "../gamma/formula.ts"
import type { LoopKernel } from "../loop.ts"

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

/** The κ for which I₁(κ)/I₀(κ) = r, for 0 ≤ r < 1, by Newton's method: the estimate from a mean resultant length. */
export const inverseBesselRatio: Formula = {
  name: "GuidepostInverseBesselRatio",
  inputs: ["r"],
  value: (r) => concentrationOf(r),
  partials: [(r) => 1 / besselRatioSlope(concentrationOf(r))],
}

const concentrationOf = (r: number): number => {
  let k = (r * (2 - r * r)) / (1 - r * r)
  for (let i = 0; i < 8; i++) k -= (besselRatio(k) - r) / besselRatioSlope(k)
  return k
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
export const vonMisesSlope = (theta: number, k: number): number => {
  const s = Math.abs(theta)
  // cos t − A, both of which are near 1 at large κ.
  const excess = (t: number) => cosLess1(t) - besselRatioRest(k)
  const f = (t: number) => excess(t) * Math.exp(2 * k * Math.sin((s + t) / 2) * Math.sin((s - t) / 2))
  const size = excess(s) > 0 ? integrate(f, 0, s) : -integrate(f, s, farEnd(s, k))
  return theta < 0 ? size : -size
}

/** Beyond it, up to π, e^κ(cos t − cos s) is below e⁻²⁵. */
const farEnd = (s: number, k: number): number => {
  const cosine = Math.cos(s) - 25 / k
  return cosine <= -1 ? Math.PI : Math.acos(cosine)
}

const integrate = (f: (t: number) => number, from: number, to: number): number => {
  const [middle, half] = [(from + to) / 2, (to - from) / 2]
  let sum = 0
  for (const { x, w } of NODES) sum += w * (f(middle - half * x) + f(middle + half * x))
  return half * sum
}

/** Gauss and Legendre's rule of 24 nodes on [−1, 1]: the positive ones, roots of P₂₄ by Newton's method. */
const NODES = Array.from({ length: 12 }, (_, i) => {
  let x = Math.cos((Math.PI * (i + 0.75)) / 24.5)
  let slope = 0
  for (let round = 0; round < 8; round++) {
    let [below, p] = [1, x]
    for (let n = 2; n <= 24; n++) [below, p] = [p, ((2 * n - 1) * x * p - (n - 1) * below) / n]
    slope = (24 * (x * p - below)) / (x * x - 1)
    x -= p / slope
  }
  return { x, w: 2 / ((1 - x * x) * slope * slope) }
})
