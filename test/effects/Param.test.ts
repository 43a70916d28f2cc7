import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import {
  Backend,
  InvalidParameter,
  Key,
  logDensity,
  MissingParam,
  Normal,
  observe,
  param,
  paramTree,
  Support,
  trace,
} from "../../src/index.ts"
import { expectClose, normal, numbers } from "./numbers.ts"

const key = Key.key(3)

layer(Backend.cpu())((it) => {
  describe("param", () => {
    it.effect("starts at a number, an array, a tensor, or what a function makes of a key", () =>
      Effect.gen(function* () {
        const mine = tf.tensor([7, 8])
        const t = yield* trace(
          Effect.all([
            param("number", 1.5),
            param("array", [1, 2, 3]),
            param("tensor", mine),
            param("random", (key) => Key.normal(key, [2])),
          ]),
          { key },
        )
        expectClose(t.params.number, 1.5)
        expectClose(t.params.array, [1, 2, 3])
        expect(t.params.tensor).toBe(mine)
        expectClose(t.params.random, Array.from(Key.normalValues(Key.foldInName(key, "random"), [2])), 1e-7)
        expect(numbers(t.logDensity)).toEqual([0])
        mine.dispose()
      }),
    )

    it.effect("takes the value that is given instead", () =>
      Effect.gen(function* () {
        const given = tf.scalar(4)
        const program = Effect.flatMap(param("loc", 0), (loc) => observe("x", Normal({ loc, scale: 1 }), 1))
        const t = yield* trace(program, { key, params: { loc: given } })
        expect(t.params.loc).toBe(given)
        expectClose(t.logDensity, normal(1, 4, 1))
        const lp = yield* logDensity(program, { values: {}, params: { loc: given } })
        expectClose(lp, normal(1, 4, 1))
        given.dispose()
      }),
    )

    it.effect("may be read twice, and is one", () =>
      Effect.gen(function* () {
        const t = yield* trace(Effect.all([param("w", 1), param("w", 2)]), { key })
        expect(t.result[0]).toBe(t.result[1])
        expectClose(t.params.w, 1)
      }),
    )

    it.effect("is refused outside its support, at its start and where it is given", () =>
      Effect.gen(function* () {
        const scale = param("scale", [1, 0, 2], { support: Support.positive })
        const init = yield* Effect.flip(trace(scale, { key }))
        expect(init).toBeInstanceOf(InvalidParameter)
        expect(init.message).toBe(
          'param "scale": parameter "init" must be positive and finite, found 0 at index [1]',
        )
        const given = tf.tensor([1, 2, -3])
        const value = yield* Effect.flip(trace(scale, { key, params: { scale: given } }))
        expect(value.message).toBe(
          'param "scale": parameter "value" must be positive and finite, found -3 at index [2]',
        )
        const nan = yield* Effect.flip(trace(param("w", Number.NaN), { key }))
        expect(nan.message).toContain('param "w": parameter "init" must be a finite number, found NaN')
        given.dispose()
      }),
    )

    it.effect("is asked for by name where nobody gives it", () =>
      Effect.gen(function* () {
        const program = Effect.all([param("w", 1), param("b", 0)]) as Effect.Effect<unknown>
        const at = { values: {}, params: { w: tf.scalar(2), v: tf.scalar(3) } }
        const error = yield* Effect.flip(logDensity(program, at))
        expect(error).toBeInstanceOf(MissingParam)
        expect(error.message).toBe('no value for parameter "b"; given are w, v')
        tf.dispose(at.params)
      }),
    )
  })

  describe("paramTree", () => {
    it.effect("reads a whole tree, each leaf checked by its path", () =>
      Effect.gen(function* () {
        const weights = (b: number) => () => ({ layer: { w: tf.ones([2, 2]), b: tf.tensor([0, b]) } })
        const t = yield* trace(paramTree("net", weights(5)), { key })
        expectClose(t.params.net.layer.b, [0, 5])
        const error = yield* Effect.flip(trace(paramTree("net", weights(Number.POSITIVE_INFINITY)), { key }))
        expect(error.message).toContain('param "net/layer/b"')
        expect(error.message).toContain("found Infinity at index [1]")
      }),
    )
  })
})
