/** The rows of the discrete families and of the relaxed ones. */
import type { Row } from "../families.ts"
import { discreteClasses } from "./discreteClasses.ts"
import { discreteCounts } from "./discreteCounts.ts"
import { discreteTrials } from "./discreteTrials.ts"
import { relaxed } from "./relaxed.ts"

export const discrete: ReadonlyArray<Row> = [
  ...discreteTrials,
  ...discreteCounts,
  ...discreteClasses,
  ...relaxed,
]
