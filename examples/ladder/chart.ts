/** The ladder as a picture: a row for each set of data, a panel for each method, and the bounds against time. */
import { Effect } from "effect"
import { chartPng } from "../lib/png.ts"
import type { DataSet } from "./data.ts"
import { type Rung, rowsOf } from "./rungs.ts"

const colors = [
  [192, 57, 43],
  [44, 95, 138],
  [39, 135, 80],
] as const

/** The mixture of the components' colors that an observation's responsibilities are. */
const blend = (shares: ReadonlyArray<number>): string =>
  `rgb(${[0, 1, 2].map((c) => Math.round(shares.reduce((sum, r, k) => sum + r * colors[k]![c]!, 0))).join(",")})`

/** Ellipses around each component's mean, at one and two standard deviations, in the data's own units. */
const contours = ({ mean, deviation }: DataSet, { params }: Rung) => {
  const loc = rowsOf(params.loc)
  const factors = params.scale.arraySync() as ReadonlyArray<ReadonlyArray<ReadonlyArray<number>>>
  return loc.flatMap((center, k) =>
    [1, 2].flatMap((radius) =>
      Array.from({ length: 61 }, (_, i) => {
        const angle = (2 * Math.PI * i) / 60
        const circle = [radius * Math.cos(angle), radius * Math.sin(angle)]
        const [x, y] = [0, 1].map((row) => {
          const standard = center[row]! + factors[k]![row]!.reduce((sum, l, j) => sum + l * circle[j]!, 0)
          return mean[row]! + deviation[row]! * standard
        })
        return { x, y, i, curve: `${k}, ${radius}`, color: `rgb(${colors[k]!.join(",")})` }
      }),
    ),
  )
}

const panel = (data: DataSet, rung: Rung) => {
  const { mean, deviation, axes } = data
  const points = rowsOf(data.x).map((row, n) => ({
    x: mean[0]! + deviation[0]! * row[0]!,
    y: mean[1]! + deviation[1]! * row[1]!,
    color: blend(rung.responsibilities[n]!),
  }))
  const position = (field: "x" | "y", title: string) => ({
    field,
    type: "quantitative" as const,
    title,
    scale: { zero: false, nice: true },
    axis: { tickCount: 5, grid: false },
  })
  const encoding = {
    x: position("x", axes[0]),
    y: position("y", axes[1]),
    color: { field: "color", type: "nominal" as const, scale: null },
  }
  return {
    title: {
      text: rung.method,
      subtitle: `log p(x) = ${rung.logLikelihood.toFixed(2)}`,
      anchor: "start" as const,
    },
    width: 210,
    height: 190,
    layer: [
      { data: { values: points }, mark: { type: "circle" as const, size: 12, opacity: 0.7 }, encoding },
      {
        data: { values: contours(data, rung) },
        mark: { type: "line" as const, strokeWidth: 1.4 },
        encoding: {
          ...encoding,
          order: { field: "i", type: "quantitative" as const },
          detail: { field: "curve", type: "nominal" as const },
        },
      },
    ],
  }
}

/** How far the bound is below the maximum, against time, both logarithmic. */
const race = (rungs: ReadonlyArray<Rung>) => {
  const best = rungs[0]!.logLikelihood
  // Of draws there is no bound to show.
  const drawn = rungs.filter(({ curve }) => curve.length > 0).map(({ method }) => method)
  const values = rungs.flatMap(({ method, curve }) =>
    curve.map(({ seconds, bound }) => ({ method, seconds, below: Math.max(best - bound, 1e-3) })),
  )
  return {
    title: {
      text: "the bound below the maximum",
      subtitle: "nats, against seconds",
      anchor: "start" as const,
    },
    width: 260,
    height: 190,
    data: { values },
    mark: { type: "line" as const, clip: true },
    encoding: {
      x: {
        field: "seconds",
        type: "quantitative" as const,
        scale: { type: "log" as const },
        title: "seconds",
        axis: { tickCount: 4, grid: false },
      },
      y: {
        field: "below",
        type: "quantitative" as const,
        scale: { type: "log" as const },
        title: "nats",
        axis: { tickCount: 5, grid: false },
      },
      color: {
        field: "method",
        type: "nominal" as const,
        title: null,
        sort: drawn,
        legend: { orient: "bottom-left" as const },
      },
    },
  }
}

/** The picture as PNG. */
export const picture = (
  climbed: ReadonlyArray<readonly [DataSet, ReadonlyArray<Rung>]>,
): Effect.Effect<Uint8Array> =>
  Effect.promise(() =>
    chartPng({
      title: { text: "One mixture, four methods", anchor: "start", fontSize: 18, offset: 16 },
      vconcat: climbed.map(([data, rungs]) => ({
        title: { text: data.title, anchor: "start", fontSize: 14 },
        hconcat: [...rungs.map((rung) => panel(data, rung)), race(rungs)],
      })),
      resolve: { scale: { color: "independent" } },
      config: { view: { stroke: "#ddd" } },
    }),
  )
