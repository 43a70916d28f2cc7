/**
 * Encoders in place of parameters: q(z_n | x_n) = N(loc(x_n), scale(x_n)²), with loc and scale from a program of the data,
 * so that a site in a plate costs no parameters for each member, and minibatches can be used (Kingma and Welling, ICLR
 * 2014, §2.3; Gershman and Goodman, "Amortized inference in probabilistic reasoning", CogSci 2014).
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
import type { LatentName, Param } from "../../effects/Program.ts"
import type { MeanFieldGuide, Parameters } from "./meanField.ts"

/** A program of the data that gives a site its parameters, of the site's unconstrained shape `[...batch, ...]`. */
export type Encoder<D, P extends string, E = unknown, R = unknown> = (
  data: D,
) => Effect.Effect<Parameters<P>, E, R>

/** `R` without the parameters of the sites `K`. */
type WithoutParams<R, K extends string> =
  R extends Param<infer N, infer _T> ? (N extends `auto/${K}/${string}` ? never : R) : R

/**
 * The guide with the parameters of each site that `encoders` names from a program of the data: `loc` and `scale` of
 * `autoNormal`, both for the unconstrained numbers, the second positive; `value` of `autoDelta`, in the support. The other
 * sites keep parameters of their own. Encoders of different requirements take a call each, one around the other. A name
 * that the model does not have is a compile error where names are known, and fails with `UnknownSite` otherwise; what is
 * not of the site's shape fails with `ShapeMismatch`.
 */
export const amortise = <D, E, R, P extends string, const K extends LatentName<R>, XE, XR>(
  guide: MeanFieldGuide<D, E, R, P>,
  encoders: { readonly [N in K]: Encoder<NoInfer<D>, P, XE, XR> },
): MeanFieldGuide<D, E | XE, WithoutParams<R, K> | XR, P> => guide.encoded(encoders as never) as never
