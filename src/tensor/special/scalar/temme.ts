/**
 * The incomplete gamma functions at large a, and their derivative in a, of float64s. N. M. Temme's uniform asymptotic
 * expansion, DLMF 8.12: with λ = x/a, ½η² = λ − 1 − log λ, sign η = sign(λ − 1),
 *
 *   Q(a, x) = ½ erfc(η√(a/2)) + e^(−aη²/2)/√(2πa) · T,   T = Σ Cₖ(η) a⁻ᵏ
 *
 * and P the same with −η and −T. In this form it holds to 1e-11, relatively, for a ≥ 30 and |λ − 1| < 0.3.
 */
import { erfcx } from "./erf.ts"
import { stirling } from "./gamma.ts"
import { log1pMinus, poly } from "./polynomial.ts"

/** Whether the expansion is to be used. */
export const isCentral = (a: number, x: number): boolean => a >= 30 && Math.abs(x - a) < 0.3 * a

/** The tail in which x lies: Q(a, x) where x > a, else P(a, x). */
export const temmeTail = (a: number, x: number): number => {
  const phi = -a * log1pMinus((x - a) / a)
  const side = x > a ? 1 : -1
  const eta = side * Math.sqrt((2 * phi) / a)
  return (
    Math.exp(-phi) * (0.5 * erfcx(Math.sqrt(phi)) + (side * correction(a, eta)) / Math.sqrt(2 * Math.PI * a))
  )
}

/**
 * ∂Q/∂a divided by the density of Gamma(a, 1) at x, which is dx/da at constant Q. From the expansion: with
 * ∂φ/∂a = −log λ for φ = aη²/2 and ∂η/∂a = −(λ − 1)/(aη), it is λ Γ*(a) [log λ/η + (log λ − 1/(2a)) T + ∂T/∂a],
 * where log Γ*(a) is Stirling's remainder. Each e^−φ has gone.
 */
export const temmeSlope = (a: number, x: number): number => {
  const mu = (x - a) / a
  const minus = log1pMinus(mu)
  const logRatio = minus + mu
  const eta = Math.sign(mu) * Math.sqrt(-2 * minus)
  // Both quotients tend to 1 at η = 0.
  const logOverEta = eta === 0 ? 1 : logRatio / eta
  const muOverEta = eta === 0 ? 1 : mu / eta
  const bracket = logOverEta + (logRatio - 0.5 / a) * correction(a, eta) - correctionSlope(a, eta, muOverEta)
  return (1 + mu) * Math.exp(stirling(a)) * bracket
}

const correction = (a: number, eta: number): number => {
  const y = 1 / a
  return poly(C0, eta) + y * (poly(C1, eta) + y * (poly(C2, eta) + y * (poly(C3, eta) + y * poly(C4, eta))))
}

/** −∂T/∂a = (1/a) Σ (k Cₖ + Cₖ′ μ/η) a⁻ᵏ. */
const correctionSlope = (a: number, eta: number, muOverEta: number): number => {
  const y = 1 / a
  const k1 = poly(C1, eta) + muOverEta * poly(D1, eta)
  const k2 = 2 * poly(C2, eta) + muOverEta * poly(D2, eta)
  const k3 = 3 * poly(C3, eta) + muOverEta * poly(D3, eta)
  const k4 = 4 * poly(C4, eta) + muOverEta * poly(D4, eta)
  return y * (muOverEta * poly(D0, eta) + y * (k1 + y * (k2 + y * (k3 + y * k4))))
}

const derivative = (c: ReadonlyArray<number>): ReadonlyArray<number> => c.slice(1).map((v, i) => v * (i + 1))

// Taylor coefficients at η = 0 of C₀ = 1/(λ − 1) − 1/η and, by DLMF 8.12.10, Cₖ = Cₖ₋₁′/η + (−1)ᵏ gₖ/(λ − 1), where
// gₖ are those of Γ*. The nearest singularity is at |η| = 2√π; here |η| < 0.34.
// biome-ignore format: a table
const C0 = [
  -1 / 3, 1 / 12, -2 / 135, 1 / 864, 1 / 2835, -139 / 777600, 3.919263178522438e-5, -2.185448510679992e-6,
  -1.85406221071516e-6, 8.296711340953087e-7, -1.7665952736826078e-7,
]
// biome-ignore format: a table
const C1 = [
  -1 / 540, -1 / 288, 1 / 378, -0.0009902263374485596, 0.00020576131687242798, -4.018775720164609e-7,
  -1.8098550334489977e-5, 7.64916091608111e-6, -1.6120900894563446e-6,
]
// biome-ignore format: a table
const C2 = [
  25 / 6048, -139 / 51840, 0.0007716049382716049, 2.0093878600823047e-6, -0.0001073665322636516,
  5.2923448829120125e-5, -1.2760635188618728e-5,
]
const C3 = [
  101 / 155520,
  571 / 2488320,
  -0.0004691894943952557,
  0.00026772063206283885,
  -7.561801671883977e-5,
]
const C4 = [-0.0008618882909167117, 0.0007840392217200666, -0.0002990724803031902]
const [D0, D1, D2, D3, D4] = [derivative(C0), derivative(C1), derivative(C2), derivative(C3), derivative(C4)]
