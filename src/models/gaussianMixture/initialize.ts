/**
 * Where a Gaussian mixture starts: K observations are picked, or K means found; each observation belongs to the nearest;
 * and the M-step makes parameters of that.
 *
 * k-means++ picks each next observation with a probability in proportion to its squared distance from the nearest one
 * picked before (D. Arthur and S. Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007). k-means
 * goes on from there, by the package `ml-kmeans`, loaded when it is asked for.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect, type Scope } from "effect"
import type { ProgramError } from "../../effects/errors.ts"
import { attempt } from "../../effects/run.ts"
import { InvalidArgument } from "../../tensor/errors.ts"
import * as Key from "../../tensor/Key.ts"
import { scoped } from "../../tensor/Memory.ts"
import type { GaussianMixtureOptions, GaussianMixtureParams } from "../GaussianMixture.ts"
import { deviations, scaleShape } from "./component.ts"
import { requireParams } from "./fitted.ts"
import { chosen, maximized } from "./maximize.ts"
import { type Observations, parts, requireEqual, requireObservations } from "./observations.ts"

/** How to start. */
export type Initialization =
  | {
      /**
       * - `"k-means++"`: observations far from one another; `"k-means"`: these, moved to the means of their neighbors
       *   until they rest (which takes no account of weights).
       * - `"random"`: any observations.
       */
      readonly method: "k-means++" | "k-means" | "random"
      readonly key: Key.Key
    }
  /** To each component the share of each observation that belongs to it, `[N, K]`. */
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
      return begun(options, data, responsibilities, undefined)
    })
  }
  const points = pointsOf(parts(data).x)
  const centers = yield* pick(options, points, parts(data).weights, how)
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

/** Rows of `d` numbers, one after the other, on the host: in float64 no distance is lost. */
interface Points {
  readonly values: ArrayLike<number>
  readonly count: number
  readonly d: number
}

type Rows = Array<Array<number>>

const pointsOf = (x: tf.Tensor): Points => {
  const [count, d] = x.shape as [number, number]
  return { values: x.dataSync(), count, d }
}

const rowOf = ({ values, d }: Points, n: number): Array<number> =>
  Array.from({ length: d }, (_, i) => values[n * d + i]!)

/** Where the components are to be. */
const pick = Effect.fnUntraced(function* (
  { components: k }: Options,
  points: Points,
  weights: tf.Tensor | undefined,
  { method, key }: Extract<Initialization, { readonly key: Key.Key }>,
): Effect.fn.Return<Rows, InvalidArgument> {
  const refuse = (expected: string, found: string) => new InvalidArgument({ where: WHERE, expected, found })
  if (!["k-means++", "k-means", "random"].includes(method)) {
    return yield* refuse(`method "k-means++", "k-means" or "random"`, String(method))
  }
  if (points.count < k) {
    return yield* refuse(`at least ${k} observations, as many as components`, String(points.count))
  }
  const counts = weights?.dataSync() ?? new Float32Array(points.count).fill(1)
  const seeds = seedsOf(points, counts, k, key, method !== "random").map((n) => rowOf(points, n))
  if (method !== "k-means") return seeds
  const { kmeans } = yield* Effect.tryPromise({
    try: () => import("ml-kmeans"),
    catch: (cause) => refuse(`the package ml-kmeans, for method "k-means"`, String(cause)),
  })
  const rows = Array.from({ length: points.count }, (_, n) => rowOf(points, n))
  // With a tolerance of 0 it stops when no observation changes sides, whatever the data's units.
  return kmeans(rows, k, { initialization: seeds, tolerance: 0 }).centroids
})

/** k different observations; each next drawn by its weight and, if `spread`, its distance from the nearest before. */
const seedsOf = (
  points: Points,
  weights: ArrayLike<number>,
  k: number,
  key: Key.Key,
  spread: boolean,
): ReadonlyArray<number> => {
  const distance = new Float64Array(points.count).fill(spread ? Number.POSITIVE_INFINITY : 1)
  const chance = Float64Array.from(weights)
  const open = new Float64Array(points.count).fill(1)
  const seeds: Array<number> = []
  for (const u of Key.uniformValues(key, [k])) {
    // Fewer different observations that count than components: any that is left will do.
    const n = drawn(u, chance) ?? drawn(u, open)!
    const seed = rowOf(points, n)
    open[n] = 0
    seeds.push(n)
    for (let m = 0; m < points.count; m++) {
      if (spread) distance[m] = Math.min(distance[m]!, squaredDistance(points, m, seed))
      chance[m] = open[m]! * weights[m]! * distance[m]!
    }
  }
  return seeds
}

/** An index drawn in proportion to numbers from 0 up, by a uniform number; none where all are 0. */
const drawn = (u: number, chances: Float64Array): number | undefined => {
  let rest = u * chances.reduce((sum, chance) => sum + chance, 0)
  let last: number | undefined
  for (let i = 0; i < chances.length; i++) {
    if (chances[i] === 0) continue
    last = i
    rest -= chances[i]!
    if (rest < 0) break
  }
  return last
}

/** To each center the observations that are nearest to it, `[N, K]`; to the first of several. */
const nearest = (points: Points, centers: Rows): tf.Tensor => {
  const k = centers.length
  const held = new Float32Array(points.count * k)
  for (let n = 0; n < points.count; n++) {
    let best = 0
    let least = Number.POSITIVE_INFINITY
    for (let c = 0; c < k; c++) {
      const distance = squaredDistance(points, n, centers[c]!)
      if (distance >= least) continue
      least = distance
      best = c
    }
    held[n * k + best] = 1
  }
  return tf.tensor2d(held, [points.count, k])
}

const squaredDistance = ({ values, d }: Points, n: number, to: ReadonlyArray<number>): number => {
  let sum = 0
  for (let i = 0; i < d; i++) sum += (values[n * d + i]! - to[i]!) ** 2
  return sum
}
