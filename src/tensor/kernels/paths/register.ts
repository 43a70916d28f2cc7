/** The kernels behind `tensor/paths`, for both backends, and their gradients. */
import type * as tf from "@tensorflow/tfjs-core"
import { formulaGradient, formulaLoops } from "../gamma/formula.ts"
import type { LoopKernel } from "../loop.ts"
import {
  continuousBernoulliCdf,
  continuousBernoulliDensity,
  continuousBernoulliDivergence,
  continuousBernoulliDraw,
  continuousBernoulliDrawGradient,
  continuousBernoulliEntropy,
  continuousBernoulliIcdf,
  continuousBernoulliLogits,
  continuousBernoulliMean,
  continuousBernoulliPath,
  continuousBernoulliVariance,
} from "./continuousBernoulli.ts"
import {
  inverseGaussianCdf,
  inverseGaussianDensity,
  inverseGaussianDraw,
  inverseGaussianDrawGradient,
  inverseGaussianPath,
} from "./inverseGaussian.ts"
import {
  cosineLess1,
  inverseBesselRatio,
  vonMisesDensity,
  vonMisesDraw,
  vonMisesDrawGradient,
  vonMisesPath,
} from "./vonMises.ts"

const formulas = [
  continuousBernoulliDensity,
  continuousBernoulliMean,
  continuousBernoulliVariance,
  continuousBernoulliEntropy,
  continuousBernoulliCdf,
  continuousBernoulliIcdf,
  continuousBernoulliDivergence,
  continuousBernoulliLogits,
  inverseGaussianDensity,
  inverseGaussianCdf,
  inverseBesselRatio,
  vonMisesDensity,
  cosineLess1,
]

export const pathLoops = [
  ...formulas.flatMap(formulaLoops),
  continuousBernoulliDraw,
  continuousBernoulliPath,
  inverseGaussianDraw,
  inverseGaussianPath,
  vonMisesDraw,
  vonMisesPath,
] as unknown as ReadonlyArray<LoopKernel<object>>

export const pathGradients: ReadonlyArray<tf.GradConfig> = [
  ...formulas.map(formulaGradient),
  continuousBernoulliDrawGradient,
  inverseGaussianDrawGradient,
  vonMisesDrawGradient,
]
