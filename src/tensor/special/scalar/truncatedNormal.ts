/**
 * The normal distribution of place `loc` and width `scale` between `low` and `high` (which may be infinite), of
 * float64s. With z, a, b = (x, low, high) less loc over scale, its density is φ(z) / (scale · Z), Z = Φ(b) − Φ(a).
 *
 * In a tail Z is far below the smallest number, and φ too. There φ(a) is taken out of both: Z = φ(a) · mass, where
 * mass comes from erfcx, and φ(z)/φ(a) from the distance of z from a, which is exact. The lower tail is the upper one
 * seen from the other side.
 */
import { erfcx } from "./erf.ts"
import { log1mexp } from "./exponential.ts"
import { HALF_LOG_2PI } from "./gamma.ts"
import { ndtr, ndtri } from "./normal.ts"

/** log p(x), for low ≤ x ≤ high. */
export const logDensity = (x: number, loc: number, scale: number, low: number, high: number): number => {
  const [a, b] = [(low - loc) / scale, (high - loc) / scale]
  if (b < 0) return logDensity(-x, -loc, scale, -high, -low)
  const z = (x - loc) / scale
  if (a <= 0) return -0.5 * z * z - HALF_LOG_2PI - Math.log(scale) - Math.log(middleMass(a, b))
  const distance = (x - low) / scale
  return -0.5 * distance * (z + a) - HALF_LOG_2PI - Math.log(scale) - tailMass(a, b, (high - low) / scale)
}

/** ∂ log p/∂loc = (z − h(a) + h(b)) / scale, with h = φ/Z. */
export const slopeLoc = (x: number, loc: number, scale: number, low: number, high: number): number => {
  const [fromLow, fromHigh] = hazards(loc, scale, low, high)
  return ((x - loc) / scale - fromLow + fromHigh) / scale
}

/** ∂ log p/∂scale = (z² − 1 − a h(a) + b h(b)) / scale. */
export const slopeScale = (x: number, loc: number, scale: number, low: number, high: number): number => {
  const [fromLow, fromHigh] = hazards(loc, scale, low, high)
  const z = (x - loc) / scale
  return (z * z - 1 - times((low - loc) / scale, fromLow) + times((high - loc) / scale, fromHigh)) / scale
}

/** P(X ≤ x). */
export const cdf = (x: number, loc: number, scale: number, low: number, high: number): number => {
  if (Number.isNaN(x) || x <= low) return x <= low ? 0 : x
  if (x >= high) return 1
  const [z, a, b] = [(x - loc) / scale, (low - loc) / scale, (high - loc) / scale]
  if (a > 0) {
    const [part, whole] = [logFall(a, (x - low) / scale), logFall(a, (high - low) / scale)]
    return Math.expm1(-part) / Math.expm1(-whole)
  }
  if (b < 0) {
    const [part, whole] = [logFall(-b, (high - x) / scale), logFall(-b, (high - low) / scale)]
    return (Math.exp(-part) * Math.expm1(part - whole)) / Math.expm1(-whole)
  }
  return (z < 0 ? ndtr(z) - ndtr(a) : middleMass(a, b) - (ndtr(-z) - ndtr(-b))) / middleMass(a, b)
}

/** The x with P(X ≤ x) = p: low at 0, high at 1, NaN outside [0, 1]. */
export const quantile = (p: number, loc: number, scale: number, low: number, high: number): number => {
  if (!(p > 0 && p < 1)) return p === 0 ? low : p === 1 ? high : Number.NaN
  const [a, b] = [(low - loc) / scale, (high - loc) / scale]
  if (b < 0) return -quantile(1 - p, -loc, scale, -high, -low)
  if (a > 0) {
    const whole = Math.expm1(-logFall(a, (high - low) / scale))
    const x = low + scale * stepDown(a, -Math.log1p(p * whole))
    return Math.min(x, high)
  }
  const below = ndtr(a) + p * middleMass(a, b)
  const z = below <= 0.5 ? ndtri(below) : -ndtri(ndtr(-b) + (1 - p) * middleMass(a, b))
  return Math.min(Math.max(loc + scale * z, low), high)
}

/** loc + scale (h(a) − h(b)). */
export const mean = (loc: number, scale: number, low: number, high: number): number => {
  if (isNarrow(loc, scale, low, high)) return moments(loc, scale, low, high)[0]
  const [fromLow, fromHigh] = hazards(loc, scale, low, high)
  return loc + scale * (fromLow - fromHigh)
}

/** scale² (1 + a h(a) − b h(b) − (h(a) − h(b))²). */
export const variance = (loc: number, scale: number, low: number, high: number): number => {
  if (isNarrow(loc, scale, low, high)) return moments(loc, scale, low, high)[1]
  const [a, b] = [(low - loc) / scale, (high - loc) / scale]
  if (b < 0) return variance(-loc, scale, -high, -low)
  // Far out in an unbounded tail the sum cancels; there it is the asymptotic series 1/a² − 6/a⁴ + 50/a⁶ − ….
  if (a > 100 && b === Infinity) return (scale / a) ** 2 * (1 - 6 / a ** 2 + 50 / a ** 4)
  const [fromLow, fromHigh] = hazards(loc, scale, low, high)
  return scale * scale * (1 + times(a, fromLow) - times(b, fromHigh) - (fromLow - fromHigh) ** 2)
}

/** log scale + log Z + ½ log 2πe + ½ (a h(a) − b h(b)). */
export const entropy = (loc: number, scale: number, low: number, high: number): number => {
  const [a, b] = [(low - loc) / scale, (high - loc) / scale]
  if (b < 0) return entropy(-loc, scale, -high, -low)
  const [fromLow, fromHigh] = hazards(loc, scale, low, high)
  const spread = 0.5 * (times(a, fromLow) - times(b, fromHigh))
  const constant = Math.log(scale) + HALF_LOG_2PI + 0.5
  return a > 0
    ? constant + tailMass(a, b, (high - low) / scale) + (spread - 0.5 * a * a)
    : constant + Math.log(middleMass(a, b)) + spread
}

/** h(a) and h(b): the densities of z at its ends. */
const hazards = (loc: number, scale: number, low: number, high: number): readonly [number, number] => {
  const [a, b] = [(low - loc) / scale, (high - loc) / scale]
  if (b < 0) {
    const [fromHigh, fromLow] = hazards(-loc, scale, -high, -low)
    return [fromLow, fromHigh]
  }
  const density = (t: number) => Math.exp(-0.5 * t * t - HALF_LOG_2PI)
  if (a <= 0) return [density(a) / middleMass(a, b), density(b) / middleMass(a, b)]
  const width = (high - low) / scale
  const log = -HALF_LOG_2PI - tailMass(a, b, width)
  return [Math.exp(log), Math.exp(log - 0.5 * width * (a + b))]
}

/** Z where a ≤ 0 ≤ b. */
const middleMass = (a: number, b: number): number => 1 - ndtr(a) - ndtr(-b)

/** log Z + a²/2 where 0 < a < b, which is `width` away. */
const tailMass = (a: number, b: number, width: number): number =>
  Math.log(0.5 * erfcx(a * Math.SQRT1_2)) + (b === Infinity ? 0 : log1mexp(logFall(a, width)))

/** log Q(a) − log Q(a + step), with Q = 1 − Φ, for a, step ≥ 0. */
const logFall = (a: number, step: number): number =>
  step === Infinity
    ? Infinity
    : 0.5 * step * (2 * a + step) + Math.log(erfcx(a * Math.SQRT1_2) / erfcx((a + step) * Math.SQRT1_2))

/** The step by which log Q falls from a by `fall`, by Newton's method; log Q is concave, and the start is beyond. */
const stepDown = (a: number, fall: number): number => {
  const hazard = (t: number) => SQRT_2_OVER_PI / erfcx(t * Math.SQRT1_2)
  const h = hazard(a)
  let step = (2 * fall) / (h + Math.sqrt(h * h + 2 * fall))
  for (let i = 0; i < 20; i++) {
    const change = (fall - logFall(a, step)) / hazard(a + step)
    step += change
    if (Math.abs(change) <= 1e-14 * step) break
  }
  return step
}

/** Whether the density varies so little between the ends that their differences cancel. */
const isNarrow = (loc: number, scale: number, low: number, high: number): boolean => {
  const farthest = Math.max(Math.abs(low - loc), Math.abs(high - loc)) / scale
  return ((high - low) / scale) * Math.max(farthest, 1) < 3
}

/** Mean and variance by Gauss and Legendre's rule of ten points. */
const moments = (loc: number, scale: number, low: number, high: number): readonly [number, number] => {
  const [middle, half] = [0.5 * (low + high), 0.5 * (high - low)]
  let [total, first, second] = [0, 0, 0]
  NODES.forEach(([node, weight]) => {
    for (const t of [-node, node]) {
      // The exponent is that of φ(z) less that at the middle.
      const mass = weight * Math.exp((-0.5 * t * half * (2 * (middle - loc) + t * half)) / (scale * scale))
      total += mass
      first += mass * t
      second += mass * t * t
    }
  })
  const center = first / total
  return [middle + half * center, half * half * (second / total - center * center)]
}

/** x · y, and 0 where y is 0 and x infinite. */
const times = (x: number, y: number): number => (y === 0 ? 0 : x * y)

const SQRT_2_OVER_PI = 0.7978845608028654

/** Half of the nodes, which are symmetric, with their weights (DLMF 3.5.1, table 3.5.2). */
const NODES = [
  [0.14887433898163122, 0.2955242247147528],
  [0.4333953941292472, 0.2692667193099965],
  [0.6794095682990244, 0.219086362515982],
  [0.8650633666889845, 0.1494513491505804],
  [0.9739065285171717, 0.06667134430868814],
] as const
