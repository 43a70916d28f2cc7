/**
 * A fully connected layer: activation(input · kernel + bias).
 *
 * ```ts
 * const layer = dense(784, 400, { activation: "relu" })   // parameters kernel [784, 400], bias [400]
 * const h = yield* apply("hidden", layer, x)              // [batch, 784] to [batch, 400]
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { InvalidArgument, ShapeMismatch } from "../tensor/errors.ts"
import * as Key from "../tensor/Key.ts"
import { equals, format, type Shape } from "../tensor/Shape.ts"
import type { Tree } from "../tensor/Tree.ts"
import { type Activation, activationOf } from "./activations.ts"
import { glorotUniform, type Initializer, zeros } from "./initializers.ts"
import { below, leaf, make, type Network } from "./Network.ts"

/** `kernel` is `[inputs, outputs]`, `bias` is `[outputs]`. */
export type DenseParams = { readonly kernel: tf.Tensor; readonly bias: tf.Tensor }

/** How a {@link dense} layer starts, and what follows it. */
export interface DenseOptions {
  /** Of the kernel. Default `glorotUniform`. */
  readonly initializer?: Initializer
  /** Of the bias. Default `zeros`; `false` for a layer without one. */
  readonly bias?: Initializer | false
  /** Default none. */
  readonly activation?: Activation
}

/**
 * A layer from `[..., inputs]` to `[..., outputs]`. Sizes are whole numbers from 1 up; else, and for an activation
 * that there is not, the network has an `InvalidArgument` as its problem. Another last dimension than `inputs` is a
 * `ShapeMismatch`.
 */
export const dense: {
  (
    inputs: number,
    outputs: number,
    options: DenseOptions & { readonly bias: false },
  ): Network<Pick<DenseParams, "kernel">>
  (
    inputs: number,
    outputs: number,
    options?: DenseOptions & { readonly bias?: Initializer },
  ): Network<DenseParams>
} = (inputs: number, outputs: number, options: DenseOptions = {}): Network<DenseParams> => {
  const { initializer = glorotUniform, bias = zeros } = options
  const name = `dense(${inputs}, ${outputs})`
  const activation = activationOf(options.activation ?? "identity")

  const init = (key: Key.Key): Tree => {
    const kernel = first("kernel", initializer, key, [inputs, outputs])
    return bias === false ? { kernel } : { kernel, bias: first("bias", bias, key, [outputs]) }
  }
  const first = (leaf: string, initializer: Initializer, key: Key.Key, shape: Shape): tf.Tensor => {
    const value = initializer(Key.foldInName(key, leaf), shape)
    if (equals(value.shape, shape)) return value
    throw new ShapeMismatch({
      where: `${name}: initializer of "${leaf}"`,
      expected: format(shape),
      found: format(value.shape),
    })
  }

  return make({
    name,
    problem: sizeProblem(name, [inputs, outputs]) ?? (activation.problem && below(name, activation.problem)),
    init: (key) => init(key) as DenseParams,
    apply: (params, input, run) => {
      const where = `${run.where}/${name}`
      if (input.shape.at(-1) !== inputs) {
        throw new ShapeMismatch({
          where,
          expected: `an input of shape [..., ${inputs}]`,
          found: format(input.shape),
        })
      }
      const kernel = leaf(params, "kernel", [inputs, outputs], where)
      // Not `tf.fused.matMul`: its product takes no account of what packing costs, and a step of the usual VAE
      // takes 17 ms with it against 14.5.
      const product = tf.matMul(rows(input, inputs), kernel as tf.Tensor2D)
      const sum = bias === false ? product : tf.add(product, leaf(params, "bias", [outputs], where))
      const output = input.rank === 2 ? sum : tf.reshape(sum, [...input.shape.slice(0, -1), outputs])
      return activation.apply({}, output, run)
    },
  })
}

/** `[..., inputs]` as one batch of rows. */
const rows = (x: tf.Tensor, inputs: number): tf.Tensor2D => {
  const float = x.dtype === "float32" ? x : tf.cast(x, "float32")
  return (x.rank === 2 ? float : tf.reshape(float, [x.size / inputs, inputs])) as tf.Tensor2D
}

/** What is wrong with sizes that should be whole numbers from 1 up. */
export const sizeProblem = (where: string, sizes: ReadonlyArray<number>): InvalidArgument | undefined => {
  const wrong = sizes.find((size) => !(Number.isSafeInteger(size) && size >= 1))
  return wrong === undefined
    ? undefined
    : new InvalidArgument({ where, expected: "sizes that are whole numbers from 1 up", found: String(wrong) })
}
