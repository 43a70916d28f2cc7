/**
 * Laws of exponential families, p(x) = h(x) exp(η · T(x) − A(η)), from nothing but their densities: the logarithm of
 * two members' ratio is a constant plus a linear function of the sufficient statistics T, and the maximum-likelihood
 * member expects of T what the data have on average.
 */
import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import * as Key from "../../src/tensor/Key.ts"
import { families, type Params } from "./families.ts"
import { eventTensor, expectation, type Grid, logProbs, masses } from "./grid.ts"
import { on } from "./onBackends.ts"

const members = families.flatMap((row) =>
  row.statistics === undefined ? [] : [{ row, statistics: row.statistics }],
)

type Statistics = NonNullable<(typeof members)[number]["statistics"]>

/** Each statistic's numbers, one row for each value. */
const columnsOf = (statistics: Statistics, values: tf.Tensor): ReadonlyArray<ReadonlyArray<number>> =>
  tf.tidy(() =>
    Object.values(statistics(values)).flatMap((t) => {
      const flat = tf.reshape(t, [values.shape[0]!, -1])
      const rows = flat.arraySync() as ReadonlyArray<ReadonlyArray<number>>
      return Array.from({ length: flat.shape[1]! }, (_, j) => rows.map((row) => row[j]!))
    }),
  )

const dot = (a: ReadonlyArray<number>, b: ReadonlyArray<number>) =>
  a.reduce((sum, x, i) => sum + x * b[i]!, 0)
const norm = (a: ReadonlyArray<number>) => Math.sqrt(dot(a, a))

/** What is left of `y` when its part in the span of `columns` is taken away (modified Gram–Schmidt). */
const remainder = (
  y: ReadonlyArray<number>,
  columns: ReadonlyArray<ReadonlyArray<number>>,
): ReadonlyArray<number> => {
  const basis: Array<ReadonlyArray<number>> = []
  const without = (v: ReadonlyArray<number>) =>
    basis.reduce((rest, e) => {
      const c = dot(rest, e)
      return rest.map((x, i) => x - c * e[i]!)
    }, v)
  for (const column of columns) {
    const rest = without(without(column))
    const length = norm(rest)
    // What depends on the columns before it is rounding.
    if (length > 1e-5 * norm(column)) basis.push(rest.map((x) => x / length))
  }
  return without(without(y))
}

/** The events where both densities are numbers, at most 400 of them. */
const shared = (grid: Grid, p: ReadonlyArray<number>, q: ReadonlyArray<number>): ReadonlyArray<number> => {
  const both = grid.events.flatMap((_, i) => (p[i]! > -30 && q[i]! > -30 ? [i] : []))
  const stride = Math.ceil(both.length / 400)
  return both.filter((_, k) => k % stride === 0)
}

const onHost = (params: Readonly<Record<string, tf.Tensor>>): Params =>
  Object.fromEntries(Object.entries(params).map(([name, t]) => [name, t.arraySync() as Params[string]]))

describe("an exponential family", () => {
  on(["cpu", "wasm"], (check) => {
    for (const { row, statistics } of members) {
      check(`weighs its sufficient statistics: ${row.name}`, () => {
        const [a, b] = [row.make(row.params[0]!), row.make(row.wider ?? row.params[1]!)]
        const before = tf.memory().numTensors
        const grid = row.grid(row.params[0]!)
        const [p, q] = [logProbs(a, grid.events), logProbs(b, grid.events)]
        const kept = shared(grid, p, q)
        expect(kept.length, "events to compare at").toBeGreaterThan(1)
        const ratio = kept.map((i) => p[i]! - q[i]!)
        const events = eventTensor(
          a,
          kept.map((i) => grid.events[i]!),
        )
        const columns = columnsOf(statistics, events)
        events.dispose()
        const rest = remainder(ratio, [kept.map(() => 1), ...columns])
        const size = Math.max(1, ...kept.map((i) => Math.abs(p[i]!) + Math.abs(q[i]!)))
        expect(Math.max(...rest.map(Math.abs)) / size, "beyond the statistics").toBeLessThan(2e-5)
        expect(tf.memory().numTensors).toBe(before)
      })
    }
  })

  on(["cpu"], (check) => {
    for (const { row, statistics } of members) {
      if (row.fit === undefined) continue
      const estimate = row.fit
      check(`expects of its statistics, when fitted, what the data have: ${row.name}`, () => {
        tf.tidy(() => {
          const values = row.make(row.params[0]!).sample(Key.key(41), [2000])
          const weights = tf.tensor(Key.uniformValues(Key.key(42), [2000]))
          const fitted = onHost(estimate(values, weights))
          const member = row.make(fitted)
          const grid = row.grid(fitted)
          const mass = masses(member, grid)
          const shares = Array.from(weights.dataSync())
          const total = shares.reduce((sum, w) => sum + w, 0)
          const data = columnsOf(statistics, values)
          const model = columnsOf(statistics, eventTensor(member, grid.events))
          data.forEach((column, k) => {
            const mean = dot(column, shares) / total
            const spread = Math.sqrt(column.reduce((s, x) => s + (x - mean) ** 2, 0) / column.length)
            const expected = expectation(mass, grid, (_, i) => model[k]![i]!)
            expect(Math.abs(expected - mean), `statistic ${k}: ${expected} for ${mean}`).toBeLessThan(
              2e-3 * spread + 1e-5 * Math.abs(mean) + 1e-6,
            )
          })
        })
      })
    }
  })
})
