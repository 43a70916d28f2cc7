/** The gamma function's kin. */
import type * as tf from "@tensorflow/tfjs-core"
import * as gamma from "../../../src/tensor/special/gamma.ts"
import { INF, NAN, positive, type Row, row, type Special } from "./Row.ts"

/** Γ at 0, −0, −1, −2.5e7 (all beyond 2²³ are integers), ∞ and −∞. */
const poles = (values: readonly [number, number, number, number, number, number]): Special =>
  [0, -0, -1, -2.5e7, INF, -INF].map((x, i) => [x, values[i]!])

export const gammaRows: ReadonlyArray<Row> = [
  row("lgamma", gamma.lgamma, [...positive, -0.5, -2.3, -3.6], poles([INF, INF, INF, INF, INF, INF])),
  row("digamma", gamma.digamma, [...positive, -0.45, -2.4, -3.6], poles([-INF, INF, NAN, NAN, INF, NAN])),
  row("trigamma", gamma.trigamma, [...positive, -0.45, -2.4], poles([INF, INF, INF, INF, 0, NAN])),
  row(
    "polygamma 2",
    (x: tf.Tensor) => gamma.polygamma(2, x),
    positive,
    poles([-INF, -INF, NAN, NAN, -0, NAN]),
  ),
  row("polygamma 3", (x: tf.Tensor) => gamma.polygamma(3, x), positive, poles([INF, INF, INF, INF, 0, NAN])),
  row("polygamma 10", (x: tf.Tensor) => gamma.polygamma(10, x), [1, 3, 8], [[INF, -0]]),
  row("polygamma 100", (x: tf.Tensor) => gamma.polygamma(100, x), [2], [[INF, -0]], { refuses: [0] }),
  row(
    "lbeta",
    gamma.lbeta,
    [
      [0.3, 0.4],
      [2, 9],
      [50, 0.5],
      [30, 40],
    ],
    [
      [[0, 2], INF],
      [[2, 0], INF],
      [[INF, 2], -INF],
      [[0, INF], NAN],
      [[-1, 2], NAN],
      [[1, 1], 0],
    ],
  ),
  row(
    "lbetaSlope",
    gamma.lbetaSlope,
    [
      [0.3, 0.4],
      [2, 9],
      [50, 0.5],
      [30, 40],
    ],
    [],
  ),
  row(
    "lbetaCurve",
    gamma.lbetaCurve,
    [
      [0.3, 0.4],
      [2, 9],
      [50, 0.5],
      [30, 40],
    ],
    [],
  ),
]
