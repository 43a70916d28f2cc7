/**
 * What `mixed` chooses and says that it chose; how it is told otherwise, and what it refuses; fits by it; and how much less
 * its gradients vary than those of the score function alone. That they are unbiased is shown in `unbiased.test.ts`.
 */
import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import {
  Backend,
  Bernoulli,
  Categorical,
  choices,
  fitSVI,
  InvalidArgument,
  Key,
  Multinomial,
  mixed,
  Normal,
  Optimizer,
  observe,
  Poisson,
  param,
  plate,
  Schedule,
  sample,
  scoreFunction,
  UnknownSite,
} from "../../../src/index.ts"
import { expectClose } from "../../effects/numbers.ts"
import { gradients, moments } from "./estimates.ts"
import * as ofAllKinds from "./mixedWorlds.ts"
import * as worlds from "./worlds.ts"

const tensorsAlive = () => tf.engine().state.numTensors

const rows = plate("rows", { size: 3 })

/** A class, a count and a normal for each row, and a coin of the model's own. */
const model = Effect.fnUntraced(function* (x: tf.Tensor) {
  const z = yield* sample("z", Categorical({ probs: [0.2, 0.3, 0.5] }))
  const k = yield* sample("k", Poisson({ rate: 1 }))
  const loc = yield* sample("loc", Normal({ loc: tf.sub(z, 1), scale: 1 }))
  const coin = yield* sample("coin", Bernoulli({ probs: 0.3 }))
  yield* observe("x", Normal({ loc: tf.add(tf.add(loc, coin), tf.mul(k, 0.5)), scale: 1 }), x)
}, rows)

const guide = Effect.fnUntraced(function* (x: tf.Tensor) {
  const logits = yield* param("logits", tf.zeros([3]))
  const z = yield* sample("z", Categorical({ logits }))
  const rate = tf.exp(yield* param("logRate", 0))
  yield* sample("k", Poisson({ rate }))
  yield* sample("loc", Normal({ loc: tf.add(yield* param("at", 0), tf.mul(tf.add(x, z), 0.3)), scale: 0.7 }))
}, rows)

const data = [0.5, -1, 2.5]

for (const [name, backend] of [
  ["cpu", Backend.cpu()],
  ["wasm", Backend.wasm()],
] as const) {
  layer(backend)(`on ${name}`, (it) => {
    it.effect("choices says what is done with each site, and why, and leaves no tensor", () =>
      Effect.gen(function* () {
        const x = tf.tensor(data)
        const before = tensorsAlive()
        const { sites, table } = yield* choices(model, guide, x)
        expect(tensorsAlive()).toBe(before)
        expect(sites.z.choice).toBe("enumerated")
        expect(table.split("\n")).toEqual([
          "z     enumerated      3 values",
          "k     score function  Poisson has no list of values, and its draws no gradient",
          "loc   pathwise        draws of Normal have a gradient",
          "coin  enumerated      2 values, the model's alone",
        ])
        x.dispose()
      }),
    )

    it.effect("a fit ends at the exact bound's maximum, and leaves no tensor", () =>
      Effect.gen(function* () {
        // c ~ Bernoulli(0.3), k ~ Poisson(1), x ~ N(c, 1), y ~ N(k, 1): the posterior factorizes, and the guide can be it.
        const coins = Effect.fnUntraced(function* (x: tf.Tensor) {
          const c = yield* sample("c", Bernoulli({ probs: 0.3 }))
          yield* observe("x", Normal({ loc: c, scale: 1 }), x)
          const k = yield* sample("k", Poisson({ rate: 1 }))
          yield* observe("y", Normal({ loc: k, scale: 2 }), 2)
        })
        const both = Effect.fnUntraced(function* (_: tf.Tensor) {
          yield* sample("c", Bernoulli({ logits: yield* param("logit", 0) }))
          yield* sample("k", Poisson({ rate: tf.exp(yield* param("logRate", 0)) }))
        })
        const x = tf.scalar(1.2)
        const before = tensorsAlive()
        yield* Effect.scoped(
          Effect.gen(function* () {
            const optimizer = Optimizer.adam(Schedule.cosine(0.1, { decaySteps: 120 }))
            const fit = yield* fitSVI(coins, both, x, {
              objective: mixed<typeof both>({ particles: 2 }),
              steps: 120,
              optimizer,
              key: Key.key(1),
            })
            const [logit, logRate] = tf.tidy(() => [
              fit.params.logit.dataSync()[0]!,
              fit.params.logRate.dataSync()[0]!,
            ]) as unknown as readonly [number, number]
            // log p(1 | x) / p(0 | x): the coin's gradient is exact, and has no noise.
            expect(Math.abs(logit - (Math.log(3 / 7) + 1.2 - 0.5))).toBeLessThan(0.02)
            // E_q[(2 − k)²] / 8 + KL is least where logλ = (4 − 2λ − 1) / 8 for Poisson(λ).
            expect(Math.abs(logRate - (3 - 2 * Math.exp(logRate)) / 8)).toBeLessThan(0.12)
          }),
        )
        expect(tensorsAlive()).toBe(before)
        x.dispose()
      }),
    )
  })
}

layer(Backend.cpu())((it) => {
  const x = () => tf.tensor(data)
  /** What `choices` says with these options, or fails with. */
  const said = (options: Parameters<typeof choices>[3]) =>
    Effect.suspend(() => {
      const rows = x()
      return Effect.ensuring(
        choices(model, guide, rows, options as never),
        Effect.sync(() => rows.dispose()),
      )
    })

  describe("the rule", () => {
    it.effect("draws what would make a table too large, and sums the model's own sites or fails", () =>
      Effect.gen(function* () {
        // 3 values for each of 3 rows; with the coin's, 18.
        const { sites } = yield* said({ maxTable: 18 })
        expect(sites.z.choice).toBe("enumerated")
        const drawn = yield* said({ maxTable: 8 })
        expect(drawn.sites.z).toEqual({
          choice: "score function",
          reason: "a table of 9 numbers would exceed 8, and its draws no gradient",
        })
        expect(drawn.sites.coin.choice).toBe("enumerated")
        const failure = yield* Effect.flip(said({ maxTable: 17 }))
        expect(failure).toBeInstanceOf(InvalidArgument)
        expect(failure.message).toContain('mixed: site "coin" of the model')
        expect(failure.message).toContain("a table of 18 numbers would exceed 17")
      }),
    )

    it.effect("draws what tensors have no dimension for", () =>
      Effect.gen(function* () {
        const many = Effect.fnUntraced(function* (_: undefined) {
          for (let i = 0; i < 8; i++) yield* sample(`coin/${i}` as string, Bernoulli({ probs: 0.5 }))
        })
        const { sites } = yield* choices(many, many, undefined)
        const drawn = Object.entries(sites).filter(([_, { choice }]) => choice === "score function")
        expect(drawn.map(([name]) => name)).toEqual(["coin/6", "coin/7"])
        expect(drawn[0]![1].reason).toContain("6 dimensions, all taken")
      }),
    )

    it.effect("counts values without listing them", () =>
      Effect.gen(function* () {
        const counts = (_: undefined) =>
          sample("n", Multinomial({ totalCount: 400, probs: [0.1, 0.2, 0.3, 0.2, 0.2] }))
        const { sites } = yield* choices(counts, counts, undefined)
        // C(404, 4)
        expect(sites.n.reason).toContain(`${(404 * 403 * 402 * 401) / 24}`)
        expect(sites.n.choice).toBe("score function")
        const few = (_: undefined) => sample("n", Multinomial({ totalCount: 3, probs: [0.2, 0.3, 0.5] }))
        expect((yield* choices(few, few, undefined)).sites.n.reason).toBe("10 values")
      }),
    )

    it.effect("may be told otherwise, even that a large table will do", () =>
      Effect.gen(function* () {
        const { sites } = yield* said({ sites: { z: "score function", loc: "score function" } })
        for (const site of [sites.z, sites.loc]) {
          expect(site).toEqual({ choice: "score function", reason: "as told" })
        }
        const large = yield* Effect.flip(said({ maxTable: 8, sites: { z: "enumerated" } }))
        // The coin's table is the one that is too large now.
        expect(large.message).toContain('"coin"')
      }),
    )

    it.effect("refuses what a site cannot be, by its name, before a fit and in it", () =>
      Effect.gen(function* () {
        const told = { sites: { z: "pathwise" } } as const
        const asked = yield* Effect.flip(said(told as never))
        expect(asked).toBeInstanceOf(InvalidArgument)
        expect(asked.message).toContain('mixed: sites: "z"')
        const rows = x()
        const objective = mixed(told)
        const fitted = yield* Effect.flip(fitSVI(model, guide, rows, { objective, steps: 1 }))
        rows.dispose()
        expect(fitted).toBeInstanceOf(InvalidArgument)
        expect(fitted.message).toBe(asked.message)
        const stray = yield* Effect.flip(said({ sites: { coin: "enumerated" } } as never))
        expect(stray).toBeInstanceOf(UnknownSite)
        expect(stray.message).toContain('"coin"')
      }),
    )

    it.effect("chooses by the programs alone, not by what an objective has seen before", () =>
      Effect.sync(() => {
        const used = mixed({ baseline: "none" })
        gradients(ofAllKinds.three("c k z", [0.8, -1.1], 6), used, Key.key(1), 2)
        const many: worlds.World = {
          ...worlds.turned(0.9),
          at: { a: 0.2 },
          model: () => coins(0),
          guide: () => Effect.flatMap(param("a", 0), coins),
        }
        const found = gradients(many, used, Key.key(2))
        expect(found).toEqual(gradients(many, mixed({ baseline: "none" }), Key.key(2)))
      }),
    )
  })

  describe("gradients", () => {
    const variances = (
      world: worlds.World,
      objective: Parameters<typeof gradients>[1],
    ): Readonly<Record<string, number>> => {
      const { gradient } = gradients(world, objective, Key.key(3), 6_000)
      return Object.fromEntries(
        Object.entries(gradient).map(([name, values]) => [name, moments(values).variance]),
      )
    }

    it.effect.each([
      ["a count between two coins", ofAllKinds.between(1.1, 0.4), []],
      ["a count over rows with coins and normals", ofAllKinds.overRows([0.8, -1.1], 4), ["r"]],
      ["a normal given a coin", worlds.mixed([0.8, -1.1], 6), []],
    ] as const)("vary less than with the score function alone: %s", ([_, world, alike]) =>
      Effect.sync(() => {
        const mine = variances(world, mixed({ particles: 2 }))
        const plain = variances(world, scoreFunction({ particles: 2 }))
        for (const name of Object.keys(world.at)) {
          const slack = (alike as ReadonlyArray<string>).includes(name) ? 1.02 : 0.9
          expect(mine[name]!, `∂${name}`).toBeLessThan(slack * plain[name]!)
        }
      }),
    )

    it.effect("have no noise where all can be summed", () =>
      Effect.sync(() => {
        for (const variance of Object.values(variances(worlds.turned(0.9), mixed()))) {
          expect(variance).toBeLessThan(1e-9)
        }
      }),
    )

    it.effect("are those of the score function where every site is told to be by score", () =>
      Effect.sync(() => {
        const world = worlds.coins("global first", [0.8, -1.1], 4)
        const told = { sites: { c: "score function", z: "score function" } } as const
        const mine = gradients(world, mixed({ ...told, particles: 2 }), Key.key(5), 3)
        const plain = gradients(world, scoreFunction({ particles: 2 }), Key.key(5), 3)
        for (const [name, values] of Object.entries(plain.gradient)) {
          for (const [i, value] of Array.from(values).entries()) {
            expectClose(mine.gradient[name]![i]!, value, 1e-5)
          }
        }
      }),
    )
  })
})

const coins = Effect.fnUntraced(function* (logit: tf.Tensor | number) {
  for (let i = 0; i < 7; i++) yield* sample(`coin/${i}` as string, Bernoulli({ logits: tf.add(logit, i) }))
})
