/**
 * Weighted means and covariances of rows x [N, D], one for each column of weights w [N, K]:
 *
 *   N_k = Σₙ w_nk,  mean_k = Σₙ w_nk xₙ / N_k,  Σ_k = Σₙ w_nk (xₙ − mean_k)(xₙ − mean_k)ᵀ / N_k + floor · I
 *
 * Σ_k comes out as a lower Cholesky factor or as standard deviations. All of it is in float64 and rounded once: in
 * float32 the sums over many rows lose digits, and a pivot near singularity all of them. The rows are read once, in
 * fours, about their common mean, so that what cancels between sums of squares is only what lies between the columns.
 */
import { lanes } from "../lanes/lanes.ts"
import { loadFours, rowsAtATime } from "../lanes/panels.ts"
import type { LoopKernel } from "../loop.ts"
import { addRows } from "../sum.ts"
import { factorize } from "./precision.ts"

/**
 * What the covariances have in common: nothing (`scale` [K, D, D]); everything, one for all columns ([D, D]); no
 * correlations ([K, D]); nor different variances ([K]).
 */
export type ScatterForm = "full" | "tied" | "diagonal" | "spherical"

export interface ScatterAttrs {
  readonly form: ScatterForm
  /** Added to each variance. */
  readonly floor: number
}

/** Inputs x, w; outputs N_k [K], mean [K, D] and scale. NaN where a column has no weight, or Σ no factor. */
export const weightedScatter: LoopKernel<ScatterAttrs> = {
  name: "GuidepostWeightedScatter",
  inputs: ["x", "w"],
  outputs: ([x, w], { form }) => {
    const [d, k] = [x!.shape[1]!, w!.shape[1]!]
    const scale = { full: [k, d, d], tied: [d, d], diagonal: [k, d], spherical: [k] }[form]
    return [[k], [k, d], scale]
  },
  run: ({ inputs, outputs, shapes, attrs: { form, floor } }) => {
    const [x, w] = inputs as [Float32Array, Float32Array]
    const [counts, means, scale] = outputs as [Float32Array, Float32Array, Float32Array]
    const size = { n: shapes[0]![0]!, d: shapes[0]![1]!, k: shapes[1]![1]! }
    const { d, k } = size
    const origin = meanOf(x, size)
    const sums = sumsOf(x, w, size, origin, form)
    for (let c = 0; c < k; c++) {
      counts[c] = sums.count[c]!
      for (let i = 0; i < d; i++) {
        // From here on the mean's distance from the origin.
        sums.first[c * d + i]! /= sums.count[c]!
        means[c * d + i] = origin[i]! + sums.first[c * d + i]!
      }
    }
    if (form === "full") factors(sums, size, floor, scale)
    else if (form === "tied") commonFactor(sums, size, floor, scale)
    else deviations(sums, size, floor, scale, form)
  },
}

interface Size {
  readonly n: number
  readonly d: number
  readonly k: number
}

/** About the origin, of each column: Σ w, Σ w x, and Σ w xxᵀ, its lower triangle (of all columns, if tied) or diagonal. */
interface Sums {
  readonly count: Float64Array
  readonly first: Float64Array
  readonly second: Float64Array
}

const meanOf = (x: Float32Array, { n, d }: Size): Float64Array => {
  const mean = new Float64Array(d)
  addRows(x, 0, n, mean)
  return mean.map((sum) => sum / n)
}

const sumsOf = (
  x: Float32Array,
  w: Float32Array,
  { n, d, k }: Size,
  origin: Float64Array,
  form: ScatterForm,
): Sums => {
  const triangle = (d * (d + 1)) / 2
  const most = rowsAtATime(n, d + k)
  // Rows, their weights and the sum of these; and the sums, each in two halves.
  const [ofX, ofW, ofAll] = [0, most * d, most * (d + k)]
  const first = most * (d + k + 1)
  const squares = first + 2 * k * d
  const outers = squares + 2 * k * d
  const columns = { full: k, tied: 1, diagonal: 0, spherical: 0 }[form]
  const end = outers + 2 * columns * triangle
  const { numbers, addMoments, addOuters } = lanes(end)
  numbers.fill(0, first, end)
  const count = new Float64Array(k)
  for (let row = 0; row < n; row += most) {
    const rows = Math.min(most, n - row)
    const fours = Math.ceil(rows / 4)
    loadFours(x, row * d, rows, d, numbers, ofX)
    loadFours(w, row * k, rows, k, numbers, ofW)
    center(numbers, ofX, fours, origin)
    addWeights(numbers, ofW, fours, count)
    addMoments(ofX, ofW, fours, d, k, first, squares)
    if (form === "full") addOuters(ofX, ofW, fours, d, k, outers)
    if (form !== "tied") continue
    pool(numbers, ofW, fours, k, ofAll)
    addOuters(ofX, ofAll, fours, d, 1, outers)
  }
  const second = columns === 0 ? halves(numbers, squares, k * d) : halves(numbers, outers, columns * triangle)
  return { count, first: halves(numbers, first, k * d), second }
}

/** Rows about the origin. Those that are not there weigh nothing, and may be anything. */
const center = (numbers: Float64Array, at: number, fours: number, origin: Float64Array): void => {
  for (let f = 0, p = at; f < fours; f++) {
    for (let i = 0; i < origin.length; i++, p += 4) {
      const from = origin[i]!
      numbers[p]! -= from
      numbers[p + 1]! -= from
      numbers[p + 2]! -= from
      numbers[p + 3]! -= from
    }
  }
}

/** Adds the weights of each column. */
const addWeights = (numbers: Float64Array, at: number, fours: number, count: Float64Array): void => {
  for (let f = 0, p = at; f < fours; f++) {
    for (let c = 0; c < count.length; c++, p += 4) {
      count[c]! += numbers[p]! + numbers[p + 1]! + (numbers[p + 2]! + numbers[p + 3]!)
    }
  }
}

/** Each row's weights in all columns together. */
const pool = (numbers: Float64Array, at: number, fours: number, k: number, to: number): void => {
  numbers.fill(0, to, to + 4 * fours)
  for (let f = 0, p = at; f < fours; f++) {
    for (let c = 0; c < k; c++) for (let r = 0; r < 4; r++, p++) numbers[to + 4 * f + r]! += numbers[p]!
  }
}

/** Sums of pairs. */
const halves = (numbers: Float64Array, from: number, count: number): Float64Array => {
  const sums = new Float64Array(count)
  for (let i = 0, p = from; i < count; i++, p += 2) sums[i] = numbers[p]! + numbers[p + 1]!
  return sums
}

const factors = (
  { count, first, second }: Sums,
  { d, k }: Size,
  floor: number,
  scale: Float32Array,
): void => {
  const l = new Float64Array(d * d)
  for (let c = 0, at = 0; c < k; c++) {
    for (let i = 0; i < d; i++) {
      for (let j = 0; j <= i; j++) {
        l[i * d + j] = second[at++]! / count[c]! - first[c * d + i]! * first[c * d + j]!
      }
      l[i * d + i]! += floor
    }
    factorize(l, d)
    scale.set(l, c * d * d)
  }
}

const commonFactor = (sums: Sums, { d, k }: Size, floor: number, scale: Float32Array): void => {
  const { count, first, second } = sums
  const l = new Float64Array(d * d)
  const total = count.reduce((sum, n) => sum + n, 0)
  for (let i = 0, at = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) {
      let between = 0
      for (let c = 0; c < k; c++) {
        if (count[c]! > 0) between += count[c]! * first[c * d + i]! * first[c * d + j]!
      }
      l[i * d + j] = (second[at++]! - between) / total
    }
    l[i * d + i]! += floor
  }
  factorize(l, d)
  scale.set(l)
}

const deviations = (
  { count, first, second }: Sums,
  { d, k }: Size,
  floor: number,
  scale: Float32Array,
  form: ScatterForm,
): void => {
  for (let c = 0; c < k; c++) {
    let sum = 0
    for (let i = 0; i < d; i++) {
      const p = c * d + i
      // Rounding may leave a variance of 0 a little below.
      const variance = Math.max(second[p]! / count[c]! - first[p]! * first[p]!, 0)
      if (form === "diagonal") scale[p] = Math.sqrt(variance + floor)
      sum += variance
    }
    if (form === "spherical") scale[c] = Math.sqrt(sum / d + floor)
  }
}
