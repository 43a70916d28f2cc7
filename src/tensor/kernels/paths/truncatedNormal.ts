/**
 * The divergence of two truncated normals, each of place μ and width s between its own ends, infinite where q does not
 * reach as far as p does:
 *
 *   KL(p ‖ q) = E_p[log p(x) − log q(x)]
 *
 * By Gauss and Legendre's rule on either side of each one's peak, in float64. There its density is exp(−at − t²/2) of
 * the peak's, with t the distance from the peak in widths, and a how far out in the normal the peak lies: 0, or that of
 * an end. So nothing is as large as the logarithms of the normal's own density, which cancel in a tail.
 *
 * The derivatives are expectations too: in p's parameters covariances of log p − log q with the score.
 */
import { gaussLegendre } from "../../special/scalar/quadrature.ts"
import type { Formula } from "../gamma/formula.ts"

type Params = readonly [loc: number, scale: number, low: number, high: number]

/** What is needed of one of the two. */
interface Truncated {
  readonly peak: number
  readonly scale: number
  /** How many widths the peak lies beyond the normal's place, on the outer side. */
  readonly beyond: number
  /** log of the density at the peak. */
  readonly top: number
  /** Distances from the peak with their probabilities. */
  readonly nodes: ReadonlyArray<readonly [distance: number, mass: number]>
}

const rule = gaussLegendre(40)

const truncated = ([loc, scale, low, high]: Params): Truncated => {
  const peak = Math.min(Math.max(loc, low), high)
  const beyond = Math.abs(peak - loc) / scale
  // Where the density has fallen by e⁻⁴⁰ nothing is left.
  const farthest = 80 / (beyond + Math.sqrt(beyond * beyond + 80))
  const side = (direction: 1 | -1, room: number) => {
    const reach = Math.min(farthest, room / scale)
    return rule.nodes.map((node, i) => {
      const t = reach * node
      return [direction * scale * t, reach * rule.weights[i]! * Math.exp(-t * (beyond + 0.5 * t))] as const
    })
  }
  const all = [...side(-1, peak - low), ...side(1, high - peak)]
  const mass = all.reduce((sum, [, weight]) => sum + weight, 0)
  return {
    peak,
    scale,
    beyond,
    top: -Math.log(scale) - Math.log(mass),
    nodes: all.map(([distance, weight]) => [distance, weight / mass]),
  }
}

/** By how much the log-density at a distance from the peak lies below the peak's. */
const fall = ({ scale, beyond }: Truncated, distance: number): number => {
  const t = Math.abs(distance) / scale
  return t * (beyond + 0.5 * t)
}

/** log p − log q at a distance from p's peak. */
const logRatio = (p: Truncated, q: Truncated, distance: number): number =>
  p.top - q.top - fall(p, distance) + fall(q, p.peak - q.peak + distance)

const expectation = ({ nodes }: Truncated, f: (distance: number) => number): number => {
  let sum = 0
  for (const [distance, mass] of nodes) sum += mass * f(distance)
  return sum
}

const value = (p: Truncated, q: Truncated): number => expectation(p, (d) => logRatio(p, q, d))

/** The covariance under p of log p − log q with f. */
const covariance = (p: Truncated, q: Truncated, f: (distance: number) => number): number => {
  const [ratio, mean] = [value(p, q), expectation(p, f)]
  return expectation(p, (d) => (logRatio(p, q, d) - ratio) * (f(d) - mean))
}

/** The density at x, and 0 at an end that is not there. */
const densityAt = (one: Truncated, x: number): number => Math.exp(one.top - fall(one, x - one.peak))

/** What KL gains where p's end is drawn in by one: p(end) (KL + 1 − log p/q). */
const gain = (p: Truncated, q: Truncated, end: number): number => {
  const density = densityAt(p, end)
  return density === 0 ? 0 : density * (value(p, q) + 1 - logRatio(p, q, end - p.peak))
}

/** How much more f, of the distance from q's peak, is under p than under q on the average. */
const excess = (p: Truncated, q: Truncated, f: (distance: number) => number): number =>
  expectation(p, (d) => f(p.peak - q.peak + d)) - expectation(q, f)

type Of = (p: Truncated, q: Truncated, pEnds: Params, qEnds: Params) => number

/** The formula's number at its inputs; `elsewhere` where q does not cover p. */
const formula =
  (of: Of, elsewhere: number) =>
  (...[a, b, c, d, e, f, g, h]: Parameters<Formula["value"]>): number => {
    const [p, q] = [[a, b, c, d] as const, [e, f, g, h] as const]
    return p[2] < q[2] || p[3] > q[3] ? elsewhere : of(truncated(p), truncated(q), p, q)
  }

/** KL of two truncated normals. */
export const truncatedNormalDivergence: Formula = {
  name: "GuidepostTruncatedNormalDivergence",
  inputs: ["locP", "scaleP", "lowP", "highP", "locQ", "scaleQ", "lowQ", "highQ"],
  // Nowhere negative, but for rounding at equals.
  value: formula((p, q) => Math.max(0, value(p, q)), Number.POSITIVE_INFINITY),
  partials: [
    (p: Truncated, q: Truncated) => covariance(p, q, (d) => d / p.scale) / p.scale,
    (p: Truncated, q: Truncated) => (2 * covariance(p, q, (d) => fall(p, d))) / p.scale,
    (p: Truncated, q: Truncated, [, , low]: Params) => gain(p, q, low),
    (p: Truncated, q: Truncated, [, , , high]: Params) => -gain(p, q, high),
    (p: Truncated, q: Truncated) => -excess(p, q, (d) => d / q.scale) / q.scale,
    (p: Truncated, q: Truncated) => (-2 * excess(p, q, (d) => fall(q, d))) / q.scale,
    (_: Truncated, q: Truncated, __: Params, [, , low]: Params) => -densityAt(q, low),
    (_: Truncated, q: Truncated, __: Params, [, , , high]: Params) => densityAt(q, high),
  ].map((of) => formula(of, 0)),
}
