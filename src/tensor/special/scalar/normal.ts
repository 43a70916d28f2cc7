/**
 * The standard normal's density φ, cumulative distribution Φ and quantile, of one float64. The lower tail is kept relatively: Φ(x) from erfc, log Φ(x) from erfcx, whose exponential is taken out. The
 * quantile is M. J. Wichura's "Algorithm AS 241" (Applied Statistics 37, 1988, 477–484), as in `erfinv`.
 */
import { erfc, erfcx, erfinv, upperQuantile } from "./erf.ts"

/** φ(x) = exp(−x²/2)/√2π. */
export const normalDensity = (x: number): number => INV_SQRT_2PI * Math.exp(-0.5 * x * x)

/** Φ(x), relative error below 1e-13 for x > −37. */
export const ndtr = (x: number): number => 0.5 * erfc(-x * Math.SQRT1_2)

/** log Φ(x), about −x²/2 − log(−x√2π) at −∞ and −φ(x)/x at ∞. */
export const logNdtr = (x: number): number =>
  x < -1 ? Math.log(0.5 * erfcx(-x * Math.SQRT1_2)) - 0.5 * x * x : Math.log1p(-0.5 * erfc(x * Math.SQRT1_2))

/** φ(x)/Φ(x), the derivative of log Φ: the hazard rate of −x. */
export const normalHazard = (x: number): number => SQRT_2_OVER_PI / erfcx(-x * Math.SQRT1_2)

/**
 * The derivative of the hazard, −h(x + h), in (−1, 0). Far below 0 the sum cancels; there it is the derivative of the
 * asymptotic series (DLMF 7.12.1): −1 + 1/x² − 6/x⁴ + 50/x⁶ − ….
 */
export const normalHazardSlope = (x: number): number => {
  if (x < -50) {
    const y = 1 / (x * x)
    return -1 + y * (1 - y * (6 - y * 50))
  }
  const h = normalHazard(x)
  return h === 0 ? 0 : -h * (x + h)
}

/** Φ⁻¹(p): ±∞ at 1 and 0, NaN outside [0, 1]. Relative error below 1e-15 but for p within 1e-16 of ½. */
export const ndtri = (p: number): number => {
  const q = p - 0.5
  if (Math.abs(q) <= 0.425) return Math.SQRT2 * erfinv(2 * q)
  return q < 0 ? -upperQuantile(p) : upperQuantile(1 - p)
}

/** dΦ⁻¹/dp = 1/φ(Φ⁻¹(p)), infinite at 0 and 1. */
export const ndtriSlope = (p: number): number => {
  const x = ndtri(p)
  return Math.exp(0.5 * x * x) / INV_SQRT_2PI
}

const INV_SQRT_2PI = 0.3989422804014327
const SQRT_2_OVER_PI = 0.7978845608028654
