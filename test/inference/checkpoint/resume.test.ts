/** A fit that goes on from a checkpoint ends with the bits of one that never stopped, whatever the algorithm. */
import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, type Scope } from "effect"
import {
  Backend,
  Checkpoint,
  Dataset,
  fitSVI,
  Key,
  type Metrics,
  Optimizer,
  resume,
  Storage,
  type SurvivalOptions,
} from "../../../src/index.ts"
import * as Tree from "../../../src/tensor/Tree.ts"
import { rows } from "../gaussian.ts"

/** A fit of any algorithm: how it runs for `length`, and what of its end must be the same to the bit. */
interface Case {
  readonly name: string
  readonly length: number
  readonly fit: (
    options: SurvivalOptions & { readonly length: number },
  ) => Effect.Effect<End, unknown, Backend | Scope.Scope>
}

interface End {
  readonly params: Tree.Tree
  readonly history: ReadonlyArray<number | Metrics>
  readonly checkpoint: Effect.Effect<Checkpoint.Checkpoint, unknown>
}

const values = Array.from(Key.normalValues(Key.key(1), [20]))

const cases: ReadonlyArray<Case> = [
  {
    name: "fitSVI with moments, minibatches, held-out data, a state remembered",
    length: 9,
    fit: ({ length, ...options }) =>
      Effect.gen(function* () {
        const data = yield* Dataset.fromArray(values, [20])
        const fit = yield* fitSVI(rows.model(20, 1.3, 0.2), rows.guide(20), data, {
          ...(options.resume === undefined && { key: Key.key(2) }),
          batchSize: 6,
          epochs: length,
          optimizer: Optimizer.chain(Optimizer.clipByNorm(10), Optimizer.adam(0.05)),
          heldOut: { data, batchSize: 7 },
          earlyStopping: { patience: 3 },
          nonFinite: "restore",
          ...options,
        })
        return {
          params: fit.params as unknown as Tree.Tree,
          history: fit.history.map(({ metrics, heldOut }) => ({ ...metrics, ...heldOut })),
          checkpoint: fit.checkpoint,
        }
      }),
  },
]

for (const backend of ["cpu", "wasm"] as const) {
  layer(Backend[backend]())(`on ${backend}`, (it) => {
    describe.each(cases)("$name", ({ fit, length }) => {
      it.effect("goes on from every length as if it had never stopped", () =>
        Effect.gen(function* () {
          const whole = yield* fit({ length })
          for (const cut of [1, 2, length - 1, length]) {
            const part = yield* fit({ length: cut })
            const checkpoint = yield* part.checkpoint
            const bytes = yield* Checkpoint.encode(checkpoint)
            const again = yield* fit({ length, resume: yield* Checkpoint.decode(bytes, "a file") })
            expect(again.history).toEqual(whole.history)
            expect(Tree.toHost(again.params)).toEqual(Tree.toHost(whole.params))
          }
        }),
      )

      it.effect("goes on from what an interruption hands out, and leaves no tensor", () =>
        Effect.gen(function* () {
          const whole = yield* fit({ length })
          const tensors = tf.memory().numTensors
          for (const steps of [1, 5, 17]) {
            let checkpoint: Checkpoint.Checkpoint | undefined
            let left = steps
            const partial = fit({
              length,
              onInterrupt: (partial) =>
                Effect.sync(() => {
                  checkpoint = partial.checkpoint
                }),
              ...({ onStep: () => (--left === 0 ? Effect.interrupt : Effect.void) } as {}),
            })
            yield* Effect.exit(partial)
            expect(tf.memory().numTensors).toBe(tensors)
            const again = yield* Effect.scoped(
              Effect.map(fit({ length, resume: checkpoint! }), ({ params, history }) => ({
                params: Tree.toHost(params),
                history,
              })),
            )
            expect(again.history).toEqual(whole.history)
            expect(again.params).toEqual(Tree.toHost(whole.params))
          }
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
