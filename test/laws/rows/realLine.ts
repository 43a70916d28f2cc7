/** The families of one number given by quantiles, on the reals, half-lines and intervals; and the random walk. */
import { AsymmetricLaplace } from "../../../src/distributions/AsymmetricLaplace.ts"
import { Cauchy } from "../../../src/distributions/Cauchy.ts"
import { Exponential } from "../../../src/distributions/Exponential.ts"
import { GaussianRandomWalk } from "../../../src/distributions/GaussianRandomWalk.ts"
import { Gumbel } from "../../../src/distributions/Gumbel.ts"
import { HalfCauchy } from "../../../src/distributions/HalfCauchy.ts"
import { Kumaraswamy } from "../../../src/distributions/Kumaraswamy.ts"
import { Laplace } from "../../../src/distributions/Laplace.ts"
import { Logistic } from "../../../src/distributions/Logistic.ts"
import { LogitNormal } from "../../../src/distributions/LogitNormal.ts"
import { LogUniform } from "../../../src/distributions/LogUniform.ts"
import { Pareto } from "../../../src/distributions/Pareto.ts"
import { SoftLaplace } from "../../../src/distributions/SoftLaplace.ts"
import { Weibull } from "../../../src/distributions/Weibull.ts"
import type { Params, Row } from "../families.ts"
import { type Grid, line, mapped } from "../grid.ts"

const num = (p: Params, name: string): number => p[name] as number

/** From `below` scales under loc to `above` over it; an odd number of cells, so that one has its middle at loc. */
const around = (p: Params, below: number, above = below, n = 4001): Grid =>
  line(num(p, "loc") - below * num(p, "scale"), num(p, "loc") + above * num(p, "scale"), n)

/** From `low` on in t, where x = loc + scale · sinh t: as heavy a tail as a Cauchy's falls off exponentially in t. */
const hyperbolic = (loc: number, scale: number, low: number): Grid =>
  mapped(
    low,
    18,
    6001,
    (t) => loc + scale * Math.sinh(t),
    (t) => scale * Math.cosh(t),
  )

/** Where a walk of two steps is, the second place being the wider spread. */
const plane = (scale: number): Grid => {
  const [first, second] = [line(-7 * scale, 7 * scale, 81), line(-10 * scale, 10 * scale, 115)]
  return {
    events: first.events.flatMap(([x]) => second.events.map(([y]) => [x!, y!])),
    weights: first.weights.flatMap((v) => second.weights.map((w) => v * w)),
    discrete: false,
  }
}

const badOf = (parameter: string, params: Params) => [
  { params: { ...params, [parameter]: 0 }, parameter, found: "0" },
  { params: { ...params, [parameter]: -1 }, parameter, found: "-1" },
  { params: { ...params, [parameter]: Number.NaN }, parameter, found: "NaN" },
]
const badLocScale = [
  ...badOf("scale", { loc: 0, scale: 1 }),
  { params: { loc: Number.NaN, scale: 1 }, parameter: "loc", found: "NaN" },
]
const locScale: ReadonlyArray<Params> = [
  { loc: 0, scale: 1 },
  { loc: -3, scale: 0.2 },
  { loc: 50, scale: 4 },
]
const notPositive = [0, -1, Infinity, -Infinity, Number.NaN]

export const realLine: ReadonlyArray<Row> = [
  {
    name: "Laplace",
    make: ({ loc, scale }) => Laplace({ loc: loc!, scale: scale! }),
    params: locScale,
    grid: (p) => around(p, 17),
    outside: [],
    bad: badLocScale,
    exactDraws: true,
  },
  {
    name: "Cauchy",
    make: ({ loc, scale }) => Cauchy({ loc: loc!, scale: scale! }),
    params: locScale,
    grid: (p) => hyperbolic(num(p, "loc"), num(p, "scale"), -18),
    outside: [],
    bad: badLocScale,
    exactDraws: true,
    heavyTails: true,
  },
  {
    name: "Logistic",
    make: ({ loc, scale }) => Logistic({ loc: loc!, scale: scale! }),
    params: locScale,
    grid: (p) => around(p, 22),
    outside: [],
    bad: badLocScale,
    exactDraws: true,
  },
  {
    name: "Gumbel",
    make: ({ loc, scale }) => Gumbel({ loc: loc!, scale: scale! }),
    params: locScale,
    grid: (p) => around(p, 4, 20),
    outside: [],
    bad: badLocScale,
    exactDraws: true,
  },
  {
    name: "SoftLaplace",
    make: ({ loc, scale }) => SoftLaplace({ loc: loc!, scale: scale! }),
    params: locScale,
    grid: (p) => around(p, 17),
    outside: [],
    bad: badLocScale,
    exactDraws: true,
  },
  {
    name: "AsymmetricLaplace",
    make: ({ loc, scale, asymmetry }) =>
      AsymmetricLaplace({ loc: loc!, scale: scale!, asymmetry: asymmetry! }),
    params: [
      { loc: 0, scale: 1, asymmetry: 1.3 },
      { loc: -3, scale: 0.2, asymmetry: 0.6 },
      { loc: 50, scale: 4, asymmetry: 1 },
    ],
    grid: (p) => around(p, 24, 24, 8001),
    outside: [],
    bad: [
      ...badOf("scale", { loc: 0, scale: 1, asymmetry: 1 }),
      ...badOf("asymmetry", { loc: 0, scale: 1, asymmetry: 1 }),
      { params: { loc: Number.NaN, scale: 1, asymmetry: 1 }, parameter: "loc", found: "NaN" },
    ],
    exactDraws: true,
  },
  {
    name: "HalfCauchy",
    make: ({ scale }) => HalfCauchy({ scale: scale! }),
    params: [{ scale: 1 }, { scale: 0.03 }, { scale: 20 }],
    grid: (p) => hyperbolic(0, num(p, "scale"), 0),
    outside: notPositive,
    bad: badOf("scale", { scale: 1 }),
    exactDraws: true,
    heavyTails: true,
  },
  {
    name: "Exponential",
    make: ({ rate }) => Exponential({ rate: rate! }),
    params: [{ rate: 1 }, { rate: 30 }, { rate: 0.05 }],
    fit: Exponential.fit,
    statistics: Exponential.sufficientStatistics,
    grid: (p) => line(0, 17 / num(p, "rate"), 4000),
    outside: notPositive,
    bad: badOf("rate", { rate: 1 }),
    exactDraws: true,
  },
  {
    name: "Pareto",
    make: ({ scale, alpha }) => Pareto({ scale: scale!, alpha: alpha! }),
    params: [
      { scale: 1, alpha: 12 },
      { scale: 30, alpha: 15 },
      { scale: 0.02, alpha: 20 },
    ],
    fit: Pareto.fit,
    statistics: Pareto.sufficientStatistics,
    // x = scale · eᵗ, where t is exponential.
    grid: ({ scale, alpha }) => {
      const x = (t: number) => (scale as number) * Math.exp(t)
      return mapped(0, 17 / (alpha as number), 8000, x, x)
    },
    outside: [0, -1, 0.019, Infinity, -Infinity, Number.NaN],
    bad: [...badOf("scale", { scale: 1, alpha: 3 }), ...badOf("alpha", { scale: 1, alpha: 3 })],
    exactDraws: false,
    movingSupport: true,
    wider: { scale: 0.8, alpha: 10 },
  },
  {
    name: "Weibull",
    make: ({ scale, concentration }) => Weibull({ scale: scale!, concentration: concentration! }),
    params: [
      { scale: 1, concentration: 1.5 },
      { scale: 30, concentration: 4 },
      { scale: 0.02, concentration: 0.8 },
    ],
    // log x = log scale + t, where −t is a Gumbel of scale 1/concentration.
    grid: ({ scale, concentration }) => {
      const x = (t: number) => (scale as number) * Math.exp(t)
      return mapped(-18 / (concentration as number), 3.2 / (concentration as number), 6000, x, x)
    },
    outside: notPositive,
    bad: [
      ...badOf("scale", { scale: 1, concentration: 3 }),
      ...badOf("concentration", { scale: 1, concentration: 3 }),
    ],
    exactDraws: false,
  },
  {
    name: "Kumaraswamy",
    make: ({ concentration1, concentration0 }) =>
      Kumaraswamy({ concentration1: concentration1!, concentration0: concentration0! }),
    params: [
      { concentration1: 2, concentration0: 3 },
      { concentration1: 5, concentration0: 1.5 },
      { concentration1: 1, concentration0: 1 },
    ],
    grid: () => line(0, 1, 20_000),
    outside: [-0.1, 1.1, Infinity, -Infinity, Number.NaN],
    bad: [
      ...badOf("concentration1", { concentration1: 2, concentration0: 3 }),
      ...badOf("concentration0", { concentration1: 2, concentration0: 3 }),
    ],
    exactDraws: false,
  },
  {
    name: "LogUniform",
    make: ({ low, high }) => LogUniform({ low: low!, high: high! }),
    params: [
      { low: 1, high: 3 },
      { low: 0.01, high: 2 },
      { low: 10, high: 10.25 },
    ],
    grid: (p) => mapped(Math.log(num(p, "low")), Math.log(num(p, "high")), 4000, Math.exp, Math.exp),
    outside: [-100, 0, 100, Infinity, -Infinity, Number.NaN],
    bad: [
      ...badOf("low", { low: 1, high: 2 }),
      { params: { low: 1, high: 1 }, parameter: "high", found: "high − low = 0" },
      { params: { low: 2, high: 1 }, parameter: "high", found: "high − low = -1" },
      { params: { low: 1, high: Infinity }, parameter: "high", found: "Infinity" },
    ],
    exactDraws: false,
    movingSupport: true,
    wider: { low: 0.8, high: 5 },
  },
  {
    name: "LogitNormal",
    make: ({ loc, scale }) => LogitNormal({ loc: loc!, scale: scale! }),
    params: [
      { loc: 0, scale: 1 },
      { loc: 1, scale: 0.3 },
      { loc: -2, scale: 0.8 },
    ],
    fit: LogitNormal.fit,
    statistics: LogitNormal.sufficientStatistics,
    grid: () => line(0, 1, 8000),
    outside: [-0.1, 1.1, Infinity, Number.NaN],
    bad: badLocScale,
    exactDraws: false,
  },
  {
    name: "GaussianRandomWalk",
    make: ({ scale }) => GaussianRandomWalk({ scale: scale!, numSteps: 2 }),
    params: [{ scale: 1 }, { scale: 0.2 }, { scale: 30 }],
    fit: (x, w) => ({ scale: GaussianRandomWalk.fit(x, w).scale }),
    statistics: GaussianRandomWalk.sufficientStatistics,
    grid: (p) => plane(num(p, "scale")),
    outside: [],
    bad: badOf("scale", { scale: 1 }),
    exactDraws: true,
  },
]
