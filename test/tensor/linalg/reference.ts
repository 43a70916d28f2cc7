/**
 * What the linear-algebra tests compare with: every function in float64, by other algorithms than the kernels', and
 * derivatives by central differences. Batches broadcast member by member.
 */
import * as Shape from "../../../src/tensor/Shape.ts"
import { at, build, type Dense, random } from "../kernels/reference.ts"

export type Matrix = ReadonlyArray<ReadonlyArray<number>>

/** An operand: an array, and how many of its last dimensions are one member. */
export type Operand = readonly [x: Dense, eventRank: number]

/** `f` of the members that meet, for every index of the common batch. A vector counts as a matrix of one row. */
export const overBatch = (
  operands: ReadonlyArray<Operand>,
  event: ReadonlyArray<number>,
  f: (...members: ReadonlyArray<Matrix>) => Matrix,
): Dense => {
  const batches = operands.map(([x, rank]) => x.shape.slice(0, x.shape.length - rank))
  const batch = Shape.broadcast(...batches)!
  const values = build(batch, () => 0).values.flatMap((_, flat) => {
    const index = indexOf(batch, flat)
    const members = operands.map(([x, rank], i) => {
      const own = x.shape.slice(x.shape.length - rank)
      const [rows, columns] = rank === 1 ? [1, own[0]!] : [own[0]!, own[1]!]
      const outer = index.slice(batch.length - batches[i]!.length)
      return matrix(rows, columns, (r, c) => at(x, [...outer, ...(rank === 1 ? [c] : [r, c])]))
    })
    return f(...members).flat()
  })
  return { shape: [...batch, ...event], values }
}

export const matrix = (rows: number, columns: number, f: (i: number, j: number) => number): Matrix =>
  Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => f(i, j)))

export const transpose = (a: Matrix): Matrix => matrix(a[0]!.length, a.length, (i, j) => a[j]![i]!)

export const multiply = (a: Matrix, b: Matrix): Matrix =>
  matrix(a.length, b[0]!.length, (i, j) => a[i]!.reduce((sum, x, k) => sum + x * b[k]![j]!, 0))

export const lower = (a: Matrix, k = 0): Matrix =>
  matrix(a.length, a[0]?.length ?? 0, (i, j) => (j - i <= k ? a[i]![j]! : 0))

/** The factor of (A + Aᵀ)/2 column by column, subtracting outer products from what is left. */
export const cholesky = (a: Matrix): Matrix => {
  const n = a.length
  const rest = a.map((row, i) => row.map((x, j) => (x + a[j]![i]!) / 2))
  const l = a.map((row) => row.map(() => 0))
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) l[i]![j] = rest[i]![j]! / Math.sqrt(rest[j]![j]!)
    for (let r = j + 1; r < n; r++) for (let c = j + 1; c < n; c++) rest[r]![c]! -= l[r]![j]! * l[c]![j]!
  }
  return l
}

/** A⁻¹B by Gauss–Jordan elimination with row exchanges. */
export const solve = (a: Matrix, b: Matrix): Matrix => {
  const n = a.length
  const rows = a.map((row, i) => [...row, ...b[i]!])
  for (let j = 0; j < n; j++) {
    let best = j
    for (let i = j; i < n; i++) if (Math.abs(rows[i]![j]!) > Math.abs(rows[best]![j]!)) best = i
    ;[rows[j], rows[best]] = [rows[best]!, rows[j]!]
    for (let i = 0; i < n; i++) {
      if (i === j) continue
      const factor = rows[i]![j]! / rows[j]![j]!
      rows[i] = rows[i]!.map((x, k) => x - factor * rows[j]![k]!)
    }
  }
  return rows.map((row, i) => row.slice(n).map((x) => x / row[i]!))
}

export const identity = (n: number): Matrix => matrix(n, n, (i, j) => (i === j ? 1 : 0))

/** LLᵀ of the lower triangle. */
export const square = (l: Matrix): Matrix => multiply(lower(l), transpose(lower(l)))

/** Symmetric positive-definite matrices, rounded to float32, and so perhaps asymmetric in the last bit. */
export const positiveDefinite = (batch: ReadonlyArray<number>, n: number, seed: number): Dense => {
  const x = random([...batch, n, n], seed)
  return float32(
    overBatch([[x, 2]], [n, n], (m) => {
      const product = multiply(m, transpose(m))
      return product.map((row, i) => row.map((value, j) => value + (i === j ? 1 : 0)))
    }),
  )
}

/** Matrices whose triangles, both of them, are well-conditioned, with diagonals of both signs. */
export const triangular = (batch: ReadonlyArray<number>, n: number, seed: number): Dense => {
  const x = random([...batch, n, n], seed)
  return float32(
    overBatch([[x, 2]], [n, n], (m) =>
      m.map((row, i) => row.map((value, j) => (i === j ? (i % 2 === 0 ? 2 : -2) + value / 2 : value / 2))),
    ),
  )
}

export const float32 = ({ shape, values }: Dense): Dense => ({ shape, values: values.map(Math.fround) })

export const total = (x: Dense, weights: Dense): number =>
  x.values.reduce((sum, value, i) => sum + value * weights.values[i]!, 0)

/** The gradient of `f` in each of its arguments by central differences. */
export const differences = (
  f: (xs: ReadonlyArray<Dense>) => number,
  xs: ReadonlyArray<Dense>,
  step: number,
): ReadonlyArray<Dense> =>
  xs.map((x, which) => ({
    shape: x.shape,
    values: x.values.map((_, i) => {
      const shifted = (by: number) =>
        f(xs.map((y, k) => (k === which ? { ...y, values: y.values.with(i, y.values[i]! + by) } : y)))
      return (shifted(step) - shifted(-step)) / (2 * step)
    }),
  }))

const indexOf = (shape: ReadonlyArray<number>, flat: number): ReadonlyArray<number> => {
  const index = new Array<number>(shape.length)
  let rest = flat
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index[axis] = rest % shape[axis]!
    rest = Math.floor(rest / shape[axis]!)
  }
  return index
}
