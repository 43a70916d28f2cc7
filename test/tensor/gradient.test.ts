/** Value, gradient and by-products, against calculus; and the tape after a throw. */
import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Exit } from "effect"
import { Backend } from "../../src/tensor/Backend.ts"
import { valueAndGradient } from "../../src/tensor/gradient.ts"
import { scoped } from "../../src/tensor/Memory.ts"
import { expectClose, numbers } from "../effects/numbers.ts"

const count = (): number => tf.engine().state.numTensors

/** Runs `body` and requires that it leave no tensor. */
const leavesNothing = <A>(body: () => A): A => {
  const before = count()
  const result = body()
  expect(count()).toBe(before)
  return result
}

for (const backend of [Backend.cpu, Backend.wasm]) {
  layer(backend())(`on ${backend.name}`, (it) => {
    describe("valueAndGradient", () => {
      const at = () => ({ a: tf.tensor1d([1, 2, 3]), deep: { b: tf.scalar(2), unused: tf.ones([2, 2]) } })

      it.effect("gives the value, a gradient for every leaf, and tensors beside", () =>
        Effect.sync(() => {
          leavesNothing(() =>
            tf.tidy(() => {
              // b Σ a² at a = (1, 2, 3), b = 2.
              const { value, aux, gradient } = valueAndGradient(at(), ({ a, deep }) => {
                const squares = tf.square(a)
                return { value: tf.mul(deep.b, tf.sum(squares)), aux: { squares, given: a } }
              })
              expectClose(value, 28)
              expectClose(gradient.a, [4, 8, 12])
              expectClose(gradient.deep.b, 14)
              expectClose(gradient.deep.unused, [0, 0, 0, 0])
              expect(gradient.deep.unused.shape).toEqual([2, 2])
              expect(numbers(aux.squares!)).toEqual([1, 4, 9])
              expect(numbers(aux.given!)).toEqual([1, 2, 3])
            }),
          )
        }),
      )

      it.effect("tells leaves that it does not depend on from those whose gradient is zero there", () =>
        Effect.sync(() => {
          leavesNothing(() =>
            tf.tidy(() => {
              // Of b · 0 + read(deep.read), at values that make every gradient zero.
              const { gradient, untouched } = valueAndGradient(
                { b: tf.scalar(1), zero: tf.scalar(0), deep: { unused: tf.scalar(2), read: tf.scalar(3) } },
                ({ b, zero, deep }) => ({
                  value: tf.add(tf.mul(tf.mul(b, zero), zero), deep.read.dataSync()[0]!),
                  aux: {},
                }),
              )
              for (const leaf of [gradient.b, gradient.zero, gradient.deep.unused]) expectClose(leaf, 0)
              expect(untouched).toEqual(["deep/unused", "deep/read"])
            }),
          )
        }),
      )

      it.effect("takes a tree without leaves", () =>
        Effect.sync(() => {
          leavesNothing(() =>
            tf.tidy(() => {
              const { value, gradient, untouched } = valueAndGradient({}, () => ({
                value: tf.scalar(5),
                aux: {},
              }))
              expectClose(value, 5)
              expect(gradient).toEqual({})
              expect(untouched).toEqual([])
            }),
          )
        }),
      )

      it.effect("takes a value that is a leaf itself, or depends on none", () =>
        Effect.sync(() => {
          leavesNothing(() =>
            tf.tidy(() => {
              const own = valueAndGradient({ b: tf.scalar(3) }, ({ b }) => ({ value: b, aux: { b } }))
              expectClose(own.value, 3)
              expectClose(own.gradient.b, 1)
              const none = valueAndGradient({ b: tf.scalar(3) }, () => ({ value: tf.scalar(5), aux: {} }))
              expectClose(none.value, 5)
              expectClose(none.gradient.b, 0)
            }),
          )
        }),
      )

      it.effect("leaves no tensor, nor a tape, where the function or the gradient throws", () =>
        Effect.sync(() => {
          const boom = () => {
            throw new Error("boom")
          }
          const faults: ReadonlyArray<(a: tf.Tensor) => tf.Tensor> = [
            (a) => tf.add(tf.sum(tf.exp(tf.square(a))), boom()),
            // The forward pass is fine; the backward one is not.
            (a) =>
              tf.sum(tf.customGrad((x) => ({ value: tf.exp(x as tf.Tensor), gradFunc: boom }))(tf.square(a))),
          ]
          for (const fault of faults) {
            leavesNothing(() =>
              expect(() =>
                tf.tidy(
                  () =>
                    valueAndGradient(at(), ({ a }) => {
                      const kept = tf.exp(a)
                      return { value: fault(a), aux: { kept } }
                    }).value,
                ),
              ).toThrow("boom"),
            )
          }
          // And the next one works.
          tf.tidy(() => {
            const { gradient } = valueAndGradient({ b: tf.scalar(3) }, ({ b }) => ({
              value: tf.square(b),
              aux: {},
            }))
            expectClose(gradient.b, 6)
          })
        }),
      )

      it.effect("nests: the gradient of a gradient", () =>
        Effect.sync(() => {
          leavesNothing(() =>
            tf.tidy(() => {
              // d/dx of d/dx x³ = 6x.
              const { value, gradient } = valueAndGradient({ x: tf.scalar(2) }, ({ x }) => ({
                value: valueAndGradient({ x }, ({ x }) => ({ value: tf.mul(x, tf.square(x)), aux: {} }))
                  .gradient.x,
                aux: {},
              }))
              expectClose(value, 12)
              expectClose(gradient.x, 12)
            }),
          )
        }),
      )
    })

    describe("scoped", () => {
      it.effect(
        "frees the result's tensors when the scope closes, however it closes, also those that are gone",
        () =>
          Effect.gen(function* () {
            const made = scoped(
              Effect.sync(() => [tf.zeros([2]), tf.ones([3])]),
              (tensors) => tensors,
            )
            for (const end of [Effect.void, Effect.fail("no"), Effect.interrupt]) {
              const before = count()
              const exit = yield* Effect.exit(
                Effect.scoped(
                  Effect.flatMap(made, ([zeros]) => {
                    expect(count()).toBe(before + 2)
                    zeros!.dispose()
                    return end
                  }),
                ),
              )
              expect(Exit.isExit(exit)).toBe(true)
              expect(count()).toBe(before)
            }
          }),
      )
    })
  })
}
