/**
 * Laws of weighted maximum likelihood: the estimate explains its data better than any other parameters, and, where
 * the data are draws, not much better than the parameters that they were drawn with; weights count as repetitions.
 *
 * Twice the log-likelihood ratio of estimate and truth is chi-square of as many degrees of freedom as there are
 * parameters (Wilks), and lies beyond 45 with probability 4e-6 for ten of them and less for fewer: with 30 families
 * a correct library fails with probability 1e-4, and the seeds are fixed.
 */
import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { ShapeMismatch } from "../../src/tensor/errors.ts"
import * as Key from "../../src/tensor/Key.ts"
import { families, type Row, tensors } from "./families.ts"
import { expectClose, numbers } from "./numbers.ts"
import { on } from "./onBackends.ts"

const count = 2000
const fitted = families.flatMap((row) => (row.fit === undefined ? [] : [{ row, estimate: row.fit }]))

const draws = (row: Row): tf.Tensor => row.make(row.params[0]!).sample(Key.key(31), [count])

/** Weights from 0 to 1, every fifth of them 0. */
const weightsOf = (seed: number): tf.Tensor =>
  tf.tensor(Key.uniformValues(Key.key(seed), [count]).map((u, i) => (i % 5 === 0 ? 0 : u)))

const logLikelihood = (
  row: Row,
  params: Readonly<Record<string, tf.Tensor>>,
  values: tf.Tensor,
  weights?: tf.Tensor,
): number => {
  const terms = numbers(() => row.make(params).logProb(values))
  const w = weights === undefined ? terms.map(() => 1) : Array.from(weights.dataSync())
  return terms.reduce((sum, term, i) => (w[i] === 0 ? sum : sum + w[i]! * term), 0)
}

const expectSame = (
  found: Readonly<Record<string, tf.Tensor>>,
  expected: Readonly<Record<string, tf.Tensor>>,
  what: string,
) => {
  expect(Object.keys(found).sort(), what).toEqual(Object.keys(expected).sort())
  for (const [name, value] of Object.entries(expected)) {
    expect(found[name]!.shape, `${what}: ${name}`).toEqual(value.shape)
    expectClose(
      Array.from(found[name]!.dataSync()),
      Array.from(value.dataSync()),
      { relative: 1e-4, absolute: 1e-6 },
      `${what}: ${name}`,
    )
  }
}

describe("fit", () => {
  on(["cpu", "wasm"], (check) => {
    for (const { row, estimate } of fitted) {
      check(`recovers the parameters and maximizes the weighted likelihood: ${row.name}`, () => {
        tf.tidy(() => {
          const values = draws(row)
          const found = estimate(values)
          const ratio =
            logLikelihood(row, found, values) - logLikelihood(row, tensors(row.params[0]!), values)
          expect(2 * ratio, "against the truth").toBeGreaterThan(-1e-3)
          expect(2 * ratio, "against the truth").toBeLessThan(45)
          const weights = weightsOf(7)
          const best = logLikelihood(row, estimate(values, weights), values, weights)
          for (const others of [undefined, weightsOf(8), tf.square(weights), tf.sqrt(weights)]) {
            const other = logLikelihood(row, estimate(values, others), values, weights)
            expect(other, "by other weights").toBeLessThan(best + 1e-6 * Math.abs(best))
          }
        })
      })
    }
  })

  on(["cpu"], (check) => {
    for (const { row, estimate } of fitted) {
      check(`counts a weight as a repetition, and broadcasts: ${row.name}`, () => {
        tf.tidy(() => {
          const values = draws(row)
          const [a, b] = tf.split(values, 2) as [tf.Tensor, tf.Tensor]
          const half = count / 2
          expectSame(
            estimate(values, tf.concat([tf.ones([half]), tf.zeros([half])])),
            estimate(a),
            "a weight of 0",
          )
          const twice = tf.concat([tf.fill([half], 2), tf.ones([half])])
          expectSame(estimate(values, twice), estimate(tf.concat([a, a, b])), "a weight of 2")
          const columns = [weightsOf(1), weightsOf(2)]
          const both = estimate(tf.expandDims(values, 1), tf.stack(columns, 1))
          const alone = columns.map((w) => estimate(values, w))
          const stacked = Object.fromEntries(
            Object.keys(both).map((name) => [name, tf.stack(alone.map((one) => one[name]!))]),
          )
          expectSame(both, stacked, "two columns of weights")
        })
      })

      check(`refuses shapes that do not fit, and leaves no tensor behind: ${row.name}`, () => {
        const values = draws(row)
        const weights = weightsOf(3)
        const before = tf.memory().numTensors
        const found = estimate(values, weights)
        expect(tf.memory().numTensors).toBe(before + Object.keys(found).length)
        for (const tensor of Object.values(found)) tensor.dispose()
        const fewer = tf.ones([count - 1])
        expect(() => estimate(values, fewer)).toThrow(ShapeMismatch)
        fewer.dispose()
        expect(tf.memory().numTensors).toBe(before)
        tf.dispose([values, weights])
      })
    }
  })
})
