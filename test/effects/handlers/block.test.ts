import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import {
  Backend,
  block,
  condition,
  DuplicateSite,
  deterministic,
  factor,
  Key,
  Normal,
  observe,
  replay,
  sample,
  trace,
  UnknownSite,
} from "../../../src/index.ts"
import { expectClose, normal, numbers } from "../numbers.ts"

const key = Key.key(14)

const model = Effect.fnUntraced(function* () {
  const a = yield* sample("a", Normal({ loc: 0, scale: 1 }))
  const b = yield* sample("b", Normal({ loc: a, scale: 1 }))
  yield* factor("f", -1)
  yield* deterministic("d", tf.mul(2, b))
  yield* observe("x", Normal({ loc: b, scale: 1 }), 3)
  return a
})

layer(Backend.cpu())((it) => {
  describe("block", () => {
    it.effect("draws a hidden site as before, and neither shows nor scores it", () =>
      Effect.gen(function* () {
        const free = yield* trace(model(), { key })
        const t = yield* trace(block(model(), ["a"]), { key })
        expect(numbers(t.result)).toEqual(numbers(free.result))
        expect([...t.sites.keys()]).toEqual(["b", "x"])
        const [a, b] = [numbers(free.values.a)[0]!, numbers(free.values.b)[0]!]
        expectClose(t.logDensity, normal(b, a, 1) - 1 + normal(3, b, 1))
      }),
    )

    it.effect("hides observations, factors and computed values too", () =>
      Effect.gen(function* () {
        const t = yield* trace(block(model(), ["x", "f", "d"]), { key })
        const [a, b] = [numbers(t.values.a)[0]!, numbers(t.values.b)[0]!]
        expect([...t.sites.keys()]).toEqual(["a", "b"])
        expect(Object.keys(t.deterministic)).toEqual([])
        expectClose(t.logDensity, normal(a, 0, 1) + normal(b, a, 1))
      }),
    )

    it.effect("keeps hidden sites from the handlers outside", () =>
      Effect.gen(function* () {
        const free = yield* trace(model(), { key })
        const hidden = block(model(), ["a"])
        const t = yield* trace(replay(hidden, { a: tf.scalar(100) } as {}), { key })
        expect(numbers(t.result)).toEqual(numbers(free.result))
        const error = yield* Effect.flip(trace(condition(hidden, { a: 1 } as {}), { key }))
        expect(error).toBeInstanceOf(UnknownSite)
        expect(error.message).toContain('no site "a"; it has "b"')
      }),
    )

    it.effect("leaves what was done inside", () =>
      Effect.gen(function* () {
        const t = yield* trace(block(condition(model(), { a: 2 }), ["a"]), { key })
        expectClose(t.result, 2)
        expect(t.sites.has("a")).toBe(false)
      }),
    )

    it.effect("does not free the name", () =>
      Effect.gen(function* () {
        const twice = Effect.andThen(block(model(), ["a"]), sample("a", Normal({ loc: 0, scale: 1 })))
        expect(yield* Effect.flip(trace(twice, { key }))).toBeInstanceOf(DuplicateSite)
      }),
    )
  })
})
