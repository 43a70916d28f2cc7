/**
 * The map of numbers that most flows are made of: y = shift + x · e^s, with s = 5 tanh(logScale / 5).
 *
 * A network gives `shift` and `logScale`, and nothing keeps it from giving a log scale of 100 one day: e¹⁰⁰ is no
 * float32, and one such number makes a density NaN. So s stays within ±5, scales within (0.0067, 148). Clipping would
 * do that with a gradient of zero beyond the bound, where a scale that went too far would stay; here it lives on.
 * Near zero s is `logScale` itself (to 1 part in 75 at 1). Dinh, Sohl-Dickstein and Bengio, "Density estimation using
 * Real NVP", ICLR 2017, §4.1, use tanh for the same purpose.
 *
 * ```ts
 * boundedAffine({ shift: 1, logScale: Math.log(2) }).forward(tf.scalar(3))   // 6.98…
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { broadcast } from "../../../tensor/Shape.ts"
import { operand, shapeOf, type Value } from "../../Distribution.ts"
import { real } from "../../Support.ts"
import { elementwise, type Transform } from "../contract.ts"

/** What a network says of each number: the two broadcast with it. */
export interface ShiftAndLogScale {
  readonly shift: Value
  /** Before it is bounded. */
  readonly logScale: Value
}

/** x ↦ shift + x · e^s with s = 5 tanh(logScale / 5); the parameters broadcast with x. */
export const boundedAffine = ({ shift, logScale }: ShiftAndLogScale): Transform<"real", "real"> => {
  const parameters = broadcast(shapeOf(shift), shapeOf(logScale))
  const bounded = () => tf.mul(tf.tanh(tf.div(operand(logScale), largest)), largest)
  return {
    ...elementwise({
      name: "boundedAffine",
      domain: real,
      codomain: real,
      forward: (x) => tf.add(operand(shift), tf.mul(x, tf.exp(bounded()))),
      inverse: (y) => tf.mul(tf.sub(y, operand(shift)), tf.exp(tf.neg(bounded()))),
      logAbsDetJacobian: (x) => tf.add(bounded(), tf.zerosLike(x)),
    }),
    params: { shift: { value: shift, constraint: real }, logScale: { value: logScale, constraint: real } },
    forwardShape: (shape) => parameters && broadcast(shape, parameters),
  }
}

const largest = 5
