/** What the states of a hidden Markov model emit. */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import type { Distribution } from "../../distributions/Distribution.ts"
import { Normal } from "../../distributions/Normal.ts"
import { positive } from "../../distributions/Support.ts"
import { param } from "../../effects/Param.ts"
import type { Param } from "../../effects/Program.ts"
import * as Key from "../../tensor/Key.ts"
import { where } from "../../tensor/stable.ts"
import { sized } from "./sized.ts"

/** Emissions with parameters `P`, which the program reads as `R`. */
export interface Emission<in out P, out R> {
  readonly params: Effect.Effect<P, never, R>
  /** What states `z` emit: whole numbers in float32, of any shape, which is to be the batch shape. */
  readonly at: (params: P, z: tf.Tensor) => Distribution
}

/** Emissions that have a closed M-step. `P` is by the parameters' names. */
export interface ClosedEmission<in out P, out R> extends Emission<P, R> {
  /** The best parameters for observations `[M, ...event]` that belong to the states by weights `[M, K]`. */
  readonly maximize: (x: tf.Tensor, weights: tf.Tensor, before: P) => P
}

/** The mean and deviation of each state, `[K]`. */
export type NormalEmissionParams = { readonly loc: tf.Tensor; readonly scale: tf.Tensor }

export type NormalRequirements = Param<"loc", tf.Tensor> | Param<"scale", tf.Tensor>

/** The least variance of a state: its likelihood would have no bound. */
const FLOOR = 1e-6

/** A Normal for each of K states. Unless they are given, the means start as draws from N(0, 1). */
export const normalEmission = (k: number): ClosedEmission<NormalEmissionParams, NormalRequirements> => ({
  params: Effect.all({
    loc: sized(
      "loc",
      [k],
      param("loc", (key) => Key.normal(key, [k])),
    ),
    scale: sized(
      "scale",
      [k],
      param("scale", () => tf.ones([k]), { support: positive }),
    ),
  }),
  at: ({ loc, scale }, z) => {
    const state = tf.cast(z, "int32")
    return Normal({ loc: tf.gather(loc, state), scale: tf.gather(scale, state) })
  },
  maximize: (x, weights, before) => {
    const isVisited = () => tf.greater(tf.sum(weights, 0), 0)
    const { loc, scale } = Normal.fit(tf.expandDims(x, 1), weights)
    return {
      loc: where(isVisited, loc, before.loc),
      scale: where(isVisited, tf.maximum(scale, Math.sqrt(FLOOR)), before.scale),
    }
  },
})
