/** Distributions of directions: on the circle, and on spheres. */
import { VonMises } from "../../../src/distributions/VonMises.ts"
import { VonMisesFisher } from "../../../src/distributions/VonMisesFisher.ts"
import { gaussLegendre } from "../../../src/tensor/special/scalar/quadrature.ts"
import type { Params, Row } from "../families.ts"
import { type Grid, line } from "../grid.ts"

type Vector = ReadonlyArray<number>

const badConcentration = (others: Params) =>
  [0, -1, Number.NaN].map((concentration) => ({
    params: { ...others, concentration },
    parameter: "concentration",
    found: String(concentration),
  }))

/** The unit circle, in equal pieces. */
const circle: Grid = (() => {
  const { events, weights } = line(-Math.PI, Math.PI, 2000)
  return { events: events.map(([t]) => [Math.cos(t!), Math.sin(t!)]), weights, discrete: false }
})()

const cross = ([a, b, c]: Vector, [d, e, f]: Vector): Vector => [
  b! * f! - c! * e!,
  c! * d! - a! * f!,
  a! * e! - b! * d!,
]
const unit = (v: Vector): Vector => v.map((x) => x / Math.hypot(...v))

const heights = gaussLegendre(48)
const turns = 80

/**
 * The sphere about a pole: in equal steps of longitude, and by Gauss and Legendre's rule in y, where y² is one less the
 * cosine of the angle from the pole. Begun halfway, so that the pole is not at an end of the list.
 */
const sphereAbout = (direction: Vector): Grid => {
  const pole = unit(direction)
  const least = pole.reduce((best, x, i) => (Math.abs(x) < Math.abs(pole[best]!) ? i : best), 0)
  const east = unit(
    cross(
      pole,
      pole.map((_, i) => (i === least ? 1 : 0)),
    ),
  )
  const north = cross(pole, east)
  const events: Array<Vector> = []
  const weights: Array<number> = []
  for (let i = 0; i < heights.nodes.length; i++) {
    const j = (i + heights.nodes.length / 2) % heights.nodes.length
    const y = Math.SQRT2 * heights.nodes[j]!
    const [cosine, sine] = [1 - y * y, y * Math.sqrt(2 - y * y)]
    for (let k = 0; k < turns; k++) {
      const turn = (2 * Math.PI * (k + 0.3)) / turns
      const [s, t] = [sine * Math.cos(turn), sine * Math.sin(turn)]
      events.push(pole.map((x, n) => cosine * x + s * east[n]! + t * north[n]!))
      weights.push(((2 * Math.PI) / turns) * 2 * y * Math.SQRT2 * heights.weights[j]!)
    }
  }
  return { events, weights, discrete: false }
}

export const directional: ReadonlyArray<Row> = [
  {
    name: "VonMises",
    make: ({ loc, concentration }) => VonMises({ loc: loc!, concentration: concentration! }),
    params: [
      { loc: 0.5, concentration: 2 },
      { loc: -1, concentration: 0.3 },
      { loc: 7, concentration: 30 },
    ],
    fit: VonMises.fit,
    statistics: VonMises.sufficientStatistics,
    grid: () => line(-Math.PI, Math.PI, 4000),
    outside: [-3.2, 4, Infinity, -Infinity, Number.NaN],
    bad: [
      ...badConcentration({ loc: 1 }),
      { params: { loc: Number.NaN, concentration: 1 }, parameter: "loc", found: "NaN" },
    ],
    exactDraws: true,
  },
  {
    name: "VonMisesFisher",
    make: ({ meanDirection, concentration }) =>
      VonMisesFisher({ meanDirection: meanDirection!, concentration: concentration! }),
    params: [
      { meanDirection: [0.6, 0, -0.8], concentration: 2 },
      { meanDirection: [-0.36, 0.48, 0.8], concentration: 0.3 },
      { meanDirection: [0, 0, 1], concentration: 30 },
      { meanDirection: [-0.6, 0.8], concentration: 4 },
    ],
    wider: { meanDirection: [0.48, -0.6, 0.64], concentration: 1.5 },
    fit: VonMisesFisher.fit,
    statistics: VonMisesFisher.sufficientStatistics,
    grid: ({ meanDirection }) => {
      const direction = meanDirection as Vector
      return direction.length === 2 ? circle : sphereAbout(direction)
    },
    outside: [
      [0, 0, 0],
      [0.6, 0.6, 0.6],
      [0, 0, -1.01],
      [Number.NaN, 0, 1],
      [Infinity, 0, 0],
    ],
    bad: [
      ...badConcentration({ meanDirection: [0, 0, 1] }),
      {
        params: { meanDirection: [1, 0, 0.125], concentration: 1 },
        parameter: "meanDirection",
        found: "[1, 0, 0.125]",
      },
      {
        params: { meanDirection: [Number.NaN, 0, 1], concentration: 1 },
        parameter: "meanDirection",
        found: "NaN",
      },
    ],
    exactDraws: true,
  },
]
