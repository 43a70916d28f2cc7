/** The incomplete gamma and beta functions, their inverses, and the derivatives of each. */
import * as incompleteBeta from "../../../src/tensor/special/incompleteBeta.ts"
import * as incompleteGamma from "../../../src/tensor/special/incompleteGamma.ts"
import * as inverse from "../../../src/tensor/special/inverseIncomplete.ts"
import { INF, NAN, type Row, row, TINY } from "./Row.ts"

const gammaInside = [
  [0.03, 0.2],
  [0.4, 0.1],
  [0.6, 2.5],
  [3, 2],
  [3, 6],
  [40, 45],
  [60, 30],
  [900, 880],
]
const betaInside = [
  [0.03, 0.2, 0.3],
  [0.5, 0.5, 0.9],
  [2, 3, 0.25],
  [2, 3, 0.7],
  [9, 12, 0.4],
  [300, 200, 0.61],
  [0.5, 400, 0.002],
]
const gammaInverseInside = [
  [0.3, 0.2],
  [0.6, 0.9],
  [3, 0.01],
  [3, 0.6],
  [40, 0.97],
  [60, 0.02],
  [900, 0.4],
]
const betaInverseInside = [
  [0.3, 0.2, 0.3],
  [0.5, 0.5, 0.9],
  [2, 3, 0.05],
  [2, 3, 0.7],
  [9, 12, 0.4],
  [300, 200, 0.96],
  [0.5, 400, 0.3],
]
/** Where there is no such number. */
const noQuantile = [
  [[2, -0.1], NAN],
  [[2, 1.1], NAN],
  [[0, 0.5], NAN],
  [[-1, 0.5], NAN],
  [[INF, 0.5], NAN],
] as const
const noBetaQuantile = [
  [[2, 3, -0.1], NAN],
  [[2, 3, 1.1], NAN],
  [[0, 3, 0.5], NAN],
  [[2, -1, 0.5], NAN],
  [[2, INF, 0.5], NAN],
] as const

export const incompleteRows: ReadonlyArray<Row> = [
  row("gammainc", incompleteGamma.gammainc, gammaInside, [
    [[2, 0], 0],
    [[2, INF], 1],
    [[0, 2], 1],
    [[INF, 2], 0],
    [[0, 0], NAN],
    [[INF, INF], NAN],
    [[-1, 2], NAN],
    [[2, -1], NAN],
    [[1e38, 1e38], 0.5],
    [[TINY, TINY], 1],
  ]),
  row("gammaincc", incompleteGamma.gammaincc, gammaInside, [
    [[2, 0], 1],
    [[2, INF], 0],
    [[0, 2], 0],
    [[INF, 2], 1],
    [[0, 0], NAN],
    [[-1, 2], NAN],
    [[1e38, 1e38], 0.5],
    // −a (log x + γ) = 103 · 2⁻¹⁴⁹
    [[TINY, TINY], 103 * TINY],
  ]),
  row(
    "gammaincShape",
    incompleteGamma.gammaincShape,
    gammaInside,
    [
      [[2, 0], 0],
      [[2, INF], 0],
      [[-1, 2], NAN],
      [[2, 1e30], 0],
    ],
    { refuses: [0] },
  ),
  row("gammaDensity", incompleteGamma.gammaDensity, gammaInside, [
    [[2, 0], 0],
    [[1, 0], 1],
    [[0.5, 0], INF],
    [[2, -1], 0],
    [[2, INF], 0],
    [[0, 1], NAN],
  ]),
  row("logMinusDigamma", incompleteGamma.logMinusDigamma, gammaInside, [[[2, 0], -INF]]),
  row("betainc", incompleteBeta.betainc, betaInside, [
    [[2, 3, 0], 0],
    [[2, 3, 1], 1],
    [[0, 3, 0.5], 1],
    [[2, 0, 0.5], 0],
    [[2, INF, 0.5], 1],
    [[INF, 2, 0.5], 0],
    [[0, 0, 0.5], NAN],
    [[2, 3, -0.1], NAN],
    [[2, 3, 1.1], NAN],
    [[-1, 3, 0.5], NAN],
    [[1e30, 1e30, 0.5], 0.5],
  ]),
  row("betaincc", incompleteBeta.betaincc, betaInside, [
    [[2, 3, 0], 1],
    [[2, 3, 1], 0],
    [[0, 3, 0.5], 0],
    [[2, 0, 0.5], 1],
    [[2, 3, 1.1], NAN],
  ]),
  row(
    "betaincA",
    incompleteBeta.betaincA,
    betaInside,
    [
      [[2, 3, 0], 0],
      [[2, 3, 1], 0],
      [[2, 3, 2], NAN],
    ],
    { refuses: [0, 1] },
  ),
  row(
    "betaincB",
    incompleteBeta.betaincB,
    betaInside,
    [
      [[2, 3, 0], 0],
      [[2, 3, 1], 0],
      [[2, 3, 2], NAN],
    ],
    { refuses: [0, 1] },
  ),
  row("betaDensity", incompleteBeta.betaDensity, betaInside, [
    [[2, 3, 0], 0],
    [[1, 3, 0], 3],
    [[4, 1, 1], 4],
    [[0.5, 0.5, 1], INF],
    [[2, 3, 2], 0],
    [[0, 3, 0.5], NAN],
  ]),
  row("gammaincinv", inverse.gammaincinv, gammaInverseInside, [
    [[2, 0], 0],
    [[2, 1], INF],
    [[1e-6, 0.5], 0],
    [[1e38, 0.5], 1e38],
    ...noQuantile,
  ]),
  row("gammainccinv", inverse.gammainccinv, gammaInverseInside, [
    [[2, 0], INF],
    [[2, 1], 0],
    [[1e-6, 0.5], 0],
    [[1, TINY], 149 * Math.LN2],
    ...noQuantile,
  ]),
  row(
    "gammaincinvShape",
    inverse.gammaincinvShape,
    gammaInverseInside,
    [[[2, 0], 0], [[1e-6, 0.5], 0], ...noQuantile],
    { refuses: [0, 1] },
  ),
  row(
    "gammaincinvSlope",
    inverse.gammaincinvSlope,
    gammaInverseInside,
    [[[0.5, 0], 0], [[1, 0], 1], [[2, 0], INF], [[2, 1], INF], [[1e-6, 0.5], 0], ...noQuantile],
    { refuses: [0, 1] },
  ),
  row("gammainccinvShape", inverse.gammainccinvShape, gammaInverseInside, [[[2, 1], 0], ...noQuantile], {
    refuses: [0, 1],
  }),
  row(
    "gammainccinvSlope",
    inverse.gammainccinvSlope,
    gammaInverseInside,
    [[[1, 1], -1], [[2, 1], -INF], [[2, 0], -INF], ...noQuantile],
    { refuses: [0, 1] },
  ),
  row("betaincinv", inverse.betaincinv, betaInverseInside, [
    [[2, 3, 0], 0],
    [[2, 3, 1], 1],
    [[1e-6, 1e-6, 0.5], 0.5],
    [[1e6, 1e-6, 0.5], 1],
    [[1e-6, 1e6, 0.5], 0],
    [[1e30, 1e30, 0.25], 0.5],
    ...noBetaQuantile,
  ]),
  row(
    "betaincinvA",
    inverse.betaincinvA,
    betaInverseInside,
    [[[2, 3, 0], 0], [[2, 3, 1], 0], ...noBetaQuantile],
    { refuses: [0, 1, 2] },
  ),
  row(
    "betaincinvB",
    inverse.betaincinvB,
    betaInverseInside,
    [[[2, 3, 0], 0], [[2, 3, 1], 0], ...noBetaQuantile],
    { refuses: [0, 1, 2] },
  ),
  row(
    "betaincinvSlope",
    inverse.betaincinvSlope,
    betaInverseInside,
    [[[1, 4, 0], 0.25], [[2, 3, 0], INF], [[0.5, 3, 0], 0], [[2, 3, 1], INF], ...noBetaQuantile],
    { refuses: [0, 1, 2] },
  ),
]
