import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import {
  Backend,
  Bernoulli,
  Categorical,
  Delta,
  type Distribution,
  deterministic,
  HalfNormal,
  Key,
  LogNormal,
  Normal,
  OneHotCategorical,
  observe,
  param,
  plate,
  sample,
  trace,
  Uniform,
  UnknownSite,
} from "../../../src/index.ts"
import { expectClose, normal, numbers, sum } from "../numbers.ts"

const key = Key.key(10)

const model = Effect.fnUntraced(function* (x: ReadonlyArray<number>) {
  const loc = yield* param("loc", 2)
  const z = yield* sample("z", Normal({ loc, scale: 3 }))
  yield* deterministic("square", tf.square(z))
  yield* observe("x", Normal({ loc: tf.reshape(z, [1]), scale: 1 }), x).pipe(
    plate("rows", { size: 6, subsample: x.length }),
  )
  return "done" as const
})

layer(Backend.cpu())((it) => {
  describe("trace", () => {
    it.effect("says what each site was: value, density, distribution, plates", () =>
      Effect.gen(function* () {
        const t = yield* trace(model([1, 2, 3]), { key })
        const [z] = numbers(t.values.z) as [number]
        expect(t.result).toBe("done")
        expect([...t.sites.keys()]).toEqual(["z", "x"])
        expect(Object.keys(t.values)).toEqual(["z"])
        expect(Object.keys(t.observed)).toEqual(["x"])
        expectClose(t.deterministic.square, z * z)
        expectClose(t.params.loc, 2)
        const x = t.sites.get("x")!
        expect(x).toMatchObject({ name: "x", observed: true })
        expect(x.plates).toEqual([{ name: "rows", size: 6, extent: 3, dim: -1 }])
        expect(x.distribution.family).toBe("Normal")
        // Each member's log-density before scale, the sum after it.
        expectClose(
          x.logProb,
          [1, 2, 3].map((x) => normal(x, z, 1)),
        )
        expectClose(t.logDensity, normal(z, 2, 3) + 2 * sum([1, 2, 3].map((x) => normal(x, z, 1))))
      }),
    )

    it.effect("keeps what the distributions need to score again", () =>
      Effect.gen(function* () {
        const t = yield* trace(model([1]), { key })
        const [z] = numbers(t.values.z) as [number]
        const again = t.sites.get("x")!.distribution.logProb(tf.tensor([5]))
        expectClose(again, normal(5, z, 1))
      }),
    )

    // What a family computes from its parameters must outlive the run as the parameters do.
    const families: ReadonlyArray<readonly [string, (one: tf.Tensor) => Distribution]> = [
      ["Normal", (one) => Normal({ loc: one, scale: one })],
      ["LogNormal", (one) => LogNormal({ loc: one, scale: one })],
      ["HalfNormal", (one) => HalfNormal({ scale: one })],
      ["Uniform", (one) => Uniform({ low: 0, high: one })],
      ["Bernoulli", (one) => Bernoulli({ logits: one })],
      ["Categorical", (one) => Categorical({ logits: tf.stack([one, one]) })],
      ["OneHotCategorical", (one) => OneHotCategorical({ logits: tf.stack([one, one]) })],
      ["Delta", (one) => Delta({ value: one })],
      ["an event", (one) => Normal({ loc: tf.stack([one, one]), scale: 1 }).toEvent(1)],
    ]
    for (const [name, distribution] of families) {
      it.effect(`keeps it so for every family, in a plate: ${name}`, () =>
        Effect.gen(function* () {
          const before = tf.memory().numTensors
          yield* Effect.scoped(
            Effect.gen(function* () {
              const program = Effect.suspend(() => sample("z", distribution(tf.ones([])))).pipe(
                plate("rows", { size: 3 }),
              )
              const t = yield* trace(program, { key })
              const site = t.sites.get("z")!
              const again = site.distribution.logProb(site.value)
              expect(numbers(again)).toEqual(numbers(site.logProb))
              again.dispose()
            }),
          )
          expect(tf.memory().numTensors).toBe(before)
        }),
      )
    }

    it.effect("gives the same trace for the same key, bit for bit", () =>
      Effect.gen(function* () {
        const [a, b] = [yield* trace(model([1, 2]), { key }), yield* trace(model([1, 2]), { key })]
        expect(numbers(a.values.z)).toEqual(numbers(b.values.z))
        expect(numbers(a.logDensity)).toEqual(numbers(b.logDensity))
      }),
    )

    it.effect("shows a failure of a handler inside", () =>
      Effect.gen(function* () {
        const failing = Effect.fail(new UnknownSite({ where: "here", site: "z", known: [] }))
        const error = yield* Effect.flip(trace(Effect.andThen(model([1]), failing), { key }))
        expect(error.message).toBe('here: the program has no site "z"; it has none')
      }),
    )
  })
})
