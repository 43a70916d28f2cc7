/**
 * log(1 − e⁻ˣ), of tensors; within half an ulp of float32, or little more. Differentiable to any order. For expm1 and
 * log1p, tfjs's own names are right once our kernels are registered: to 1 ulp on both backends.
 */
import * as tf from "@tensorflow/tfjs-core"
import { elementwise, type Unary } from "./elementwise.ts"
import * as scalar from "./scalar/exponential.ts"

/** log(1 − e⁻ˣ) for x ≥ 0: −∞ at 0, NaN below. The naive form is 0 from x = 17 on, and −∞ up to x = 3e-8. */
export const log1mexp: Unary = elementwise("log1mexp", ["x"], scalar.log1mexp, (x) => log1mexpSlope(x))

/** 1/(eˣ − 1). */
export const log1mexpSlope: Unary = elementwise("log1mexpSlope", ["x"], scalar.log1mexpSlope, (x) =>
  tf.neg(tf.mul(log1mexpSlope(x), tf.add(log1mexpSlope(x), 1))),
)
