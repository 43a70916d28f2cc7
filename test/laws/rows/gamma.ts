/** The gamma distribution and what is made of gammas. */
import { Beta } from "../../../src/distributions/Beta.ts"
import { Chi2 } from "../../../src/distributions/Chi2.ts"
import { ContinuousBernoulli } from "../../../src/distributions/ContinuousBernoulli.ts"
import { Dirichlet } from "../../../src/distributions/Dirichlet.ts"
import { Gamma } from "../../../src/distributions/Gamma.ts"
import { InverseGamma } from "../../../src/distributions/InverseGamma.ts"
import { InverseGaussian } from "../../../src/distributions/InverseGaussian.ts"
import { StudentT } from "../../../src/distributions/StudentT.ts"
import type { Params, Row } from "../families.ts"
import { type Grid, line, mapped, simplexGrid } from "../grid.ts"

const num = (p: Params, name: string): number => p[name] as number

/** Equal pieces of log x, from `low` to `high`. */
const logarithmic = (low: number, high: number, n = 4000): Grid =>
  mapped(Math.log(low), Math.log(high), n, Math.exp, Math.exp)

/** Equal pieces of log x/(1 − x), as fine at both ends of [0, 1]. */
const logistic = (range: number): Grid => {
  const x = (t: number) => 1 / (1 + Math.exp(-t))
  return mapped(-range, range, 4001, x, (t) => x(t) * x(-t))
}

const badOf = (parameter: string, params: Params) => [
  { params: { ...params, [parameter]: 0 }, parameter, found: "0" },
  { params: { ...params, [parameter]: -1 }, parameter, found: "-1" },
  { params: { ...params, [parameter]: Number.NaN }, parameter, found: "NaN" },
]
const badShapeRate = [
  ...badOf("concentration", { concentration: 1, rate: 1 }),
  ...badOf("rate", { concentration: 1, rate: 1 }),
]
const notPositive = [0, -1, Infinity, -Infinity, Number.NaN]

export const gammaRows: ReadonlyArray<Row> = [
  {
    name: "Gamma",
    make: ({ concentration, rate }) => Gamma({ concentration: concentration!, rate: rate! }),
    params: [
      { concentration: 3, rate: 2 },
      { concentration: 0.6, rate: 0.5 },
      { concentration: 60, rate: 20 },
    ],
    grid: (p) => {
      const c = num(p, "concentration")
      const low = c * Math.exp(-10 / Math.sqrt(c) - 14 / c)
      return logarithmic(low / num(p, "rate"), (30 + 2 * c) / num(p, "rate"))
    },
    outside: notPositive,
    bad: badShapeRate,
    exactDraws: true,
    fit: Gamma.fit,
    statistics: Gamma.sufficientStatistics,
  },
  {
    name: "Chi2",
    make: ({ df }) => Chi2({ df: df! }),
    params: [{ df: 5 }, { df: 2 }, { df: 1.5 }],
    grid: () => logarithmic(1e-10, 70),
    outside: notPositive,
    bad: badOf("df", {}),
    exactDraws: true,
    fit: Chi2.fit,
    statistics: Chi2.sufficientStatistics,
  },
  {
    name: "InverseGamma",
    make: ({ concentration, rate }) => InverseGamma({ concentration: concentration!, rate: rate! }),
    params: [
      { concentration: 12, rate: 6 },
      { concentration: 9, rate: 20 },
      { concentration: 100, rate: 50 },
    ],
    grid: (p) => logarithmic(0.003 * num(p, "rate"), 3 * num(p, "rate")),
    outside: notPositive,
    bad: badShapeRate,
    exactDraws: true,
    fit: InverseGamma.fit,
    statistics: InverseGamma.sufficientStatistics,
  },
  {
    name: "Beta",
    make: ({ concentration1, concentration0 }) =>
      Beta({ concentration1: concentration1!, concentration0: concentration0! }),
    params: [
      { concentration1: 2, concentration0: 3 },
      { concentration1: 0.8, concentration0: 1.5 },
      { concentration1: 60, concentration0: 40 },
    ],
    grid: (p) => logistic(3 + 12 / Math.sqrt(Math.min(num(p, "concentration1"), num(p, "concentration0")))),
    outside: [-0.1, 1.1, Infinity, -Infinity, Number.NaN],
    bad: [
      ...badOf("concentration1", { concentration1: 1, concentration0: 1 }),
      ...badOf("concentration0", { concentration1: 1, concentration0: 1 }),
    ],
    exactDraws: true,
    fit: Beta.fit,
    statistics: Beta.sufficientStatistics,
  },
  {
    name: "Dirichlet",
    make: ({ concentration }) => Dirichlet({ concentration: concentration! }),
    params: [{ concentration: [3, 4, 2.5] }, { concentration: [6, 3, 5] }],
    grid: () => simplexGrid(200),
    outside: [
      [0.5, 0.6, 0.2],
      [-0.1, 0.6, 0.5],
      [Number.NaN, 0.5, 0.5],
    ],
    bad: [
      { params: { concentration: [1, 0, 2] }, parameter: "concentration", found: "0" },
      { params: { concentration: [1, 2, -1] }, parameter: "concentration", found: "-1" },
      { params: { concentration: [1, Number.NaN] }, parameter: "concentration", found: "NaN" },
    ],
    exactDraws: true,
    fit: Dirichlet.fit,
    statistics: Dirichlet.sufficientStatistics,
  },
  {
    name: "StudentT",
    make: ({ df, loc, scale }) => StudentT({ df: df!, loc: loc!, scale: scale! }),
    params: [
      { df: 12, loc: 0, scale: 1 },
      { df: 9, loc: -3, scale: 0.2 },
      { df: 40, loc: 20, scale: 4 },
    ],
    // In t, where x = loc + scale · sinh t: the tails are those of a power.
    grid: (p) =>
      mapped(
        -5.5,
        5.5,
        4001,
        (t) => num(p, "loc") + num(p, "scale") * Math.sinh(t),
        (t) => num(p, "scale") * Math.cosh(t),
      ),
    outside: [],
    bad: [
      ...badOf("df", { df: 1, loc: 0, scale: 1 }),
      ...badOf("scale", { df: 1, loc: 0, scale: 1 }),
      { params: { df: 1, loc: Number.NaN, scale: 1 }, parameter: "loc", found: "NaN" },
    ],
    exactDraws: true,
  },
  {
    name: "InverseGaussian",
    make: ({ loc, concentration }) => InverseGaussian({ loc: loc!, concentration: concentration! }),
    params: [
      { loc: 1, concentration: 2 },
      { loc: 3, concentration: 20 },
      { loc: 0.5, concentration: 0.8 },
    ],
    fit: InverseGaussian.fit,
    statistics: InverseGaussian.sufficientStatistics,
    grid: (p) => logarithmic(0.01 * num(p, "loc"), 40 * num(p, "loc")),
    outside: notPositive,
    bad: [
      ...badOf("loc", { loc: 1, concentration: 1 }),
      ...badOf("concentration", { loc: 1, concentration: 1 }),
    ],
    exactDraws: true,
  },
  {
    name: "ContinuousBernoulli(logits)",
    make: ({ logits }) => ContinuousBernoulli({ logits: logits! }),
    params: [{ logits: 1.5 }, { logits: -4 }, { logits: 0 }, { logits: 40 }],
    grid: () => line(0, 1, 4000),
    outside: [-0.1, 1.1, Infinity, -Infinity, Number.NaN],
    bad: [
      { params: { logits: Number.NaN }, parameter: "logits", found: "NaN" },
      { params: { logits: Infinity }, parameter: "logits", found: "Infinity" },
    ],
    exactDraws: true,
    fit: ContinuousBernoulli.fit,
    statistics: ContinuousBernoulli.sufficientStatistics,
  },
  {
    name: "ContinuousBernoulli(probs)",
    make: ({ probs }) => ContinuousBernoulli({ probs: probs! }),
    params: [{ probs: 0.3 }, { probs: 0.9 }, { probs: 0.5 }],
    grid: () => line(0, 1, 4000),
    outside: [-0.1, 1.1, Infinity, -Infinity, Number.NaN],
    bad: [
      { params: { probs: 0 }, parameter: "probs", found: "0" },
      { params: { probs: 1 }, parameter: "probs", found: "1" },
      { params: { probs: Number.NaN }, parameter: "probs", found: "NaN" },
    ],
    exactDraws: true,
  },
]
