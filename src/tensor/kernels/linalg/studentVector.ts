/**
 * The log-density of Student's t on vectors of n numbers, x from loc [...batch, n], the lower Cholesky factor of the
 * scale l [...batch, n, n], degrees of freedom ν [...batch]; the batch shapes broadcast. With y = (LLᵀ)⁻¹(x − loc) and
 * q = (x − loc)ᵀy,
 *
 *   log p = −½(ν + n) log(1 + q/ν) − log B(ν/2, n/2) + log Γ(n/2) − (n/2) log(νπ) − log det L
 *
 * q is beyond float32 from distances of 2e19 widths on, which few degrees of freedom draw: it never leaves float64. The
 * gradient in x is −(ν + n)/(ν + q) y, here called the pull; a gradient that is itself differentiated is composed of
 * tensors instead.
 */
import * as tf from "@tensorflow/tfjs-core"
import { lbetaSlope } from "../../special/gamma.ts"
import { lbeta } from "../../special/scalar/beta.ts"
import { lgamma } from "../../special/scalar/gamma.ts"
import { log1pMinus } from "../../special/scalar/polynomial.ts"
import { digammaStep } from "../counts/saddle.ts"
import type { LoopKernel } from "../loop.ts"
import { batchOf, call, sumTo } from "./batches.ts"
import { commonBatch, overVectors, solve, squaredDistance } from "./distance.ts"
import { outerSum } from "./outerSum.ts"

const inputs = ["x", "loc", "l", "df"]

/** Output log p, [...batch]. */
export const studentVector: LoopKernel<object> = {
  name: "GuidepostStudentVectorLogDensity",
  inputs,
  outputs: (infos) => [[...commonBatch(infos.map(({ shape }) => shape))]],
  run: (loop) => {
    const n = loop.shapes[2]!.at(-1)!
    const half = n / 2
    overVectors(loop, "factor", (precision, b, v, df) => {
      const volume = lbeta(df / 2, half) - lgamma(half) + half * Math.log(df * Math.PI)
      const tail = -0.5 * (df + n) * Math.log1p(precision.quadratic(b) / df)
      loop.outputs[0]![v] = tail - volume - precision.halfLogDet()
    })
  },
}

/** Outputs (ν + n)/(ν + q) y and L⁻¹(x − loc), [...batch, n] both. */
export const studentVectorPull: LoopKernel<object> = {
  name: "GuidepostStudentVectorPull",
  inputs,
  outputs: (infos) => {
    const shape = [...commonBatch(infos.map(({ shape }) => shape)), infos[2]!.shape.at(-1)!]
    return [shape, shape]
  },
  run: (loop) => {
    const n = loop.shapes[2]!.at(-1)!
    const [y, z] = [new Float64Array(n), new Float64Array(n)]
    overVectors(loop, "factor", (precision, b, v, df) => {
      const weight = (df + n) / (df + precision.quadratic(b))
      precision.solve(b, y, z)
      for (let i = 0; i < n; i++) loop.outputs[0]![v * n + i] = weight * y[i]!
      loop.outputs[1]!.set(z, v * n)
    })
  },
}

/** Output ∂ log p/∂ν, [...batch]. At a large ν it is of the size of q²/ν², and its terms of that of q/ν. */
export const studentVectorSlope: LoopKernel<object> = {
  name: "GuidepostStudentVectorSlope",
  inputs,
  outputs: (infos) => [[...commonBatch(infos.map(({ shape }) => shape))]],
  run: (loop) => {
    const n = loop.shapes[2]!.at(-1)!
    overVectors(loop, "factor", (precision, b, v, df) => {
      const w = precision.quadratic(b) / df
      const part = w < Number.POSITIVE_INFINITY ? w / (1 + w) : 1
      const rest = w < 0.4 ? -log1pMinus(w) - w * part : part - Math.log1p(w)
      loop.outputs[0]![v] = 0.5 * (digammaStep(df / 2, n / 2) - n / df + rest + (n * part) / df)
    })
  },
}

export const studentVectorGradient: tf.GradConfig = {
  kernelName: studentVector.name,
  inputsToSave: inputs,
  gradFunc: (dys, saved) => {
    const [x, loc, l, df] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]
    const dy = dys as tf.Tensor
    const nested = tf.engine().state.gradientDepth > 0
    const all = { x, loc, l, df }
    const [pull, z] = nested
      ? composedPull(x, loc, l, df)
      : (tf.engine().runKernel(studentVectorPull.name, all) as [tf.Tensor, tf.Tensor])
    const pulled = tf.mul(tf.expandDims(dy, -1), pull)
    return {
      x: () => sumTo(tf.neg(pulled), x.shape),
      loc: () => sumTo(pulled, loc.shape),
      l: () => tf.sub(toFactor(pulled, z, l), toLogDet(dy, l)),
      df: () => {
        const slope = nested ? composedSlope(x, loc, l, df) : call(studentVectorSlope.name, all)
        return sumTo(tf.mul(dy, slope), df.shape)
      },
    }
  },
}

/** The lower triangle of Σ pzᵀ over what was broadcast. */
const toFactor = (p: tf.Tensor, z: tf.Tensor, l: tf.Tensor): tf.Tensor => {
  const columns = { a: tf.expandDims(p, -1), b: tf.expandDims(z, -1) }
  return call(outerSum.name, columns, { batch: batchOf(l.shape, 2), part: "lower" })
}

/** What flows back into L from log det L: dy/lᵢᵢ on the diagonal, summed over what was broadcast. */
const toLogDet = (dy: tf.Tensor, l: tf.Tensor): tf.Tensor => {
  const whole = tf.expandDims(sumTo(dy, batchOf(l.shape, 2)), -1)
  return call("GuidepostDiag", { x: tf.div(whole, call("GuidepostDiagPart", { x: l })) })
}

const composedDistance = (x: tf.Tensor, loc: tf.Tensor, l: tf.Tensor): tf.Tensor =>
  call(squaredDistance.name, { x, loc, m: l }, { given: "factor" })

const composedPull = (
  x: tf.Tensor,
  loc: tf.Tensor,
  l: tf.Tensor,
  df: tf.Tensor,
): readonly [tf.Tensor, tf.Tensor] => {
  const { y, z } = solve({ x, loc, m: l }, { given: "factor" })
  const weight = tf.div(tf.add(df, l.shape.at(-1)!), tf.add(df, composedDistance(x, loc, l)))
  return [tf.mul(tf.expandDims(weight, -1), y), z!]
}

const composedSlope = (x: tf.Tensor, loc: tf.Tensor, l: tf.Tensor, df: tf.Tensor): tf.Tensor => {
  const q = composedDistance(x, loc, l)
  const n = l.shape.at(-1)!
  const tail = tf.sub(tf.div(tf.mul(tf.div(q, df), tf.add(df, n)), tf.add(df, q)), tf.log1p(tf.div(q, df)))
  const volume = tf.add(lbetaSlope(tf.mul(df, 0.5), tf.scalar(n / 2)), tf.div(n, df))
  return tf.mul(tf.sub(tail, volume), 0.5)
}
