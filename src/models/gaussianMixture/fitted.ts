/** What a fitted mixture of Gaussians is asked: to which components observations belong, how likely they are, draws. */
import * as tf from "@tensorflow/tfjs-core"
import type { Effect, Scope } from "effect"
import { Categorical } from "../../distributions/Categorical.ts"
import type { ProgramError } from "../../effects/errors.ts"
import { attempt } from "../../effects/run.ts"
import { InvalidArgument } from "../../tensor/errors.ts"
import * as Key from "../../tensor/Key.ts"
import { choleskyInverse, diagPart } from "../../tensor/linalg.ts"
import { scoped } from "../../tensor/Memory.ts"
import type { GaussianMixtureOptions, GaussianMixtureParams } from "../GaussianMixture.ts"
import { type Component, freedom, logEvidence, logJoint } from "./component.ts"
import { type Observations, parts, requireObservations } from "./observations.ts"
import { requireParams, requireSizes } from "./parameters.ts"

/**
 * A component that says little of the data.
 *
 * - `"empty"`: no observation belongs to it (or less than a hundredth of one).
 * - `"collapsed"`: in some direction it has no variance but the floor: it lies on a point, or on constant or collinear
 *   columns.
 */
export interface ComponentProblem {
  readonly component: number
  readonly problem: "empty" | "collapsed"
  readonly weight: number
  /** The least variance of one number of an observation, given the others. */
  readonly variance: number
}

/**
 * Questions to parameters. What is a tensor lives until the scope closes. Each fails with `ShapeMismatch` where
 * parameters or observations do not have the mixture's sizes, and with `OutsideSupport` where a number of theirs is none
 * that a mixture can have: a row with NaN, a deviation of 0. They read what they are given: not for use inside a step.
 */
export interface Fitted {
  /**
   * The likeliest component of each observation, `[N]`, int32. Fails with `InvalidArgument`, as `predictProba` does, for an
   * observation so far from all components that none has a density above 0 in float32.
   */
  readonly predict: (params: GaussianMixtureParams, x: tf.Tensor) => Answer<tf.Tensor>
  /** p(z | x), `[N, K]`: each component's responsibility for each observation. */
  readonly predictProba: (params: GaussianMixtureParams, x: tf.Tensor) => Answer<tf.Tensor>
  /** log p(x), `[N]`. */
  readonly scoreSamples: (params: GaussianMixtureParams, x: tf.Tensor) => Answer<tf.Tensor>
  /** `n` draws: observations `x` `[n, D]` and their components `z` `[n]`. */
  readonly sample: (
    params: GaussianMixtureParams,
    n: number,
    key: Key.Key,
  ) => Answer<{ readonly x: tf.Tensor; readonly z: tf.Tensor }>
  /** How many numbers the parameters can be chosen by: p in the criteria below. */
  readonly freedom: number
  /** Akaike's information criterion, 2p − 2 Σ wₙ log p(xₙ): the lower the better. */
  readonly aic: (params: GaussianMixtureParams, data: Observations) => Effect.Effect<number, ProgramError>
  /** The Bayesian information criterion, p log Σ wₙ − 2 Σ wₙ log p(xₙ): the lower the better. */
  readonly bic: (params: GaussianMixtureParams, data: Observations) => Effect.Effect<number, ProgramError>
  /** The components that died or shrank, in their order. */
  readonly diagnose: (
    params: GaussianMixtureParams,
  ) => Effect.Effect<ReadonlyArray<ComponentProblem>, ProgramError>
}

type Answer<A> = Effect.Effect<A, ProgramError, Scope.Scope>
type Options = Required<GaussianMixtureOptions>

/** The questions, to a mixture with these options; `problem` is what is wrong with them. */
export const fitted = (
  options: Options,
  component: Component,
  problem: InvalidArgument | undefined,
): Fitted => {
  const { components: k, dimensions: d, covariance } = options
  const p = freedom(covariance, k, d)
  const checked = (name: string, params: GaussianMixtureParams, data?: Observations) => {
    if (problem !== undefined) throw problem
    requireParams(`GaussianMixture.${name}`, options, params)
    if (data !== undefined) requireObservations(`GaussianMixture.${name}`, data, d)
  }
  const likely = (name: string, params: GaussianMixtureParams, x: tf.Tensor) => {
    const joint = logJoint(component, params, x)
    const nowhere = tf.max(joint, 0).dataSync().indexOf(Number.NEGATIVE_INFINITY)
    if (nowhere < 0) return joint
    throw new InvalidArgument({
      where: `GaussianMixture.${name}: observations`,
      expected: "a density above 0 under some component",
      found: `none at index [${nowhere}]`,
    })
  }
  const ask =
    (name: string, answer: (params: GaussianMixtureParams, x: tf.Tensor) => tf.Tensor) =>
    (params: GaussianMixtureParams, x: tf.Tensor): Answer<tf.Tensor> =>
      scoped(
        attempt(() => {
          checked(name, params, x)
          return tf.tidy(() => answer(params, x))
        }),
        (tensor) => [tensor],
      )
  const criterion =
    (name: string, penalty: (n: number) => number): Fitted["aic"] =>
    (params, data) =>
      attempt(() => {
        checked(name, params, data)
        const { x, weights } = parts(data)
        const terms = tf.tidy(() => logEvidence(component, params, x).dataSync() as Float32Array)
        const counts = (weights?.dataSync() as Float32Array | undefined) ?? terms.map(() => 1)
        const n = counts.reduce((sum, w) => sum + w, 0)
        const total = terms.reduce((sum, term, i) => sum + (counts[i] === 0 ? 0 : counts[i]! * term), 0)
        return penalty(n) - 2 * total
      })
  return {
    freedom: p,
    predict: ask("predict", (params, x) => tf.argMax(likely("predict", params, x), 0)),
    predictProba: ask("predictProba", (params, x) =>
      tf.softmax(tf.transpose(likely("predictProba", params, x))),
    ),
    scoreSamples: ask("scoreSamples", (params, x) => logEvidence(component, params, x)),
    sample: (params, n, key) =>
      scoped(
        attempt(() => {
          checked("sample", params)
          if (!(Number.isInteger(n) && n >= 1)) {
            throw new InvalidArgument({
              where: "GaussianMixture.sample",
              expected: "a number of draws from 1 up",
              found: String(n),
            })
          }
          return tf.tidy(() => {
            const z = Categorical({ probs: params.weights }).sample(Key.foldInName(key, "z"), [n])
            return { z, x: component(params, z).sample(Key.foldInName(key, "x")) }
          })
        }),
        ({ x, z }) => [x, z],
      ),
    aic: criterion("aic", () => 2 * p),
    bic: criterion("bic", (n) => p * Math.log(n)),
    diagnose: (params) =>
      attempt(() => {
        if (problem !== undefined) throw problem
        requireSizes("GaussianMixture.diagnose", options, params)
        const variances = tf.tidy(() => leastVariances(options, params.scale).dataSync())
        const weights = params.weights.dataSync()
        return Array.from(weights).flatMap((weight, component): ReadonlyArray<ComponentProblem> => {
          const variance = variances[component]!
          const found = { component, weight, variance }
          if (!(weight * options.size >= 0.01)) return [{ ...found, problem: "empty" }]
          // Where a covariance is singular but for the floor, the least of these is at most D times the floor.
          return variance > 2 * d * options.floor ? [] : [{ ...found, problem: "collapsed" }]
        })
      }),
  }
}

/** For each component the least variance of one number given the others, `[K]`: one over the precisions' diagonal. */
const leastVariances = ({ components: k, covariance }: Options, scale: tf.Tensor): tf.Tensor => {
  switch (covariance) {
    case "full":
    case "tied": {
      const given = tf.div(1, diagPart(choleskyInverse(scale)))
      return tf.broadcastTo(tf.min(given, -1), [k])
    }
    case "diagonal":
      return tf.min(tf.square(scale), -1)
    case "spherical":
      return tf.square(scale)
  }
}
