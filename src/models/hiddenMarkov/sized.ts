/** What is refused of a hidden Markov model's parameters: tensors of other sizes. */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { ShapeMismatch } from "../../tensor/errors.ts"
import { equals, format, type Shape } from "../../tensor/Shape.ts"

/** The parameter that `program` reads. One of another shape is a `ShapeMismatch`: states too many would go unseen. */
export const sized = <R>(
  name: string,
  shape: Shape,
  program: Effect.Effect<tf.Tensor, never, R>,
): Effect.Effect<tf.Tensor, never, R> =>
  Effect.map(program, (tensor) => {
    sizeOf(`HiddenMarkov: ${name}`, shape, tensor)
    return tensor
  })

/** Throws `ShapeMismatch` unless a tensor has this shape. */
export const sizeOf = (where: string, shape: Shape, tensor: tf.Tensor): void => {
  // Records come from outside: a name may be missing.
  const isTensor = tensor instanceof tf.Tensor
  if (isTensor && equals(tensor.shape, shape)) return
  const found = isTensor ? format(tensor.shape) : "no tensor"
  throw new ShapeMismatch({ where, expected: `shape ${format(shape)}`, found })
}
