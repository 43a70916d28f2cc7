/** The derivatives of the error function's kin, of one float64, where the formula as it stands cancels. */
import { erfcx, erfinv } from "./erf.ts"

/** erf′(x) = 2/√π · exp(−x²). */
export const erfSlope = (x: number): number => TWO_OVER_SQRT_PI * Math.exp(-x * x)

/** erfinv′(x) = √π/2 · exp(erfinv(x)²). */
export const erfinvSlope = (x: number): number => {
  const y = erfinv(x)
  return Math.exp(y * y) / TWO_OVER_SQRT_PI
}

/**
 * erfcx′(x) = 2x erfcx(x) − 2/√π, negative. The two cancel as 1/(2x²); beyond 50 it is the derivative of the
 * asymptotic series (DLMF 7.12.1): −(1/√π)(1/x² − 3/(2x⁴) + 15/(4x⁶) − 105/(8x⁸) + …).
 */
export const erfcxSlope = (x: number): number => {
  if (x > 50) {
    const y = 1 / (x * x)
    return -0.5 * TWO_OVER_SQRT_PI * y * (1 - y * (1.5 - y * (3.75 - y * 13.125)))
  }
  return 2 * x * erfcx(x) - TWO_OVER_SQRT_PI
}

/**
 * erfcx″(x) = 2 erfcx(x) + 2x erfcx′(x), positive, from the same series beyond 50: (1/√π)(2/x³ − 6/x⁵ + 45/(2x⁷) − …).
 */
export const erfcxCurve = (x: number): number => {
  if (x > 50) {
    const y = 1 / (x * x)
    return (TWO_OVER_SQRT_PI * y * (1 - y * (3 - y * (11.25 - y * 52.5)))) / x
  }
  return 2 * (erfcx(x) + x * erfcxSlope(x))
}

const TWO_OVER_SQRT_PI = 1.1283791670955126
