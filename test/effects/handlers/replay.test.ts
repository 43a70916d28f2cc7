import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { Backend, Key, Normal, observe, replay, ShapeMismatch, sample, trace } from "../../../src/index.ts"
import { expectClose, normal, numbers } from "../numbers.ts"

const key = Key.key(11)

const model = Effect.fnUntraced(function* () {
  const a = yield* sample("a", Normal({ loc: 0, scale: 1 }))
  const b = yield* sample("b", Normal({ loc: a, scale: 2 }))
  yield* observe("x", Normal({ loc: b, scale: 1 }), 1)
})

layer(Backend.cpu())((it) => {
  describe("replay", () => {
    it.effect("puts the given values at their sites and draws the others, given those", () =>
      Effect.gen(function* () {
        const a = tf.scalar(5)
        const t = yield* trace(replay(model(), { a }), { key })
        const [noise] = Key.normalValues(Key.foldInName(key, "b"), [])
        const b = 5 + 2 * noise!
        expect(t.values.a).toBe(a)
        expectClose(t.values.b, b)
        expect(t.sites.get("a")!.observed).toBe(false)
        expectClose(t.logDensity, normal(5, 0, 1) + normal(b, 5, 2) + normal(1, b, 1))
        a.dispose()
      }),
    )

    it.effect("does not move the draws of the other sites", () =>
      Effect.gen(function* () {
        const free = yield* trace(model(), { key })
        const same = yield* trace(replay(model(), { a: free.values.a }), { key })
        expect(numbers(same.values.b)).toEqual(numbers(free.values.b))
      }),
    )

    it.effect("never touches what is observed", () =>
      Effect.gen(function* () {
        const values = { x: tf.scalar(100) } as {}
        const t = yield* trace(replay(model(), values), { key })
        expectClose(t.observed.x, 1)
      }),
    )

    it.effect("checks the shape of what it is given", () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(trace(replay(model(), { b: tf.zeros([2]) }), { key }))
        expect(error).toBeInstanceOf(ShapeMismatch)
        expect(error.message).toContain('site "b"')
      }),
    )
  })
})
