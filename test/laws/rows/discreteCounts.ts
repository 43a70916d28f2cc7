/** Families of counts without a bound, of integers, and of counts with more zeros. */
import { Binomial } from "../../../src/distributions/Binomial.ts"
import { DiscreteUniform } from "../../../src/distributions/DiscreteUniform.ts"
import { Geometric } from "../../../src/distributions/Geometric.ts"
import {
  GammaPoisson,
  NegativeBinomial,
  NegativeBinomial2,
} from "../../../src/distributions/NegativeBinomial.ts"
import { Poisson } from "../../../src/distributions/Poisson.ts"
import { ZeroInflated } from "../../../src/distributions/ZeroInflated.ts"
import type { Params, Row } from "../families.ts"
import { points } from "../grid.ts"
import { badLogits, badPositive, badProbs, logitsOf, notCounts, upTo } from "./discreteParts.ts"

const num = (p: Params, name: string): number => p[name] as number

export const discreteCounts: ReadonlyArray<Row> = [
  {
    name: "Geometric(probs)",
    make: ({ probs }) => Geometric({ probs: probs! }),
    params: [{ probs: 0.4 }, { probs: 0.9 }, { probs: 0.2 }],
    grid: (p) => upTo(Math.ceil(-21 / Math.log1p(-num(p, "probs")))),
    outside: notCounts,
    bad: badProbs({}),
    exactDraws: true,
    fit: Geometric.fit,
    statistics: Geometric.sufficientStatistics,
  },
  {
    name: "Geometric(logits)",
    make: ({ logits }) => Geometric({ logits: logits! }),
    params: [{ logits: -0.5 }, { logits: 2 }],
    grid: () => upTo(45),
    outside: notCounts,
    bad: badLogits({}),
    exactDraws: true,
    fit: (x, w) => logitsOf(() => Geometric.fit(x, w)),
    statistics: Geometric.sufficientStatistics,
  },
  {
    name: "DiscreteUniform",
    make: ({ low, high }) => DiscreteUniform({ low: low!, high: high! }),
    params: [
      { low: 1, high: 6 },
      { low: -3, high: 4 },
      { low: 1000, high: 1003 },
      { low: 5, high: 5 },
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
    params: [{ rate: 2.5 }, { rate: 0.1 }, { rate: 40 }, { rate: 0 }],
    grid: (p) => upTo(Math.ceil(num(p, "rate") + 8 * Math.sqrt(num(p, "rate")) + 12)),
    outside: notCounts,
    bad: badPositive("rate", {}).filter(({ found }) => found !== "0"),
    exactDraws: true,
    fit: Poisson.fit,
    statistics: Poisson.sufficientStatistics,
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
]
