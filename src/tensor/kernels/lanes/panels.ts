/** The rows of a kernel's vectors in fours, as many at a time as stay near, for the loops of `lanes.ts`. */
import type { Runs } from "../linalg/batches.ts"
import { type Lanes, lanes } from "./lanes.ts"

/** Rows that meet the same parameters: where they lie, and where there is room for the parameters and for a number each. */
export interface Panel extends Lanes {
  readonly x: number
  readonly room: number
  readonly out: number
}

/** How many numbers of rows are taken at a time. */
const NEAR = 4096

/** How many rows of `n` numbers each, a multiple of four, are taken at a time of `count`. */
export const rowsAtATime = (count: number, n: number): number =>
  4 * Math.max(Math.min(Math.ceil(count / 4), Math.floor(NEAR / (4 * Math.max(n, 1)))), 1)

/**
 * Vectors x of n numbers, the first of the runs' operands, run by run: `each` is told the run, the place in the run of the
 * first of the panel's rows, how many they are and, rounded up, how many fours. Runs of the same vectors share a panel.
 */
export const overPanels = (
  x: Float32Array,
  n: number,
  { outer, inner, operands }: Runs,
  room: number,
  each: (panel: Panel, run: number, first: number, rows: number, fours: number) => void,
): void => {
  const starts = operands[0]!
  const most = rowsAtATime(inner, n)
  const panel = { ...lanes(most * n + room + most), x: 0, room: most * n, out: most * n + room }
  for (let from = 0, to = 0; from < outer; from = to) {
    const start = starts[from]!
    while (to < outer && starts[to] === start) to++
    for (let first = 0; first < inner; first += most) {
      const rows = Math.min(most, inner - first)
      loadFours(x, (start + first) * n, rows, n, panel.numbers, 0)
      for (let run = from; run < to; run++) each(panel, run, first, rows, Math.ceil(rows / 4))
    }
  }
}

/** Rows of n numbers that lie one after the other from p on, in fours; zeros fill up the last four. */
export const loadFours = (
  x: Float32Array,
  p: number,
  rows: number,
  n: number,
  to: Float64Array,
  at: number,
): void => {
  let r = 0
  for (; r + 4 <= rows; r += 4, p += 4 * n) at = loadFour(x, p, n, to, at)
  if (r === rows) return
  for (let s = 0; s < 4; s++, p += n) loadRow(r + s < rows ? x.subarray(p) : undefined, n, to, at + s)
}

const loadFour = (x: Float32Array, p: number, n: number, to: Float64Array, at: number): number => {
  const [q, r, s] = [p + n, p + 2 * n, p + 3 * n]
  for (let i = 0; i < n; i++, at += 4) {
    to[at] = x[p + i]!
    to[at + 1] = x[q + i]!
    to[at + 2] = x[r + i]!
    to[at + 3] = x[s + i]!
  }
  return at
}

/** One row of four, or zeros in its place. */
const loadRow = (x: Float32Array | undefined, n: number, to: Float64Array, at: number): void => {
  for (let i = 0; i < n; i++, at += 4) to[at] = x === undefined ? 0 : x[i]!
}
