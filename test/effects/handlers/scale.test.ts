import { describe, expect, layer } from "@effect/vitest"
import { Effect } from "effect"
import {
  Backend,
  factor,
  InvalidArgument,
  Key,
  logDensity,
  mask,
  Normal,
  observe,
  plate,
  sample,
  scale,
  trace,
} from "../../../src/index.ts"
import { expectClose, normal } from "../numbers.ts"

const key = Key.key(16)

layer(Backend.cpu())((it) => {
  describe("scale", () => {
    it.effect("multiplies every term of what it is put around, and nothing else", () =>
      Effect.gen(function* () {
        const program = Effect.gen(function* () {
          const z = yield* sample("z", Normal({ loc: 0, scale: 1 }))
          const likelihood = Effect.gen(function* () {
            yield* observe("x", Normal({ loc: z, scale: 1 }), 2)
            yield* factor("f", 3)
          })
          yield* scale(likelihood, 0.25)
        })
        const lp = yield* logDensity(program, { values: { z: 1 }, params: {} })
        expectClose(lp, normal(1, 0, 1) + 0.25 * (normal(2, 1, 1) + 3))
      }),
    )

    it.effect("multiplies with itself, with a plate, inside and outside, and with a mask", () =>
      Effect.gen(function* () {
        const site = observe("x", Normal({ loc: 0, scale: 1 }), [1, 2])
        const rows = plate("rows", { size: 6, subsample: 2 })
        const expected = 3 * 0.5 * 10 * normal(2, 0, 1)
        const at = { values: {}, params: {} }
        expectClose(yield* logDensity(scale(scale(mask(site.pipe(rows), [0, 1]), 10), 0.5), at), expected)
        expectClose(yield* logDensity(mask(scale(site, 5).pipe(rows), [0, 1]), at), expected)
      }),
    )

    it.effect("does not touch draws", () =>
      Effect.gen(function* () {
        const z = sample("z", Normal({ loc: 0, scale: 1 }))
        const [a, b] = [yield* trace(z, { key }), yield* trace(scale(z, 7), { key })]
        expect(b.result.dataSync()).toEqual(a.result.dataSync())
        expectClose(b.logDensity, 7 * a.logDensity.dataSync()[0]!)
        // The site's own density is shown before scale.
        expectClose(b.sites.get("z")!.logProb, a.logDensity.dataSync()[0]!)
      }),
    )

    for (const wrong of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      it.effect(`refuses the factor ${wrong}`, () =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(trace(scale(factor("f", 1), wrong), { key }))
          expect(error).toBeInstanceOf(InvalidArgument)
          expect(error.message).toBe(`scale: expected a positive, finite factor, found ${wrong}`)
        }),
      )
    }
  })
})
