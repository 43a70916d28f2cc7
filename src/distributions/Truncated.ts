/**
 * Any distribution of one number that has a cumulative distribution F and quantiles, between two ends or on one side
 * of one: log p(x) = log p_base(x) − log(F(high) − F(low)). The ends lie in the base's support.
 *
 * ```ts
 * Truncated(Gumbel({ loc: 0, scale: 1 }), { low: 0 })          // on the numbers from 0 up
 * Truncated(Exponential({ rate: 0.5 }), { high: 3 })           // on [0, 3]
 * ```
 *
 * F is a float32: of an interval far up in the upper tail, where F is nearly 1 at both ends, the difference keeps few
 * digits. For the normal take `TruncatedNormal`, which keeps them all.
 */
import * as tf from "@tensorflow/tfjs-core"
import type * as Key from "../tensor/Key.ts"
import { quotient } from "../tensor/quotient.ts"
import { broadcast, type Shape } from "../tensor/Shape.ts"
import { where } from "../tensor/stable.ts"
import { type Distribution, type HasCdf, type HasIcdf, toTensor, type Value } from "./Distribution.ts"
import { PathwiseFamily } from "./Family.ts"
import { halfStep, inverted } from "./noise.ts"
import type { Bounded, Support } from "./Support.ts"
import { between, endParameters } from "./TruncatedNormal.ts"

/** What can be truncated: distributions of one number whose quantiles are known. */
export type Truncatable = Distribution<string, "pathwise"> & HasCdf & HasIcdf

/** Where to cut: `high` above `low`; shapes broadcast with the base's batch. */
export type Ends =
  | { readonly low: Value; readonly high: Value }
  | { readonly low: Value; readonly high?: never }
  | { readonly low?: never; readonly high: Value }

/** The name of what a support becomes when it loses what lies below (`low`) or above (`high`). */
type Cut<S extends string, E> = S extends "real"
  ? E extends { low: Value; high: Value }
    ? "interval"
    : E extends { low: Value }
      ? "greaterThan"
      : "lessThan"
  : S extends "positive" | "nonNegative" | "greaterThan"
    ? E extends { high: Value }
      ? "interval"
      : "greaterThan"
    : S extends "lessThan"
      ? E extends { low: Value }
        ? "interval"
        : "lessThan"
      : "interval"

class TruncatedDistribution<B extends Truncatable, S extends string> extends PathwiseFamily<"Truncated", S> {
  readonly base: B
  readonly low: Value | undefined
  readonly high: Value | undefined

  constructor(base: B, { low, high }: Ends) {
    const { lower, upper } = endsOf(base.support)
    super({
      family: "Truncated",
      support: between(low ?? lower, high ?? upper) as Support<string> as Support<S>,
      params: { ...base.params, ...endParameters(low, high, base.support) },
    })
    this.base = base
    this.low = low
    this.high = high
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    // Rounded up to 1, a probability would be that of an infinite number.
    return this.at(
      inverted(key, full, (u) => u + halfStep),
      this.high === undefined ? 1 - halfStep : 1,
    )
  }

  protected score(value: tf.Tensor): tf.Tensor {
    return tf.sub(this.base.logProb(value), tf.log(this.shares().mass))
  }

  cdf(value: tf.Tensor): tf.Tensor {
    return this.pointwise(value, "cdf", (x) => {
      const { below, mass } = this.shares()
      return quotient(tf.sub(this.base.cdf(this.within(x)), below), mass)
    })
  }

  icdf(probability: tf.Tensor): tf.Tensor {
    return this.pointwise(probability, "icdf", (p) => this.at(p))
  }

  override expand(batchShape: Shape): this {
    const wider = super.expand(batchShape)
    const base = wider.problem === undefined ? this.base.expand(batchShape) : this.base
    return Object.assign(wider, { base, problem: base.problem ?? wider.problem })
  }

  /** The x with P(X ≤ x) = p. */
  private at(p: tf.Tensor, most = 1): tf.Tensor {
    const { below, mass } = this.shares()
    return this.within(this.base.icdf(tf.minimum(tf.add(below, tf.mul(p, mass)), most)))
  }

  /** The base's probabilities below the lower end, and between the ends. */
  private shares() {
    const share = (end: Value) => this.base.cdf(toTensor(end))
    const below = this.low === undefined ? tf.scalar(0) : share(this.low)
    return { below, mass: tf.sub(this.high === undefined ? 1 : share(this.high), below) }
  }

  /** Rounding may have carried a number past an end. */
  private within(x: tf.Tensor): tf.Tensor {
    const { low, high } = this
    const fromLow = low === undefined ? x : where(() => tf.less(x, toTensor(low)), toTensor(low), x)
    return high === undefined
      ? fromLow
      : where(() => tf.greater(fromLow, toTensor(high)), toTensor(high), fromLow)
  }
}

/** A truncated distribution; see the head of `Truncated.ts`. */
export type Truncated<B extends Truncatable, S extends string = string> = TruncatedDistribution<B, S>

/** Truncates `base` at the ends that are given. */
export const Truncated = <B extends Truncatable, const E extends Ends>(
  base: B,
  ends: E,
): Truncated<B, Cut<B["support"]["name"], E>> => {
  const made = new TruncatedDistribution<B, Cut<B["support"]["name"], E>>(base, ends)
  // The base may have been expanded beyond its parameters.
  return made.expand(broadcast(base.batchShape, made.batchShape) ?? base.batchShape)
}

/** A support's ends, where it has any. */
const endsOf = (support: Support): Partial<Bounded> => {
  if (support.name === "positive" || support.name === "nonNegative") return { lower: 0 }
  const { lower, upper } = support as Support & Partial<Bounded>
  return { ...(lower !== undefined && { lower }), ...(upper !== undefined && { upper }) }
}
