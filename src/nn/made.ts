/**
 * A masked autoregressive network: for each number of a vector, outputs that depend on the numbers before it only
 * (Germain, Gregor, Murray and Larochelle, "MADE: Masked Autoencoder for Distribution Estimation", ICML 2015, §4).
 *
 * Each unit has a degree: inputs 1 … n, hidden units spread evenly over 1 … n − 1. A hidden unit sees the units of its
 * degree or below, an output of the i-th number those below i; the other weights are multiplied by zero. Numbers of a
 * context have degree 0: everything may depend on them. With a context, hidden units start from degree 0, so that the
 * first number's outputs depend on it too (Paige and Wood, "Inference Networks for Sequential Monte Carlo", ICML 2016).
 *
 * ```ts
 * const network = made({ inputs: 3, hidden: [32, 32], outputs: { shift: [], logScale: [] } })
 * const { shift, logScale } = yield* apply("made", network, x)                  // [..., 3] each, from [..., 3]
 * made({ inputs: 3, hidden: [32], outputs: { widths: [8] }, context: 20 })      // [..., 3, 8], from [..., 3 + 20]
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { InvalidArgument } from "../tensor/errors.ts"
import { type Shape, size } from "../tensor/Shape.ts"
import type { Activation } from "./activations.ts"
import { compose } from "./compose.ts"
import { type DenseParams, dense, sizeProblem } from "./dense.ts"
import type { Initializer } from "./initializers.ts"
import type { MlpParams } from "./mlp.ts"
import { leaf, make, type Network } from "./Network.ts"

/** One {@link DenseParams} for each layer, under its number: one more than there are hidden layers. */
export type MadeParams<H extends ReadonlyArray<number>> = MlpParams<readonly [number, ...H, number]>

/** What a {@link made} network maps, and how. */
export interface MadeOptions<H extends ReadonlyArray<number>, O extends Readonly<Record<string, Shape>>> {
  /** How many numbers a vector has. */
  readonly inputs: number
  /** Units of each hidden layer: at least `inputs` of them, or some outputs see less than they may. */
  readonly hidden: H
  /** The outputs by name, each with its shape for one number: `{ shift: [], logScale: [] }`. */
  readonly outputs: O
  /** How many numbers follow the vector in the input, on which all outputs may depend. Default 0. */
  readonly context?: number
  /** After each hidden layer. Default "relu". */
  readonly activation?: Activation
  /** Of the kernels, before they are masked. Default `glorotUniform`. */
  readonly initializer?: Initializer
  /** Of the last kernel: `Initializer.zeros` makes a flow that starts as the identity. Default `initializer`. */
  readonly outputInitializer?: Initializer
}

/**
 * The network from `[..., inputs + context]` to outputs of shape `[..., inputs, ...shape]`, by name. Sizes that are
 * not whole numbers from 1 up (`context`: from 0), and no outputs, give a network whose problem is an
 * `InvalidArgument`.
 */
export const made = <const H extends ReadonlyArray<number>, const O extends Readonly<Record<string, Shape>>>(
  options: MadeOptions<H, O>,
): Network<MadeParams<H>, { readonly [K in keyof O]: tf.Tensor }> => {
  const { inputs, hidden, outputs, context = 0, activation = "relu", initializer } = options
  const perInput = Object.values(outputs).map(size)
  const sizes = [inputs + context, ...hidden, inputs * perInput.reduce((a, b) => a + b, 0)]
  const name = `made(${sizes.join(", ")})`
  const degrees = [
    () => [...vector(inputs), ...new Array<number>(context).fill(0)],
    ...hidden.map((units) => () => spread(units, inputs, context)),
    // An output of the i-th number sees degrees up to i − 1.
    () => perInput.flatMap((count) => vector(inputs).flatMap((i) => new Array<number>(count).fill(i - 1))),
  ]
  const columns = (count: number) => inputs * count
  const layers = sizes.slice(1).map((units, i) => {
    const isLast = i === hidden.length
    const start = isLast ? (options.outputInitializer ?? initializer) : initializer
    return masked(sizes[i]!, units, degrees[i]!, degrees[i + 1]!, {
      ...(start && { initializer: start }),
      ...(isLast ? {} : { activation }),
    })
  })
  return compose({
    name,
    problem:
      sizeProblem(name, [inputs, ...hidden, ...Object.values(outputs).flat()]) ??
      contextProblem(name, context) ??
      outputProblem(name, outputs),
    children: Object.fromEntries(layers.map((layer, i) => [String(i), layer])),
    apply: (call, input) => {
      const flat = layers.reduce((x, _layer, i) => call(String(i), x) as tf.Tensor, input)
      // tfjs cannot differentiate a split into one.
      const parts = perInput.length === 1 ? [flat] : tf.split(flat, perInput.map(columns), -1)
      return Object.fromEntries(
        Object.entries(outputs).map(([name, shape], i) => [
          name,
          tf.reshape(parts[i]!, [...flat.shape.slice(0, -1), inputs, ...shape]),
        ]),
      ) as { readonly [K in keyof O]: tf.Tensor }
    },
  })
}

/** A dense layer whose units see those units only that are of their own degree or below. */
const masked = (
  inputs: number,
  outputs: number,
  seen: () => ReadonlyArray<number>,
  own: () => ReadonlyArray<number>,
  options: { readonly activation?: Activation; readonly initializer?: Initializer },
): Network<DenseParams> => {
  const inner = dense(inputs, outputs, options)
  let mask: Float32Array | undefined
  return make({
    name: inner.name,
    problem: inner.problem,
    init: inner.init,
    apply: (params, input, run) => {
      const kernel = leaf(params, "kernel", [inputs, outputs], `${run.where}/${inner.name}`)
      const [from, to] = [seen(), own()]
      mask ??= Float32Array.from(from.flatMap((below) => to.map((degree) => (below <= degree ? 1 : 0))))
      const kept = tf.mul(kernel, tf.tensor2d(mask, [inputs, outputs]))
      return inner.apply({ ...params, kernel: kept }, input, run)
    },
  })
}

/** 1 … n. */
const vector = (n: number): ReadonlyArray<number> => Array.from({ length: n }, (_, i) => i + 1)

/** Degrees of hidden units, rising from 1 (0 where that is of use) to n − 1, the highest that any output sees. */
const spread = (units: number, inputs: number, context: number): ReadonlyArray<number> => {
  const lowest = context > 0 || inputs === 1 ? 0 : 1
  const count = inputs - lowest
  return Array.from({ length: units }, (_, j) => lowest + Math.ceil(((j + 1) * count) / units) - 1)
}

const contextProblem = (where: string, context: number): InvalidArgument | undefined =>
  Number.isSafeInteger(context) && context >= 0
    ? undefined
    : new InvalidArgument({
        where,
        expected: "a context that is a whole number from 0 up",
        found: String(context),
      })

const outputProblem = (where: string, outputs: object): InvalidArgument | undefined =>
  Object.keys(outputs).length > 0
    ? undefined
    : new InvalidArgument({ where, expected: "at least one output", found: "none" })
