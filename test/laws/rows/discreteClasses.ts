/** Families of classes. */
import { Categorical } from "../../../src/distributions/Categorical.ts"
import { OneHotCategorical } from "../../../src/distributions/OneHotCategorical.ts"
import { OrderedLogistic } from "../../../src/distributions/OrderedLogistic.ts"
import type { Params, Row } from "../families.ts"
import { type Grid, points } from "../grid.ts"
import { logWeightsOf, notCounts, upTo } from "./discreteParts.ts"

const badLogWeights = [
  { params: { logits: [0, Number.NaN] }, parameter: "logits", found: "NaN" },
  { params: { logits: [0, Infinity] }, parameter: "logits", found: "Infinity" },
  { params: { logits: [-Infinity, -Infinity] }, parameter: "logits", found: "-Infinity" },
]

const badShares = [
  { params: { probs: [0.5, 0.6] }, parameter: "probs", found: "0.6" },
  { params: { probs: [1.5, -0.5] }, parameter: "probs", found: "-0.5" },
  { params: { probs: [Number.NaN, 1] }, parameter: "probs", found: "NaN" },
]

const classes = (p: Params): ReadonlyArray<number> => (p.probs ?? p.logits) as ReadonlyArray<number>

const classGrid = (p: Params): Grid => points(classes(p).map((_, i) => [i]))

const oneHotGrid = (p: Params): Grid =>
  points(classes(p).map((_, i) => classes(p).map((_, j) => (i === j ? 1 : 0))))

export const discreteClasses: ReadonlyArray<Row> = [
  {
    name: "Categorical(logits)",
    make: ({ logits }) => Categorical({ logits: logits! }),
    params: [{ logits: [0, 1, -1] }, { logits: [2, -Infinity, 2.5] }, { logits: [0.1] }],
    grid: classGrid,
    outside: [-1, 3, 0.5, Infinity, -Infinity, Number.NaN],
    bad: badLogWeights,
    exactDraws: true,
    fit: (x, w) => logWeightsOf(() => Categorical.fit(x, w, { classes: 3 })),
    statistics: (x) => Categorical.sufficientStatistics(x, { classes: 3 }),
  },
  {
    name: "Categorical(probs)",
    make: ({ probs }) => Categorical({ probs: probs! }),
    params: [{ probs: [0.2, 0.3, 0.5] }, { probs: [0.9, 0, 0.1] }, { probs: [0, 1] }],
    grid: classGrid,
    outside: [-1, 3, 0.5, Infinity, -Infinity, Number.NaN],
    bad: badShares,
    exactDraws: true,
    fit: (x, w) => Categorical.fit(x, w, { classes: 3 }),
    statistics: (x) => Categorical.sufficientStatistics(x, { classes: 3 }),
  },
  {
    name: "OneHotCategorical(logits)",
    make: ({ logits }) => OneHotCategorical({ logits: logits! }),
    params: [{ logits: [0, 1, -1] }, { logits: [2, -Infinity, 2.5] }],
    grid: oneHotGrid,
    outside: [
      [0, 0, 0],
      [1, 1, 0],
      [0.2, 0.3, 0.5],
      [2, -1, 0],
      [Number.NaN, 1, 0],
    ],
    bad: badLogWeights,
    exactDraws: true,
    fit: (x, w) => logWeightsOf(() => OneHotCategorical.fit(x, w)),
    statistics: OneHotCategorical.sufficientStatistics,
  },
  {
    name: "OneHotCategorical(probs)",
    make: ({ probs }) => OneHotCategorical({ probs: probs! }),
    params: [{ probs: [0.2, 0.3, 0.5] }, { probs: [0.9, 0, 0.1] }],
    grid: oneHotGrid,
    outside: [
      [0, 0, 0],
      [1, 1, 0],
      [0.2, 0.3, 0.5],
    ],
    bad: badShares,
    exactDraws: true,
    fit: OneHotCategorical.fit,
    statistics: OneHotCategorical.sufficientStatistics,
  },
  {
    name: "OrderedLogistic",
    make: ({ predictor, cutpoints }) => OrderedLogistic({ predictor: predictor!, cutpoints: cutpoints! }),
    params: [
      { predictor: 0.3, cutpoints: [-1, 0.5, 2] },
      { predictor: -2, cutpoints: [-1, -0.9, 0] },
      { predictor: 1, cutpoints: [0.2] },
    ],
    grid: (p) => upTo((p.cutpoints as ReadonlyArray<number>).length),
    outside: [...notCounts, 4],
    bad: [
      { params: { predictor: Number.NaN, cutpoints: [0, 1] }, parameter: "predictor", found: "NaN" },
      { params: { predictor: 0, cutpoints: [1, 0] }, parameter: "cutpoints", found: "[1, 0]" },
    ],
    exactDraws: true,
  },
]
