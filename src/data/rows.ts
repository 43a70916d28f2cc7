/** Rows of fields as tensors: what the data sets that are held on this machine have in common. */
import * as tf from "@tensorflow/tfjs-core"
import { InvalidArgument } from "../tensor/errors.ts"
import * as Key from "../tensor/Key.ts"
import * as Tree from "../tensor/Tree.ts"
import type { ArrayDataset } from "./Dataset.ts"
import type * as Field from "./Field.ts"

/**
 * Fields of one size as a data set. Their names are the paths of the batch, so that what the constructors promise as D is
 * what comes back.
 */
export const make = <D>(fields: ReadonlyArray<Field.Field>): ArrayDataset<D> => {
  const size = fields[0]!.size
  return {
    size,
    fields,
    take: (indices, key) => {
      const refused = outOfRange("Dataset.take", indices, size)
      if (refused !== undefined) throw refused
      return tf.tidy(
        () => Tree.fromEntries(fields.map((f) => [f.name, upload(f, indices, key)])) as tf.TensorContainer,
      ) as D
    },
  }
}

const upload = (field: Field.Field, indices: Int32Array, key: Key.Key): tf.Tensor =>
  tf.tensor(
    field.gather(indices, Key.foldInName(key, field.name)),
    [indices.length, ...field.rowShape],
    field.dtype,
  )

/** What is wrong with indices into `size` rows. */
export const outOfRange = (where: string, indices: Int32Array, size: number): InvalidArgument | undefined => {
  const bad = indices.find((index) => index < 0 || index >= size)
  if (bad === undefined) return undefined
  return new InvalidArgument({ where, expected: `indices from 0 to ${size - 1}`, found: String(bad) })
}
