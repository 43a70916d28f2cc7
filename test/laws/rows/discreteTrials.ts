/** Families of trials, each of one chance or of one vector of them. */
import { Bernoulli } from "../../../src/distributions/Bernoulli.ts"
import { BetaBinomial } from "../../../src/distributions/BetaBinomial.ts"
import { Binomial } from "../../../src/distributions/Binomial.ts"
import { DirichletMultinomial } from "../../../src/distributions/DirichletMultinomial.ts"
import { Multinomial } from "../../../src/distributions/Multinomial.ts"
import type { Row } from "../families.ts"
import { type Grid, points } from "../grid.ts"
import { badLogits, badPositive, badProbs, logitsOf, logWeightsOf, notCounts, upTo } from "./discreteParts.ts"

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

const notBinary = [-1, 0.5, 2]

export const discreteTrials: ReadonlyArray<Row> = [
  {
    name: "Bernoulli(logits)",
    make: ({ logits }) => Bernoulli({ logits: logits! }),
    params: [{ logits: 0.3 }, { logits: -2 }, { logits: 4 }],
    grid: () => points([[0], [1]]),
    outside: notBinary,
    bad: badLogits({}),
    exactDraws: true,
    fit: (x, w) => logitsOf(() => Bernoulli.fit(x, w)),
    statistics: Bernoulli.sufficientStatistics,
  },
  {
    name: "Bernoulli(probs)",
    make: ({ probs }) => Bernoulli({ probs: probs! }),
    params: [{ probs: 0.3 }, { probs: 0.9 }, { probs: 0 }, { probs: 1 }],
    grid: () => points([[0], [1]]),
    outside: [...notBinary, Infinity, -Infinity, Number.NaN],
    bad: [...badProbs({}), { params: { probs: Number.NaN }, parameter: "probs", found: "NaN" }],
    exactDraws: true,
    fit: Bernoulli.fit,
    statistics: Bernoulli.sufficientStatistics,
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
    statistics: Binomial.sufficientStatistics,
  },
  {
    name: "Binomial(logits), many trials",
    make: ({ logits }) => Binomial({ totalCount: 80, logits: logits! }),
    params: [{ logits: -0.5 }, { logits: 1 }],
    grid: () => upTo(80),
    outside: [...notCounts, 81],
    bad: badLogits({}),
    exactDraws: true,
    fit: (x, w) => logitsOf(() => Binomial.fit(x, w, { totalCount: 80 })),
    statistics: Binomial.sufficientStatistics,
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
    statistics: Multinomial.sufficientStatistics,
  },
  {
    name: "Multinomial(logits)",
    make: ({ logits }) => Multinomial({ totalCount: trials, logits: logits! }),
    params: [{ logits: [0, 1, -1] }, { logits: [2, 0, 2.5] }],
    grid: () => compositions(trials),
    outside: notVectors,
    bad: [{ params: { logits: [0, Number.NaN, 0] }, parameter: "logits", found: "NaN" }],
    exactDraws: true,
    fit: (x, w) => logWeightsOf(() => Multinomial.fit(x, w, { totalCount: trials })),
    statistics: Multinomial.sufficientStatistics,
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
]
