/** The data of the ladder: the geyser's eruptions, and three clouds of points. Both in units of their deviations. */
import { readFile } from "node:fs/promises"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { Key, Normal } from "guidepost"

/** Points in the plane. */
export interface DataSet {
  readonly title: string
  readonly axes: readonly [string, string]
  /** How many components to fit. */
  readonly components: number
  /** `[N, 2]`, with mean 0 and variance 1 along each axis. */
  readonly x: tf.Tensor
  readonly mean: ReadonlyArray<number>
  readonly deviation: ReadonlyArray<number>
}

/** 272 eruptions of Old Faithful: how long each took, and how long the next was waited for (Härdle, 1991), in minutes. */
export const oldFaithful = Effect.map(
  Effect.promise(() => readFile(new URL("faithful.csv", import.meta.url), "utf8")),
  (text) => {
    const rows = text
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.split(",").map(Number))
    return standardized("Old Faithful", ["eruption (minutes)", "waiting (minutes)"], 2, tf.tensor2d(rows))
  },
)

/** 600 points in three clouds, two of which overlap. */
export const threeClouds = Effect.sync(() => {
  const cloud = (seed: number, n: number, loc: readonly [number, number], skew: number) => {
    const z = Normal({ loc: 0, scale: 1 }).sample(Key.key(seed), [n, 2])
    return tf.add(
      tf.matMul(
        z as tf.Tensor2D,
        tf.tensor2d([
          [1, skew],
          [0, 0.6],
        ]),
      ),
      [...loc],
    )
  }
  const x = tf.tidy(() =>
    tf.concat([cloud(1, 300, [0, 0], 0.5), cloud(2, 200, [2.5, 1], -0.4), cloud(3, 100, [-1, 4], 0)]),
  )
  return standardized("Three clouds", ["x₁", "x₂"], 3, x)
})

const standardized = (
  title: string,
  axes: readonly [string, string],
  components: number,
  raw: tf.Tensor,
): DataSet => {
  const { mean, variance } = tf.moments(raw, 0)
  const deviation = tf.sqrt(variance)
  return {
    title,
    axes,
    components,
    x: tf.div(tf.sub(raw, mean), deviation),
    mean: Array.from(mean.dataSync()),
    deviation: Array.from(deviation.dataSync()),
  }
}
