/**
 * Distributions of one number of which some observations are bounds only (Klein and Moeschberger, "Survival Analysis",
 * 2003, section 3.5), F being the base's cumulative distribution and f its density:
 *
 * - `LeftCensored`: log F(x) where `censored` is 1, the number being at most x; log f(x) elsewhere.
 * - `RightCensored`: log(1 − F(x)) where `censored` is 1, the number being above x; log f(x) elsewhere.
 * - `IntervalCensored`: of pairs (low, high), log(F(high) − F(low)), and log f where the two are equal.
 *
 * ```ts
 * const lifetime = Weibull({ concentration: 1.5, scale: 10 })
 * RightCensored(lifetime, [0, 1]).logProb(tf.tensor([3, 12]))                       // died at 3; alive at 12
 * IntervalCensored(lifetime).logProb(tf.tensor([[2, 5], [4, Infinity], [3, 3]]))    // R's Surv(type = "interval2")
 * ```
 *
 * These are likelihoods: a censored cell scores the probability of what was seen, with respect to no measure on x,
 * and only where nothing is censored do they integrate to one. Who was censored is given, not modelled; so draws are
 * the base's own numbers, all known exactly, as predictions are. The tails keep their digits as `tails.ts` says.
 * NumPyro has the same three.
 */
import * as tf from "@tensorflow/tfjs-core"
import { ShapeMismatch } from "../tensor/errors.ts"
import type { Key } from "../tensor/Key.ts"
import { broadcast, equals, format, type Shape } from "../tensor/Shape.ts"
import { where } from "../tensor/stable.ts"
import {
  type Distribution,
  isReparameterized,
  type Reparameterized,
  toTensor,
  type Value,
} from "./Distribution.ts"
import { Family } from "./Family.ts"
import { boolean, type Support } from "./Support.ts"
import { logAdd, logBetween, logCdf, logSurvival, type Tailed } from "./tails.ts"

/** Which ends of an interval are not known, 0 or 1 for each cell of the batch; default 0. */
export interface OpenEnds {
  /** Where 1, only `high` is read: the number is at most that. */
  readonly leftCensored?: Value
  /** Where 1, only `low` is read: the number is above that. Where both are, the number is outside the two. */
  readonly rightCensored?: Value
}

type Drawn<B> = B extends Reparameterized ? Pick<Reparameterized, "rsample"> : unknown

/** `B`, of which some numbers are upper bounds. Draws are differentiable where `B`'s are. */
export type LeftCensored<B extends Tailed> = OneSided<"LeftCensored", B> & Drawn<B>
/** `B`, of which some numbers are lower bounds. Draws are differentiable where `B`'s are. */
export type RightCensored<B extends Tailed> = OneSided<"RightCensored", B> & Drawn<B>
/** `B`, known by pairs of bounds. Draws are differentiable where `B`'s are. */
export type IntervalCensored<B extends Tailed> = IntervalCensoredDistribution<B> & Drawn<B>

/** Where `censored` is 1 a value is an upper bound. Its shape broadcasts with the base's batch. */
export const LeftCensored = <B extends Tailed>(base: B, censored: Value): LeftCensored<B> =>
  differentiable(base, new OneSided("LeftCensored", base, censored)) as LeftCensored<B>

/** Where `censored` is 1 a value is a lower bound. Its shape broadcasts with the base's batch. */
export const RightCensored = <B extends Tailed>(base: B, censored: Value): RightCensored<B> =>
  differentiable(base, new OneSided("RightCensored", base, censored)) as RightCensored<B>

/**
 * Events are pairs (low, high), the number being above `low` and at most `high`; an end that is infinite is open, and
 * equal ends are a number known exactly. A draw has equal ends.
 */
export const IntervalCensored = <B extends Tailed>(base: B, ends: OpenEnds = {}): IntervalCensored<B> =>
  differentiable(base, new IntervalCensoredDistribution(base, ends)) as IntervalCensored<B>

/** What the three share: a base with a larger batch, whose draws are theirs. */
abstract class CensoredFamily<F extends string, B extends Tailed, S extends string> extends Family<
  F,
  S,
  B["gradient"]
> {
  readonly base: B

  constructor(
    family: F,
    base: B,
    support: Support<S>,
    flags: Readonly<Record<string, Value>>,
    eventShape: Shape = [],
  ) {
    super({
      family,
      support,
      gradient: base.gradient,
      params: Object.fromEntries(
        Object.entries(flags).map(([name, value]) => [name, { value, constraint: boolean }]),
      ),
      eventShape,
      scoresAnything: true,
    })
    const batch = broadcast(this.batchShape, base.batchShape)
    this.base = batch === undefined || equals(batch, base.batchShape) ? base : base.expand(batch)
    Object.assign(this, {
      params: { ...base.params, ...this.params },
      batchShape: this.base.batchShape,
      problem: this.base.problem ?? this.problem ?? unfit(family, base, this.batchShape, batch),
    })
  }

  /** What one of the base's draws is here. */
  protected abstract drawn(x: tf.Tensor): tf.Tensor

  /** @internal The base's draws, differentiable where they are. */
  draw(key: Key, full: Shape): tf.Tensor {
    const base: Distribution = this.base
    const shape = full.slice(0, full.length - this.batchShape.length - this.eventShape.length)
    return this.drawn(isReparameterized(base) ? base.rsample(key, shape) : base.sample(key, shape))
  }

  /** @internal */
  drawDifferentiably(key: Key, shape: Shape): tf.Tensor {
    return this.checked(() => this.draw(key, this.full(shape)))
  }
}

class OneSided<F extends "LeftCensored" | "RightCensored", B extends Tailed> extends CensoredFamily<
  F,
  B,
  B["support"]["name"]
> {
  readonly censored: Value

  constructor(family: F, base: B, censored: Value) {
    super(family, base, base.support as Support<B["support"]["name"]>, { censored })
    this.censored = censored
  }

  protected drawn(x: tf.Tensor): tf.Tensor {
    return x
  }

  protected score(value: tf.Tensor): tf.Tensor {
    const isBound = () => tf.greater(toTensor(this.censored), 0)
    // Each form sees a member where the other counts: of a number that is none the gradient may be NaN.
    const member = toTensor(this.support.member(1))
    const tail = this.family === "LeftCensored" ? logCdf : logSurvival
    const asBound = tail(this.base, where(isBound, value, member))
    return where(isBound, asBound, this.base.logProb(where(isBound, member, value)))
  }

  override expand(batchShape: Shape): this {
    const base = this.base.expand(batchShape)
    return differentiable(base, new OneSided(this.family, base, this.censored)) as unknown as this
  }
}

/** See {@link IntervalCensored}. */
class IntervalCensoredDistribution<B extends Tailed> extends CensoredFamily<"IntervalCensored", B, "ends"> {
  readonly ends: Required<OpenEnds>

  constructor(base: B, { leftCensored = 0, rightCensored = 0 }: OpenEnds) {
    const flags = { leftCensored, rightCensored }
    super("IntervalCensored", base, pairsOf(base.support), flags, [2])
    this.ends = flags
  }

  protected drawn(x: tf.Tensor): tf.Tensor {
    return tf.stack([x, x], -1)
  }

  protected score(value: tf.Tensor): tf.Tensor {
    const end = (i: 0 | 1) => {
      const outer = value.shape.slice(0, -1)
      return tf.reshape(tf.slice(value, [...outer.map(() => 0), i], [...outer, 1]), outer)
    }
    const [low, high] = [end(0), end(1)]
    const isLeft = () => tf.greater(toTensor(this.ends.leftCensored), 0)
    const isRight = () => tf.greater(toTensor(this.ends.rightCensored), 0)
    const isOutside = () => tf.logicalAnd(isLeft(), isRight())
    const opened = (flag: () => tf.Tensor, at: number, x: tf.Tensor) =>
      where(() => tf.logicalAnd(flag(), tf.logicalNot(isOutside())), at, x)
    const between = logBetween(this.base, opened(isLeft, -Infinity, low), opened(isRight, Infinity, high))
    return where(isOutside, logAdd(logCdf(this.base, low), logSurvival(this.base, high)), between)
  }

  override expand(batchShape: Shape): this {
    return IntervalCensored(this.base.expand(batchShape) as B, this.ends) as unknown as this
  }
}

/** `made` with draws that are differentiable where the base's are. */
const differentiable = <D extends CensoredFamily<string, Tailed, string>>(base: Tailed, made: D): D =>
  isReparameterized(base)
    ? Object.assign(made, {
        rsample: (key: Key, shape: Shape = []) => made.drawDifferentiably(key, shape),
      })
    : made

/** Pairs of ends, the lower first; equal ones are a member of `support`. */
const pairsOf = (support: Support): Support<"ends"> => ({
  name: "ends",
  describe: `a pair of ends, the lower first (equal ones ${support.describe})`,
  discrete: support.discrete,
  eventRank: 1,
  cellRank: 1,
  contains: ({ 0: low = Number.NaN, 1: high = Number.NaN, length }) =>
    length === 2 && (low < high || (low === high && support.contains([low]))),
  member: () => support.member(1),
})

const unfit = (
  family: string,
  base: Distribution,
  ownBatch: Shape,
  batch: Shape | undefined,
): ShapeMismatch | undefined => {
  if (base.eventShape.length > 0) {
    return new ShapeMismatch({
      where: `${family}(${base.family})`,
      expected: "a base whose events are single numbers",
      found: `event shape ${format(base.eventShape)}`,
    })
  }
  if (batch !== undefined) return undefined
  return new ShapeMismatch({
    where: `${family}(${base.family})`,
    expected: `flags that broadcast with the batch shape ${format(base.batchShape)}`,
    found: `flags of shape ${format(ownBatch)}`,
  })
}
