/**
 * Divergences between Gaussian vectors whose covariances are made differently: full, of low rank, diagonal; and of
 * families of matrices in the fewest dimensions that have all of their terms.
 */
import type { Distribution } from "../../../src/distributions/Distribution.ts"
import { LKJCholesky } from "../../../src/distributions/LKJCholesky.ts"
import { LowRankMultivariateNormal } from "../../../src/distributions/LowRankMultivariateNormal.ts"
import { MultivariateNormal } from "../../../src/distributions/MultivariateNormal.ts"
import { Normal } from "../../../src/distributions/Normal.ts"
import { WishartCholesky } from "../../../src/distributions/WishartCholesky.ts"
import { type Grid, line } from "../grid.ts"
import { around, factor, wishartGrid } from "./vectors.ts"

interface Side {
  readonly d: Distribution
  readonly grid: Grid
}

const covarianceMatrix = [
  [1.2, -0.4],
  [-0.4, 0.6],
]
const precisionMatrix = [
  [2, 0.5],
  [0.5, 1],
]
const lowRank = [
  [0.5 + 0.36, 0.18],
  [0.18, 0.4 + 0.09],
]

const sides: Readonly<Record<string, Side>> = {
  full: {
    d: MultivariateNormal({ loc: [0.3, -0.2], covarianceMatrix }),
    grid: around([0.3, -0.2], factor(covarianceMatrix)),
  },
  precision: {
    d: MultivariateNormal({ loc: [0, 0.4], precisionMatrix }),
    grid: around(
      [0, 0.4],
      [
        [Math.sqrt(1 / 1.75), 0],
        [-0.5 / 1.75 / Math.sqrt(1 / 1.75), Math.sqrt(0.5)],
      ],
    ),
  },
  lowRank: {
    d: LowRankMultivariateNormal({ loc: [-0.1, 0.5], covFactor: [[0.6], [0.3]], covDiag: [0.5, 0.4] }),
    grid: around([-0.1, 0.5], factor(lowRank)),
  },
  diagonal: {
    d: Normal({ loc: [0.2, 0], scale: [0.9, 1.4] }).toEvent(1),
    grid: around(
      [0.2, 0],
      [
        [0.9, 0],
        [0, 1.4],
      ],
    ),
  },
  standard: {
    d: Normal.standard([2]),
    grid: around(
      [0, 0],
      [
        [1, 0],
        [0, 1],
      ],
    ),
  },
}

const wisharts = [
  {
    concentration: 6,
    scaleTril: [
      [1, 0],
      [-0.5, 0.7],
    ],
  },
  {
    concentration: 4.5,
    scaleTril: [
      [0.8, 0],
      [0.3, 1.1],
    ],
  },
] as const

/** The factors of three rows, by the angles of the rows; the weights are of what is below the diagonal. */
const lkjGrid: Grid = (() => {
  const angles = line(-Math.PI / 2, Math.PI / 2, 31)
  const events: Array<ReadonlyArray<number>> = []
  const weights: Array<number> = []
  const [sin, cos] = [Math.sin, Math.cos]
  for (const [t] of angles.events) {
    for (const [a] of angles.events) {
      for (const [b] of angles.events) {
        events.push([1, 0, 0, sin(t!), cos(t!), 0, sin(a!), cos(a!) * sin(b!), cos(a!) * cos(b!)])
        weights.push(angles.weights[0]! ** 3 * cos(t!) * cos(a!) ** 2 * cos(b!))
      }
    }
  }
  return { events, weights, discrete: false }
})()

const matrices = [
  ...[wisharts, wisharts.toReversed()].map(([p, q], i) => ({
    title: `Wisharts of two rows, ${i}`,
    p: WishartCholesky(p!),
    q: WishartCholesky(q!),
    grid: wishartGrid(p!.concentration, p!.scaleTril),
  })),
  ...[
    [2, 3.5],
    [3.5, 2],
  ].map(([p, q]) => ({
    title: `LKJ of three rows, ${p} ‖ ${q}`,
    p: LKJCholesky({ dimension: 3, concentration: p! }),
    q: LKJCholesky({ dimension: 3, concentration: q! }),
    grid: lkjGrid,
  })),
]

/** Every ordered pair of two different Gaussians, and the matrices. */
export const vectorCrosses = [
  ...matrices,
  ...Object.entries(sides).flatMap(([p, { d, grid }]) =>
    Object.entries(sides).flatMap(([q, other]) =>
      p === q ? [] : [{ title: `Gaussians, ${p} ‖ ${q}`, p: d, q: other.d, grid }],
    ),
  ),
]
