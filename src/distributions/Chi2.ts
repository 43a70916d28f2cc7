/**
 * The chi-squared distribution on the positive numbers, the sum of the squares of `df` standard normals: a gamma of
 * shape df/2 and rate ½.
 *
 * ```ts
 * Chi2({ df: 3 })   // mean 3, variance 6
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { inverseDigamma } from "../tensor/gammas.ts"
import { operand, type Value } from "./Distribution.ts"
import { weightedMean } from "./fit.ts"
import { GammaLike, type ShapeRate } from "./GammaLike.ts"
import { positive } from "./Support.ts"

/** Parameters of {@link Chi2}: the degrees of freedom, not always a whole number. */
export interface Chi2Params {
  readonly df: Value
}

class Chi2Distribution extends GammaLike<"Chi2"> {
  readonly df: Value

  constructor({ df }: Chi2Params) {
    super({ family: "Chi2", support: positive, params: { df: { value: df, constraint: positive } } })
    this.df = df
  }

  protected shapeRate() {
    return { a: tf.mul(operand(this.df), 0.5), rate: tf.scalar(0.5) }
  }
}

/** A chi-squared distribution; see {@link Chi2Params}. */
export type Chi2 = Chi2Distribution

const make = (params: Chi2Params): Chi2 => new Chi2Distribution(params)

/** Makes a chi-squared distribution. `Chi2.fit` is its weighted maximum-likelihood estimate. */
export const Chi2: {
  (params: Chi2Params): Chi2
  /** ψ(df/2) = the mean of log(x/2), by Newton's method; for the shapes see `fit.ts`. */
  readonly fit: (values: tf.Tensor, weights?: tf.Tensor) => { readonly df: tf.Tensor }
  /** log x, of the values' shape. */
  readonly sufficientStatistics: (values: tf.Tensor) => { readonly logX: tf.Tensor }
} = Object.assign(make, {
  fit: (values: tf.Tensor, weights?: tf.Tensor) =>
    tf.tidy(() => ({
      df: tf.mul(inverseDigamma(weightedMean(tf.log(tf.mul(values, 0.5)), weights)), 2),
    })),
  sufficientStatistics: (values: tf.Tensor) => ({ logX: tf.log(values) }),
})

/** The gamma distribution that it is. Call it inside a tidy. */
export const chi2AsGamma = ({ df }: Chi2Params): ShapeRate => ({
  concentration: tf.mul(operand(df), 0.5),
  rate: 0.5,
})
