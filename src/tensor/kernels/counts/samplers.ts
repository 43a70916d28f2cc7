/**
 * Exact samplers of one number, in float64, from a stream of uniform ones.
 *
 * - Gamma: G. Marsaglia and W. W. Tsang, "A simple method for generating gamma variables", ACM Transactions on
 *   Mathematical Software 26 (2000), 363–372.
 * - Poisson and binomial: inversion at small means; else the transformed rejection with squeeze of W. Hörmann, PTRS
 *   ("The transformed rejection method for generating Poisson random variables", Insurance: Mathematics and Economics
 *   12 (1993), 39–45) and BTRS ("The generation of binomial random variates", Journal of Statistical Computation and
 *   Simulation 46 (1993), 101–110).
 *
 * Parameters that are none give NaN, and no loop without end.
 */
import { binomialLogMass, type Chance, poissonLogMass } from "./saddle.ts"
import type { Stream } from "./stream.ts"

/** log of a Gamma(shape, 1) draw: a draw itself underflows at small shapes, where its logarithm is about −1/shape. */
export const drawLogGamma = (random: Stream, shape: number): number =>
  // A draw at shape + 1 times U^(1/shape).
  shape < 1 && shape > 0
    ? drawLogGamma(random, shape + 1) + Math.log(random.uniform()) / shape
    : Math.log(drawGamma(random, shape))

/** A Gamma(shape, 1) draw, for a shape from 1 up. */
export const drawGamma = (random: Stream, shape: number): number => {
  if (!(shape >= 1 && shape < Number.POSITIVE_INFINITY)) return Number.NaN
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = random.normal()
    const root = 1 + c * x
    if (root <= 0) continue
    const v = root * root * root
    const u = random.uniform()
    // Below this bound the inequality holds, and nearly all draws are: it saves their logarithms.
    if (u < 1 - 0.0331 * x ** 4 || Math.log(u) < 0.5 * x * x + d * (1 - v + Math.log(v))) return d * v
  }
}

/** A Poisson draw. */
export const drawPoisson = (random: Stream, rate: number): number => {
  if (!(rate >= 0 && rate < Number.POSITIVE_INFINITY)) return Number.NaN
  return rate < 10 ? invertPoisson(random.uniform(), rate) : rejectPoisson(random, rate)
}

/** The number of successes in `n` trials of chance p. */
export const drawBinomial = (random: Stream, n: number, chance: Chance): number => {
  const { p, q } = chance
  if (!(n >= 0 && n < Number.POSITIVE_INFINITY && p >= 0 && q >= 0)) return Number.NaN
  // The rarer outcome is counted.
  const rare = Math.min(p, q)
  const found = n * rare < 10 ? invertBinomial(random.uniform(), n, rare) : rejectBinomial(random, n, rare)
  return p <= q ? found : n - found
}

/** The number of failures before the first success: the largest k with qᵏ ≥ u. */
export const drawGeometric = (random: Stream, chance: Chance): number =>
  chance.p >= 0 && chance.q >= 0 ? Math.floor(Math.log(random.uniform()) / chance.logQ) : Number.NaN

const invertPoisson = (u: number, rate: number): number => {
  let mass = Math.exp(-rate)
  let below = mass
  let k = 0
  // Where rounding leaves the sum short of u, the masses have vanished.
  while (u > below && mass > 0) {
    k++
    mass *= rate / k
    below += mass
  }
  return k
}

const invertBinomial = (u: number, n: number, p: number): number => {
  const odds = p / (1 - p)
  let mass = Math.exp(n * Math.log1p(-p))
  let below = mass
  let k = 0
  while (u > below && k < n && mass > 0) {
    k++
    mass *= (odds * (n - k + 1)) / k
    below += mass
  }
  return k
}

const rejectPoisson = (random: Stream, rate: number): number => {
  const b = 0.931 + 2.53 * Math.sqrt(rate)
  const a = -0.059 + 0.02483 * b
  const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4)
  const squeeze = 0.9277 - 3.6224 / (b - 2)
  for (;;) {
    const u = random.uniform() - 0.5
    const v = random.uniform()
    const us = 0.5 - Math.abs(u)
    const k = Math.floor(((2 * a) / us + b) * u + rate + 0.43)
    if (us >= 0.07 && v <= squeeze) return k
    if (k < 0 || (us < 0.013 && v > us)) continue
    if (Math.log((v * inverseAlpha) / (a / (us * us) + b)) <= poissonLogMass(k, rate)) return k
  }
}

const rejectBinomial = (random: Stream, n: number, p: number): number => {
  const spread = Math.sqrt(n * p * (1 - p))
  const b = 1.15 + 2.53 * spread
  const a = -0.0873 + 0.0248 * b + 0.01 * p
  const alpha = (2.83 + 5.1 / b) * spread
  const squeeze = 0.92 - 4.2 / b
  const chance: Chance = { p, q: 1 - p, logP: Math.log(p), logQ: Math.log1p(-p) }
  const mode = Math.floor((n + 1) * p)
  const highest = binomialLogMass(mode, n - mode, chance)
  for (;;) {
    const u = random.uniform() - 0.5
    const v = random.uniform()
    const us = 0.5 - Math.abs(u)
    const k = Math.floor(((2 * a) / us + b) * u + n * p + 0.5)
    if (us >= 0.07 && v <= squeeze) return k
    if (k < 0 || k > n) continue
    const height = Math.log((v * alpha) / (a / (us * us) + b))
    if (height <= binomialLogMass(k, n - k, chance) - highest) return k
  }
}
