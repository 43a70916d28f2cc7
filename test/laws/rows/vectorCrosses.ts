/** Divergences between Gaussian vectors whose covariances are made differently: full, of low rank, diagonal. */
import type { Distribution } from "../../../src/distributions/Distribution.ts"
import { LowRankMultivariateNormal } from "../../../src/distributions/LowRankMultivariateNormal.ts"
import { MultivariateNormal } from "../../../src/distributions/MultivariateNormal.ts"
import { Normal } from "../../../src/distributions/Normal.ts"
import type { Grid } from "../grid.ts"
import { around, factor } from "./vectors.ts"

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

/** Every ordered pair of two different ones. */
export const vectorCrosses = Object.entries(sides).flatMap(([p, { d, grid }]) =>
  Object.entries(sides).flatMap(([q, other]) =>
    p === q ? [] : [{ title: `Gaussians, ${p} ‖ ${q}`, p: d, q: other.d, grid }],
  ),
)
