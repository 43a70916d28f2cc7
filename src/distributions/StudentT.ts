/**
 * Student's t distribution, with z = (x − loc)/scale and ν = df degrees of freedom:
 * log p(x) = −½(ν + 1) log(1 + z²/ν) − log(√ν B(½, ν/2)) − log scale.
 *
 * ```ts
 * StudentT({ df: 4, loc: 0, scale: 1 })   // a normal with heavier tails
 * ```
 *
 * Draws are a normal over the root of a gamma, differentiable through both; ones too large for a float32, as most are
 * at df 0.01, are its largest number.
 */
import * as tf from "@tensorflow/tfjs-core"
import { drawStudent, studentCdf, studentEntropy, studentIcdf, studentLogDensity } from "../tensor/gammas.ts"
import type * as Key from "../tensor/Key.ts"
import type { Shape } from "../tensor/Shape.ts"
import { where } from "../tensor/stable.ts"
import { broadcastTo, operand, toTensor, type Value } from "./Distribution.ts"
import { PathwiseFamily } from "./Family.ts"
import { positive, real } from "./Support.ts"

/** Parameters of {@link StudentT}: degrees of freedom, median and width. Shapes broadcast to the batch. */
export interface StudentTParams {
  readonly df: Value
  readonly loc: Value
  readonly scale: Value
}

class StudentTDistribution extends PathwiseFamily<"StudentT", "real"> {
  readonly df: Value
  readonly loc: Value
  readonly scale: Value

  constructor({ df, loc, scale }: StudentTParams) {
    super({
      family: "StudentT",
      support: real,
      params: {
        df: { value: df, constraint: positive },
        loc: { value: loc, constraint: real },
        scale: { value: scale, constraint: positive },
      },
    })
    this.df = df
    this.loc = loc
    this.scale = scale
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    const standard = drawStudent(key, broadcastTo(toTensor(this.df), full))
    const x = tf.add(operand(this.loc), tf.mul(operand(this.scale), standard))
    return tf.clipByValue(x, -largest, largest)
  }

  protected score(value: tf.Tensor): tf.Tensor {
    return studentLogDensity(value, toTensor(this.df), toTensor(this.loc), toTensor(this.scale))
  }

  /** loc; NaN for df up to 1, where there is none. */
  mean(): tf.Tensor {
    return this.batched(() => where(() => tf.greater(operand(this.df), 1), toTensor(this.loc), Number.NaN))
  }

  /** scale² df / (df − 2); ∞ for df from 1 to 2, NaN up to 1. */
  variance(): tf.Tensor {
    return this.batched(() => {
      const df = toTensor(this.df)
      const exists = () => tf.greater(df, 2)
      const safe = where(exists, df, 3)
      const finite = tf.mul(tf.square(operand(this.scale)), tf.div(safe, tf.sub(safe, 2)))
      return where(
        exists,
        finite,
        where(() => tf.greater(df, 1), tf.fill(df.shape, Infinity), Number.NaN),
      )
    })
  }

  mode(): tf.Tensor {
    return this.batched(() => toTensor(this.loc))
  }

  /** ½(ν + 1) [ψ((ν + 1)/2) − ψ(ν/2)] + log(√ν B(½, ν/2)) + log scale. */
  entropy(): tf.Tensor {
    return this.batched(() => tf.add(studentEntropy(toTensor(this.df)), tf.log(operand(this.scale))))
  }

  /** P(X ≤ value), by the incomplete beta function. */
  cdf(value: tf.Tensor): tf.Tensor {
    return this.pointwise(value, "cdf", (x) =>
      studentCdf(x, toTensor(this.df), toTensor(this.loc), toTensor(this.scale)),
    )
  }

  icdf(probability: tf.Tensor): tf.Tensor {
    return this.pointwise(probability, "icdf", (p) =>
      studentIcdf(p, toTensor(this.df), toTensor(this.loc), toTensor(this.scale)),
    )
  }
}

/** A Student's t distribution; see {@link StudentTParams}. */
export type StudentT = StudentTDistribution

/** Makes a Student's t distribution. */
export const StudentT = (params: StudentTParams): StudentT => new StudentTDistribution(params)

const largest = (2 - 2 ** -23) * 2 ** 127
