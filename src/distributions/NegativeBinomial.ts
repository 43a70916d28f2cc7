/**
 * The negative binomial distribution on 0, 1, 2, …: how many successes, each of chance p, come before `totalCount`
 * failures. log p(x) = log Γ(x + r)/(Γ(r) x!) + x log p + r log(1 − p); `totalCount` r is any positive number, and
 * p by `probs` or by `logits`.
 *
 * It is a Poisson with a gamma-distributed rate: {@link GammaPoisson} is the same family by the gamma's parameters,
 * {@link NegativeBinomial2} by the mean.
 *
 * ```ts
 * NegativeBinomial({ totalCount: 5, logits: 0.3 })
 * NegativeBinomial2({ mean: 20, concentration: 3 })   // variance 20 + 20²/3
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import {
  type ChanceBy,
  drawNegativeBinomial,
  negativeBinomialCdf,
  negativeBinomialLogMass,
} from "../tensor/counts.ts"
import type { Key } from "../tensor/Key.ts"
import { logRatio, quotient } from "../tensor/quotient.ts"
import type { Shape } from "../tensor/Shape.ts"
import { where } from "../tensor/stable.ts"
import { type Chance, type ChanceFields, chanceParams, complement, given, klChance, odds } from "./chance.ts"
import { broadcastTo, operand, type Parameter, toTensor, type Value } from "./Distribution.ts"
import { Family } from "./Family.ts"
import { nonNegativeInteger, positive } from "./Support.ts"

/** What the parametrizations share; each says which parameter gives the chance of a success, and the mean. */
abstract class NegativeBinomialFamily<F extends string> extends Family<F, "nonNegativeInteger", "score"> {
  constructor(family: F, params: Readonly<Record<string, Parameter>>) {
    super({ family, support: nonNegativeInteger, gradient: "score", params })
  }

  /** @internal How many failures end the trials. */
  abstract failures(): tf.Tensor
  /** @internal The chance of a success. */
  abstract trial(): ChanceFields
  /** The parameter that gives that chance, and which it is. */
  protected abstract success(): { readonly chance: tf.Tensor; readonly by: ChanceBy }
  protected abstract center(): tf.Tensor

  protected draw(key: Key, full: Shape): tf.Tensor {
    const { chance, by } = this.success()
    return drawNegativeBinomial(key, broadcastTo(this.failures(), full), broadcastTo(chance, full), by)
  }

  protected score(value: tf.Tensor): tf.Tensor {
    const { chance, by } = this.success()
    return negativeBinomialLogMass(value, this.failures(), chance, by)
  }

  mean(): tf.Tensor {
    return this.batched(() => this.center())
  }

  /** mean + mean² / failures. */
  variance(): tf.Tensor {
    return this.batched(() => {
      const mean = this.center()
      return tf.add(mean, tf.mul(mean, quotient(mean, this.failures())))
    })
  }

  /** ⌈mean − mean / failures⌉ − 1 but not below 0: of two modes the first. */
  mode(): tf.Tensor {
    return this.batched(() => {
      const mean = this.center()
      return tf.relu(tf.sub(tf.ceil(tf.sub(mean, quotient(mean, this.failures()))), 1))
    })
  }

  /** P(X ≤ value), in either tail to rounding. */
  cdf(value: tf.Tensor): tf.Tensor {
    return this.pointwise(value, "cdf", (x) => {
      const { chance, by } = this.success()
      return negativeBinomialCdf(x, this.failures(), chance, by)
    })
  }
}

/** Parameters of {@link NegativeBinomial}: the failures that end it; `logits` or `probs` of a success, never both. */
export type NegativeBinomialParams = Chance & { readonly totalCount: Value }

class NegativeBinomialDistribution extends NegativeBinomialFamily<"NegativeBinomial"> {
  readonly totalCount: Value
  readonly logits: Value | undefined
  readonly probs: Value | undefined

  constructor(params: NegativeBinomialParams) {
    super("NegativeBinomial", {
      ...chanceParams(params),
      totalCount: { value: params.totalCount, constraint: positive },
    })
    this.totalCount = params.totalCount
    this.logits = params.logits
    this.probs = params.probs
  }

  failures(): tf.Tensor {
    return toTensor(this.totalCount)
  }

  trial(): ChanceFields {
    return this
  }

  protected success() {
    return given(this)
  }

  protected center(): tf.Tensor {
    return tf.mul(operand(this.totalCount), odds(this))
  }
}

/** A negative binomial distribution; see {@link NegativeBinomialParams}. */
export type NegativeBinomial = NegativeBinomialDistribution

/** Makes a negative binomial distribution. */
export const NegativeBinomial = (params: NegativeBinomialParams): NegativeBinomial =>
  new NegativeBinomialDistribution(params)

/** Parameters of {@link NegativeBinomial2}: positive; the smaller the concentration, the wider. */
export interface NegativeBinomial2Params {
  readonly mean: Value
  readonly concentration: Value
}

class NegativeBinomial2Distribution extends NegativeBinomialFamily<"NegativeBinomial2"> {
  readonly concentration: Value
  // The moment has the parameter's name; the tensor goes by another here.
  readonly loc: Value

  constructor({ mean, concentration }: NegativeBinomial2Params) {
    super("NegativeBinomial2", {
      mean: { value: mean, constraint: positive },
      concentration: { value: concentration, constraint: positive },
    })
    this.loc = mean
    this.concentration = concentration
  }

  failures(): tf.Tensor {
    return toTensor(this.concentration)
  }

  trial(): ChanceFields {
    return { logits: logRatio(toTensor(this.loc), toTensor(this.concentration)), probs: undefined }
  }

  protected success() {
    return { chance: toTensor(this.loc), by: "mean" as const }
  }

  protected center(): tf.Tensor {
    return toTensor(this.loc)
  }
}

/** A negative binomial distribution by its mean; see {@link NegativeBinomial2Params}. */
export type NegativeBinomial2 = NegativeBinomial2Distribution

/** Makes a negative binomial distribution from its mean and concentration. */
export const NegativeBinomial2 = (params: NegativeBinomial2Params): NegativeBinomial2 =>
  new NegativeBinomial2Distribution(params)

/** Parameters of {@link GammaPoisson}: those of the gamma that the rate is drawn from, both positive. Default rate 1. */
export interface GammaPoissonParams {
  readonly concentration: Value
  readonly rate?: Value
}

class GammaPoissonDistribution extends NegativeBinomialFamily<"GammaPoisson"> {
  readonly concentration: Value
  readonly rate: Value

  constructor({ concentration, rate = 1 }: GammaPoissonParams) {
    super("GammaPoisson", {
      concentration: { value: concentration, constraint: positive },
      rate: { value: rate, constraint: positive },
    })
    this.concentration = concentration
    this.rate = rate
  }

  failures(): tf.Tensor {
    return toTensor(this.concentration)
  }

  trial(): ChanceFields {
    return { logits: tf.neg(tf.log(operand(this.rate))), probs: undefined }
  }

  protected success() {
    return { chance: toTensor(this.rate), by: "rate" as const }
  }

  protected center(): tf.Tensor {
    return quotient(toTensor(this.concentration), toTensor(this.rate))
  }
}

/** A Poisson distribution with a gamma-distributed rate; see {@link GammaPoissonParams}. */
export type GammaPoisson = GammaPoissonDistribution

/** Makes a gamma-Poisson distribution. */
export const GammaPoisson = (params: GammaPoissonParams): GammaPoisson => new GammaPoissonDistribution(params)

/**
 * KL(p ‖ q) of two by any parameters but of the same number of failures r, elementwise: that of one trial, for each of
 * the r/(1 − p) trials that there are on the average. NaN where the two numbers differ: no closed form is known.
 */
export const klNegativeBinomials = (p: AnyNegativeBinomial, q: AnyNegativeBinomial): tf.Tensor => {
  const trials = quotient(p.failures(), complement(p.trial()))
  const isSame = () => tf.equal(p.failures(), q.failures())
  return where(isSame, tf.mul(trials, klChance(p.trial(), q.trial())), Number.NaN)
}

/** A negative binomial by any of its parametrizations. */
export type AnyNegativeBinomial = NegativeBinomial | NegativeBinomial2 | GammaPoisson
