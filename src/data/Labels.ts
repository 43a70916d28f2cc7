/**
 * Class labels: whole numbers 0 … classes − 1, one a row.
 *
 * ```ts
 * const digits = yield* labels(file.values, 10)   // Int32Array
 * const data = yield* Dataset.fromRecord({ x: { values, shape }, y: { values: digits, shape: [digits.length] } })
 * ```
 */
import { Effect } from "effect"
import { DataError } from "./errors.ts"

/**
 * The labels as int32, each checked to be a whole number, at least 0 and below `classes`.
 *
 * Fails with `DataError` naming the first row that is not, or where there are no labels, or `classes` is no
 * positive whole number. `name` is what the labels are called in the message.
 */
export const labels = Effect.fnUntraced(function* (
  values: ArrayLike<number>,
  classes: number,
  name = "labels",
): Effect.fn.Return<Int32Array, DataError> {
  if (!Number.isInteger(classes) || classes < 1) {
    return yield* new DataError({
      where: `${name}, classes`,
      expected: "a whole number, at least 1",
      found: String(classes),
    })
  }
  if (values.length === 0) {
    return yield* new DataError({ where: name, expected: "at least one label", found: "none" })
  }
  const checked = new Int32Array(values.length)
  for (let row = 0; row < values.length; row++) {
    const label = values[row]!
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      return yield* new DataError({
        where: `${name}, row ${row}`,
        expected: `a whole number from 0 to ${classes - 1}`,
        found: String(label),
      })
    }
    checked[row] = label
  }
  return checked
})
