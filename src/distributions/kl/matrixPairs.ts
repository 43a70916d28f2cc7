/** The divergences in closed form between distributions on matrices. */
import { klLKJCholeskys, type LKJCholesky } from "../LKJCholesky.ts"
import { klMatrixNormals, type MatrixNormal } from "../MatrixNormal.ts"
import { klWishartCholeskys, type WishartCholesky } from "../WishartCholesky.ts"

/** The family of p, then of q, then the formula; see kl.ts. */
export const matrixPairs = {
  LKJCholesky: { LKJCholesky: (p: LKJCholesky, q: LKJCholesky) => klLKJCholeskys(p, q) },
  MatrixNormal: { MatrixNormal: (p: MatrixNormal, q: MatrixNormal) => klMatrixNormals(p, q) },
  // A divergence does not change under a map of both, here the factorization.
  WishartCholesky: { WishartCholesky: (p: WishartCholesky, q: WishartCholesky) => klWishartCholeskys(p, q) },
} as const
