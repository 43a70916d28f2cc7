/**
 * Half-lines with their ends: what a density is largest at the end of, and what a fit to its own data needs. They are
 * called as the open ones are, since the same map leads onto both.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Value } from "../Distribution.ts"
import type { Support } from "../Support.ts"
import { greaterThan, lessThan } from "./halfLines.ts"

/** Finite numbers from `lower` up. The host cannot check against an end that is a tensor. */
export const atLeast = (lower: Value): Support<"greaterThan"> & { readonly lower: Value } => {
  const open = greaterThan(lower)
  return {
    ...open,
    describe: open.describe.replace("greater than", "at least"),
    contains: (cell) => open.contains(cell) || Math.fround(cell[0]!) === Math.min(...onHost(lower)),
    inside: (x) => tf.logicalAnd(tf.greaterEqual(x, lower as tf.TensorLike), tf.less(x, Infinity)),
  }
}

/** Finite numbers up to `upper`. The host cannot check against an end that is a tensor. */
export const atMost = (upper: Value): Support<"lessThan"> & { readonly upper: Value } => {
  const open = lessThan(upper)
  return {
    ...open,
    describe: open.describe.replace("less than", "at most"),
    contains: (cell) => open.contains(cell) || Math.fround(cell[0]!) === Math.max(...onHost(upper)),
    inside: (x) => tf.logicalAnd(tf.lessEqual(x, upper as tf.TensorLike), tf.greater(x, -Infinity)),
  }
}

/** The end's numbers as float32, as which a tensor's numbers come. */
const onHost = (end: Value): ReadonlyArray<number> =>
  end instanceof tf.Tensor ? [] : [end].flat(Infinity).map((x) => Math.fround(x as number))
