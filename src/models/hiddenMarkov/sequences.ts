/** What a hidden Markov model is fitted to: sequences of different lengths, with gaps; and what is refused of them. */
import * as tf from "@tensorflow/tfjs-core"
import { ShapeMismatch } from "../../tensor/errors.ts"
import { equals, expandRight, format } from "../../tensor/Shape.ts"
import { where } from "../../tensor/stable.ts"

/** N sequences of up to T observations. */
export interface Sequences {
  /** `[N, T, ...event]`. */
  readonly x: tf.Tensor
  /** `[N, T]`: 1 where an observation is, 0 where one is missing or the sequence is over. Default: all are there. */
  readonly mask?: tf.Tensor
}

/** What is wrong with the shapes of sequences. */
export const mismatch = (model: string, { x, mask }: Sequences): ShapeMismatch | undefined => {
  const refused = (what: string, expected: string, found: tf.Tensor) =>
    new ShapeMismatch({ where: `${model}: ${what}`, expected, found: format(found.shape) })
  if (x.rank < 2 || x.size === 0) return refused("x", "sequences [N, T, ...event], T above 0", x)
  return mask === undefined || equals(mask.shape, x.shape.slice(0, 2))
    ? undefined
    : refused("mask", format(x.shape.slice(0, 2)), mask)
}

/** The same with time as the first axis. */
export const timeFirst = ({ x, mask }: Sequences): { readonly x: tf.Tensor; readonly mask?: tf.Tensor } => {
  const turned = tf.transpose(x, [1, 0, ...x.shape.slice(2).map((_, i) => i + 2)])
  return mask === undefined ? { x: turned } : { x: turned, mask: tf.transpose(mask) }
}

/** Where observations are, `[N, T]`: 0 or 1. */
export const seenIn = ({ x, mask }: Sequences): tf.Tensor =>
  mask === undefined ? tf.ones(x.shape.slice(0, 2)) : tf.cast(tf.cast(mask, "bool"), "float32")

/** Which steps are within a sequence, up to its last observation, `[N, T]`: 0 or 1. A gap is within. */
export const withinOf = (seen: tf.Tensor): tf.Tensor =>
  tf.cast(tf.greater(tf.cumsum(seen, 1, false, true), 0), "float32")

/** The observations, 0 where there is none: what stands there may be NaN. */
export const filled = (x: tf.Tensor, seen: tf.Tensor): tf.Tensor =>
  where(() => tf.broadcastTo(tf.cast(expandRight(seen, x.rank - 2), "bool"), x.shape), x, 0)
