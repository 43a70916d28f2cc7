/**
 * Whether every element of all the tensors given is finite, in one pass over each.
 *
 * Their sum in float64 is: no number of float32s that a machine holds is enough to overflow it, an infinity stays
 * or turns NaN, and so does a NaN.
 */
import type { LoopKernel } from "./loop.ts"
import { sumRow } from "./sum.ts"

/** Any number of inputs; output a scalar: 0 if every element is finite, else NaN. */
export const allFinite: LoopKernel<object> = {
  name: "GuidepostAllFinite",
  inputs: "all",
  outputs: () => [[]],
  run: ({ inputs, outputs }) => {
    const areFinite = inputs.every((x) => Number.isFinite(sumRow(x, 0, x.length)))
    outputs[0]![0] = areFinite ? 0 : Number.NaN
  },
}
