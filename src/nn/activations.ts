/**
 * Elementwise functions between layers, as networks without parameters and by name.
 *
 * ```ts
 * sequential(dense(784, 400), relu, dense(400, 20))
 * dense(784, 400, { activation: "relu" })
 * elementwise("square", tf.square)     // one of your own
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { InvalidArgument } from "../tensor/errors.ts"
import { ndtr } from "../tensor/special/normal.ts"
import { make, type Network, type NoParams } from "./Network.ts"

/** A network without parameters: `f` of its input. */
export const elementwise = (name: string, f: (x: tf.Tensor) => tf.Tensor): Network<NoParams> =>
  make({ name, init: () => ({}), apply: (_params, input) => f(input) })

/** x. */
export const identity: Network<NoParams> = elementwise("identity", (x) => x)

/** max(x, 0), with derivative 0 at 0. */
export const relu: Network<NoParams> = elementwise("relu", (x) => tf.relu(x))

/** x above 0, 0.2·x below (Maas, Hannun and Ng, ICML 2013, who take 0.01; 0.2 is now the common slope). */
export const leakyRelu: Network<NoParams> = elementwise("leakyRelu", (x) => tf.leakyRelu(x, 0.2))

/** x above 0, eˣ − 1 below (Clevert, Unterthiner and Hochreiter, ICLR 2016). */
export const elu: Network<NoParams> = elementwise("elu", (x) => tf.elu(x))

/** x·Φ(x), Φ the standard normal's distribution function: the exact form (Hendrycks and Gimpel, 2016, §2). */
export const gelu: Network<NoParams> = elementwise("gelu", (x) => tf.mul(x, ndtr(x)))

/** log(1 + eˣ). */
export const softplus: Network<NoParams> = elementwise("softplus", (x) => tf.softplus(x))

/** 1 / (1 + e⁻ˣ). */
export const sigmoid: Network<NoParams> = elementwise("sigmoid", (x) => tf.sigmoid(x))

/** Hyperbolic tangent. */
export const tanh: Network<NoParams> = elementwise("tanh", (x) => tf.tanh(x))

/** Along the last dimension, eˣ over its sum. */
export const softmax: Network<NoParams> = elementwise("softmax", (x) => tf.softmax(x))

/**
 * A scale from a real number: exp(10·tanh(x/10)), which is eˣ near 0 (to 1 part in 300 at |x| = 1) and stays
 * within (e⁻¹⁰, e¹⁰) ≈ (4.5e-5, 2.2e4).
 *
 * Plain eˣ is infinite in float32 from x = 89 on and 0 below −104, and one such scale makes a density NaN. Clipping
 * x cures that, with a gradient of 0 beyond the bound: a scale that went too far would stay there. Here the
 * gradient lives on, and the logarithm of the scale, which densities need, is at most 10 in size.
 */
export const boundedExp: Network<NoParams> = elementwise("boundedExp", (x) =>
  tf.exp(tf.mul(tf.tanh(tf.mul(x, 0.1)), 10)),
)

const activations = {
  identity,
  relu,
  leakyRelu,
  elu,
  gelu,
  softplus,
  sigmoid,
  tanh,
  softmax,
  boundedExp,
}

/** The activations that have a name. */
export type ActivationName = keyof typeof activations

/** An activation by name, or a network without parameters. */
export type Activation = ActivationName | Network<NoParams>

/** The network of an activation. A name that there is not gives a network with a problem. */
export const activationOf = (activation: Activation): Network<NoParams> => {
  if (typeof activation !== "string") return activation
  if (Object.hasOwn(activations, activation)) return activations[activation]
  return make({
    name: activation,
    problem: new InvalidArgument({
      where: "activation",
      expected: `one of ${Object.keys(activations).join(", ")}, or a network`,
      found: `"${activation}"`,
    }),
    init: () => ({}),
    apply: (_params, input) => input,
  })
}
