/**
 * The exponential integral E₁(x) = ∫ₓ^∞ e⁻ᵗ/t dt of one float64, scaled: by its series below 1 (DLMF 6.6.2) and by its
 * continued fraction above (DLMF 6.9.1, contracted).
 */

/** eˣ E₁(x) for x ≥ 0, about 1/x at large x, where both factors leave the range; ∞ at 0. Relative error below 1e-15. */
export const scaledE1 = (x: number): number => {
  if (x < 1) return Math.exp(x) * smallE1(x)
  // 1/(x + 1 − 1²/(x + 3 − 2²/(x + 5 − …))), from the inside out: at 1 the part left out is below 1e-16.
  let rest = 0
  for (let k = 90; k > 0; k--) rest = (k * k) / (x + 2 * k + 1 - rest)
  return 1 / (x + 1 - rest)
}

/** E₁(x) = −γ − log x + x − x²/(2 · 2!) + x³/(3 · 3!) − …. */
const smallE1 = (x: number): number => {
  let [sum, term] = [0, -1]
  for (let k = 1; k < 20; k++) {
    term *= -x / k
    sum += term / k
  }
  return sum - Math.log(x) - 0.5772156649015329
}
