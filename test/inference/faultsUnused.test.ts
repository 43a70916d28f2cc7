/** Guides that would never move: found in the first step, each by the names of its parameters. */
import { expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, type Scope } from "effect"
import {
  Backend,
  fitSVI,
  Key,
  Normal,
  Optimizer,
  observe,
  param,
  paramTree,
  sample,
} from "../../src/index.ts"
import { detach } from "../../src/tensor/stable.ts"

const model = () =>
  Effect.flatMap(sample("z", Normal({ loc: 0, scale: 1 })), (z) =>
    observe("x", Normal({ loc: z, scale: 1 }), 1),
  )

/** Guides with a parameter `moves` that the loss touches and others that it does not. */
const faults: ReadonlyArray<{
  readonly planted: string
  readonly loc: () => Effect.Effect<tf.Tensor, never, unknown>
  readonly params: ReadonlyArray<string>
}> = [
  {
    planted: "a parameter that is read and left",
    loc: () => Effect.flatMap(param("spare", 1), () => param("moves", 0)),
    params: ["spare"],
  },
  {
    planted: "a parameter that is used as a number",
    loc: () => Effect.map(param("copied", 1), (copied) => tf.scalar(copied.dataSync()[0]!)),
    params: ["copied"],
  },
  {
    planted: "a parameter behind a stopped gradient",
    loc: () => Effect.map(param("stopped", 1), (stopped) => detach(() => tf.mul(stopped, 2))),
    params: ["stopped"],
  },
  {
    planted: "a whole tree of parameters, and another",
    loc: () =>
      Effect.gen(function* () {
        yield* paramTree("network", () => ({ a: tf.scalar(1), b: tf.ones([2]) }))
        yield* param("other", 0)
        return yield* param("moves", 0)
      }),
    params: ["network", "other"],
  },
]

for (const backend of [Backend.cpu, Backend.wasm]) {
  layer(backend())(`on ${backend.name}`, (it) => {
    for (const { planted, loc, params } of faults) {
      it.effect(planted, () =>
        Effect.gen(function* () {
          let steps = 0
          const guide = () => Effect.flatMap(loc(), (loc) => sample("z", Normal({ loc, scale: 1 })))
          const tensors = tf.memory().numTensors
          const fit = fitSVI(model, guide as never, undefined, {
            key: Key.key(1),
            steps: 3,
            optimizer: Optimizer.sgd(0.1),
            onStep: () => Effect.sync(() => void steps++),
          })
          const error = (yield* Effect.flip(
            Effect.scoped(fit as Effect.Effect<unknown, unknown, Backend | Scope.Scope>),
          )) as Error
          expect(error).toMatchObject({ _tag: "UnusedParam", params })
          for (const name of params) expect(error.message).toContain(`"${name}"`)
          expect(error.message).toContain("never move")
          expect(steps).toBe(0)
          expect(tf.memory().numTensors).toBe(tensors)
        }),
      )
    }
  })
}
