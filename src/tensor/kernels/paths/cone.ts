/**
 * The angle θ between a von Mises–Fisher draw and the mean direction, of density in proportion to e^{κ cos θ}
 * sin^{d−2} θ on [0, π]: its draws, and their derivative in κ by implicit reparameterization, at a constant probability
 *
 *   dθ/dκ = −∫ (cos t − A) (sin t / sin θ)^{d−2} e^{κ(cos t − cos θ)} dt,  t from 0 to θ,  A = E cos θ
 *
 * (M. Figurnov, S. Mohamed and A. Mnih, "Implicit reparameterization gradients", NeurIPS 2018; T. Davidson et al.,
 * "Hyperspherical variational auto-encoders", UAI 2018). Where θ lies beyond the angle whose cosine is A it is the
 * integral from θ to π, the two together being zero: so the integrand has one sign, and nothing cancels.
 */
import { gaussLegendre } from "../../special/scalar/quadrature.ts"
import { drawLogGamma } from "../counts/samplers.ts"
import type { Stream } from "../counts/stream.ts"

/**
 * 1 − cos θ of a draw, for κ > 0 and d ≥ 2, by rejection (A. T. A. Wood, "Simulation of the von Mises Fisher
 * distribution", Communications in Statistics: Simulation and Computation 23 (1994), 157–164); for d = 3 by inversion.
 */
export const drawVersine = (random: Stream, d: number, k: number): number => {
  if (!(k > 0 && k < Number.POSITIVE_INFINITY)) return Number.NaN
  if (d === 3) return -Math.log1p(random.uniform() * Math.expm1(-2 * k)) / k
  const c = d - 1
  const b = c / (2 * k + Math.hypot(2 * k, c))
  // 1 − x₀ in Wood's paper, where x₀ has rounded to 1 at large κ.
  const s = (2 * b) / (1 + b)
  for (;;) {
    // Both shares of a Beta(c/2, c/2), as 1 − the one has no digit of a small other.
    const odds = Math.exp(drawLogGamma(random, 0.5 * c) - drawLogGamma(random, 0.5 * c))
    const [share, rest] = [odds / (1 + odds), 1 / (1 + odds)]
    const t = odds === Number.POSITIVE_INFINITY ? 2 : (2 * b * share) / (rest + b * share)
    const logRatio = k * (s - t) + c * Math.log((s + t - s * t) / (s * (2 - s)))
    if (Math.log(random.uniform()) <= logRatio) return Math.min(t, 2)
  }
}

/** dθ/dκ at constant probability, for θ in [0, π]; `rest` is 1 − A. Nowhere positive. */
export const coneSlope = (theta: number, d: number, k: number, rest: number): number => {
  if (!(theta > 0 && theta < Math.PI)) return 0
  const logSine = d === 2 ? 0 : Math.log(Math.sin(theta))
  /** How far the log-density at t lies above that at θ. */
  const above = (t: number): number =>
    2 * k * Math.sin((theta + t) / 2) * Math.sin((theta - t) / 2) +
    (d === 2 ? 0 : (d - 2) * (Math.log(Math.sin(t)) - logSine))
  // cos t − A, both of which are near 1 at large κ.
  const excess = (t: number): number => rest - 2 * Math.sin(t / 2) ** 2
  const end = whereItEnds(above, theta, excess(theta) > 0 ? 0 : Math.PI)
  return -integrate((t) => excess(t) * Math.exp(above(t)), end, theta)
}

/**
 * Towards `limit` the density falls; beyond the point that this gives it is below e⁻⁴⁰ of what it is at θ. `above` is its
 * logarithm less that at θ.
 */
export const whereItEnds = (above: (t: number) => number, theta: number, limit: number): number => {
  let [near, far] = [theta, limit]
  while (above(far) < -60) {
    const middle = 0.5 * (near + far)
    if (middle === near || middle === far) return far
    if (above(middle) < -40) far = middle
    else near = middle
  }
  return far
}

const rule = gaussLegendre(40)

/** ∫ f, for an entire f that varies by no more than that. */
export const integrate = (f: (t: number) => number, from: number, to: number): number => {
  const length = to - from
  let sum = 0
  for (let i = 0; i < rule.nodes.length; i++) sum += rule.weights[i]! * f(from + length * rule.nodes[i]!)
  return length * sum
}
