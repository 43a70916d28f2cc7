/**
 * Eigenvalues and eigenvectors of a symmetric matrix, A = U diag(λ) Uᵀ, on the host in float64: for closed forms
 * outside the steps, since no backend has them.
 *
 * By Jacobi's cyclic rotations, each of which makes one element off the diagonal zero: slower than a reduction to
 * tridiagonal form and shorter, and no less accurate (G. H. Golub and C. F. Van Loan, Matrix Computations, 4th edition,
 * 2013, section 8.5).
 *
 * ```ts
 * symmetricEigen([2, 1, 1, 2], 2).values   // [3, 1]
 * ```
 */

export interface Eigen {
  /** Falling: n numbers. */
  readonly values: Float64Array
  /** The eigenvectors in the same order, one a row: n × n numbers, each row of length 1, its largest element positive. */
  readonly vectors: Float64Array
}

/** Ten sweeps do for any size in use; the rest is for what never ends, as NaN. */
const MOST_SWEEPS = 60

/** The eigenvalues and eigenvectors of the n × n numbers `matrix`, of which the upper triangle counts. */
export const symmetricEigen = (matrix: ArrayLike<number>, n: number): Eigen => {
  const a = Float64Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n]
    return matrix[Math.min(i, j) * n + Math.max(i, j)]!
  })
  const u = new Float64Array(n * n)
  for (let i = 0; i < n; i++) u[i * n + i] = 1
  for (let sweep = 0; sweep < MOST_SWEEPS && sweepOnce(a, u, n); sweep++);
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[j * n + j]! - a[i * n + i]!)
  const vectors = new Float64Array(n * n)
  order.forEach((i, row) => {
    vectors.set(upright(u.subarray(i * n, i * n + n)), row * n)
  })
  return { values: Float64Array.from(order, (i) => a[i * n + i]!), vectors }
}

/** Rotates each element off the diagonal away once; whether there was any to speak of. */
const sweepOnce = (a: Float64Array, u: Float64Array, n: number): boolean => {
  let rotated = false
  for (let p = 0; p < n; p++) {
    for (let q = p + 1; q < n; q++) {
      const [app, aqq, apq] = [a[p * n + p]!, a[q * n + q]!, a[p * n + q]!]
      if (
        !(Math.abs(apq) > Number.EPSILON * Math.sqrt(Math.abs(app * aqq)) && Math.abs(apq) > Number.MIN_VALUE)
      )
        continue
      rotated = true
      const tau = (aqq - app) / (2 * apq)
      const t = Math.sign(tau || 1) / (Math.abs(tau) + Math.hypot(1, tau))
      const c = 1 / Math.hypot(1, t)
      rotateColumns(a, n, p, q, c, t * c)
      rotateRows(a, n, p, q, c, t * c)
      rotateRows(u, n, p, q, c, t * c)
    }
  }
  return rotated
}

const rotateRows = (m: Float64Array, n: number, p: number, q: number, c: number, s: number): void => {
  for (let k = 0; k < n; k++) {
    const [x, y] = [m[p * n + k]!, m[q * n + k]!]
    m[p * n + k] = c * x - s * y
    m[q * n + k] = s * x + c * y
  }
}

const rotateColumns = (m: Float64Array, n: number, p: number, q: number, c: number, s: number): void => {
  for (let k = 0; k < n; k++) {
    const [x, y] = [m[k * n + p]!, m[k * n + q]!]
    m[k * n + p] = c * x - s * y
    m[k * n + q] = s * x + c * y
  }
}

/** An eigenvector's sign says nothing: let its largest element be positive. */
const upright = (v: Float64Array): Float64Array => {
  const largest = v.reduce((best, x) => (Math.abs(x) > Math.abs(best) ? x : best), 0)
  return largest < 0 ? v.map((x) => -x) : v
}
