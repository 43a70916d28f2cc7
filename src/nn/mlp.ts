/**
 * A multilayer perceptron: dense layers with an activation between them.
 *
 * ```ts
 * const decoder = mlp([20, 400, 784])                  // relu after the first layer, nothing after the last
 * const logits = yield* apply("decoder", decoder, z)   // parameters { "0": { kernel, bias }, "1": … }
 * ```
 */
import { InvalidArgument } from "../tensor/errors.ts"
import type { Activation } from "./activations.ts"
import { type DenseParams, dense, sizeProblem } from "./dense.ts"
import type { Initializer } from "./initializers.ts"
import type { Network } from "./Network.ts"
import { chain } from "./sequential.ts"

/** One {@link DenseParams} for each layer, under its number: one fewer than there are sizes. */
export type MlpParams<S extends ReadonlyArray<number>> = S extends readonly [number, ...infer Outputs]
  ? number extends Outputs["length"]
    ? { readonly [layer: string]: DenseParams }
    : { readonly [K in keyof Outputs & `${number}`]: DenseParams }
  : { readonly [layer: string]: DenseParams }

/** What stands between the layers of an {@link mlp}, and how they start. */
export interface MlpOptions {
  /** After each layer but the last. Default "relu". */
  readonly activation?: Activation
  /** After the last layer. Default none. */
  readonly outputActivation?: Activation
  /** Of every kernel. Default `glorotUniform`. */
  readonly initializer?: Initializer
}

/**
 * Layers of `sizes`: the input's, the hidden layers', the output's. Fewer than two sizes, and sizes that are not
 * whole numbers from 1 up, give a network whose problem is an `InvalidArgument`.
 */
export const mlp = <const S extends ReadonlyArray<number>>(
  sizes: S,
  options: MlpOptions = {},
): Network<MlpParams<S>> => {
  const { activation = "relu", outputActivation = "identity", ...rest } = options
  const name = `mlp(${sizes.join(", ")})`
  const layers = sizes.slice(1).map((outputs, i) =>
    dense(sizes[i]!, outputs, {
      ...rest,
      activation: i === sizes.length - 2 ? outputActivation : activation,
    }),
  )
  return chain(name, lengthProblem(name, sizes) ?? sizeProblem(name, sizes), layers)
}

const lengthProblem = (where: string, sizes: ReadonlyArray<number>): InvalidArgument | undefined =>
  sizes.length >= 2
    ? undefined
    : new InvalidArgument({
        where,
        expected: "at least two sizes: of the input and of the output",
        found: String(sizes.length),
      })
