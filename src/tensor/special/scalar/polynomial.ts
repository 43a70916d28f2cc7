/**
 * Small tools that the other files of this folder share: Horner's rule, and log(1 + x) − x.
 */

/** Σ cᵢ xⁱ, coefficients from the constant term up. */
export const poly = (c: ReadonlyArray<number>, x: number): number => {
  let sum = 0
  for (let i = c.length - 1; i >= 0; i--) sum = sum * x + c[i]!
  return sum
}

/**
 * log(1 + x) − x for x > −1, which is −x²/2 near 0, where the difference as it stands has no digit left. There, with
 * r = x/(2 + x), it is −x·r + 2(r³/3 + r⁵/5 + …), from log(1 + x) = 2 artanh r. Relative error below 1e-15.
 */
export const log1pMinus = (x: number): number => {
  if (!(Math.abs(x) < 0.4)) return x === Number.POSITIVE_INFINITY ? -x : Math.log1p(x) - x
  const r = x / (2 + x)
  const r2 = r * r
  return -x * r + 2 * r * r2 * poly(ARTANH, r2)
}

const ARTANH = Array.from({ length: 11 }, (_, i) => 1 / (2 * i + 3))
