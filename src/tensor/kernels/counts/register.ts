/** The kernels behind `tensor/counts` and `tensor/countDraws`, for both backends, and their gradients. */
import type * as tf from "@tensorflow/tfjs-core"
import type { LoopKernel } from "../loop.ts"
import {
  binomialCdf,
  binomialCdfGradient,
  binomialCdfSlope,
  negativeBinomialCdf,
  negativeBinomialCdfGradient,
  negativeBinomialCdfSlope,
  poissonCdf,
  poissonCdfGradient,
} from "./cdfs.ts"
import {
  binomialDraw,
  dirichletMultinomialDraw,
  geometricDraw,
  integerDraw,
  multinomialDraw,
  negativeBinomialDraw,
  poissonDraw,
} from "./draws.ts"
import {
  binomialMass,
  binomialMassGradient,
  chanceSlope,
  chanceSlopeGradient,
  devianceGradient,
  devianceOf,
  negativeBinomialMass,
  negativeBinomialMassGradient,
  negativeBinomialSlope,
  poissonMass,
  poissonMassGradient,
} from "./masses.ts"
import {
  dirichletMultinomialMass,
  dirichletMultinomialMassGradient,
  dirichletMultinomialSlope,
  multinomialMass,
  multinomialMassGradient,
  multinomialSlope,
  multinomialSlopeGradient,
} from "./vectors.ts"

export const countLoops = [
  poissonMass,
  poissonCdf,
  binomialCdf,
  binomialCdfSlope,
  negativeBinomialCdf,
  negativeBinomialCdfSlope,
  devianceOf,
  binomialMass,
  negativeBinomialMass,
  negativeBinomialSlope,
  chanceSlope,
  multinomialMass,
  multinomialSlope,
  dirichletMultinomialMass,
  dirichletMultinomialSlope,
  integerDraw,
  poissonDraw,
  geometricDraw,
  binomialDraw,
  negativeBinomialDraw,
  multinomialDraw,
  dirichletMultinomialDraw,
] as unknown as ReadonlyArray<LoopKernel<object>>

export const countGradients: ReadonlyArray<tf.GradConfig> = [
  poissonMassGradient,
  poissonCdfGradient,
  binomialCdfGradient,
  negativeBinomialCdfGradient,
  devianceGradient,
  binomialMassGradient,
  negativeBinomialMassGradient,
  multinomialMassGradient,
  multinomialSlopeGradient,
  chanceSlopeGradient,
  dirichletMultinomialMassGradient,
]
