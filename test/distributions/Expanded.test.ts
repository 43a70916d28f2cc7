/**
 * Every distribution expands by its method `expand`, to one of the same type: each cell of the larger batch is a copy
 * with draws of its own. That an expanded distribution scores and draws as so many samples do is in
 * test/laws/shapes.test.ts; here that its cells are independent.
 *
 * Two columns of 4,000 draws of a bounded function are correlated beyond 4.42 standard errors with probability 1e-5,
 * for each of fewer than 200 families: a correct library fails with probability 0.2%, and the seed is fixed.
 */
import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import * as Key from "../../src/tensor/Key.ts"
import { families } from "../laws/families.ts"
import { on } from "../laws/onBackends.ts"

const count = 4000

const correlation = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): number => {
  const mean = (x: ReadonlyArray<number>) => x.reduce((sum, v) => sum + v, 0) / x.length
  const [ma, mb] = [mean(a), mean(b)]
  const product = (x: ReadonlyArray<number>, mx: number, y: ReadonlyArray<number>, my: number) =>
    mean(x.map((v, i) => (v - mx) * (y[i]! - my)))
  return product(a, ma, b, mb) / Math.sqrt(product(a, ma, a, ma) * product(b, mb, b, mb))
}

describe("the cells of an expanded distribution", () => {
  on(["cpu"], (check) => {
    for (const row of families) {
      // All of a point's draws are the same.
      if (row.name === "Delta") continue
      check(`are draws of their own: ${row.name}`, () => {
        const d = row.make(row.params[0]!).expand([2])
        const width = d.eventShape.reduce((a, b) => a * b, 1)
        const values = tf.tidy(() => d.sample(Key.key(77), [count]).dataSync())
        // By the median of each number, so that no tail is too heavy; all numbers of an event have their say.
        const medians = Array.from(
          { length: width },
          (_, c) =>
            Array.from({ length: 2 * count }, (_, i) => values[i * width + c]!).sort((a, b) => a - b)[count]!,
        )
        const column = (cell: 0 | 1) =>
          Array.from({ length: count }, (_, i) =>
            medians.reduce((sum, median, c) => {
              const x = values[(2 * i + cell) * width + c]!
              return sum + (c + 1) * (x < median ? 0 : x === median ? 0.5 : 1)
            }, 0),
          )
        const [first, second] = [column(0), column(1)]
        expect(first).not.toEqual(second)
        expect(Math.abs(correlation(first, second)) * Math.sqrt(count)).toBeLessThan(4.42)
      })
    }
  })
})
