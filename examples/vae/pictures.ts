/**
 * What a fitted model sees and dreams, as PNG.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { Key, Normal, trace } from "guidepost"
import { gridPng } from "../lib/png.ts"
import type { Data } from "./data.ts"
import type { Trained } from "./train.ts"

/** Held-out images, each with the mean of p(x | z) at the mean of q(z | x) to its right. */
export const reconstructions = Effect.fnUntraced(function* ({ vae, fit, title }: Trained, data: Data) {
  const { test, shape } = data
  const count = Math.min(ACROSS * DOWN, test.size)
  const x = yield* Effect.acquireRelease(
    Effect.sync(() =>
      test.take(
        Int32Array.from({ length: count }, (_, i) => i),
        Key.key(0),
      ),
    ),
    (x) => Effect.sync(() => x.dispose()),
  )
  const program = Effect.flatMap(vae.encode(x), (q) => vae.decode(q.mean()))
  const { result } = yield* trace(program, { key: Key.key(0), params: fit.params })
  const [originals, decoded] = [tiles(x), tiles(result)]
  return gridPng(
    {
      tiles: originals.map((original, i) => beside(original, decoded[i]!, shape[1])),
      shape: [shape[0], 2 * shape[1]],
      across: ACROSS,
      gap: 8,
    },
    "Reconstructions",
    `${title}: held-out images, and to the right of each its reconstruction`,
  )
}, Effect.scoped)

/** The mean of p(x | z) at draws of z from the prior. */
export const samples = Effect.fnUntraced(function* (
  { vae, fit, title, sizes }: Trained,
  { shape }: Data,
  seed: number,
) {
  const key = Key.foldInName(Key.key(seed), "samples")
  const z = Key.normal(key, [144, sizes.at(-1)!])
  const { result } = yield* trace(vae.decode(z), { key, params: fit.params })
  z.dispose()
  return gridPng(
    { tiles: tiles(result), shape, across: 12, gap: 4 },
    "Samples",
    `${title}: decoded draws from the prior`,
  )
}, Effect.scoped)

/** The plane of a two-dimensional latent: the mean of p(x | z) at a grid of the prior's quantiles. */
export const manifold = Effect.fnUntraced(function* ({ vae, fit, title }: Trained, { shape }: Data) {
  const z = tf.tidy(() => {
    const side = tf.linspace(0.5 / SIDE, 1 - 0.5 / SIDE, SIDE)
    const quantiles = Normal({ loc: 0, scale: 1 }).icdf(side)
    // Upwards, as a plane is drawn: the first row of the picture has the largest second coordinate.
    const [z2, z1] = tf.meshgrid(tf.reverse(quantiles), quantiles, { indexing: "ij" })
    return tf.stack([tf.reshape(z1!, [-1]), tf.reshape(z2!, [-1])], 1)
  })
  const { result } = yield* trace(vae.decode(z), { key: Key.key(0), params: fit.params })
  z.dispose()
  return gridPng(
    { tiles: tiles(result), shape, across: SIDE, gap: 0 },
    "Manifold",
    `${title}: decoded z from the 2.5% to the 97.5% quantile of the prior`,
  )
}, Effect.scoped)

const ACROSS = 6
const DOWN = 8
const SIDE = 20

/** The rows of `[images, pixels]` on the host. */
const tiles = (x: tf.Tensor): ReadonlyArray<Float32Array> => {
  const [count, pixels] = x.shape as [number, number]
  const values = x.dataSync<"float32">()
  return Array.from({ length: count }, (_, i) => values.subarray(i * pixels, (i + 1) * pixels))
}

/** Two images of `columns` columns as one of twice as many. */
const beside = (left: Float32Array, right: Float32Array, columns: number): Float32Array =>
  Float32Array.from({ length: 2 * left.length }, (_, i) => {
    const [row, column] = [Math.floor(i / (2 * columns)), i % (2 * columns)]
    return column < columns ? left[row * columns + column]! : right[row * columns + column - columns]!
  })
