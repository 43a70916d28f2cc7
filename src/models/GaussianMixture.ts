/**
 * A mixture of Gaussians: one model value for every method of the ladder.
 *
 *   zₙ ~ Categorical(weights),  xₙ | zₙ = k ~ N(loc_k, Σ_k)
 *
 * (C. M. Bishop, Pattern Recognition and Machine Learning, 2006, chapter 9.) The likelihood has no upper bound: a
 * component may shrink onto a point. `floor` bounds each variance from below; `diagnose` says where it had to.
 *
 * ```ts
 * const mixture = GaussianMixture.make({ components: 2, dimensions: 2, size: 272 })
 * const params = yield* mixture.initialize(x, { method: "k-means++", key })
 * const fit = yield* fitEM(mixture.model, x, { mStep: closedForm(mixture.maximize), params })
 * const classes = yield* mixture.predict(fit.params, x)
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect, type Scope } from "effect"
import { Categorical } from "../distributions/Categorical.ts"
import { simplex } from "../distributions/Support.ts"
import type { ProgramError } from "../effects/errors.ts"
import { factor } from "../effects/Factor.ts"
import { param } from "../effects/Param.ts"
import { plate } from "../effects/Plate.ts"
import type { Factor, Observe, Param, Sample } from "../effects/Program.ts"
import { observe, sample } from "../effects/Sample.ts"
import { apply } from "../nn/apply.ts"
import { type MlpParams, mlp } from "../nn/mlp.ts"
import { InvalidArgument } from "../tensor/errors.ts"
import * as Key from "../tensor/Key.ts"
import { where } from "../tensor/stable.ts"
import type { Tree } from "../tensor/Tree.ts"
import {
  type Component,
  componentOf,
  firstScale,
  logEvidence,
  scaleSupport,
} from "./gaussianMixture/component.ts"
import { type ComponentProblem, type Fitted, fitted } from "./gaussianMixture/fitted.ts"
import { type Initialization, initialize } from "./gaussianMixture/initialize.ts"
import { maximized } from "./gaussianMixture/maximize.ts"
import { type Observations, parts, requireShape, type Weighted } from "./gaussianMixture/observations.ts"
import { requireSizes } from "./gaussianMixture/parameters.ts"
import { refuse } from "./refuse.ts"

export type { Component, ComponentProblem, Fitted, Initialization, Observations, Weighted }

/**
 * What the components' covariances Σ_k have in common.
 *
 * - `"full"`: nothing; `"tied"`: all are one matrix.
 * - `"diagonal"`: no correlations; `"spherical"`: nor different variances along a component's axes.
 */
export type Covariance = "full" | "tied" | "diagonal" | "spherical"

/** Sizes are whole numbers from 1 up. */
export interface GaussianMixtureOptions {
  readonly components: number
  readonly dimensions: number
  /** Default `"full"`. */
  readonly covariance?: Covariance
  /** How many observations there are: the size of the plate `"data"`. */
  readonly size: number
  /**
   * Added to each variance by the M-step, from 0 up; default 1e-6. scikit-learn's `reg_covar`. What it gives is then not
   * quite the maximum: where the floor is not small beside the variances, EM's bound may fall from one iteration to the
   * next, and `fitEM` fails with `BoundDecreased`.
   */
  readonly floor?: number
  /** The sizes of the hidden layers of `guide`'s encoder; default `[32]`. */
  readonly hidden?: ReadonlyArray<number>
}

/** K components of D dimensions. */
export type GaussianMixtureParams = {
  /** Of the components: `[K]`, a probability vector. */
  readonly weights: tf.Tensor
  /** `[K, D]`. */
  readonly loc: tf.Tensor
  /** Cholesky factors `[K, D, D]` (full) or `[D, D]` (tied); standard deviations `[K, D]` (diagonal) or `[K]` (spherical). */
  readonly scale: tf.Tensor
}

/** The parameters that the model's programs read. */
export type MixtureRequirements =
  | Param<"weights", tf.Tensor>
  | Param<"loc", tf.Tensor>
  | Param<"scale", tf.Tensor>

/** The choice of a component for each observation. */
export type Assignment = Sample<"z", "integerInterval", "score">

/** What a belief, such as an E-step's, says of the assignments: `z`, `[N, K]`. */
export interface Belief {
  readonly probabilities: Readonly<Record<string, tf.Tensor>>
}

/** A mixture's programs, its M-step, and what a fitted one is asked (see {@link Fitted}). Observations `x` are `[N, D]`. */
export interface GaussianMixture extends Fitted {
  readonly options: Required<GaussianMixtureOptions>
  /** p(z) p(x | z), observing `x`. Unless parameters are given, locations start at draws from N(0, I). */
  readonly model: (
    x: tf.Tensor,
  ) => Effect.Effect<tf.Tensor, never, Assignment | Observe<"x"> | MixtureRequirements>
  /**
   * The same where observations count more or less than once: its evidence is Σ wₙ log p(xₙ), by a factor that adds
   * (wₙ − 1) log p(xₙ). What is believed of `z` does not change. Let weights be about 1 on average: the digits of much
   * smaller ones are lost in that difference.
   */
  readonly weighted: (
    data: Weighted,
  ) => Effect.Effect<tf.Tensor, never, Assignment | Observe<"x"> | Factor<"weights"> | MixtureRequirements>
  /** q(z | x) by a network of x, the parameter `"encoder"`: for amortized inference, with minibatches too. */
  readonly guide: (
    data: Observations,
  ) => Effect.Effect<tf.Tensor, never, Assignment | Param<"encoder", EncoderParams>>
  /** q(z) of logits `[N, K]` of their own for all observations, the parameter `"logits"`: for variational EM. */
  readonly freeGuide: (
    data: Observations,
  ) => Effect.Effect<tf.Tensor, never, Assignment | Param<"logits", tf.Tensor>>
  /**
   * The maximum-likelihood parameters under a belief, for `closedForm`: the M-step. A component that no observation
   * belongs to stays where it is, with weight 0.
   */
  readonly maximize: (
    belief: Belief,
    data: Observations,
    before: Readonly<Record<string, Tree>>,
  ) => GaussianMixtureParams
  /** The distribution of component `z`, class indices of any shape, under `params`. */
  readonly component: Component
  /**
   * First parameters, which live until the scope closes. Fails with `OutsideSupport` where a row of `x` is not finite,
   * `ShapeMismatch`, and `InvalidArgument`: for fewer observations than components where some are to be picked, where
   * no covariance can be had without a floor, and where "k-means" finds no package `ml-kmeans`.
   */
  readonly initialize: (
    data: Observations,
    how: Initialization,
  ) => Effect.Effect<GaussianMixtureParams, ProgramError, Scope.Scope>
}

/** The parameters of {@link GaussianMixture.guide}'s network. */
export type EncoderParams = MlpParams<ReadonlyArray<number>>

/** A mixture of Gaussians. Options that cannot be are refused with `InvalidArgument` by whatever is run. */
export const make = (options: GaussianMixtureOptions): GaussianMixture => {
  const all = { covariance: "full", floor: 1e-6, hidden: [32], ...options } as const
  const { components: k, dimensions: d, covariance, size, floor } = all
  const problem = problemOf(all)
  const component = componentOf(covariance)
  const data = plate("data", { size })
  const refused = refuse(problem)
  const reads = Effect.map(
    Effect.all({
      weights: param("weights", () => tf.fill([k], 1 / k), { support: simplex }),
      loc: param("loc", (key) => Key.normal(key, [k, d])),
      scale: param("scale", () => firstScale(covariance, k, d), { support: scaleSupport(covariance) }),
    }),
    (params) => {
      // A location too many would go unseen: only K of them are asked for.
      requireSizes("GaussianMixture", all, params)
      return params
    },
  )
  const encoder = mlp<ReadonlyArray<number>>([d, ...all.hidden, k])
  const joint = Effect.fnUntraced(function* (params: GaussianMixtureParams, x: tf.Tensor) {
    const z = yield* sample("z", Categorical({ probs: params.weights }))
    return yield* observe("x", component(params, z), x)
  })
  return {
    options: all,
    model: Effect.fnUntraced(
      function* (x) {
        return yield* joint(yield* reads, x)
      },
      data,
      refused,
    ),
    weighted: Effect.fnUntraced(
      function* (data) {
        requireShape("GaussianMixture.weighted", data, d)
        const { x, weights } = data
        const params = yield* reads
        // NaN for a weight below 0, so that the fit fails with its index.
        const extra = where(() => tf.greaterEqual(weights, 0), tf.sub(weights, 1), Number.NaN)
        yield* factor("weights", tf.mul(extra, logEvidence(component, params, x)))
        return yield* joint(params, x)
      },
      data,
      refused,
    ),
    guide: Effect.fnUntraced(
      function* (data) {
        return yield* sample("z", Categorical({ logits: yield* apply("encoder", encoder, parts(data).x) }))
      },
      data,
      refused,
    ),
    freeGuide: Effect.fnUntraced(
      function* (_) {
        return yield* sample("z", Categorical({ logits: yield* param("logits", () => tf.zeros([size, k])) }))
      },
      data,
      refused,
    ),
    maximize: ({ probabilities }, data, before) =>
      maximized(data, probabilities.z!, before as GaussianMixtureParams, { covariance, floor }),
    component,
    initialize: (data, how) => (problem === undefined ? initialize(all, data, how) : Effect.fail(problem)),
    ...fitted(all, component, problem),
  }
}

const problemOf = (options: Required<GaussianMixtureOptions>): InvalidArgument | undefined => {
  const bad = (what: string, expected: string, found: unknown) =>
    new InvalidArgument({ where: `GaussianMixture.make: ${what}`, expected, found: String(found) })
  for (const what of ["components", "dimensions", "size"] as const) {
    const found = options[what]
    if (!Number.isInteger(found) || found < 1) return bad(what, "a whole number from 1 up", found)
  }
  if (!["full", "tied", "diagonal", "spherical"].includes(options.covariance)) {
    return bad("covariance", `"full", "tied", "diagonal" or "spherical"`, options.covariance)
  }
  return options.floor >= 0 && options.floor < Number.POSITIVE_INFINITY
    ? undefined
    : bad("floor", "a finite number from 0 up", options.floor)
}
