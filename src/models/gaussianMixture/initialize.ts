/**
 * Where a Gaussian mixture starts: K observations are picked, or K means found; each observation belongs to the nearest;
 * and the M-step makes parameters of that.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect, type Scope } from "effect"
import type { ProgramError } from "../../effects/errors.ts"
import { attempt } from "../../effects/run.ts"
import { InvalidArgument } from "../../tensor/errors.ts"
import { scoped } from "../../tensor/Memory.ts"
import { nearest, type Picking, pick, pointsOf } from "../centers.ts"
import type { GaussianMixtureOptions, GaussianMixtureParams } from "../GaussianMixture.ts"
import { deviations, scaleShape } from "./component.ts"
import { chosen, maximized } from "./maximize.ts"
import { type Observations, parts, requireCounts, requireEqual, requireObservations } from "./observations.ts"
import { requireParams } from "./parameters.ts"

/** How to start. */
export type Initialization =
  | Picking
  /** To each component the share of each observation that belongs to it, `[N, K]`: from 0 up, and not all 0. */
  | { readonly responsibilities: tf.Tensor }
  /** Parameters of an earlier fit: checked, and copied. */
  | { readonly params: GaussianMixtureParams }

type Options = Required<GaussianMixtureOptions>

const WHERE = "GaussianMixture.initialize"

/** The first parameters. */
export const initialize = Effect.fnUntraced(function* (
  options: Options,
  data: Observations,
  how: Initialization,
): Effect.fn.Return<GaussianMixtureParams, ProgramError, Scope.Scope> {
  const { components: k, dimensions: d } = options
  yield* attempt(() => requireObservations(WHERE, data, d))
  const own = (make: () => GaussianMixtureParams) =>
    scoped(
      attempt(() => tf.tidy(make)),
      (params) => Object.values(params),
    )
  if ("params" in how) {
    return yield* own(() => {
      requireParams(WHERE, options, how.params)
      const { weights, loc, scale } = how.params
      return { weights: tf.clone(weights), loc: tf.clone(loc), scale: tf.clone(scale) }
    })
  }
  if ("responsibilities" in how) {
    const { responsibilities } = how
    return yield* own(() => {
      requireEqual(WHERE, "responsibilities", responsibilities, [parts(data).x.shape[0]!, k])
      requireCounts(WHERE, "responsibilities", responsibilities)
      return begun(options, data, responsibilities, undefined)
    })
  }
  const points = pointsOf(parts(data).x)
  const counts = parts(data).weights?.dataSync() ?? new Float32Array(points.count).fill(1)
  const centers = yield* pick(WHERE, k, points, counts, how)
  return yield* own(() => begun(options, data, nearest(points, centers), tf.tensor2d(centers)))
})

/** One M-step; components without a covariance of their own get that of all observations. */
const begun = (
  options: Options,
  data: Observations,
  responsibilities: tf.Tensor,
  centers: tf.Tensor | undefined,
): GaussianMixtureParams => {
  const { components: k, dimensions: d, covariance, floor } = options
  const none = { loc: tf.zeros([1, d]), scale: tf.zeros([...scaleShape(covariance, 1, d)]) }
  const pooled = maximized(data, tf.ones([responsibilities.shape[0]!, 1]), none, options)
  const shape = [...scaleShape(covariance, k, d)]
  const common = {
    loc: centers ?? tf.tile(pooled.loc, [k, 1]),
    scale: tf.broadcastTo(pooled.scale, shape),
  }
  const found = maximized(data, responsibilities, common, options)
  if (!Number.isFinite(found.weights.dataSync()[0])) {
    throw new InvalidArgument({
      where: WHERE,
      expected: "an observation that counts and belongs to a component",
      found: "none: its weight or its responsibilities are always 0",
    })
  }
  const own = deviations(covariance, found.scale)
  const scale = chosen(() => tf.all(isSound(own, pooled.loc), -1), found.scale, common.scale)
  if (!isSound(deviations(covariance, scale), pooled.loc).dataSync().every(Boolean)) {
    throw new InvalidArgument({
      where: WHERE,
      expected: "observations that vary in every direction, or a floor that makes up for it",
      found: `a singular covariance, with floor ${floor}`,
    })
  }
  return { ...found, scale }
}

/** Whether deviations are more than the rounding of numbers as large as the data's mean. */
const isSound = (deviations: tf.Tensor, mean: tf.Tensor): tf.Tensor =>
  tf.greater(deviations, tf.mul(tf.max(tf.abs(mean)), 1e-7))
