/** What the rows about inference share: data, a model and its guide, and the same with a latent for each row. */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { fitSVI, Key, Normal, observe, param, plate, Support, sample } from "../../src/index.ts"
import { own } from "./Row.ts"

export const key = Key.key(0)
export const count = "a whole number, at least 1"
export const standard = Normal({ loc: 0, scale: 1 })
export const rowsOf = (...values: ReadonlyArray<number>) => own(tf.tensor1d([...values]))
export const y = () => rowsOf(1, 2, 3, 4)

/** A guide without a site. */
export const nothing = () => Effect.void

export const model = Effect.fnUntraced(function* (y: tf.Tensor) {
  const loc = yield* sample("loc", standard)
  yield* plate("rows", { size: 4 })(observe("y", Normal({ loc, scale: 1 }), y))
})

export const guide = Effect.fnUntraced(function* () {
  const scale = yield* param("scale", 1, { support: Support.positive })
  yield* sample("loc", Normal({ loc: yield* param("at", 0), scale }))
})

const rows = plate("rows", { size: 4 })

export const perRow = Effect.fnUntraced(function* (y: tf.Tensor) {
  const z = yield* sample("z", standard)
  yield* observe("y", Normal({ loc: z, scale: 1 }), y)
}, rows)

export const perRowGuide = Effect.fnUntraced(function* (_: tf.Tensor) {
  yield* sample("z", Normal({ loc: yield* param("at", 0), scale: 1 }))
}, rows)

/** A fit of the first pair, of two steps unless the options say otherwise. */
export const fitted = (options: object) => fitSVI(model, guide, y(), { steps: 2, ...options })
