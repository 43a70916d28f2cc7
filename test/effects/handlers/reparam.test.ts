import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import {
  autoReparam,
  Backend,
  Cauchy,
  condition,
  type Deterministic,
  type Distribution,
  fitSVI,
  Gamma,
  Gumbel,
  Key,
  Laplace,
  Logistic,
  logDensity,
  MultivariateNormal,
  Normal,
  nonCentered,
  type Observe,
  Optimizer,
  observe,
  param,
  plate,
  type Reparam,
  reparam,
  type Sample,
  Schedule,
  SoftLaplace,
  StudentT,
  Support,
  sample,
  Transform,
  Transformed,
  trace,
  transformReparam,
} from "../../../src/index.ts"

const key = Key.key(5)
const number = (t: tf.Tensor) => t.dataSync()[0]!

/** log |∂f/∂u| summed over independent coordinates, in float64 by differences of f. */
const cases: ReadonlyArray<
  readonly [name: string, make: () => Distribution, how: Reparam<string>, log: (x: number) => number]
> = [
  [
    "Normal",
    () => Normal({ loc: [1, -2], scale: [0.5, 3] }),
    nonCentered(),
    () => Math.log(0.5) + Math.log(3),
  ],
  [
    "Normal, half centered",
    () => Normal({ loc: [1, -2], scale: [0.5, 3] }),
    nonCentered({ centered: 0.5 }),
    () => 0.5 * Math.log(1.5),
  ],
  [
    "Normal, centered",
    () => Normal({ loc: [1, -2], scale: [0.5, 3] }),
    nonCentered({ centered: 1 }),
    () => 0,
  ],
  ["StudentT", () => StudentT({ df: 3, loc: [1, -2], scale: 2 }), nonCentered(), () => 2 * Math.log(2)],
  ["Cauchy", () => Cauchy({ loc: [1, -2], scale: 2 }), nonCentered(), () => 2 * Math.log(2)],
  [
    "Laplace",
    () => Laplace({ loc: [1, -2], scale: 2 }),
    nonCentered({ centered: 0.25 }),
    () => 1.5 * Math.log(2),
  ],
  ["Logistic", () => Logistic({ loc: [1, -2], scale: 2 }), nonCentered(), () => 2 * Math.log(2)],
  ["Gumbel", () => Gumbel({ loc: [1, -2], scale: 2 }), nonCentered(), () => 2 * Math.log(2)],
  ["SoftLaplace", () => SoftLaplace({ loc: [1, -2], scale: 2 }), autoReparam(), () => 2 * Math.log(2)],
  // x = eᵘ, u = 1 + 2 w: log |dx/du| = log x, and log 2 more for w.
  [
    "exp(Normal)",
    () => Transformed(Normal({ loc: [1, 1], scale: 2 }), Transform.exp),
    transformReparam(),
    (x) => x,
  ],
  [
    "exp(Normal), automatic",
    () => Transformed(Normal({ loc: [1, 1], scale: 2 }), Transform.exp),
    autoReparam(),
    (x) => x + 2 * Math.log(2),
  ],
]

layer(Backend.cpu())("reparam", (it) => {
  it.effect.each(cases)("%s: p(u) = p(x) |dx/du|", ([, make, how, jacobian]) =>
    Effect.gen(function* () {
      const program = plate("two", { size: 2 })(
        Effect.flatMap(sample("x", make()), (x) => observe("y", Normal({ loc: x, scale: 1 }), [0.5, 2])),
      )
      const other = reparam(program, ["x"], how)
      const t = yield* trace(other, { key })
      const name = `x_${how.suffix}`
      expect([...t.sites.keys()]).toEqual([name, "y"])
      const x = t.deterministic.x as tf.Tensor
      expect(x.shape).toEqual([2])
      const before = yield* logDensity(program, { values: { x }, params: {} })
      const logX = Array.from(x.dataSync()).reduce((sum, v) => sum + Math.log(Math.abs(v)), 0)
      expect(number(t.logDensity)).toBeCloseTo(number(before) + jacobian(logX), 4)
    }),
  )

  describe("in plates and events", () => {
    it.effect("each member has a draw of its own, and the vector's coordinates stay one event", () =>
      Effect.gen(function* () {
        const vector = sample("x", Normal({ loc: [1, 2, 3], scale: 0.1 }).toEvent(1))
        const t = yield* trace(reparam(plate("rows", { size: 4 })(vector), ["x"], nonCentered()), { key })
        expect(t.values.x_decentered.shape).toEqual([4, 3])
        expect(t.sites.get("x_decentered")!.distribution.eventShape).toEqual([3])
        const expected = tf.add([1, 2, 3], tf.mul(0.1, t.values.x_decentered))
        expect(number(tf.max(tf.abs(tf.sub(t.result, expected))))).toBeLessThan(1e-6)
        expect(new Set(t.values.x_decentered.dataSync()).size).toBe(12)
      }),
    )
  })

  it.effect("leaves data alone, and says so of a site that has become data", () =>
    Effect.gen(function* () {
      const z = sample("z", Normal({ loc: 2, scale: 3 }))
      const outside = yield* trace(condition(reparam(z, ["z"], nonCentered()), { z_decentered: 1 }), { key })
      expect(number(outside.result)).toBe(5)
      const error = yield* Effect.flip(
        trace(reparam(condition(z, { z: 1 }), ["z"] as never, nonCentered()), { key }),
      )
      expect(error).toHaveProperty("_tag", "UnknownSite")
    }),
  )

  it.effect("types the new sites", () =>
    Effect.sync(() => {
      const program = Effect.gen(function* () {
        const v = yield* sample("v", Normal({ loc: 0, scale: 3 }))
        const x = yield* sample("x", Normal({ loc: 0, scale: tf.exp(v) }))
        return yield* observe("y", Normal({ loc: x, scale: 1 }), 0)
      })
      const moved = reparam(program, ["x"], nonCentered())
      type Found = Effect.Services<typeof moved>
      type Wanted =
        | Sample<"v", "real", "pathwise">
        | Sample<"x_decentered", "real", "pathwise">
        | Deterministic<"x">
        | Observe<"y">
      const same: [Found, Wanted] extends [Wanted, Found] ? true : false = true
      expect(same).toBe(true)
      // @ts-expect-error: the program has no site "z"
      reparam(program, ["z"], nonCentered())
      // @ts-expect-error: "y" is data
      reparam(program, ["y"], nonCentered())
    }),
  )

  it.effect("fits Neal's funnel, which its own coordinates do not", () =>
    Effect.gen(function* () {
      const funnel = () =>
        Effect.gen(function* () {
          const v = yield* sample("v", Normal({ loc: 0, scale: 3 }))
          const scale = tf.exp(tf.div(v, 2))
          return yield* sample("x", Normal({ loc: tf.zeros([9]), scale }).toEvent(1))
        })
      const independent = <const N extends string>(x: N) =>
        Effect.fnUntraced(function* (_: null) {
          const [loc, scale] = [
            yield* param("loc", 0),
            yield* param("scale", 1, { support: Support.positive }),
          ]
          yield* sample("v", Normal({ loc, scale }))
          const [at, width] = [
            yield* param("at", tf.zeros([9])),
            yield* param("width", tf.ones([9]), { support: Support.positive }),
          ]
          return yield* sample(x, Normal({ loc: at, scale: width }).toEvent(1))
        })
      const optimizer = Optimizer.adam(Schedule.exponential(0.05, { transitionSteps: 250, decayRate: 0.3 }))
      const options = { steps: 600, optimizer }
      const centered = yield* fitSVI(funnel, independent("x"), null, options)
      const decentered = yield* fitSVI(
        () => reparam(funnel(), ["x"], nonCentered()),
        independent("x_decentered"),
        null,
        options,
      )
      // log p of nothing is 0. In x, the best that independent Gaussians can do lies far below.
      const last = (fit: { readonly history: ReadonlyArray<{ readonly metrics: object }> }) => {
        const tail = fit.history.slice(-100).map(({ metrics }) => (metrics as { elbo: number }).elbo)
        return tail.reduce((sum, elbo) => sum + elbo, 0) / tail.length
      }
      expect(Math.abs(last(decentered))).toBeLessThan(0.02)
      expect(last(centered)).toBeLessThan(-0.5)
      // v's own deviation is 3.
      expect(number(decentered.params.scale)).toBeCloseTo(3, 0)
      expect(number(centered.params.scale)).toBeLessThan(2)
    }),
  )

  it.effect("refuses what it cannot split", () =>
    Effect.gen(function* () {
      const refusal = (d: Distribution, how: Reparam<string>) =>
        Effect.flip(trace(reparam(sample("x", d), ["x"], how), { key }))
      const gamma = Gamma({ concentration: 2, rate: 1 })
      const correlated = MultivariateNormal({
        loc: [0, 0],
        scaleTril: [
          [1, 0],
          [0.5, 1],
        ],
      })
      expect((yield* refusal(gamma, nonCentered())).message).toContain('site "x"')
      expect((yield* refusal(correlated, autoReparam())).message).toContain("MultivariateNormal")
      expect((yield* refusal(Normal({ loc: 0, scale: 1 }), transformReparam())).message).toContain(
        "Transformed",
      )
      // The distribution's own problem comes first, under the site's own name.
      expect((yield* refusal(Normal({ loc: 0, scale: -1 }), nonCentered())).message).toContain('"x"')
    }),
  )
})
