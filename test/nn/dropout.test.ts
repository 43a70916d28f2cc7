import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Context, Effect } from "effect"
import { attempt, run } from "../../src/effects/run.ts"
import { apply } from "../../src/nn/apply.ts"
import { dropout } from "../../src/nn/dropout.ts"
import { sequential } from "../../src/nn/sequential.ts"
import { Backend } from "../../src/tensor/Backend.ts"
import { InvalidArgument } from "../../src/tensor/errors.ts"
import * as Key from "../../src/tensor/Key.ts"
import { expectOnly, expectTensor, runOf, thrownBy } from "./support.ts"

const n = 100_000
/** Two-sided, 1e-6 for each of two checks at three rates: 6e-6 in all. */
const z = 4.9

layer(Backend.cpu())("dropout", (it) => {
  it.for([0.1, 0.5, 0.9])("at %d: zeros at that rate, the rest over 1 − rate, the mean kept", (rate) => {
    tf.tidy(() => {
      const y = dropout(rate)
        .apply({}, tf.ones([n]), runOf(true))
        .dataSync() as Float32Array
      const kept = Math.fround(1 / (1 - rate))
      expect(y.every((v) => v === 0 || v === kept)).toBe(true)
      const dropped = y.filter((v) => v === 0).length / n
      expect(Math.abs(dropped - rate)).toBeLessThan(z * Math.sqrt((rate * (1 - rate)) / n))
      const mean = y.reduce((sum, v) => sum + v, 0) / n
      expect(Math.abs(mean - 1)).toBeLessThan(z * Math.sqrt(rate / (1 - rate) / n))
    })
  })

  it("does nothing outside training, nor at rate 0", () => {
    const x = tf.tensor([1, 2, 3])
    expect(dropout(0.5).apply({}, x, runOf(false))).toBe(x)
    expect(dropout(0).apply({}, x, runOf(true))).toBe(x)
    expectOnly(1, () => dropout(0.5).apply({}, x, runOf(true)))
    x.dispose()
  })

  it("multiplies the gradient by its mask", () => {
    tf.tidy(() => {
      const x = tf.ones([50])
      const f = (x: tf.Tensor) => dropout(0.5).apply({}, x, runOf(true))
      const gradient = tf.grad(f)(x)
      expectTensor(gradient, [50], [...f(x).dataSync()], 0)
    })
  })

  it("has the key's mask", () => {
    tf.tidy(() => {
      const mask = (seed: number) => [
        ...dropout(0.5)
          .apply({}, tf.ones([64]), runOf(true, Key.key(seed)))
          .dataSync(),
      ]
      expect(mask(1)).toEqual(mask(1))
      expect(mask(1)).not.toEqual(mask(2))
    })
  })

  describe("in a program", () => {
    const cells = 1000
    const program = Effect.gen(function* () {
      const x = tf.ones([cells])
      const layers = sequential(dropout(0.5), dropout(0.5))
      return {
        a: yield* apply("a", dropout(0.5), x),
        again: yield* apply("a", dropout(0.5), x),
        b: yield* apply("b", dropout(0.5), x),
        both: yield* apply("c", layers, x),
      }
    })
    const masks = (training: boolean, seed = 0) =>
      attempt(() =>
        tf.tidy(() => {
          const { result } = run(program, Context.empty(), { key: Key.key(seed), training })
          return Object.entries(result).map(([name, y]) => [name, [...y.dataSync()]] as const)
        }),
      ).pipe(
        Effect.map(
          (entries) => Object.fromEntries(entries) as Record<"a" | "again" | "b" | "both", Array<number>>,
        ),
      )

    it.effect("names have masks of their own, and so have places in a network", () =>
      Effect.gen(function* () {
        const { a, again, b, both } = yield* masks(true)
        expect(again).toEqual(a)
        expect(b).not.toEqual(a)
        // Two masks of their own leave 4 in a quarter of the places, two equal ones in half. False alarm: 1e-6.
        const expected = cells / 4
        const kept = both.filter((v) => v === 4).length
        expect(Math.abs(kept - expected)).toBeLessThan(z * Math.sqrt(expected * 0.75))
        expect((yield* masks(true)).a).toEqual(a)
        expect((yield* masks(true, 1)).a).not.toEqual(a)
      }),
    )

    it.effect("only a run that trains drops", () =>
      Effect.gen(function* () {
        const { a, both } = yield* masks(false)
        expect(a).toEqual(new Array(cells).fill(1))
        expect(both).toEqual(new Array(cells).fill(1))
      }),
    )
  })

  it.for([1, 1.5, -0.1, Number.NaN])("refuses the rate %d when it is used", (rate) => {
    const error = thrownBy(() => dropout(rate).apply({}, tf.scalar(0), runOf(false)))
    expect(error).toBeInstanceOf(InvalidArgument)
    expect((error as Error).message).toBe(`test/dropout: expected a rate in [0, 1), found ${rate}`)
    expect(() => dropout(rate).init(Key.key(0))).toThrow("a rate in [0, 1)")
  })
})
