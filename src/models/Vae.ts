/**
 * The variational autoencoder, of Kingma and Welling, "Auto-Encoding Variational Bayes", ICLR 2014, §3:
 *
 *   p(z) = N(0, I),   p(x | z) by the decoder,   q(z | x) = N(loc(x), diag scale(x)²) by the encoder,
 *
 * both fully connected. p(x | z) is the paper's appendix C.1 (Bernoulli pixels) or C.2 (Gaussian pixels, each with a
 * variance of its own), or a Gaussian with one variance for all pixels, learned or given. Without hidden layers the
 * last is probabilistic PCA (Tipping and Bishop, 1999).
 *
 * ```ts
 * const vae = Vae.make({ inputs: 784, hidden: 400, latent: 20, size: 60_000 })
 * const fit = yield* fitSVI(vae.model, vae.guide, images)
 * const pictures = vae.decode(z)      // R: Param<"decoder", …>
 * ```
 */
import type * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { Bernoulli } from "../distributions/Bernoulli.ts"
import type { Independent } from "../distributions/Independent.ts"
import { Normal } from "../distributions/Normal.ts"
import { positive } from "../distributions/Support.ts"
import { param } from "../effects/Param.ts"
import { plate } from "../effects/Plate.ts"
import type { Observe, Param, Sample } from "../effects/Program.ts"
import { observe, sample } from "../effects/Sample.ts"
import { type Activation, type ActivationName, identity } from "../nn/activations.ts"
import { apply } from "../nn/apply.ts"
import { branch } from "../nn/branch.ts"
import { type DenseParams, dense, sizeProblem } from "../nn/dense.ts"
import { type MlpParams, mlp } from "../nn/mlp.ts"
import type { Network } from "../nn/Network.ts"
import { type SequentialParams, sequential } from "../nn/sequential.ts"
import { InvalidArgument } from "../tensor/errors.ts"
import type { Tree } from "../tensor/Tree.ts"
import { refuse } from "./refuse.ts"

/**
 * What a pixel is, given the latents.
 *
 * - `"bernoulli"`: a coin whose logit the decoder gives. Grey pixels in [0, 1] are taken as they are, and scored by
 *   the cross-entropy x·logit − softplus(logit): the usual objective, though not the density of a grey pixel.
 * - `"gaussian"`: the decoder gives each pixel's mean and standard deviation.
 * - `"gaussian-shared"`: the decoder gives the means; one standard deviation, the parameter `"scale"`, is learned.
 * - `{ fixed }`: the decoder gives the means; the standard deviation is this number. At 1 the reconstruction term is
 *   half the squared error, up to a constant.
 */
export type Observations = "bernoulli" | "gaussian" | "gaussian-shared" | { readonly fixed: number }

/** The sizes of the encoder's hidden layers, from the input on; the decoder has them in reverse. */
export type Hidden = number | ReadonlyArray<number>

/** Sizes are whole numbers from 1 up. The defaults are those of the common example on MNIST, 784-400-20. */
export interface VaeOptions<O extends Observations, H extends Hidden> {
  /** How many images there are to fit: the size of the plate `"images"`. */
  readonly size: number
  /** Default `"bernoulli"`. */
  readonly observations?: O
  /** Pixels an image. Default 784. */
  readonly inputs?: number
  /** Default 400. `[]` for none, which makes encoder and decoder affine maps. */
  readonly hidden?: H
  /** Dimensions of z. Default 20. */
  readonly latent?: number
  /** After each hidden layer. Default `"relu"`. */
  readonly activation?: Activation
  /** On a Gaussian pixel's mean. Default none; the paper takes `"sigmoid"` for pixels in [0, 1]. */
  readonly meanActivation?: O extends "bernoulli" ? never : ActivationName
}

/** Images `x` are `[batch, inputs]`, latents `z` `[batch, latent]`. */
export interface Vae<O extends Observations, H extends Hidden> {
  /** p(z) p(x | z), observing `x`. */
  readonly model: (
    x: tf.Tensor,
  ) => Effect.Effect<
    tf.Tensor,
    never,
    Sample<"z", "real", "pathwise"> | Observe<"x"> | DecoderRequirements<O, H>
  >
  /** q(z | x), sampled. */
  readonly guide: (
    x: tf.Tensor,
  ) => Effect.Effect<tf.Tensor, never, Sample<"z", "real", "pathwise"> | Param<"encoder", HeadedParams<H>>>
  /** q(z | x) itself. */
  readonly encode: (
    x: tf.Tensor,
  ) => Effect.Effect<Independent<Normal>, never, Param<"encoder", HeadedParams<H>>>
  /** The mean of p(x | z): a picture `[batch, inputs]`. */
  readonly decode: (z: tf.Tensor) => Effect.Effect<tf.Tensor, never, DecoderRequirements<O, H>>
}

/** The parameters of an encoder, or of a decoder with a standard deviation for each pixel: hidden layers, two heads. */
export type HeadedParams<H extends Hidden> = SequentialParams<
  readonly [Network<MlpParams<readonly [number, ...Layers<H>]>>, Network<Heads<DenseParams>>]
>

/** The parameters of a decoder that gives one number a pixel. */
export type DecoderParams<O extends Observations, H extends Hidden> = O extends "gaussian"
  ? HeadedParams<H>
  : MlpParams<readonly [number, ...Layers<H>, number]>

/** The parameters that p(x | z) reads. */
export type DecoderRequirements<O extends Observations, H extends Hidden> =
  | Param<"decoder", DecoderParams<O, H>>
  | (O extends "gaussian-shared" ? Param<"scale", tf.Tensor> : never)

type Layers<H extends Hidden> = H extends ReadonlyArray<number> ? H : readonly [number]
type Heads<T> = { readonly loc: T; readonly scale: T }

/**
 * A variational autoencoder. Sizes and observations that cannot be are refused when its programs run, with
 * `InvalidArgument`, `InvalidParameter` (a fixed deviation that is not positive) or `PlateError` (`size`).
 */
export const make = <const O extends Observations = "bernoulli", const H extends Hidden = 400>(
  options: VaeOptions<O, H>,
): Vae<O, H> => {
  const { size, inputs = 784, hidden = 400, latent = 20, activation = "relu" } = options
  const layers: ReadonlyArray<number> = typeof hidden === "number" ? [hidden] : hidden
  const sizes = [inputs, ...layers, latent]
  const checked = refuse(sizeProblem("Vae.make", sizes) ?? observationsProblem(options.observations))

  const encoder = headed(sizes, activation) as Network<HeadedParams<H>, Heads<tf.Tensor>>
  const encode = (x: tf.Tensor) =>
    Effect.map(apply("encoder", encoder, x), ({ loc, scale }) => Normal({ loc, scale }).toEvent(1))

  // The one place where the options' types meet their values: each observation's parameters are as declared above.
  const likelihood = likelihoodOf(sizes.toReversed(), options) as Likelihood<unknown> as Likelihood<
    DecoderRequirements<O, H>
  >
  const images = plate("images", { size })
  return {
    model: Effect.fnUntraced(
      function* (x: tf.Tensor) {
        const z = yield* sample("z", Normal.standard([latent]))
        return yield* observe("x", yield* likelihood(z), x)
      },
      images,
      checked,
    ),
    guide: Effect.fnUntraced(
      function* (x: tf.Tensor) {
        return yield* sample("z", yield* encode(x))
      },
      images,
      checked,
    ),
    encode,
    decode: (z) => checked(Effect.map(likelihood(z), (pixels) => pixels.mean())),
  }
}

/** p(x | z) as a program: reads the decoder, gives the pixels' distribution, one event an image. */
type Likelihood<R> = (z: tf.Tensor) => Effect.Effect<Independent<Bernoulli> | Independent<Normal>, never, R>

const likelihoodOf = (
  sizes: ReadonlyArray<number>,
  options: {
    readonly observations?: Observations
    readonly activation?: Activation
    readonly meanActivation?: ActivationName
  },
): Likelihood<Param<"decoder", Tree> | Param<"scale", tf.Tensor>> => {
  const { observations = "bernoulli", activation = "relu", meanActivation = "identity" } = options
  if (observations === "bernoulli") {
    const decoder = mlp(sizes, { activation })
    return (z) =>
      Effect.map(apply("decoder", decoder, z), (logits) => Bernoulli({ logits, soft: true }).toEvent(1))
  }
  if (observations === "gaussian") {
    const decoder = headed(sizes, activation, meanActivation)
    return (z) =>
      Effect.map(apply("decoder", decoder, z), ({ loc, scale }) => Normal({ loc, scale }).toEvent(1))
  }
  const decoder = mlp(sizes, { activation, outputActivation: meanActivation })
  const deviation =
    observations === "gaussian-shared"
      ? param("scale", 1, { support: positive })
      : Effect.succeed(observations.fixed)
  return Effect.fnUntraced(function* (z) {
    const loc = yield* apply("decoder", decoder, z)
    return Normal({ loc, scale: yield* deviation }).toEvent(1)
  })
}

/**
 * Hidden layers, then two heads: the mean, and the standard deviation by `boundedExp`. The paper's encoder gives
 * log σ² instead, which is the same map near 0; see `boundedExp` for what its plain exponential risks.
 */
const headed = (
  sizes: ReadonlyArray<number>,
  activation: Activation,
  meanActivation: Activation = "identity",
) => {
  const [width, outputs] = sizes.slice(-2) as [number, number]
  const body =
    sizes.length > 2 ? mlp(sizes.slice(0, -1), { activation, outputActivation: activation }) : identity
  return sequential(
    body,
    branch({
      loc: dense(width, outputs, { activation: meanActivation }),
      scale: dense(width, outputs, { activation: "boundedExp" }),
    }),
  )
}

const observationsProblem = (observations: Observations = "bernoulli"): InvalidArgument | undefined =>
  typeof observations === "object" || ["bernoulli", "gaussian", "gaussian-shared"].includes(observations)
    ? undefined
    : new InvalidArgument({
        where: "Vae.make: observations",
        expected: `"bernoulli", "gaussian", "gaussian-shared" or { fixed }`,
        found: String(observations),
      })
