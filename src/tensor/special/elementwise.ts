/**
 * Special functions of tensors from functions of float64s: one loop for both backends, evaluated in float64 and
 * rounded once, with a gradient.
 *
 * A gradient is made of further such functions, each with a gradient of its own, so that derivatives of higher order
 * exist as far as their files say, and a derivative is as good as its function: taken in float32, 2x erfcx(x) − 2/√π
 * has no digit left from x = 3000 on.
 */
import * as tf from "@tensorflow/tfjs-core"
import { InvalidArgument, ShapeMismatch } from "../errors.ts"
import { elementwiseLoop, type Scalar } from "../kernels/elementwise.ts"
import type { LoopKernel } from "../kernels/loop.ts"
import * as Shape from "../Shape.ts"

/**
 * A special function of tensors: call it, or register its kernel and gradient. The shapes broadcast; types other than
 * float32 are converted to it.
 */
export interface Elementwise<Args extends Tensors> extends Registered {
  (...args: Args): tf.Tensor
}

type Tensors = ReadonlyArray<tf.Tensor>

export type Unary = Elementwise<[x: tf.Tensor]>

/** What `kernels/register.ts` needs to know of a function. */
export interface Registered {
  readonly kernel: LoopKernel<object>
  readonly gradient: tf.GradConfig
}

/** The partial derivative in one argument; or, where it is not implemented, which one that is, in words. */
export type Slope<Args extends Tensors> = ((...args: Args) => tf.Tensor) | string

/**
 * The function called `name`, of arguments called `names`, that applies `f` to each element, with a partial
 * derivative for each argument, in order.
 *
 * It throws `ShapeMismatch` where shapes do not broadcast, and a derivative that is not implemented `InvalidArgument`.
 */
export const elementwise = <Args extends Tensors>(
  name: string,
  names: { readonly [K in keyof Args]: string },
  f: (...args: { [K in keyof Args]: number }) => number,
  ...slopes: { [K in keyof Args]: Slope<Args> }
): Elementwise<Args> => {
  const kernelName = `GuidepostSpecial_${name}`
  const call = (...args: Args): tf.Tensor =>
    tf.tidy(() => {
      const stretched = broadcast(name, args)
      const inputs = Object.fromEntries(names.map((input, i) => [input, stretched[i]!]))
      return tf.engine().runKernel(kernelName, inputs) as tf.Tensor
    })
  const gradient: tf.GradConfig = {
    kernelName,
    inputsToSave: [...names],
    gradFunc: (dy, saved) =>
      Object.fromEntries(
        names.map((input, i) => {
          const slope = slopes[i] as Slope<Args>
          if (typeof slope === "string") return [input, () => refuse(slope)]
          return [input, () => tf.mul(dy as tf.Tensor, slope(...(saved as Tensors as Args)))]
        }),
      ),
  }
  return Object.assign(call, { kernel: elementwiseLoop(kernelName, names, () => f as Scalar), gradient })
}

const broadcast = (name: string, args: ReadonlyArray<tf.Tensor>): ReadonlyArray<tf.Tensor> => {
  const shape = Shape.broadcast(...args.map((x) => x.shape))
  if (shape === undefined) {
    throw new ShapeMismatch({
      where: name,
      expected: "arguments that broadcast with one another",
      found: args.map((x) => Shape.format(x.shape)).join(" and "),
    })
  }
  return args.map((x) => {
    const float = x.dtype === "float32" ? x : tf.cast(x, "float32")
    return Shape.equals(float.shape, shape) ? float : tf.broadcastTo(float, [...shape])
  })
}

const refuse = (derivative: string): never => {
  throw new InvalidArgument({
    where: "a gradient",
    expected: "a derivative that is implemented",
    found: derivative,
  })
}
