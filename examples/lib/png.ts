/**
 * Pictures as PNG: grids of small grey images, SVG, and Vega-Lite charts.
 *
 * Text is set in DejaVu Sans from npm, so that it looks the same on a machine without fonts.
 */
import { fileURLToPath } from "node:url"
import { Resvg } from "@resvg/resvg-js"
import { encode } from "fast-png"
import * as vega from "vega"
import { compile, type TopLevelSpec } from "vega-lite"

/** Grey images of one size, row after row. */
export interface Grid {
  /** Values in [0, 1], row-major, `rows` × `columns` each. */
  readonly tiles: ReadonlyArray<Float32Array>
  readonly shape: readonly [rows: number, columns: number]
  /** Tiles in a row of the grid. */
  readonly across: number
  /** Each pixel becomes `zoom` × `zoom`; default 2. */
  readonly zoom?: number
  /** Pixels between tiles; default 2. */
  readonly gap?: number
}

/** The grid on white, with a title above it and a line that explains it. */
export const gridPng = (grid: Grid, title: string, caption: string): Uint8Array => {
  const { width, height, data } = draw(grid)
  const png = Buffer.from(encode({ width, height, data, channels: 1, depth: 8 })).toString("base64")
  const size = { width: Math.max(width, MIN_WIDTH) + 2 * MARGIN, height: height + HEAD + MARGIN }
  return svgPng(`
    <svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}" font-family="${FONT}">
      <rect width="100%" height="100%" fill="white"/>
      <text x="${MARGIN}" y="34" font-size="20" font-weight="bold">${escaped(title)}</text>
      <text x="${MARGIN}" y="58" font-size="13" fill="#555">${escaped(caption)}</text>
      <image x="${MARGIN}" y="${HEAD}" width="${width}" height="${height}" href="data:image/png;base64,${png}"/>
    </svg>`)
}

/** A Vega-Lite chart, drawn at twice its size. */
export const chartPng = async (spec: TopLevelSpec): Promise<Uint8Array> => {
  const fonts = { background: "white", font: FONT, padding: MARGIN }
  const parsed = vega.parse(compile({ ...spec, config: { ...fonts, ...spec.config } }).spec)
  const view = new vega.View(parsed, { renderer: "none" })
  try {
    return svgPng(await view.toSVG(), 2)
  } finally {
    view.finalize()
  }
}

const svgPng = (svg: string, zoom = 1): Uint8Array =>
  new Resvg(svg, {
    fitTo: { mode: "zoom", value: zoom },
    font: { loadSystemFonts: false, fontFiles: fonts, defaultFontFamily: FONT },
  })
    .render()
    .asPng()

const FONT = "DejaVu Sans"
const fonts = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((file) =>
  fileURLToPath(new URL(`ttf/${file}`, import.meta.resolve("dejavu-fonts-ttf/package.json"))),
)

const MARGIN = 20
const HEAD = 76
/** Room for the caption. */
const MIN_WIDTH = 560

const draw = ({ tiles, shape: [rows, columns], across, zoom = 2, gap = 2 }: Grid) => {
  const down = Math.ceil(tiles.length / across)
  const width = across * (columns * zoom + gap) - gap
  const height = down * (rows * zoom + gap) - gap
  const data = new Uint8Array(width * height).fill(255)
  for (const [i, tile] of tiles.entries()) {
    const left = (i % across) * (columns * zoom + gap)
    const top = Math.floor(i / across) * (rows * zoom + gap)
    for (let y = 0; y < rows * zoom; y++) {
      for (let x = 0; x < columns * zoom; x++) {
        const value = tile[Math.floor(y / zoom) * columns + Math.floor(x / zoom)]!
        data[(top + y) * width + left + x] = Math.round(255 * Math.min(1, Math.max(0, value)))
      }
    }
  }
  return { width, height, data }
}

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
