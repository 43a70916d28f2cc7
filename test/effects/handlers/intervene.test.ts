/**
 * Seeing against doing. In the model below u confounds treatment t and outcome y:
 *
 *   u ~ B(0.5),  t | u ~ B(0.2 + 0.6 u),  y | t, u ~ B(0.1 + 0.3 t + 0.5 u)
 *
 * P(y = 1 | t = 1) = 0.8, since u is likely 1 where t is; P(y = 1 | do(t = 1)) = 0.65, since u stays a fair coin.
 */
import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import {
  Backend,
  Bernoulli,
  condition,
  intervene,
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

const key = Key.key(13)

const confounded = Effect.fnUntraced(function* () {
  const u = yield* sample("u", Bernoulli({ probs: 0.5 }))
  const t = yield* sample("t", Bernoulli({ probs: tf.add(0.2, tf.mul(0.6, u)) }))
  return yield* sample("y", Bernoulli({ probs: tf.add(0.1, tf.add(tf.mul(0.3, t), tf.mul(0.5, u))) }))
})

layer(Backend.cpu())((it) => {
  describe("intervene", () => {
    it.effect("is not condition: the exact probabilities differ on a confounded model", () =>
      Effect.gen(function* () {
        const seeing = condition(confounded(), { t: 1 })
        const doing = intervene(confounded(), { t: 1 })
        /** P(y = 1 and what the program holds fixed), and P(what it holds fixed), by enumeration. */
        const enumerate = Effect.fnUntraced(function* (which: "see" | "do") {
          let [both, fixed] = [0, 0]
          for (const u of [0, 1]) {
            for (const y of [0, 1]) {
              const at = { values: { u, y }, params: {} }
              const lp = yield* which === "see" ? logDensity(seeing, at) : logDensity(doing, at)
              const p = Math.exp(lp.dataSync()[0]!)
              fixed += p
              both += y * p
            }
          }
          return { both, fixed }
        })
        const see = yield* enumerate("see")
        expectClose(see.fixed, 0.5)
        expectClose(see.both / see.fixed, 0.8)
        const force = yield* enumerate("do")
        // Nothing is conditioned on, so the probabilities sum to one.
        expectClose(force.fixed, 1)
        expectClose(force.both, 0.65)
      }),
    )

    it.effect("leaves the site's density out, and makes it a computed value", () =>
      Effect.gen(function* () {
        const chain = Effect.gen(function* () {
          const a = yield* sample("a", Normal({ loc: 0, scale: 1 }))
          return yield* sample("b", Normal({ loc: a, scale: 1 }))
        })
        const t = yield* trace(intervene(chain, { a: 3 }), { key })
        const [b] = t.values.b.dataSync()
        expectClose(t.logDensity, normal(b!, 3, 1))
        expectClose(t.deterministic.a, 3)
        expect([...t.sites.keys()]).toEqual(["b"])
      }),
    )

    it.effect("does not reach back: what comes before is drawn as ever", () =>
      Effect.gen(function* () {
        const free = yield* trace(confounded(), { key })
        const forced = yield* trace(intervene(confounded(), { t: 0 }), { key })
        expect(forced.values.u.dataSync()).toEqual(free.values.u.dataSync())
      }),
    )

    it.effect("inside a plate sets every member, at the plate's shape", () =>
      Effect.gen(function* () {
        const program = Effect.gen(function* () {
          const t = yield* sample("t", Normal({ loc: 0, scale: 1 }))
          return yield* observe("y", Normal({ loc: t, scale: 1 }), [1, 2])
        }).pipe(plate("people", { size: 2 }))
        const lp = yield* logDensity(intervene(program, { t: [5, 6] }), { values: {}, params: {} })
        expectClose(lp, sum([normal(1, 5, 1), normal(2, 6, 1)]))
        const error = yield* Effect.flip(trace(intervene(program, { t: [[5], [6]] }), { key }))
        expect(error).toBeInstanceOf(ShapeMismatch)
        expect(error.message).toContain('site "t"')
        expect(error.message).toContain('plate "people"')
      }),
    )

    it.effect("fails for a name that the program turns out not to have, or that is data", () =>
      Effect.gen(function* () {
        const program = sample("a" as string, Normal({ loc: 0, scale: 1 }))
        const error = yield* Effect.flip(trace(intervene(program, { b: 1 }), { key }))
        expect(error).toBeInstanceOf(UnknownSite)
        expect(error.message).toBe('intervene: the program has no site "b"; it has "a"')
        const seen = condition(program, { a: 1 })
        expect(yield* Effect.flip(trace(intervene(seen, { a: 1 } as {}), { key }))).toBeInstanceOf(
          UnknownSite,
        )
      }),
    )
  })
})
