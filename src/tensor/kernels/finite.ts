/**
 * Whether every element of a tensor is finite, in one pass over its bits.
 *
 * A float32 is infinite or NaN exactly where all eight bits of its exponent are set; adding one to the exponent then
 * carries into the sign. A sum or a sum of squares takes longer, and overflows for large numbers that are finite.
 */
import type { LoopKernel } from "./loop.ts"

const EXPONENT = 0x7f800000
const ONE = 0x00800000

/** Input x; output a scalar: 0 if every element is finite, else NaN. */
export const allFinite: LoopKernel<object> = {
  name: "GuidepostAllFinite",
  inputs: ["x"],
  outputs: () => [[]],
  run: ({ inputs, outputs }) => {
    const { buffer, byteOffset, length } = inputs[0]!
    const bits = new Int32Array(buffer, byteOffset, length)
    let a = 0
    let b = 0
    let i = 0
    for (; i + 3 < length; i += 4) {
      a |= ((bits[i]! & EXPONENT) + ONE) | ((bits[i + 1]! & EXPONENT) + ONE)
      b |= ((bits[i + 2]! & EXPONENT) + ONE) | ((bits[i + 3]! & EXPONENT) + ONE)
    }
    for (; i < length; i++) a |= (bits[i]! & EXPONENT) + ONE
    outputs[0]![0] = (a | b) < 0 ? Number.NaN : 0
  },
}
