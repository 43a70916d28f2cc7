/**
 * Weighted means and covariances of rows x [N, D], one for each column of weights w [N, K]:
 *
 *   N_k = Σₙ w_nk,  mean_k = Σₙ w_nk xₙ / N_k,  Σ_k = Σₙ w_nk (xₙ − mean_k)(xₙ − mean_k)ᵀ / N_k + floor · I
 *
 * Σ_k comes out as a lower Cholesky factor or as standard deviations. All of it is in float64 and rounded once: in
 * float32 the sums over many rows lose digits, and a pivot near singularity all of them. The rows are read once, in
 * fours, about their common mean, so that what cancels between sums of squares is only what lies between the columns.
 */
import type { LoopKernel } from "../loop.ts"
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
  for (let row = 0, at = 0; row < n; row++) for (let i = 0; i < d; i++) mean[i]! += x[at++]!
  return mean.map((sum) => sum / n)
}

const sumsOf = (
  x: Float32Array,
  w: Float32Array,
  size: Size,
  origin: Float64Array,
  form: ScatterForm,
): Sums => {
  const { n, d, k } = size
  const triangle = (d * (d + 1)) / 2
  const length = { full: k * triangle, tied: triangle, diagonal: k * d, spherical: k * d }[form]
  const [count, first, second] = [new Float64Array(k), new Float64Array(k * d), new Float64Array(length)]
  const b = new Float64Array(4 * d)
  const weight = new Float64Array(4)
  for (let row = 0; row < n; row += 4) {
    const rows = Math.min(4, n - row)
    for (let r = 0; r < rows; r++) {
      for (let i = 0; i < d; i++) b[r * d + i] = x[(row + r) * d + i]! - origin[i]!
    }
    if (form === "tied") {
      for (let r = 0; r < 4; r++) {
        weight[r] = 0
        if (r < rows) for (let c = 0; c < k; c++) weight[r]! += w[(row + r) * k + c]!
      }
      addOuter(second, 0, weight, b, d)
    }
    for (let c = 0; c < k; c++) {
      // Rows that are not there keep another's numbers, and weigh nothing.
      for (let r = 0; r < 4; r++) weight[r] = r < rows ? w[(row + r) * k + c]! : 0
      const [w0, w1, w2, w3] = weight as unknown as [number, number, number, number]
      if (w0 === 0 && w1 === 0 && w2 === 0 && w3 === 0) continue
      count[c]! += w0 + w1 + (w2 + w3)
      const at = c * d
      for (let i = 0; i < d; i++) {
        first[at + i]! += w0 * b[i]! + w1 * b[d + i]! + (w2 * b[2 * d + i]! + w3 * b[3 * d + i]!)
      }
      if (form === "full") addOuter(second, c * triangle, weight, b, d)
      else if (form !== "tied") addSquares(second, at, weight, b, d)
    }
  }
  return { count, first, second }
}

/** to += Σ w bbᵀ of four rows b, the lower triangle. */
const addOuter = (to: Float64Array, start: number, w: Float64Array, b: Float64Array, d: number): void => {
  let at = start
  for (let i = 0; i < d; i++) {
    const a0 = w[0]! * b[i]!
    const a1 = w[1]! * b[d + i]!
    const a2 = w[2]! * b[2 * d + i]!
    const a3 = w[3]! * b[3 * d + i]!
    for (let j = 0; j <= i; j++) {
      to[at++]! += a0 * b[j]! + a1 * b[d + j]! + (a2 * b[2 * d + j]! + a3 * b[3 * d + j]!)
    }
  }
}

/** to += Σ w b² of four rows b. */
const addSquares = (to: Float64Array, start: number, w: Float64Array, b: Float64Array, d: number): void => {
  for (let i = 0; i < d; i++) {
    const [b0, b1, b2, b3] = [b[i]!, b[d + i]!, b[2 * d + i]!, b[3 * d + i]!]
    to[start + i]! += w[0]! * b0 * b0 + w[1]! * b1 * b1 + (w[2]! * b2 * b2 + w[3]! * b3 * b3)
  }
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
