/**
 * The special functions of tensors, one row each: what a row says joins its function to all the laws in this folder.
 * Derivatives have rows of their own, since they are functions with goldens too.
 */
import { besselRows } from "./besselRows.ts"
import { gammaRows } from "./gammaRows.ts"
import { incompleteRows } from "./incompleteRows.ts"
import { lineRows } from "./lineRows.ts"
import { matrixRows } from "./matrixRows.ts"
import type { Row } from "./Row.ts"

export const rows: ReadonlyArray<Row> = [
  ...besselRows,
  ...gammaRows,
  ...incompleteRows,
  ...lineRows,
  ...matrixRows,
]
