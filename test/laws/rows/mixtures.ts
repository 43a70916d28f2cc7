/** Mixtures: of the cells of one distribution, and of distributions of several families. */
import * as tf from "@tensorflow/tfjs-core"
import { Categorical } from "../../../src/distributions/Categorical.ts"
import { Gamma } from "../../../src/distributions/Gamma.ts"
import { HalfNormal } from "../../../src/distributions/HalfNormal.ts"
import { Laplace } from "../../../src/distributions/Laplace.ts"
import { Mixture } from "../../../src/distributions/Mixture.ts"
import { MixtureSameFamily } from "../../../src/distributions/MixtureSameFamily.ts"
import { MultivariateNormal } from "../../../src/distributions/MultivariateNormal.ts"
import { Normal } from "../../../src/distributions/Normal.ts"
import { Poisson } from "../../../src/distributions/Poisson.ts"
import { StudentT } from "../../../src/distributions/StudentT.ts"
import { Uniform } from "../../../src/distributions/Uniform.ts"
import { numbersOf, type Params, type Row } from "../families.ts"
import { type Grid, line, mapped, points } from "../grid.ts"

const num = (p: Params, name: string): number => p[name] as number
const all = (p: Params, name: string): ReadonlyArray<number> => numbersOf(p[name]!)

/** From `widths` scales below the lowest component to as many above the highest. */
const across = (p: Params, widths: number): Grid => {
  const scale = Math.max(...all(p, "scale"))
  return line(Math.min(...all(p, "loc")) - widths * scale, Math.max(...all(p, "loc")) + widths * scale, 8000)
}

/** Equal pieces of log x. */
const logarithmic = (low: number, high: number): Grid =>
  mapped(Math.log(low), Math.log(high), 8000, Math.exp, Math.exp)

/** From each end to the next, where a density jumps. */
const pieces = (ends: ReadonlyArray<number>): Grid => {
  const sorted = ends.toSorted((a, b) => a - b)
  const lines = sorted.slice(1).map((end, i) => line(sorted[i]!, end, 2000))
  return {
    events: lines.flatMap(({ events }) => events),
    weights: lines.flatMap(({ weights }) => weights),
    discrete: false,
  }
}

const notPositive = [0, -1, Infinity, -Infinity, Number.NaN]

const badWeights = (others: Params) => [
  { params: { ...others, probs: [0.5, 0.6, 0] }, parameter: "mixing.probs", found: "0.6" },
  { params: { ...others, probs: [Number.NaN, 1, 0] }, parameter: "mixing.probs", found: "NaN" },
]

export const mixtures: ReadonlyArray<Row> = [
  {
    name: "MixtureSameFamily(Normal)",
    make: ({ loc, scale, probs }) =>
      MixtureSameFamily(Categorical({ probs: probs! }), Normal({ loc: loc!, scale: scale! })),
    params: [
      { loc: [-1, 0.5, 1], scale: [0.7, 1, 0.4], probs: [0.2, 0.5, 0.3] },
      { loc: [-3, 0, 4], scale: [0.5, 1, 0.1], probs: [0.6, 0, 0.4] },
      { loc: [50], scale: [4], probs: [1] },
    ],
    grid: (p) => across(p, 8),
    outside: [],
    bad: [
      {
        params: { loc: [0, 1], scale: [1, 0], probs: [0.5, 0.5] },
        parameter: "components.scale",
        found: "0",
      },
      {
        params: { loc: [0, Number.NaN], scale: 1, probs: [0.5, 0.5] },
        parameter: "components.loc",
        found: "NaN",
      },
      ...badWeights({ loc: [0, 1, 2], scale: [1, 1, 1] }),
    ],
    exactDraws: true,
  },
  {
    name: "MixtureSameFamily(Gamma)",
    make: ({ concentration, rate, logits }) =>
      MixtureSameFamily(
        Categorical({ logits: logits! }),
        Gamma({ concentration: concentration!, rate: rate! }),
      ),
    params: [
      { concentration: [3, 8], rate: [2, 2], logits: [0.5, 0] },
      { concentration: [0.6, 30], rate: [0.5, 5], logits: [1, 2] },
      { concentration: [2, 4, 1], rate: [1, 3, 2], logits: [-Infinity, 1, 0] },
    ],
    grid: () => logarithmic(1e-12, 60),
    outside: notPositive,
    bad: [
      {
        params: { concentration: [1, -1], rate: [1, 1], logits: [0, 0] },
        parameter: "components.concentration",
        found: "-1",
      },
      {
        params: { concentration: [1, 1], rate: [1, 1], logits: [0, Infinity] },
        parameter: "mixing.logits",
        found: "Infinity",
      },
    ],
    exactDraws: true,
  },
  {
    name: "MixtureSameFamily(Poisson)",
    make: ({ rate, probs }) => MixtureSameFamily(Categorical({ probs: probs! }), Poisson({ rate: rate! })),
    params: [
      { rate: [1, 8, 3], probs: [0.2, 0.3, 0.5] },
      { rate: [0.1, 20, 5], probs: [0.7, 0.3, 0] },
    ],
    grid: () => points(Array.from({ length: 81 }, (_, i) => [i])),
    outside: [-1, 0.5, Infinity, -Infinity, Number.NaN],
    bad: [
      { params: { rate: [1, -2, 1], probs: [0.2, 0.3, 0.5] }, parameter: "components.rate", found: "-2" },
      ...badWeights({ rate: [1, 1, 1] }),
    ],
    exactDraws: true,
  },
  {
    name: "MixtureSameFamily(MultivariateNormal)",
    make: ({ loc, scaleTril, probs }) =>
      MixtureSameFamily(
        Categorical({ probs: probs! }),
        MultivariateNormal({
          loc: loc!,
          // One factor for all the components of a cell.
          scaleTril:
            scaleTril instanceof tf.Tensor && scaleTril.rank > 2 ? tf.expandDims(scaleTril, -3) : scaleTril!,
        }),
      ),
    params: [
      {
        loc: [
          [-1, 0],
          [1, 0.5],
        ],
        scaleTril: [
          [1, 0],
          [0.5, 0.7],
        ],
        probs: [0.4, 0.6],
      },
      {
        loc: [
          [-2, 1],
          [2, -1],
        ],
        scaleTril: [
          [0.8, 0],
          [-0.5, 0.6],
        ],
        probs: [1, 0],
      },
    ],
    grid: () => {
      const side = line(-8, 8, 91)
      return {
        events: side.events.flatMap(([x]) => side.events.map(([y]) => [x!, y!])),
        weights: side.weights.flatMap((v) => side.weights.map((w) => v * w)),
        discrete: false,
      }
    },
    outside: [],
    bad: [
      {
        params: {
          loc: [
            [0, 0],
            [0, Number.NaN],
          ],
          scaleTril: [
            [1, 0],
            [0, 1],
          ],
          probs: [0.5, 0.5],
        },
        parameter: "components.loc",
        found: "NaN",
      },
    ],
    exactDraws: false,
  },
  {
    name: "MixtureSameFamily(Uniform)",
    make: ({ low, high, probs }) =>
      MixtureSameFamily(Categorical({ probs: probs! }), Uniform({ low: low!, high: high! })),
    params: [
      { low: [0, 0.5], high: [1.5, 4], probs: [0.3, 0.7] },
      { low: [-2, 1], high: [-1, 2], probs: [0.5, 0.5] },
    ],
    grid: (p) => pieces([...all(p, "low"), ...all(p, "high")]),
    outside: [-100, 100, Infinity, -Infinity, Number.NaN],
    bad: [
      {
        params: { low: [0, Number.NaN], high: [1, 1], probs: [0.5, 0.5] },
        parameter: "components.low",
        found: "NaN",
      },
    ],
    exactDraws: true,
    movingSupport: true,
  },
  {
    name: "Mixture(Normal, Laplace, StudentT)",
    make: ({ loc, scale, df, logits }) =>
      Mixture(Categorical({ logits: logits! }), [
        Normal({ loc: loc!, scale: scale! }),
        Laplace({ loc: 0, scale: scale! }),
        StudentT({ df: df!, loc: loc!, scale: 1 }),
      ]),
    params: [
      { loc: 0.8, scale: 0.7, df: 6, logits: [0, 0.5, -0.3] },
      { loc: -3, scale: 2, df: 9, logits: [1, 1, -Infinity] },
    ],
    grid: ({ loc }) =>
      mapped(
        -9,
        9,
        8000,
        (t) => (loc as number) + Math.sinh(t),
        (t) => Math.cosh(t),
      ),
    outside: [],
    bad: [
      {
        params: { loc: 0, scale: 0, df: 3, logits: [0, 0, 0] },
        parameter: "components[0].scale",
        found: "0",
      },
      { params: { loc: 0, scale: 1, df: -1, logits: [0, 0, 0] }, parameter: "components[2].df", found: "-1" },
      {
        params: { loc: 0, scale: 1, df: 3, logits: [0, Number.NaN, 0] },
        parameter: "mixing.logits",
        found: "NaN",
      },
    ],
    exactDraws: true,
  },
  {
    name: "Mixture(HalfNormal, Gamma)",
    make: ({ scale, concentration, probs }) =>
      Mixture(Categorical({ probs: probs! }), [
        HalfNormal({ scale: scale! }),
        Gamma({ concentration: concentration!, rate: 2 }),
      ]),
    params: [
      { scale: 1.5, concentration: 3, probs: [0.4, 0.6] },
      { scale: 0.2, concentration: 0.7, probs: [0, 1] },
    ],
    grid: (p) => logarithmic(1e-14, Math.max(10 * num(p, "scale"), 25)),
    outside: notPositive,
    bad: [
      {
        params: { scale: 1, concentration: 0, probs: [0.5, 0.5] },
        parameter: "components[1].concentration",
        found: "0",
      },
      { params: { scale: 1, concentration: 1, probs: [0.5, 0.6] }, parameter: "mixing.probs", found: "0.6" },
    ],
    exactDraws: true,
  },
]
