/**
 * Integration on the host: events with weights, such that Σ weight · density(event) · f(event) is E[f]. For the
 * discrete families every value with weight one, for the others the midpoint rule, whose error is far below that of
 * float32 where a density is smooth and vanishes at the ends (or is constant).
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Distribution } from "../../src/distributions/Distribution.ts"

export interface Grid {
  /** Events as rows of numbers. */
  readonly events: ReadonlyArray<ReadonlyArray<number>>
  readonly weights: ReadonlyArray<number>
  readonly discrete: boolean
}

/** Every value of a discrete family. */
export const points = (events: ReadonlyArray<ReadonlyArray<number>>): Grid => ({
  events,
  weights: events.map(() => 1),
  discrete: true,
})

/** Midpoints of `n` equal pieces of [low, high]. */
export const line = (low: number, high: number, n: number): Grid => {
  const h = (high - low) / n
  return {
    events: Array.from({ length: n }, (_, i) => [low + (i + 0.5) * h]),
    weights: new Array<number>(n).fill(h),
    discrete: false,
  }
}

/** The midpoints of `n` equal pieces of [low, high] in t, sent to x(t): finer where a density needs it. */
export const mapped = (
  low: number,
  high: number,
  n: number,
  x: (t: number) => number,
  slope: (t: number) => number,
): Grid => {
  const { events, weights } = line(low, high, n)
  return {
    events: events.map(([t]) => [x(t!)]),
    weights: events.map(([t], i) => weights[i]! * slope(t!)),
    discrete: false,
  }
}

/** The simplex of three, in its first two coordinates: midpoints of n²/2 squares. */
export const simplexGrid = (n: number): Grid => {
  const events: Array<ReadonlyArray<number>> = []
  for (let i = 0; i < n; i++) {
    for (let j = 0; i + j < n - 1; j++) {
      const a = (i + 0.5) / n
      const b = (j + 0.5) / n
      events.push([a, b, 1 - a - b])
    }
  }
  return { events, weights: events.map(() => 1 / (n * n)), discrete: false }
}

/** The events as one tensor `[n, ...event]`. */
export const eventTensor = (d: Distribution, events: Grid["events"]): tf.Tensor =>
  tf.tensor(events.flat(), [events.length, ...d.eventShape], "float32")

/** log p at each event, on the host. */
export const logProbs = (d: Distribution, events: Grid["events"]): ReadonlyArray<number> =>
  tf.tidy(() => Array.from(d.logProb(eventTensor(d, events)).dataSync()))

/** The probability of each cell of the grid. */
export const masses = (d: Distribution, grid: Grid): ReadonlyArray<number> =>
  logProbs(d, grid.events).map((logProb, i) => Math.exp(logProb) * grid.weights[i]!)

/** E[f] under the grid's masses. */
export const expectation = (
  mass: ReadonlyArray<number>,
  grid: Grid,
  f: (event: ReadonlyArray<number>, i: number) => number,
): number => grid.events.reduce((sum, event, i) => (mass[i] === 0 ? sum : sum + mass[i]! * f(event, i)), 0)
