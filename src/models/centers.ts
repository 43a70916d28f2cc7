/**
 * Where K components of a model start: K observations are picked, or K means found, and each observation belongs to the
 * nearest.
 *
 * k-means++ picks each next observation with a probability in proportion to its squared distance from the nearest one
 * picked before (D. Arthur and S. Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007). k-means
 * goes on from there, by the package `ml-kmeans`, loaded when it is asked for.
 *
 * ```ts
 * const points = pointsOf(x)
 * const counts = new Float32Array(points.count).fill(1)
 * const centers = yield* pick("example", 3, points, counts, { method: "k-means", key })
 * const responsibilities = nearest(points, centers)      // [N, 3]
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { InvalidArgument } from "../tensor/errors.ts"
import * as Key from "../tensor/Key.ts"

/** How observations are picked. */
export interface Picking {
  /**
   * - `"k-means++"`: observations far from one another; `"k-means"`: these, moved to the means of their neighbors
   *   until they rest (which takes no account of weights).
   * - `"random"`: any observations.
   */
  readonly method: "k-means++" | "k-means" | "random"
  readonly key: Key.Key
}

/** Rows of `d` numbers, one after the other, on the host: in float64 no distance is lost. */
export interface Points {
  readonly values: ArrayLike<number>
  readonly count: number
  readonly d: number
}

export type Rows = Array<Array<number>>

export const pointsOf = (x: tf.Tensor): Points => {
  const [count, d] = x.shape as [number, number]
  return { values: x.dataSync(), count, d }
}

const rowOf = ({ values, d }: Points, n: number): Array<number> =>
  Array.from({ length: d }, (_, i) => values[n * d + i]!)

/**
 * Where K components are to be, by observations that count as often as `counts` say. Fails with `InvalidArgument`, which
 * names `where`, for fewer observations than components, for an unknown method, and where "k-means" finds no package
 * `ml-kmeans`.
 */
export const pick = Effect.fnUntraced(function* (
  where: string,
  k: number,
  points: Points,
  counts: ArrayLike<number>,
  { method, key }: Picking,
): Effect.fn.Return<Rows, InvalidArgument> {
  const refuse = (expected: string, found: string) => new InvalidArgument({ where, expected, found })
  if (!["k-means++", "k-means", "random"].includes(method)) {
    return yield* refuse(`method "k-means++", "k-means" or "random"`, String(method))
  }
  if (points.count < k) {
    return yield* refuse(`at least ${k} observations, as many as components`, String(points.count))
  }
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
export const nearest = (points: Points, centers: Rows): tf.Tensor => {
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
