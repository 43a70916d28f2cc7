/**
 * Families of vectors and matrices, in the fewest dimensions that show what they do: the laws integrate over planes.
 * That more dimensions are right is for the goldens and for the projections of `projections.test.ts`.
 */
import { LogisticNormal } from "../../../src/distributions/LogisticNormal.ts"
import { LowRankMultivariateNormal } from "../../../src/distributions/LowRankMultivariateNormal.ts"
import { MatrixNormal } from "../../../src/distributions/MatrixNormal.ts"
import { MultivariateNormal } from "../../../src/distributions/MultivariateNormal.ts"
import type { Params, Row } from "../families.ts"
import { type Grid, line, simplexGrid } from "../grid.ts"

type Vector = ReadonlyArray<number>
type Matrix = ReadonlyArray<Vector>

const vector = (p: Params, name: string): Vector => p[name] as Vector
const matrix = (p: Params, name: string): Matrix => p[name] as Matrix

/** loc + Lt over a square of t, so that a narrow ridge is met by as many events as a round hill. */
export const around = ([a, b]: Vector, l: Matrix, widths = 6.6, n = 61): Grid => {
  const side = line(-widths, widths, n)
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
  },
]
