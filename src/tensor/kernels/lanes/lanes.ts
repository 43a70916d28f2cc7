/**
 * Loops over float64s that a kernel runs on some of its rows at a time, in WebAssembly's pairs of numbers (SIMD), three to
 * six times as fast as JavaScript's; where a runtime forbids compiling, as workers at the edge do, in JavaScript. Both
 * add in the same order: the bits are the same.
 *
 * Rows lie in fours: the first numbers of four rows, then their second ones, and so on. Where rows are fewer than a
 * multiple of four, zeros fill up. All addresses are places in `numbers`, which a kernel fills and reads.
 *
 * ```ts
 * const { numbers, distances } = lanes(4 * n + 2 * n + 4)
 * ```
 */
import { loops } from "./loops.ts"
import { compiled } from "./module.ts"

/** The loops. `fours` is how many fours of rows there are; `n` how many numbers a row has. */
export interface Lanes {
  /** Room; what is in it is anyone's. */
  readonly numbers: Float64Array
  /** out[row] = Σᵢ ((xᵢ − locᵢ) factorᵢ)², of rows x and one loc and factor. */
  readonly distances: (x: number, fours: number, n: number, loc: number, factor: number, out: number) => void
  /**
   * out[row] = |L⁻¹(x − loc)|², of rows x and one loc and L: a lower triangle [n, n] whose diagonal holds its
   * reciprocals. `y` is room for 4 n numbers.
   */
  readonly whitened: (
    x: number,
    fours: number,
    n: number,
    loc: number,
    l: number,
    y: number,
    out: number,
  ) => void
  /**
   * Σ w x and Σ w x² over rows x, added to pairs of numbers [k, n, 2]: two halves of each sum. Of the rows' weights
   * w there are k, in fours too.
   */
  readonly addMoments: (
    x: number,
    w: number,
    fours: number,
    n: number,
    k: number,
    first: number,
    second: number,
  ) => void
  /** Σ w xxᵀ over rows x, its lower triangle row by row, added to pairs of numbers [k, n (n + 1)/2, 2]. */
  readonly addOuters: (x: number, w: number, fours: number, n: number, k: number, outer: number) => void
  /**
   * Of each column of x, rows of `pairs` pairs of numbers, the largest number, NaN where there is one; x ← e^(x − top), to
   * 1e-11 of the value; and its sum.
   */
  readonly columnExps: (x: number, rows: number, pairs: number, top: number, sum: number) => void
}

let current: Lanes | undefined

/** The loops, with room for `count` numbers. What was there before is lost. */
export const lanes = (count: number): Lanes => {
  if (current === undefined || current.numbers.length < count) current = compiled(count) ?? loops(count)
  return current
}
