/**
 * The incomplete beta function where one parameter is beyond 1e8 and the other is not large: a gamma variable's, of
 * float64s. With N = b + (a − 1)/2,
 *
 *   Iₓ(a, b) = P(a, −N log(1 − x)) + O(N⁻²)
 *
 * (M. E. Wise, "The incomplete beta function as a contour integral and a quickly converging series for its inverse",
 * Biometrika 37 (1950), 208–218). The continued fraction in 1 − x would lose the digits of x there.
 */
import { logOf } from "./betaDensity.ts"
import { gammaSlope } from "./gammaSlope.ts"

/** Whether the limit in b is to be used. */
export const isSteep = (a: number, b: number): boolean => b > 1e8 && a <= 3000

/** The gamma variable, −N log y, where y = 1 − x. */
export const gammaOf = (a: number, b: number, x: number, y: number): number => -size(a, b) * logOf(y, x)

/** dx/da at constant Iₓ(a, b). */
export const steepSlopeA = (a: number, b: number, x: number, y: number): number => {
  const z = gammaOf(a, b, x, y)
  return (y / size(a, b)) * (gammaSlope(a, z) - (0.5 * z) / size(a, b))
}

/** dx/db at constant Iₓ(a, b). */
export const steepSlopeB = (a: number, b: number, x: number, y: number): number =>
  (-y / size(a, b)) * (gammaOf(a, b, x, y) / size(a, b))

const size = (a: number, b: number): number => b + 0.5 * (a - 1)
