/**
 * Rules ∫ f(x) dx ≈ Σ wᵢ f(xᵢ) for integrands that are analytic inside their interval, each good to about 1e-15.
 *
 * - `halfLine` and `tanhSinh` are double exponential rules, which no singularity at or beside an end disturbs: H.
 *   Takahasi and M. Mori, "Double exponential formulas for numerical integration", Publications of RIMS 9 (1974),
 *   721–741.
 * - `gaussLegendre` is for entire integrands: DLMF 3.5(v).
 */

/** Nodes and weights. */
export interface Rule {
  readonly nodes: ReadonlyArray<number>
  readonly weights: ReadonlyArray<number>
}

/** From 0 to ∞, for integrands that fall off as e⁻ˣ or faster: x = exp(t − e⁻ᵗ), in equal steps of t. */
export const halfLine: Rule = equalSteps(-3.6, 4.4, 1 / 16, (t) => {
  const x = Math.exp(t - Math.exp(-t))
  return [x, x * (1 + Math.exp(-t))]
})

/**
 * From 0 to 1: x = 1/(1 + exp(−π sinh t)). A node below ½ is as exact as a distance from 0; the node opposite is 1
 * less it.
 */
export const tanhSinh: Rule = equalSteps(-3.3, 3.3, 1 / 16, (t) => {
  const s = Math.PI * Math.sinh(t)
  const e = Math.exp(-Math.abs(s))
  return [s < 0 ? e / (1 + e) : 1 / (1 + e), (Math.PI * Math.cosh(t) * e) / (1 + e) ** 2]
})

/** From 0 to 1, `n` points: the zeros of Legendre's polynomial, by Newton's method. */
export const gaussLegendre = (n: number): Rule => {
  const nodes: Array<number> = []
  const weights: Array<number> = []
  for (let i = 0; i < n; i++) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5))
    let slope = 0
    for (let k = 0; k < 8; k++) {
      const [value, before] = legendre(n, x)
      slope = (n * (x * value - before)) / (x * x - 1)
      x -= value / slope
    }
    nodes.push(0.5 * (1 - x))
    weights.push(1 / ((1 - x * x) * slope * slope))
  }
  return { nodes, weights }
}

/** Pₙ(x) and Pₙ₋₁(x). */
const legendre = (n: number, x: number): readonly [number, number] => {
  let [before, value] = [1, x]
  for (let k = 2; k <= n; k++) [before, value] = [value, ((2 * k - 1) * x * value - (k - 1) * before) / k]
  return [value, before]
}

/** The rule of equal steps of t from `low` to `high`, where `at` gives x and dx/dt. */
function equalSteps(
  low: number,
  high: number,
  step: number,
  at: (t: number) => readonly [x: number, slope: number],
): Rule {
  const nodes: Array<number> = []
  const weights: Array<number> = []
  for (let t = low; t <= high; t += step) {
    const [x, slope] = at(t)
    nodes.push(x)
    weights.push(step * slope)
  }
  return { nodes, weights }
}
