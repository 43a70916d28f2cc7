/**
 * What the numbers given to an optimizer or a schedule may be. Their constructors return values, not Effects, so
 * a number out of range becomes a `problem` that the value carries until a fit fails with it.
 */
import { InvalidArgument } from "../../tensor/errors.ts"

/** What a hyperparameter may be, in words and as a test. */
export interface Range {
  readonly expected: string
  readonly accepts: (value: number) => boolean
}

export const finite: Range = { expected: "a finite number", accepts: Number.isFinite }
export const positive: Range = {
  expected: "a finite number above 0",
  accepts: (x) => Number.isFinite(x) && x > 0,
}
export const nonNegative: Range = {
  expected: "a finite number, at least 0",
  accepts: (x) => Number.isFinite(x) && x >= 0,
}
/** A decay rate: at 1 an average would never forget, and a bias correction would divide by 0. */
export const decayRate: Range = { expected: "at least 0 and below 1", accepts: (x) => x >= 0 && x < 1 }
/** A number of steps. */
export const count: Range = {
  expected: "a whole number, at least 1",
  accepts: (x) => Number.isInteger(x) && x >= 1,
}
/** Above a bound. */
export const above = (bound: number): Range => ({
  expected: `a finite number above ${bound}`,
  accepts: (x) => Number.isFinite(x) && x > bound,
})

/** The first of the named hyperparameters that is out of its range, or `undefined` if none is. */
export const problemIn = (
  where: string,
  parameters: ReadonlyArray<readonly [name: string, value: number, range: Range]>,
): InvalidArgument | undefined => {
  const bad = parameters.find(([, value, range]) => !range.accepts(value))
  if (bad === undefined) return undefined
  const [name, value, range] = bad
  return new InvalidArgument({ where: `${where}, ${name}`, expected: range.expected, found: String(value) })
}

/**
 * The rate of a schedule at a step. Throws `InvalidArgument` where a schedule of the user's own gives no finite
 * number: the parameters would be NaN after this step, and nobody would know before the next.
 */
export const rateAt = (schedule: (step: number) => number, step: number): number => {
  const rate = schedule(step)
  if (Number.isFinite(rate)) return rate
  throw new InvalidArgument({
    where: `learning rate at step ${step} (counted from 0)`,
    expected: finite.expected,
    found: String(rate),
  })
}
