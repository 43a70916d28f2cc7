/**
 * Logarithms and exponentials near where they vanish, of one float64: log(1 − e⁻ˣ) and its derivative.
 */

/**
 * log(1 − e⁻ˣ) for x ≥ 0; −∞ at 0, NaN below. By expm1 where e⁻ˣ is above ½ and by log1p where it is below: M. Mächler,
 * "Accurately computing log(1 − exp(−|a|))", 2012 (the vignette of R's package Rmpfr).
 */
export const log1mexp = (x: number): number =>
  x < Math.LN2 ? Math.log(-Math.expm1(-x)) : Math.log1p(-Math.exp(-x))

/** Its derivative, 1/(eˣ − 1). */
export const log1mexpSlope = (x: number): number => (x >= 0 ? 1 / Math.expm1(x) : Number.NaN)
