/**
 * Formulas of up to eight float64s with their partial derivatives, as kernels: one of the value, one of each partial,
 * each evaluated in float64 and rounded once. The gradient of the value runs the partials that are asked for; a
 * partial has none of its own.
 */
import * as tf from "@tensorflow/tfjs-core"
import { elementwiseLoop, type Scalar } from "../elementwise.ts"
import type { LoopKernel } from "../loop.ts"

/** The name of a kernel, the names of its inputs, the function and its partial derivative in each input. */
export interface Formula {
  readonly name: string
  readonly inputs: ReadonlyArray<string>
  readonly value: Scalar
  readonly partials: ReadonlyArray<Scalar>
}

/** The kernels of a formula. */
export const formulaLoops = ({
  name,
  inputs,
  value,
  partials,
}: Formula): ReadonlyArray<LoopKernel<object>> => [
  elementwiseLoop(name, inputs, () => value),
  ...partials.map((partial, i) => elementwiseLoop(partialName(name, inputs[i]!), inputs, () => partial)),
]

/** The gradient of a formula. */
export const formulaGradient = ({ name, inputs }: Formula): tf.GradConfig => ({
  kernelName: name,
  inputsToSave: [...inputs],
  gradFunc: (dy, saved) => {
    const named = Object.fromEntries(inputs.map((input, i) => [input, saved[i]!]))
    const toward = (input: string) => () =>
      tf.mul(dy as tf.Tensor, tf.engine().runKernel(partialName(name, input), named) as tf.Tensor)
    return Object.fromEntries(inputs.map((input) => [input, toward(input)]))
  },
})

const partialName = (name: string, input: string): string => `${name}.${input}`
