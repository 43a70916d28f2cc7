/**
 * What a covariance Σ gives of a vector b: bᵀΣ⁻¹b and Σ⁻¹b, in float64 from the numbers that Σ is given by. Through a
 * factor that was rounded to float32, a condition number of 10⁶ would leave bᵀΣ⁻¹b two digits.
 *
 * A low rank and a diagonal, Σ = WWᵀ + D with W [n, r], is given as [W | d], [n, r + 1]. With C = I + WᵀD⁻¹W
 * (Woodbury's identity) and z = C⁻¹WᵀD⁻¹b, which is WᵀΣ⁻¹b: Σ⁻¹b = D⁻¹(b − Wz) and
 *
 *   bᵀΣ⁻¹b = |z|² + |D^−½(b − Wz)|²
 *
 * the least of that sum of squares over all z: an error of z counts by its square, where bᵀD⁻¹b − |K⁻¹WᵀD⁻¹b|² with
 * KKᵀ = C cancels all its digits as D grows small. Of W with as many columns as rows, or more, Σ itself is factorized.
 */

/** What Σ is given by: its lower Cholesky factor, itself, its inverse, or [W | d]. Of two triangles the mean counts. */
export type Given = "factor" | "covariance" | "precision" | "lowRank"

/** A loader of one Σ after another, and what the last one gives of a vector. */
export interface Precision {
  /** Reads the matrix that begins at `start`. One without a factor makes the rest NaN. */
  readonly load: (m: Float32Array, start: number) => void
  /** bᵀΣ⁻¹b. */
  readonly quadratic: (b: Float64Array) => number
  /** Writes y = Σ⁻¹b, and z, {@link asideOf} numbers: for a factor L⁻¹b, for a low rank WᵀΣ⁻¹b. */
  readonly solve: (b: Float64Array, y: Float64Array, z: Float64Array) => void
  /** ½ log det Σ. */
  readonly halfLogDet: () => number
}

/** How many numbers `solve` writes besides Σ⁻¹b, for matrices [n, columns]. */
export const asideOf = (given: Given, n: number, columns: number): number => {
  if (given === "lowRank") return columns - 1
  return given === "factor" ? n : 0
}

/** For matrices [n, columns]. */
export const precisionOf = (given: Given, n: number, columns: number): Precision => {
  if (given === "lowRank") return lowRankPrecision(n, columns - 1)
  return given === "precision" ? byPrecision(n) : byFactor(n, given === "covariance")
}

const byFactor = (n: number, isCovariance: boolean): Precision => {
  const [l, x] = [new Float64Array(n * n), new Float64Array(n)]
  const whiten = (b: Float64Array) => {
    x.set(b)
    forward(l, n, x)
  }
  return {
    load: (m, start) => loadFactor(m, start, n, isCovariance, l),
    quadratic: (b) => {
      whiten(b)
      return squares(x)
    },
    solve: (b, y, z) => {
      whiten(b)
      if (!isCovariance) z.set(x)
      backward(l, n, x)
      y.set(x)
    },
    halfLogDet: () => sumLogDiagonal(l, n),
  }
}

/** The factor of the matrix at `start`, which may be the factor itself, as the lower triangle of `to`. */
const loadFactor = (
  m: Float32Array,
  start: number,
  n: number,
  isCovariance: boolean,
  to: Float64Array,
): void => {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const other = isCovariance ? m[start + j * n + i]! : m[start + i * n + j]!
      to[i * n + j] = 0.5 * (m[start + i * n + j]! + other)
    }
  }
  if (isCovariance) factorize(to, n)
}

/** The same, with the reciprocals of its diagonal in their place, where the matrix lies in `m`: what `whitened` asks for. */
export const loadWhitening = (
  given: "factor" | "covariance",
  m: Float32Array,
  start: number,
  n: number,
  to: Float64Array,
): void => {
  const own = to.subarray(start, start + n * n)
  loadFactor(m, start, n, given === "covariance", own)
  for (let i = 0; i < n; i++) own[i * n + i] = 1 / own[i * n + i]!
}

const byPrecision = (n: number): Precision => {
  const [p, l, x] = [new Float64Array(n * n), new Float64Array(n * n), new Float64Array(n)]
  const solve = (b: Float64Array, y: Float64Array) => {
    for (let i = 0; i < n; i++) y[i] = dot(p, i * n, b, 0, n)
  }
  return {
    load: (m, start) => {
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) p[i * n + j] = 0.5 * (m[start + i * n + j]! + m[start + j * n + i]!)
      }
    },
    quadratic: (b) => {
      solve(b, x)
      let sum = 0
      for (let i = 0; i < n; i++) sum += x[i]! * b[i]!
      return sum
    },
    solve,
    halfLogDet: () => {
      l.set(p)
      factorize(l, n)
      return -sumLogDiagonal(l, n)
    },
  }
}

/** Besides, what the gradient of ½ log det Σ is made of. */
export interface LowRankPrecision extends Precision {
  /** Writes [Σ⁻¹W | half of Σ⁻¹'s diagonal], [n, r + 1], from `at` on. */
  readonly slopes: (to: Float32Array, at: number) => void
}

export const lowRankPrecision = (n: number, r: number): LowRankPrecision =>
  r < n ? byCapacitance(n, r) : bySum(n, r)

const bySum = (n: number, r: number): LowRankPrecision => {
  const w = new Float64Array(n * r)
  const [l, x] = [new Float64Array(n * n), new Float64Array(n)]
  /** Σ⁻¹b in place of b, which is in `x`. */
  const solveInPlace = () => {
    forward(l, n, x)
    backward(l, n, x)
  }
  return {
    load: (m, start) => {
      for (let i = 0; i < n; i++) {
        for (let c = 0; c < r; c++) w[i * r + c] = m[start + i * (r + 1) + c]!
        for (let j = 0; j <= i; j++) {
          let sum = i === j ? m[start + i * (r + 1) + r]! : 0
          for (let c = 0; c < r; c++) sum += w[i * r + c]! * w[j * r + c]!
          l[i * n + j] = sum
        }
      }
      factorize(l, n)
    },
    quadratic: (b) => {
      x.set(b)
      forward(l, n, x)
      return squares(x)
    },
    solve: (b, y, z) => {
      x.set(b)
      solveInPlace()
      y.set(x)
      z.fill(0)
      for (let i = 0; i < n; i++) for (let c = 0; c < r; c++) z[c]! += w[i * r + c]! * x[i]!
    },
    slopes: (to, at) => {
      for (let c = 0; c < r; c++) {
        for (let i = 0; i < n; i++) x[i] = w[i * r + c]!
        solveInPlace()
        for (let i = 0; i < n; i++) to[at + i * (r + 1) + c] = x[i]!
      }
      for (let i = 0; i < n; i++) {
        x.fill(0)
        x[i] = 1
        solveInPlace()
        to[at + i * (r + 1) + r] = 0.5 * x[i]!
      }
    },
    halfLogDet: () => sumLogDiagonal(l, n),
  }
}

const byCapacitance = (n: number, r: number): LowRankPrecision => {
  const [w, d] = [new Float64Array(n * r), new Float64Array(n)]
  const [k, z] = [new Float64Array(r * r), new Float64Array(r)]
  /** z; and b − Wz through `each`. */
  const split = (b: Float64Array, each: (rest: number, i: number) => void) => {
    z.fill(0)
    for (let i = 0; i < n; i++) {
      const scaled = b[i]! / d[i]!
      for (let c = 0; c < r; c++) z[c]! += w[i * r + c]! * scaled
    }
    forward(k, r, z)
    backward(k, r, z)
    for (let i = 0; i < n; i++) {
      let rest = b[i]!
      for (let c = 0; c < r; c++) rest -= w[i * r + c]! * z[c]!
      each(rest, i)
    }
  }
  return {
    load: (m, start) => {
      k.fill(0)
      for (let c = 0; c < r; c++) k[c * r + c] = 1
      for (let i = 0; i < n; i++) {
        const row = start + i * (r + 1)
        d[i] = m[row + r]!
        for (let c = 0; c < r; c++) w[i * r + c] = m[row + c]!
        for (let c = 0; c < r; c++) {
          const scaled = m[row + c]! / d[i]!
          for (let e = 0; e <= c; e++) k[c * r + e]! += scaled * m[row + e]!
        }
      }
      factorize(k, r)
    },
    quadratic: (b) => {
      let sum = 0
      split(b, (rest, i) => {
        sum += (rest * rest) / d[i]!
      })
      return sum + squares(z)
    },
    solve: (b, y, aside) => {
      split(b, (rest, i) => {
        y[i] = rest / d[i]!
      })
      aside.set(z)
    },
    slopes: (to, at) => {
      // Σ⁻¹W is D⁻¹WC⁻¹: as D⁻¹(W − Wz) it would be rounding alone at a small D.
      for (let i = 0, p = at; i < n; i++, p += r + 1) {
        for (let c = 0; c < r; c++) z[c] = w[i * r + c]!
        forward(k, r, z)
        const share = squares(z) / d[i]!
        backward(k, r, z)
        for (let c = 0; c < r; c++) to[p + c] = z[c]! / d[i]!
        to[p + r] = (0.5 * (1 - share)) / d[i]!
      }
    },
    halfLogDet: () => {
      let sum = sumLogDiagonal(k, r)
      for (let i = 0; i < n; i++) sum += 0.5 * Math.log(d[i]!)
      return sum
    },
  }
}

/** The factor of the matrix in the lower triangle of `a`, in its place; NaN where there is none. */
export const factorize = (a: Float64Array, n: number): void => {
  for (let j = 0; j < n; j++) {
    const row = j * n
    const pivot = a[row + j]! - dot(a, row, a, row, j)
    const root = pivot > 0 && pivot < Number.POSITIVE_INFINITY ? Math.sqrt(pivot) : Number.NaN
    a[row + j] = root
    for (let i = j + 1; i < n; i++) a[i * n + j] = (a[i * n + j]! - dot(a, i * n, a, row, j)) / root
  }
}

/** L⁻¹x in place. */
const forward = (l: Float64Array, n: number, x: Float64Array): void => {
  for (let i = 0; i < n; i++) x[i] = (x[i]! - dot(l, i * n, x, 0, i)) / l[i * n + i]!
}

/** L⁻ᵀx in place. */
const backward = (l: Float64Array, n: number, x: Float64Array): void => {
  for (let i = n - 1; i >= 0; i--) {
    const row = i * n
    const solved = x[i]! / l[row + i]!
    x[i] = solved
    for (let j = 0; j < i; j++) x[j]! -= l[row + j]! * solved
  }
}

/** Σ a[p + k] b[q + k] over k < n, as four sums side by side: one alone waits for each addition to end. */
const dot = (a: Float64Array, p: number, b: Float64Array, q: number, n: number): number => {
  let s0 = 0
  let s1 = 0
  let s2 = 0
  let s3 = 0
  let k = 0
  for (; k + 3 < n; k += 4) {
    s0 += a[p + k]! * b[q + k]!
    s1 += a[p + k + 1]! * b[q + k + 1]!
    s2 += a[p + k + 2]! * b[q + k + 2]!
    s3 += a[p + k + 3]! * b[q + k + 3]!
  }
  for (; k < n; k++) s0 += a[p + k]! * b[q + k]!
  return s0 + s1 + (s2 + s3)
}

const squares = (x: Float64Array): number => {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += x[i]! * x[i]!
  return sum
}

const sumLogDiagonal = (l: Float64Array, n: number): number => {
  let sum = 0
  for (let i = 0; i < n; i++) sum += Math.log(l[i * n + i]!)
  return sum
}
