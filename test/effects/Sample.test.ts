import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Context, Effect } from "effect"
import { run } from "../../src/effects/run.ts"
import {
  Backend,
  Bernoulli,
  Categorical,
  type DuplicateSite,
  HalfNormal,
  InvalidParameter,
  Key,
  LogNormal,
  Normal,
  type OutsideSupport,
  observe,
  plate,
  ShapeMismatch,
  sample,
  trace,
  Uniform,
} from "../../src/index.ts"
import { expectClose, logNormal, normal, numbers } from "./numbers.ts"

const key = Key.key(1)
const standard = Normal({ loc: 0, scale: 1 })

layer(Backend.cpu())((it) => {
  describe("sample", () => {
    it.effect("draws with the run's key, folded with the site's name", () =>
      Effect.gen(function* () {
        const t = yield* trace(sample("z", Normal({ loc: 3, scale: 2 })), { key })
        const [noise] = Key.normalValues(Key.foldInName(key, "z"), [])
        expectClose(t.result, 3 + 2 * noise!)
        expect(t.values.z).toBe(t.result)
      }),
    )

    it.effect("gives the same draw for the same key, another for another key or name", () =>
      Effect.gen(function* () {
        const draw = Effect.fnUntraced(function* (name: string, seed: number) {
          return numbers((yield* trace(sample(name, standard), { key: Key.key(seed) })).result)[0]
        })
        const first = yield* draw("z", 0)
        expect(yield* draw("z", 0)).toBe(first)
        expect(yield* draw("z", 1)).not.toBe(first)
        expect(yield* draw("w", 0)).not.toBe(first)
      }),
    )

    it.effect("does not move a site's draw when another site comes or goes, or the order changes", () =>
      Effect.gen(function* () {
        const a = sample("a", Normal.standard([3]))
        const b = sample("b", LogNormal({ loc: 0, scale: 1 }))
        const coin = sample("coin", Bernoulli({ probs: 0.5 }))
        const alone = yield* trace(a, { key })
        const together = yield* trace(Effect.all([coin, b, a]), { key })
        const turned = yield* trace(Effect.all([a, b, coin]), { key })
        expect(numbers(together.values.a)).toEqual(numbers(alone.values.a))
        expect(numbers(turned.values.b)).toEqual(numbers(together.values.b))
        expect(numbers(turned.values.coin)).toEqual(numbers(together.values.coin))
      }),
    )

    it.effect("scores the draw", () =>
      Effect.gen(function* () {
        const t = yield* trace(
          Effect.all([
            sample("a", Normal({ loc: 1, scale: 2 })),
            sample("b", LogNormal({ loc: 0.5, scale: 0.3 })),
          ]),
          { key },
        )
        const [a, b] = [numbers(t.values.a)[0]!, numbers(t.values.b)[0]!]
        expectClose(t.sites.get("a")!.logProb, normal(a, 1, 2))
        expectClose(t.sites.get("b")!.logProb, logNormal(b, 0.5, 0.3))
        expectClose(t.logDensity, normal(a, 1, 2) + logNormal(b, 0.5, 0.3))
      }),
    )

    it.effect("draws from discrete and bounded families within their supports", () =>
      Effect.gen(function* () {
        const program = Effect.all({
          coin: sample("coin", Bernoulli({ probs: tf.fill([200], 0.3) }).toEvent(1)),
          half: sample("half", HalfNormal({ scale: tf.fill([200], 2) }).toEvent(1)),
          flat: sample("flat", Uniform({ low: tf.fill([200], -1), high: 3 }).toEvent(1)),
          face: sample("face", Categorical({ probs: [0.2, 0.3, 0.5] })),
        })
        const t = yield* trace(program, { key })
        expect(numbers(t.values.coin).every((x) => x === 0 || x === 1)).toBe(true)
        // 200 draws at 0.3: outside 30…90 with probability below 1e-5.
        const ones = numbers(t.values.coin).filter((x) => x === 1).length
        expect(ones).toBeGreaterThan(30)
        expect(ones).toBeLessThan(90)
        expect(numbers(t.values.half).every((x) => x > 0)).toBe(true)
        expect(numbers(t.values.flat).every((x) => x >= -1 && x <= 3)).toBe(true)
        expect([0, 1, 2]).toContain(numbers(t.values.face)[0])
        expectClose(t.sites.get("flat")!.logProb, 200 * Math.log(0.25))
      }),
    )

    it.effect("lets gradients through pathwise draws and not through the others", () =>
      Effect.sync(() => {
        const drawn = (program: (p: tf.Tensor) => Effect.Effect<tf.Tensor, never, unknown>) =>
          tf.grad((p) => tf.mul(1, run(program(p), Context.empty(), { key }).result))
        const [noise] = Key.normalValues(Key.foldInName(key, "z"), [])
        const half = tf.scalar(0.5)
        const slope = drawn((scale) => sample("z", Normal({ loc: 0, scale })))(half)
        expectClose(slope, noise!)
        // A draw that does not depend on its parameter by a path: tfjs has no gradient to give.
        expect(() => drawn((probs) => sample("coin", Bernoulli({ probs })))(half)).toThrow(/gradient/)
        tf.dispose([half, slope])
      }),
    )
  })

  describe("observe", () => {
    it.effect("scores the value and gives it back", () =>
      Effect.gen(function* () {
        const x = tf.tensor([0.5, -1])
        const t = yield* trace(observe("x", Normal({ loc: 1, scale: [1, 2] }).toEvent(1), x), { key })
        expect(t.result).toBe(x)
        expect(t.observed.x).toBe(x)
        expect(t.sites.get("x")!.observed).toBe(true)
        expectClose(t.logDensity, normal(0.5, 1, 1) + normal(-1, 1, 2))
        x.dispose()
      }),
    )

    it.effect("takes numbers and arrays", () =>
      Effect.gen(function* () {
        const t = yield* trace(
          Effect.all([
            observe("x", standard, 2),
            observe("y", Normal.standard([2, 2]), [
              [1, 2],
              [3, 4],
            ]),
          ]),
          { key },
        )
        expectClose(t.logDensity, normal(2, 0, 1) + [1, 2, 3, 4].reduce((s, x) => s + normal(x, 0, 1), 0))
      }),
    )

    it.effect("takes integers and booleans as data", () =>
      Effect.gen(function* () {
        const flips = tf.tensor([true, false, true], undefined, "bool")
        const t = yield* trace(observe("x", Bernoulli({ probs: [0.5, 0.25, 0.2] }).toEvent(1), flips), {
          key,
        })
        expectClose(t.logDensity, Math.log(0.5) + Math.log(0.75) + Math.log(0.2))
        flips.dispose()
      }),
    )

    it.effect("refuses a value outside the support, and says which", () =>
      Effect.gen(function* () {
        const labels = observe("label", Categorical({ probs: [0.5, 0.5] }), [0, 1, 2])
        const error = yield* Effect.flip(trace(labels.pipe(plate("rows", { size: 3 })), { key }))
        expect((error as OutsideSupport)._tag).toBe("OutsideSupport")
        expect(error.message).toContain('site "label"')
        expect(error.message).toContain("found 2 at index [2]")

        const nan = yield* Effect.flip(trace(observe("x", standard, Number.NaN), { key }))
        expect(nan.message).toContain('site "x"')
        expect(nan.message).toContain("found NaN")

        const negative = observe("t", LogNormal({ loc: 0, scale: 1 }), -1)
        expect((yield* Effect.flip(trace(negative, { key }))).message).toContain("positive")
      }),
    )
  })

  describe("shapes", () => {
    it.effect("refuses a batch dimension that no plate declares", () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(trace(sample("z", Normal({ loc: [0, 1, 2], scale: 1 })), { key }))
        expect(error).toBeInstanceOf(ShapeMismatch)
        expect(error.message).toContain('site "z"')
        expect(error.message).toContain("batch dimension -1 to be declared, by a plate")
        expect(error.message).toContain("toEvent")
        expect(error.message).toContain("found batch shape [3]")
      }),
    )

    it.effect("refuses an undeclared batch dimension of size one too", () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(trace(sample("z", Normal({ loc: [0], scale: 1 })), { key }))
        expect(error).toBeInstanceOf(ShapeMismatch)
        expect(error.message).toContain('site "z": expected batch dimension -1 to be declared')
        const inside = sample("z", Normal({ loc: [[0, 1, 2]], scale: 1 })).pipe(plate("rows", { size: 3 }))
        expect((yield* Effect.flip(trace(inside, { key }))).message).toContain("batch dimension -2")
      }),
    )

    it.effect("refuses an event of another shape", () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(trace(observe("x", Normal.standard([2]), [1, 2, 3]), { key }))
        expect(error).toBeInstanceOf(ShapeMismatch)
        expect(error.message).toContain('site "x"')
        expect(error.message).toContain("a value of shape [2] (batch [], event [2]), found [3]")
      }),
    )

    // Other libraries score N × N pairs here and say nothing.
    it.effect("refuses (N) against (N, 1), both ways, naming site and plate", () =>
      Effect.gen(function* () {
        const data = plate("data", { size: 3 })
        const flat = Normal({ loc: [0, 1, 2], scale: 1 })
        const column = Normal({ loc: [[0], [1], [2]], scale: 1 })
        const tall = yield* Effect.flip(trace(observe("x", flat, [[1], [2], [3]]).pipe(data), { key }))
        expect(tall).toBeInstanceOf(ShapeMismatch)
        expect(tall.message).toContain('site "x"')
        expect(tall.message).toContain('plate "data"')
        expect(tall.message).toContain("found [3, 1]")
        const wide = yield* Effect.flip(trace(observe("x", column, [1, 2, 3]).pipe(data), { key }))
        expect(wide).toBeInstanceOf(ShapeMismatch)
        expect(wide.message).toContain('site "x"')
        expect(wide.message).toContain("found batch shape [3, 1]")
      }),
    )

    it.effect("refuses a scalar where the plate has members", () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(
          trace(observe("x", standard, 1).pipe(plate("data", { size: 3 })), { key }),
        )
        expect(error.message).toContain('(batch [3] by plate "data", event []), found []')
      }),
    )
  })

  describe("a distribution with bad parameters", () => {
    it.effect("fails at the site, naming parameter, constraint, value and index", () =>
      Effect.gen(function* () {
        const host = yield* Effect.flip(trace(sample("z", Normal({ loc: 0, scale: [1, -2] })), { key }))
        expect(host).toBeInstanceOf(InvalidParameter)
        expect(host.message).toBe(
          'site "z": Normal: parameter "scale" must be positive and finite, found -2 at index [1]',
        )
        expect(host).toMatchObject({
          site: "z",
          family: "Normal",
          parameter: "scale",
          found: "-2",
          index: [1],
        })
      }),
    )

    it.effect("is found in tensors too, and inside an event", () =>
      Effect.gen(function* () {
        const scale = tf.tensor([
          [1, 1],
          [0, 1],
        ])
        const error = yield* Effect.flip(trace(sample("z", Normal({ loc: 0, scale }).toEvent(2)), { key }))
        expect(error).toBeInstanceOf(InvalidParameter)
        expect(error).toMatchObject({ site: "z", parameter: "scale", found: "0", index: [1, 0] })
        const loc = tf.scalar(Number.NaN)
        const nan = yield* Effect.flip(trace(observe("x", Normal({ loc, scale: 1 }), 0), { key }))
        expect(nan).toMatchObject({ site: "x", parameter: "loc", found: "NaN" })
        tf.dispose([scale, loc])
      }),
    )

    it.effect("fails where parameters do not broadcast, naming the site", () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(
          trace(sample("z", Normal({ loc: [0, 1], scale: [1, 2, 3] })), { key }),
        )
        expect(error).toBeInstanceOf(ShapeMismatch)
        expect(error.message).toContain('site "z"')
        expect(error.message).toContain("loc [2], scale [3]")
      }),
    )
  })

  describe("names", () => {
    it.effect("must be unique", () =>
      Effect.gen(function* () {
        const twice = Effect.all([sample("z", standard), sample("z", standard)])
        const error = yield* Effect.flip(trace(twice, { key }))
        expect((error as DuplicateSite)._tag).toBe("DuplicateSite")
        expect((error as DuplicateSite).site).toBe("z")
        expect(error.message).toContain('site "z" occurs twice')
        const mixed = Effect.all([sample("z", standard), observe("z", standard, 0)])
        expect((yield* Effect.flip(trace(mixed, { key })))._tag).toBe("DuplicateSite")
      }),
    )

    it.effect("may be computed at run time", () =>
      Effect.gen(function* () {
        const many = Effect.forEach([1, 2, 3], (i) => sample(`z${i}`, Normal({ loc: i, scale: 1e-3 })))
        const t = yield* trace(many, { key })
        expect([...t.sites.keys()]).toEqual(["z1", "z2", "z3"])
        expectClose(t.values.z2!, 2, 1e-2)
      }),
    )
  })
})
