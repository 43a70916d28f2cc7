/**
 * Values in [0, 1] made 0 or 1. Three ways are in use for images:
 *
 * - threshold: 1 where the value is at least the threshold;
 * - static: one draw of Bernoulli(value) for the whole data set, kept for good;
 * - dynamic: a fresh draw of Bernoulli(value) each time a batch is taken.
 *
 * Salakhutdinov and Murray, On the Quantitative Analysis of Deep Belief Networks, ICML 2008 (static); Burda,
 * Grosse and Salakhutdinov, Importance Weighted Autoencoders, ICLR 2016, appendix D (on the difference the
 * choice makes to reported likelihoods).
 */
import { Effect } from "effect"
import * as Key from "../tensor/Key.ts"
import * as Shape from "../tensor/Shape.ts"
import { DataError } from "./errors.ts"
import * as Field from "./Field.ts"

/** How to make values 0 or 1: drawn anew for each batch, drawn once by a key, or cut at a threshold in (0, 1]. */
export type Binarization = "dynamic" | { readonly static: Key.Key } | { readonly threshold: number }

/** The field, binarized. Fails with `DataError` where its values leave [0, 1], or the threshold (0, 1]. */
export const binarize = Effect.fnUntraced(function* (
  field: Field.Field,
  how: Binarization,
): Effect.fn.Return<Field.Field, DataError> {
  const [min, max] = field.range
  if (field.dtype !== "float32" || min < 0 || max > 1) {
    return yield* new DataError({
      where: `binarized, ${field.name === "" ? "data" : field.name}`,
      expected: "float32 values in [0, 1]",
      found: `${field.dtype} values in [${min}, ${max}]`,
    })
  }
  const range = [0, 1] as const
  if (how === "dynamic") {
    return {
      ...field,
      range,
      gather: (indices, key) => draw(field.gather(indices, key) as Float32Array, key),
    }
  }
  if (typeof how !== "object" || how === null) {
    return yield* new DataError({
      where: "binarized",
      expected: '"dynamic", { static: key } or { threshold }',
      found: String(how),
    })
  }
  if ("static" in how)
    return yield* Field.make(field.name, drawAll(field, how.static), [field.size, ...field.rowShape])
  const { threshold } = how
  if (!(threshold > 0 && threshold <= 1)) {
    return yield* new DataError({
      where: "binarized, threshold",
      expected: "a number above 0 and at most 1",
      found: String(threshold),
    })
  }
  return {
    ...field,
    range,
    gather: (indices, key) => {
      const values = field.gather(indices, key)
      for (let i = 0; i < values.length; i++) values[i] = values[i]! >= threshold ? 1 : 0
      return values
    },
  }
})

/**
 * Bernoulli draws in place of the probabilities. Certain values need no random number: four fifths of MNIST's
 * pixels are 0 or 1, and a draw for each of them would take longer than all else that makes a batch.
 */
const draw = (values: Float32Array, key: Key.Key): Float32Array => {
  let uncertain = 0
  for (let i = 0; i < values.length; i++) if (values[i] !== 0 && values[i] !== 1) uncertain++
  const uniform = Key.uniformValues(key, [uncertain])
  let next = 0
  for (let i = 0; i < values.length; i++) {
    const p = values[i]!
    if (p !== 0 && p !== 1) values[i] = uniform[next++]! < p ? 1 : 0
  }
  return values
}

const drawAll = (field: Field.Field, key: Key.Key): Uint8Array => {
  const width = Shape.size(field.rowShape)
  const bits = new Uint8Array(field.size * width)
  // In blocks, so that the floats of a large data set are never all in memory at once.
  for (let start = 0; start < field.size; start += BLOCK) {
    const rows = Int32Array.from({ length: Math.min(BLOCK, field.size - start) }, (_, i) => start + i)
    const blockKey = Key.foldIn(Key.foldInName(key, field.name), start)
    bits.set(draw(field.gather(rows, blockKey) as Float32Array, blockKey), start * width)
  }
  return bits
}

const BLOCK = 1024
