/** The distributions of the benchmark `distributions`, as plain numbers, so that every contender has the same. */

/** A million values: `[rows]` of them, or `[rows, 16]`. */
export const shapes = {
  Normal: [1_000_000],
  Gamma: [1_000_000],
  Categorical: [1_000_000],
  MultivariateNormal: [62_500, 16],
  Dirichlet: [62_500, 16],
} as const

export type Family = keyof typeof shapes

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i)

export const parameters = {
  Normal: { loc: 1, scale: 2 },
  Gamma: { concentration: 2.5, rate: 3 },
  Categorical: { logits: upTo(10).map((i) => Math.sin(i)) },
  MultivariateNormal: {
    loc: upTo(16).map((i) => i / 8),
    scaleTril: upTo(16).map((i) => upTo(16).map((j) => (j > i ? 0 : j === i ? 1 + i / 16 : 0.1))),
  },
  Dirichlet: { concentration: upTo(16).map((i) => 0.5 + i / 4) },
} as const

/** log Γ(x) for x > 0, by Stirling's series above 10: what a user of stock tfjs brings along for a constant. */
export const logGamma = (x: number): number => {
  if (x < 10) return logGamma(x + 1) - Math.log(x)
  const y = 1 / (x * x)
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + (1 / 12 - y * (1 / 360 - y / 1260)) / x
}
