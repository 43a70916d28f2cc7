/** A handler is `Interpreter → Interpreter`, so handlers compose; where their order matters, it matters as read. */
import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import {
  Backend,
  condition,
  type Handler,
  handle,
  intervene,
  Key,
  logDensity,
  mask,
  Normal,
  observe,
  param,
  plate,
  replay,
  sample,
  scale,
  scope,
  substitute,
  trace,
  UnknownSite,
} from "../../../src/index.ts"
import { expectClose, normal, numbers, sum } from "../numbers.ts"

const key = Key.key(19)

const chain = Effect.fnUntraced(function* () {
  const a = yield* sample("a", Normal({ loc: 0, scale: 1 }))
  const b = yield* sample("b", Normal({ loc: a, scale: 1 }))
  return yield* sample("c", Normal({ loc: b, scale: 1 }))
})

layer(Backend.cpu())((it) => {
  describe("handlers", () => {
    it.effect("compose: see, do, replay and draw in one program", () =>
      Effect.gen(function* () {
        const a = tf.scalar(2)
        const program = replay(intervene(condition(chain(), { c: 7 }), { b: 5 }), { a })
        const t = yield* trace(program, { key })
        expectClose(t.logDensity, normal(2, 0, 1) + normal(7, 5, 1))
        expectClose(t.result, 7)
        a.dispose()
      }),
    )

    it.effect("give what was settled inside the last word", () =>
      Effect.gen(function* () {
        const a = tf.scalar(9)
        // A site that is seen, or done, is not there to be replayed.
        const seen = yield* trace(replay(condition(chain(), { a: 1 }), { a } as {}), { key })
        expectClose(seen.observed.a, 1)
        const done = yield* trace(replay(intervene(chain(), { a: 1 }), { a } as {}), { key })
        expectClose(done.deterministic.a, 1)
        // A replayed one is still latent, so it can be seen.
        const both = yield* trace(condition(replay(chain(), { a }), { a: 1 }), { key })
        expectClose(both.observed.a, 1)
        const gone = condition(intervene(chain(), { a: 1 }), { a: 2 } as {})
        expect(yield* Effect.flip(trace(gone, { key }))).toBeInstanceOf(UnknownSite)
        a.dispose()
      }),
    )

    it.effect("hold inside a plate and around it", () =>
      Effect.gen(function* () {
        const body = Effect.gen(function* () {
          const z = yield* sample("z", Normal({ loc: 0, scale: 1 }))
          return yield* observe("x", Normal({ loc: z, scale: 1 }), [1, 2])
        })
        const rows = plate("rows", { size: 4, subsample: 2 })
        const at = { values: {}, params: {} }
        const expected = 2 * (normal(3, 0, 1) + normal(1, 3, 1) + normal(4, 0, 1) + normal(2, 4, 1))
        expectClose(yield* logDensity(condition(body.pipe(rows), { z: [3, 4] }), at), expected)
        expectClose(yield* logDensity(condition(body, { z: [3, 4] }).pipe(rows), at), expected)
      }),
    )

    it.effect("commute where they touch different things", () =>
      Effect.gen(function* () {
        const program = observe("x", Normal({ loc: 0, scale: 1 }), [1, 2, 3]).pipe(plate("rows", { size: 3 }))
        const at = { values: {}, params: {} }
        const expected = 0.5 * sum([1, 3].map((x) => normal(x, 0, 1)))
        expectClose(yield* logDensity(mask(scale(program, 0.5), [1, 0, 1]), at), expected)
        expectClose(yield* logDensity(scale(mask(program, [1, 0, 1]), 0.5), at), expected)
        expectClose(yield* logDensity(scope(mask(scale(program, 0.5), [1, 0, 1]), "s"), at), expected)
      }),
    )

    it.effect("reach only what they are put around", () =>
      Effect.gen(function* () {
        const a = sample("a", Normal({ loc: 0, scale: 1 }))
        const b = sample("b", Normal({ loc: 0, scale: 1 }))
        const t = yield* trace(Effect.all([condition(a, { a: 1 }), scale(b, 2)]), { key })
        const [value] = numbers(t.values.b)
        expectClose(t.logDensity, normal(1, 0, 1) + 2 * normal(value!, 0, 1))
      }),
    )

    it.effect("run a program as often as it is run, with nothing left from the last time", () =>
      Effect.gen(function* () {
        const program = condition(chain(), { a: 1 })
        const [first, second] = [yield* trace(program, { key }), yield* trace(program, { key })]
        expect(numbers(second.logDensity)).toEqual(numbers(first.logDensity))
      }),
    )

    it.effect("can be written outside the library, in a few lines", () =>
      Effect.gen(function* () {
        // Antithetic draws: every latent site at minus its draw.
        const mirrored: Handler = (outer) => ({
          ...outer,
          sample: (site) => {
            const answer = outer.sample(site)
            return site.observed ? answer : { ...answer, value: tf.neg(answer.value) }
          },
        })
        const z = sample("z", Normal({ loc: 0, scale: 1 }))
        const [plain, other] = [yield* trace(z, { key }), yield* trace(handle(z, mirrored), { key })]
        expectClose(other.result, -numbers(plain.result)[0]!)
      }),
    )
  })

  describe("a program that is used twice, in two scopes, with shared parameters", () => {
    it.effect("reads one parameter and has two latent sites", () =>
      Effect.gen(function* () {
        const model = Effect.gen(function* () {
          const w = yield* param("w", 3)
          const draw = (side: "l" | "r") => scope(sample("z", Normal({ loc: w, scale: 1 })), side)
          return yield* Effect.all([draw("l"), draw("r")])
        })
        const w = tf.scalar(10)
        const t = yield* trace(substitute(model, { w }), { key })
        expect(Object.keys(t.values)).toEqual(["l/z", "r/z"])
        const values = [numbers(t.values["l/z"])[0]!, numbers(t.values["r/z"])[0]!]
        expect(values[0]).not.toBe(values[1])
        expectClose(t.logDensity, sum(values.map((z) => normal(z, 10, 1))))
        w.dispose()
      }),
    )
  })
})
