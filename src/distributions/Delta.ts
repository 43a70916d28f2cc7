/**
 * All probability at one point. Its log-density is a constant there (0 by default) and −∞ elsewhere: the guide of a
 * maximum a posteriori fit, on whatever set the point lies in.
 *
 * ```ts
 * Delta({ value: 2 })                                      // on the reals
 * Delta({ value: scale, support: positive }).toEvent(1)    // on vectors of positive numbers
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import type * as Key from "../tensor/Key.ts"
import { broadcast, equals, type Shape } from "../tensor/Shape.ts"
import { where } from "../tensor/stable.ts"
import { broadcastTo, type Distribution, shapeOf, toTensor, type Value } from "./Distribution.ts"
import { PathwiseFamily } from "./Family.ts"
import { IndependentDistribution } from "./Independent.ts"
import { real, type Support } from "./Support.ts"

/** Parameters of {@link Delta}. */
export interface DeltaParams<S extends string> {
  /** `[...batch, ...event]`, the event as `support` has it. */
  readonly value: Value
  /** The log-density at the value, of a shape that broadcasts to the batch. Default 0. */
  readonly logDensity?: Value
  /** The set the value lies in. Default the reals. */
  readonly support?: Support<S>
}

/** See {@link Delta}. */
export class DeltaDistribution<S extends string> extends PathwiseFamily<"Delta", S> {
  readonly value: Value
  readonly logDensity: Value

  constructor({ value, logDensity = 0, support }: DeltaParams<S>) {
    const on = support ?? (real as Support<string> as Support<S>)
    const shape = shapeOf(value)
    super({
      family: "Delta",
      // Nothing to mask: every other value has density 0 already.
      support: on,
      params: { value: { value, constraint: on }, logDensity: { value: logDensity, constraint: real } },
      eventShape: shape.slice(Math.max(shape.length - on.eventRank, 0)),
    })
    this.value = value
    this.logDensity = logDensity
  }

  protected draw(_key: Key.Key, full: Shape): tf.Tensor {
    return broadcastTo(tf.clone(toTensor(this.value)), full)
  }

  protected score(value: tf.Tensor): tf.Tensor {
    const n = this.eventShape.length
    const axes = Array.from({ length: n }, (_, i) => i - n)
    const same = () => {
      const equal = tf.equal(value, toTensor(this.value))
      return n === 0 ? equal : tf.all(equal, axes)
    }
    return where(same, toTensor(this.logDensity), -Infinity)
  }

  mean(): tf.Tensor {
    return this.batched(() => toTensor(this.value))
  }

  variance(): tf.Tensor {
    return this.batched(() => tf.zerosLike(toTensor(this.value)))
  }

  mode(): tf.Tensor {
    return this.mean()
  }
}

/** A point mass; see {@link DeltaParams}. */
export type Delta<S extends string = "real"> = DeltaDistribution<S>

/** Makes a point mass. */
export const Delta = <const S extends string = "real">(params: DeltaParams<S>): Delta<S> =>
  new DeltaDistribution(params)

/** Whether all of a distribution's probability is at one point: a `Delta`, or an `Independent` of one. */
export const isPoint = (d: Distribution): boolean =>
  d instanceof IndependentDistribution ? isPoint(d.base) : d instanceof DeltaDistribution

/**
 * KL(p ‖ q) of a point mass at v: log p(v) − log q(v), ∞ where q excludes v. With a log-density of 0 it is Pyro's,
 * −log q(v), in which the point's own infinite density, a constant, is left out.
 */
export const klFromPoint = (p: Distribution, q: Distribution): tf.Tensor => {
  const value = pointOf(p)
  const batch = broadcast(p.batchShape, q.batchShape)!
  // A batch never stretches to a value.
  const wider = equals(batch, q.batchShape) ? q : q.expand(batch)
  return tf.sub(p.logProb(value), wider.logProb(value))
}

/** Where the probability is: `[...batch, ...event]`. */
const pointOf = (d: Distribution): tf.Tensor =>
  d instanceof IndependentDistribution ? pointOf(d.base) : (d as Delta<string>).mean()
