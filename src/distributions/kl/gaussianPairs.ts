/** The divergences in closed form between Gaussian vectors, whatever their covariances are made of. */
import { diagonalGaussian, klGaussians } from "../gaussian.ts"
import type { Independent } from "../Independent.ts"
import type { LowRankMultivariateNormal } from "../LowRankMultivariateNormal.ts"
import { klMultivariateNormals, type MultivariateNormal } from "../MultivariateNormal.ts"
import type { Normal } from "../Normal.ts"

/** The family of p, then of q, then the formula; see kl.ts. */
export const gaussianPairs = {
  MultivariateNormal: {
    MultivariateNormal: (p: MultivariateNormal, q: MultivariateNormal) => klMultivariateNormals(p, q),
    LowRankMultivariateNormal: (p: MultivariateNormal, q: LowRankMultivariateNormal) => klGaussians(p, q),
    "Independent(Normal)": (p: MultivariateNormal, q: Independent<Normal>) =>
      klGaussians(p, diagonalGaussian(q)),
  },
  LowRankMultivariateNormal: {
    LowRankMultivariateNormal: (p: LowRankMultivariateNormal, q: LowRankMultivariateNormal) =>
      klGaussians(p, q),
    MultivariateNormal: (p: LowRankMultivariateNormal, q: MultivariateNormal) => klGaussians(p, q),
    "Independent(Normal)": (p: LowRankMultivariateNormal, q: Independent<Normal>) =>
      klGaussians(p, diagonalGaussian(q)),
  },
  "Independent(Normal)": {
    MultivariateNormal: (p: Independent<Normal>, q: MultivariateNormal) =>
      klGaussians(diagonalGaussian(p), q),
    LowRankMultivariateNormal: (p: Independent<Normal>, q: LowRankMultivariateNormal) =>
      klGaussians(diagonalGaussian(p), q),
  },
} as const
