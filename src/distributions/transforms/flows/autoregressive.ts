/**
 * Autoregressive flows: each number is mapped as those before it say.
 *
 * Masked: yᵢ = tᵢ(xᵢ), the parameters of tᵢ being network(y)ᵢ, which depends on y₁ … yᵢ₋₁ only (Papamakarios, Pavlakou
 * and Murray, "Masked Autoregressive Flow for Density Estimation", NeurIPS 2017). A density takes one call of the
 * network, a draw one for each number: for fitting to data.
 *
 * Inverse: the parameters are network(x)ᵢ, which depends on x₁ … xᵢ₋₁ only (Kingma et al., "Improving Variational
 * Inference with Inverse Autoregressive Flow", NeurIPS 2016). A draw and the density of that draw take one call, the
 * density of anything else one for each number: for guides.
 *
 * `made` is such a network. The Jacobian is triangular, so that the volume is that of the maps t, one by one.
 *
 * ```ts
 * const network = yield* bind("iaf", made({ inputs: 2, hidden: [16], outputs: { shift: [], logScale: [] } }))
 * const guide = Flow(Normal.standard([2]), [inverseAutoregressive({ network })])
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { forwardAndVolume, inverseAndVolume, type Mapped, sliceLast, type Transform } from "../contract.ts"
import { boundedAffine, type ShiftAndLogScale } from "./affine.ts"
import { type Conditioner, conditioned, vectorFlow } from "./conditioned.ts"

/**
 * A network from vectors `[..., n]` to parameters for each of the n numbers, which depend on the numbers before it
 * only: `shift` and `logScale` of shape `[..., n]`, or what `elementwise` takes. That they do is not checked; where
 * they do not, the two ways are not each other's inverse.
 */
export type Autoregressive<P> = Conditioner<P>

type Make = {
  (options: Omit<Autoregressive<ShiftAndLogScale>, "elementwise">): Transform<"real", "real">
  <P>(options: Autoregressive<P>): Transform<"real", "real">
}

/**
 * yᵢ = tᵢ(xᵢ) with parameters network(y)ᵢ: the inverse in one call of the network, the way forward in n. A network
 * whose outputs do not fit throws `ShapeMismatch` as it is used.
 */
export const maskedAutoregressive: Make = <P>(options: Options<P>): Transform<"real", "real"> => {
  const { at, summed } = parts("maskedAutoregressive", options)
  return {
    ...vectorFlow(() => true),
    name: "maskedAutoregressive",
    opaque: true,
    forward: (x) => oneByOne(x, (y) => at(y).forward(x)),
    inverse: (y) => at(y).inverse(y),
    logAbsDetJacobian: (x, y) => tf.sum(at(y).logAbsDetJacobian(x, y), -1),
    inverseAndVolume: (y) => summed(inverseAndVolume(at(y), y)),
  }
}

/**
 * yᵢ = tᵢ(xᵢ) with parameters network(x)ᵢ: the way forward in one call of the network, the inverse in n. A network
 * whose outputs do not fit throws `ShapeMismatch` as it is used.
 */
export const inverseAutoregressive: Make = <P>(options: Options<P>): Transform<"real", "real"> => {
  const { at, summed } = parts("inverseAutoregressive", options)
  return {
    ...vectorFlow(() => true),
    name: "inverseAutoregressive",
    opaque: true,
    forward: (x) => at(x).forward(x),
    inverse: (y) => oneByOne(y, (x) => at(x).inverse(y)),
    logAbsDetJacobian: (x, y) => tf.sum(at(x).logAbsDetJacobian(x, y), -1),
    forwardAndVolume: (x) => summed(forwardAndVolume(at(x), x)),
  }
}

type Options<P> = Omit<Autoregressive<P>, "elementwise"> & Partial<Autoregressive<P>>

const parts = <P>(name: string, options: Options<P>) => {
  const conditioner = { elementwise: boundedAffine, ...options } as Conditioner<P>
  return {
    at: (known: tf.Tensor) => conditioned(name, conditioner, known, known.shape),
    summed: ({ value, volume }: Mapped): Mapped => ({ value, volume: tf.sum(volume, -1) }),
  }
}

/**
 * The vector of which number i is that of `step` at the vector itself, and depends there on the numbers before i
 * only. What is not known yet stands as zero, and what comes of it is not used: were it, a value that no vector has
 * could overflow on the way, and its gradient be NaN.
 */
const oneByOne = (like: tf.Tensor, step: (known: tf.Tensor) => tf.Tensor): tf.Tensor => {
  const outer = like.shape.slice(0, -1)
  const width = like.shape.at(-1)!
  const found: Array<tf.Tensor> = []
  for (let i = 0; i < width; i++) {
    const known = tf.concat([...found, tf.zeros([...outer, width - i])], -1)
    found.push(sliceLast(step(known), i, 1))
  }
  return tf.concat(found, -1)
}
