/**
 * The set a distribution gives density to, or that a parameter must lie in.
 *
 * The name is a literal in the type: it is how the compiler knows that a guide's real-valued guess cannot stand
 * for a model's positive latent. `contains` runs on the host, where a failure can say which number was wrong; the
 * engine calls it outside the steps that are timed. `inside` is the same question asked of a tensor, within a step.
 *
 * ```ts
 * positive.contains([2])          // true
 * simplex.contains([0.2, 0.8])    // true
 * interval(0, 5).describe         // "in [0, 5]"
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { simplexTolerance } from "../tensor/stable.ts"
import type { Value } from "./Distribution.ts"

export { greaterThan, lessThan } from "./supports/halfLines.ts"
export { corrCholesky, covariance, lowerCholesky, realMatrix } from "./supports/matrices.ts"
export { positiveOrdered, realVector, sphere } from "./supports/vectors.ts"

/** A set of events. */
export interface Support<out N extends string = string> {
  readonly name: N
  /** The number of trailing dimensions that make up one event. */
  readonly eventRank: number
  /** The number of trailing dimensions that are judged together: 0 for sets of numbers, 1 for sets of vectors. */
  readonly cellRank: number
  readonly discrete: boolean
  /** For messages: "positive", "in [0, 5]". */
  readonly describe: string
  /** Whether one cell, given by its numbers, lies in the set. NaN lies in none. */
  readonly contains: (cell: ArrayLike<number>) => boolean
  /**
   * Which cells of a tensor lie in the set: `[..., cell]` to `[...]`, of type bool. Left out where a density is
   * right for any number at all, so that nothing needs masking.
   */
  readonly inside?: (value: tf.Tensor) => tf.Tensor
  /** Some member of the set, as a cell of `n` numbers (or one that broadcasts to it). */
  readonly member: (n: number) => Value
}

/** The ends of an interval, where the set has them; transforms read these. */
export interface Bounded<V = Value> {
  readonly lower: V
  readonly upper: V
}

/** Every finite number. */
export const real: Support<"real"> = {
  name: "real",
  describe: "a finite number",
  discrete: false,
  eventRank: 0,
  cellRank: 0,
  contains: (cell) => every(cell, Number.isFinite),
  member: () => 0,
}

/** Finite numbers above zero. */
export const positive: Support<"positive"> = {
  name: "positive",
  describe: "positive and finite",
  discrete: false,
  eventRank: 0,
  cellRank: 0,
  contains: (cell) => every(cell, (x) => x > 0 && x < Infinity),
  inside: (x) => tf.logicalAnd(tf.greater(x, 0), tf.less(x, Infinity)),
  member: () => 1,
}

/** Finite numbers from zero up. */
export const nonNegative: Support<"nonNegative"> = {
  name: "nonNegative",
  describe: "zero or positive, and finite",
  discrete: false,
  eventRank: 0,
  cellRank: 0,
  contains: (cell) => every(cell, (x) => x >= 0 && x < Infinity),
  inside: (x) => tf.logicalAnd(tf.greaterEqual(x, 0), tf.less(x, Infinity)),
  member: () => 1,
}

/** Numbers from `lower` to `upper`, ends included. The host cannot check against an end that is a tensor. */
export const interval = (lower: Value, upper: Value): Support<"interval"> & Bounded => {
  const least = extreme(lower, Math.min, -Infinity)
  const greatest = extreme(upper, Math.max, Infinity)
  return {
    name: "interval",
    describe: `in [${least}, ${greatest}]`,
    discrete: false,
    eventRank: 0,
    cellRank: 0,
    // As float32, as which a tensor's numbers come: that of 0.7 is below 0.7.
    contains: (cell) =>
      every(cell, (x) => Math.fround(x) >= Math.fround(least) && Math.fround(x) <= Math.fround(greatest)),
    inside: (x) =>
      tf.logicalAnd(tf.greaterEqual(x, lower as tf.TensorLike), tf.lessEqual(x, upper as tf.TensorLike)),
    member: () => (typeof lower === "number" && typeof upper === "number" ? (lower + upper) / 2 : lower),
    lower,
    upper,
  }
}

/** Numbers from 0 to 1, ends included. */
export const unitInterval: Support<"unitInterval"> & Bounded<number> = {
  ...interval(0, 1),
  name: "unitInterval",
  lower: 0,
  upper: 1,
}

/** Zero or one. */
export const boolean: Support<"boolean"> = {
  name: "boolean",
  describe: "0 or 1",
  discrete: true,
  eventRank: 0,
  cellRank: 0,
  contains: (cell) => every(cell, (x) => x === 0 || x === 1),
  inside: (x) => tf.logicalOr(tf.equal(x, 0), tf.equal(x, 1)),
  member: () => 1,
}

/** Integers from `lower` to `upper`, both included. The host cannot check against an end that is a tensor. */
export const integerInterval = <L extends Value, U extends Value>(
  lower: L,
  upper: U,
): Support<"integerInterval"> & { readonly lower: L; readonly upper: U } => {
  const { describe, inside, contains } = interval(lower, upper)
  return {
    name: "integerInterval",
    describe: describe.replace(/^in \[(.*), (.*)\]$/, "an integer from $1 to $2"),
    discrete: true,
    eventRank: 0,
    cellRank: 0,
    contains: (cell) => every(cell, Number.isInteger) && contains(cell),
    inside: (x) => tf.logicalAnd(isInteger(x), inside!(x)),
    member: () => lower,
    lower,
    upper,
  }
}

/** …, −1, 0, 1, …. */
export const integer: Support<"integer"> = {
  name: "integer",
  describe: "an integer",
  discrete: true,
  eventRank: 0,
  cellRank: 0,
  contains: (cell) => every(cell, Number.isInteger),
  inside: (x) => tf.logicalAnd(isInteger(x), tf.less(tf.abs(x), Infinity)),
  member: () => 0,
}

/** Zero, one, two, …: counts without a bound. */
export const nonNegativeInteger: Support<"nonNegativeInteger"> = {
  name: "nonNegativeInteger",
  describe: "an integer from 0 up",
  discrete: true,
  eventRank: 0,
  cellRank: 0,
  contains: (cell) => every(cell, isCount),
  inside: (x) => tf.logicalAnd(isInteger(x), nonNegative.inside!(x)),
  member: () => 0,
}

/** Vectors of counts that sum to `total`. The host cannot check against a total that is a tensor. */
export const multinomial = (total: Value): Support<"multinomial"> => ({
  name: "multinomial",
  describe: `a vector of counts${typeof total === "number" ? ` that sum to ${total}` : " with the given sum"}`,
  discrete: true,
  eventRank: 1,
  cellRank: 1,
  contains: (cell) => every(cell, isCount) && (typeof total !== "number" || sum(cell) === total),
  inside: (x) =>
    tf.logicalAnd(tf.all(nonNegativeInteger.inside!(x), -1), tf.equal(tf.sum(x, -1), total as tf.TensorLike)),
  member: (n) =>
    tf.mul(tf.expandDims(total as tf.TensorLike, -1), tf.tensor1d([1, ...new Array<number>(n - 1).fill(0)])),
})

/** Vectors of finite numbers, each above the one before. */
export const ordered: Support<"ordered"> = {
  name: "ordered",
  describe: "a vector of finite numbers, each above the one before",
  discrete: false,
  eventRank: 1,
  cellRank: 1,
  contains: (cell) => real.contains(cell) && every(cell, (x, i) => i === 0 || x > cell[i - 1]!),
  member: (n) => Array.from({ length: n }, (_, i) => i),
}

/** Vectors of non-negative numbers that sum to one, to within 1e-5. */
export const simplex: Support<"simplex"> = {
  name: "simplex",
  describe: "a probability vector (non-negative, summing to 1)",
  discrete: false,
  eventRank: 1,
  cellRank: 1,
  contains: (cell) => every(cell, (x) => x >= 0) && Math.abs(sum(cell) - 1) <= simplexTolerance,
  inside: (x) =>
    tf.logicalAnd(
      tf.all(tf.greaterEqual(x, 0), -1),
      tf.lessEqual(tf.abs(tf.sub(tf.sum(x, -1), 1)), simplexTolerance),
    ),
  member: (n) => 1 / n,
}

/** Vectors with a single one among zeros. */
export const oneHot: Support<"oneHot"> = {
  name: "oneHot",
  describe: "a one-hot vector",
  discrete: true,
  eventRank: 1,
  cellRank: 1,
  contains: (cell) => every(cell, (x) => x === 0 || x === 1) && sum(cell) === 1,
  inside: (x) => tf.logicalAnd(tf.all(tf.equal(tf.square(x), x), -1), tf.equal(tf.sum(x, -1), 1)),
  member: (n) => Array.from({ length: n }, (_, i) => (i === 0 ? 1 : 0)),
}

/** Vectors of log-weights: −∞ is a weight of zero, and not all are. */
export const logWeights: Support<"logWeights"> = {
  name: "logWeights",
  describe: "a vector of numbers below infinity (−Infinity for a class that cannot occur), not all −Infinity",
  discrete: false,
  eventRank: 1,
  cellRank: 1,
  contains: (cell) => every(cell, (x) => x < Infinity) && !every(cell, (x) => x === -Infinity),
  inside: (x) => tf.logicalAnd(tf.all(tf.less(x, Infinity), -1), tf.any(tf.greater(x, -Infinity), -1)),
  member: () => 0,
}

/** The same set, one event being `n` more trailing dimensions; the name stays. */
export const independent = <N extends string>(base: Support<N>, n: number): Support<N> =>
  n === 0 ? base : { ...base, eventRank: base.eventRank + n }

const every = (cell: ArrayLike<number>, holds: (x: number, i: number) => boolean): boolean => {
  for (let i = 0; i < cell.length; i++) if (!holds(cell[i]!, i)) return false
  return true
}

const isCount = (x: number): boolean => Number.isInteger(x) && x >= 0

const isInteger = (x: tf.Tensor): tf.Tensor => tf.equal(tf.floor(x), x)

const sum = (cell: ArrayLike<number>): number => {
  let total = 0
  for (let i = 0; i < cell.length; i++) total += cell[i]!
  return total
}

/** The outermost of an end's numbers, when they are on the host. A declaration, since `unitInterval` needs it early. */
function extreme(end: Value, pick: (...xs: Array<number>) => number, unknown: number): number {
  if (typeof end === "number") return end
  return Array.isArray(end) ? pick(...(end.flat(Infinity) as Array<number>)) : unknown
}
