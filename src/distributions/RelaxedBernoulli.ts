/**
 * The relaxed Bernoulli (binary Concrete) distribution on [0, 1] (Maddison, Mnih and Teh, "The Concrete distribution",
 * ICLR 2017; Jang, Gu and Poole, "Categorical reparameterization with Gumbel-softmax", ICLR 2017): the sigmoid of
 * (logits + L)/temperature for standard logistic L. As the temperature goes to 0 it becomes the Bernoulli.
 *
 * ```ts
 * RelaxedBernoulli({ temperature: 0.5, logits: 1 }).rsample(key)              // in [0, 1]
 * RelaxedBernoulliStraightThrough({ temperature: 0.5, logits: 1 })            // 0 or 1
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Key from "../tensor/Key.ts"
import type { Shape } from "../tensor/Shape.ts"
import { logit } from "../tensor/stable.ts"
import { type Chance, weighLogs } from "./chance.ts"
import { operand, type Parameter, toTensor, type Value } from "./Distribution.ts"
import { PathwiseFamily } from "./Family.ts"
import { boolean, positive, real, type Support, unitInterval } from "./Support.ts"
import { sigmoid } from "./Transform.ts"
import { Transformed } from "./Transformed.ts"

/** Parameters of {@link RelaxedBernoulli}: a positive temperature; `logits` or `probs`, neither 0 nor 1, never both. */
export type RelaxedBernoulliParams = Chance & { readonly temperature: Value }

class RelaxedBernoulliLogitsDistribution extends PathwiseFamily<"RelaxedBernoulliLogits", "real"> {
  readonly temperature: Value
  readonly logits: Value | undefined
  readonly probs: Value | undefined

  constructor(params: RelaxedBernoulliParams) {
    super({ family: "RelaxedBernoulliLogits", support: real, params: relaxedParams(params) })
    this.temperature = params.temperature
    this.logits = params.logits
    this.probs = params.probs
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    return tf.div(latent(this, key, full), operand(this.temperature))
  }

  /** log temperature + d − 2 softplus(d) with d = logits − temperature · value. */
  protected score(value: tf.Tensor): tf.Tensor {
    const d = tf.sub(logits(this), tf.mul(operand(this.temperature), value))
    const density = tf.neg(tf.add(tf.softplus(d), tf.softplus(tf.neg(d))))
    return tf.add(tf.log(operand(this.temperature)), density)
  }
}

/** The logit of a relaxed Bernoulli draw: logistic around logits/temperature, with scale 1/temperature. */
export type RelaxedBernoulliLogits = RelaxedBernoulliLogitsDistribution

/** Makes the distribution of the logit of a relaxed Bernoulli draw. */
export const RelaxedBernoulliLogits = (params: RelaxedBernoulliParams): RelaxedBernoulliLogits =>
  new RelaxedBernoulliLogitsDistribution(params)

/** A relaxed Bernoulli distribution; see {@link RelaxedBernoulliParams}. */
export type RelaxedBernoulli = Transformed<RelaxedBernoulliLogits, "unitInterval">

/** Makes a relaxed Bernoulli distribution. A draw remembers its logit, so that one that rounds to 0 or 1 scores. */
export const RelaxedBernoulli = (params: RelaxedBernoulliParams): RelaxedBernoulli =>
  Transformed(RelaxedBernoulliLogits(params), sigmoid)

class StraightThroughDistribution extends PathwiseFamily<"RelaxedBernoulliStraightThrough", "boolean"> {
  readonly temperature: Value
  readonly logits: Value | undefined
  readonly probs: Value | undefined

  constructor(params: RelaxedBernoulliParams) {
    super({
      family: "RelaxedBernoulliStraightThrough",
      support: boolean,
      params: relaxedParams(params),
    })
    this.temperature = params.temperature
    this.logits = params.logits
    this.probs = params.probs
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    const z = latent(this, key, full)
    const soft = tf.sigmoid(tf.div(z, operand(this.temperature)))
    return straightThrough(soft, () => tf.cast(tf.greater(z, 0), "float32"))
  }

  protected score(value: tf.Tensor): tf.Tensor {
    return weighLogs(this, value, tf.sub(1, value))
  }
}

/** A Bernoulli whose draws have the gradient of the relaxed one; see {@link RelaxedBernoulliStraightThrough}. */
export type RelaxedBernoulliStraightThrough = StraightThroughDistribution

/**
 * Makes a Bernoulli, with its draws and its log-mass, through whose draws the gradient of the relaxed draw flows, as
 * if they had not been rounded (Bengio, Léonard and Courville, "Estimating or propagating gradients through stochastic
 * neurons", 2013). That gradient is biased.
 */
export const RelaxedBernoulliStraightThrough = (
  params: RelaxedBernoulliParams,
): RelaxedBernoulliStraightThrough => new StraightThroughDistribution(params)

/** The value of `hard`, with the gradient of `soft`. */
export const straightThrough = (soft: tf.Tensor, hard: () => tf.Tensor): tf.Tensor =>
  tf.customGrad(() => ({ value: hard(), gradFunc: (dy: tf.Tensor) => tf.clone(dy) }))(soft)

/** logits + L. */
const latent = (d: RelaxedFields, key: Key.Key, full: Shape): tf.Tensor => {
  const noise = Key.uniformValues(key, full, 2 ** -24, 1).map(logit)
  return tf.add(logits(d), tf.tensor(noise, [...full]))
}

interface RelaxedFields {
  readonly logits: Value | undefined
  readonly probs: Value | undefined
}

const logits = (d: RelaxedFields): tf.Tensor => {
  if (d.probs === undefined) return toTensor(d.logits!)
  const p = toTensor(d.probs)
  return tf.sub(tf.log(p), tf.log1p(tf.neg(p)))
}

const relaxedParams = (params: RelaxedBernoulliParams): Readonly<Record<string, Parameter>> => ({
  ...(params.probs === undefined
    ? { logits: { value: params.logits, constraint: real } }
    : { probs: { value: params.probs, constraint: openUnitInterval } }),
  temperature: { value: params.temperature, constraint: positive },
})

const openUnitInterval: Support<"openUnitInterval"> = {
  ...unitInterval,
  name: "openUnitInterval",
  describe: "above 0 and below 1",
  contains: (cell) => cell[0]! > 0 && cell[0]! < 1,
  inside: (p) => tf.logicalAnd(tf.greater(p, 0), tf.less(p, 1)),
}
