/** The incomplete gamma and beta functions, and the derivatives of each. */
import * as incompleteBeta from "../../../src/tensor/special/incompleteBeta.ts"
import * as incompleteGamma from "../../../src/tensor/special/incompleteGamma.ts"
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
]
