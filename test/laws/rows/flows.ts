/** Normalizing flows with fixed maps, their bases' parameters free: in one dimension and in two. */
import type { Value } from "../../../src/distributions/Distribution.ts"
import { Flow } from "../../../src/distributions/Flow.ts"
import { Normal } from "../../../src/distributions/Normal.ts"
import {
  affine,
  coupling,
  exp,
  inverseAutoregressive,
  maskedAutoregressive,
  planar,
  radial,
  rationalQuadraticSpline,
  reverse,
  type Transform,
} from "../../../src/distributions/Transform.ts"
import type { Row } from "../families.ts"
import { type Grid, line } from "../grid.ts"
import { affineNetwork } from "./flowTransforms.ts"

type Base = Readonly<Record<string, Value>>
type Flat = Transform<"real", "real">

/** The midpoints of n² squares of a square around the origin. */
const square = (half: number, n: number): Grid => {
  const { events, weights } = line(-half, half, n)
  return {
    events: events.flatMap(([a]) => events.map(([b]) => [a!, b!])),
    weights: events.flatMap((_, i) => weights.map((w) => w * weights[i]!)),
    discrete: false,
  }
}

const inTwo = (name: string, transforms: ReadonlyArray<Flat>): Row => ({
  name: `Flow(Normal, ${name})`,
  make: ({ loc, scale }: Base) => Flow(Normal({ loc: loc!, scale: scale! }).toEvent(1), transforms),
  params: [
    { loc: [0, 0.3], scale: [0.8, 0.6] },
    { loc: [-0.4, 0.2], scale: [0.7, 0.9] },
  ],
  grid: () => square(7, 110),
  // The reals are not masked.
  outside: [],
  bad: [
    { params: { loc: [0, 0], scale: [1, -1] }, parameter: "scale", found: "-1" },
    { params: { loc: [Number.NaN, 0], scale: [1, 1] }, parameter: "loc", found: "NaN" },
  ],
  exactDraws: false,
  summedDraws: true,
})

const curved = affineNetwork(
  [
    [0, 0.9],
    [0, 0],
  ],
  [
    [0, 0.4],
    [0, 0],
  ],
)

export const flows: ReadonlyArray<Row> = [
  inTwo("planar, radial", [
    planar({ u: [0.5, 0.4], w: [0.8, -0.5], b: 0.2 }),
    radial({ x0: [0.3, 0], alpha: 0.6, beta: 1 }),
  ]),
  inTwo("coupling", [coupling({ split: 1, network: affineNetwork([[0.8]], [[0.4]]) }), reverse]),
  inTwo("maskedAutoregressive", [affine([0.2, 0], 0.9), maskedAutoregressive({ network: curved })]),
  inTwo("inverseAutoregressive", [inverseAutoregressive({ network: curved }), affine([0.2, 0], 0.9)]),
  {
    name: "Flow(Normal, rationalQuadraticSpline, exp)",
    make: ({ loc, scale }) =>
      Flow(Normal({ loc: loc!, scale: scale! }), [
        rationalQuadraticSpline({
          widths: [0.5, 0, -0.5],
          heights: [-0.5, 0.3, 0],
          derivatives: [0.5, -0.5],
        }),
        exp,
      ]),
    params: [
      { loc: 0, scale: 0.5 },
      { loc: -0.5, scale: 0.6 },
    ],
    grid: () => line(0, 40, 40_000),
    outside: [0, -1, Number.POSITIVE_INFINITY, Number.NaN],
    bad: [{ params: { loc: 0, scale: -2 }, parameter: "scale", found: "-2" }],
    exactDraws: false,
  },
]
