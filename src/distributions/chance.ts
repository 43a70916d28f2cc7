/**
 * The probability of a trial, as `probs` or as `logits` = log(p / (1 − p)), and what the families on it share. From
 * logits each of p, 1 − p and their logarithms keeps its digits however small it is.
 */
import * as tf from "@tensorflow/tfjs-core"
import { xlog1py, xlogy } from "../tensor/stable.ts"
import { operand, type Parameter, toTensor, type Value } from "./Distribution.ts"
import { real, unitInterval } from "./Support.ts"

/** `logits` or `probs`, never both. */
export type Chance =
  | { readonly logits: Value; readonly probs?: never }
  | { readonly probs: Value; readonly logits?: never }

/** A chance as a family keeps it: one of the two is there. */
export interface ChanceFields {
  readonly logits: Value | undefined
  readonly probs: Value | undefined
}

/** The parameter as a family declares it. */
export const chanceParams = (c: Chance): Readonly<Record<string, Parameter>> =>
  c.probs === undefined
    ? { logits: { value: c.logits, constraint: real } }
    : { probs: { value: c.probs, constraint: unitInterval } }

/** The parameter itself, and which of the two it is. */
export const given = (c: ChanceFields): { readonly chance: tf.Tensor; readonly by: "probs" | "logits" } =>
  c.probs === undefined
    ? { chance: toTensor(c.logits!), by: "logits" }
    : { chance: toTensor(c.probs), by: "probs" }

/** p. */
export const probability = (c: ChanceFields): tf.Tensor =>
  c.probs === undefined ? tf.sigmoid(operand(c.logits!)) : toTensor(c.probs)

/** 1 − p; from logits as σ(−logits), which 1 − σ(logits) rounds to zero from 17 on. */
export const complement = (c: ChanceFields): tf.Tensor =>
  c.probs === undefined ? tf.sigmoid(tf.neg(operand(c.logits!))) : tf.sub(1, operand(c.probs))

/** p / (1 − p). */
export const odds = (c: ChanceFields): tf.Tensor =>
  c.probs === undefined ? tf.exp(operand(c.logits!)) : tf.div(operand(c.probs), tf.sub(1, operand(c.probs)))

/** ones · log p + zeros · log(1 − p); a number of zero takes no part, though its logarithm be −∞. */
export const weighLogs = (c: ChanceFields, ones: tf.Tensor, zeros: tf.Tensor): tf.Tensor => {
  if (c.probs === undefined) {
    const logits = toTensor(c.logits!)
    return tf.neg(tf.add(tf.mul(ones, tf.softplus(tf.neg(logits))), tf.mul(zeros, tf.softplus(logits))))
  }
  const probs = toTensor(c.probs)
  return tf.add(xlogy(ones, probs), xlog1py(zeros, tf.neg(probs)))
}

/** −p log q − (1 − p) log(1 − q), of one trial by p and by q. */
export const crossEntropy = (p: ChanceFields, q: ChanceFields): tf.Tensor =>
  tf.neg(weighLogs(q, probability(p), complement(p)))

/**
 * The divergence of one trial: cross-entropy less entropy. From logits no term grows with a confident p, since the
 * unlikely value's large softplus comes with its small probability; infinite where q excludes what p allows.
 */
export const klChance = (p: ChanceFields, q: ChanceFields): tf.Tensor =>
  tf.sub(crossEntropy(p, q), crossEntropy(p, p))
