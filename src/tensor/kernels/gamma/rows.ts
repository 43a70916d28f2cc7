/**
 * Formulas of one or two vectors of float64s with their partial derivatives, as kernels: `[..., K]` to `[...]`, and
 * each partial to `[..., K]`. As formula.ts, with vectors in the place of numbers.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { LoopKernel } from "../loop.ts"

/** What is done with the rows of two vectors (the same one twice, where a formula has one), of length k. */
export type RowValue = (x: Float64Array, y: Float64Array, k: number) => number
/** As {@link RowValue}, into a third vector. */
export type RowPartial = (x: Float64Array, y: Float64Array, k: number, to: Float64Array) => void

/** The name of a kernel, the names of its inputs, the function and its partial derivative in each input. */
export interface RowFormula {
  readonly name: string
  readonly inputs: readonly [string] | readonly [string, string]
  readonly value: RowValue
  readonly partials: ReadonlyArray<RowPartial>
}

/** The kernels of a formula. */
export const rowLoops = ({
  name,
  inputs,
  value,
  partials,
}: RowFormula): ReadonlyArray<LoopKernel<object>> => [
  rowLoop(
    name,
    inputs,
    (shape) => shape.slice(0, -1),
    (x, y, k, out, row) => {
      out[row] = value(x, y, k)
    },
  ),
  ...partials.map((partial, i) => vectorLoop(partialName(name, inputs[i]!), inputs, partial)),
]

/** The gradient of a formula. */
export const rowGradient = ({ name, inputs }: RowFormula): tf.GradConfig => ({
  kernelName: name,
  inputsToSave: [...inputs],
  gradFunc: (dy, saved) => {
    const named = Object.fromEntries(inputs.map((input, i) => [input, saved[i]!]))
    const toward = (input: string) => () =>
      tf.mul(
        tf.expandDims(dy as tf.Tensor, -1),
        tf.engine().runKernel(partialName(name, input), named) as tf.Tensor,
      )
    return Object.fromEntries(inputs.map((input) => [input, toward(input)]))
  },
})

/** A kernel of vectors to vectors: `[..., K]` to `[..., K]`. */
export const vectorLoop = (
  name: string,
  inputs: ReadonlyArray<string>,
  f: RowPartial,
): LoopKernel<object> => {
  let to = new Float64Array(0)
  return rowLoop(
    name,
    inputs,
    (shape) => shape.slice(),
    (x, y, k, out, row) => {
      if (to.length !== k) to = new Float64Array(k)
      f(x, y, k, to)
      out.set(to, row * k)
    },
  )
}

const partialName = (name: string, input: string): string => `${name}.${input}`

const rowLoop = (
  name: string,
  inputs: ReadonlyArray<string>,
  shapeOf: (input: Array<number>) => Array<number>,
  f: (x: Float64Array, y: Float64Array, k: number, out: Float32Array, row: number) => void,
): LoopKernel<object> => ({
  name,
  inputs,
  outputs: ([first]) => [shapeOf(first!.shape)],
  run: ({ inputs, outputs, shapes }) => {
    const k = shapes[0]!.at(-1)!
    const [first, second = first] = inputs as [Float32Array, Float32Array?]
    const [x, y] = [new Float64Array(k), new Float64Array(k)]
    for (let row = 0; row * k < first.length; row++) {
      for (let i = 0; i < k; i++) {
        x[i] = first[row * k + i]!
        y[i] = second[row * k + i]!
      }
      f(x, y, k, outputs[0]!, row)
    }
  },
})
