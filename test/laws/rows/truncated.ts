/** Truncated distributions: the normal between two ends, above one and below one; and others. */
import { Cauchy } from "../../../src/distributions/Cauchy.ts"
import { Exponential } from "../../../src/distributions/Exponential.ts"
import { Gamma } from "../../../src/distributions/Gamma.ts"
import { Gumbel } from "../../../src/distributions/Gumbel.ts"
import { Truncated } from "../../../src/distributions/Truncated.ts"
import { TruncatedNormal } from "../../../src/distributions/TruncatedNormal.ts"
import type { Params, Row } from "../families.ts"
import { line, mapped } from "../grid.ts"

const num = (p: Params, name: string): number => p[name] as number

const bad = (others: Params, ...ends: ReadonlyArray<"low" | "high">): Row["bad"] => [
  { params: { ...others, scale: 0 }, parameter: "scale", found: "0" },
  { params: { ...others, scale: -1 }, parameter: "scale", found: "-1" },
  { params: { ...others, loc: Number.NaN }, parameter: "loc", found: "NaN" },
  ...ends.map((end) => ({ params: { ...others, [end]: Infinity }, parameter: end, found: "Infinity" })),
]

export const truncated: ReadonlyArray<Row> = [
  {
    name: "TruncatedNormal(low, high)",
    make: ({ loc, scale, low, high }) =>
      TruncatedNormal({ loc: loc!, scale: scale!, low: low!, high: high! }),
    params: [
      { loc: 0, scale: 1, low: -0.5, high: 2 },
      { loc: -3, scale: 2, low: 1, high: 1.5 },
      { loc: 0, scale: 1, low: -9, high: -8 },
      { loc: 0, scale: 1, low: 9, high: 9.5 },
    ],
    grid: ({ low, high }) => line(low as number, high as number, 20_000),
    outside: [-100, 100, Infinity, -Infinity, Number.NaN],
    bad: [
      ...bad({ loc: 0, scale: 1, low: 0, high: 1 }, "low", "high"),
      { params: { loc: 0, scale: 1, low: 1, high: 1 }, parameter: "high", found: "high − low = 0" },
    ],
    exactDraws: true,
    movingSupport: true,
  },
  {
    name: "TruncatedNormal(low)",
    make: ({ loc, scale, low }) => TruncatedNormal({ loc: loc!, scale: scale!, low: low! }),
    params: [
      { loc: 0, scale: 1, low: 1 },
      { loc: 1, scale: 0.5, low: -0.2 },
      { loc: 0, scale: 1, low: 12 },
    ],
    grid: (p) => {
      const [loc, scale, low] = [num(p, "loc"), num(p, "scale"), num(p, "low")]
      // Far out it is nearly exponential, of rate (low − loc)/scale².
      const width =
        low > loc + 5 * scale ? (20 * scale * scale) / (low - loc) : 9 * scale + Math.max(loc - low, 0)
      return line(low, low + width, 8000)
    },
    outside: [-100, Infinity, -Infinity, Number.NaN],
    bad: bad({ loc: 0, scale: 1, low: 0 }, "low"),
    exactDraws: true,
    movingSupport: true,
    wider: { loc: 0, scale: 1.2, low: 0.8 },
  },
  {
    name: "TruncatedNormal(high)",
    make: ({ loc, scale, high }) => TruncatedNormal({ loc: loc!, scale: scale!, high: high! }),
    params: [
      { loc: 0, scale: 1, high: 1 },
      { loc: 1, scale: 0.5, high: 0.4 },
    ],
    grid: (p) => line(num(p, "high") - 10 * num(p, "scale"), num(p, "high"), 8000),
    outside: [100, Infinity, -Infinity, Number.NaN],
    bad: bad({ loc: 0, scale: 1, high: 0 }, "high"),
    exactDraws: true,
    movingSupport: true,
  },
  {
    name: "Truncated(Gumbel, low, high)",
    make: ({ loc, scale, low, high }) =>
      Truncated(Gumbel({ loc: loc!, scale: scale! }), { low: low!, high: high! }),
    params: [
      { loc: 0, scale: 1, low: -0.5, high: 2 },
      { loc: -3, scale: 2, low: -1, high: 1.5 },
    ],
    grid: ({ low, high }) => line(low as number, high as number, 4000),
    outside: [-100, 100, Infinity, -Infinity, Number.NaN],
    bad: bad({ loc: 0, scale: 1, low: 0, high: 1 }, "low", "high"),
    exactDraws: false,
    movingSupport: true,
  },
  {
    name: "Truncated(Exponential, high)",
    make: ({ rate, high }) => Truncated(Exponential({ rate: rate! }), { high: high! }),
    params: [
      { rate: 1, high: 2 },
      { rate: 3, high: 0.5 },
    ],
    grid: ({ high }) => line(0, high as number, 4000),
    outside: [-1, 100, Infinity, -Infinity, Number.NaN],
    bad: [
      { params: { rate: -1, high: 2 }, parameter: "rate", found: "-1" },
      { params: { rate: 1, high: -2 }, parameter: "high", found: "-2" },
    ],
    exactDraws: false,
    movingSupport: true,
  },
  {
    name: "Truncated(Cauchy, high)",
    make: ({ loc, scale, high }) => Truncated(Cauchy({ loc: loc!, scale: scale! }), { high: high! }),
    params: [
      { loc: 0, scale: 1, high: 0.5 },
      { loc: -2, scale: 0.3, high: -2.2 },
    ],
    grid: (p) => {
      const [loc, scale] = [num(p, "loc"), num(p, "scale")]
      return mapped(
        -18,
        Math.asinh((num(p, "high") - loc) / scale),
        8000,
        (t) => loc + scale * Math.sinh(t),
        (t) => scale * Math.cosh(t),
      )
    },
    outside: [100, Infinity, -Infinity, Number.NaN],
    bad: bad({ loc: 0, scale: 1, high: 0 }, "high"),
    exactDraws: false,
    heavyTails: true,
    movingSupport: true,
  },
  {
    name: "Truncated(Gamma, low, high)",
    make: ({ concentration, rate, low, high }) =>
      Truncated(Gamma({ concentration: concentration!, rate: rate! }), { low: low!, high: high! }),
    params: [
      { concentration: 3, rate: 2, low: 0.5, high: 2 },
      { concentration: 0.6, rate: 0.5, low: 0.01, high: 6 },
    ],
    grid: ({ low, high }) =>
      mapped(Math.log(low as number), Math.log(high as number), 4000, Math.exp, Math.exp),
    outside: [-1, 100, Infinity, -Infinity, Number.NaN],
    bad: [
      { params: { concentration: 0, rate: 2, low: 1, high: 2 }, parameter: "concentration", found: "0" },
      { params: { concentration: 1, rate: -1, low: 1, high: 2 }, parameter: "rate", found: "-1" },
      { params: { concentration: 1, rate: 1, low: -1, high: 2 }, parameter: "low", found: "-1" },
      { params: { concentration: 1, rate: 1, low: 2, high: 1 }, parameter: "high", found: "high − low = -1" },
    ],
    exactDraws: false,
    movingSupport: true,
  },
]
