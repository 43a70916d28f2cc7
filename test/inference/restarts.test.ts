import { expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, type Scope } from "effect"
import { restarts } from "../../src/inference/restarts.ts"
import { Backend } from "../../src/tensor/Backend.ts"
import { InvalidArgument } from "../../src/tensor/errors.ts"
import * as Key from "../../src/tensor/Key.ts"
import { scoped } from "../../src/tensor/Memory.ts"

const key = Key.key(3)

/** An attempt that owns a tensor; its bound is the next of a list, or it fails. */
const attempts = (bounds: ReadonlyArray<number | string>) => {
  const keys: Array<string> = []
  const attempt = (key: Key.Key): Effect.Effect<{ bound: number; x: tf.Tensor }, string, Scope.Scope> =>
    Effect.gen(function* () {
      const bound = bounds[keys.length]!
      keys.push(`${key.hi}/${key.lo}`)
      const x = yield* scoped(
        Effect.sync(() => tf.scalar(keys.length)),
        (x) => [x],
      )
      return typeof bound === "string" ? yield* Effect.fail(bound) : { bound, x }
    })
  return { attempt, keys }
}

layer(Backend.cpu())("restarts", (it) => {
  it.effect("keeps the highest bound, and its tensors alone, until the scope closes", () =>
    Effect.gen(function* () {
      const before = tf.memory().numTensors
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { attempt, keys } = attempts([-3, "died", -1, Number.NaN, -2, -1])
          const best = yield* restarts({ times: 6, key }, attempt)
          expect(best.bound).toBe(-1)
          expect(best.x.dataSync()[0]).toBe(3)
          expect(tf.memory().numTensors).toBe(before + 1)
          expect(new Set(keys).size).toBe(6)
        }),
      )
      expect(tf.memory().numTensors).toBe(before)
    }),
  )

  it.effect("takes any bound over NaN", () =>
    Effect.gen(function* () {
      const { attempt } = attempts([Number.NaN, -7])
      expect((yield* restarts({ times: 2, key }, attempt)).bound).toBe(-7)
    }),
  )

  it.effect("fails as the first did where all fail, and leaves nothing", () =>
    Effect.gen(function* () {
      const before = tf.memory().numTensors
      const { attempt } = attempts(["one", "two"])
      expect(yield* Effect.flip(restarts({ times: 2, key }, attempt))).toBe("one")
      expect(tf.memory().numTensors).toBe(before)
    }),
  )

  it.effect("refuses a number of attempts that is none", () =>
    Effect.gen(function* () {
      const { attempt } = attempts([])
      for (const times of [0, 1.5, Number.NaN]) {
        const error = yield* Effect.flip(restarts({ times, key }, attempt))
        expect(error).toBeInstanceOf(InvalidArgument)
      }
    }),
  )
})
