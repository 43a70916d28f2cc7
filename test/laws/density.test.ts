/**
 * Laws of densities, by integration over a grid (all values, for a discrete family): it sums to one; means,
 * variances, entropies, modes and cumulative distributions are its own; outside the support it is zero.
 */
import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { where } from "../../src/tensor/stable.ts"
import { families, type Row, tensors } from "./families.ts"
import { eventTensor, expectation, logProbs, masses } from "./grid.ts"
import { expectClose, numbers } from "./numbers.ts"
import { type Check, on } from "./onBackends.ts"

const everyCase = (body: (row: Row, params: Row["params"][number], title: string) => void) => {
  for (const row of families) {
    for (const params of row.params) body(row, params, `${row.name} ${JSON.stringify(params)}`)
  }
}

describe("a density", () => {
  on(["cpu", "wasm"], (check) => {
    sumsToOne(check)
    vanishesOutside(check)
  })
  on(["cpu"], (check) => {
    hasItsMoments(check)
    hasItsEntropy(check)
    hasItsMode(check)
    hasItsDistributionFunction(check)
    isEnumerated(check)
  })
})

const sumsToOne = (check: Check) => {
  check("sums to one", () => {
    everyCase((row, params, title) => {
      const grid = row.grid(params)
      const total = masses(row.make(params), grid).reduce((a, b) => a + b, 0)
      expect(Math.abs(total - 1), title).toBeLessThan(2e-5)
    })
  })
}

const vanishesOutside = (check: Check) => {
  check("is zero outside the support, with a gradient of zero", () => {
    for (const row of families) {
      const params = row.params[0]!
      const rank = row.make(params).eventShape.length
      for (const value of row.outside) {
        const title = `${row.name} at ${value}`
        const event = [rank === 0 ? [value as number] : (value as ReadonlyArray<number>)]
        expect(logProbs(row.make(params), event), title).toEqual([-Infinity])
        // A batch with one good value: nothing may leak from the bad one into the parameters' gradients.
        const inside = row.grid(params).events[0]!
        const gradients = (events: ReadonlyArray<ReadonlyArray<number>>) =>
          tf.tidy(() => {
            const { names, values } = split(tensors(params))
            const score = (...parts: Array<tf.Tensor>) => {
              const d = row.make(join(names, parts))
              const logProb = d.logProb(eventTensor(d, events))
              return tf.sum(where(() => tf.greater(logProb, -Infinity), logProb, 0))
            }
            return tf
              .grads(score)(values)
              .map((g) => Array.from(g.dataSync()))
          })
        if (row.name === "Delta") continue // its density does not depend on the value but by equality
        const alone = gradients([inside])
        gradients([inside, event[0]!]).forEach((g, i) => {
          expectClose(g, alone[i]!, { absolute: 1e-6, relative: 1e-6 }, title)
        })
      }
    }
  })
}

const split = (named: Record<string, tf.Tensor>) => ({
  names: Object.keys(named),
  values: Object.values(named),
})

const join = (names: ReadonlyArray<string>, values: ReadonlyArray<tf.Tensor>) =>
  Object.fromEntries(names.map((name, i) => [name, values[i]!]))

const hasItsMoments = (check: Check) => {
  check("has the mean and the variance that the family states", () => {
    everyCase((row, params, title) => {
      const d = row.make(params)
      const grid = row.grid(params)
      const mass = masses(d, grid)
      grid.events[0]!.forEach((_, i) => {
        const mean = expectation(mass, grid, (x) => x[i]!)
        const variance = expectation(mass, grid, (x) => (x[i]! - mean) ** 2)
        const tolerance = { relative: 1e-4, absolute: 1e-5 * Math.max(1, Math.abs(mean)) }
        if (d.mean) expectClose([numbers(() => d.mean!())[i]!], [mean], tolerance, `mean of ${title}`)
        if (d.variance) {
          expectClose([numbers(() => d.variance!())[i]!], [variance], tolerance, `variance of ${title}`)
        }
      })
    })
  })
}

const hasItsEntropy = (check: Check) => {
  check("has the entropy −E log p that the family states", () => {
    everyCase((row, params, title) => {
      const d = row.make(params)
      if (!d.entropy) return
      const grid = row.grid(params)
      const logProb = logProbs(d, grid.events)
      const entropy = -expectation(masses(d, grid), grid, (_, i) => logProb[i]!)
      expectClose(
        numbers(() => d.entropy!()),
        [entropy],
        { relative: 1e-4, absolute: 2e-5 },
        title,
      )
    })
  })
}

const hasItsMode = (check: Check) => {
  check("is highest at the mode that the family states", () => {
    everyCase((row, params, title) => {
      const d = row.make(params)
      if (!d.mode) return
      const grid = row.grid(params)
      const found = logProbs(d, grid.events)
      const highest = found.reduce((a, b) => Math.max(a, b))
      // Highest at an end of a line, it may climb without bound towards it: there lies the mode, or beyond.
      if (!grid.discrete && (found[0] === highest || found.at(-1) === highest)) {
        if (d.eventShape.length > 0) return
        const [mode] = numbers(() => d.mode!())
        const [second, lastButOne] = [grid.events[1]![0]!, grid.events.at(-2)![0]!]
        const isBelow = found[0] === highest && mode! < second
        expect(isBelow || (found.at(-1) === highest && mode! > lastButOne), `${title}: ${mode}`).toBe(true)
        return
      }
      const [atMode] = numbers(() => d.logProb(d.mode!()))
      expect(atMode, title).toBeGreaterThan(highest - 1e-5)
      expect(atMode, title).toBeLessThan(highest + 1e-3)
    })
  })
}

const hasItsDistributionFunction = (check: Check) => {
  check("has the cumulative distribution and the quantiles that the family states", () => {
    everyCase((row, params, title) => {
      const d = row.make(params)
      if (!d.cdf) return
      const grid = row.grid(params)
      const mass = masses(d, grid)
      const cumulative: Array<number> = []
      mass.forEach((m, i) => {
        cumulative.push((cumulative[i - 1] ?? 0) + m)
      })
      const step = grid.discrete ? 1 : Math.floor(grid.events.length / 50)
      const chosen = cumulative.flatMap((c, i) =>
        i % step === 0 && c > 1e-3 && (grid.discrete ? mass[i]! > 1e-4 : c < 1 - 1e-3) ? [i] : [],
      )
      expect(chosen.length, title).toBeGreaterThan(grid.discrete ? 0 : 3)
      for (const i of chosen) {
        const [x] = grid.events[i]!
        // Half of a piece's own mass lies above its middle.
        const expected = cumulative[i]! - (grid.discrete ? 0 : mass[i]! / 2)
        const [cdf] = numbers(() => d.cdf!(tf.scalar(x!)))
        expectClose([cdf!], [expected], { absolute: 2e-5 }, title)
        if (!d.icdf) continue
        // Within the step that a discrete value makes, where rounding does not reach the next.
        const probability = grid.discrete ? cdf! - mass[i]! / 2 : cdf!
        expectClose(
          numbers(() => d.icdf!(tf.scalar(probability))),
          [x!],
          { relative: 2e-4, absolute: 2e-5 },
          title,
        )
      }
    })
  })
}

const isEnumerated = (check: Check) => {
  check("of a discrete family is enumerated in full", () => {
    for (const row of families) {
      const d = row.make(row.params[0]!)
      if (!d.enumerate) continue
      const grid = row.grid(row.params[0]!)
      expect(
        numbers(() => d.enumerate!()),
        row.name,
      ).toEqual(grid.events.flat())
    }
  })
}
