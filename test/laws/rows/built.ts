/** Distributions built from others, where all of the batch counts and nothing is censored; and lists of atoms. */
import * as tf from "@tensorflow/tfjs-core"
import { Bernoulli } from "../../../src/distributions/Bernoulli.ts"
import { Categorical } from "../../../src/distributions/Categorical.ts"
import { IntervalCensored, LeftCensored, RightCensored } from "../../../src/distributions/Censored.ts"
import { Delta } from "../../../src/distributions/Delta.ts"
import { Dirichlet } from "../../../src/distributions/Dirichlet.ts"
import type { Distribution, Value } from "../../../src/distributions/Distribution.ts"
import { Empirical } from "../../../src/distributions/Empirical.ts"
import { Exponential } from "../../../src/distributions/Exponential.ts"
import { LogNormal } from "../../../src/distributions/LogNormal.ts"
import { Masked } from "../../../src/distributions/Masked.ts"
import { MultivariateNormal } from "../../../src/distributions/MultivariateNormal.ts"
import { Normal } from "../../../src/distributions/Normal.ts"
import { Poisson } from "../../../src/distributions/Poisson.ts"
import { simplex } from "../../../src/distributions/Support.ts"
import { Weibull } from "../../../src/distributions/Weibull.ts"
import type { Params, Row } from "../families.ts"
import { type Grid, line, points } from "../grid.ts"

const num = (p: Params, name: string): number => p[name] as number
const around = (p: Params): Grid =>
  line(num(p, "loc") - 8 * num(p, "scale"), num(p, "loc") + 8 * num(p, "scale"), 4000)
const normals = [
  { loc: 0, scale: 1 },
  { loc: -3, scale: 0.2 },
]
const badNormal: Row["bad"] = [
  { params: { loc: 0, scale: -1 }, parameter: "scale", found: "-1" },
  { params: { loc: Number.NaN, scale: 1 }, parameter: "loc", found: "NaN" },
]

/** The log-weights of a batch with the atoms first: the laws stack their parameters along a new first dimension. */
const atomsFirst = (weights: Value): Value => {
  if (!(weights instanceof tf.Tensor) || weights.rank < 2) return weights
  const n = weights.rank - 1
  return tf.transpose(weights, [n, ...Array.from({ length: n }, (_, i) => i)])
}

const weights: ReadonlyArray<Params> = [
  { logWeights: [0, 1, -1, 0.5] },
  { logWeights: [2, -Infinity, 0.3, 1.2] },
]
const badWeights: Row["bad"] = [
  { params: { logWeights: [0, 1, Number.NaN, 0] }, parameter: "logWeights", found: "NaN" },
  { params: { logWeights: [0, 1, Infinity, 0] }, parameter: "logWeights", found: "Infinity" },
  {
    params: { logWeights: [-Infinity, -Infinity, -Infinity, -Infinity] },
    parameter: "logWeights",
    found: "-Infinity",
  },
]
const vectors = [
  [0.2, 0.3, 0.5],
  [0.5, 0.25, 0.25],
  [0.2, 0.5, 0.3],
  [0.5, 0.25, 0.25],
]

export const built: ReadonlyArray<Row> = [
  {
    name: "Masked(Normal)",
    make: ({ loc, scale }) => Masked(Normal({ loc: loc!, scale: scale! }), true),
    params: normals,
    grid: around,
    outside: [],
    bad: badNormal,
    exactDraws: true,
  },
  {
    name: "Masked(Categorical)",
    make: ({ probs }) => Masked(Categorical({ probs: probs! }), true),
    params: [{ probs: [0.2, 0.3, 0.5] }, { probs: [0.9, 0, 0.1] }],
    grid: () => points([[0], [1], [2]]),
    outside: [-1, 3, 0.5, Number.NaN],
    bad: [{ params: { probs: [0.5, 0.6] }, parameter: "probs", found: "0.6" }],
    exactDraws: true,
  },
  {
    name: "LeftCensored(Normal)",
    make: ({ loc, scale }) => LeftCensored(Normal({ loc: loc!, scale: scale! }), 0),
    params: normals,
    grid: around,
    outside: [],
    bad: badNormal,
    exactDraws: true,
  },
  {
    name: "RightCensored(Exponential)",
    make: ({ rate }) => RightCensored(Exponential({ rate: rate! }), 0),
    params: [{ rate: 1 }, { rate: 0.05 }],
    grid: (p) => line(0, 30 / num(p, "rate"), 8000),
    outside: [-1, Infinity, Number.NaN],
    bad: [{ params: { rate: 0 }, parameter: "rate", found: "0" }],
    exactDraws: false,
  },
  {
    name: "IntervalCensored(Weibull)",
    make: ({ concentration, scale }) =>
      IntervalCensored(Weibull({ concentration: concentration!, scale: scale! })),
    params: [
      { scale: 2, concentration: 1.5 },
      { scale: 0.4, concentration: 3 },
    ],
    grid: (p) => {
      const { events, ...rest } = line(0, 7 * num(p, "scale"), 8000)
      return { ...rest, events: events.map(([x]) => [x!, x!]) }
    },
    outside: [
      [-1, -1],
      [2, 1],
      [-2, -1],
      [0, 0],
    ],
    bad: [{ params: { scale: -1, concentration: 1 }, parameter: "scale", found: "-1" }],
    exactDraws: false,
  },
  {
    name: "IntervalCensored(Poisson)",
    make: ({ rate }) => IntervalCensored(Poisson({ rate: rate! })),
    params: [{ rate: 3 }, { rate: 0.4 }],
    grid: () => points(Array.from({ length: 40 }, (_, i) => [i, i])),
    outside: [
      [-1, -1],
      [0.5, 0.5],
      [3, 1],
    ],
    bad: [{ params: { rate: -1 }, parameter: "rate", found: "-1" }],
    exactDraws: true,
  },
  {
    name: "Empirical(numbers)",
    make: ({ logWeights }) => Empirical({ samples: [0.5, 2, 2, -1], logWeights: atomsFirst(logWeights!) }),
    params: weights,
    grid: () => points([[0.5], [2], [-1]]),
    outside: [0, 1.9999999, Infinity, Number.NaN],
    bad: badWeights,
    exactDraws: true,
  },
  {
    name: "Empirical(vectors)",
    make: ({ logWeights }) =>
      Empirical({ samples: vectors, logWeights: atomsFirst(logWeights!), support: simplex }),
    params: weights,
    grid: () => points(vectors.slice(0, 3)),
    outside: [
      [0.3, 0.2, 0.5],
      [Number.NaN, 0.3, 0.5],
    ],
    bad: badWeights,
    exactDraws: true,
  },
]

const delta = Delta({ value: 2, logDensity: -0.3 })
const vector = Delta({ value: [0.5, -1], logDensity: [0.1, 0.2] }).toEvent(1)

/** A point's grid: with respect to a measure that gives the point its whole probability. */
const pointGrid = (event: ReadonlyArray<number>, logDensity: number): Grid => ({
  ...points([event]),
  weights: [Math.exp(-logDensity)],
})

/** A point against any other. */
export const builtCrosses: ReadonlyArray<{
  readonly title: string
  readonly p: Distribution
  readonly q: Distribution
  readonly grid: Grid
}> = [
  ...(
    [
      Normal({ loc: 1, scale: 3 }),
      LogNormal({ loc: 0, scale: 1 }),
      Poisson({ rate: 3 }),
      Categorical({ probs: [0.2, 0.3, 0.5] }),
      // Where q cannot be.
      Bernoulli({ probs: 0.5 }),
      Empirical({ samples: [1, 2] }),
      Delta({ value: 2, logDensity: -2 }),
    ] as ReadonlyArray<Distribution>
  ).map((q) => ({ title: `Delta ‖ ${q.family}`, p: delta, q, grid: pointGrid([2], -0.3) })),
  ...[
    Normal({ loc: [0, 1], scale: 2 }).toEvent(1),
    MultivariateNormal({
      loc: [0, 0],
      scaleTril: [
        [1, 0],
        [0.5, 2],
      ],
    }),
  ].map((q) => ({
    title: `Independent(Delta) ‖ ${q.family}`,
    p: vector,
    q,
    grid: pointGrid([0.5, -1], 0.3),
  })),
  {
    title: "Delta on the simplex ‖ Dirichlet",
    // Against a density the divergence has no sign of its own: that of the point is a matter of its measure.
    p: Delta({ value: [0.2, 0.3, 0.5], logDensity: 5, support: simplex }),
    q: Dirichlet({ concentration: [2, 3, 4] }),
    grid: pointGrid([0.2, 0.3, 0.5], 5),
  },
]
