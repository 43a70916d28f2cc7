/**
 * Substitution in float64: X = T⁻¹B for one triangular T, which stays in float32 where it lies. Upper triangles and
 * transposes are the same loop along other strides, from the last row to the first.
 */

/** How the loop walks through a triangle of size n that begins at 0: element (i, j) is at start + i·row + j·column. */
export interface Walk {
  readonly n: number
  readonly start: number
  readonly row: number
  readonly column: number
  /** Whether the unknowns, too, are taken from the last to the first. */
  readonly backward: boolean
}

export const walk = (n: number, lower: boolean, transpose: boolean): Walk => {
  const [row, column] = transpose ? [1, n] : [n, 1]
  return lower !== transpose
    ? { n, start: 0, row, column, backward: false }
    : { n, start: (n - 1) * (n + 1), row: -row, column: -column, backward: true }
}

/** Solves for four right-hand sides at once, in place: x[4i + c] is row i of side c. */
export const substituteFour = (t: Float32Array, at: number, w: Walk, x: Float64Array): void => {
  const { n, row, column } = w
  const step = w.backward ? -4 : 4
  const first = w.backward ? 4 * (n - 1) : 0
  let line = at + w.start
  let end = first
  for (let i = 0; i < n; i++, line += row, end += step) {
    let p = line
    let a = x[end]!
    let b = x[end + 1]!
    let c = x[end + 2]!
    let d = x[end + 3]!
    for (let q = first; q !== end; q += step, p += column) {
      const factor = t[p]!
      a -= factor * x[q]!
      b -= factor * x[q + 1]!
      c -= factor * x[q + 2]!
      d -= factor * x[q + 3]!
    }
    const inverse = 1 / t[p]!
    x[end] = a * inverse
    x[end + 1] = b * inverse
    x[end + 2] = c * inverse
    x[end + 3] = d * inverse
  }
}

/** Solves for one right-hand side in place; x[i] is its row i. */
export const substituteOne = (t: Float32Array, at: number, w: Walk, x: Float64Array): void => {
  const { n, row, column } = w
  const step = w.backward ? -1 : 1
  const first = w.backward ? n - 1 : 0
  let line = at + w.start
  for (let i = 0; i < n; i++, line += row) {
    let p = line
    let q = first
    // Two sums side by side, for one alone waits for each subtraction to end.
    let a = x[first + i * step]!
    let b = 0
    let j = 0
    for (; j + 1 < i; j += 2, p += 2 * column, q += 2 * step) {
      a -= t[p]! * x[q]!
      b -= t[p + column]! * x[q + step]!
    }
    if (j < i) {
      a -= t[p]! * x[q]!
      p += column
    }
    x[first + i * step] = (a + b) / t[p]!
  }
}
