/** The kernels behind `tensor/gammas`, for both backends, and their gradients. */
import type * as tf from "@tensorflow/tfjs-core"
import type { LoopKernel } from "../loop.ts"
import { betaDensity, gammaDensity, inverseGammaDensity, studentDensity } from "./densities.ts"
import {
  dirichletDensity,
  dirichletDivergence,
  dirichletEntropy,
  dirichletEstimate,
  dirichletEstimateBack,
  dirichletEstimateGradient,
} from "./dirichlet.ts"
import {
  dirichletDraw,
  dirichletDrawGradient,
  dirichletPath,
  gammaDraw,
  gammaDrawGradient,
  gammaPath,
  studentDraw,
  studentDrawGradient,
  studentPath,
} from "./draws.ts"
import { formulaGradient, formulaLoops } from "./formula.ts"
import { kumaraswamyCdf, kumaraswamyDensity, kumaraswamyIcdf } from "./kumaraswamy.ts"
import {
  betaCdf,
  gammaCdf,
  gammaDivergence,
  gammaEntropy,
  gammaShape,
  inverseDigamma,
  inverseGammaCdf,
  inverseGammaEntropy,
  studentCdf,
  studentEntropy,
} from "./moments.ts"
import { gammaIcdf, inverseGammaIcdf, studentIcdf } from "./quantiles.ts"
import { rowGradient, rowLoops } from "./rows.ts"

const formulas = [
  gammaDensity,
  inverseGammaDensity,
  betaDensity,
  studentDensity,
  kumaraswamyDensity,
  kumaraswamyCdf,
  kumaraswamyIcdf,
  gammaEntropy,
  inverseGammaEntropy,
  studentEntropy,
  gammaCdf,
  inverseGammaCdf,
  betaCdf,
  studentCdf,
  gammaIcdf,
  inverseGammaIcdf,
  studentIcdf,
  gammaDivergence,
  gammaShape,
  inverseDigamma,
]

const rows = [dirichletDensity, dirichletEntropy, dirichletDivergence]

export const gammaLoops = [
  ...formulas.flatMap(formulaLoops),
  ...rows.flatMap(rowLoops),
  dirichletEstimate,
  dirichletEstimateBack,
  gammaDraw,
  gammaPath,
  dirichletDraw,
  dirichletPath,
  studentDraw,
  studentPath,
] as unknown as ReadonlyArray<LoopKernel<object>>

export const gammaGradients: ReadonlyArray<tf.GradConfig> = [
  ...formulas.map(formulaGradient),
  ...rows.map(rowGradient),
  dirichletEstimateGradient,
  gammaDrawGradient,
  dirichletDrawGradient,
  studentDrawGradient,
]
