/**
 * Laws of draws: they lie in the support, follow the density, and are the same on every backend.
 *
 * Every family is tested on 10,000 draws of each of its rows' parameters: counts and classes, single or in vectors, by
 * the chi-square statistic of all their values, numbers by the Kolmogorov–Smirnov statistic, vectors of numbers by their
 * projections. Each test alarms falsely with probability 1e-6 (z beyond 4.9; the other statistics beyond their own
 * quantiles). There are fewer than 4,000 of them, so that a correct library fails this file with probability 0.4% at
 * most; the seeds are fixed, so that it then always does.
 */
import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { firstOutside } from "../../src/distributions/Distribution.ts"
import * as Key from "../../src/tensor/Key.ts"
import { families } from "./families.ts"
import { expectation, type Grid, masses } from "./grid.ts"
import { expectClose } from "./numbers.ts"
import { type Check, on } from "./onBackends.ts"

/** How many draws of each. */
const count = 10_000
/** Beyond this a standard normal lies with probability 1e-6. */
const z = 4.9
/** Beyond this √n times the Kolmogorov–Smirnov statistic lies with probability 1e-6: √(½ log(2 / 1e-6)). */
const ks = 2.7

describe("draws", () => {
  const drawn = new Map<string, Array<number>>()
  on(["cpu"], (check) => {
    followTheDensity(check)
  })
  on(["cpu", "wasm"], (check, backend) => {
    check("lie in the support and come from the key alone", () => {
      for (const row of families) {
        row.params.forEach((params, i) => {
          const d = row.make(params)
          const title = `${row.name} ${JSON.stringify(params)}`
          const draw = (key: Key.Key) => tf.tidy(() => Array.from(d.sample(key, [10, 20]).dataSync()))
          const values = draw(Key.key(i))
          expect(firstOutside(d.support, values, [10, 20, ...d.eventShape]), title).toBeUndefined()
          expect(draw(Key.key(i)), title).toEqual(values)
          const other = drawn.get(title)
          if (backend === "cpu") drawn.set(title, values)
          else if (row.exactDraws) expect(values, title).toEqual(other)
          else expectClose(values, other!, { relative: 1e-6, absolute: row.summedDraws ? 1e-6 : 0 }, title)
          if (d.rsample) {
            const r = tf.tidy(() => Array.from(d.rsample!(Key.key(i), [10, 20]).dataSync()))
            expect(r, `${title}: rsample`).toEqual(values)
          }
        })
      }
    })
  })
})

const followTheDensity = (check: Check) => {
  for (const row of families) {
    check(`follow the density: ${row.name}`, () => {
      row.params.forEach((params, i) => {
        const d = row.make(params)
        const grid = row.grid(params)
        const mass = masses(d, grid)
        const title = JSON.stringify(params)
        const width = d.eventShape.reduce((a, b) => a * b, 1)
        const flat = tf.tidy(() => d.sample(Key.foldIn(Key.key(41), i), [count]).dataSync())
        const draws = Array.from({ length: count }, (_, n) =>
          Array.from(flat.subarray(n * width, (n + 1) * width)),
        )
        for (let c = 0; c < width && !row.heavyTails; c++) {
          sampleMoments(
            draws.map((x) => x[c]!),
            mass,
            grid,
            c,
            `${title}, coordinate ${c}`,
          )
        }
        if (grid.discrete) chiSquare(draws, mass, grid, title)
        else if (width > 1) projections(draws, mass, grid, title)
        else
          kolmogorovSmirnov(
            draws.map(([x]) => x!),
            mass,
            grid,
            title,
          )
      })
    })
  }
}

/** The sample's mean and variance against the density's own. */
const sampleMoments = (
  xs: ReadonlyArray<number>,
  mass: ReadonlyArray<number>,
  grid: Grid,
  c: number,
  title: string,
) => {
  const mean = expectation(mass, grid, (x) => x[c]!)
  const central = (power: number) => expectation(mass, grid, (x) => (x[c]! - mean) ** power)
  const variance = central(2)
  const meanFound = xs.reduce((a, b) => a + b, 0) / xs.length
  const varianceFound = xs.reduce((a, x) => a + (x - mean) ** 2, 0) / xs.length
  // Rounding of the draws and of the grid's events is all that is left where the variance is zero.
  const slack = 1e-5 * Math.max(1, Math.abs(mean))
  expect(Math.abs(meanFound - mean), `mean, ${title}`).toBeLessThan(
    z * Math.sqrt(variance / xs.length) + slack,
  )
  const spread = Math.sqrt(Math.max(central(4) - variance ** 2, 0) / xs.length)
  expect(Math.abs(varianceFound - variance), `variance, ${title}`).toBeLessThan(z * spread + slack)
}

/** The largest distance between the sample's cumulative distribution and the density's, at the grid's cell ends. */
const kolmogorovSmirnov = (
  xs: ReadonlyArray<number>,
  mass: ReadonlyArray<number>,
  grid: Grid,
  title: string,
) => {
  const ends = grid.events.map(([x], i) => [x!, mass[i]!] as const).sort(([a], [b]) => a - b)
  const sorted = xs.toSorted((a, b) => a - b)
  let [below, cumulative, distance] = [0, 0, 0]
  ends.forEach(([x, m], i) => {
    cumulative += m
    const end = i + 1 < ends.length ? (x + ends[i + 1]![0]) / 2 : Infinity
    while (below < sorted.length && sorted[below]! <= end) below++
    distance = Math.max(distance, Math.abs(below / sorted.length - cumulative))
  })
  expect(distance * Math.sqrt(xs.length), `Kolmogorov–Smirnov, ${title}`).toBeLessThan(ks)
}

/**
 * The sample's characteristic function against the density's, E[cos t uᵀx] and E[sin t uᵀx], along each axis u and
 * along others between them, which see how the coordinates hang together. A grid of vectors is too coarse for a
 * cumulative distribution, whose edge cuts through its cells; waves are smooth.
 */
const projections = (
  draws: ReadonlyArray<ReadonlyArray<number>>,
  mass: ReadonlyArray<number>,
  grid: Grid,
  title: string,
) => {
  const width = draws[0]!.length
  const axes = Array.from({ length: width }, (_, i) => Array.from({ length: width }, (_, j) => +(i === j)))
  const across = [1, 2, 3].map((seed) => Array.from(Key.normalValues(Key.key(seed), [width])))
  for (const u of [...axes, ...across]) {
    const along = (x: ReadonlyArray<number>) => x.reduce((sum, a, i) => sum + a * u[i]!, 0)
    const mean = expectation(mass, grid, along)
    const deviation = Math.sqrt(expectation(mass, grid, (x) => (along(x) - mean) ** 2))
    // Some numbers of a triangular matrix are constant.
    if (deviation < 1e-6) continue
    for (const t of [0.5, 1, 2, 4]) {
      for (const wave of [Math.cos, Math.sin]) {
        const f = (x: ReadonlyArray<number>) => wave((t * (along(x) - mean)) / deviation)
        const expected = expectation(mass, grid, f)
        const variance = expectation(mass, grid, (x) => (f(x) - expected) ** 2)
        const found = draws.reduce((sum, x) => sum + f(x), 0) / draws.length
        expect(Math.abs(found - expected), `${wave.name} ${t} along ${u}, ${title}`).toBeLessThan(
          z * Math.sqrt(variance / draws.length) + 1e-5,
        )
      }
    }
  }
}

/** The counts of each value against their expectations; a value without probability must not be drawn. */
const chiSquare = (
  draws: ReadonlyArray<ReadonlyArray<number>>,
  mass: ReadonlyArray<number>,
  grid: Grid,
  title: string,
) => {
  const name = (event: ReadonlyArray<number>) => event.map(Math.fround).join()
  const counts = new Map<string, number>()
  for (const draw of draws) counts.set(name(draw), (counts.get(name(draw)) ?? 0) + 1)
  let [statistic, freedom] = [0, -1]
  // Values are pooled until five are expected: rarer ones have no chi-square distribution.
  let [pooled, rare] = [0, 0]
  const close = () => {
    statistic += (pooled - rare) ** 2 / rare
    freedom++
    pooled = 0
    rare = 0
  }
  grid.events.forEach((event, i) => {
    const found = counts.get(name(event)) ?? 0
    const expected = mass[i]! * draws.length
    counts.delete(name(event))
    if (expected < 1e-6) expect(found, `${title}: ${event}`).toBe(0)
    else {
      pooled += found
      rare += expected
      if (rare >= 5) close()
    }
  })
  // The last pool may be short. Ten draws where fewer than one is expected have a probability of 1e-7.
  if (rare >= 1) close()
  else expect(pooled, `rare values, ${title}`).toBeLessThan(10)
  expect([...counts.keys()], `values that do not exist, ${title}`).toEqual([])
  // Wilson and Hilferty's approximation of the quantile.
  const limit = freedom * (1 - 2 / (9 * freedom) + z * Math.sqrt(2 / (9 * freedom))) ** 3
  if (freedom > 0) expect(statistic, `chi-square, ${title}`).toBeLessThan(limit)
}
