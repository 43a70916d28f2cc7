/**
 * Every algorithm goes on from a checkpoint and ends with the bits of a fit that never stopped; and can be interrupted at
 * any moment, when it hands out what there is, leaves no tensor, and goes on from there.
 */
import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Fiber } from "effect"
import { Backend, Checkpoint, type Interrupted, Key, resume, Storage } from "../../../src/index.ts"
import * as Tree from "../../../src/tensor/Tree.ts"
import { algorithms, type Options } from "./algorithms.ts"

/** Turns within which most fits here end. */
const TURNS = 40

for (const backend of ["cpu", "wasm"] as const) {
  layer(Backend[backend](), { excludeTestServices: true })(`on ${backend}`, (it) => {
    const times = backend === "cpu" ? 200 : 20
    describe.each(algorithms)("$name", ({ name, fit, length }) => {
      it.effect("goes on from every length as if it had never stopped", () =>
        Effect.gen(function* () {
          const whole = yield* fit({ length })
          for (const cut of [1, length - 1, length]) {
            const part = yield* fit({ length: cut })
            const checkpoint = yield* part.checkpoint
            const bytes = yield* Checkpoint.encode(checkpoint)
            const again = yield* fit({ length, resume: yield* Checkpoint.decode(bytes, "a file") })
            expect(again.history).toEqual(whole.history)
            expect(Tree.toHost(again.params)).toEqual(Tree.toHost(whole.params))
          }
        }),
      )

      it.effect(
        "is interrupted at many random moments (200 on cpu, 20 on wasm): a partial result, no tensor, and on from there",
        () =>
          Effect.gen(function* () {
            const ended = (options: Options) =>
              Effect.scoped(
                Effect.map(fit(options), ({ params, history }) => ({ params: Tree.toHost(params), history })),
              )
            const whole = yield* ended({ length })
            const { numTensors, numBytes } = tf.memory()
            const moments = Key.uniformValues(Key.foldInName(Key.key(3), name), [times])
            const partials: Array<Interrupted> = []
            for (const moment of moments) {
              const fiber = yield* Effect.forkChild(
                Effect.scoped(
                  fit({
                    length,
                    onStep: () => Effect.yieldNow,
                    onInterrupt: (partial) => Effect.sync(() => void partials.push(partial)),
                  }),
                ),
              )
              // Fibers take turns: so many turns are so many places in the fit where it may be met.
              const turns = Math.floor(TURNS * moment ** 2)
              for (let turn = 0; turn < turns && fiber.pollUnsafe() === undefined; turn++)
                yield* Effect.yieldNow
              yield* Fiber.interrupt(fiber)
              expect(tf.memory()).toMatchObject({ numTensors, numBytes })
            }
            for (const { params, checkpoint, steps } of partials) {
              expect(Object.keys(params)).toEqual(Object.keys(whole.params))
              for (const { values } of Object.values(params))
                expect([...values].every(Number.isFinite)).toBe(true)
              expect(steps).toBe(checkpoint.about.step)
            }
            const byStep = new Map(partials.map((partial) => [partial.steps, partial]))
            for (const { checkpoint } of byStep.values()) {
              expect(yield* ended({ length, resume: checkpoint })).toEqual(whole)
            }
            expect(byStep.size).toBeGreaterThanOrEqual(2)
          }),
      )

      it.effect("goes on from a file", () =>
        Effect.gen(function* () {
          const whole = yield* fit({ length })
          yield* fit({ length: 2, checkpoint: { path: "a/fit.safetensors", every: 1, keep: 3 } })
          for (const path of ["a/fit.safetensors", "a/fit.safetensors.1", "a/fit.safetensors.2"]) {
            const again = yield* fit({ length, resume: yield* resume(path) })
            expect(Tree.toHost(again.params)).toEqual(Tree.toHost(whole.params))
          }
        }).pipe(Effect.provideServiceEffect(Storage, Storage.memory)),
      )
    })
  })
}
