/**
 * Images as bytes, with or without labels, from IDX files.
 *
 * ```ts
 * const images = yield* Images.fromIdx(yield* Idx.parse(bytes, "train-images-idx3-ubyte"))
 * const data = yield* Images.dataset(images)   // [60000, 784], each pixel in [0, 1]
 * ```
 */
import type * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import * as Shape from "../tensor/Shape.ts"
import * as Dataset from "./Dataset.ts"
import { DataError } from "./errors.ts"
import type { Idx } from "./Idx.ts"
import { labels } from "./Labels.ts"

/** `size` images of `shape` (rows, columns, and perhaps channels): `size` × `shape` bytes, 0 … 255. */
export interface Images {
  readonly name: string
  readonly size: number
  readonly shape: ReadonlyArray<number>
  readonly pixels: Uint8Array
}

/** Images, and the class of each. */
export interface LabeledImages extends Images {
  readonly labels: Int32Array
}

/** Fails with `DataError` unless the file holds unsigned bytes of rank 2 or more: images, rows, columns. */
export const fromIdx = Effect.fnUntraced(function* (file: Idx): Effect.fn.Return<Images, DataError> {
  const [size, ...shape] = file.shape
  if (file.dtype !== "uint8" || size === undefined || shape.length === 0) {
    return yield* new DataError({
      where: file.name,
      expected: "images: uint8 of rank 2 or more",
      found: `${file.dtype} of rank ${file.shape.length}`,
    })
  }
  return { name: file.name, size, shape, pixels: file.values }
})

/**
 * Images with their labels. Fails with `DataError` where either file is not of its kind, they do not hold as
 * many, or a label is not below `classes` (default 10).
 */
export const pair = Effect.fnUntraced(function* (
  imageFile: Idx,
  labelFile: Idx,
  options: { readonly classes?: number } = {},
): Effect.fn.Return<LabeledImages, DataError> {
  const images = yield* fromIdx(imageFile)
  if (labelFile.shape.length !== 1) {
    return yield* new DataError({
      where: labelFile.name,
      expected: "labels: rank 1",
      found: `rank ${labelFile.shape.length}`,
    })
  }
  if (labelFile.values.length !== images.size) {
    return yield* new DataError({
      where: labelFile.name,
      expected: `${images.size} labels, one for each image of ${imageFile.name}`,
      found: String(labelFile.values.length),
    })
  }
  return { ...images, labels: yield* labels(labelFile.values, options.classes ?? 10, labelFile.name) }
})

/**
 * One flat row for each image, `[size, rows · columns]`, its bytes scaled to [0, 1] as they are taken. For
 * images in black and white put `Dataset.binarized` on top. Fails with `DataError` where the number of bytes is not
 * that of the images.
 */
export const dataset = (images: Images): Effect.Effect<Dataset.ArrayDataset<tf.Tensor2D>, DataError> =>
  Dataset.fromArray(images.pixels, [images.size, Shape.size(images.shape)] as const, {
    scale: 1 / 255,
    name: images.name,
  })
