import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import {
  Backend,
  Bernoulli,
  factor,
  InvalidArgument,
  InvalidParameter,
  Key,
  LogNormal,
  logDensity,
  Normal,
  OutsideSupport,
  observe,
  param,
  plate,
  ShapeMismatch,
  Support,
  sample,
  trace,
} from "../../src/index.ts"
import { expectClose, logNormal, normal, sum } from "./numbers.ts"

/** A hierarchical regression: every kind of site at once. */
const model = Effect.fnUntraced(function* (x: ReadonlyArray<number>, y: ReadonlyArray<number>) {
  const bias = yield* param("bias", 0)
  const noise = yield* param("noise", 1, { support: Support.positive })
  const spread = yield* sample("spread", LogNormal({ loc: 0, scale: 0.5 }))
  const w = yield* sample("w", Normal({ loc: [0, 0], scale: 1 }).toEvent(1))
  yield* factor("ridge", tf.mul(-0.1, tf.sum(tf.square(w))))
  return yield* Effect.gen(function* () {
    const u = yield* sample("u", Normal({ loc: 0, scale: tf.reshape(spread, [1]) }))
    const [w0, w1] = tf.unstack(w) as [tf.Tensor, tf.Tensor]
    const loc = tf.add(tf.add(tf.mul(w0, tf.tensor1d([...x])), tf.mul(w1, u)), bias)
    return yield* observe("y", Normal({ loc, scale: tf.reshape(noise, [1]) }), y)
  }).pipe(plate("rows", { size: 8, subsample: x.length }))
})

const at = {
  x: [0.5, -1],
  y: [1, 0.25],
  w: [0.7, -0.3],
  u: [0.2, 1.1],
  spread: 1.3,
  bias: 0.4,
  noise: 0.8,
}

/** The same in float64, term by term. */
const byHand = (a: typeof at): number => {
  const rows = a.x.map((x, i) => {
    const loc = a.w[0]! * x + a.w[1]! * a.u[i]! + a.bias
    return normal(a.u[i]!, 0, a.spread) + normal(a.y[i]!, loc, a.noise)
  })
  return (
    logNormal(a.spread, 0, 0.5) +
    sum(a.w.map((w) => normal(w, 0, 1))) -
    0.1 * sum(a.w.map((w) => w * w)) +
    (8 / 2) * sum(rows)
  )
}

layer(Backend.cpu())((it) => {
  describe("logDensity", () => {
    it.effect("is the sum over sites, factors and plates", () =>
      Effect.gen(function* () {
        const { x, y, w, u, spread, bias, noise } = at
        const params = { bias: tf.scalar(bias), noise: tf.scalar(noise) }
        const lp = yield* logDensity(model(x, y), { values: { w, u, spread }, params })
        expect(lp.shape).toEqual([])
        expectClose(lp, byHand(at))
        tf.dispose(params)
      }),
    )

    it.effect("agrees with the trace that drew the values", () =>
      Effect.gen(function* () {
        const t = yield* trace(model(at.x, at.y), { key: Key.key(5) })
        const lp = yield* logDensity(model(at.x, at.y), { values: t.values, params: t.params })
        expectClose(lp, t.logDensity.dataSync()[0]!, 1e-7)
        const value = (name: "w" | "u" | "spread") => Array.from(t.values[name].dataSync())
        const drawn = { w: value("w"), u: value("u"), spread: value("spread")[0]!, bias: 0, noise: 1 }
        expectClose(lp, byHand({ ...at, ...drawn }), 1e-5)
      }),
    )

    it.effect("is zero for a program without sites, and −∞ where a value cannot be", () =>
      Effect.gen(function* () {
        expectClose(yield* logDensity(Effect.succeed(1), { values: {}, params: {} }), 0)
        const never = observe("x", Bernoulli({ probs: 0 }), 1)
        const lp = yield* logDensity(never, { values: {}, params: {} })
        expect(lp.dataSync()[0]).toBe(Number.NEGATIVE_INFINITY)
      }),
    )
  })

  describe("logDensity refuses", () => {
    const program = sample("z", Normal({ loc: 0, scale: 1 }))
    const widened = program as Effect.Effect<tf.Tensor>

    it.effect("a latent site without a value", () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(logDensity(widened, { values: {}, params: {} }))
        expect(error).toBeInstanceOf(InvalidArgument)
        expect(error.message).toContain('site "z": expected a value for every latent site')
      }),
    )

    it.effect("a value of the wrong shape, or outside the support", () =>
      Effect.gen(function* () {
        const shape = yield* Effect.flip(logDensity(program, { values: { z: [1, 2] }, params: {} }))
        expect(shape).toBeInstanceOf(ShapeMismatch)
        expect(shape.message).toContain('site "z" (Normal)')
        const positive = sample("s", LogNormal({ loc: 0, scale: 1 }))
        const outside = yield* Effect.flip(logDensity(positive, { values: { s: -1 }, params: {} }))
        expect(outside).toBeInstanceOf(OutsideSupport)
        expect(outside.message).toContain('site "s"')
      }),
    )

    it.effect("a parameter that makes a distribution impossible", () =>
      Effect.gen(function* () {
        const negative = tf.scalar(-1)
        const spread = Effect.flatMap(param("s", 1), (scale) => sample("z", Normal({ loc: 0, scale })))
        const error = yield* Effect.flip(logDensity(spread, { values: { z: 0 }, params: { s: negative } }))
        expect(error).toBeInstanceOf(InvalidParameter)
        expect(error).toMatchObject({ site: "z", parameter: "scale", found: "-1" })
        negative.dispose()
      }),
    )
  })
})
