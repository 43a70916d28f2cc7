/**
 * Integrals of a beta density's tail where both parameters are large, of float64s: the incomplete beta function, and
 * its derivatives in a and b, by Gauss–Legendre quadrature. The continued fraction takes √max(a, b)/2 steps there; this
 * takes 24 points however large they are.
 *
 * With t = x − s below x, the density relative to that at x is exp(G) · xy/((x − s)(y + s)),
 *
 *   G = a log(1 − s/x) + b log(1 + s/y) = s δ/(xy) + a L(−s/x) + b L(s/y)
 *
 * where y = 1 − x, δ = xb − ya ≤ 0 below the mean, and L(u) = log(1 + u) − u: no term is larger than the result. It
 * falls from 0 between a parabola and a line, which tell where it has reached −36.
 */
import { log1pMinus } from "./polynomial.ts"

/** Whether the integral is to be used. */
export const isWide = (a: number, b: number): boolean => a > 3000 && b > 3000

/** ∫₀ˣ p(t) dt / p(x). */
export const tail = (a: number, b: number, x: number, y: number): number => integral(a, b, x, y, 1, 0, 0)

/** ∫₀ˣ p(t) (head + log(t/x)) dt / p(x). */
export const tailOfLog = (a: number, b: number, x: number, y: number, head: number): number =>
  integral(a, b, x, y, head, 1, 0)

/** ∫₀ˣ p(t) (head + log((1 − t)/(1 − x))) dt / p(x). */
export const tailOfLogRest = (a: number, b: number, x: number, y: number, head: number): number =>
  integral(a, b, x, y, head, 0, 1)

/** Of p(t) (head + below · log(t/x) + above · log((1 − t)/(1 − x))). */
const integral = (
  a: number,
  b: number,
  x: number,
  y: number,
  head: number,
  below: number,
  above: number,
): number => {
  const linear = (x * b - y * a) / (x * y)
  const curve = a / (x * x) + b / (y * y)
  const reach = (2 * DEPTH) / (Math.sqrt(linear * linear + 2 * DEPTH * curve) - linear)
  let sum = 0
  for (let i = 0; i < NODES.length; i++) {
    const s = reach * NODES[i]!
    const u = -s / x
    const v = s / y
    const minusU = log1pMinus(u)
    const minusV = log1pMinus(v)
    const density = Math.exp(s * linear + a * minusU + b * minusV) / ((1 + u) * (1 + v))
    sum += WEIGHTS[i]! * density * (head + below * (minusU + u) + above * (minusV + v))
  }
  return reach * sum
}

const DEPTH = 36

/** Nodes and weights on [0, 1], by Newton's method on the Legendre polynomial (DLMF 3.5.15 and 18.9.1). */
const gaussLegendre = (n: number): readonly [nodes: Float64Array, weights: Float64Array] => {
  const nodes = new Float64Array(n)
  const weights = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5))
    let slope = 0
    for (let step = 0; step < 8; step++) {
      let [before, p] = [0, 1]
      for (let k = 1; k <= n; k++) [before, p] = [p, ((2 * k - 1) * x * p - (k - 1) * before) / k]
      slope = (n * (x * p - before)) / (x * x - 1)
      x -= p / slope
    }
    nodes[i] = 0.5 * (1 - x)
    weights[i] = 1 / ((1 - x * x) * slope * slope)
  }
  return [nodes, weights]
}

const [NODES, WEIGHTS] = gaussLegendre(24)
