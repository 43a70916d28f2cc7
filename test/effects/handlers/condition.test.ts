import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import {
  Backend,
  Bernoulli,
  condition,
  Key,
  logDensity,
  Normal,
  observe,
  plate,
  ShapeMismatch,
  sample,
  trace,
  UnknownSite,
} from "../../../src/index.ts"
import { expectClose, normal, sum } from "../numbers.ts"

const key = Key.key(12)

const prior = Effect.fnUntraced(function* () {
  const z = yield* sample("z", Normal({ loc: 0, scale: 2 }))
  return yield* sample("y", Normal({ loc: tf.reshape(z, [1]), scale: 1 })).pipe(plate("rows", { size: 3 }))
})

layer(Backend.cpu())((it) => {
  describe("condition", () => {
    it.effect("turns a latent site into an observed one", () =>
      Effect.gen(function* () {
        const y = [1, 2, 4]
        const t = yield* trace(condition(prior(), { y }), { key })
        expect(Object.keys(t.values)).toEqual(["z"])
        expect(t.sites.get("y")!.observed).toBe(true)
        expectClose(t.observed.y, y)
        expectClose(t.result, y)
        const lp = yield* logDensity(condition(prior(), { y }), { values: { z: 1.5 }, params: {} })
        expectClose(lp, normal(1.5, 0, 2) + sum(y.map((y) => normal(y, 1.5, 1))))
      }),
    )

    it.effect("gives what an observe in its place would give", () =>
      Effect.gen(function* () {
        const written = Effect.gen(function* () {
          const z = yield* sample("z", Normal({ loc: 0, scale: 2 }))
          return yield* observe("y", Normal({ loc: tf.reshape(z, [1]), scale: 1 }), [1, 2, 4]).pipe(
            plate("rows", { size: 3 }),
          )
        })
        const a = yield* trace(written, { key })
        const b = yield* trace(condition(prior(), { y: [1, 2, 4] }), { key })
        expect(Array.from(b.logDensity.dataSync())).toEqual(Array.from(a.logDensity.dataSync()))
      }),
    )

    it.effect("takes several names at once, or one after another", () =>
      Effect.gen(function* () {
        const at = { values: {}, params: {} }
        const together = yield* logDensity(condition(prior(), { z: 1, y: [1, 1, 2] }), at)
        const apart = yield* logDensity(condition(condition(prior(), { z: 1 }), { y: [1, 1, 2] }), at)
        const expected = normal(1, 0, 2) + sum([1, 1, 2].map((y) => normal(y, 1, 1)))
        expectClose(together, expected)
        expectClose(apart, expected)
      }),
    )

    it.effect("checks the data's shape and support, naming site and plate", () =>
      Effect.gen(function* () {
        const column = [[1], [2], [4]]
        const error = yield* Effect.flip(trace(condition(prior(), { y: column }), { key }))
        expect(error).toBeInstanceOf(ShapeMismatch)
        expect(error.message).toContain('site "y"')
        expect(error.message).toContain('plate "rows"')
        const coin = condition(sample("coin", Bernoulli({ probs: 0.5 })), { coin: 0.5 })
        expect((yield* Effect.flip(trace(coin, { key }))).message).toContain(
          'site "coin" (Bernoulli): the value must be 0 or 1, found 0.5',
        )
      }),
    )

    it.effect("fails for a name that the program turns out not to have", () =>
      Effect.gen(function* () {
        const names = ["a", "b"].map((name): string => name)
        const program = Effect.forEach(names, (name) => sample(name, Normal({ loc: 0, scale: 1 })))
        const data: Record<string, number> = { b: 1, c: 2 }
        const error = yield* Effect.flip(trace(condition(program, data), { key }))
        expect(error).toBeInstanceOf(UnknownSite)
        expect(error).toMatchObject({ where: "condition", site: "c", known: ["a", "b"] })
        expect(error.message).toBe('condition: the program has no site "c"; it has "a", "b"')
      }),
    )

    it.effect("fails for a site that is observed already, or hidden", () =>
      Effect.gen(function* () {
        const program = observe("x" as string, Normal({ loc: 0, scale: 1 }), 1)
        const data: Record<string, number> = { x: 2 }
        const error = yield* Effect.flip(trace(condition(program, data as {}), { key }))
        expect(error).toBeInstanceOf(UnknownSite)
        expect(error.message).toBe('condition: the program has no site "x"; it has none')
      }),
    )

    it.effect("is ready to be run again after a failure", () =>
      Effect.gen(function* () {
        let name = "wrong"
        const program = Effect.suspend(() => sample(name, Normal({ loc: 0, scale: 1 })))
        const seen = condition(program, { right: 1 })
        expect(yield* Effect.flip(trace(seen, { key }))).toBeInstanceOf(UnknownSite)
        name = "right"
        expectClose((yield* trace(seen, { key })).logDensity, normal(1, 0, 1))
      }),
    )
  })
})
