/**
 * What is known exactly of one number made of a draw, for the families of vectors and matrices in more dimensions than
 * a grid can cover: a projection uᵀx, a share, a correlation, a quadratic form. Directions are random, so that the
 * correlations are tested too, which marginals do not see.
 */
import { Dirichlet } from "../../../src/distributions/Dirichlet.ts"
import type { Distribution } from "../../../src/distributions/Distribution.ts"
import { GaussianRandomWalk } from "../../../src/distributions/GaussianRandomWalk.ts"
import { LKJCholesky } from "../../../src/distributions/LKJCholesky.ts"
import { LogisticNormal } from "../../../src/distributions/LogisticNormal.ts"
import { LowRankMultivariateNormal } from "../../../src/distributions/LowRankMultivariateNormal.ts"
import { MatrixNormal } from "../../../src/distributions/MatrixNormal.ts"
import { MultivariateNormal } from "../../../src/distributions/MultivariateNormal.ts"
import { MultivariateStudentT } from "../../../src/distributions/MultivariateStudentT.ts"
import { WishartCholesky } from "../../../src/distributions/WishartCholesky.ts"
import * as Key from "../../../src/tensor/Key.ts"
import { betainc } from "../../../src/tensor/special/scalar/incompleteBeta.ts"
import { gammainc } from "../../../src/tensor/special/scalar/incompleteGamma.ts"

type Vector = ReadonlyArray<number>
type Matrix = ReadonlyArray<Vector>

/** A number made of a draw's, and its cumulative distribution. */
export interface Along {
  readonly title: string
  readonly of: (draw: Vector) => number
  readonly cdf: (x: number) => number
}

export interface Projected {
  readonly name: string
  readonly d: Distribution
  readonly along: ReadonlyArray<Along>
}

export const loc = [1, -2, 0.5, 3]
export const scaleTril = [
  [1, 0, 0, 0],
  [0.8, 0.6, 0, 0],
  [-0.5, 0.2, 1.5, 0],
  [0.3, -1, 0.4, 0.2],
]
export const covFactor = [
  [1, 0],
  [0.8, -0.6],
  [-0.5, 0.2],
  [0.3, -1],
]
export const covDiag = [0.5, 0.1, 1, 0.2]
export const row = [
  [1, 0],
  [-0.7, 0.5],
]
export const column = [
  [0.4, 0],
  [0.3, 1.2],
]

export const dot = (a: Vector, b: Vector): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0)
/** AAᵀ. */
export const product = (a: Matrix): Matrix => a.map((x) => a.map((y) => dot(x, y)))
const form = (u: Vector, sigma: Matrix): number =>
  dot(
    u,
    sigma.map((r) => dot(u, r)),
  )

export const covarianceMatrix = product(scaleTril)
export const lowRankCovariance = product(covFactor).map((r, i) =>
  r.map((x, j) => (i === j ? x + covDiag[i]! : x)),
)
/** Of a matrix's numbers row by row: [i, j] stands at 2i + j. */
export const matrixCovariance = [0, 1, 2, 3].map((a) =>
  [0, 1, 2, 3].map((b) => product(row)[a >> 1]![b >> 1]! * product(column)[a & 1]![b & 1]!),
)

const directions = (size: number): ReadonlyArray<Vector> =>
  Array.from({ length: 5 }, (_, i) => Array.from(Key.normalValues(Key.key(100 + i), [size])))

/** Φ by its series (Marsaglia, "Evaluating the normal distribution", 2004): exact to 1e-15 within ±7. */
const normal = (z: number): number => {
  if (Math.abs(z) > 7) return z > 0 ? 1 : 0
  let [sum, term] = [z, z]
  for (let k = 3; Math.abs(term) > 1e-17; k += 2) {
    term *= (z * z) / k
    sum += term
  }
  return 0.5 + sum * Math.exp(-0.5 * z * z - 0.9189385332046727)
}

const student =
  (df: number) =>
  (t: number): number => {
    const tail = 0.5 * betainc(df / 2, 0.5, df / (df + t * t))
    return t > 0 ? 1 - tail : tail
  }

const beta =
  (a: number, b: number) =>
  (x: number): number =>
    betainc(a, b, Math.min(Math.max(x, 0), 1))

/** (uᵀx − uᵀloc)/√(uᵀΣu), for five directions. */
const projections = (at: Vector, sigma: Matrix, cdf: (x: number) => number): ReadonlyArray<Along> =>
  directions(at.length).map((u, i) => ({
    title: `direction ${i}`,
    of: (x) => (dot(u, x) - dot(u, at)) / Math.sqrt(form(u, sigma)),
    cdf,
  }))

/** Each share, and the sum of the first two. */
const shares = (a: Vector): ReadonlyArray<Along> => {
  const total = a.reduce((sum, x) => sum + x, 0)
  return [
    ...a.map((c, i) => ({ title: `share ${i}`, of: (x: Vector) => x[i]!, cdf: beta(c, total - c) })),
    {
      title: "shares 0 and 1",
      of: (x) => x[0]! + x[1]!,
      cdf: beta(a[0]! + a[1]!, total - a[0]! - a[1]!),
    },
  ]
}

const rowsOf = (x: Vector): Matrix => {
  const n = Math.sqrt(x.length)
  return Array.from({ length: n }, (_, i) => x.slice(n * i, n * (i + 1)))
}

/** Each correlation is 2B − 1 with B a Beta(b, b), b = η + D/2 − 1. */
const correlations = (dimension: number, eta: number): ReadonlyArray<Along> => {
  const b = eta + dimension / 2 - 1
  return Array.from({ length: dimension }, (_, i) =>
    Array.from({ length: i }, (_, j) => ({
      title: `correlation ${i}, ${j}`,
      of: (x: Vector) => (dot(rowsOf(x)[i]!, rowsOf(x)[j]!) + 1) / 2,
      cdf: beta(b, b),
    })),
  ).flat()
}

/** uᵀLLᵀu / uᵀVVᵀu is χ² of ν degrees of freedom; and so is its inverse's, of ν − n + 1. */
const quadraticForms = (freedom: number, v: Matrix): ReadonlyArray<Along> => {
  const n = v.length
  const chi2 = (k: number) => (x: number) => gammainc(k / 2, x / 2)
  const solve = (l: Matrix, u: Vector): Vector => {
    const z: Array<number> = []
    for (const [i, r] of l.entries()) z.push((u[i]! - dot(z, r)) / r[i]!)
    return z
  }
  return directions(n).flatMap((u, i) => [
    {
      title: `form ${i}`,
      of: (x: Vector) => {
        const l = rowsOf(x)
        const image = l.map((_, j) => l.reduce((sum, r, k) => sum + r[j]! * u[k]!, 0))
        return dot(image, image) / form(u, product(v))
      },
      cdf: chi2(freedom),
    },
    {
      title: `inverse's form ${i}`,
      of: (x: Vector) => {
        const [own, drawn] = [solve(v, u), solve(rowsOf(x), u)]
        return dot(own, own) / dot(drawn, drawn)
      },
      cdf: chi2(freedom - n + 1),
    },
  ])
}

/** The normals that the sticks were broken by. */
const logRatios = (at: Vector, scale: Vector): ReadonlyArray<Along> => {
  const n = at.length
  const z = (x: Vector, i: number): number => {
    const rest = x.slice(i + 1).reduce((sum, share) => sum + share, 0)
    return (Math.log(x[i]! / rest) + Math.log(n - i) - at[i]!) / scale[i]!
  }
  return [
    ...at.map((_, i) => ({ title: `log ratio ${i}`, of: (x: Vector) => z(x, i), cdf: normal })),
    {
      title: "sum of log ratios",
      of: (x) => at.reduce((sum, _, i) => sum + z(x, i), 0) / Math.sqrt(n),
      cdf: normal,
    },
  ]
}

const v = [
  [1, 0, 0],
  [0.5, 0.8, 0],
  [-1, 0.3, 0.6],
]
const steps = Array.from({ length: 6 }, (_, i) => Array.from({ length: 6 }, (_, j) => Math.min(i, j) + 1))
const precisionMatrix = [
  [2, 0.5, 0],
  [0.5, 1, -0.3],
  [0, -0.3, 0.4],
]
/** Its inverse, by cofactors: the determinant is 0.52. */
const ofPrecision = [
  [0.31, -0.2, -0.15],
  [-0.2, 0.8, 0.6],
  [-0.15, 0.6, 1.75],
].map((r) => r.map((x) => x / 0.52))

export const projected: ReadonlyArray<Projected> = [
  {
    name: "MultivariateNormal by covariance",
    d: MultivariateNormal({ loc, covarianceMatrix }),
    along: projections(loc, covarianceMatrix, normal),
  },
  {
    name: "MultivariateNormal by factor",
    d: MultivariateNormal({ loc, scaleTril }),
    along: projections(loc, covarianceMatrix, normal),
  },
  {
    name: "MultivariateNormal by precision",
    d: MultivariateNormal({ loc: [1, 0, -1], precisionMatrix }),
    along: projections([1, 0, -1], ofPrecision, normal),
  },
  {
    name: "LowRankMultivariateNormal",
    d: LowRankMultivariateNormal({ loc, covFactor, covDiag }),
    along: projections(loc, lowRankCovariance, normal),
  },
  {
    name: "MatrixNormal",
    d: MatrixNormal({
      loc: [
        [1, -2],
        [0.5, 3],
      ],
      scaleTrilRow: row,
      scaleTrilColumn: column,
    }),
    along: projections(loc, matrixCovariance, normal),
  },
  {
    name: "GaussianRandomWalk",
    d: GaussianRandomWalk({ scale: 0.3, numSteps: 6 }),
    along: projections(
      [0, 0, 0, 0, 0, 0],
      steps.map((r) => r.map((x) => 0.09 * x)),
      normal,
    ),
  },
  ...[1.5, 5].map((df) => ({
    name: `MultivariateStudentT of ${df} degrees of freedom`,
    d: MultivariateStudentT({ df, loc, scaleTril }),
    along: projections(loc, covarianceMatrix, student(df)),
  })),
  ...[
    [0.7, 2, 3.5, 1],
    [0.05, 0.3, 20],
  ].map((concentration) => ({
    name: `Dirichlet ${concentration}`,
    d: Dirichlet({ concentration }),
    along: shares(concentration),
  })),
  {
    name: "LogisticNormal",
    d: LogisticNormal({ loc: [0.5, -1, 0.2], scale: [1, 0.5, 2] }),
    along: logRatios([0.5, -1, 0.2], [1, 0.5, 2]),
  },
  ...(
    [
      [3, 0.6],
      [5, 1.5],
    ] as const
  ).map(([dimension, concentration]) => ({
    name: `LKJCholesky of ${dimension} rows`,
    d: LKJCholesky({ dimension, concentration }),
    along: correlations(dimension, concentration),
  })),
  ...[2.5, 4.5].map((concentration) => ({
    name: `WishartCholesky of ${concentration} degrees of freedom`,
    d: WishartCholesky({ concentration, scaleTril: v }),
    along: quadraticForms(concentration, v),
  })),
]
