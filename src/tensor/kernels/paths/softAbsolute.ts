/**
 * Divergences of two members of one location-scale family whose density is exp(−f(z)) but for a constant, where f is
 * a smooth |z|: the logistic, f(z) = 2 log 2cosh(z/2), and the hyperbolic secant, f(z) = log 2cosh z.
 *
 *   KL(p ‖ q) = E f(δ + r z) − log r − E f(z),   δ = (μp − μq)/σq,   r = σp/σq
 *
 * E f(δ + r z) has no closed form for r ≠ 1. By quadrature in float64, far below the rounding of a float32:
 *
 * - for r ≤ 1 the trapezoidal rule over z, which for functions analytic in a strip about the reals converges
 *   exponentially (L. N. Trefethen and J. A. C. Weideman, "The exponentially convergent trapezoidal rule", SIAM Review
 *   56 (2014), 385–458);
 * - for r > 1, where f(δ + r z) is nearly |δ + r z|, its expectation, and the integral of the difference over
 *   y = δ + r z, which falls off as e^−|y|.
 */
import { halfLine } from "../../special/scalar/quadrature.ts"
import type { Formula } from "../gamma/formula.ts"

/** A density on the reals that is even, and its f, with what is known of both; y and a are from 0 up but for `slope`. */
interface SoftAbsolute {
  readonly density: (z: number) => number
  /** f(y) − y. */
  readonly excess: (y: number) => number
  /** f′(y), odd. */
  readonly slope: (y: number) => number
  /** 1 − f′(y). */
  readonly rest: (y: number) => number
  /** E |z + a|, its derivative in a, and their difference E|z + a| − a · derivative. */
  readonly distance: (a: number) => number
  readonly side: (a: number) => number
  readonly intercept: (a: number) => number
  /** E f(z). */
  readonly constant: number
  /** Within how far of the reals there is no singularity, in both. */
  readonly strip: number
}

const tail = (y: number): number => Math.exp(-y)

const logistic: SoftAbsolute = {
  density: (z) => tail(Math.abs(z)) / (1 + tail(Math.abs(z))) ** 2,
  excess: (y) => 2 * Math.log1p(tail(y)),
  slope: (y) => Math.tanh(0.5 * y),
  rest: (y) => (2 * tail(y)) / (1 + tail(y)),
  distance: (a) => a + 2 * Math.log1p(tail(a)),
  side: (a) => Math.tanh(0.5 * a),
  intercept: (a) => 2 * Math.log1p(tail(a)) + (a === Infinity ? 0 : (2 * a * tail(a)) / (1 + tail(a))),
  constant: 2,
  strip: Math.PI,
}

const secant = (z: number): number => (2 * tail(Math.abs(z))) / (1 + tail(2 * Math.abs(z))) / Math.PI

const hyperbolicSecant: SoftAbsolute = {
  density: secant,
  excess: (y) => Math.log1p(tail(2 * y)),
  slope: Math.tanh,
  rest: (y) => (2 * tail(2 * y)) / (1 + tail(2 * y)),
  distance: (a) => a + 2 * overHalfLine((v) => v * secant(v + a)),
  side: (a) => (4 / Math.PI) * Math.atan(Math.tanh(0.5 * a)),
  intercept: (a) => 2 * overHalfLine((v) => (a === Infinity ? 0 : (v + a) * secant(v + a))),
  constant: 2 * Math.LN2,
  strip: Math.PI / 2,
}

/** E f(δ + r z), and its derivatives in δ and r. */
interface Expectations {
  readonly value: Expectation
  readonly inShift: Expectation
  readonly inRatio: Expectation
}

type Expectation = (shift: number, ratio: number) => number

const expectationsOf = (family: SoftAbsolute): Expectations => {
  const [draws, values] = [overDraws(family), overValues(family)]
  const chosen =
    (name: keyof Expectations): Expectation =>
    (shift, ratio) =>
      (ratio <= 1 ? draws : values)[name](shift, ratio)
  return { value: chosen("value"), inShift: chosen("inShift"), inRatio: chosen("inRatio") }
}

/** For r ≤ 1: f and the density are analytic within the strip, of z. */
const overDraws = ({ density, excess, slope, strip }: SoftAbsolute): Expectations => {
  const step = strip / 6.5
  const nodes = Array.from({ length: Math.ceil(40 / step) + 1 }, (_, k) => k * step)
  const weights = nodes.map((z, k) => (k === 0 ? 0.5 : 1) * step * density(z))
  const f = (y: number) => Math.abs(y) + excess(Math.abs(y))
  /** Σ over the nodes and their negatives of g(δ + r z, z). */
  const total =
    (g: (y: number, z: number) => number): Expectation =>
    (shift, ratio) => {
      let sum = 0
      for (let i = 0; i < nodes.length; i++) {
        const z = nodes[i]!
        sum += weights[i]! * (g(shift + ratio * z, z) + g(shift - ratio * z, -z))
      }
      return sum
    }
  return { value: total(f), inShift: total(slope), inRatio: total((y, z) => z * slope(y)) }
}

/** For r > 1: what is in the integrals below is analytic within the strip, of y. */
const overValues = (family: SoftAbsolute): Expectations => {
  const { density, excess, rest, distance, side, intercept } = family
  /** ∫ of what g makes of y > 0 and of the densities of y and −y. */
  const total = (
    shift: number,
    ratio: number,
    g: (y: number, above: number, below: number) => number,
  ): number => overHalfLine((y) => g(y, density((y - shift) / ratio), density((y + shift) / ratio))) / ratio
  return {
    value: (shift, ratio) =>
      ratio * distance(Math.abs(shift) / ratio) +
      total(shift, ratio, (y, above, below) => excess(y) * (above + below)),
    inShift: (shift, ratio) =>
      Math.sign(shift) * side(Math.abs(shift) / ratio) -
      total(shift, ratio, (y, above, below) => rest(y) * (above - below)),
    inRatio: (shift, ratio) =>
      intercept(Math.abs(shift) / ratio) -
      total(shift, ratio, (y, above, below) => rest(y) * ((y - shift) * above + (y + shift) * below)) / ratio,
  }
}

const overHalfLine = (f: (y: number) => number): number => {
  const { nodes, weights } = halfLine
  let sum = 0
  for (let i = 0; i < nodes.length; i++) sum += weights[i]! * f(nodes[i]!)
  return sum
}

/** The divergence as a formula of both places and scales. */
const divergence = (name: string, family: SoftAbsolute): Formula => {
  const { value, inShift, inRatio } = expectationsOf(family)
  const alongShift = (a: number, s: number, b: number, t: number) => inShift((a - b) / t, s / t) / t
  return {
    name,
    inputs: ["locP", "scaleP", "locQ", "scaleQ"],
    // Nowhere negative, but for rounding at equals.
    value: (a, s, b, t) => Math.max(0, value((a - b) / t, s / t) - Math.log(s / t) - family.constant),
    partials: [
      alongShift,
      (a, s, b, t) => inRatio((a - b) / t, s / t) / t - 1 / s,
      (a, s, b, t) => -alongShift(a, s, b, t),
      (a, s, b, t) => {
        const [shift, ratio] = [(a - b) / t, s / t]
        return (1 - shift * inShift(shift, ratio) - ratio * inRatio(shift, ratio)) / t
      },
    ],
  }
}

/** KL of two logistics. */
export const logisticDivergence: Formula = divergence("GuidepostLogisticDivergence", logistic)

/** KL of two hyperbolic secant distributions of density sech((x − μ)/σ)/πσ. */
export const hyperbolicSecantDivergence: Formula = divergence(
  "GuidepostHyperbolicSecantDivergence",
  hyperbolicSecant,
)
