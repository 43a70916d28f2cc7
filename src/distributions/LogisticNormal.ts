/**
 * The logistic normal distribution on the simplex of n + 1: n normal numbers, sent there by stick-breaking. Unlike a
 * Dirichlet's, its draws are differentiable in closed form, and KL is that of the normals.
 *
 * ```ts
 * LogisticNormal({ loc: [0, 0], scale: [1, 1] })   // event [3]
 * ```
 */

import type { Independent } from "./Independent.ts"
import { Normal, type NormalParams } from "./Normal.ts"
import { stickBreaking } from "./Transform.ts"
import { Transformed } from "./Transformed.ts"

/** Parameters of {@link LogisticNormal}, `[...batch, n]`: of the normals that the sticks are broken by. */
export type LogisticNormalParams = NormalParams

/** A logistic normal distribution; see {@link LogisticNormalParams}. */
export type LogisticNormal = Transformed<Independent<Normal>, "simplex">

/** Makes a logistic normal distribution; the last dimension of the parameters is part of the event. */
export const LogisticNormal = (params: LogisticNormalParams): LogisticNormal =>
  Transformed(Normal(params).toEvent(1), stickBreaking)
