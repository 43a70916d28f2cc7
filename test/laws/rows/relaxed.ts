/** Relaxed families. */
import {
  RelaxedBernoulli,
  RelaxedBernoulliStraightThrough,
} from "../../../src/distributions/RelaxedBernoulli.ts"
import {
  RelaxedOneHotCategorical,
  RelaxedOneHotCategoricalStraightThrough,
} from "../../../src/distributions/RelaxedOneHotCategorical.ts"
import type { Row } from "../families.ts"
import { mapped, points } from "../grid.ts"
import { badLogits, badPositive, upTo } from "./discreteParts.ts"

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

export const relaxed: ReadonlyArray<Row> = [
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
