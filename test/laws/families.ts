/**
 * Every distribution family, one row each. A row joins all the laws of this folder: the density sums to one, draws
 * follow it, moments and entropies are its integrals, shapes obey the algebra, gradients are those of the
 * expectation, bad parameters are refused, memory stays flat.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Delta } from "../../src/distributions/Delta.ts"
import type {
  Distribution,
  HasCdf,
  HasEntropy,
  HasEnumerate,
  HasIcdf,
  HasMean,
  HasMode,
  HasVariance,
  Reparameterized,
  Value,
} from "../../src/distributions/Distribution.ts"
import { HalfNormal } from "../../src/distributions/HalfNormal.ts"
import { LogNormal } from "../../src/distributions/LogNormal.ts"
import { Normal } from "../../src/distributions/Normal.ts"
import { affine, compose, exp, sigmoid, stickBreaking } from "../../src/distributions/Transform.ts"
import { Transformed } from "../../src/distributions/Transformed.ts"
import { Uniform } from "../../src/distributions/Uniform.ts"
import { type Grid, line, points, simplexGrid } from "./grid.ts"
import { built } from "./rows/built.ts"
import { directional } from "./rows/directional.ts"
import { discrete } from "./rows/discrete.ts"
import { flows } from "./rows/flows.ts"
import { gammaRows } from "./rows/gamma.ts"
import { mixtures } from "./rows/mixtures.ts"
import { realLine } from "./rows/realLine.ts"
import { truncated } from "./rows/truncated.ts"
import { vectors } from "./rows/vectors.ts"

/** What a family may be able to do besides; the laws try what is there. */
export type Able = Distribution & { readonly toEvent: (n?: number) => Distribution } & Partial<
    Pick<Reparameterized, "rsample"> &
      HasMean &
      HasVariance &
      HasMode &
      HasEntropy &
      HasCdf &
      HasIcdf &
      HasEnumerate
  >

/** Parameters of one distribution with an empty batch shape. */
export type Params = Readonly<
  Record<string, number | ReadonlyArray<number> | ReadonlyArray<ReadonlyArray<number>>>
>

/** A parameter's numbers, row by row. */
export const numbersOf = (value: Params[string]): ReadonlyArray<number> =>
  [value].flat(Infinity) as ReadonlyArray<number>

/** The parameter with each of its numbers changed; `i` counts them row by row. */
export const changed = (value: Params[string], change: (x: number, i: number) => number): Params[string] => {
  let i = 0
  const within = (part: Params[string]): Params[string] =>
    typeof part === "number" ? change(part, i++) : (part.map(within) as ReadonlyArray<number>)
  return within(value)
}

export interface Row {
  readonly name: string
  readonly make: (params: Readonly<Record<string, Value>>) => Able
  /** Each gives batch shape []. The first two have the same shapes, so that they can stand in one batch. */
  readonly params: ReadonlyArray<Params>
  /** Where to integrate, or every value. */
  readonly grid: (params: Params) => Grid
  /** Events that score −∞, whatever the parameters. */
  readonly outside: ReadonlyArray<number | ReadonlyArray<number>>
  /** Parameters that are refused: the name of the one at fault, and how the message shows it. */
  readonly bad: ReadonlyArray<{ readonly params: Params; readonly parameter: string; readonly found: string }>
  /** Draws made by rounding the same way everywhere, so that they agree between backends bit for bit. */
  readonly exactDraws: boolean
  /** Draws that are sums of terms of both signs: near zero it is their absolute error that is small. */
  readonly summedDraws?: true
  /**
   * Tails too heavy for moments: those of draws are not compared, and gradients are those of the expectation of a
   * function that levels off.
   */
  readonly heavyTails?: true
  /** Draws whose gradient is a substitute's: it is not that of the expectation. */
  readonly biased?: true
  /** Parameters that two members must share for their divergence to have a closed form. */
  readonly alike?: ReadonlyArray<string>
  /** A support that moves with the parameters, which the score does not see. */
  readonly movingSupport?: true
  /** Parameters whose distribution covers that of the first ones; 1.2 times those where it is left out. */
  readonly wider?: Params
  /** The family's weighted maximum-likelihood estimate: parameters for `make`. */
  readonly fit?: (values: tf.Tensor, weights?: tf.Tensor) => Readonly<Record<string, tf.Tensor>>
  /** An exponential family's sufficient statistics. */
  readonly statistics?: (values: tf.Tensor) => Readonly<Record<string, tf.Tensor>>
}

const badScale = (others: Params) => [
  { params: { ...others, scale: 0 }, parameter: "scale", found: "0" },
  { params: { ...others, scale: -1 }, parameter: "scale", found: "-1" },
  { params: { ...others, scale: Number.NaN }, parameter: "scale", found: "NaN" },
]
const badLoc = [{ params: { loc: Number.NaN, scale: 1 }, parameter: "loc", found: "NaN" }]

const num = (p: Params, name: string): number => p[name] as number
const around = (p: Params, widths: number): Grid =>
  line(num(p, "loc") - widths * num(p, "scale"), num(p, "loc") + widths * num(p, "scale"), 4000)

export const families: ReadonlyArray<Row> = [
  {
    name: "Normal",
    make: ({ loc, scale }) => Normal({ loc: loc!, scale: scale! }),
    params: [
      { loc: 0, scale: 1 },
      { loc: -3, scale: 0.2 },
      { loc: 50, scale: 4 },
    ],
    fit: Normal.fit,
    statistics: Normal.sufficientStatistics,
    grid: (p) => around(p, 8),
    // The reals are not masked: what is no number scores as the formula has it.
    outside: [],
    bad: [...badScale({ loc: 0 }), ...badLoc],
    exactDraws: true,
  },
  {
    name: "LogNormal",
    make: ({ loc, scale }) => LogNormal({ loc: loc!, scale: scale! }),
    params: [
      { loc: 0, scale: 0.5 },
      { loc: 1, scale: 0.1 },
      { loc: -2, scale: 0.7 },
    ],
    fit: LogNormal.fit,
    statistics: LogNormal.sufficientStatistics,
    grid: (p) => line(0, Math.exp(num(p, "loc") + 6 * num(p, "scale")), 8000),
    outside: [0, -1, Infinity, -Infinity, Number.NaN],
    bad: [...badScale({ loc: 0 }), ...badLoc],
    exactDraws: false,
  },
  {
    name: "HalfNormal",
    make: ({ scale }) => HalfNormal({ scale: scale! }),
    params: [{ scale: 1 }, { scale: 0.03 }, { scale: 20 }],
    fit: HalfNormal.fit,
    statistics: HalfNormal.sufficientStatistics,
    grid: (p) => line(0, 8 * num(p, "scale"), 4000),
    outside: [0, -1, Infinity, -Infinity, Number.NaN],
    bad: badScale({}),
    exactDraws: true,
  },
  {
    name: "Uniform",
    make: ({ low, high }) => Uniform({ low: low!, high: high! }),
    params: [
      { low: 0, high: 1 },
      { low: -0.5, high: 4 },
      { low: 10, high: 10.25 },
    ],
    fit: Uniform.fit,
    grid: (p) => line(num(p, "low"), num(p, "high"), 4000),
    outside: [-100, 100, Infinity, -Infinity, Number.NaN],
    bad: [
      { params: { low: 1, high: 1 }, parameter: "high", found: "high − low = 0" },
      { params: { low: 1, high: -2 }, parameter: "high", found: "high − low = -3" },
      { params: { low: Number.NaN, high: 1 }, parameter: "low", found: "NaN" },
      { params: { low: 0, high: Infinity }, parameter: "high", found: "Infinity" },
    ],
    exactDraws: true,
    movingSupport: true,
    wider: { low: -0.5, high: 1.5 },
  },
  {
    name: "Delta",
    make: ({ value }) => Delta({ value: value! }),
    params: [{ value: 2 }, { value: -0.3 }],
    grid: (p) => points([[num(p, "value")]]),
    outside: [1, Infinity, Number.NaN],
    bad: [{ params: { value: Number.NaN }, parameter: "value", found: "NaN" }],
    exactDraws: true,
    movingSupport: true,
  },
  {
    name: "Transformed(Normal, sigmoid)",
    make: ({ loc, scale }) => Transformed(Normal({ loc: loc!, scale: scale! }), sigmoid),
    params: [
      { loc: 0, scale: 1 },
      { loc: 1, scale: 0.3 },
    ],
    grid: () => line(0, 1, 4000),
    outside: [-0.1, 1.1, Infinity, Number.NaN],
    bad: badScale({ loc: 0 }),
    exactDraws: false,
  },
  {
    name: "Transformed(Normal, exp ∘ affine)",
    make: ({ loc, scale }) => Transformed(Normal({ loc: 0.5, scale: 1 }), compose(affine(loc!, scale!), exp)),
    params: [
      { loc: 0, scale: 0.5 },
      { loc: 1, scale: -0.2 },
    ],
    grid: (p) => line(0, Math.exp(num(p, "loc") + 6 * Math.abs(num(p, "scale"))), 8000),
    outside: [0, -1, Infinity, Number.NaN],
    bad: [{ params: { loc: 0, scale: 0 }, parameter: "transform.inner.scale", found: "0" }],
    exactDraws: false,
  },
  {
    name: "Transformed(Normal.toEvent, stickBreaking)",
    make: ({ loc, scale }) => {
      const base = Normal({ loc: loc!, scale: scale! })
      return Transformed(base.toEvent(1), stickBreaking)
    },
    params: [
      { loc: [0, 0], scale: [1, 0.8] },
      { loc: [0.5, -0.3], scale: [0.7, 1] },
    ],
    grid: () => simplexGrid(150),
    outside: [
      [0.5, 0.6, 0.2],
      [-0.1, 0.6, 0.5],
      [Number.NaN, 0.5, 0.5],
    ],
    bad: [{ params: { loc: [0, 0], scale: [1, -1] }, parameter: "scale", found: "-1" }],
    exactDraws: false,
  },
  ...directional,
  ...discrete,
  ...realLine,
  ...truncated,
  ...flows,
  ...gammaRows,
  ...mixtures,
  ...vectors,
  ...built,
]

/** The parameters as tensors of one distribution. */
export const tensors = (params: Params): Record<string, tf.Tensor> =>
  Object.fromEntries(Object.entries(params).map(([name, value]) => [name, tf.tensor(value as tf.TensorLike)]))
