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
  inverseGaussianEntropy,
  inverseGaussianPath,
} from "./inverseGaussian.ts"
import { hyperbolicSecantDivergence, logisticDivergence } from "./softAbsolute.ts"
import { studentDivergence } from "./student.ts"
import { truncatedNormalDivergence } from "./truncatedNormal.ts"
import {
  cosineLess1,
  vonMisesCdf,
  vonMisesDensity,
  vonMisesDraw,
  vonMisesDrawGradient,
  vonMisesPath,
} from "./vonMises.ts"
import {
  versine,
  versineGradient,
  versinePath,
  vonMisesFisherDraw,
  vonMisesFisherDrawGradient,
  vonMisesFisherPath,
  vonMisesFisherTurn,
} from "./vonMisesFisher.ts"

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
  inverseGaussianEntropy,
  logisticDivergence,
  hyperbolicSecantDivergence,
  studentDivergence,
  truncatedNormalDivergence,
  vonMisesDensity,
  vonMisesCdf,
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
  vonMisesFisherDraw,
  vonMisesFisherPath,
  vonMisesFisherTurn,
  versine,
  versinePath,
] as unknown as ReadonlyArray<LoopKernel<object>>

export const pathGradients: ReadonlyArray<tf.GradConfig> = [
  ...formulas.map(formulaGradient),
  continuousBernoulliDrawGradient,
  inverseGaussianDrawGradient,
  vonMisesDrawGradient,
  vonMisesFisherDrawGradient,
  versineGradient,
]
