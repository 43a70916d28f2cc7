/**
 * Markov chains of S states through T tables of log-weights, in one pass each way, in float64:
 *
 *   log Σ_z exp(table₀[0, z₀] + table₁[z₀, z₁] + … + table_{T−1}[z_{T−2}, z_{T−1}])
 *
 * the sum over all S^T paths by the forward recursion, in T S² operations; its gradient, which is the probability of each
 * pair of neighbors, by smoothing (L. R. Rabiner, "A tutorial on hidden Markov models and selected applications in speech
 * recognition", 1989, section III). Whatever a table holds besides, of the first of each chain the first row alone counts.
 *
 * ```ts
 * const evidence = chainLogSum(table)           // [...batch]
 * const pairs = chainMarginals(table)           // [...batch, T, S, S]
 * ```
 *
 * Tables are `[...batch, T, S, S]`, T and S from 1 up: log-weights, −∞ for what cannot be. A chain without a possible path
 * has sum −∞, and probabilities and gradient 0. Call these inside a tidy.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Key } from "./Key.ts"
import { run, words } from "./kernels/call.ts"

/** The logarithm of the sum over all paths, `[...batch]`. Differentiable twice. */
export const chainLogSum = (table: tf.Tensor): tf.Tensor => run("GuidepostChainLogSum", { table })

/** The probability of each two neighbors, `[...batch, T, S, S]`: of the first of a chain in the first row. */
export const chainMarginals = (table: tf.Tensor): tf.Tensor => run("GuidepostChainMarginals", { table })

/** log p(z_t | tables up to t), `[...batch, T, S]`. It has no gradient. */
export const chainFiltered = (table: tf.Tensor): tf.Tensor => run("GuidepostChainFiltered", { table })

/**
 * A path, `[...batch, T]` float32, drawn with its probability (forward filtering, backward sampling: S. L. Scott, "Bayesian
 * methods for hidden Markov models", 2002). NaN where there is no possible path. No gradient.
 */
export const chainDraw = (key: Key, table: tf.Tensor): tf.Tensor =>
  run("GuidepostChainDraw", { table }, words(key))

/**
 * The path of the largest weight, `[...batch, T]` int32, and the logarithm of its weight, `[...batch]`, by the Viterbi algorithm. Of several
 * such paths it is the one whose last state is least; of these, the one whose last but one is; and so on. No gradient.
 */
export const chainBest = (table: tf.Tensor): { readonly path: tf.Tensor; readonly logWeight: tf.Tensor } => {
  const out = tf.engine().runKernel("GuidepostChainBest", { table }) as unknown as [tf.Tensor, tf.Tensor]
  return { path: tf.cast(out[0], "int32"), logWeight: out[1] }
}
