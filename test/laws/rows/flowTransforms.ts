/** Rows of the laws of transforms: the maps that flows are made of, with networks that are small fixed functions. */
import * as tf from "@tensorflow/tfjs-core"
import {
  affine,
  boundedAffine,
  compose,
  coupling,
  inverseAutoregressive,
  maskedAutoregressive,
  permute,
  planar,
  radial,
  rationalQuadraticSpline,
  reverse,
} from "../../../src/distributions/Transform.ts"

/** x times a matrix, its rows given: `[..., rows]` to `[..., columns]`. */
export const times = (x: tf.Tensor, matrix: ReadonlyArray<ReadonlyArray<number>>): tf.Tensor => {
  const [rows, columns] = [matrix.length, matrix[0]!.length]
  const product = tf.matMul(tf.reshape(x, [-1, rows]), tf.tensor2d(matrix.flat(), [rows, columns]))
  return tf.reshape(product, [...x.shape.slice(0, -1), columns])
}

/** Shift and log scale that depend on x by two matrices; where those are strictly upper, on the numbers before only. */
export const affineNetwork =
  (shift: ReadonlyArray<ReadonlyArray<number>>, logScale: ReadonlyArray<ReadonlyArray<number>>) =>
  (x: tf.Tensor) => ({ shift: tf.tanh(times(x, shift)), logScale: times(x, logScale) })

/** The parameters of a spline of three pieces for each of `count` numbers, by matrices of which the first is shown. */
const splineNetwork = (matrix: ReadonlyArray<ReadonlyArray<number>>) => (x: tf.Tensor) => {
  const seen = tf.expandDims(tf.tanh(times(x, matrix)), -1)
  return {
    widths: tf.mul(seen, [1, -0.5, 0.3]),
    heights: tf.add(tf.mul(seen, [-1, 0.7, 0.2]), [0.3, 0, -0.2]),
    derivatives: tf.mul(seen, [1.5, -1]),
  }
}

const strict = [
  [0, 0.7, -0.4],
  [0, 0, 1.1],
  [0, 0, 0],
]
const other = [
  [0, -0.3, 0.5],
  [0, 0, 0.2],
  [0, 0, 0],
]
const doubled = (x: tf.Tensor) => ({
  shift: times(x, [
    [0, 2],
    [0, 0],
  ]),
  logScale: tf.zerosLike(x),
})
/** Gives a log scale of log 2 after the bound. */
const logTwo = 5 * Math.atanh(Math.LN2 / 5)
const softplusOf = (y: number) => Math.log(Math.expm1(y))
const bent = rationalQuadraticSpline({
  widths: [0, 1, -1, 0.5],
  heights: [1, 0, 0, -1],
  derivatives: [1, -2, 0],
})

export const flowTransforms = [
  {
    name: "boundedAffine",
    transform: boundedAffine({ shift: 1, logScale: logTwo }),
    shape: [],
    spread: 10,
    known: [[[3], [7]]],
  },
  {
    name: "planar",
    transform: planar({ u: [1, 0], w: [1, 0], b: 0 }),
    shape: [2],
    spread: 3,
    known: [
      [
        [0, 5],
        [0, 5],
      ],
      [
        [30, 1],
        [29 + Math.log(1 + Math.E), 1],
      ],
    ],
  },
  {
    name: "planar, near its limit",
    transform: planar({ u: [-1, 2, 0.5], w: [3, 0.2, -1], b: 0.3 }),
    shape: [3],
    spread: 3,
    known: [],
  },
  {
    name: "planar, with a w of zero",
    transform: planar({ u: [1, 2], w: [0, 0], b: Math.atanh(0.5) }),
    shape: [2],
    spread: 3,
    known: [
      [
        [1, 2],
        [1.5, 3],
      ],
    ],
  },
  {
    name: "radial",
    transform: radial({ x0: [0, 0], alpha: softplusOf(1), beta: softplusOf(3) }),
    shape: [2],
    spread: 3,
    known: [
      [
        [3, 4],
        [4, 16 / 3],
      ],
      [
        [0, 0],
        [0, 0],
      ],
    ],
  },
  {
    name: "radial, towards the point",
    transform: radial({ x0: [1, -1, 0.5], alpha: 0.5, beta: -3 }),
    shape: [3],
    spread: 3,
    known: [],
  },
  {
    name: "coupling",
    transform: coupling({
      split: 1,
      network: (x) => ({ shift: tf.mul(x, 2), logScale: tf.mul(x, logTwo) }),
    }),
    shape: [2],
    spread: 2,
    known: [
      [
        [1, 3],
        [1, 8],
      ],
    ],
  },
  {
    name: "coupling by splines",
    transform: coupling({
      split: 1,
      network: splineNetwork([[0.5, 1]]),
      elementwise: rationalQuadraticSpline,
    }),
    shape: [3],
    spread: 2,
    known: [],
  },
  {
    name: "maskedAutoregressive",
    transform: maskedAutoregressive({ network: affineNetwork(strict, other) }),
    shape: [3],
    spread: 2,
    known: [],
  },
  {
    name: "maskedAutoregressive of two",
    transform: maskedAutoregressive({ network: doubled }),
    shape: [2],
    spread: 2,
    known: [
      [
        [1, 3],
        [1, 5],
      ],
    ],
  },
  {
    name: "inverseAutoregressive",
    transform: inverseAutoregressive({ network: affineNetwork(strict, other) }),
    shape: [3],
    spread: 2,
    known: [],
  },
  {
    name: "autoregressive by splines",
    transform: compose(
      maskedAutoregressive({ network: splineNetwork(strict), elementwise: rationalQuadraticSpline }),
      inverseAutoregressive({ network: splineNetwork(other), elementwise: rationalQuadraticSpline }),
    ),
    shape: [3],
    spread: 2,
    known: [],
  },
  {
    name: "rationalQuadraticSpline",
    transform: bent,
    shape: [],
    spread: 2,
    known: [
      [[-3], [-3]],
      [[3], [3]],
      [[4.5], [4.5]],
    ],
  },
  {
    name: "rationalQuadraticSpline of zeros",
    transform: rationalQuadraticSpline({
      widths: [0, 0, 0],
      heights: [0, 0, 0],
      derivatives: [0, 0],
      bound: 2,
    }),
    shape: [],
    spread: 2,
    known: [
      [[-1.3], [-1.3]],
      [[0.4], [0.4]],
    ],
  },
  {
    name: "permute",
    transform: permute([2, 0, 1]),
    shape: [3],
    spread: 10,
    known: [
      [
        [5, 6, 7],
        [7, 5, 6],
      ],
    ],
  },
  {
    name: "reverse",
    transform: reverse,
    shape: [3],
    spread: 10,
    known: [
      [
        [5, 6, 7],
        [7, 6, 5],
      ],
    ],
  },
  {
    name: "a flow of six",
    transform: [
      affine([1, 0, -1], 0.5),
      reverse,
      inverseAutoregressive({ network: affineNetwork(strict, other) }),
      bent,
      permute([1, 2, 0]),
      radial({ x0: [0, 1, 0], alpha: 0, beta: 1 }),
    ].reduce((f, g) => compose(f, g)),
    shape: [3],
    spread: 1.5,
    known: [],
  },
] as const
