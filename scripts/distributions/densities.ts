/**
 * The picture of docs/distributions.md: the density of each continuous family of one number, at the laws' first
 * parameters. What is shown is where the density is above a fiftieth of its peak; a peak that has no height is cut.
 */
import * as tf from "@tensorflow/tfjs-core"
import { chartPng } from "../../examples/lib/png.ts"
import type { Distribution } from "../../src/distributions/Distribution.ts"
import { logProbs, masses } from "../../test/laws/grid.ts"
import { type Form, members } from "./members.ts"

/** The picture as PNG. Needs a backend. */
export const densities = (): Promise<Uint8Array> =>
  chartPng({
    columns: 6,
    bounds: "flush",
    spacing: { row: 66, column: 42 },
    concat: panels().map(({ title, subtitle, curve }) => ({
      title: {
        text: title,
        subtitle,
        anchor: "start",
        frame: "group",
        fontSize: 12,
        subtitleFontSize: 9,
        subtitleColor: "#666",
      },
      width: 130,
      height: 80,
      data: { values: [...curve] },
      mark: { type: "area", line: { color: "#2c5f8a", strokeWidth: 1.5 }, color: "#c9dcec", clip: true },
      encoding: {
        x: {
          field: "x",
          type: "quantitative",
          title: null,
          scale: { nice: false, zero: false },
          axis: { tickCount: 4, grid: false },
        },
        y: { field: "density", type: "quantitative", title: null, axis: { tickCount: 3, grid: false } },
      },
    })),
  })

interface Panel {
  readonly title: string
  readonly subtitle: string
  readonly curve: ReadonlyArray<{ readonly x: number; readonly density: number }>
}

const panels = (): ReadonlyArray<Panel> =>
  members()
    .filter(({ wraps }) => !wraps)
    .flatMap(({ name, forms }) => {
      const form = forms[0]!
      const d = form.examples[0]!
      if (d.support.eventRank > 0 || d.support.discrete || form.grid === undefined || form.grid.discrete)
        return []
      return [{ title: name, subtitle: parameters(d), curve: curve(d, form) }]
    })

const parameters = (d: Distribution): string =>
  Object.entries(d.params)
    .map(([name, { value }]) => `${name} ${value}`)
    .join(", ")

const POINTS = 240

const curve = (d: Distribution, { grid }: Form): Panel["curve"] => {
  const mass = masses(d, grid!)
  const cells = grid!.events
    .map(([x], i) => ({ x: x!, mass: mass[i]!, density: mass[i]! / grid!.weights[i]! }))
    .filter(({ density }) => Number.isFinite(density))
  const top = peak(cells)
  const shown = cells.filter(({ density }) => density > top / 50).map(({ x }) => x)
  const [low, high] = [Math.min(...shown), Math.max(...shown)]
  // A little more on either side, so that an edge is seen as one.
  const room = 0.04 * (high - low)
  const events = Array.from({ length: POINTS }, (_, i) => [
    low - room + ((high - low + 2 * room) * i) / (POINTS - 1),
  ])
  return tf.tidy(() =>
    logProbs(d, events).map((logProb, i) => ({
      x: events[i]![0]!,
      density: Math.min(Math.exp(logProb), top),
    })),
  )
}

/** The greatest density, or, where it towers over all but 5% of the mass, 1.5 times what those 5% exceed. */
const peak = (cells: ReadonlyArray<{ readonly mass: number; readonly density: number }>): number => {
  const falling = cells.toSorted((a, b) => b.density - a.density)
  let above = 0
  const common = falling.find(({ mass }) => {
    above += mass
    return above > 0.05
  })!.density
  return Math.min(falling[0]!.density, 1.5 * common)
}
