/**
 * Maps of numbers whose parameters a network gives: what coupling and autoregressive flows have in common.
 */
import type * as tf from "@tensorflow/tfjs-core"
import { ShapeMismatch } from "../../../tensor/errors.ts"
import { equals, format, type Shape } from "../../../tensor/Shape.ts"
import { shapeOf } from "../../Distribution.ts"
import { parameterProblem } from "../../parameters.ts"
import { realVector, type Support } from "../../Support.ts"
import type { Transform } from "../contract.ts"

/** A network, and the map that its output stands for. */
export interface Conditioner<P> {
  /** From numbers that are known to the parameters for others; the weights are whatever tensors it closes over. */
  readonly network: (x: tf.Tensor) => P
  /** The map of numbers with these parameters. Default `boundedAffine`. */
  readonly elementwise: (parameters: P) => Transform<"real", "real">
}

/**
 * The map for values of this shape. Throws the problem of its parameters, and `ShapeMismatch` where it is not one of
 * single numbers or does not fit the values.
 */
export const conditioned = <P>(
  where: string,
  { network, elementwise }: Conditioner<P>,
  known: tf.Tensor,
  shape: Shape,
): Transform<"real", "real"> => {
  const map = elementwise(network(known))
  const problem = parameterProblem(`${where}: ${map.name}`, map.params)
  if (problem !== undefined) throw problem
  const image = map.forwardShape(shape)
  if (map.eventRank === 0 && image !== undefined && equals(image, shape)) return map
  const found = Object.entries(map.params).map(([name, { value }]) => `${name} ${format(shapeOf(value))}`)
  throw new ShapeMismatch({
    where,
    expected: `a network whose outputs make a map of numbers for values of shape ${format(shape)}`,
    found: `${map.name} with ${found.join(", ") || "no parameters"}`,
  })
}

/** What every flow says of itself: a map from real vectors to real vectors whose width its parts must suit. */
export const vectorFlow = (fits: (width: number) => boolean) => {
  const sameShape = (shape: Shape): Shape | undefined =>
    shape.length > 0 && fits(shape.at(-1)!) ? shape : undefined
  return {
    domain: realVector as Support<"real">,
    codomain: realVector as Support<"real">,
    eventRank: 1,
    params: {},
    forwardShape: sameShape,
    inverseShape: sameShape,
  }
}
