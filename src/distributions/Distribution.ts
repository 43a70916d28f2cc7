/**
 * What every distribution is: the interface, what families may have besides, and the checks of parameters.
 *
 * A draw of shape `sample + batch + event` scores to shape `sample + batch`. Parameters may be numbers, nested
 * arrays or tensors; they broadcast against each other, and their common shape (less the dimensions that one
 * event takes) is the batch shape. The types say what a family can do: `rsample`, `mean`, `entropy` exist on the
 * families that have them and nowhere else.
 *
 * ```ts
 * const d = Normal({ loc: [0, 1], scale: 2 })   // batch [2], event []
 * const z = d.rsample(Key.key(0), [3])          // shape [3, 2]
 * d.logProb(z)                                  // shape [3, 2]
 * d.toEvent(1).logProb(z)                       // shape [3]
 * ```
 *
 * A distribution never throws when it is made: bad parameters are kept as `problem`, which a site turns into a
 * typed failure that carries the site's name. The tensor methods of a distribution with a problem throw that same
 * tagged error; inside a program the engine turns it into a failure.
 */
import * as tf from "@tensorflow/tfjs-core"
import { ShapeMismatch } from "../tensor/errors.ts"
import type { Key } from "../tensor/Key.ts"
import { broadcast, equals, format, type Shape, unravelIndex } from "../tensor/Shape.ts"
import { InvalidParameter } from "./errors.ts"
import { nonNegative, positive, type Support } from "./Support.ts"

/** How a draw depends on the parameters: `pathwise` draws are differentiable, `score` draws are not. */
export type Gradient = "pathwise" | "score"

/** A parameter as a caller may write it. */
export type Value = tf.Tensor | number | ReadonlyArray<number> | ReadonlyArray<ReadonlyArray<number>>

/** A parameter with the set it must lie in, by name on {@link Distribution.params}. */
export interface Parameter {
  readonly value: Value
  readonly constraint: Support
  /** The name of another parameter that this one must exceed. */
  readonly above?: string
  /** Whether it may be equal to that other one too. */
  readonly orEqual?: true
}

/** A distribution over events of shape `eventShape`, one for each cell of `batchShape`. */
export interface Distribution<out S extends string = string, out G extends Gradient = Gradient> {
  readonly family: string
  readonly support: Support<S>
  readonly gradient: G
  readonly batchShape: Shape
  readonly eventShape: Shape
  readonly params: Readonly<Record<string, Parameter>>
  /** The distribution that this one rearranges, where it does. Its parameters are among `params`. */
  readonly base?: Distribution
  /** What is wrong with the parameters, if anything: their shapes, or a host value outside its constraint. */
  readonly problem: InvalidParameter | ShapeMismatch | undefined
  /** Draws of shape `[...shape, ...batch, ...event]`, through which no gradient flows. */
  readonly sample: (key: Key, shape?: Shape) => tf.Tensor
  /** Log-density (or log-mass) of values `[...sample, ...batch, ...event]`, of shape `[...sample, ...batch]`. */
  readonly logProb: (value: tf.Tensor) => tf.Tensor
  /** The same distribution over a larger batch, each cell independent. */
  readonly expand: (batchShape: Shape) => this
}

/** A distribution whose draws are differentiable in its parameters. */
export interface Reparameterized<out S extends string = string> extends Distribution<S, "pathwise"> {
  /** Draws of shape `[...shape, ...batch, ...event]`, differentiable in the parameters. */
  readonly rsample: (key: Key, shape?: Shape) => tf.Tensor
}

/** Families with a mean in closed form: shape `[...batch, ...event]`. */
export interface HasMean {
  readonly mean: () => tf.Tensor
}

/** Families with a variance in closed form: shape `[...batch, ...event]`. */
export interface HasVariance {
  readonly variance: () => tf.Tensor
}

/** Families with a mode in closed form (the first, of several): shape `[...batch, ...event]`. */
export interface HasMode {
  readonly mode: () => tf.Tensor
}

/** Families with a differential (or discrete) entropy in closed form, in nats: shape `batch`. */
export interface HasEntropy {
  readonly entropy: () => tf.Tensor
}

/** Families with a cumulative distribution function in closed form. */
export interface HasCdf {
  readonly cdf: (value: tf.Tensor) => tf.Tensor
}

/** Families with a quantile function in closed form; the argument lies in [0, 1]. */
export interface HasIcdf {
  readonly icdf: (probability: tf.Tensor) => tf.Tensor
}

/** Families with finitely many values. */
export interface HasEnumerate {
  /** Every value, along a new first dimension: `[K, ...1 for each batch dimension, ...event]`. */
  readonly enumerate: () => tf.Tensor
}

/** @internal Families that score several batch dimensions as one event faster than by summing their log-densities. */
export interface HasSummedLogProb {
  /** Σ log p over the last `n` batch dimensions, `n` from 1 up: `[...sample, ...batch]` without them. */
  readonly summedLogProb: (value: tf.Tensor, n: number) => tf.Tensor
}

/** Whether draws of this distribution are differentiable. */
export const isReparameterized = <S extends string>(d: Distribution<S>): d is Reparameterized<S> =>
  d.gradient === "pathwise"

/**
 * `[...sample, ...batch]` of a value `[...sample, ...batch, ...event]`. Dimensions of the value that are missing or
 * 1 stretch to the batch's; a batch never stretches to a value, since a value [n] against a batch [n, 1] would
 * score n² pairs. Throws `ShapeMismatch`.
 */
export const scoredShape = (d: Distribution, value: tf.Tensor, method: string): Shape => {
  const rank = value.rank - d.eventShape.length
  const shape = broadcast(value.shape.slice(0, Math.max(rank, 0)), d.batchShape)
  if (
    rank >= 0 &&
    shape !== undefined &&
    equals(value.shape.slice(rank), d.eventShape) &&
    equals(shape.slice(shape.length - d.batchShape.length), d.batchShape)
  ) {
    return shape
  }
  throw new ShapeMismatch({
    where: `${d.family}.${method}`,
    expected: `a value of shape [${["...", ...d.batchShape, ...d.eventShape].join(", ")}]`,
    found: format(value.shape),
  })
}

/** A parameter's shape, known without touching a backend. What is no number, array or tensor counts as a number. */
export const shapeOf = (value: Value): Shape => {
  if (typeof value === "number") return []
  if (value instanceof tf.Tensor) return value.shape
  if (!Array.isArray(value)) return []
  return value.length === 0 ? [0] : [value.length, ...shapeOf(value[0])]
}

/** The parameter as a float32 tensor. Call it inside a tidy: a number becomes a new scalar. */
export const toTensor = (value: Value): tf.Tensor =>
  value instanceof tf.Tensor ? float(value) : tf.tensor(value as tf.TensorLike, undefined, "float32")

/** The parameter as an operand of a tfjs operation, which converts numbers and arrays itself. */
export const operand = (value: Value): tf.Tensor | tf.TensorLike =>
  value instanceof tf.Tensor ? float(value) : (value as tf.TensorLike)

/** The tensor at `shape`; the tensor itself when it has that shape. */
export const broadcastTo = (x: tf.Tensor, shape: Shape): tf.Tensor =>
  equals(x.shape, shape) ? x : tf.broadcastTo(x, [...shape])

/** The tensor as float32: data may come as integers or booleans. */
export const float = (x: tf.Tensor): tf.Tensor => (x.dtype === "float32" ? x : tf.cast(x, "float32"))

/**
 * The first violation among all parameters, tensors included. It reads tensors back to the host, so the engine
 * calls it before a fit starts and when it looks for the cause of a NaN, never inside a step.
 */
export const findProblem = (d: Distribution): InvalidParameter | ShapeMismatch | undefined => {
  const problem = d.problem ?? (d.base && findProblem(d.base))
  if (problem !== undefined) return problem
  for (const [parameter, { value, constraint, above, orEqual }] of Object.entries(d.params)) {
    if (d.base !== undefined && d.base.params[parameter] === d.params[parameter]) continue
    if (value instanceof tf.Tensor) {
      const found = firstOutside(constraint, value.dataSync(), value.shape)
      if (found !== undefined) {
        return new InvalidParameter({
          family: d.family,
          parameter,
          constraint: constraint.describe,
          ...found,
        })
      }
    }
    if (above === undefined) continue
    const excess = tf.tidy(() => tf.sub(operand(value), operand(d.params[above]!.value)))
    const found = firstOutside(orEqual ? nonNegative : positive, excess.dataSync(), excess.shape)
    excess.dispose()
    if (found !== undefined) {
      return notAbove(d.family, parameter, { above, orEqual }, found.found, found.index)
    }
  }
  return undefined
}

/** What is said of a parameter that exceeds another by `excess`, which is too little. */
export const notAbove = (
  family: string,
  parameter: string,
  { above, orEqual }: { readonly above: string | undefined; readonly orEqual: true | undefined },
  excess: string,
  index: ReadonlyArray<number>,
): InvalidParameter => {
  const found = `${parameter} − ${above} = ${excess}`
  const constraint = `${orEqual ? "at least" : "greater than"} "${above}"`
  return new InvalidParameter({ family, parameter, constraint, found, index })
}

/** The first cell of `values` (row-major, of shape `shape`) outside `support`: its numbers and its index. */
export const firstOutside = (
  support: Support,
  values: ArrayLike<number>,
  shape: Shape,
): { readonly found: string; readonly index: ReadonlyArray<number> } | undefined => {
  const outer = shape.slice(0, shape.length - support.cellRank)
  const size = shape.slice(outer.length).reduce((a, b) => a * b, 1)
  const cells = size === 0 ? 0 : values.length / size
  const cell = new Float64Array(size)
  for (let i = 0; i < cells; i++) {
    for (let j = 0; j < size; j++) cell[j] = values[i * size + j]!
    if (support.contains(cell)) continue
    return { found: describeCell(cell), index: unravelIndex(i, outer) }
  }
  return undefined
}

const describeCell = (cell: Float64Array): string => {
  if (cell.length === 1) return String(cell[0])
  const shown = Array.from(cell.subarray(0, 8)).join(", ")
  return cell.length > 8 ? `[${shown}, … (${cell.length} numbers)]` : `[${shown}]`
}
