/**
 * The type-level half of automatic guides: what a guide made from a model requires, and which models it cannot serve.
 */
import type * as tf from "@tensorflow/tfjs-core"
import type { Effect } from "effect"
import type { BijectableName } from "../../distributions/Transform.ts"
import type {
  Deterministic,
  Factor,
  Hidden,
  LatentName,
  Observe,
  Param,
  Sample,
} from "../../effects/Program.ts"
import type { Init } from "./init.ts"

/** What all automatic guides may be told. */
export interface AutoOptions<K extends string = string> {
  /** Where each site starts; default `initToMedian`. */
  readonly init?: Init
  /** Sites that the guide leaves to an objective that sums them out, such as `enumerated()`. */
  readonly summedOut?: ReadonlyArray<K>
}

/** As {@link AutoOptions}, for guides with a spread. */
export interface SpreadOptions<K extends string = string> extends AutoOptions<K> {
  /** The first standard deviation of every unconstrained number: positive, finite; default 0.1. */
  readonly scale?: number
}

/** A guide over the model's data. */
export type AutoGuide<D, E, R> = (data: D) => Effect.Effect<void, E, R>

/**
 * What a guide requires that is made from a model which requires `R`: the model's latent sites but those in `K`, with
 * parameters `P` of each, and the model's own parameters and services.
 */
export type Guided<R, K extends string, P extends string> =
  R extends Sample<infer N, infer S, infer _G>
    ? N extends K
      ? Hidden
      : Sample<N, S, "pathwise"> | SiteParams<N, P>
    : R extends Observe<infer _N> | Factor<infer _N> | Deterministic<infer _N>
      ? Hidden
      : R

/** Parameters `auto/<site>/<P>`. */
export type SiteParams<N extends string, P extends string> = P extends string
  ? Param<`auto/${N}/${P}`, tf.Tensor>
  : never

/** The latent sites, those in `K` aside, whose support no unconstrained numbers can be mapped onto. */
type Undrawable<R, K extends string> =
  R extends Sample<infer N, infer S, infer _G>
    ? N extends K
      ? never
      : [S] extends [BijectableName]
        ? never
        : string extends S
          ? never
          : N
    : never

/** `unknown` where an automatic guide can serve the model; otherwise a type that no model has, and that says why. */
export type AutoCheck<R, K extends string> = [Undrawable<R, K>] extends [never]
  ? unknown
  : {
      readonly "an automatic guide cannot draw these discrete sites (name them in summedOut, or write their guide)": Undrawable<
        R,
        K
      >
    }

/** A model that an automatic guide can be made from. */
export type Drawable<D, E, R, K extends LatentName<R>> = ((data: D) => Effect.Effect<unknown, E, R>) &
  AutoCheck<R, K>
