/**
 * Puts our kernels and gradients into tfjs's registries, which are global to the process. On both backends: sums
 * and broadcasts, the fused kernels behind `tensor/fused.ts`, linear algebra, and special functions. On wasm besides:
 * matrix products.
 *
 * To add a kernel: a file beside this one, a line below, a row in `test/tensor/kernels`.
 */
import "#gradients"
import * as tf from "@tensorflow/tfjs-core"
import { BackendUnavailable } from "../errors.ts"
import { specialGradients, specialLoops } from "../special/register.ts"
import { adam } from "./adam.ts"
import { bernoulliLogProb, bernoulliLogProbGradient } from "./bernoulli.ts"
import { chainLoops } from "./chain.ts"
import { chainGradients, chainPairLoops } from "./chainPairs.ts"
import { classGradients, classLoops } from "./classes.ts"
import { countGradients, countLoops } from "./counts/register.ts"
import { allFinite } from "./finite.ts"
import { fusedMatMulConfig } from "./fusedMatmul.ts"
import { gammaGradients, gammaLoops } from "./gamma/register.ts"
import { identityConfig } from "./identity.ts"
import { linalgGradients, linalgLoops } from "./linalg/register.ts"
import { log1pConfig } from "./log1p.ts"
import { logSumExp, logSumExpGradient, logSumExpShares, logSumExpSharesGradient } from "./logSumExp.ts"
import { type BackendName, type LoopKernel, loopConfig } from "./loop.ts"
import { matMulConfig, matMulGradient } from "./matmul.ts"
import { normalDivergence, normalDivergenceGradient, normalDivergenceSlope } from "./normal.ts"
import { normalVector, normalVectorGradient, normalVectorSlope } from "./normalVector.ts"
import { pathGradients, pathLoops } from "./paths/register.ts"
import { segmentSum } from "./segmentSum.ts"
import { sumConfig, sumGradient } from "./sum.ts"
import { tileConfig, tileGradient } from "./tile.ts"
import { transposeConfig } from "./transpose.ts"

/**
 * Registers the kernels of one backend, and the gradients; a second time does nothing. The backend's tfjs package
 * must have been imported; else throws `BackendUnavailable`. It need not be tfjs's current backend yet.
 */
export const registerKernels = (backend: BackendName): void => {
  gradients()
  for (const kernel of loops) add(kernel, backend)
  replace(tf.Sum, backend, sumConfig)
  replace(tf.Tile, backend, tileConfig)
  replace(tf.Transpose, backend, transposeConfig)
  if (backend === "cpu") return
  replace(tf.Identity, backend, identityConfig)
  replace(tf.Log1p, backend, log1pConfig)
  replace(tf.BatchMatMul, backend, matMulConfig)
  replace(tf._FusedMatMul, backend, fusedMatMulConfig)
}

const loops = [
  adam,
  bernoulliLogProb,
  normalDivergence,
  normalDivergenceSlope,
  normalVector,
  normalVectorSlope,
  logSumExp,
  logSumExpShares,
  allFinite,
  segmentSum,
  ...linalgLoops,
  ...chainLoops,
  ...chainPairLoops,
  ...classLoops,
  ...countLoops,
  ...gammaLoops,
  ...pathLoops,
  ...specialLoops,
] as unknown as ReadonlyArray<LoopKernel<object>>

// A mark in the registry itself, so that two copies of this package do not wrap one another's kernels.
const ours = Symbol.for("guidepost/tensor/kernels")

const add = (kernel: LoopKernel<object>, backend: BackendName): void => {
  if (tf.getKernel(kernel.name, backend) === undefined) tf.registerKernel(loopConfig(kernel, backend))
}

const replace = (
  name: string,
  backend: BackendName,
  make: (stock: tf.KernelConfig) => tf.KernelConfig,
): void => {
  const stock = tf.getKernel(name, backend)
  if (stock === undefined) {
    throw new BackendUnavailable({
      backend,
      reason: `the kernel ${name} is missing; import @tensorflow/tfjs-backend-${backend} first`,
    })
  }
  if (ours in stock) return
  tf.unregisterKernel(name, backend)
  tf.registerKernel({ ...make(stock), [ours]: true } as tf.KernelConfig)
}

const gradients = (): void => {
  const stock = tf.getGradient(tf.Tile)
  if (ours in stock) return
  for (const config of [
    sumGradient,
    tileGradient(stock),
    matMulGradient,
    bernoulliLogProbGradient,
    normalDivergenceGradient,
    normalVectorGradient,
    logSumExpGradient,
    logSumExpSharesGradient,
    ...linalgGradients,
    ...chainGradients,
    ...classGradients,
    ...countGradients,
    ...gammaGradients,
    ...pathGradients,
    ...specialGradients,
  ]) {
    tf.registerGradient({ ...config, [ours]: true } as tf.GradConfig)
  }
}
