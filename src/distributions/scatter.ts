/**
 * How far the numbers of a vector spread, and together: a positive-definite matrix Σ = LLᵀ, given as itself, as its
 * inverse or as its lower Cholesky factor L; and what densities and draws ask of it.
 *
 * An inverse is used as it is: with P = Σ⁻¹ = RRᵀ, R⁻ᵀ stands for L, and no matrix is inverted to score or to draw.
 */
import * as tf from "@tensorflow/tfjs-core"
import {
  cholesky,
  choleskyInverse,
  diagPart,
  logDetCholesky,
  matvec,
  quadraticForm,
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
  /** |L⁻¹b|² of b `[...batch, n]`. */
  readonly quadratic: (b: tf.Tensor) => tf.Tensor
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

/** What Σ is asked, with its factorization done once. */
export const spread = (s: Scatter): Spread =>
  s.precisionMatrix === undefined
    ? byFactor(
        s.scaleTril === undefined ? cholesky(toTensor(s.covarianceMatrix)) : tril(toTensor(s.scaleTril)),
        s.covarianceMatrix,
      )
    : byPrecision(cholesky(toTensor(s.precisionMatrix)))

const byFactor = (l: tf.Tensor, given: Value | undefined): Spread => {
  const covariance = () => (given === undefined ? tf.matMul(l, l, false, true) : toTensor(given))
  return {
    quadratic: (b) => quadraticForm(l, b),
    color: (z) => matvec(l, z),
    halfLogDet: () => logDetCholesky(l),
    variance: () => (given === undefined ? tf.sum(tf.square(l), -1) : diagPart(toTensor(given))),
    covariance,
    factor: () => l,
  }
}

const byPrecision = (r: tf.Tensor): Spread => ({
  quadratic: (b) => tf.sum(tf.square(matvec(r, b, { transpose: true })), -1),
  color: (z) => tf.squeeze(triangularSolve(r, tf.expandDims(z, -1), { transpose: true }), [-1]),
  halfLogDet: () => tf.neg(logDetCholesky(r)),
  variance: () => diagPart(choleskyInverse(r)),
  covariance: () => choleskyInverse(r),
  factor: () => cholesky(choleskyInverse(r)),
})

/** The n of a location `[...batch, n]`. */
export const sizeOf = (loc: Value): number => shapeOf(loc).at(-1) ?? 0
