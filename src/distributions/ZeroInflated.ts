/**
 * A count that is zero for a reason of its own with probability `gate`, and else follows `base`, any family of counts
 * that include zero: p(0) = gate + (1 − gate) p_base(0), and p(x) = (1 − gate) p_base(x) for x > 0. The gate by
 * probability or by `gateLogits`.
 *
 * ```ts
 * ZeroInflated(Poisson({ rate: 3 }), { gate: 0.2 })
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { ShapeMismatch } from "../tensor/errors.ts"
import * as Key from "../tensor/Key.ts"
import { broadcast, format, type Shape } from "../tensor/Shape.ts"
import { where } from "../tensor/stable.ts"
import { Bernoulli } from "./Bernoulli.ts"
import { type Chance, type ChanceFields, complement, probability, weighLogs } from "./chance.ts"
import {
  type Distribution,
  type HasCdf,
  type HasEnumerate,
  type HasMean,
  type HasVariance,
  type Parameter,
  toTensor,
  type Value,
} from "./Distribution.ts"
import { InvalidParameter } from "./errors.ts"
import { Family } from "./Family.ts"
import { real, unitInterval } from "./Support.ts"

/** The names of the supports that are sets of counts. */
export type CountName = "boolean" | "integerInterval" | "nonNegativeInteger"

/** The chance of a zero besides the base's own: `gate` or `gateLogits`, never both. */
export type Gate =
  | { readonly gate: Value; readonly gateLogits?: never }
  | { readonly gateLogits: Value; readonly gate?: never }

type Base = Distribution<CountName>

/** `B` with more zeros. It has a mean, a variance, a cdf and a list of values where `B` does. */
export type ZeroInflated<B extends Base> = ZeroInflatedDistribution<B> &
  (B extends HasMean ? HasMean : unknown) &
  (B extends HasMean & HasVariance ? HasVariance : unknown) &
  (B extends HasCdf ? HasCdf : unknown) &
  (B extends HasEnumerate ? HasEnumerate : unknown)

/** Makes a zero-inflated distribution. The base must have single numbers for events, and zero among them. */
export const ZeroInflated = <B extends Base>(base: B, gate: Gate): ZeroInflated<B> => {
  const made = new ZeroInflatedDistribution(base, gate)
  const has = made.base as Base & Partial<HasMean & HasVariance & HasCdf & HasEnumerate>
  const { mean, variance, cdf, enumerate } = has
  return Object.assign(
    made,
    mean && { mean: () => made.moment((gate) => tf.mul(complement(gate), has.mean!())) },
    mean &&
      variance && {
        variance: () => made.moment((gate) => mixedVariance(gate, has.mean!(), has.variance!())),
      },
    cdf && { cdf: (value: tf.Tensor) => made.cumulative(value, (x) => has.cdf!(x)) },
    enumerate && { enumerate: () => made.listed(() => has.enumerate!()) },
  ) as unknown as ZeroInflated<B>
}

/** See {@link ZeroInflated}. */
export class ZeroInflatedDistribution<B extends Base> extends Family<
  "ZeroInflated",
  B["support"]["name"],
  "score"
> {
  readonly base: B
  readonly gate: Gate

  constructor(base: B, gate: Gate) {
    super({
      family: "ZeroInflated",
      support: base.support as Family<string, B["support"]["name"], "score">["support"],
      gradient: "score",
      params: { ...base.params, ...gateParams(gate) },
      // The base has scored what is outside as −∞.
      scoresAnything: true,
    })
    const batch = broadcast(this.batchShape, base.batchShape)
    this.gate = gate
    this.base = batch === undefined ? base : base.expand(batch)
    // A base that was expanded has a larger batch than its parameters show.
    Object.assign(this, {
      batchShape: batch ?? base.batchShape,
      problem: base.problem ?? unfit(base) ?? this.problem,
    })
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    const [gateKey, baseKey] = Key.split(key) as [Key.Key, Key.Key]
    const shape = full.slice(0, full.length - this.batchShape.length)
    const isEmpty = Bernoulli(chanceOf(this.gate)).expand(this.batchShape).sample(gateKey, shape)
    return tf.mul(tf.sub(1, isEmpty), this.base.sample(baseKey, shape))
  }

  protected score(value: tf.Tensor): tf.Tensor {
    const gate = fields(this.gate)
    const fromBase = tf.add(weighLogs(gate, tf.scalar(0), tf.scalar(1)), this.base.logProb(value))
    const isZero = () => tf.equal(value, 0)
    // A value that is not zero may have −∞, of which the sum below has no gradient.
    const atZero = where(isZero, fromBase, 0)
    const fromGate = tf.add(logGate(gate), tf.zerosLike(atZero))
    return where(isZero, tf.logSumExp(tf.stack([fromGate, atZero], -1), -1), fromBase)
  }

  override expand(batchShape: Shape): this {
    return ZeroInflated(this.base.expand(batchShape) as B, this.gate) as unknown as this
  }

  /** @internal A moment of the mixture, from its gate. */
  moment(body: (gate: ChanceFields) => tf.Tensor): tf.Tensor {
    return this.batched(() => body(fields(this.gate)))
  }

  /** @internal gate + (1 − gate) · the base's own from zero up, and 0 below: a count is never negative. */
  cumulative(value: tf.Tensor, cdf: (x: tf.Tensor) => tf.Tensor): tf.Tensor {
    return this.pointwise(value, "cdf", (x) => {
      const gate = fields(this.gate)
      const mixed = tf.add(probability(gate), tf.mul(complement(gate), cdf(x)))
      return where(() => tf.less(x, 0), 0, mixed)
    })
  }

  /** @internal The base's values, of which zero is one. */
  listed(values: () => tf.Tensor): tf.Tensor {
    return this.checked(values)
  }
}

const fields = (gate: Gate): ChanceFields => ({ probs: gate.gate, logits: gate.gateLogits })

const chanceOf = ({ gate, gateLogits }: Gate): Chance =>
  gate === undefined ? { logits: gateLogits } : { probs: gate }

const gateParams = ({ gate, gateLogits }: Gate): Readonly<Record<string, Parameter>> =>
  gate === undefined
    ? { gateLogits: { value: gateLogits, constraint: real } }
    : { gate: { value: gate, constraint: unitInterval } }

/** log gate; −∞, with no gradient, where the gate is never used. */
const logGate = (gate: ChanceFields): tf.Tensor => {
  if (gate.probs === undefined) return weighLogs(gate, tf.scalar(1), tf.scalar(0))
  const probs = toTensor(gate.probs)
  const isUsed = () => tf.greater(probs, 0)
  return where(isUsed, tf.log(where(isUsed, probs, 1)), Number.NEGATIVE_INFINITY)
}

/** (1 − gate) (variance + gate · mean²). */
const mixedVariance = (gate: ChanceFields, mean: tf.Tensor, variance: tf.Tensor): tf.Tensor =>
  tf.mul(complement(gate), tf.add(variance, tf.mul(probability(gate), tf.square(mean))))

const unfit = (base: Base): InvalidParameter | ShapeMismatch | undefined => {
  if (base.eventShape.length > 0) {
    return new ShapeMismatch({
      where: `ZeroInflated(${base.family})`,
      expected: "a base whose events are single numbers",
      found: `event shape ${format(base.eventShape)}`,
    })
  }
  if (base.support.contains([0])) return undefined
  return new InvalidParameter({
    family: "ZeroInflated",
    parameter: "base",
    constraint: "a distribution that can be zero",
    found: `${base.family}, which is ${base.support.describe}`,
    index: [],
  })
}
