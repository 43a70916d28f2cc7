/**
 * The learning curve as a picture, by Vega-Lite.
 */
import { Effect } from "effect"
import { chartPng } from "../lib/png.ts"
import type { Trained } from "./train.ts"

/** The ELBO over the epochs. */
export const learningCurve = ({ curve: { points }, title }: Trained): Effect.Effect<Uint8Array> => {
  // The first hundred steps gain a hundred nats or more, beside which nothing else could be seen.
  const shown = points
    .filter(({ data }, i) => data === "test" || i >= Math.floor(points.length / 8))
    .map(({ elbo }) => elbo)
  const [low, high] = [Math.min(...shown), Math.max(...shown)]
  const epochs = Math.ceil(points.at(-1)!.epoch)
  const room = Math.max(1, 0.05 * (high - low))
  return Effect.promise(() =>
    chartPng({
      title: { text: `ELBO, ${title}`, anchor: "start", fontSize: 16 },
      width: 520,
      height: 320,
      data: { values: [...points] },
      layer: [
        {
          mark: { type: "line", clip: true, point: points.length < 10 },
          transform: [{ filter: "datum.data === 'train'" }],
        },
        { mark: { type: "line", point: true }, transform: [{ filter: "datum.data === 'test'" }] },
      ],
      encoding: {
        x: {
          field: "epoch",
          type: "quantitative",
          title: "epoch",
          axis: { tickMinStep: 1 },
          scale: { domain: [0, epochs] },
        },
        y: {
          field: "elbo",
          type: "quantitative",
          title: "nats for one image",
          scale: { domain: [low - room, high + room], nice: true },
        },
        color: {
          field: "data",
          type: "nominal",
          title: null,
          scale: { domain: ["train", "test"], range: ["#9ab8d8", "#c0392b"] },
          legend: { orient: "bottom-right" },
        },
      },
    }),
  )
}
