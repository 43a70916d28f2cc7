/**
 * log |Γ(x)|, of one float64.
 *
 * - x ≥ 8: Stirling's series, NIST Digital Library of Mathematical Functions (DLMF) 5.11.1.
 * - ½ ≤ x ≤ 2½: the Taylor series at 2, DLMF 5.7.3, in which both zeros, 1 and 2, are exact; between, the recurrence.
 * - x < 0: the reflection Γ(x)Γ(1 − x) = π/sin πx.
 *
 * Relative error below 2e-15 for x > 0. On the negative axis the absolute error is below 1e-15 · (1 + the largest
 * term): near a zero there the relative error of the float32 nearest to it is still below float32's rounding.
 */
import { poly } from "./polynomial.ts"

/** log |Γ(x)|; ∞ at 0, −1, −2, …, and at ±∞. */
export const lgamma = (x: number): number => {
  if (x >= 8) return x > 1e300 ? x : (x - 0.5) * Math.log(x) - x + (HALF_LOG_2PI + stirling(x))
  if (x > 2.5) {
    let product = 1
    let z = x
    while (z > 2.5) product *= --z
    return Math.log(product) + nearTwo(z - 2)
  }
  if (x >= 1.5) return nearTwo(x - 2)
  if (x >= 0.5) return lgamma1p(x - 1)
  if (x > 0) return lgamma1p(x) - Math.log(x)
  if (Number.isNaN(x)) return x
  const distance = x - Math.round(x)
  if (distance === 0 || x === Number.NEGATIVE_INFINITY) return Number.POSITIVE_INFINITY
  return Math.log(Math.PI / Math.abs(Math.sin(Math.PI * distance))) - lgamma(1 - x)
}

/** log Γ(1 + z) for |z| ≤ ½: as good relatively near z = 0, where it is 0, as elsewhere. */
export const lgamma1p = (z: number): number => nearTwo(z) - Math.log1p(z)

/** log Γ(x) − [(x − ½) log x − x + ½ log 2π], Stirling's remainder 1/(12x) − …, for x ≥ 8. */
export const stirling = (x: number): number => {
  const y = 1 / x
  return y * poly(STIRLING, y * y)
}

/** ½ log 2π. */
export const HALF_LOG_2PI = 0.9189385332046727

// log Γ(2 + z), |z| ≤ ½
const nearTwo = (z: number): number => z * (ONE_MINUS_EULER + z * poly(ZETA, z))

const ONE_MINUS_EULER = 0.42278433509846713

/** B₂ₖ / (2k(2k − 1)). */
const STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400]

/** (−1)ᵏ (ζ(k) − 1) / k, from k = 2. */
// biome-ignore format: a table
const ZETA = [
  0.3224670334241132, -0.0673523010531981, 0.020580808427784546, -0.007385551028673986, 0.0028905103307415234,
  -0.001192753911703261, 0.0005096695247430425, -0.00022315475845357939, 9.945751278180853e-5,
  -4.492623673813314e-5, 2.050721277567069e-5, -9.439488275268397e-6, 4.374866789907488e-6,
  -2.039215753801366e-6, 9.55141213040742e-7, -4.492469198764566e-7, 2.1207184805554665e-7,
  -1.0043224823968099e-7, 4.7698101693639804e-8, -2.2711094608943164e-8, 1.0838659214896955e-8,
  -5.183475041970047e-9, 2.4836745438024785e-9,
]
