/** Masked cells count for nothing: not in the value, not in the gradient, whatever stands in them. */
import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Context, Effect } from "effect"
import { total } from "../../../src/effects/logDensity.ts"
import { run } from "../../../src/effects/run.ts"
import {
  Backend,
  Bernoulli,
  Categorical,
  type Distribution,
  factor,
  HalfNormal,
  InvalidArgument,
  Key,
  LogNormal,
  logDensity,
  Masked,
  mask,
  Normal,
  OneHotCategorical,
  OutsideSupport,
  observe,
  plate,
  ShapeMismatch,
  sample,
  trace,
  Uniform,
  type Value,
} from "../../../src/index.ts"
import { expectClose, normal, numbers, sum } from "../numbers.ts"

const key = Key.key(15)
const nothing = { values: {}, params: {} }
const nan = Number.NaN

/** Value and gradient in `theta` of a program's log-density. */
const scored = (theta: number, program: (theta: tf.Tensor) => Effect.Effect<unknown, never, unknown>) =>
  tf.tidy(() => {
    const at = tf.scalar(theta)
    const f = (theta: tf.Tensor) => total(run(program(theta), Context.empty(), {}))
    const { value, grad } = tf.valueAndGrad(f)(at)
    return { value: numbers(value)[0]!, gradient: numbers(grad)[0]! }
  })

layer(Backend.cpu())((it) => {
  describe("mask", () => {
    it.effect("may stand in the data's own distribution, over whatever the cells left out hold", () =>
      Effect.gen(function* () {
        const whole = Normal({ loc: [1, 1, 1], scale: 2 })
        const rows = plate("rows", { size: 3 })
        const own = observe("x", Masked(whole, [true, false, true]), [3, nan, 5]).pipe(rows)
        const both = mask(observe("x", Masked(whole, [true, false, true]), [3, nan, nan]), [1, 1, 0])
        expectClose(yield* logDensity(own, nothing), normal(3, 1, 2) + normal(5, 1, 2))
        expectClose(yield* logDensity(both.pipe(rows), nothing), normal(3, 1, 2))
      }),
    )

    it.effect("counts the cells where it is 1", () =>
      Effect.gen(function* () {
        const program = observe("x", Normal({ loc: 1, scale: 2 }), [3, 4, 5]).pipe(plate("rows", { size: 3 }))
        const lp = yield* logDensity(mask(program, [1, 0, 1]), nothing)
        expectClose(lp, normal(3, 1, 2) + normal(5, 1, 2))
        expectClose(yield* logDensity(mask(program, 0), nothing), 0)
        const bools = tf.tensor([false, true, false], undefined, "bool")
        expectClose(yield* logDensity(mask(program, bools), nothing), normal(4, 1, 2))
        bools.dispose()
      }),
    )

    it.effect("counts factors and latent sites by the same rule", () =>
      Effect.gen(function* () {
        const program = Effect.gen(function* () {
          yield* sample("z", Normal({ loc: 0, scale: 1 }))
          yield* factor("f", [10, 20])
        }).pipe(plate("rows", { size: 2 }))
        const lp = yield* logDensity(mask(program, [0, 1]), { values: { z: [1, 2] }, params: {} })
        expectClose(lp, normal(2, 0, 1) + 20)
      }),
    )

    it.effect("drops a weight that is not a number, and a density that parameters spoil", () =>
      Effect.gen(function* () {
        const rows = plate("rows", { size: 2 })
        expectClose(yield* logDensity(mask(factor("f", [nan, 20]).pipe(rows), [0, 1]), nothing), 20)
        const recorded = tf.tidy(() => {
          const loc = tf.tensor([nan, 1])
          const program = mask(observe("x", Normal({ loc, scale: 1 }), [5, 3]).pipe(rows), [0, 1])
          return numbers(total(run(program, Context.empty(), {})))[0]!
        })
        expectClose(recorded, normal(3, 1, 1))
      }),
    )

    it.effect("stretches to the plates, and two masks are both", () =>
      Effect.gen(function* () {
        const grid = [
          [1, 2, 3],
          [4, 5, 6],
        ]
        const program = observe("x", Normal({ loc: 0, scale: 1 }), grid).pipe(
          plate("columns", { size: 3, dim: -1 }),
          plate("rows", { size: 2, dim: -2 }),
        )
        const columns = mask(program, [1, 1, 0])
        expectClose(yield* logDensity(columns, nothing), sum([1, 2, 4, 5].map((x) => normal(x, 0, 1))))
        const rows = mask(columns, [[0], [1]])
        expectClose(yield* logDensity(rows, nothing), sum([4, 5].map((x) => normal(x, 0, 1))))
      }),
    )

    it.effect("is refused where it does not stretch, naming the site", () =>
      Effect.gen(function* () {
        const program = sample("z", Normal({ loc: 0, scale: 1 })).pipe(plate("rows", { size: 3 }))
        const error = yield* Effect.flip(trace(mask(program, [1, 0]), { key }))
        expect(error).toBeInstanceOf(ShapeMismatch)
        expect(error.message).toBe(
          'site "z": expected a mask that stretches to the batch shape [3], found a mask of shape [2]',
        )
        const outside = yield* Effect.flip(trace(mask(factor("f", 1), [1, 1]), { key }))
        expect(outside.message).toContain('factor "f"')
      }),
    )

    it.effect("keeps the plate's scale: the mask does not change who is present", () =>
      Effect.gen(function* () {
        const program = observe("x", Normal({ loc: 0, scale: 1 }), [1, 2]).pipe(
          plate("rows", { size: 10, subsample: 2 }),
        )
        expectClose(yield* logDensity(mask(program, [1, 0]), nothing), 5 * normal(1, 0, 1))
      }),
    )
  })

  describe("a masked placeholder", () => {
    const rows = plate("rows", { size: 3 })
    const keep = [1, 0, 1]
    const families: ReadonlyArray<
      readonly [
        name: string,
        theta: number,
        distribution: (theta: tf.Tensor) => Distribution,
        whole: Value,
        holed: Value,
      ]
    > = [
      ["Normal", 0.7, (loc) => Normal({ loc, scale: 2 }), [1, 2, 3], [1, nan, 3]],
      ["Normal's scale", 0.7, (scale) => Normal({ loc: 0, scale }), [1, 2, 3], [1, Infinity, 3]],
      ["LogNormal", 0.7, (loc) => LogNormal({ loc, scale: 2 }), [1, 2, 3], [1, nan, 3]],
      ["LogNormal, outside", 0.7, (loc) => LogNormal({ loc, scale: 2 }), [1, 2, 3], [1, -7, 3]],
      ["HalfNormal", 0.7, (scale) => HalfNormal({ scale }), [1, 2, 3], [1, nan, 3]],
      ["Bernoulli", 0.7, (logits) => Bernoulli({ logits }), [1, 0, 1], [1, nan, 1]],
      ["Bernoulli, by probs", 0.7, (probs) => Bernoulli({ probs }), [1, 0, 1], [1, nan, 1]],
      ["Uniform", 8, (high) => Uniform({ low: 0, high }), [1, 2, 3], [1, nan, 3]],
      [
        "Uniform, each its own ends",
        8,
        (high) => Uniform({ low: tf.tensor([0, 2, 1]), high }),
        [1, 2, 3],
        [1, nan, 3],
      ],
      [
        "Categorical",
        0.7,
        (a) => Categorical({ logits: tf.stack([a, tf.scalar(0), tf.scalar(1)]) }),
        [0, 1, 2],
        [0, nan, 2],
      ],
      [
        "OneHotCategorical",
        0.7,
        (a) => OneHotCategorical({ logits: tf.stack([a, tf.scalar(0)]) }),
        [
          [1, 0],
          [1, 0],
          [0, 1],
        ],
        [
          [1, 0],
          [nan, nan],
          [0, 1],
        ],
      ],
      [
        "an event of two",
        0.7,
        (loc) => Normal({ loc: tf.stack([loc, tf.scalar(0)]), scale: 1 }).toEvent(1),
        [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
        [
          [1, 2],
          [nan, 4],
          [5, 6],
        ],
      ],
    ]
    for (const [name, theta, distribution, whole, holed] of families) {
      it.effect(`has no influence on value or gradient: ${name}`, () =>
        Effect.gen(function* () {
          const program = (data: Value) => (theta: tf.Tensor) =>
            mask(observe("x", distribution(theta), data).pipe(rows), keep)
          const clean = scored(theta, program(whole))
          const dirty = scored(theta, program(holed))
          expect(Number.isFinite(clean.value) && Number.isFinite(clean.gradient)).toBe(true)
          expect(clean.gradient).not.toBe(0)
          expect(dirty).toEqual(clean)
          // Nor is it an error to have one; a bad value in a cell that counts is.
          const at = tf.scalar(theta)
          yield* trace(program(holed)(at), { key })
          const counted = mask(observe("x", distribution(at), holed).pipe(rows), [0, 1, 0])
          expect(yield* Effect.flip(trace(counted, { key }))).toBeInstanceOf(OutsideSupport)
          at.dispose()
        }),
      )
    }

    it.effect("has no influence through a model with latent values around it", () =>
      Effect.sync(() => {
        const regression = (data: Value) => (slope: tf.Tensor) =>
          mask(
            observe("y", Normal({ loc: tf.mul(slope, tf.tensor([1, 2, 3])), scale: 0.5 }), data).pipe(rows),
            keep,
          )
        const { value, gradient } = scored(2, regression([1, nan, 3]))
        expectClose(value, normal(1, 2, 0.5) + normal(3, 6, 0.5))
        // d/dslope Σ log N(y; slope·x, σ²) = Σ (y − slope·x) x / σ²
        expectClose(gradient, ((1 - 2) * 1 + (3 - 6) * 3) / 0.25)
      }),
    )
  })

  describe("scale", () => {
    it.effect("and mask leave other errors as they are", () =>
      Effect.gen(function* () {
        const program = mask(sample("z", Normal({ loc: 0, scale: 1 })), 1) as Effect.Effect<unknown>
        expect(yield* Effect.flip(logDensity(program, nothing))).toBeInstanceOf(InvalidArgument)
      }),
    )
  })
})
