/**
 * The special functions of tensors, one row each: what a row says joins its function to all the laws in this folder.
 * Derivatives have rows of their own, since they are functions with goldens too.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as bessel from "../../../src/tensor/special/bessel.ts"
import * as erf from "../../../src/tensor/special/erf.ts"
import * as exponential from "../../../src/tensor/special/exponential.ts"
import * as gamma from "../../../src/tensor/special/gamma.ts"
import * as incompleteBeta from "../../../src/tensor/special/incompleteBeta.ts"
import * as incompleteGamma from "../../../src/tensor/special/incompleteGamma.ts"
import * as normal from "../../../src/tensor/special/normal.ts"

export interface Row {
  /** The name under which specialFunctions.json has its goldens. */
  readonly name: string
  readonly f: (...args: ReadonlyArray<tf.Tensor>) => tf.Tensor
  /** Points inside the domain, away from zeros of the derivatives, where gradients meet finite differences. */
  readonly inside: ReadonlyArray<ReadonlyArray<number>>
  /** Arguments at ends of the domain, beyond them or at poles, and the values there. */
  readonly special: ReadonlyArray<readonly [args: ReadonlyArray<number>, value: number]>
  /** The arguments in which there is no derivative. */
  readonly refuses?: ReadonlyArray<number>
  /** Whether it is tfjs's, and so only as good as it is. */
  readonly stock?: true
}

type Special = ReadonlyArray<readonly [number | ReadonlyArray<number>, number]>

const row = (
  name: string,
  f: unknown,
  inside: ReadonlyArray<number | ReadonlyArray<number>>,
  special: Special,
  rest: Partial<Row> = {},
): Row => ({
  name,
  f: f as Row["f"],
  inside: inside.map((at) => [at].flat()),
  special: special.map(([at, value]) => [[at].flat(), value]),
  ...rest,
})

const INF = Number.POSITIVE_INFINITY
const NAN = Number.NaN
const TINY = 2 ** -149

/** Γ at 0, −0, −1, −2.5e7 (all beyond 2²³ are integers), ∞ and −∞. */
const poles = (values: readonly [number, number, number, number, number, number]): Special =>
  [0, -0, -1, -2.5e7, INF, -INF].map((x, i) => [x, values[i]!])

const onLine = [-3.3, -1.2, -0.4, 0.3, 0.9, 2.5, 6]
const positive = [0.02, 0.4, 1.3, 2.7, 6.5, 11, 40]
const inUnit = [0.001, 0.04, 0.3, 0.6, 0.96, 0.9997]

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

export const rows: ReadonlyArray<Row> = [
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

/** How many arguments a row's function has. */
export const arity = ({ name }: Row): number =>
  /beta/.test(name) && !/^lbeta/.test(name) ? 3 : /^(lbeta|gammainc|gammaDensity|logMinus)/.test(name) ? 2 : 1
