/**
 * Calling a kernel of our own: the tensors, stretched to one shape, and the key as plain numbers.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Key } from "../Key.ts"
import * as Shape from "../Shape.ts"

/** The kernel's one output. */
export const run = (kernel: string, inputs: tf.NamedTensorMap, attrs: object = {}): tf.Tensor =>
  tf.engine().runKernel(kernel, inputs, attrs as tf.NamedAttrMap) as tf.Tensor

/** A key among a kernel's attributes. */
export const words = ({ hi, lo }: Key) => ({ hi, lo })

/** The tensors at the shape that they broadcast to. Call it inside a tidy. */
export const alike = (inputs: tf.NamedTensorMap): tf.NamedTensorMap => {
  const shape = Shape.broadcast(...Object.values(inputs).map((x) => x.shape))!
  return Object.fromEntries(
    Object.entries(inputs).map(([name, x]) => [
      name,
      Shape.equals(x.shape, shape) ? x : tf.broadcastTo(x, [...shape]),
    ]),
  )
}
