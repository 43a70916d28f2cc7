/**
 * The type-level half: what a program may ask for, as phantom requirements in an Effect's `R` channel.
 *
 * `R` is a union such as `Sample<"z", "real", "pathwise"> | Observe<"x"> | Param<"w", Tensor> | Database`. The
 * compiler reads the site names out of it; at run time all of the probabilistic ones are answered by the one
 * `Interpreter` service. Names computed at run time widen to `string`: the checks below then let the program pass,
 * and the same check is made when it runs.
 *
 * ```ts
 * type R = Sample<"z", "real", "pathwise"> | Observe<"x"> | Database
 * type A = LatentName<R>   // "z"
 * type B = Rest<R>         // Database
 * ```
 */
import type * as tf from "@tensorflow/tfjs-core"
import type { Gradient } from "../distributions/Distribution.ts"
import type { Tree } from "../tensor/Tree.ts"

/** The program draws a latent site `N` with support `S`; `G` says whether the draw is differentiable. */
export interface Sample<in out N extends string, in out S extends string, in out G extends Gradient> {
  readonly _effect: "Sample"
  readonly name: N
  readonly support: S
  readonly gradient: G
}

/** The program scores data at site `N`. */
export interface Observe<in out N extends string> {
  readonly _effect: "Observe"
  readonly name: N
}

/** The program adds a log-weight at site `N`. */
export interface Factor<in out N extends string> {
  readonly _effect: "Factor"
  readonly name: N
}

/** The program records a computed value at site `N`. */
export interface Deterministic<in out N extends string> {
  readonly _effect: "Deterministic"
  readonly name: N
}

/** The program reads a learnable parameter `N` whose value is a tensor or a tree of tensors `T`. */
export interface Param<in out N extends string, in out T extends Tree> {
  readonly _effect: "Param"
  readonly name: N
  readonly value: T
}

/** The program draws at sites hidden by `block`: it needs an interpreter, and shows no name. */
export interface Hidden {
  readonly _effect: "Hidden"
}

/** Anything that an interpreter answers. */
export type Probabilistic = { readonly _effect: string }

/** What is left for the user to provide: the program's own services. */
export type Rest<R> = R extends Probabilistic ? never : R

/** The names of a program's latent sites. */
export type LatentName<R> = R extends Sample<infer N, infer _S, infer _G> ? N : never

/** The names of a program's observed sites. */
export type ObservedName<R> = R extends Observe<infer N> ? N : never

/** The names of a program's factors. */
export type FactorName<R> = R extends Factor<infer N> ? N : never

/** The names of a program's parameters. */
export type ParamName<R> = R extends Param<infer N, infer _T> ? N : never

/** The names of everything a program computes with {@link Deterministic}. */
export type DeterministicName<R> = R extends Deterministic<infer N> ? N : never

/** The support of latent site `K`. */
export type SupportAt<R, K> = R extends Sample<infer N, infer S, infer _G> ? (K extends N ? S : never) : never

/** The value of parameter `K`. */
export type ParamValue<R, K> = R extends Param<infer N, infer T> ? (K extends N ? T : never) : never

/** The latent sites whose draws are not differentiable. */
export type ScoreSites<R> =
  R extends Sample<infer N, infer _S, infer G> ? ("score" extends G ? N : never) : never

/** The latent sites whose support is among those that an objective sums out. */
export type SitesOn<R, S extends string> =
  R extends Sample<infer N, infer T, infer _G> ? ([T] extends [S] ? N : never) : never

/** A tensor for each latent site. */
export type Values<R> = { readonly [K in LatentName<R>]: tf.Tensor }

/** A tensor, or a tree of tensors, for each parameter. */
export type Params<R> = { readonly [K in ParamName<R>]: ParamValue<R, K> }

/** `Sample<K>` becomes `Observe<K>`. */
export type Conditioned<R, K extends string> =
  R extends Sample<infer N, infer _S, infer _G> ? (N extends K ? Observe<N> : R) : R

/** `Sample<K>` becomes `Deterministic<K>`. */
export type Intervened<R, K extends string> =
  R extends Sample<infer N, infer _S, infer _G> ? (N extends K ? Deterministic<N> : R) : R

/** The named sites vanish from the type; something to interpret remains. */
export type Blocked<R, K extends string> = R extends
  | Sample<infer N, infer _S, infer _G>
  | Observe<infer N>
  | Factor<infer N>
  | Deterministic<infer N>
  ? N extends K
    ? Hidden
    : R
  : R

/** The named parameters vanish from the type; something to interpret remains. */
export type Substituted<R, K extends string> =
  R extends Param<infer N, infer _T> ? (N extends K ? Hidden : R) : R

/** Every name gains the prefix `P/`. */
export type Scoped<R, P extends string> =
  R extends Sample<infer N, infer S, infer G>
    ? Sample<`${P}/${N}`, S, G>
    : R extends Observe<infer N>
      ? Observe<`${P}/${N}`>
      : R extends Factor<infer N>
        ? Factor<`${P}/${N}`>
        : R extends Deterministic<infer N>
          ? Deterministic<`${P}/${N}`>
          : R extends Param<infer N, infer T>
            ? Param<`${P}/${N}`, T>
            : R

/** `unknown` where every key of `D` is a latent site of `R`; otherwise the stray keys must be `never`. */
export type OnlyLatent<R, D> =
  string extends LatentName<R> ? unknown : { readonly [K in Exclude<keyof D, LatentName<R>>]: never }

/** Sites on whose support a model and a guide disagree, in words that the compiler prints. */
type Disagreement<MR, GR> = {
  [K in LatentName<MR> & LatentName<GR>]: [SupportAt<MR, K>] extends [SupportAt<GR, K>]
    ? never
    : `${K}: ${SupportAt<MR, K>} in the model, ${SupportAt<GR, K>} in the guide`
}[LatentName<MR> & LatentName<GR>]

/** What may be wrong with a guide, and the sites where it is. */
interface GuideProblems<MR, GR, G extends Gradient, S extends string> {
  readonly "guide lacks latent sites of the model": Exclude<LatentName<MR>, LatentName<GR> | SitesOn<MR, S>>
  readonly "guide samples sites that the model does not have": Exclude<LatentName<GR>, LatentName<MR>>
  readonly "a guide cannot observe": ObservedName<GR> | FactorName<GR>
  readonly "guide and model disagree on the support of": Disagreement<MR, GR>
  readonly "this objective needs pathwise gradients, but these guide sites have none": "score" extends G
    ? never
    : Exclude<ScoreSites<GR>, SitesOn<GR, S>>
}

/**
 * `unknown` where a guide with requirements `GR` fits a model with requirements `MR` under an objective that
 * differentiates sites of kind `G` and sums out those on supports `S`, which the guide may leave out; otherwise an object type that no guide has, whose keys say what is wrong and
 * whose values name the sites: the compiler prints both.
 */
export type GuideCheck<MR, GR, G extends Gradient, S extends string = never> = string extends
  | LatentName<MR>
  | LatentName<GR>
  ? unknown
  : {
      readonly [K in keyof GuideProblems<MR, GR, G, S> as [GuideProblems<MR, GR, G, S>[K]] extends [never]
        ? never
        : K]: GuideProblems<MR, GR, G, S>[K]
    }
