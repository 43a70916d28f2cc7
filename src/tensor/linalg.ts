/**
 * Linear algebra on batches of small matrices, [...batch, n, n], with gradients. What tfjs lacks is in kernels of our
 * own (`kernels/linalg/`) that work in float64 and round once: values and first derivatives are the same to the bit on
 * every backend. Batch dimensions broadcast. Functions that throw, throw `ShapeMismatch`.
 *
 * ```ts
 * const l = cholesky(covariance)                           // [...batch, n, n]
 * const logProb = tf.sub(tf.mul(quadraticForm(l, x), -0.5), logDetCholesky(l))
 * ```
 */
export * from "./linalg/cholesky.ts"
export * from "./linalg/distance.ts"
export * from "./linalg/matrix.ts"
export * from "./linalg/problem.ts"
export * from "./linalg/scatter.ts"
export * from "./linalg/triangular.ts"
