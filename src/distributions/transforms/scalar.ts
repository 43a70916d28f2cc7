/**
 * Maps of numbers: onto the line itself, half-lines and intervals.
 *
 * ```ts
 * exp.forward(tf.scalar(0))            // 1
 * greaterThan(3).forward(tf.scalar(0)) // 4
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { broadcast } from "../../tensor/Shape.ts"
import { operand, shapeOf, type Value } from "../Distribution.ts"
import {
  greaterThan as aboveSupport,
  lessThan as belowSupport,
  interval as intervalSupport,
  positive,
  real,
  type Support,
  unitInterval,
} from "../Support.ts"
import { elementwise, logPositive, type Transform } from "./contract.ts"

/** x ↦ x. */
export const identity: Transform<"real", "real"> = elementwise({
  name: "identity",
  domain: real,
  codomain: real,
  forward: (x) => x,
  inverse: (y) => y,
  logAbsDetJacobian: (x) => tf.zerosLike(x),
})

/** x ↦ eˣ, from the reals to the positive numbers. The inverse of zero, to which e⁻¹⁰⁴ rounds, is −87. */
export const exp: Transform<"real", "positive"> = elementwise({
  name: "exp",
  domain: real,
  codomain: positive,
  forward: (x) => tf.exp(x),
  inverse: (y) => logPositive(y),
  logAbsDetJacobian: (x) => x,
})

/** x ↦ log(1 + eˣ), from the reals to the positive numbers; nearly x for a large x. */
export const softplus: Transform<"real", "positive"> = elementwise({
  name: "softplus",
  domain: real,
  codomain: positive,
  forward: (x) => tf.softplus(x),
  // log(eʸ − 1) as it stands overflows from y = 89 on.
  inverse: (y) => tf.add(y, logPositive(tf.neg(tf.expm1(tf.neg(y))))),
  logAbsDetJacobian: (x) => tf.neg(tf.softplus(tf.neg(x))),
})

/** x ↦ loc + scale·x; the parameters broadcast with x. */
export const affine = (loc: Value, scale: Value): Transform<"real", "real"> => {
  const parameters = broadcast(shapeOf(loc), shapeOf(scale))
  return {
    ...elementwise({
      name: "affine",
      domain: real,
      codomain: real,
      forward: (x) => tf.add(operand(loc), tf.mul(operand(scale), x)),
      inverse: (y) => tf.div(tf.sub(y, operand(loc)), operand(scale)),
      logAbsDetJacobian: (x) => tf.add(tf.log(tf.abs(operand(scale))), tf.zerosLike(x)),
    }),
    params: { loc: { value: loc, constraint: real }, scale: { value: scale, constraint: nonZero } },
    forwardShape: (shape) => parameters && broadcast(shape, parameters),
  }
}

/** x ↦ 1 / (1 + e⁻ˣ), from the reals to [0, 1]. The inverse of an end is finite, ∓87. */
export const sigmoid: Transform<"real", "unitInterval"> = elementwise({
  name: "sigmoid",
  domain: real,
  codomain: unitInterval,
  forward: (x) => tf.sigmoid(x),
  inverse: (y) => tf.sub(logPositive(y), logPositive(tf.sub(1, y))),
  logAbsDetJacobian: (x) => logSigmoidSlope(x),
})

/** x ↦ low + (high − low) / (1 + e⁻ˣ), from the reals to [low, high]; the parameters broadcast with x. */
export const interval = (low: Value, high: Value): Transform<"real", "interval"> => {
  const parameters = broadcast(shapeOf(low), shapeOf(high))
  const width = () => tf.sub(operand(high), operand(low))
  return {
    ...elementwise({
      name: "interval",
      domain: real,
      codomain: intervalSupport(low, high),
      forward: (x) => tf.add(operand(low), tf.mul(width(), tf.sigmoid(x))),
      inverse: (y) => tf.sub(logPositive(tf.sub(y, operand(low))), logPositive(tf.sub(operand(high), y))),
      logAbsDetJacobian: (x) => tf.add(tf.log(width()), logSigmoidSlope(x)),
    }),
    params: {
      low: { value: low, constraint: real },
      high: { value: high, constraint: real, above: "low" },
    },
    forwardShape: (shape) => parameters && broadcast(shape, parameters),
  }
}

/** x ↦ low + eˣ, from the reals to the numbers above `low`, which broadcasts with x. */
export const greaterThan = (low: Value): Transform<"real", "greaterThan"> => ({
  ...elementwise({
    name: "greaterThan",
    domain: real,
    codomain: aboveSupport(low),
    forward: (x) => tf.add(operand(low), tf.exp(x)),
    inverse: (y) => logPositive(tf.sub(y, operand(low))),
    logAbsDetJacobian: (x) => withShapeOf(x, low),
  }),
  params: { low: { value: low, constraint: real } },
  forwardShape: (shape) => broadcast(shape, shapeOf(low)),
})

/** x ↦ high − eˣ, from the reals to the numbers below `high`, which broadcasts with x. It falls as x rises. */
export const lessThan = (high: Value): Transform<"real", "lessThan"> => ({
  ...elementwise({
    name: "lessThan",
    domain: real,
    codomain: belowSupport(high),
    forward: (x) => tf.sub(operand(high), tf.exp(x)),
    inverse: (y) => logPositive(tf.sub(operand(high), y)),
    logAbsDetJacobian: (x) => withShapeOf(x, high),
  }),
  params: { high: { value: high, constraint: real } },
  forwardShape: (shape) => broadcast(shape, shapeOf(high)),
})

/** x at the shape that it has together with a parameter. */
const withShapeOf = (x: tf.Tensor, parameter: Value): tf.Tensor =>
  tf.add(x, tf.zeros([...shapeOf(parameter)]))

/** log of the sigmoid's derivative, σ(x)·σ(−x); from σ itself it is −∞ from 17 on. */
const logSigmoidSlope = (x: tf.Tensor): tf.Tensor => tf.neg(tf.add(tf.softplus(x), tf.softplus(tf.neg(x))))

const nonZero: Support<"nonZero"> = {
  ...real,
  name: "nonZero",
  describe: "finite and not zero",
  contains: (cell) => real.contains(cell) && !(cell[0] === 0),
  member: () => 1,
}
