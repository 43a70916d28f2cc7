/** What the tests of networks share: a run that is not part of a program, comparisons, and the count of tensors. */
import { expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import type { NetworkRun } from "../../src/nn/Network.ts"
import { Backend } from "../../src/tensor/Backend.ts"
import * as Key from "../../src/tensor/Key.ts"

/** The backends, for suites that run on each. */
export const backends = [
  ["cpu", Backend.cpu()],
  ["wasm", Backend.wasm()],
] as const

/** A run outside any program. */
export const runOf = (training: boolean, key = Key.key(1)): NetworkRun => ({
  where: "test",
  key: (label) => Key.foldInName(key, label),
  training,
})

/** The tensor has this shape and these numbers, to `tolerance` times the larger of 1 and their size. */
export const expectTensor = (
  tensor: tf.Tensor,
  shape: ReadonlyArray<number>,
  values: ReadonlyArray<number>,
  tolerance = 1e-6,
): void => {
  expect(tensor.shape).toEqual(shape)
  const found = [...tensor.dataSync()]
  expect(found.length).toBe(values.length)
  found.forEach((x, i) => {
    expect(Math.abs(x - values[i]!), `number ${i}: ${x} against ${values[i]}`).toBeLessThanOrEqual(
      tolerance * Math.max(1, Math.abs(values[i]!)),
    )
  })
}

/** Runs `body`, which disposes of nothing and keeps nothing, and checks that only what it returns is left. */
export const expectOnly = (count: number, body: () => tf.TensorContainer): void => {
  const before = tf.memory().numTensors
  const out = body()
  expect(tf.memory().numTensors - before).toBe(count)
  tf.dispose(out)
  expect(tf.memory().numTensors).toBe(before)
}

/** What `body` throws. */
export const thrownBy = (body: () => unknown): unknown => {
  try {
    body()
  } catch (thrown) {
    return thrown
  }
  return expect.unreachable("nothing was thrown")
}
