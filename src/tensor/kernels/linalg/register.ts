/** The kernels behind `tensor/linalg`, for both backends, and their gradients. */
import type * as tf from "@tensorflow/tfjs-core"
import type { LoopKernel } from "../loop.ts"
import { cholesky, choleskyBackward, choleskyBackwardGradient, choleskyGradient } from "./cholesky.ts"
import { choleskyInverse, choleskyInverseGradient } from "./choleskyInverse.ts"
import { band, diag, diagonalGradients, diagPart, sumLogDiag } from "./diagonal.ts"
import {
  lowRankHalfLogDet,
  lowRankHalfLogDetGradient,
  lowRankSlopes,
  precisionTimes,
  precisionTimesGradient,
  squaredDistance,
  squaredDistanceGradient,
} from "./distance.ts"
import { matvec, matvecGradient } from "./matvec.ts"
import { outerSum, outerSumGradient } from "./outerSum.ts"
import { fillTriangular, packGradients, packTriangular } from "./pack.ts"
import { weightedScatter } from "./scatter.ts"
import {
  studentVector,
  studentVectorGradient,
  studentVectorPull,
  studentVectorSlope,
} from "./studentVector.ts"
import {
  choleskySolve,
  choleskySolveGradient,
  triangularSolve,
  triangularSolveGradient,
} from "./triangularSolve.ts"

export const linalgLoops = [
  cholesky,
  choleskyBackward,
  choleskyInverse,
  choleskySolve,
  triangularSolve,
  matvec,
  outerSum,
  band,
  diag,
  diagPart,
  sumLogDiag,
  fillTriangular,
  packTriangular,
  squaredDistance,
  precisionTimes,
  lowRankHalfLogDet,
  lowRankSlopes,
  weightedScatter,
  studentVector,
  studentVectorPull,
  studentVectorSlope,
] as unknown as ReadonlyArray<LoopKernel<object>>

export const linalgGradients: ReadonlyArray<tf.GradConfig> = [
  choleskyGradient,
  choleskyBackwardGradient,
  choleskyInverseGradient,
  choleskySolveGradient,
  triangularSolveGradient,
  matvecGradient,
  outerSumGradient,
  ...diagonalGradients,
  ...packGradients,
  squaredDistanceGradient,
  precisionTimesGradient,
  lowRankHalfLogDetGradient,
  studentVectorGradient,
]
