/** The modified Bessel functions of any order, and the von Mises–Fisher distribution's functions of its concentration. */
import * as bessel from "../../../src/tensor/special/besselOrder.ts"
import * as sphere from "../../../src/tensor/special/sphere.ts"
import { INF, NAN, type Row, row, type Special } from "./Row.ts"

/** On both sides of where one expansion takes over from another. */
const inside = [
  [0, 0.4],
  [0.5, 3],
  [0, 45],
  [4, 20],
  [31.5, 70],
  [499, 60],
  [499, 900],
]

/** What is outside the domain, and the values at 0 and ∞, for order 0 and for 2. */
const ends = (zero: readonly [number, number], infinity: number): Special => [
  [[-1, 2], NAN],
  [[2, -1], NAN],
  [[0, 0], zero[0]],
  [[2, 0], zero[1]],
  [[0, INF], infinity],
  [[2, INF], infinity],
]

const first = { refuses: [0] }
const second = { refuses: [0, 1] }

export const besselRows: ReadonlyArray<Row> = [
  row("logIve", bessel.logIve, inside, ends([0, -INF], -INF), first),
  row("logIveSlope", bessel.logIveSlope, inside, ends([-1, INF], 0), second),
  row("logMeanExp", bessel.logMeanExp, inside, ends([0, 0], -INF), first),
  row("besselQuotient", bessel.besselQuotient, inside, ends([0, 0], 1), first),
  row("besselQuotientRest", bessel.besselQuotientRest, inside, ends([-1, -1], 0), first),
  row("besselQuotientSlope", bessel.besselQuotientSlope, inside, ends([1 / 2, 1 / 6], 0), second),
  row("besselShare", bessel.besselShare, inside, ends([1 / 2, 1 / 6], 0), first),
  row("besselShareSlope", bessel.besselShareSlope, inside, ends([-0, -0], 0), second),
  row("sphereEntropy", sphere.sphereEntropy, inside, ends([0, 0], -INF), first),
  row("sphereEntropySlope", sphere.sphereEntropySlope, inside, ends([-0, -0], -0), second),
  row(
    "sphereConcentration",
    sphere.sphereConcentration,
    [
      [0, 0.3],
      [0.5, 0.02],
      [4, 0.9],
      [499, 0.5],
    ],
    [
      [[0.5, 0], INF],
      [[0.5, 1], 0],
      [[0.5, 1.1], 0],
      [[0.5, -0.1], NAN],
      [[-1, 0.5], NAN],
    ],
    first,
  ),
  row("sphereConcentrationSlope", sphere.sphereConcentrationSlope, [[0, 0.3]], [], second),
]
