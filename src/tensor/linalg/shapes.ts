/** What the functions of `linalg` ask of shapes, and the error where it is not so. */
import * as tf from "@tensorflow/tfjs-core"
import { ShapeMismatch } from "../errors.ts"
import * as Shape from "../Shape.ts"

/** The same numbers in float32, which the kernels read. */
export const float = (x: tf.Tensor): tf.Tensor => (x.dtype === "float32" ? x : tf.cast(x, "float32"))

/** The n of [...batch, n, n]. */
export const requireSquare = (where: string, a: tf.Tensor): number => {
  const n = a.shape.at(-1)
  if (a.rank < 2 || n !== a.shape.at(-2)) refuse(where, "a square matrix [...batch, n, n]", a.shape)
  return n!
}

export const requireMatrix = (where: string, a: tf.Tensor): void => {
  if (a.rank < 2) refuse(where, "a matrix [...batch, m, n]", a.shape)
}

export const requireVector = (where: string, x: tf.Tensor): void => {
  if (x.rank < 1) refuse(where, "a vector [...batch, n]", x.shape)
}

/** That the last dimensions of `x` are `event` and those before it broadcast with `batch`. `null` is any size. */
export const requireFit = (
  where: string,
  x: tf.Tensor,
  batch: Shape.Shape,
  event: ReadonlyArray<number | null>,
): void => {
  const own = x.shape.slice(x.rank - event.length)
  const fits = x.rank >= event.length && event.every((size, i) => size === null || size === own[i])
  if (!fits) refuse(where, `[...batch, ${event.map((size) => size ?? "k").join(", ")}]`, x.shape)
  if (Shape.broadcast(x.shape.slice(0, x.rank - event.length), batch) === undefined) {
    refuse(where, `batch dimensions that broadcast with ${Shape.format(batch)}`, x.shape)
  }
}

export const refuse = (where: string, expected: string, found: Shape.Shape): never => {
  throw new ShapeMismatch({ where, expected, found: Shape.format(found) })
}
