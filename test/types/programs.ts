/** What the fixtures share: data, a service and a failure of a user's own, and two small models. */
import type * as tf from "@tensorflow/tfjs-core"
import { Context, Data, Effect } from "effect"
import { Bernoulli, LogNormal, Normal, type Objective, observe, param, sample } from "../../src/index.ts"

export declare const x: tf.Tensor
export declare const y: tf.Tensor

/** An objective that can differentiate any site. */
export declare const scoreElbo: Objective<"pathwise" | "score">

/** A service of the user's own. */
export class Database extends Context.Service<Database, { readonly rows: number }>()("test/Database") {}

/** A failure of the user's own. */
export class NoSuchPatient extends Data.TaggedError("NoSuchPatient")<{ readonly id: number }> {}

/** Latent "loc" (real) and "spread" (positive), parameter "slope", observed "y". */
export const model = Effect.fnUntraced(function* (data: tf.Tensor) {
  const slope = yield* param("slope", 1)
  const loc = yield* sample("loc", Normal({ loc: slope, scale: 1 }))
  const spread = yield* sample("spread", LogNormal({ loc: 0, scale: 1 }))
  return yield* observe("y", Normal({ loc, scale: spread }), data)
})

/** A guide that fits {@link model}; parameter "center". */
export const guide = Effect.fnUntraced(function* (_data: tf.Tensor) {
  const center = yield* param("center", 0)
  yield* sample("loc", Normal({ loc: center, scale: 1 }))
  yield* sample("spread", LogNormal({ loc: 0, scale: 1 }))
})

/** Latent "z" (real) and "coin" (boolean), observed nowhere. */
export const prior = Effect.fnUntraced(function* () {
  const z = yield* sample("z", Normal({ loc: 0, scale: 1 }))
  const coin = yield* sample("coin", Bernoulli({ probs: 0.5 }))
  return yield* sample("outcome", Normal({ loc: z, scale: coin }))
})
