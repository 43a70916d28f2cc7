/**
 * The sum of the squares of a tensor's elements, in one pass and in float64. As tensor operations it is a pass that
 * writes the squares and one that sums them, in float32.
 */
import type { LoopKernel } from "./loop.ts"

/** Input x; output a scalar. */
export const sumOfSquares: LoopKernel<object> = {
  name: "GuidepostSumOfSquares",
  inputs: ["x"],
  outputs: () => [[]],
  run: ({ inputs, outputs }) => {
    const x = inputs[0]!
    const n = x.length
    // Four sums side by side: one alone waits for each addition to end before the next begins.
    let a = 0
    let b = 0
    let c = 0
    let d = 0
    let i = 0
    for (; i + 3 < n; i += 4) {
      a += x[i]! * x[i]!
      b += x[i + 1]! * x[i + 1]!
      c += x[i + 2]! * x[i + 2]!
      d += x[i + 3]! * x[i + 3]!
    }
    for (; i < n; i++) a += x[i]! * x[i]!
    outputs[0]![0] = a + b + (c + d)
  },
}
