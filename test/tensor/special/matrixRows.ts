/** The concentrations of matrix distributions by a log-determinant. */
import * as matrices from "../../../src/tensor/special/matrices.ts"
import { INF, NAN, type Row, row } from "./Row.ts"

const inside = [
  [2, 0.3],
  [3, 0.02],
  [4, 7],
  [20, 5],
]

const first = { refuses: [0] }
const second = { refuses: [0, 1] }

export const matrixRows: ReadonlyArray<Row> = [
  row(
    "lkjConcentration",
    matrices.lkjConcentration,
    inside,
    [
      [[2, 0], INF],
      [[3, INF], 0],
      [[3, -0.1], NAN],
      [[1, 0.5], NAN],
    ],
    first,
  ),
  row("lkjConcentrationSlope", matrices.lkjConcentrationSlope, [[2, 0.3]], [], second),
  row(
    "wishartConcentration",
    matrices.wishartConcentration,
    inside,
    [
      [[1, 0], INF],
      [[3, INF], 2],
      [[3, -0.1], NAN],
      [[0, 0.5], NAN],
    ],
    first,
  ),
  row("wishartConcentrationSlope", matrices.wishartConcentrationSlope, [[2, 0.3]], [], second),
]
