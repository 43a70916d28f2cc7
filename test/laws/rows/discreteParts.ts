/** What the rows of several discrete families share: events, grids and bad parameters. */
import * as tf from "@tensorflow/tfjs-core"
import type { Params } from "../families.ts"
import { type Grid, points } from "../grid.ts"

export const notCounts = [-1, 0.5, Infinity, -Infinity, Number.NaN]

/** The counts from 0 to n. */
export const upTo = (n: number): Grid => points(Array.from({ length: n + 1 }, (_, k) => [k]))

export const badLogits = (others: Params) => [
  { params: { ...others, logits: Number.NaN }, parameter: "logits", found: "NaN" },
  { params: { ...others, logits: Infinity }, parameter: "logits", found: "Infinity" },
]

export const badProbs = (others: Params) => [
  { params: { ...others, probs: -0.1 }, parameter: "probs", found: "-0.1" },
  { params: { ...others, probs: 1.5 }, parameter: "probs", found: "1.5" },
]

export const badPositive = (name: string, others: Params) =>
  [0, -1, Number.NaN, Infinity].map((value) => ({
    params: { ...others, [name]: value },
    parameter: name,
    found: String(value),
  }))

interface Estimate {
  readonly probs: tf.Tensor
}

/** The estimate as log-weights. */
export const logWeightsOf = (estimate: () => Estimate) =>
  tf.tidy(() => ({ logits: tf.log(estimate().probs) }))

/** The estimate as log(p / (1 − p)). */
export const logitsOf = (estimate: () => Estimate) =>
  tf.tidy(() => {
    const { probs } = estimate()
    return { logits: tf.sub(tf.log(probs), tf.log1p(tf.neg(probs))) }
  })
