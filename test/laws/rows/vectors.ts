/**
 * Families of vectors and matrices, in the fewest dimensions that show what they do: the laws integrate over planes.
 * That more dimensions are right is for the goldens and for the projections of `projections.test.ts`.
 */
import { LKJCholesky } from "../../../src/distributions/LKJCholesky.ts"
import { LogisticNormal } from "../../../src/distributions/LogisticNormal.ts"
import { LowRankMultivariateNormal } from "../../../src/distributions/LowRankMultivariateNormal.ts"
import { MatrixNormal } from "../../../src/distributions/MatrixNormal.ts"
import { MultivariateNormal } from "../../../src/distributions/MultivariateNormal.ts"
import { MultivariateStudentT } from "../../../src/distributions/MultivariateStudentT.ts"
import { WishartCholesky } from "../../../src/distributions/WishartCholesky.ts"
import type { Params, Row } from "../families.ts"
import { type Grid, line, mapped, simplexGrid } from "../grid.ts"

type Vector = ReadonlyArray<number>
type Matrix = ReadonlyArray<Vector>

const vector = (p: Params, name: string): Vector => p[name] as Vector
const num = (p: Params, name: string): number => p[name] as number
const matrix = (p: Params, name: string): Matrix => p[name] as Matrix

/** loc + Lt over a square of t, so that a narrow ridge is met by as many events as a round hill. */
export const around = ([a, b]: Vector, l: Matrix, side = line(-6.6, 6.6, 51)): Grid => {
  const [[l00], [l10, l11]] = l as [Vector, Vector]
  const area = Math.abs(l00! * l11!)
  return {
    events: side.events.flatMap(([s]) =>
      side.events.map(([t]) => [a! + l00! * s!, b! + l10! * s! + l11! * t!]),
    ),
    weights: side.weights.flatMap((v) => side.weights.map((w) => v * w * area)),
    discrete: false,
  }
}

/** The lower Cholesky factor of a matrix [2, 2], of which the symmetric part counts. */
export const factor = (m: Matrix): Matrix => {
  const [a, b, c, d] = m.flat()
  const l00 = Math.sqrt(a!)
  const l10 = (b! + c!) / 2 / l00
  return [
    [l00, 0],
    [l10, Math.sqrt(d! - l10 ** 2)],
  ]
}

export const inverse = (m: Matrix): Matrix => {
  const [a, b, c, d] = m.flat()
  const off = (b! + c!) / 2
  const det = a! * d! - off ** 2
  return [
    [d! / det, -off / det],
    [-off / det, a! / det],
  ]
}

const badLoc = (others: Params) => [
  { params: { loc: [0, Number.NaN], ...others }, parameter: "loc", found: "NaN" },
]

const badMatrix = (name: string) => [
  {
    params: {
      loc: [0, 0],
      [name]: [
        [1, 2],
        [2, 1],
      ],
    },
    parameter: name,
    found: "[1, 2, 2, 1]",
  },
  {
    params: {
      loc: [0, 0],
      [name]: [
        [1, 0.5],
        [0, 1],
      ],
    },
    parameter: name,
    found: "[1, 0.5, 0, 1]",
  },
  {
    params: {
      loc: [0, 0],
      [name]: [
        [1, 0],
        [0, Number.NaN],
      ],
    },
    parameter: name,
    found: "NaN",
  },
]

const round: Matrix = [
  [1, 0.3],
  [0.3, 0.5],
]
const narrow: Matrix = [
  [2, -1.9],
  [-1.9, 2],
]

export const vectors: ReadonlyArray<Row> = [
  {
    name: "MultivariateNormal(covarianceMatrix)",
    make: ({ loc, covarianceMatrix }) =>
      MultivariateNormal({ loc: loc!, covarianceMatrix: covarianceMatrix! }),
    params: [
      { loc: [0, 1], covarianceMatrix: round },
      { loc: [-3, 0.5], covarianceMatrix: narrow },
    ],
    grid: (p) => around(vector(p, "loc"), factor(matrix(p, "covarianceMatrix"))),
    outside: [],
    bad: [...badMatrix("covarianceMatrix"), ...badLoc({ covarianceMatrix: round })],
    exactDraws: true,
    fit: MultivariateNormal.fit,
    statistics: MultivariateNormal.sufficientStatistics,
  },
  {
    name: "MultivariateNormal(precisionMatrix)",
    make: ({ loc, precisionMatrix }) => MultivariateNormal({ loc: loc!, precisionMatrix: precisionMatrix! }),
    params: [
      { loc: [0, 1], precisionMatrix: round },
      { loc: [-3, 0.5], precisionMatrix: narrow },
    ],
    grid: (p) => around(vector(p, "loc"), factor(inverse(matrix(p, "precisionMatrix")))),
    outside: [],
    bad: [...badMatrix("precisionMatrix"), ...badLoc({ precisionMatrix: round })],
    exactDraws: true,
    statistics: MultivariateNormal.sufficientStatistics,
  },
  {
    name: "MultivariateNormal(scaleTril)",
    make: ({ loc, scaleTril }) => MultivariateNormal({ loc: loc!, scaleTril: scaleTril! }),
    params: [
      {
        loc: [0, 1],
        scaleTril: [
          [1, 0],
          [0.5, 0.8],
        ],
      },
      {
        loc: [20, 0.5],
        scaleTril: [
          [0.1, 0],
          [-2, 0.3],
        ],
      },
    ],
    grid: (p) => around(vector(p, "loc"), matrix(p, "scaleTril")),
    outside: [],
    bad: [
      ...badMatrix("scaleTril"),
      {
        params: {
          loc: [0, 0],
          scaleTril: [
            [1, 0],
            [0, -1],
          ],
        },
        parameter: "scaleTril",
        found: "[1, 0, 0, -1]",
      },
    ],
    exactDraws: true,
    wider: {
      loc: [0.2, 0.8],
      scaleTril: [
        [1.2, 0],
        [0.3, 1.1],
      ],
    },
  },
  {
    name: "LowRankMultivariateNormal",
    make: ({ loc, covFactor, covDiag }) =>
      LowRankMultivariateNormal({ loc: loc!, covFactor: covFactor!, covDiag: covDiag! }),
    params: [
      { loc: [0, 1], covFactor: [[0.8], [-0.5]], covDiag: [0.5, 0.3] },
      { loc: [-3, 0.5], covFactor: [[1], [1]], covDiag: [0.05, 0.1] },
      {
        loc: [4, 0],
        covFactor: [
          [1, 0.3],
          [-0.2, 0.5],
        ],
        covDiag: [1, 0.2],
      },
    ],
    grid: (p) => {
      const [w, d] = [matrix(p, "covFactor"), vector(p, "covDiag")]
      const dot = (i: number, j: number) => w[i]!.reduce((sum, x, k) => sum + x * w[j]![k]!, 0)
      const covariance = [
        [dot(0, 0) + d[0]!, dot(0, 1)],
        [dot(0, 1), dot(1, 1) + d[1]!],
      ]
      return around(vector(p, "loc"), factor(covariance))
    },
    outside: [],
    bad: [
      { params: { loc: [0, 0], covFactor: [[1], [1]], covDiag: [1, 0] }, parameter: "covDiag", found: "0" },
      {
        params: { loc: [0, 0], covFactor: [[1], [Infinity]], covDiag: [1, 1] },
        parameter: "covFactor",
        found: "Infinity",
      },
      ...badLoc({ covFactor: [[1], [1]], covDiag: [1, 1] }),
    ],
    exactDraws: true,
  },
  {
    name: "LogisticNormal",
    make: ({ loc, scale }) => LogisticNormal({ loc: loc!, scale: scale! }),
    params: [
      { loc: [0.2, 0], scale: [0.9, 0.8] },
      { loc: [0.5, -0.3], scale: [0.7, 1] },
    ],
    grid: () => simplexGrid(150),
    outside: [
      [0.5, 0.6, 0.2],
      [-0.1, 0.6, 0.5],
      [Number.NaN, 0.5, 0.5],
    ],
    bad: [
      { params: { loc: [0, 0], scale: [1, 0] }, parameter: "scale", found: "0" },
      { params: { loc: [0, Number.NaN], scale: [1, 1] }, parameter: "loc", found: "NaN" },
    ],
    exactDraws: false,
    fit: LogisticNormal.fit,
    statistics: LogisticNormal.sufficientStatistics,
  },
  {
    name: "MatrixNormal",
    make: ({ loc, scaleTrilRow, scaleTrilColumn }) =>
      MatrixNormal({ loc: loc!, scaleTrilRow: scaleTrilRow!, scaleTrilColumn: scaleTrilColumn! }),
    params: [
      {
        loc: [[0], [1]],
        scaleTrilRow: [
          [1, 0],
          [0.5, 0.8],
        ],
        scaleTrilColumn: [[0.7]],
      },
      {
        loc: [[-2], [0.5]],
        scaleTrilRow: [
          [0.3, 0],
          [-1, 0.4],
        ],
        scaleTrilColumn: [[2]],
      },
      {
        loc: [[3, -1]],
        scaleTrilRow: [[1.5]],
        scaleTrilColumn: [
          [0.6, 0],
          [0.4, 1],
        ],
      },
    ],
    grid: (p) => {
      const [row, column] = [matrix(p, "scaleTrilRow"), matrix(p, "scaleTrilColumn")]
      const [wide, single] = row.length === 2 ? [row, column[0]![0]!] : [column, row[0]![0]!]
      return around(
        matrix(p, "loc").flat(),
        wide.map((l) => l.map((x) => x * single)),
      )
    },
    outside: [],
    bad: [
      {
        params: {
          loc: [[0], [1]],
          scaleTrilRow: [
            [1, 0.5],
            [0, 1],
          ],
          scaleTrilColumn: [[1]],
        },
        parameter: "scaleTrilRow",
        found: "[1, 0.5, 0, 1]",
      },
      {
        params: {
          loc: [[0], [1]],
          scaleTrilRow: [
            [1, 0],
            [0, 1],
          ],
          scaleTrilColumn: [[-1]],
        },
        parameter: "scaleTrilColumn",
        found: "-1",
      },
    ],
    exactDraws: true,
    wider: {
      loc: [[0.2], [0.8]],
      scaleTrilRow: [
        [1.2, 0],
        [0.3, 1.1],
      ],
      scaleTrilColumn: [[0.8]],
    },
  },
  {
    name: "MultivariateStudentT",
    make: ({ df, loc, scaleTril }) => MultivariateStudentT({ df: df!, loc: loc!, scaleTril: scaleTril! }),
    params: [
      {
        df: 5,
        loc: [0, 1],
        scaleTril: [
          [1, 0],
          [0.5, 0.8],
        ],
      },
      {
        df: 9,
        loc: [-3, 0.5],
        scaleTril: [
          [0.3, 0],
          [-1, 0.4],
        ],
      },
      {
        df: 200,
        loc: [0, 0],
        scaleTril: [
          [1, 0],
          [0.9, 0.2],
        ],
      },
    ],
    grid: (p) => {
      // Out to 400 widths, in steps that grow with the distance.
      const side = mapped(-6.7, 6.7, 91, Math.sinh, Math.cosh)
      return around(vector(p, "loc"), matrix(p, "scaleTril"), side)
    },
    outside: [],
    bad: [
      { params: { df: 0, loc: [0], scaleTril: [[1]] }, parameter: "df", found: "0" },
      { params: { df: 3, loc: [Number.NaN], scaleTril: [[1]] }, parameter: "loc", found: "NaN" },
      { params: { df: 3, loc: [0], scaleTril: [[-1]] }, parameter: "scaleTril", found: "-1" },
    ],
    exactDraws: false,
    heavyTails: true,
  },
  {
    name: "LKJCholesky",
    make: ({ concentration }) => LKJCholesky({ dimension: 2, concentration: concentration! }),
    params: [{ concentration: 2.5 }, { concentration: 1 }, { concentration: 0.8 }],
    grid: () => {
      // The one free number is r = sin t, and the other its cosine.
      const angles = line(-Math.PI / 2, Math.PI / 2, 2001)
      return {
        events: angles.events.map(([t]) => [1, 0, Math.sin(t!), Math.cos(t!)]),
        weights: angles.events.map(([t], i) => angles.weights[i]! * Math.cos(t!)),
        discrete: false,
      }
    },
    outside: [
      [1, 0, 0.5, 0.5],
      [1, 0, 0.6, -0.8],
      [0.6, 0.8, 0.6, 0.8],
      [1, 0, Number.NaN, 1],
    ],
    bad: [
      { params: { concentration: 0 }, parameter: "concentration", found: "0" },
      { params: { concentration: Infinity }, parameter: "concentration", found: "Infinity" },
    ],
    exactDraws: false,
    fit: (x, w) => ({ concentration: LKJCholesky.fit(x, w).concentration }),
    statistics: LKJCholesky.sufficientStatistics,
  },
  {
    name: "WishartCholesky",
    make: ({ concentration, scaleTril }) =>
      WishartCholesky({ concentration: concentration!, scaleTril: scaleTril! }),
    params: [
      { concentration: 3, scaleTril: [[1]] },
      { concentration: 6.5, scaleTril: [[0.2]] },
      {
        concentration: 6,
        scaleTril: [
          [1, 0],
          [-0.5, 0.7],
        ],
      },
    ],
    grid: (p) => wishartGrid(num(p, "concentration"), matrix(p, "scaleTril")),
    outside: [[-1], [0], [Infinity], [Number.NaN]],
    bad: [
      { params: { concentration: 0, scaleTril: [[1]] }, parameter: "concentration", found: "0" },
      {
        params: {
          concentration: 1,
          scaleTril: [
            [1, 0],
            [0, 1],
          ],
        },
        parameter: "concentration",
        found: "1",
      },
      { params: { concentration: 3, scaleTril: [[0]] }, parameter: "scaleTril", found: "0" },
    ],
    exactDraws: false,
    fit: WishartCholesky.fit,
    statistics: WishartCholesky.sufficientStatistics,
  },
]

/** The factors VA of one or two rows, with A's diagonal positive and near the root of its degrees of freedom. */
export function wishartGrid(freedom: number, v: Matrix): Grid {
  if (v.length === 1) {
    const { events, weights } = mapped(-6, Math.log(Math.sqrt(freedom) + 6.5), 1000, Math.exp, Math.exp)
    const scale = v[0]![0]!
    return {
      events: events.map(([a]) => [a! * scale]),
      weights: weights.map((w) => w * scale),
      discrete: false,
    }
  }
  const diagonal = (k: number) => line(0, Math.sqrt(k) + 5.5, 36)
  const [first, second, below] = [diagonal(freedom), diagonal(freedom - 1), line(-5.5, 5.5, 25)]
  const [[v00], [v10, v11]] = v as [Vector, Vector]
  const volume = v00! * v11! ** 2
  const events: Array<Vector> = []
  const weights: Array<number> = []
  first.events.forEach(([a], i) => {
    below.events.forEach(([b], j) => {
      second.events.forEach(([c], k) => {
        events.push([v00! * a!, 0, v10! * a! + v11! * b!, v11! * c!])
        weights.push(first.weights[i]! * below.weights[j]! * second.weights[k]! * volume)
      })
    })
  })
  return { events, weights, discrete: false }
}
