/**
 * The benchmark `distributions` as a user of tfjs writes it by hand: its samplers, its operations, its kernels. Where
 * tfjs has no operation (a triangular solve, log Γ) the constant is computed on the host, once a step.
 */
import "@tensorflow/tfjs-backend-cpu"
import "@tensorflow/tfjs-backend-wasm"
import * as tf from "@tensorflow/tfjs-core"
import { parameters as at, type Family, logGamma, shapes } from "./distributions-cases.ts"
import type { Stepper } from "./harness.ts"

const gammas = (shape: Array<number>, concentration: number): tf.Tensor =>
  tf.randomGamma(shape as [number], concentration, 1)

const samplers: Readonly<Record<Family, () => tf.Tensor>> = {
  Normal: () => tf.randomNormal([...shapes.Normal], at.Normal.loc, at.Normal.scale),
  Gamma: () => tf.div(gammas([...shapes.Gamma], at.Gamma.concentration), at.Gamma.rate),
  Categorical: () => tf.multinomial(tf.tensor1d([...at.Categorical.logits]), shapes.Categorical[0]),
  MultivariateNormal: () => {
    const { loc, scaleTril } = at.MultivariateNormal
    const noise = tf.randomNormal([...shapes.MultivariateNormal])
    return tf.add(tf.matMul(noise as tf.Tensor2D, tf.tensor2d(scaleTril), false, true), loc)
  },
  Dirichlet: () => {
    const [rows] = shapes.Dirichlet
    const each = tf.stack(
      at.Dirichlet.concentration.map((a) => gammas([rows], a)),
      1,
    )
    return tf.div(each, tf.sum(each, 1, true))
  },
}

const scorers: Readonly<Record<Family, (x: tf.Tensor) => tf.Tensor>> = {
  Normal: (x) => {
    const { loc, scale } = at.Normal
    const z = tf.div(tf.sub(x, loc), scale)
    return tf.sub(tf.mul(tf.square(z), -0.5), Math.log(scale) + 0.5 * Math.log(2 * Math.PI))
  },
  Gamma: (x) => {
    const { concentration: a, rate } = at.Gamma
    const constant = a * Math.log(rate) - logGamma(a)
    return tf.add(tf.sub(tf.mul(tf.log(x), a - 1), tf.mul(x, rate)), constant)
  },
  Categorical: (x) => tf.gather(tf.logSoftmax(tf.tensor1d([...at.Categorical.logits])), tf.cast(x, "int32")),
  MultivariateNormal: (x) => {
    const { loc, scaleTril } = at.MultivariateNormal
    const z = tf.matMul(tf.sub(x, loc) as tf.Tensor2D, tf.tensor2d(inverse(scaleTril)), false, true)
    const logDeterminant = scaleTril.reduce((sum, row, i) => sum + Math.log(row[i]!), 0)
    const constant = logDeterminant + 0.5 * loc.length * Math.log(2 * Math.PI)
    return tf.sub(tf.mul(tf.sum(tf.square(z), 1), -0.5), constant)
  },
  Dirichlet: (x) => {
    const a = at.Dirichlet.concentration
    const constant = logGamma(a.reduce((sum, c) => sum + c, 0)) - a.reduce((sum, c) => sum + logGamma(c), 0)
    const less = a.map((c) => c - 1)
    return tf.add(tf.sum(tf.mul(tf.log(x), less), 1), constant)
  },
}

/** The inverse of a lower-triangular matrix, by forward substitution. */
const inverse = (lower: ReadonlyArray<ReadonlyArray<number>>): Array<Array<number>> => {
  const rows: Array<Array<number>> = []
  for (const [i, row] of lower.entries()) {
    rows.push(
      row.map((_, j) => {
        if (j > i) return 0
        let sum = i === j ? 1 : 0
        for (let k = j; k < i; k++) sum -= row[k]! * rows[k]![j]!
        return sum / row[i]!
      }),
    )
  }
  return rows
}

/** Draws. */
export const sample = async (family: Family): Promise<Stepper> => {
  await tf.setBackend("wasm")
  return { step: () => tf.tidy(() => void samplers[family]().dataSync()), dispose: () => {} }
}

/** Log-densities of `values`. */
export const score = async (family: Family, values: Float32Array): Promise<Stepper> => {
  await tf.setBackend("wasm")
  const x = tf.tensor(values, [...shapes[family]])
  return { step: () => tf.tidy(() => scorers[family](x).dataSync()) as never, dispose: () => x.dispose() }
}
