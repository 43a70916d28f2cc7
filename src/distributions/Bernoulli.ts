/**
 * The Bernoulli distribution on {0, 1}, by `probs` or by `logits` = log(p / (1 − p)).
 *
 * From logits log p(x) = x·logits − softplus(logits), finite for any finite logits, where x log p + (1 − x) log(1 − p)
 * is not. With `soft` the values may lie anywhere in [0, 1] and are scored by the same formula: the cross-entropy
 * that the grey pixels of an image are trained on (not a normalized density). Only the engine's check of the support
 * refuses soft values outside [0, 1]; their score is whatever the formula gives.
 *
 * ```ts
 * Bernoulli({ logits }).toEvent(1)
 * Bernoulli({ logits, soft: true }).toEvent(1)   // grey pixels
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { bernoulliLogProb } from "../tensor/fused.ts"
import * as Key from "../tensor/Key.ts"
import type { Shape } from "../tensor/Shape.ts"
import { logit, penaltyUnlessBinary, xlog1py, xlogy } from "../tensor/stable.ts"
import { operand, toTensor, type Value } from "./Distribution.ts"
import { Family } from "./Family.ts"
import { boolean, real, type Support, unitInterval } from "./Support.ts"

/** Parameters of {@link Bernoulli}: `logits` or `probs`, never both. */
export type BernoulliParams = (
  | { readonly logits: Value; readonly probs?: never }
  | { readonly probs: Value; readonly logits?: never }
) & {
  /** Whether values between 0 and 1 may be observed. Default false. */
  readonly soft?: boolean
}

class BernoulliDistribution extends Family<"Bernoulli", "boolean", "score"> {
  readonly logits: Value | undefined
  readonly probs: Value | undefined
  readonly soft: boolean

  constructor({ logits, probs, soft = false }: BernoulliParams) {
    super({
      family: "Bernoulli",
      support: soft ? softBoolean : boolean,
      gradient: "score",
      params:
        probs === undefined
          ? { logits: { value: logits, constraint: real } }
          : { probs: { value: probs, constraint: unitInterval } },
      // From probabilities a score may be ∞ − ∞ outside [0, 1], from logits it is finite for any finite value.
      scoresAnything: soft || probs === undefined,
    })
    this.soft = soft
    this.logits = logits
    this.probs = probs
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    // The noise is made on the host and only compared here, so that both backends draw the same. By `probs` these
    // are the draws of `jax.random.bernoulli`.
    const u = Key.uniformValues(key, full)
    if (this.probs !== undefined) return ones(tf.less(tf.tensor(u, [...full]), operand(this.probs)))
    for (let i = 0; i < u.length; i++) u[i] = logit(u[i]!)
    return ones(tf.less(tf.tensor(u, [...full]), operand(this.logits!)))
  }

  protected score(value: tf.Tensor): tf.Tensor {
    if (this.probs === undefined) {
      const score = bernoulliLogProb(toTensor(this.logits!), value)
      return this.soft ? score : tf.sub(score, penaltyUnlessBinary(value))
    }
    const p = toTensor(this.probs)
    return tf.add(xlogy(value, p), xlog1py(tf.sub(1, value), tf.neg(p)))
  }

  mean(): tf.Tensor {
    return this.batched(() => probability(this))
  }

  variance(): tf.Tensor {
    return this.batched(() => tf.mul(probability(this), complement(this)))
  }

  /** The likelier of 0 and 1; 0 if they are equally likely. */
  mode(): tf.Tensor {
    return this.batched(() =>
      ones(
        this.probs === undefined
          ? tf.greater(operand(this.logits!), 0)
          : tf.greater(operand(this.probs), 0.5),
      ),
    )
  }

  /** −p log p − (1 − p) log(1 − p). */
  entropy(): tf.Tensor {
    return this.batched(() => crossEntropy(this, this))
  }

  /** [0, 1], of shape `[2, 1…]`. */
  enumerate(): tf.Tensor {
    return this.checked(() => tf.tensor([0, 1], [2, ...this.batchShape.map(() => 1)]))
  }
}

/** A Bernoulli distribution; see {@link BernoulliParams}. */
export type Bernoulli = BernoulliDistribution

/** Makes a Bernoulli distribution. */
export const Bernoulli = (params: BernoulliParams): Bernoulli => new BernoulliDistribution(params)

/**
 * KL(p ‖ q) over the batch: cross-entropy less entropy. From logits no term grows with a confident p, since the
 * unlikely value's large softplus comes with its small probability; infinite where q excludes what p allows.
 */
export const klBernoulliBernoulli = (p: Bernoulli, q: Bernoulli): tf.Tensor =>
  tf.sub(crossEntropy(p, q), crossEntropy(p, p))

const softBoolean: Support<"boolean"> = {
  ...boolean,
  describe: unitInterval.describe,
  contains: unitInterval.contains,
  inside: unitInterval.inside!,
}

const probability = (d: Bernoulli): tf.Tensor =>
  d.probs === undefined ? tf.sigmoid(operand(d.logits!)) : toTensor(d.probs)

/** 1 − p; from logits as σ(−logits), which 1 − σ(logits) rounds to zero from 17 on. */
const complement = (d: Bernoulli): tf.Tensor =>
  d.probs === undefined ? tf.sigmoid(tf.neg(operand(d.logits!))) : tf.sub(1, operand(d.probs))

/** −E_p log q. */
const crossEntropy = (p: Bernoulli, q: Bernoulli): tf.Tensor => {
  const one = probability(p)
  const zero = complement(p)
  if (q.probs === undefined) {
    const logits = toTensor(q.logits!)
    return tf.add(tf.mul(one, tf.softplus(tf.neg(logits))), tf.mul(zero, tf.softplus(logits)))
  }
  const probs = toTensor(q.probs)
  return tf.neg(tf.add(xlogy(one, probs), xlog1py(zero, tf.neg(probs))))
}

const ones = (condition: tf.Tensor): tf.Tensor => tf.cast(condition, "float32")
