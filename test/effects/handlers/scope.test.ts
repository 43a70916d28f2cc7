import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { ask } from "../../../src/effects/Interpreter.ts"
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
  param,
  sample,
  scope,
  substitute,
  trace,
} from "../../../src/index.ts"
import { expectClose, normal, numbers } from "../numbers.ts"

const key = Key.key(18)

const part = Effect.fnUntraced(function* (x: number) {
  const w = yield* param("w", (key) => Key.normal(key, []))
  const z = yield* sample("z", Normal({ loc: w, scale: 1 }))
  yield* factor("f", -1)
  yield* deterministic("d", tf.add(z, 1))
  return yield* observe("x", Normal({ loc: z, scale: 1 }), x)
})

layer(Backend.cpu())((it) => {
  describe("scope", () => {
    it.effect("lets two copies of a program live in one", () =>
      Effect.gen(function* () {
        const both = Effect.all([scope(part(1), "left"), scope(part(2), "right")])
        const t = yield* trace(both, { key })
        expect([...t.sites.keys()]).toEqual(["left/z", "left/x", "right/z", "right/x"])
        expect(Object.keys(t.params)).toEqual(["left/w", "right/w"])
        expect(Object.keys(t.deterministic)).toEqual(["left/d", "right/d"])
        const at = (side: "left" | "right", x: number) => {
          const [z, w] = [numbers(t.values[`${side}/z`])[0]!, numbers(t.params[`${side}/w`])[0]!]
          return normal(z, w, 1) - 1 + normal(x, z, 1)
        }
        expectClose(t.logDensity, at("left", 1) + at("right", 2))
        const error = yield* Effect.flip(trace(Effect.all([part(1), part(2)]), { key }))
        expect(error).toBeInstanceOf(DuplicateSite)
      }),
    )

    it.effect("draws and starts parameters with the full name's key", () =>
      Effect.gen(function* () {
        const t = yield* trace(scope(part(1), "left"), { key })
        const [w] = Key.normalValues(Key.foldInName(key, "left/w"), [])
        const [noise] = Key.normalValues(Key.foldInName(key, "left/z"), [])
        expectClose(t.params["left/w"], w!)
        expectClose(t.values["left/z"], w! + noise!)
      }),
    )

    it.effect("gives randomness that is no site, such as dropout's, a key of its own too", () =>
      Effect.gen(function* () {
        const noise = ask<never, Key.Key>((interpretation) => interpretation.key("dropout"))
        const t = yield* trace(Effect.all([noise, scope(noise, "left")]), { key })
        expect(t.result).toEqual([Key.foldInName(key, "dropout"), Key.foldInName(key, "left/dropout")])
      }),
    )

    it.effect("nests, the outer prefix first", () =>
      Effect.gen(function* () {
        const t = yield* trace(scope(scope(part(1), "inner"), "outer"), { key })
        expect([...t.sites.keys()]).toEqual(["outer/inner/z", "outer/inner/x"])
      }),
    )

    it.effect("puts handlers outside before the new names, and inside before the old", () =>
      Effect.gen(function* () {
        const w = tf.scalar(0)
        const expected = normal(4, 0, 1) - 1 + normal(1, 4, 1)
        const outside = substitute(condition(scope(part(1), "a"), { "a/z": 4 }), { "a/w": w })
        const inside = scope(substitute(condition(part(1), { z: 4 }), { w }), "a")
        expectClose((yield* trace(outside, { key })).logDensity, expected)
        expectClose((yield* trace(inside, { key })).logDensity, expected)
        const hidden = block(scope(part(1), "a"), ["a/x", "a/f"])
        expect([...(yield* trace(hidden, { key })).sites.keys()]).toEqual(["a/z"])
        w.dispose()
      }),
    )

    it.effect("names the full name in errors", () =>
      Effect.gen(function* () {
        const bad = scope(sample("z", Normal({ loc: 0, scale: -1 })), "left")
        expect((yield* Effect.flip(trace(bad, { key }))).message).toContain('site "left/z"')
      }),
    )
  })
})
