/**
 * The relaxed one-hot categorical (Concrete, Gumbel-softmax) distribution on the simplex (Maddison, Mnih and Teh, "The
 * Concrete distribution", ICLR 2017, appendix C.3): softmax((logits + G)/temperature) for standard Gumbel G. As the
 * temperature goes to 0 it becomes the one-hot categorical.
 *
 * ```ts
 * RelaxedOneHotCategorical({ temperature: 0.5, logits: [0, 1, -1] }).rsample(key)   // on the simplex of 3
 * RelaxedOneHotCategoricalStraightThrough({ temperature: 0.5, logits: [0, 1, -1] }) // one-hot
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Key from "../tensor/Key.ts"
import type { Shape } from "../tensor/Shape.ts"
import { detach, where } from "../tensor/stable.ts"
import { operand, type Parameter, toTensor, type Value } from "./Distribution.ts"
import { PathwiseFamily } from "./Family.ts"
import { straightThrough } from "./RelaxedBernoulli.ts"
import { independent, oneHot, positive, real, type Support, simplex } from "./Support.ts"
import type { Transform } from "./Transform.ts"
import { Transformed } from "./Transformed.ts"
import { classCount, isClass, type Weights } from "./weights.ts"

/**
 * Parameters of {@link RelaxedOneHotCategorical}: a positive temperature `[...batch]`; finite `logits` or positive
 * `probs` `[...batch, K]`, never both.
 */
export type RelaxedOneHotCategoricalParams = Weights & { readonly temperature: Value }

class ExpRelaxedCategoricalDistribution extends PathwiseFamily<"ExpRelaxedCategorical", "logSimplex"> {
  readonly temperature: Value
  readonly weights: Weights

  constructor({ temperature, ...weights }: RelaxedOneHotCategoricalParams) {
    super({
      family: "ExpRelaxedCategorical",
      support: logSimplex,
      params: relaxedParams(weights as Weights, temperature),
      eventShape: [classCount(weights as Weights)],
    })
    this.temperature = temperature
    this.weights = weights as Weights
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    return tf.logSoftmax(tf.div(perturbed(this.weights, key, full), column(this.temperature)))
  }

  /** log (K − 1)! + (K − 1) log temperature + Σ s − K log Σ eˢ with s = logits − temperature · value. */
  protected score(value: tf.Tensor): tf.Tensor {
    const k = classCount(this.weights)
    const s = tf.sub(logits(this.weights), tf.mul(column(this.temperature), value))
    const logFactorial = Array.from({ length: k - 1 }, (_, i) => Math.log(i + 1)).reduce((a, b) => a + b, 0)
    const scale = tf.add(tf.mul(tf.log(operand(this.temperature)), k - 1), logFactorial)
    return tf.add(scale, tf.sum(tf.logSoftmax(s), -1))
  }
}

/** The logarithms of a relaxed one-hot draw, on the set of vectors whose exponentials sum to one. */
export type ExpRelaxedCategorical = ExpRelaxedCategoricalDistribution

/** Makes the distribution of the logarithms of a relaxed one-hot draw. */
export const ExpRelaxedCategorical = (params: RelaxedOneHotCategoricalParams): ExpRelaxedCategorical =>
  new ExpRelaxedCategoricalDistribution(params)

/** A relaxed one-hot categorical distribution; see {@link RelaxedOneHotCategoricalParams}. */
export type RelaxedOneHotCategorical = Transformed<ExpRelaxedCategorical, "simplex">

/**
 * Makes a relaxed one-hot categorical distribution. A draw remembers its logarithms, so that one with numbers that
 * have underflowed to 0 scores.
 */
export const RelaxedOneHotCategorical = (params: RelaxedOneHotCategoricalParams): RelaxedOneHotCategorical =>
  Transformed(ExpRelaxedCategorical(params), expVector)

class StraightThroughDistribution extends PathwiseFamily<
  "RelaxedOneHotCategoricalStraightThrough",
  "oneHot"
> {
  readonly temperature: Value
  readonly weights: Weights

  constructor({ temperature, ...weights }: RelaxedOneHotCategoricalParams) {
    super({
      family: "RelaxedOneHotCategoricalStraightThrough",
      support: oneHot,
      params: relaxedParams(weights as Weights, temperature),
      eventShape: [classCount(weights as Weights)],
    })
    this.temperature = temperature
    this.weights = weights as Weights
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    const z = perturbed(this.weights, key, full)
    const soft = tf.softmax(tf.div(z, column(this.temperature)))
    return straightThrough(soft, () => tf.cast(isClass(this.weights, tf.argMax(z, -1)), "float32"))
  }

  /** Σ value · log p: unlike a choice among classes it has a gradient in the value, the entropy's along a draw. */
  protected score(value: tf.Tensor): tf.Tensor {
    return tf.sum(tf.mul(value, logProbs(this.weights)), -1)
  }
}

/** A one-hot categorical whose draws have the gradient of the relaxed one. */
export type RelaxedOneHotCategoricalStraightThrough = StraightThroughDistribution

/**
 * Makes a one-hot categorical, with its draws and its log-mass, through whose draws the gradient of the relaxed draw
 * flows, as if the largest number had not been set to one (Jang, Gu and Poole, "Categorical reparameterization with
 * Gumbel-softmax", ICLR 2017, section 2.2). That gradient is biased.
 */
export const RelaxedOneHotCategoricalStraightThrough = (
  params: RelaxedOneHotCategoricalParams,
): RelaxedOneHotCategoricalStraightThrough => new StraightThroughDistribution(params)

const perturbed = (w: Weights, key: Key.Key, full: Shape): tf.Tensor =>
  tf.add(logits(w), Key.gumbel(key, full))

/** Less the largest of them, which nothing here depends on: of what is added to 1e4 float32 keeps three digits. */
const logits = (w: Weights): tf.Tensor => {
  if (w.probs !== undefined) return tf.log(toTensor(w.probs))
  const given = toTensor(w.logits)
  return tf.sub(
    given,
    detach(() => tf.max(given, -1, true)),
  )
}

const logProbs = (w: Weights): tf.Tensor => (w.probs === undefined ? tf.logSoftmax(logits(w)) : logits(w))

/** `[...batch]` to `[...batch, 1]`. */
const column = (value: Value): tf.Tensor => tf.expandDims(toTensor(value), -1)

const relaxedParams = (w: Weights, temperature: Value): Readonly<Record<string, Parameter>> => ({
  ...(w.probs === undefined
    ? { logits: { value: w.logits, constraint: independent(real, 1) } }
    : { probs: { value: w.probs, constraint: openSimplex } }),
  temperature: { value: temperature, constraint: positive },
})

const openSimplex: Support<"openSimplex"> = {
  ...simplex,
  name: "openSimplex",
  describe: "a probability vector without a zero (positive, summing to 1)",
  contains: (cell) => simplex.contains(cell) && Array.prototype.every.call(cell, (p) => p > 0),
}

/** Vectors whose exponentials sum to one, to within what the simplex's own tolerance leaves of it. */
const logSimplex: Support<"logSimplex"> = {
  name: "logSimplex",
  describe: "the logarithms of a probability vector",
  discrete: false,
  eventRank: 1,
  cellRank: 1,
  contains: (cell) => {
    let sum = 0
    for (let i = 0; i < cell.length; i++) sum += Math.exp(cell[i]!)
    return Math.abs(sum - 1) <= 1e-4
  },
  inside: (x) => tf.lessEqual(tf.abs(tf.sub(tf.sum(tf.exp(x), -1), 1)), 1e-4),
  member: (n) => -Math.log(n),
}

/** From logarithms to a probability vector. The volume is that of all K numbers, which the base's density is in. */
const expVector: Transform<"logSimplex", "simplex"> = {
  name: "exp",
  domain: logSimplex,
  codomain: simplex,
  eventRank: 1,
  params: {},
  forward: (x) => tf.exp(x),
  inverse: (y) => {
    const isNormal = () => tf.greaterEqual(y, 2 ** -126)
    return where(isNormal, tf.log(where(isNormal, y, 1)), Math.log(2 ** -126))
  },
  logAbsDetJacobian: (x) => tf.sum(x, -1),
  forwardShape: (shape) => (shape.length === 0 ? undefined : shape),
  inverseShape: (shape) => (shape.length === 0 ? undefined : shape),
}
