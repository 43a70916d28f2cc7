/** Functions of one number: the error function's kin, the normal's, Bessel's, exponentials. */
import * as tf from "@tensorflow/tfjs-core"
import * as bessel from "../../../src/tensor/special/bessel.ts"
import * as erf from "../../../src/tensor/special/erf.ts"
import * as exponential from "../../../src/tensor/special/exponential.ts"
import * as normal from "../../../src/tensor/special/normal.ts"
import { INF, NAN, type Row, row } from "./Row.ts"

const onLine = [-3.3, -1.2, -0.4, 0.3, 0.9, 2.5, 6]
const inUnit = [0.001, 0.04, 0.3, 0.6, 0.96, 0.9997]

export const lineRows: ReadonlyArray<Row> = [
  row(
    "erf",
    erf.erf,
    [-2, -0.4, 0.1, 1.1, 2.5],
    [
      [0, 0],
      [-0, -0],
      [INF, 1],
      [-INF, -1],
    ],
  ),
  row(
    "erfSlope",
    erf.erfSlope,
    [-2, -0.4, 0.1, 1.1, 2.5],
    [
      [INF, 0],
      [-INF, 0],
    ],
  ),
  row(
    "erfc",
    erf.erfc,
    [-2, -0.4, 0.1, 1.1, 2.5, 4],
    [
      [INF, 0],
      [-INF, 2],
    ],
  ),
  row("erfcx", erf.erfcx, onLine, [
    [INF, 0],
    [-INF, INF],
  ]),
  row("erfcxSlope", erf.erfcxSlope, onLine, [
    [INF, -0],
    [-INF, -INF],
  ]),
  row(
    "erfcxCurve",
    erf.erfcxCurve,
    onLine,
    [
      [INF, 0],
      [-INF, INF],
    ],
    { refuses: [0] },
  ),
  row(
    "erfinv",
    erf.erfinv,
    [...inUnit, -0.7, -0.995],
    [
      [1, INF],
      [-1, -INF],
      [1.5, NAN],
      [-0, -0],
    ],
  ),
  row(
    "erfinvSlope",
    erf.erfinvSlope,
    [0.3, 0.6, 0.96, -0.7],
    [
      [1, INF],
      [-2, NAN],
    ],
  ),
  row("ndtr", normal.ndtr, onLine, [
    [INF, 1],
    [-INF, 0],
  ]),
  row("normalDensity", normal.normalDensity, onLine, [
    [INF, 0],
    [-INF, 0],
  ]),
  row(
    "logNdtr",
    normal.logNdtr,
    [...onLine, -60],
    [
      [INF, -0],
      [-INF, -INF],
      [-1e25, -INF],
    ],
  ),
  row("normalHazard", normal.normalHazard, onLine, [
    [INF, 0],
    [-INF, INF],
  ]),
  row(
    "normalHazardSlope",
    normal.normalHazardSlope,
    [-3.3, -1.2, -0.4, 0.3, 0.9, 2.5],
    [
      [INF, 0],
      [-INF, -1],
    ],
  ),
  row("ndtri", normal.ndtri, inUnit, [
    [0, -INF],
    [1, INF],
    [-0.5, NAN],
    [1.5, NAN],
    [0.5, 0],
  ]),
  row(
    "ndtriSlope",
    normal.ndtriSlope,
    [0.04, 0.3, 0.6, 0.96],
    [
      [0, INF],
      [1, INF],
      [2, NAN],
    ],
  ),
  row(
    "i0e",
    bessel.i0e,
    [...onLine, 30],
    [
      [0, 1],
      [INF, 0],
      [-INF, 0],
    ],
  ),
  row(
    "i1e",
    bessel.i1e,
    [...onLine, 30],
    [
      [0, 0],
      [-0, -0],
      [INF, 0],
      [-INF, -0],
    ],
  ),
  row("i0eSlope", bessel.i0eSlope, onLine, [
    [0, 0],
    [INF, 0],
  ]),
  row("i1eSlope", bessel.i1eSlope, onLine, [[0, 0.5]], { refuses: [0] }),
  row(
    "logI0e",
    bessel.logI0e,
    [...onLine, 30],
    [
      [0, 0],
      [INF, -INF],
    ],
  ),
  row(
    "besselRatio",
    bessel.besselRatio,
    [...onLine, 30],
    [
      [0, 0],
      [INF, 1],
      [-INF, -1],
    ],
  ),
  row(
    "besselRatioRest",
    bessel.besselRatioRest,
    [...onLine, 30],
    [
      [0, 0],
      [INF, 0],
    ],
  ),
  row(
    "besselRatioSlope",
    bessel.besselRatioSlope,
    onLine,
    [
      [0, 0.5],
      [INF, 0],
    ],
    { refuses: [0] },
  ),
  row(
    "log1mexp",
    exponential.log1mexp,
    [0.01, 0.5, 0.9, 4],
    [
      [0, -INF],
      [INF, -0],
      [-1, NAN],
    ],
  ),
  row(
    "log1mexpSlope",
    exponential.log1mexpSlope,
    [0.1, 0.5, 0.9, 4],
    [
      [0, INF],
      [INF, 0],
      [-1, NAN],
    ],
  ),
  row(
    "expm1",
    tf.expm1,
    [0.01, -0.5, 3],
    [
      [-INF, -1],
      [INF, INF],
    ],
    { stock: true },
  ),
  row(
    "log1p",
    tf.log1p,
    [0.01, -0.5, 3],
    [
      [-1, -INF],
      [-2, NAN],
      [INF, INF],
    ],
    { stock: true },
  ),
]
