/**
 * The Cholesky factor of one matrix in float64, column by column (Golub and Van Loan, "Matrix computations", 4th ed.,
 * section 4.2):
 *
 *   l_jj = √(a_jj − Σ_k<j l_jk²),  l_ij = (a_ij − Σ_k<j l_ik l_jk) / l_jj
 *
 * In float32 the pivot under the root loses all its digits from a condition number of 10⁷ on; here it keeps nine.
 */

/**
 * Writes into the lower triangle of `l`, [n, n], the factor of (A + Aᵀ)/2, where A, [n, n], begins at `start`; what is
 * above the diagonal stays. Gives −1, or the first row whose pivot is not positive and finite: that pivot, as it
 * was under the root, is then on the diagonal, and the columns from there on are rubbish.
 */
export const factorize = (a: Float32Array, start: number, n: number, l: Float64Array): number => {
  for (let j = 0; j < n; j++) {
    const row = j * n
    const pivot = a[start + row + j]! - dot(l, row, row, j)
    l[row + j] = pivot
    if (!(pivot > 0 && pivot < Number.POSITIVE_INFINITY)) return j
    l[row + j] = Math.sqrt(pivot)
    const half = 0.5 / l[row + j]!
    for (let i = j + 1; i < n; i++) {
      const below = i * n
      const twice = a[start + below + j]! + a[start + row + i]!
      l[below + j] = half * (twice - 2 * dot(l, below, row, j))
    }
  }
  return -1
}

/** Σ x[p + k] · x[q + k] over k < n, as four sums side by side: one alone waits for each addition to end. */
const dot = (x: Float64Array, p: number, q: number, n: number): number => {
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  let k = 0
  for (; k + 3 < n; k += 4) {
    a += x[p + k]! * x[q + k]!
    b += x[p + k + 1]! * x[q + k + 1]!
    c += x[p + k + 2]! * x[q + k + 2]!
    d += x[p + k + 3]! * x[q + k + 3]!
  }
  for (; k < n; k++) a += x[p + k]! * x[q + k]!
  return a + b + (c + d)
}
