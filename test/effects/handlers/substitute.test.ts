import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import {
  Backend,
  fitSVI,
  Key,
  logDensity,
  Normal,
  observe,
  param,
  substitute,
  trace,
} from "../../../src/index.ts"
import { expectClose, normal } from "../numbers.ts"

const key = Key.key(17)

const model = Effect.fnUntraced(function* () {
  const loc = yield* param("loc", 0)
  const spread = yield* param("spread", 1)
  return yield* observe("x", Normal({ loc, scale: spread }), 3)
})

layer(Backend.cpu())((it) => {
  describe("substitute", () => {
    it.effect("gives a parameter its value, which is then no parameter of the program", () =>
      Effect.gen(function* () {
        const loc = tf.scalar(2)
        const trained = substitute(model(), { loc })
        const t = yield* trace(trained, { key })
        expect(Object.keys(t.params)).toEqual(["spread"])
        expectClose(t.logDensity, normal(3, 2, 1))
        // Only the other one is asked for.
        const spread = tf.scalar(4)
        expectClose(yield* logDensity(trained, { values: {}, params: { spread } }), normal(3, 2, 4))
        tf.dispose([loc, spread])
      }),
    )

    it.effect("stays, whatever is given outside", () =>
      Effect.gen(function* () {
        const [inner, outer, one] = [tf.scalar(2), tf.scalar(50), tf.scalar(1)]
        const trained = substitute(model(), { loc: inner })
        const t = yield* trace(substitute(trained, { loc: outer } as {}), {
          key,
          params: { loc: outer, spread: one } as { spread: tf.Tensor },
        })
        expectClose(t.logDensity, normal(3, 2, 1))
        tf.dispose([inner, outer, one])
      }),
    )

    it.effect("is left as it is by a fit", () =>
      Effect.gen(function* () {
        const spread = tf.scalar(4)
        const data = tf.scalar(0)
        const frozen = () => substitute(model(), { spread })
        const fit = yield* fitSVI(frozen, () => Effect.void, data, { steps: 3 })
        expect(Object.keys(fit.params)).toEqual(["loc"])
        expectClose(spread, 4)
        expect(fit.params.loc.dataSync()[0]).not.toBe(0)
        tf.dispose([spread, data])
      }),
    )

    it.effect("leaves a program alone that lacks the name", () =>
      Effect.gen(function* () {
        const t = yield* trace(substitute(model(), {}), { key })
        expectClose(t.logDensity, normal(3, 0, 1))
      }),
    )
  })
})
