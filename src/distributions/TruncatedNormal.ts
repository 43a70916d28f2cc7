/**
 * The normal distribution between two ends, or on one side of one: log p(x) = log N(x; loc, scale) − log Z, where Z is
 * the probability that the normal has there. Exact to rounding however far out in a tail the ends lie.
 *
 * ```ts
 * TruncatedNormal({ loc: 0, scale: 1, low: 0 })             // a half-normal
 * TruncatedNormal({ loc: 0, scale: 1, low: 20, high: 21 })  // nearly exponential
 * ```
 *
 * loc and scale are those of the normal before it is truncated. Derivatives of the log-density in loc and scale have
 * none in their turn.
 */
import * as tf from "@tensorflow/tfjs-core"
import type * as Key from "../tensor/Key.ts"
import type { Shape } from "../tensor/Shape.ts"
import * as special from "../tensor/special/truncatedNormal.ts"
import { where } from "../tensor/stable.ts"
import { type Parameter, toTensor, type Value } from "./Distribution.ts"
import { PathwiseFamily } from "./Family.ts"
import { halfStep, inverted } from "./noise.ts"
import { interval, positive, real, type Support } from "./Support.ts"
import { atLeast, atMost } from "./supports/closedHalfLines.ts"

/** Parameters of {@link TruncatedNormal}: one end at least, `high` above `low`. Shapes broadcast to the batch. */
export interface TruncatedNormalParams {
  readonly loc: Value
  readonly scale: Value
  readonly low?: Value
  readonly high?: Value
}

class TruncatedNormalDistribution<S extends string> extends PathwiseFamily<"TruncatedNormal", S> {
  readonly loc: Value
  readonly scale: Value
  readonly low: Value | undefined
  readonly high: Value | undefined

  constructor({ loc, scale, low, high }: TruncatedNormalParams) {
    super({
      family: "TruncatedNormal",
      support: between(low, high) as Support<string> as Support<S>,
      params: {
        loc: { value: loc, constraint: real },
        scale: { value: scale, constraint: positive },
        ...endParameters(low, high, real),
      },
    })
    this.loc = loc
    this.scale = scale
    this.low = low
    this.high = high
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    const x = special.truncatedNormalQuantile(
      inverted(key, full, (u) => u + halfStep),
      ...this.ends(),
    )
    // In an unbounded tail of a huge scale a draw may be beyond float32.
    return tf.clipByValue(x, -largest, largest)
  }

  protected score(value: tf.Tensor): tf.Tensor {
    return special.truncatedNormalLogDensity(value, ...this.ends())
  }

  mean(): tf.Tensor {
    return this.batched(() => special.truncatedNormalMean(...this.ends()))
  }

  variance(): tf.Tensor {
    return this.batched(() => special.truncatedNormalVariance(...this.ends()))
  }

  /** loc, or the end nearest to it. */
  mode(): tf.Tensor {
    return this.batched(() => {
      const [loc, , low, high] = this.ends()
      const fromLow = where(() => tf.less(loc, low), low, loc)
      return where(() => tf.greater(fromLow, high), high, fromLow)
    })
  }

  entropy(): tf.Tensor {
    return this.batched(() => special.truncatedNormalEntropy(...this.ends()))
  }

  cdf(value: tf.Tensor): tf.Tensor {
    return this.pointwise(value, "cdf", (x) => special.truncatedNormalCdf(x, ...this.ends()))
  }

  icdf(probability: tf.Tensor): tf.Tensor {
    return this.pointwise(probability, "icdf", (p) => special.truncatedNormalQuantile(p, ...this.ends()))
  }

  /** loc, scale, low and high; an end that is not there is infinite. */
  private ends(): [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor] {
    const { loc, scale, low = -Infinity, high = Infinity } = this
    return [toTensor(loc), toTensor(scale), toTensor(low), toTensor(high)]
  }
}

/** A truncated normal distribution; see {@link TruncatedNormalParams}. */
export type TruncatedNormal<S extends string = string> = TruncatedNormalDistribution<S>

/** Makes a truncated normal distribution. */
export const TruncatedNormal: {
  (params: Required<TruncatedNormalParams>): TruncatedNormal<"interval">
  (params: Omit<Required<TruncatedNormalParams>, "high">): TruncatedNormal<"greaterThan">
  (params: Omit<Required<TruncatedNormalParams>, "low">): TruncatedNormal<"lessThan">
} = (params: TruncatedNormalParams) => new TruncatedNormalDistribution<never>(params)

/** The numbers between two ends, or beyond one. */
export const between = (low: Value | undefined, high: Value | undefined): Support => {
  if (low === undefined) return high === undefined ? real : atMost(high)
  return high === undefined ? atLeast(low) : interval(low, high)
}

/** The ends that are there, as parameters within `constraint`, the upper above the lower. */
export const endParameters = (
  low: Value | undefined,
  high: Value | undefined,
  constraint: Support,
): Readonly<Record<string, Parameter>> => ({
  ...(low !== undefined && { low: { value: low, constraint } }),
  ...(high !== undefined && {
    high: { value: high, constraint, ...(low !== undefined && { above: "low" }) },
  }),
})

/** The largest float32. */
const largest = 3.4028234663852886e38
