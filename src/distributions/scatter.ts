/**
 * How far the numbers of a vector spread, and together: a positive-definite matrix Σ = LLᵀ, given as itself, as its
 * inverse or as its lower Cholesky factor L; and what densities and draws ask of it.
 *
 * An inverse is used as it is: with P = Σ⁻¹ = RRᵀ, R⁻ᵀ stands for L, and no matrix is inverted to score or to draw.
 * Distances come from the matrix as it was given: a covariance's, through a factor that was rounded, would lose a digit
 * for every ten or hundred of its condition number.
 */
import * as tf from "@tensorflow/tfjs-core"
import {
  cholesky,
  choleskyInverse,
  diagPart,
  logDetCholesky,
  matvec,
  squaredDistance,
  triangularSolve,
  tril,
} from "../tensor/linalg.ts"
import { type Parameter, shapeOf, toTensor, type Value } from "./Distribution.ts"
import { covariance, lowerCholesky } from "./Support.ts"

/** One of the three, `[...batch, n, n]`. */
export type Scatter =
  | { readonly covarianceMatrix: Value; readonly precisionMatrix?: never; readonly scaleTril?: never }
  | { readonly precisionMatrix: Value; readonly covarianceMatrix?: never; readonly scaleTril?: never }
  | { readonly scaleTril: Value; readonly covarianceMatrix?: never; readonly precisionMatrix?: never }

/** The parameter that is given, under its name. */
export const scatterParams = (s: Scatter): Readonly<Record<string, Parameter>> => {
  if (s.scaleTril !== undefined) return { scaleTril: { value: s.scaleTril, constraint: lowerCholesky } }
  return s.precisionMatrix === undefined
    ? { covarianceMatrix: { value: s.covarianceMatrix, constraint: covariance } }
    : { precisionMatrix: { value: s.precisionMatrix, constraint: covariance } }
}

/** What is asked of Σ. Each call computes; call them inside a tidy. */
export interface Spread {
  /** (x − loc)ᵀΣ⁻¹(x − loc) of both `[...batch, n]`. */
  readonly distance: (x: tf.Tensor, loc: tf.Tensor) => tf.Tensor
  /** Az where AAᵀ = Σ, of z `[...batch, n]`: of covariance Σ where z is standard. */
  readonly color: (z: tf.Tensor) => tf.Tensor
  /** ½ log det Σ, `[...batch]`. */
  readonly halfLogDet: () => tf.Tensor
  /** The diagonal of Σ, `[...batch, n]`. */
  readonly variance: () => tf.Tensor
  /** Σ, `[...batch, n, n]`. */
  readonly covariance: () => tf.Tensor
  /** L, `[...batch, n, n]`. */
  readonly factor: () => tf.Tensor
}

/** What Σ is asked. */
export const spread = (s: Scatter): Spread => {
  if (s.precisionMatrix !== undefined) return byPrecision(toTensor(s.precisionMatrix))
  return s.covarianceMatrix === undefined
    ? byFactor(tril(toTensor(s.scaleTril)))
    : byCovariance(toTensor(s.covarianceMatrix))
}

const byFactor = (l: tf.Tensor): Spread => ({
  distance: (x, loc) => squaredDistance(x, loc, l, "factor"),
  color: (z) => matvec(l, z),
  halfLogDet: () => logDetCholesky(l),
  variance: () => tf.sum(tf.square(l), -1),
  covariance: () => tf.matMul(l, l, false, true),
  factor: () => l,
})

const byCovariance = (covariance: tf.Tensor): Spread => ({
  distance: (x, loc) => squaredDistance(x, loc, covariance, "covariance"),
  color: (z) => matvec(cholesky(covariance), z),
  halfLogDet: () => logDetCholesky(cholesky(covariance)),
  variance: () => diagPart(covariance),
  covariance: () => covariance,
  factor: () => cholesky(covariance),
})

const byPrecision = (precision: tf.Tensor): Spread => {
  const root = () => cholesky(precision)
  return {
    distance: (x, loc) => squaredDistance(x, loc, precision, "precision"),
    color: (z) => tf.squeeze(triangularSolve(root(), tf.expandDims(z, -1), { transpose: true }), [-1]),
    halfLogDet: () => tf.neg(logDetCholesky(root())),
    variance: () => diagPart(choleskyInverse(root())),
    covariance: () => choleskyInverse(root()),
    factor: () => cholesky(choleskyInverse(root())),
  }
}

/** The n of a location `[...batch, n]`. */
export const sizeOf = (loc: Value): number => shapeOf(loc).at(-1) ?? 0
