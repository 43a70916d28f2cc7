/**
 * The geometric distribution on 0, 1, 2, …: how many failures come before the first success, of chance p.
 * log p(x) = x log(1 − p) + log p. By `probs` or by `logits` = log(p / (1 − p)).
 *
 * ```ts
 * Geometric({ probs: 0.25 })   // mean 3
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { drawGeometric } from "../tensor/counts.ts"
import type { Key } from "../tensor/Key.ts"
import { quotient } from "../tensor/quotient.ts"
import type { Shape } from "../tensor/Shape.ts"
import { type Chance, chanceParams, crossEntropy, given, klChance, probability, weighLogs } from "./chance.ts"
import { broadcastTo, float, operand, toTensor, type Value } from "./Distribution.ts"
import { Family } from "./Family.ts"
import { weightedMean } from "./fit.ts"
import { nonNegativeInteger } from "./Support.ts"

/** Parameters of {@link Geometric}: `logits` or `probs` of a success, never both. */
export type GeometricParams = Chance

class GeometricDistribution extends Family<"Geometric", "nonNegativeInteger", "score"> {
  readonly logits: Value | undefined
  readonly probs: Value | undefined

  constructor(params: GeometricParams) {
    super({
      family: "Geometric",
      support: nonNegativeInteger,
      gradient: "score",
      params: chanceParams(params),
    })
    this.logits = params.logits
    this.probs = params.probs
  }

  protected draw(key: Key, full: Shape): tf.Tensor {
    const { chance, by } = given(this)
    return drawGeometric(key, broadcastTo(chance, full), by)
  }

  protected score(value: tf.Tensor): tf.Tensor {
    return weighLogs(this, tf.onesLike(value), value)
  }

  /** (1 − p) / p. */
  mean(): tf.Tensor {
    return this.batched(() => oddsAgainst(this))
  }

  /** (1 − p) / p². */
  variance(): tf.Tensor {
    return this.batched(() => {
      const mean = oddsAgainst(this)
      return tf.mul(mean, tf.add(mean, 1))
    })
  }

  /** 0. */
  mode(): tf.Tensor {
    return this.batched(() => tf.scalar(0))
  }

  /** [−p log p − (1 − p) log(1 − p)] / p. */
  entropy(): tf.Tensor {
    return this.batched(() => quotient(crossEntropy(this, this), probability(this)))
  }

  /** P(X ≤ value) = 1 − (1 − p)^(⌊value⌋ + 1). */
  cdf(value: tf.Tensor): tf.Tensor {
    return this.pointwise(value, "cdf", (x) => {
      const failures = tf.relu(tf.add(tf.floor(x), 1))
      return tf.neg(tf.expm1(weighLogs(this, tf.zerosLike(failures), failures)))
    })
  }

  /** The least count whose cumulative probability is not below `probability`. */
  icdf(probability: tf.Tensor): tf.Tensor {
    return this.pointwise(probability, "icdf", (p) => {
      const logQ = weighLogs(this, tf.scalar(0), tf.scalar(1))
      return tf.relu(tf.sub(tf.ceil(tf.div(tf.log1p(tf.neg(p)), logQ)), 1))
    })
  }
}

/** A geometric distribution; see {@link GeometricParams}. */
export type Geometric = GeometricDistribution

const make = (params: GeometricParams): Geometric => new GeometricDistribution(params)

/** Makes a geometric distribution. `Geometric.fit` is its weighted maximum-likelihood estimate. */
export const Geometric: {
  (params: GeometricParams): Geometric
  /** probs = 1 / (1 + Σwx / Σw); for the shapes see `fit.ts`. */
  readonly fit: (values: tf.Tensor, weights?: tf.Tensor) => { readonly probs: tf.Tensor }
  /** The count x, of the values' shape. */
  readonly sufficientStatistics: (values: tf.Tensor) => { readonly x: tf.Tensor }
} = Object.assign(make, {
  fit: (values: tf.Tensor, weights?: tf.Tensor) =>
    tf.tidy(() => ({ probs: tf.reciprocal(tf.add(weightedMean(float(values), weights), 1)) })),
  sufficientStatistics: (values: tf.Tensor) => tf.tidy(() => ({ x: tf.clone(float(values)) })),
})

/** KL(p ‖ q): that of one trial, for each of the 1/p trials that p takes on the average. */
export const klGeometricGeometric = (p: Geometric, q: Geometric): tf.Tensor =>
  quotient(klChance(p, q), probability(p))

/** (1 − p) / p; by logits no digit of either is lost. */
const oddsAgainst = (d: Geometric): tf.Tensor =>
  d.probs === undefined
    ? tf.exp(tf.neg(operand(d.logits!)))
    : tf.sub(quotient(tf.scalar(1), toTensor(d.probs)), 1)
