/**
 * Encoders in place of parameters: q(z_n | x_n) = N(loc(x_n), scale(x_n)²), with loc and scale from a program of the data,
 * so that a site in a plate costs no parameters for each member, and minibatches can be used (Kingma and Welling, ICLR
 * 2014, §2.3; Gershman and Goodman, "Amortized inference in probabilistic reasoning", CogSci 2014).
 *
 * | guide | an encoder gives | shape |
 * |---|---|---|
 * | `autoDelta` | `value`, in the support | `[...batch, ...event]` |
 * | `autoNormal` | `loc`, `scale` | `[...batch, ...]` of the unconstrained event |
 * | `autoMultivariateNormal` | `loc`; `scaleTril`, lower-triangular | and `[...batch, m, m]`, for the event's m numbers |
 * | `autoLowRank` | `loc`, `scale`; `factor` | and `[...batch, m, rank]` |
 *
 * Given the data, an encoded site depends on no other site: what a covariance ties together are the numbers of one event,
 * in each row a covariance of its own. Latents of a row that go together are to be one site, with an event of them all.
 * `autoFlow` and `autoLaplace` are not encoded, and do not compile here: the one's weights would have to come from the
 * data, and the other's curvature is found at one mode, where an encoder has one for each row.
 *
 * ```ts
 * const encode = Effect.fnUntraced(function* (x: tf.Tensor) {
 *   const { loc, logScale } = yield* apply("encoder", encoder, x)
 *   return { loc, scale: tf.exp(logScale) }
 * })
 * const guide = amortise(autoNormal(model), { z: encode })
 * ```
 */
import type { Effect } from "effect"
import type { LatentName, Param, ParamName } from "../../effects/Program.ts"
import type { EncodableGuide, Encoders, Parameters } from "./encoders.ts"

/** A program of the data that gives a site its parameters: see the table of {@link amortise}'s file. */
export type Encoder<D, P extends string, E = unknown, R = unknown> = (
  data: D,
) => Effect.Effect<Parameters<P>, E, R>

/** `R` without the parameters of the sites `K`; and without the covariance of the others, where none are left. */
type WithoutParams<R, K extends string> = WithoutCovariance<
  R extends Param<infer N, infer _T> ? (N extends `auto/${K}/${string}` ? never : R) : R
>

type WithoutCovariance<R> = [Extract<ParamName<R>, `auto/${string}/loc`>] extends [never]
  ? R extends Param<infer N, infer _T>
    ? N extends "auto/scaleTril" | "auto/factor"
      ? never
      : R
    : R
  : R

/**
 * The guide with the parameters of each site that `encoders` names from a program of the data. The other sites keep
 * parameters of their own, and their covariance, of which the encoded ones are no part. Encoders of different requirements
 * take a call each, one around the other. A name that the model does not have is a compile error where names are known,
 * and fails with `UnknownSite` otherwise; what is not of the site's shape fails with `ShapeMismatch`.
 */
export const amortise = <D, E, R, P extends string, const K extends LatentName<R>, XE, XR>(
  guide: EncodableGuide<D, E, R, P>,
  encoders: { readonly [N in K]: Encoder<NoInfer<D>, P, XE, XR> },
): EncodableGuide<D, E | XE, WithoutParams<R, K> | XR, P> => guide.encoded(encoders as Encoders) as never
