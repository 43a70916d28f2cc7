/** The loops of `lanes.ts` in JavaScript: each sum in the order in which pairs of numbers add it. */
import type { Lanes } from "./lanes.ts"

/** The loops, with room for `count` numbers. */
export const loops = (count: number): Lanes => {
  const at = new Float64Array(count)
  return {
    numbers: at,
    distances: (x, fours, n, loc, factor, out) => distances(at, x, fours, n, loc, factor, out),
    whitened: (x, fours, n, loc, l, y, out) => whitened(at, x, fours, n, loc, l, y, out),
    addMoments: (x, w, fours, n, k, first, second) => {
      for (let c = 0; c < k; c++)
        addMoments(at, x, w + 4 * c, fours, n, k, first + 2 * c * n, second + 2 * c * n)
    },
    addOuters: (x, w, fours, n, k, outer) => {
      for (let c = 0; c < k; c++) addOuters(at, x, w + 4 * c, fours, n, k, outer + c * n * (n + 1))
    },
    columnExps: (x, rows, pairs, top, sum) => columnExps(at, x, rows, 2 * pairs, top, sum),
  }
}

const distances = (
  at: Float64Array,
  x: number,
  fours: number,
  n: number,
  loc: number,
  factor: number,
  out: number,
): void => {
  for (let f = 0; f < fours; f++, out += 4) {
    let d0 = 0
    let d1 = 0
    let d2 = 0
    let d3 = 0
    for (let i = 0; i < n; i++, x += 4) {
      const center = at[loc + i]!
      const times = at[factor + i]!
      const z0 = (at[x]! - center) * times
      const z1 = (at[x + 1]! - center) * times
      const z2 = (at[x + 2]! - center) * times
      const z3 = (at[x + 3]! - center) * times
      d0 += z0 * z0
      d1 += z1 * z1
      d2 += z2 * z2
      d3 += z3 * z3
    }
    at[out] = d0
    at[out + 1] = d1
    at[out + 2] = d2
    at[out + 3] = d3
  }
}

const whitened = (
  at: Float64Array,
  x: number,
  fours: number,
  n: number,
  loc: number,
  l: number,
  y: number,
  out: number,
): void => {
  for (let f = 0; f < fours; f++, out += 4) {
    let d0 = 0
    let d1 = 0
    let d2 = 0
    let d3 = 0
    for (let i = 0; i < n; i++, x += 4) {
      const row = l + i * n
      const center = at[loc + i]!
      let s0 = at[x]! - center
      let s1 = at[x + 1]! - center
      let s2 = at[x + 2]! - center
      let s3 = at[x + 3]! - center
      for (let j = 0, p = y; j < i; j++, p += 4) {
        const times = at[row + j]!
        s0 -= times * at[p]!
        s1 -= times * at[p + 1]!
        s2 -= times * at[p + 2]!
        s3 -= times * at[p + 3]!
      }
      const times = at[row + i]!
      s0 *= times
      s1 *= times
      s2 *= times
      s3 *= times
      const p = y + 4 * i
      at[p] = s0
      at[p + 1] = s1
      at[p + 2] = s2
      at[p + 3] = s3
      d0 += s0 * s0
      d1 += s1 * s1
      d2 += s2 * s2
      d3 += s3 * s3
    }
    at[out] = d0
    at[out + 1] = d1
    at[out + 2] = d2
    at[out + 3] = d3
  }
}

/** Of one column of weights. */
const addMoments = (
  at: Float64Array,
  x: number,
  w: number,
  fours: number,
  n: number,
  k: number,
  first: number,
  second: number,
): void => {
  for (let f = 0; f < fours; f++, w += 4 * k) {
    const w0 = at[w]!
    const w1 = at[w + 1]!
    const w2 = at[w + 2]!
    const w3 = at[w + 3]!
    for (let i = 0, p = first, q = second; i < n; i++, x += 4, p += 2, q += 2) {
      const a0 = w0 * at[x]!
      const a1 = w1 * at[x + 1]!
      const a2 = w2 * at[x + 2]!
      const a3 = w3 * at[x + 3]!
      at[p]! += a0 + a2
      at[p + 1]! += a1 + a3
      at[q]! += a0 * at[x]! + a2 * at[x + 2]!
      at[q + 1]! += a1 * at[x + 1]! + a3 * at[x + 3]!
    }
  }
}

/** Of one column of weights. */
const addOuters = (
  at: Float64Array,
  x: number,
  w: number,
  fours: number,
  n: number,
  k: number,
  outer: number,
): void => {
  for (let f = 0; f < fours; f++, w += 4 * k, x += 4 * n) {
    for (let i = 0, p = x, to = outer; i < n; i++, p += 4) {
      const a0 = at[w]! * at[p]!
      const a1 = at[w + 1]! * at[p + 1]!
      const a2 = at[w + 2]! * at[p + 2]!
      const a3 = at[w + 3]! * at[p + 3]!
      for (let q = x; q <= p; q += 4, to += 2) {
        at[to]! += a0 * at[q]! + a2 * at[q + 2]!
        at[to + 1]! += a1 * at[q + 1]! + a3 * at[q + 3]!
      }
    }
  }
}

/** e^x = 2ᵏ e^r, |r| ≤ log 2/2, and e^r by its series, even and odd powers apart: the first term left out is 7e-12. */
export const exponential = {
  /** Below e^−708 float64's numbers lose digits. */
  lowest: -708,
  perOctave: 1 / Math.LN2,
  /** log 2 in two parts, k times the first of which is exact. */
  octave: [0.6931471803691238, 1.9082149292705877e-10],
  /** Added and taken away again it leaves a whole number. */
  rounding: 1.5 * 2 ** 52,
  /** 1/8!, 1/6!, … 1/0!. */
  even: [1 / 40320, 1 / 720, 1 / 24, 1 / 2, 1],
  /** 1/9!, 1/7!, … 1/1!. */
  odd: [1 / 362880, 1 / 5040, 1 / 120, 1 / 6, 1],
} as const

const powers = Float64Array.from({ length: 1023 }, (_, k) => 2 ** -k)

const columnExps = (
  at: Float64Array,
  x: number,
  rows: number,
  columns: number,
  top: number,
  sum: number,
): void => {
  const end = x + rows * columns
  at.fill(Number.NEGATIVE_INFINITY, top, top + columns)
  at.fill(0, sum, sum + columns)
  for (let row = x; row < end; row += columns) {
    for (let c = 0; c < columns; c++) at[top + c] = Math.max(at[top + c]!, at[row + c]!)
  }
  for (let row = x; row < end; row += columns) {
    for (let c = 0; c < columns; c++) {
      const part = exp(at[row + c]! - at[top + c]!)
      at[row + c] = part
      at[sum + c]! += part
    }
  }
}

const { lowest, perOctave, octave, rounding, even, odd } = exponential
const [high, low] = octave
const [c8, c6, c4, c2, c0] = even
const [c9, c7, c5, c3, c1] = odd

const exp = (x: number): number => {
  const t = x < lowest ? lowest : x
  const k = t * perOctave + rounding - rounding
  const r = t - k * high - k * low
  const s = r * r
  const ofEven = c0 + s * (c2 + s * (c4 + s * (c6 + s * c8)))
  const ofOdd = c1 + s * (c3 + s * (c5 + s * (c7 + s * c9)))
  return powers[-k]! * (ofEven + r * ofOdd)
}
