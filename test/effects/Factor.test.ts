import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import {
  Backend,
  DuplicateSite,
  deterministic,
  factor,
  Key,
  logDensity,
  Normal,
  plate,
  ShapeMismatch,
  sample,
  trace,
} from "../../src/index.ts"
import { expectClose, normal } from "./numbers.ts"

const key = Key.key(2)

layer(Backend.cpu())((it) => {
  describe("factor", () => {
    it.effect("adds its weight to the log-density", () =>
      Effect.gen(function* () {
        const program = Effect.gen(function* () {
          const z = yield* sample("z", Normal({ loc: 0, scale: 1 }))
          yield* factor("penalty", tf.mul(-3, tf.square(z)))
          yield* factor("bonus", 0.25)
        })
        const lp = yield* logDensity(program, { values: { z: 2 }, params: {} })
        expectClose(lp, normal(2, 0, 1) - 12 + 0.25)
      }),
    )

    it.effect("counts once for every member of its plates, whatever its shape", () =>
      Effect.gen(function* () {
        const inside = (weight: number | ReadonlyArray<number>) =>
          factor("f", weight).pipe(plate("rows", { size: 10, subsample: 2 }))
        const at = { values: {}, params: {} }
        // Ten members, of which two are present: each present one stands for five.
        expectClose(yield* logDensity(inside(1.5), at), 10 * 1.5)
        expectClose(yield* logDensity(inside([1, 2]), at), 5 * 3)
        expectClose(yield* logDensity(inside([4]), at), 10 * 4)
      }),
    )

    it.effect("refuses a weight that its plates do not explain", () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(trace(factor("f", [1, 2, 3]), { key }))
        expect(error).toBeInstanceOf(ShapeMismatch)
        expect(error.message).toContain('factor "f": expected batch dimension -1 to be declared')
        const wrong = factor("f", [1, 2, 3]).pipe(plate("rows", { size: 2 }))
        expect((yield* Effect.flip(trace(wrong, { key }))).message).toBe(
          'factor "f": expected extent 2 or 1 at dimension -1, as in plate "rows", found batch shape [3]',
        )
        expect(yield* Effect.flip(trace(factor("f", [1]), { key }))).toBeInstanceOf(ShapeMismatch)
      }),
    )
  })

  describe("deterministic", () => {
    it.effect("records a value and adds nothing", () =>
      Effect.gen(function* () {
        const program = Effect.gen(function* () {
          const z = yield* sample("z", Normal({ loc: 0, scale: 1 }))
          return yield* deterministic("double", tf.mul(2, z))
        })
        const t = yield* trace(program, { key })
        const z = t.values.z.dataSync()[0]!
        expect(t.deterministic.double).toBe(t.result)
        expectClose(t.deterministic.double, 2 * z)
        expectClose(t.logDensity, normal(z, 0, 1))
        expect([...t.sites.keys()]).toEqual(["z"])
      }),
    )

    it.effect("shares the sites' names", () =>
      Effect.gen(function* () {
        const clash = Effect.flatMap(sample("z", Normal({ loc: 0, scale: 1 })), (z) => deterministic("z", z))
        expect(yield* Effect.flip(trace(clash, { key }))).toBeInstanceOf(DuplicateSite)
      }),
    )
  })
})
