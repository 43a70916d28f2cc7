/**
 * The second derivatives of a function at a point x, as the factor L of its inverse Hessian, H⁻¹ = LLᵀ, from exact first
 * derivatives; in float64, on the host. tfjs's own second derivatives miss terms, through exp and tanh among others.
 *
 * In coordinates v, x + Lv, the Hessian is M = LᵀHL, and its column j comes of a central difference (J. Nocedal and S. J.
 * Wright, Numerical Optimization, 2nd edition, 2006, section 8.1):
 *
 *   M eⱼ ≈ Lᵀ (∇f(x + h L eⱼ) − ∇f(x − h L eⱼ)) / 2h,  h = 1/64.
 *
 * The first L is a guess of scales. With TTᵀ = M⁻¹ the next is LT; where M is near the identity, h is 1/64 of a standard
 * deviation in directions that do not depend on one another, whatever the units and the correlations. There a difference's
 * error is h²/6 of what the standardized fourth derivative is, 4e-5, and float32's rounding of the gradient counts 64-fold.
 *
 * ```ts
 * const { factor } = yield* curvature(gradientAt, x)     // n × n, lower-triangular
 * ```
 */
import { Effect } from "effect"

/** What was found of a function's curvature. */
export type Curvature = {
  /** L with LLᵀ = H⁻¹, lower-triangular with a positive diagonal: n × n numbers by rows. */
  readonly factor: Float64Array
  /** The first coordinate along which the function does not curve upward, the later ones being free; −1 for none. */
  readonly flat: number
  /** The curvature there, in units of the square of that coordinate. */
  readonly found: number
}

/** Of a standard deviation: a power of two, so that steps round less. */
const STEP = 1 / 64

/** As many Hessians at most: the second is the last where the first guess was anywhere near. */
const ROUNDS = 10

/** A pivot of M below this share of its diagonal element is no curvature but rounding. */
const RESOLVED = 1e-6

/**
 * The curvature at `x`, n numbers that float32 holds, of the function with this gradient. `guess` is a factor to start
 * from; default: steps of ∛ε of each coordinate, or of 1.
 */
export const curvature = Effect.fnUntraced(function* <E>(
  gradientAt: (x: Float64Array) => Effect.Effect<Float64Array, E>,
  x: Float64Array,
  guess?: Float64Array,
): Effect.fn.Return<Curvature, E> {
  const n = x.length
  let factor = guess?.slice() ?? diagonal(x.map((x) => (Math.max(1, Math.abs(x)) * 2 ** -8) / STEP))
  let [flat, found] = [0, Number.NaN]
  for (let round = 0; round < ROUNDS; round++) {
    const m = yield* hessian(gradientAt, x, factor)
    const { triangle, failed, pivot } = inverseFactor(m, n)
    if (failed < 0) {
      factor = product(factor, triangle, n)
      if (distance(m, n) < 0.25) return { factor, flat: -1, found }
      continue
    }
    ;[flat, found] = [failed, pivot / factor[failed * n + failed]! ** 2]
    // Far off the point the function may curve the other way, or be infinite: look nearer.
    for (let i = failed; i < n; i++) factor[i * n + failed]! /= 16
  }
  return { factor, flat, found }
})

/** M, made symmetric. */
const hessian = Effect.fnUntraced(function* <E>(
  gradientAt: (x: Float64Array) => Effect.Effect<Float64Array, E>,
  x: Float64Array,
  factor: Float64Array,
): Effect.fn.Return<Float64Array, E> {
  const n = x.length
  // What the steps have come to in float32, in the coordinates v, and the slopes' change over them: columns as rows.
  const steps = new Float64Array(n * n)
  const changes = new Float64Array(n * n)
  for (let j = 0; j < n; j++) {
    // Where float32 has no number so near, as far as the fourth one.
    const h = Math.max(STEP, (2 ** -21 * Math.abs(x[j]!)) / factor[j * n + j]!)
    const [above, below] = [h, -h].map((h) => x.map((x, i) => Math.fround(x + h * factor[i * n + j]!)))
    const [up, down] = [yield* gradientAt(above!), yield* gradientAt(below!)]
    steps.set(
      forwardSolve(
        factor,
        above!.map((x, i) => x - below![i]!),
      ),
      j * n,
    )
    changes.set(
      transposed(
        factor,
        up.map((g, i) => g - down[i]!),
      ),
      j * n,
    )
  }
  const m = divide(steps, changes, n)
  return m.map((_, at) => (m[at]! + m[(at % n) * n + Math.floor(at / n)]!) / 2)
})

/** How far M is from the identity. */
const distance = (m: Float64Array, n: number): number =>
  m.reduce((most, x, at) => Math.max(most, Math.abs(x - (at % (n + 1) === 0 ? 1 : 0))), 0)

const diagonal = (x: Float64Array): Float64Array => {
  const out = new Float64Array(x.length ** 2)
  x.forEach((x, i) => {
    out[i * (out.length ** 0.5 + 1)] = x
  })
  return out
}

/**
 * T, lower-triangular, with TTᵀ = M⁻¹: M = UUᵀ with U upper-triangular, from the last row up, and T = U⁻ᵀ. Where a pivot
 * is not positive, or no more than rounding, its row and it.
 */
const inverseFactor = (m: Float64Array, n: number) => {
  const u = new Float64Array(n * n)
  for (let j = n - 1; j >= 0; j--) {
    for (let i = j; i >= 0; i--) {
      let sum = m[i * n + j]!
      for (let k = j + 1; k < n; k++) sum -= u[i * n + k]! * u[j * n + k]!
      if (i < j) u[i * n + j] = sum / u[j * n + j]!
      else if (sum > RESOLVED * Math.abs(m[j * n + j]!) && sum < Infinity) u[j * n + j] = Math.sqrt(sum)
      else return { triangle: u, failed: j, pivot: sum }
    }
  }
  const triangle = new Float64Array(n * n)
  for (let j = 0; j < n; j++) {
    triangle[j * n + j] = 1 / u[j * n + j]!
    for (let i = j + 1; i < n; i++) {
      let sum = 0
      for (let k = j; k < i; k++) sum += u[k * n + i]! * triangle[k * n + j]!
      triangle[i * n + j] = -sum / u[i * n + i]!
    }
  }
  return { triangle, failed: -1, pivot: 0 }
}

/** The product of two lower-triangular matrices. */
const product = (a: Float64Array, b: Float64Array, n: number): Float64Array => {
  const out = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    for (let k = 0; k <= i; k++) {
      for (let j = 0; j <= k; j++) out[i * n + j]! += a[i * n + k]! * b[k * n + j]!
    }
  }
  return out
}

/** L⁻¹x. */
const forwardSolve = (l: Float64Array, x: Float64Array): Float64Array => {
  const n = x.length
  const out = x.slice()
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) out[i]! -= l[i * n + k]! * out[k]!
    out[i]! /= l[i * n + i]!
  }
  return out
}

/** Lᵀx. */
export const transposed = (l: Float64Array, x: Float64Array): Float64Array => {
  const n = x.length
  return x.map((_, j) => {
    let sum = 0
    for (let i = j; i < n; i++) sum += l[i * n + j]! * x[i]!
    return sum
  })
}

/** Lx. */
export const times = (l: Float64Array, x: Float64Array): Float64Array => {
  const n = x.length
  return x.map((_, i) => {
    let sum = 0
    for (let j = 0; j <= i; j++) sum += l[i * n + j]! * x[j]!
    return sum
  })
}

/**
 * X with AX = B, by elimination without exchanges, for A near a diagonal; both are overwritten.
 */
const divide = (a: Float64Array, b: Float64Array, n: number): Float64Array => {
  for (let k = 0; k < n; k++) {
    for (let i = 0; i < n; i++) {
      if (i === k) continue
      const ratio = a[i * n + k]! / a[k * n + k]!
      if (ratio === 0) continue
      for (let j = k; j < n; j++) a[i * n + j]! -= ratio * a[k * n + j]!
      for (let j = 0; j < n; j++) b[i * n + j]! -= ratio * b[k * n + j]!
    }
  }
  return b.map((x, at) => x / a[Math.floor(at / n) * (n + 1)]!)
}
