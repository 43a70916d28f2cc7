/**
 * Laws of gradients. The derivative of E[f(x)] in each parameter, by finite differences of an integral over the grid,
 * is what differentiating f along the draws gives on the average (pathwise families), and what f · ∇ log p gives
 * (all families whose support does not move).
 *
 * Each of fewer than 200 comparisons of a sampled gradient lies beyond 5 standard errors, estimated from 40 batches,
 * with probability below 2e-5: a correct library fails with probability 0.4% at most, and the seeds are fixed.
 */
import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import * as Key from "../../src/tensor/Key.ts"
import { changed, families, numbersOf, type Params, type Row, tensors } from "./families.ts"
import { eventTensor, expectation, masses } from "./grid.ts"
import { expectClose } from "./numbers.ts"
import { on } from "./onBackends.ts"

/** A bounded function of an event, by its coordinates: on the host, and of a tensor `[n, ...event]`. */
const onHost = (row: Row, event: ReadonlyArray<number>): number => {
  const f = row.heavyTails ? (x: number) => x / Math.hypot(x, 1) : Math.sin
  return event.reduce((sum, x, i) => sum + (i + 1) * f(x + 0.4), 0)
}
const onTensor = (row: Row, x: tf.Tensor, eventRank: number): tf.Tensor => {
  const at = tf.add(x, 0.4)
  const f = row.heavyTails ? tf.mul(at, tf.rsqrt(tf.add(tf.square(at), 1))) : tf.sin(at)
  if (eventRank === 0) return f
  const cells = tf.reshape(f, [x.shape[0]!, -1])
  return tf.sum(tf.mul(tf.range(1, cells.shape[1]! + 1), cells), -1)
}

/** ∂E[f]/∂θ for each number of each parameter, by a five-point difference of the integral. */
const byIntegral = (row: Row, params: Params): ReadonlyArray<ReadonlyArray<number>> =>
  Object.entries(params).map(([name, value]) =>
    numbersOf(value).map((at, i) => {
      const mean = (step: number) => {
        const there = { ...params, [name]: changed(value, (x, j) => (j === i ? x + step : x)) }
        const grid = row.grid(there)
        // As tensors, since a step off the simplex is refused of numbers.
        return tf.tidy(() => expectation(masses(row.make(tensors(there)), grid), grid, (x) => onHost(row, x)))
      }
      const h = 0.03 * Math.max(Math.abs(at), 0.1)
      return (8 * (mean(h) - mean(-h)) - (mean(2 * h) - mean(-2 * h))) / (12 * h)
    }),
  )

const batches = 40
const perBatch = 500

/** The average over batches of draws of a gradient, and its standard error, for each number of each parameter. */
const sampled = (
  row: Row,
  params: Params,
  surrogate: (d: ReturnType<Row["make"]>, key: Key.Key) => tf.Tensor,
) => {
  const names = Object.keys(params)
  const gradient = tf.grads((...values: Array<tf.Tensor>) =>
    tf.mean(surrogate(row.make(Object.fromEntries(names.map((name, i) => [name, values[i]!]))), key)),
  )
  let key = Key.key(0)
  const rounds = Array.from({ length: batches }, (_, i) => {
    key = Key.foldIn(Key.key(17), i)
    return tf.tidy(() =>
      gradient(names.map((name) => tf.tensor(params[name] as tf.TensorLike))).map((g) =>
        Array.from(g.dataSync()),
      ),
    )
  })
  return names.map((_, p) =>
    rounds[0]![p]!.map((_, c) => {
      const values = rounds.map((round) => round[p]![c]!)
      const mean = values.reduce((a, b) => a + b, 0) / batches
      const variance = values.reduce((a, x) => a + (x - mean) ** 2, 0) / (batches - 1)
      return { mean, error: Math.sqrt(variance / batches) }
    }),
  )
}

const agrees = (
  found: ReadonlyArray<ReadonlyArray<{ mean: number; error: number }>>,
  expected: ReadonlyArray<ReadonlyArray<number>>,
  title: string,
) => {
  expected.forEach((ofParam, p) => {
    ofParam.forEach((e, c) => {
      const { mean, error } = found[p]![c]!
      expect(error, `${title}: no gradient at all`).not.toBeNaN()
      expect(Math.abs(mean - e), `${title}, parameter ${p}[${c}]: ${mean} ± ${error} for ${e}`).toBeLessThan(
        5 * error + 2e-4 * Math.max(1, Math.abs(e)),
      )
    })
  })
}

describe("the gradient of an expectation", () => {
  on(["cpu"], (check) => {
    for (const row of families) {
      const params = row.params[0]!
      if (row.make(params).gradient === "pathwise" && !row.biased) {
        check(`is the average gradient along draws: ${row.name}`, () => {
          const rank = row.make(params).eventShape.length
          agrees(
            sampled(row, params, (d, key) => onTensor(row, d.rsample!(key, [perBatch]), rank)),
            byIntegral(row, params),
            row.name,
          )
        })
      }
      // The score does not see a support that moves with the parameters.
      if (row.movingSupport) continue
      check(`is the average of f times the score: ${row.name}`, () => {
        const rank = row.make(params).eventShape.length
        agrees(
          sampled(row, params, (d, key) => {
            const draw = d.sample(key, [perBatch])
            return tf.mul(onTensor(row, draw, rank), d.logProb(draw))
          }),
          byIntegral(row, params),
          row.name,
        )
      })
    }
  })

  on(["cpu", "wasm"], (check) => {
    check("log p has the gradient in value and parameters that finite differences give", () => {
      for (const row of families) {
        const params = row.params[0]!
        const scalar = row.make(params)
        if (row.name === "Delta") continue
        const names = Object.keys(params)
        const [event] = tf.tidy(() =>
          tf.reshape(scalar.sample(Key.key(5), [1]), [1, -1]).arraySync(),
        ) as number[][]
        const score = (values: ReadonlyArray<tf.Tensor>, value: tf.Tensor) =>
          tf.sum(row.make(Object.fromEntries(names.map((name, i) => [name, values[i]!]))).logProb(value))
        const found = tf.tidy(() =>
          tf
            .grads((...values: Array<tf.Tensor>) => score(values, eventTensor(scalar, [event!])))(
              names.map((name) => tf.tensor(params[name] as tf.TensorLike)),
            )
            .map((g) => Array.from(g.dataSync())),
        )
        const expected = names.map((name) =>
          numbersOf(params[name]!).map((at, i) => {
            const atStep = (step: number) => {
              const there = { ...params, [name]: changed(params[name]!, (x, j) => (j === i ? x + step : x)) }
              return tf.tidy(
                () =>
                  row
                    .make(tensors(there))
                    .logProb(eventTensor(scalar, [event!]))
                    .dataSync()[0]!,
              )
            }
            const h = 0.02 * Math.max(Math.abs(at), 0.1)
            return (8 * (atStep(h) - atStep(-h)) - (atStep(2 * h) - atStep(-2 * h))) / (12 * h)
          }),
        )
        found.forEach((g, p) => {
          expectClose(g, expected[p]!, { relative: 2e-3, absolute: 2e-3 }, `${row.name}.${names[p]}`)
        })
      }
    })
  })
})
