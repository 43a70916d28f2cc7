/**
 * A stream of random numbers for each element of a draw: the j-th number of element i is the Threefry block of the
 * counter (i, j) under the key. So an element's draw depends on the key and its place alone, however many numbers the
 * others take, and every backend draws the same.
 */

import { type Key, threefry2x32 } from "../../Key.ts"
import { erfinv } from "../../special/scalar/erf.ts"

/** A key as an attribute of a kernel: its two words. */
export interface KeyAttrs {
  readonly hi: number
  readonly lo: number
}

/** The numbers of one element, one after another. */
export interface Stream {
  /** Goes to the start of element `i`'s numbers. */
  readonly moveTo: (i: number) => void
  /** Uniform on (0, 1), 53 bits, never an end: its logarithm is finite. */
  readonly uniform: () => number
  /** Standard normal. */
  readonly normal: () => number
}

/** The streams of a key. */
export const streamOf = ({ hi, lo }: KeyAttrs): Stream => {
  const key: Key = { hi, lo }
  let element = 0
  let counter = 0
  const uniform = (): number => {
    const words = threefry2x32(key, element, counter++)
    return ((words.hi >>> 6) * 2 ** 27 + (words.lo >>> 5) + 0.5) * 2 ** -53
  }
  return {
    moveTo: (i) => {
      element = i
      counter = 0
    },
    uniform,
    normal: () => Math.SQRT2 * erfinv(2 * uniform() - 1),
  }
}
