/** Chains, against sums over all paths in float64, and finite differences. */
import { expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { Backend, Key } from "../../src/index.ts"
import { chainBest, chainFiltered, chainLogSum, chainMarginals } from "../../src/tensor/chain.ts"

/** Log-weights of float32, some of them −∞. */
const tableOf = (seed: number, shape: ReadonlyArray<number>, holes = false): tf.Tensor => {
  const values = Key.normalValues(Key.key(seed), [...shape]).map((x, i) =>
    holes && i % 7 === 3 ? Number.NEGATIVE_INFINITY : Math.fround(2 * x),
  )
  return tf.tensor(values, [...shape])
}

/** Every path of one chain with its log-weight. */
const paths = (table: ReadonlyArray<ReadonlyArray<ReadonlyArray<number>>>) => {
  const s = table[0]!.length
  return Array.from({ length: s ** table.length }, (_, code) => {
    const path = table.map((_, t) => Math.floor(code / s ** t) % s)
    const weight = path.reduce((sum, z, t) => sum + table[t]![t === 0 ? 0 : path[t - 1]!]![z]!, 0)
    return { path, weight }
  })
}
const logSum = (weights: ReadonlyArray<number>) => {
  const top = Math.max(...weights)
  return top === Number.NEGATIVE_INFINITY
    ? top
    : top + Math.log(weights.reduce((sum, w) => sum + Math.exp(w - top), 0))
}
type Chains = ReadonlyArray<ReadonlyArray<ReadonlyArray<ReadonlyArray<number>>>>
const close = (found: tf.Tensor, expected: ReadonlyArray<number>, tolerance: number) => {
  const values = found.dataSync()
  expect(values.length).toBe(expected.length)
  expected.forEach((value, i) => {
    if (Number.isFinite(value)) expect(Math.abs(values[i]! - value), `at ${i}`).toBeLessThan(tolerance)
    else expect(values[i]).toBe(value)
  })
}

for (const [name, backend] of [
  ["cpu", Backend.cpu()],
  ["wasm", Backend.wasm()],
] as const) {
  layer(backend)(`a chain on ${name}`, (it) => {
    for (const [shape, holes] of [
      [[2, 5, 3, 3], false],
      [[3, 4, 3, 3], true],
      [[2, 1, 4, 4], true],
      [[1, 6, 1, 1], false],
      [[2, 7, 2, 2], true],
    ] as const) {
      it.effect(`[${shape}]${holes ? " with holes" : ""} is the sum over all paths`, () =>
        Effect.sync(() => {
          const before = tf.memory().numTensors
          tf.tidy(() => {
            const table = tableOf(shape[1], shape, holes)
            const chains = table.arraySync() as Chains
            const [, steps, s] = shape
            const all = chains.map(paths)
            const sums = all.map((list) => logSum(list.map(({ weight }) => weight)))
            close(chainLogSum(table), sums, 1e-5)
            const pairs = all.flatMap((list, b) =>
              Array.from({ length: steps * s * s }, (_, cell) => {
                const [t, i, j] = [Math.floor(cell / (s * s)), Math.floor(cell / s) % s, cell % s]
                if (sums[b] === Number.NEGATIVE_INFINITY) return 0
                return list
                  .filter(({ path }) => path[t] === j && (t === 0 ? i === 0 : path[t - 1] === i))
                  .reduce((sum, { weight }) => sum + Math.exp(weight - sums[b]!), 0)
              }),
            )
            close(chainMarginals(table), pairs, 1e-6)
            close(tf.grad((x: tf.Tensor) => chainLogSum(x))(table), pairs, 1e-6)
            const filtered = chains.flatMap((chain) =>
              chain.flatMap((_, t) => {
                const list = paths(chain.slice(0, t + 1))
                const total = logSum(list.map(({ weight }) => weight))
                return chain[0]!.map(
                  (_, j) =>
                    logSum(list.filter(({ path }) => path[t] === j).map(({ weight }) => weight)) - total,
                )
              }),
            )
            close(chainFiltered(table), filtered, 2e-5)
            const found = chainBest(table)
            const most = all.map((list) => Math.max(...list.map(({ weight }) => weight)))
            close(found.logWeight, most, 1e-5)
            const chosen = found.path.arraySync() as ReadonlyArray<ReadonlyArray<number>>
            all.forEach((list, b) => {
              const own = list.find(({ path }) => path.every((z, t) => z === chosen[b]![t]))!
              expect(own.weight).toBeCloseTo(most[b]!, 6)
            })
          })
          expect(tf.memory().numTensors).toBe(before)
        }),
      )
    }

    it.effect("has second derivatives", () =>
      Effect.sync(() => {
        const before = tf.memory().numTensors
        tf.tidy(() => {
          const table = tableOf(3, [2, 5, 3, 3])
          const direction = tableOf(4, [2, 5, 3, 3])
          const slope = (x: tf.Tensor) => tf.grad((t: tf.Tensor) => chainLogSum(t))(x)
          const found = tf.grad((x: tf.Tensor) => tf.sum(tf.mul(slope(x), direction)))(table)
          const h = 1e-2
          const moved = (by: number) => chainMarginals(tf.add(table, tf.mul(direction, by)))
          close(found, [...tf.div(tf.sub(moved(h), moved(-h)), 2 * h).dataSync()], 2e-4)
        })
        expect(tf.memory().numTensors).toBe(before)
      }),
    )

    it.effect("takes of several best paths the one that ends least", () =>
      Effect.sync(() =>
        tf.tidy(() => {
          expect([...chainBest(tf.zeros([1, 3, 2, 2])).path.dataSync()]).toEqual([0, 0, 0])
          // Both states at the end come best from either before: from 0.
          const table = tf.tensor([
            [
              [
                [0, 0],
                [9, 9],
              ],
              [
                [0, 1],
                [0, 1],
              ],
            ],
          ])
          expect([...chainBest(table).path.dataSync()]).toEqual([0, 1])
        }),
      ),
    )
  })
}

layer(Backend.wasm())("a chain", (it) => {
  it.effect("keeps its digits where log-weights are far apart", () =>
    Effect.sync(() =>
      tf.tidy(() => {
        const table = tf.tensor([
          [
            [
              [0, -2000],
              [0, 0],
            ],
            [
              [-5000, -9000],
              [0, -1],
            ],
          ],
        ])
        close(chainLogSum(table), [-2000 + Math.log(1 + Math.exp(-1))], 1e-3)
        const p = 1 / (1 + Math.exp(-1))
        close(chainMarginals(table), [0, 1, 0, 0, 0, 0, p, 1 - p], 1e-6)
      }),
    ),
  )

  it.effect("of 10,000 steps sums to what it should, and its probabilities to one", () =>
    Effect.sync(() =>
      tf.tidy(() => {
        // Rows that sum to one: so does the sum over all paths.
        const table = tf.logSoftmax(tableOf(9, [1, 10_000, 4, 4]))
        expect(Math.abs(chainLogSum(table).dataSync()[0]!)).toBeLessThan(1e-3)
        const sums = tf.sum(chainMarginals(table), [-2, -1])
        expect(tf.max(tf.abs(tf.sub(sums, 1))).dataSync()[0]).toBeLessThan(1e-6)
      }),
    ),
  )

  it.effect("with a weight that is no number has none either", () =>
    Effect.sync(() =>
      tf.tidy(() => {
        const table = tf.tensor([
          [
            [
              [0, Number.NaN],
              [0, 0],
            ],
          ],
          [
            [
              [0, 0],
              [0, 0],
            ],
          ],
        ])
        close(chainLogSum(table), [Number.NaN, Math.log(2)], 1e-6)
        expect(Number.isNaN(chainBest(table).logWeight.dataSync()[0])).toBe(true)
      }),
    ),
  )
})
