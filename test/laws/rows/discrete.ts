/** The rows of the families of counts and of the relaxed ones. */
import { BetaBinomial } from "../../../src/distributions/BetaBinomial.ts"
import { Binomial } from "../../../src/distributions/Binomial.ts"
import { DirichletMultinomial } from "../../../src/distributions/DirichletMultinomial.ts"
import { DiscreteUniform } from "../../../src/distributions/DiscreteUniform.ts"
import { Geometric } from "../../../src/distributions/Geometric.ts"
import { Multinomial } from "../../../src/distributions/Multinomial.ts"
import {
  GammaPoisson,
  NegativeBinomial,
  NegativeBinomial2,
} from "../../../src/distributions/NegativeBinomial.ts"
import { OrderedLogistic } from "../../../src/distributions/OrderedLogistic.ts"
import { Poisson } from "../../../src/distributions/Poisson.ts"
import {
  RelaxedBernoulli,
  RelaxedBernoulliStraightThrough,
} from "../../../src/distributions/RelaxedBernoulli.ts"
import {
  RelaxedOneHotCategorical,
  RelaxedOneHotCategoricalStraightThrough,
} from "../../../src/distributions/RelaxedOneHotCategorical.ts"
import { ZeroInflated } from "../../../src/distributions/ZeroInflated.ts"
import type { Params, Row } from "../families.ts"
import { type Grid, mapped, points } from "../grid.ts"

const notCounts = [-1, 0.5, Infinity, -Infinity, Number.NaN]

/** The counts from 0 to n. */
const upTo = (n: number): Grid => points(Array.from({ length: n + 1 }, (_, k) => [k]))

const num = (p: Params, name: string): number => p[name] as number

const badLogits = (others: Params) => [
  { params: { ...others, logits: Number.NaN }, parameter: "logits", found: "NaN" },
  { params: { ...others, logits: Infinity }, parameter: "logits", found: "Infinity" },
]
const badProbs = (others: Params) => [
  { params: { ...others, probs: -0.1 }, parameter: "probs", found: "-0.1" },
  { params: { ...others, probs: 1.5 }, parameter: "probs", found: "1.5" },
]
const badPositive = (name: string, others: Params) =>
  [0, -1, Number.NaN, Infinity].map((value) => ({
    params: { ...others, [name]: value },
    parameter: name,
    found: String(value),
  }))
const badVector = [{ params: { probs: [0.5, 0.6, 0.2] }, parameter: "probs", found: "0.6" }]

/** The vectors of three counts that sum to n. */
const compositions = (n: number): Grid =>
  points(
    Array.from({ length: n + 1 }, (_, i) => n - i).flatMap((a) =>
      Array.from({ length: n - a + 1 }, (_, i) => [a, n - a - i, i]),
    ),
  )
const trials = 6
const notVectors = [
  [1, 2, 2],
  [7, -1, 0],
  [1.5, 2.5, 2],
  [Number.NaN, 3, 3],
]

const oneHots = points([
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
])

/** [0, 1] by the logit; further out float32 has no number between the event and 1. */
const byLogit = mapped(
  -11,
  11,
  3000,
  (t) => 1 / (1 + Math.exp(-t)),
  (t) => 1 / (2 + Math.exp(t) + Math.exp(-t)),
)

/** The simplex of three by the two logits against the last. */
const bySoftmax = (() => {
  const n = 90
  const step = 30 / n
  const events: Array<ReadonlyArray<number>> = []
  const weights: Array<number> = []
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const [a, b] = [-15 + (i + 0.5) * step, -15 + (j + 0.5) * step]
      const total = Math.exp(a) + Math.exp(b) + 1
      const event = [Math.exp(a) / total, Math.exp(b) / total, 1 / total]
      events.push(event)
      weights.push(event[0]! * event[1]! * event[2]! * step * step)
    }
  }
  return { events, weights, discrete: false }
})()

export const discrete: ReadonlyArray<Row> = [
  {
    name: "Geometric(probs)",
    make: ({ probs }) => Geometric({ probs: probs! }),
    params: [{ probs: 0.4 }, { probs: 0.9 }, { probs: 0.2 }],
    grid: (p) => upTo(Math.ceil(-21 / Math.log1p(-num(p, "probs")))),
    outside: notCounts,
    bad: badProbs({}),
    exactDraws: true,
    fit: Geometric.fit,
  },
  {
    name: "Geometric(logits)",
    make: ({ logits }) => Geometric({ logits: logits! }),
    params: [{ logits: -0.5 }, { logits: 2 }],
    grid: () => upTo(45),
    outside: notCounts,
    bad: badLogits({}),
    exactDraws: true,
  },
  {
    name: "DiscreteUniform",
    make: ({ low, high }) => DiscreteUniform({ low: low!, high: high! }),
    params: [
      { low: 1, high: 6 },
      { low: -3, high: 4 },
      { low: 1000, high: 1003 },
    ],
    grid: (p) =>
      points(Array.from({ length: num(p, "high") - num(p, "low") + 1 }, (_, i) => [num(p, "low") + i])),
    outside: [-100, 2.5, 1e7, Infinity, Number.NaN],
    bad: [
      { params: { low: 1, high: -2 }, parameter: "high", found: "high − low = -3" },
      { params: { low: 0.5, high: 2 }, parameter: "low", found: "0.5" },
      { params: { low: 0, high: Infinity }, parameter: "high", found: "Infinity" },
    ],
    exactDraws: true,
    movingSupport: true,
    wider: { low: -1, high: 8 },
  },
  {
    name: "Poisson",
    make: ({ rate }) => Poisson({ rate: rate! }),
    params: [{ rate: 2.5 }, { rate: 0.1 }, { rate: 40 }],
    grid: (p) => upTo(Math.ceil(num(p, "rate") + 8 * Math.sqrt(num(p, "rate")) + 12)),
    outside: notCounts,
    bad: badPositive("rate", {}),
    exactDraws: true,
    fit: Poisson.fit,
  },
  {
    name: "Binomial(probs)",
    make: ({ probs }) => Binomial({ totalCount: 12, probs: probs! }),
    params: [{ probs: 0.3 }, { probs: 0.9 }, { probs: 0 }, { probs: 1 }],
    grid: () => upTo(12),
    outside: [...notCounts, 13],
    bad: badProbs({}),
    exactDraws: true,
    fit: (x, w) => ({ probs: Binomial.fit(x, w, { totalCount: 12 }).probs }),
  },
  {
    name: "Binomial(logits), many trials",
    make: ({ logits }) => Binomial({ totalCount: 80, logits: logits! }),
    params: [{ logits: -0.5 }, { logits: 1 }],
    grid: () => upTo(80),
    outside: [...notCounts, 81],
    bad: badLogits({}),
    exactDraws: true,
  },
  {
    name: "NegativeBinomial(probs)",
    make: ({ totalCount, probs }) => NegativeBinomial({ totalCount: totalCount!, probs: probs! }),
    params: [
      { probs: 0.4, totalCount: 3 },
      { probs: 0.2, totalCount: 0.7 },
    ],
    grid: () => upTo(60),
    outside: notCounts,
    bad: [...badProbs({ totalCount: 2 }), ...badPositive("totalCount", { probs: 0.5 })],
    exactDraws: true,
    wider: { probs: 0.3, totalCount: 3 },
    alike: ["totalCount"],
  },
  {
    name: "NegativeBinomial(logits)",
    make: ({ totalCount, logits }) => NegativeBinomial({ totalCount: totalCount!, logits: logits! }),
    params: [
      { logits: -0.3, totalCount: 4 },
      { logits: 0.5, totalCount: 1.5 },
    ],
    grid: () => upTo(90),
    outside: notCounts,
    bad: badLogits({ totalCount: 2 }),
    exactDraws: true,
    wider: { logits: 0.2, totalCount: 4 },
    alike: ["totalCount"],
  },
  {
    name: "NegativeBinomial2",
    make: ({ mean, concentration }) => NegativeBinomial2({ mean: mean!, concentration: concentration! }),
    params: [
      { mean: 3, concentration: 2 },
      { mean: 1, concentration: 10 },
      { mean: 30, concentration: 50 },
    ],
    grid: () => upTo(160),
    outside: notCounts,
    bad: [...badPositive("mean", { concentration: 1 }), ...badPositive("concentration", { mean: 1 })],
    exactDraws: true,
    wider: { mean: 4, concentration: 2 },
    alike: ["concentration"],
  },
  {
    name: "GammaPoisson",
    make: ({ concentration, rate }) => GammaPoisson({ concentration: concentration!, rate: rate! }),
    params: [
      { concentration: 2, rate: 0.8 },
      { concentration: 0.4, rate: 2 },
    ],
    grid: () => upTo(60),
    outside: notCounts,
    bad: [...badPositive("rate", { concentration: 1 }), ...badPositive("concentration", { rate: 1 })],
    exactDraws: true,
    wider: { concentration: 2, rate: 0.5 },
    alike: ["concentration"],
  },
  {
    name: "BetaBinomial",
    make: ({ concentration1, concentration0 }) =>
      BetaBinomial({ totalCount: 9, concentration1: concentration1!, concentration0: concentration0! }),
    params: [
      { concentration1: 2, concentration0: 3 },
      { concentration1: 0.3, concentration0: 0.5 },
      { concentration1: 40, concentration0: 9 },
    ],
    grid: () => upTo(9),
    outside: [...notCounts, 10],
    bad: [
      ...badPositive("concentration1", { concentration0: 1 }),
      ...badPositive("concentration0", { concentration1: 1 }),
    ],
    exactDraws: true,
  },
  {
    name: "Multinomial(probs)",
    make: ({ probs }) => Multinomial({ totalCount: trials, probs: probs! }),
    params: [{ probs: [0.2, 0.3, 0.5] }, { probs: [0.9, 0, 0.1] }],
    grid: () => compositions(trials),
    outside: notVectors,
    bad: badVector,
    exactDraws: true,
    fit: (x, w) => ({ probs: Multinomial.fit(x, w, { totalCount: trials }).probs }),
  },
  {
    name: "Multinomial(logits)",
    make: ({ logits }) => Multinomial({ totalCount: trials, logits: logits! }),
    params: [{ logits: [0, 1, -1] }, { logits: [2, 0, 2.5] }],
    grid: () => compositions(trials),
    outside: notVectors,
    bad: [{ params: { logits: [0, Number.NaN, 0] }, parameter: "logits", found: "NaN" }],
    exactDraws: true,
  },
  {
    name: "DirichletMultinomial",
    make: ({ concentration }) => DirichletMultinomial({ totalCount: trials, concentration: concentration! }),
    params: [{ concentration: [1, 2, 0.5] }, { concentration: [0.2, 0.1, 30] }],
    grid: () => compositions(trials),
    outside: notVectors,
    bad: [{ params: { concentration: [1, 0, 1] }, parameter: "concentration", found: "0" }],
    exactDraws: true,
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
  {
    name: "ZeroInflated(Poisson)",
    make: ({ rate, gate }) => ZeroInflated(Poisson({ rate: rate! }), { gate: gate! }),
    params: [
      { rate: 3, gate: 0.2 },
      { rate: 1, gate: 0.9 },
      { rate: 2, gate: 0 },
    ],
    grid: () => upTo(30),
    outside: notCounts,
    bad: [
      { params: { rate: 1, gate: 1.5 }, parameter: "gate", found: "1.5" },
      { params: { rate: -1, gate: 0.5 }, parameter: "rate", found: "-1" },
    ],
    exactDraws: true,
  },
  {
    name: "ZeroInflated(Binomial)",
    make: ({ probs, gateLogits }) =>
      ZeroInflated(Binomial({ totalCount: 5, probs: probs! }), { gateLogits: gateLogits! }),
    params: [
      { probs: 0.6, gateLogits: -1 },
      { probs: 0.3, gateLogits: 1 },
    ],
    grid: () => upTo(5),
    outside: [...notCounts, 6],
    bad: [{ params: { probs: 0.5, gateLogits: Number.NaN }, parameter: "gateLogits", found: "NaN" }],
    exactDraws: true,
  },
  {
    name: "RelaxedBernoulli",
    make: ({ logits, temperature }) => RelaxedBernoulli({ logits: logits!, temperature: temperature! }),
    params: [
      { logits: 0.5, temperature: 1.5 },
      { logits: -1, temperature: 2 },
    ],
    grid: () => byLogit,
    outside: [-0.1, 1.1, Infinity, Number.NaN],
    bad: [...badLogits({ temperature: 1 }), ...badPositive("temperature", { logits: 0 })],
    exactDraws: false,
  },
  {
    name: "RelaxedBernoulliStraightThrough",
    // The temperature has no part in the density, nor then a gradient.
    make: ({ probs }) => RelaxedBernoulliStraightThrough({ probs: probs!, temperature: 0.5 }),
    params: [{ probs: 0.3 }, { probs: 0.8 }],
    grid: () => upTo(1),
    outside: [-1, 0.5, 2, Infinity, Number.NaN],
    bad: [{ params: { probs: 1 }, parameter: "probs", found: "1" }],
    exactDraws: false,
    biased: true,
  },
  {
    name: "RelaxedOneHotCategorical",
    make: ({ logits, temperature }) =>
      RelaxedOneHotCategorical({ logits: logits!, temperature: temperature! }),
    params: [
      { logits: [0, 1, -1], temperature: 1.5 },
      { logits: [0.5, 0, 0], temperature: 2 },
    ],
    grid: () => bySoftmax,
    outside: [
      [0.5, 0.6, 0.2],
      [-0.1, 0.6, 0.5],
      [Number.NaN, 0.5, 0.5],
    ],
    bad: [
      { params: { logits: [0, Number.NaN, 0], temperature: 1 }, parameter: "logits", found: "NaN" },
      { params: { logits: [0, 0, 0], temperature: 0 }, parameter: "temperature", found: "0" },
    ],
    exactDraws: false,
  },
  {
    name: "RelaxedOneHotCategoricalStraightThrough",
    make: ({ probs }) => RelaxedOneHotCategoricalStraightThrough({ probs: probs!, temperature: 0.5 }),
    params: [{ probs: [0.2, 0.3, 0.5] }, { probs: [0.6, 0.3, 0.1] }],
    grid: () => oneHots,
    outside: [
      [0, 0, 0],
      [1, 1, 0],
      [0.2, 0.3, 0.5],
    ],
    bad: [{ params: { probs: [1, 0, 0] }, parameter: "probs", found: "[1, 0, 0]" }],
    exactDraws: false,
    biased: true,
  },
]
