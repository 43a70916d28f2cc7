/**
 * The incomplete beta function I = ∫₀ˣ p(t; a, b) dt, with p the density of Beta(a, b), and its complement, of
 * float64s: the continued fraction DLMF 8.17.22 where x < (a + 1)/(a + b + 2), and Iₓ(a, b) = 1 − I₁₋ₓ(b, a) beyond.
 * It takes about √min(a, b) steps where x is near the mean, a few where it is not; where both are above 3000, an
 * integral instead (betaIntegral.ts); where one is beyond 1e8, a gamma variable's (betaLimit.ts).
 *
 * Relative error below 1e-9 for a, b ≥ 1e-6. A smaller parameter p puts nearly all mass at one end; where the function
 * wanted is what is left of it, about p, that is a difference from 1, good to 1e-16/p.
 */
import { logPowers } from "./betaDensity.ts"
import { isWide, tail } from "./betaIntegral.ts"
import { gammaOf, isSteep } from "./betaLimit.ts"
import { gammainc, gammaincc } from "./incompleteGamma.ts"

/**
 * Iₓ(a, b) for a, b ≥ 0 and x in [0, 1]. At a = 0 or b = ∞ all the mass is at 0, at b = 0 or a = ∞ at 1; NaN where it
 * is at both, at x = 0 itself in the first case, and at x = 1 in the second.
 */
export const betainc = (a: number, b: number, x: number): number => {
  if (!isInside(a, b, x)) return edge(a, b, x, 1)
  return betaincOf(a, b, x, 1 - x)
}

/** Iₓ(a, b) for 0 < a, b < ∞, by x and y = 1 − x, both positive: near 1, x has lost the digits of y. */
export const betaincOf = (a: number, b: number, x: number, y: number): number => {
  if (isSteep(a, b)) return gammainc(a, gammaOf(a, b, x, y))
  if (isSteep(b, a)) return gammaincc(b, gammaOf(b, a, y, x))
  return isLower(a, b, x) ? lower(a, b, x, y) : Math.max(0, 1 - lower(b, a, y, x))
}

/** 1 − Iₓ(a, b), which is I₁₋ₓ(b, a) for an x whose 1 − x float32 cannot hold. */
export const betaincc = (a: number, b: number, x: number): number => {
  if (!isInside(a, b, x)) return edge(a, b, x, 0)
  if (isSteep(a, b)) return gammaincc(a, gammaOf(a, b, x, 1 - x))
  if (isSteep(b, a)) return gammainc(b, gammaOf(b, a, 1 - x, x))
  return isLower(a, b, x) ? Math.max(0, 1 - lower(a, b, x, 1 - x)) : lower(b, a, 1 - x, x)
}

/** Whether the fraction of Iₓ(a, b) itself is to be used. */
export const isLower = (a: number, b: number, x: number): boolean => x < (a + 1) / (a + b + 2)

/** Whether no argument is at an end of its range. */
export const isInside = (a: number, b: number, x: number): boolean =>
  a > 0 && b > 0 && x > 0 && x < 1 && a < Number.POSITIVE_INFINITY && b < Number.POSITIVE_INFINITY

const edge = (a: number, b: number, x: number, all: number): number => {
  if (!(a >= 0 && b >= 0 && x >= 0 && x <= 1)) return Number.NaN
  const atZero = a === 0 || b === Number.POSITIVE_INFINITY
  const atOne = b === 0 || a === Number.POSITIVE_INFINITY
  if ((atZero && (atOne || x === 0)) || (atOne && x === 1)) return Number.NaN
  return atZero || (x === 1 && !atOne) ? all : 1 - all
}

/** Iₓ(a, b) within the bound: xᵃyᵇ/B(a, b) times the fraction / a, or the integral / (xy). */
const lower = (a: number, b: number, x: number, y: number): number => {
  const head = Math.exp(logPowers(a, b, x, y))
  if (head === 0) return 0
  return isWide(a, b) ? (head / x / y) * tail(a, b, x, y) : (head / a) * fraction(a, b, x)
}

/** 1/(1 + d₁/(1 + d₂/(1 + …))), by Lentz's method: no denominator can be 0 within the bound. */
const fraction = (a: number, b: number, x: number): number => {
  let c = 1
  let d = 1 / (1 - ((a + b) * x) / (a + 1))
  let value = d
  for (let m = 1; m < LONGEST; m++) {
    const at = a + 2 * m
    const even = (m * (b - m) * x) / ((at - 1) * at)
    d = 1 / (1 + even * d)
    c = 1 + even / c
    value *= c * d
    const odd = (-(a + m) * (a + b + m) * x) / (at * (at + 1))
    d = 1 / (1 + odd * d)
    c = 1 + odd / c
    const step = c * d
    value *= step
    if (Math.abs(step - 1) <= PRECISION) break
  }
  return value
}

/** Where the fraction stops: far below float32's rounding, 6e-8. */
const PRECISION = 1e-13

/** Many times what it takes: nothing may hang. */
const LONGEST = 10000
