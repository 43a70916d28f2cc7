/**
 * Half-lines with an end of their own: the numbers above one, and the numbers below one.
 *
 * ```ts
 * greaterThan(2).contains([3])   // true
 * lessThan(0).describe           // "finite and less than 0"
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Value } from "../Distribution.ts"
import type { Support } from "../Support.ts"

/** Finite numbers above `lower`. The host cannot check against an end that is a tensor. */
export const greaterThan = (lower: Value): Support<"greaterThan"> & { readonly lower: Value } => {
  const least = lower instanceof tf.Tensor ? -Infinity : Math.min(...flat(lower))
  return {
    name: "greaterThan",
    describe: `finite and greater than ${endOf(lower)}`,
    discrete: false,
    eventRank: 0,
    cellRank: 0,
    contains: (cell) => Array.from(cell).every((x) => x > least && x < Infinity),
    inside: (x) => tf.logicalAnd(tf.greater(x, lower as tf.TensorLike), tf.less(x, Infinity)),
    member: () => beyond(lower, 1),
    lower,
  }
}

/** Finite numbers below `upper`. The host cannot check against an end that is a tensor. */
export const lessThan = (upper: Value): Support<"lessThan"> & { readonly upper: Value } => {
  const greatest = upper instanceof tf.Tensor ? Infinity : Math.max(...flat(upper))
  return {
    name: "lessThan",
    describe: `finite and less than ${endOf(upper)}`,
    discrete: false,
    eventRank: 0,
    cellRank: 0,
    contains: (cell) => Array.from(cell).every((x) => x < greatest && x > -Infinity),
    inside: (x) => tf.logicalAnd(tf.less(x, upper as tf.TensorLike), tf.greater(x, -Infinity)),
    member: () => beyond(upper, -1),
    upper,
  }
}

const flat = (value: Exclude<Value, tf.Tensor>): ReadonlyArray<number> =>
  [value].flat(Infinity) as ReadonlyArray<number>

const endOf = (end: Value): string => {
  if (typeof end === "number") return String(end)
  return end instanceof tf.Tensor ? "a tensor" : `[${flat(end).join(", ")}]`
}

/** A number past the end by the larger of one and the end's own size: 1e9 + 1 is 1e9 in float32. */
const beyond = (end: Value, direction: 1 | -1): Value =>
  typeof end === "number"
    ? end + direction * Math.max(1, Math.abs(end))
    : tf.add(end as tf.TensorLike, tf.mul(tf.maximum(tf.abs(end as tf.TensorLike), 1), direction))
