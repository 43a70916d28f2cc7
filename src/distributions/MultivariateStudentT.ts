/**
 * Student's t distribution on vectors of n numbers: a normal vector over the root of one gamma that all its numbers
 * share. With ν = df, the factor L of the scale and q = |L⁻¹(x − loc)|²,
 *
 *   log p(x) = −½(ν + n) log(1 + q/ν) − log B(ν/2, n/2) + log Γ(n/2) − (n/2) log(νπ) − log det L
 *
 * ```ts
 * MultivariateStudentT({ df: 4, loc: [0, 0], scaleTril: [[1, 0], [0.5, 1]] })   // event [2]
 * ```
 *
 * Draws are differentiable in all parameters, the degrees of freedom too; ones too large for a float32 are its largest.
 */
import * as tf from "@tensorflow/tfjs-core"
import { drawGamma } from "../tensor/gammas.ts"
import * as Key from "../tensor/Key.ts"
import { studentVectorLogDensity } from "../tensor/linalg.ts"
import type { Shape } from "../tensor/Shape.ts"
import { lbeta, lbetaSlope, lgamma } from "../tensor/special.ts"
import { where } from "../tensor/stable.ts"
import { broadcastTo, toTensor, type Value } from "./Distribution.ts"
import { PathwiseFamily } from "./Family.ts"
import { lowerCholesky, positive, realVector } from "./Support.ts"
import { type Spread, sizeOf, spread } from "./scatter.ts"

/**
 * Parameters of {@link MultivariateStudentT}: degrees of freedom `[...batch]`, location `[...batch, n]`, and the lower
 * Cholesky factor of the scale `[...batch, n, n]`, which is not the covariance; the batches broadcast.
 */
export interface MultivariateStudentTParams {
  readonly df: Value
  readonly loc: Value
  readonly scaleTril: Value
}

class MultivariateStudentTDistribution extends PathwiseFamily<"MultivariateStudentT", "real"> {
  readonly df: Value
  readonly loc: Value
  readonly scaleTril: Value

  constructor({ df, loc, scaleTril }: MultivariateStudentTParams) {
    const n = sizeOf(loc)
    super({
      family: "MultivariateStudentT",
      support: realVector,
      params: {
        df: { value: df, constraint: positive },
        loc: { value: loc, constraint: realVector },
        scaleTril: { value: scaleTril, constraint: lowerCholesky },
      },
      eventShape: [n],
      eventSizes: { scaleTril: [n, n] },
    })
    this.df = df
    this.loc = loc
    this.scaleTril = scaleTril
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    const [direction, size] = Key.split(key)
    const half = broadcastTo(tf.mul(toTensor(this.df), 0.5), full.slice(0, -1))
    const precision = tf.expandDims(drawGamma(size!, half, half), -1)
    const normal = this.spread().color(Key.normal(direction!, full))
    return tf.clipByValue(tf.add(toTensor(this.loc), tf.div(normal, tf.sqrt(precision))), -largest, largest)
  }

  protected score(value: tf.Tensor): tf.Tensor {
    const [df, loc, scaleTril] = [this.df, this.loc, this.scaleTril].map(toTensor)
    return studentVectorLogDensity(value, df!, loc!, scaleTril!)
  }

  /** loc; NaN for df up to 1, where there is none. */
  mean(): tf.Tensor {
    return this.batched(() => {
      const exists = () => tf.greater(tf.expandDims(toTensor(this.df), -1), 1)
      return where(exists, toTensor(this.loc), Number.NaN)
    })
  }

  /** The diagonal of LLᵀ df / (df − 2); ∞ for df from 1 to 2, NaN up to 1. */
  variance(): tf.Tensor {
    return this.batched(() => {
      const df = tf.expandDims(toTensor(this.df), -1)
      const exists = () => tf.greater(df, 2)
      const safe = where(exists, df, 3)
      const finite = tf.mul(this.spread().variance(), tf.div(safe, tf.sub(safe, 2)))
      const others = where(() => tf.greater(df, 1), tf.fill(df.shape, Infinity), Number.NaN)
      return where(exists, finite, others)
    })
  }

  mode(): tf.Tensor {
    return this.batched(() => toTensor(this.loc))
  }

  /** ½(ν + n) [ψ((ν + n)/2) − ψ(ν/2)] + log B(ν/2, n/2) − log Γ(n/2) + (n/2) log(νπ) + log det L. */
  entropy(): tf.Tensor {
    return this.batched(() => {
      const df = toTensor(this.df)
      const n = this.eventShape[0]!
      const rise = lbetaSlope(tf.mul(df, 0.5), tf.scalar(n / 2))
      const tails = tf.mul(tf.mul(tf.add(df, n), -0.5), rise)
      return tf.add(tails, tf.add(this.logVolume(), this.spread().halfLogDet()))
    }, [])
  }

  private spread(): Spread {
    return spread({ scaleTril: this.scaleTril })
  }

  /** log B(ν/2, n/2) − log Γ(n/2) + (n/2) log(νπ): as three log-gammas it has no digit at a large ν. */
  private logVolume(): tf.Tensor {
    const df = toTensor(this.df)
    const half = tf.scalar(this.eventShape[0]! / 2)
    const volume = tf.mul(half, tf.log(tf.mul(df, Math.PI)))
    return tf.add(tf.sub(lbeta(tf.mul(df, 0.5), half), lgamma(half)), volume)
  }
}

/** A multivariate Student's t distribution; see {@link MultivariateStudentTParams}. */
export type MultivariateStudentT = MultivariateStudentTDistribution

/** Makes a multivariate Student's t distribution. */
export const MultivariateStudentT = (params: MultivariateStudentTParams): MultivariateStudentT =>
  new MultivariateStudentTDistribution(params)

const largest = (2 - 2 ** -23) * 2 ** 127
