/**
 * Formulas of up to four float64s with their partial derivatives, as kernels: one of the value, one of each partial,
 * each evaluated in float64 and rounded once. The gradient of the value runs the partials that are asked for; a
 * partial has none of its own.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { LoopKernel } from "../loop.ts"

/** A function of as many numbers as it has inputs, in their order. */
export type Scalar = (a: number, b: number, c: number, d: number) => number

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
  loop(name, inputs, value),
  ...partials.map((partial, i) => loop(partialName(name, inputs[i]!), inputs, partial)),
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

const loop = (name: string, inputs: ReadonlyArray<string>, f: Scalar): LoopKernel<object> => ({
  name,
  inputs,
  outputs: ([first]) => [first!.shape],
  run: ({ inputs, outputs }) => {
    const [a, b = a, c = b, d = c] = inputs as [Float32Array, Float32Array?, Float32Array?, Float32Array?]
    const out = outputs[0]!
    for (let i = 0; i < out.length; i++) out[i] = f(a[i]!, b[i]!, c[i]!, d[i]!)
  },
})
