/**
 * The divergence of two normal distributions, elementwise in one pass: with r = σp/σq and z = (μp − μq)/σq
 *
 *   KL(N(μp, σp²) ‖ N(μq, σq²)) = ½(r − 1)(r + 1) − log r + ½z²
 *
 * in float64, where neither r nor a square leaves its range. An input of one element serves for all elements: most
 * divergences are from a standard normal. The gradients are made alike; a gradient that is itself differentiated is
 * composed of tensors.
 */
import * as tf from "@tensorflow/tfjs-core"
import { quotient } from "../quotient.ts"
import * as Shape from "../Shape.ts"
import { call, sumTo } from "./linalg/batches.ts"
import type { LoopKernel } from "./loop.ts"

const inputs = ["locP", "scaleP", "locQ", "scaleQ"] as const

type Input = (typeof inputs)[number]

/** Inputs each of the common shape or of one element; output of the common shape. */
export const normalDivergence: LoopKernel<object> = {
  name: "GuidepostNormalDivergence",
  inputs,
  outputs: (infos) => [commonShape(infos)],
  run: ({ inputs: [locP, scaleP, locQ, scaleQ], outputs }) =>
    each([locP!, scaleP!, locQ!, scaleQ!, one], outputs[0]!, (own, other, excess, z) => {
      // Near 1 the ratio has lost the digits that its logarithm is made of.
      const log = Math.abs(excess) < 0.5 ? Math.log1p(excess) : Math.log(own / other)
      return 0.5 * (excess * (excess + 2) + z * z) - log
    }),
}

/** Which input a gradient is in. */
interface SlopeAttrs {
  readonly of: Input
}

/** Inputs those of the divergence, and dy of the common shape; output dy times the partial derivative, of that shape. */
export const normalDivergenceSlope: LoopKernel<SlopeAttrs> = {
  name: "GuidepostNormalDivergenceSlope",
  inputs: [...inputs, "dy"],
  outputs: (infos) => [commonShape(infos)],
  run: ({ inputs: values, outputs, attrs: { of } }) => each(values, outputs[0]!, partials[of]),
}

export const normalDivergenceGradient: tf.GradConfig = {
  kernelName: normalDivergence.name,
  inputsToSave: [...inputs],
  gradFunc: (dys, saved) => {
    const [locP, scaleP, locQ, scaleQ] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]
    const params = { locP, scaleP, locQ, scaleQ }
    const dy = dys as tf.Tensor
    const slope =
      tf.engine().state.gradientDepth > 0
        ? composed(params, dy)
        : (of: Input) => call(normalDivergenceSlope.name, { ...params, dy }, { of } satisfies SlopeAttrs)
    const toward = (of: Input) => () => {
      const gradient = slope(of)
      return Shape.equals(gradient.shape, params[of].shape) ? gradient : sumTo(gradient, params[of].shape)
    }
    return Object.fromEntries(inputs.map((of) => [of, toward(of)]))
  },
}

/** A function of σp, σq, r − 1 and z. */
type Term = (own: number, other: number, excess: number, z: number) => number

/** r² − 1 as (r − 1)(r + 1), which keeps its digits where the scales are close. */
const partials: Readonly<Record<Input, Term>> = {
  locP: (_own, other, _excess, z) => z / other,
  scaleP: (own, _other, excess) => (excess * (excess + 2)) / own,
  locQ: (_own, other, _excess, z) => -z / other,
  scaleQ: (_own, other, excess, z) => -(excess * (excess + 2) + z * z) / other,
}

/** The same of tensors. */
const composed = (
  { locP, scaleP, locQ, scaleQ }: Readonly<Record<Input, tf.Tensor>>,
  dy: tf.Tensor,
): ((of: Input) => tf.Tensor) => {
  const z = quotient(tf.sub(locP, locQ), scaleQ)
  const excess = quotient(tf.sub(scaleP, scaleQ), scaleQ)
  const toLoc = () => tf.mul(quotient(dy, scaleQ), z)
  const gradients: Readonly<Record<Input, () => tf.Tensor>> = {
    locP: toLoc,
    // Divided before it is multiplied: r² may leave float32's range where (r − 1)/σp · (r + 1) does not.
    scaleP: () => tf.mul(quotient(tf.mul(dy, excess), scaleP), tf.add(excess, 2)),
    locQ: () => tf.neg(toLoc()),
    scaleQ: () => {
      const squares = tf.add(tf.mul(excess, tf.add(excess, 2)), tf.square(z))
      return tf.neg(tf.mul(quotient(dy, scaleQ), squares))
    },
  }
  return (of) => gradients[of]()
}

const one = Float32Array.of(1)

/** Fills `out` with dy times the term; the values are locP, scaleP, locQ, scaleQ and dy. */
const each = (values: ReadonlyArray<Float32Array>, out: Float32Array, term: Term): void => {
  const [locP, scaleP, locQ, scaleQ, dy] = values as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ]
  const [a, b, c, d, e] = values.map(({ length }) => (length === 1 ? 0 : 1)) as [
    number,
    number,
    number,
    number,
    number,
  ]
  for (let i = 0; i < out.length; i++) {
    const own = scaleP[i * b]!
    const other = scaleQ[i * d]!
    const z = (locP[i * a]! - locQ[i * c]!) / other
    out[i] = dy[i * e]! * term(own, other, (own - other) / other, z)
  }
}

const commonShape = (infos: ReadonlyArray<tf.TensorInfo>): Array<number> => [
  ...Shape.broadcast(...infos.map(({ shape }) => shape))!,
]
