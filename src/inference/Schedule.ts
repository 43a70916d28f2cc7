/**
 * Learning rates that change with the step: a schedule is a function from the number of steps already taken
 * (0 for the first) to a rate. The members are those of Optax, with its arguments.
 *
 * ```ts
 * const rate = Schedule.warmup(Schedule.cosine(1e-3, { decaySteps: 9_000 }), { steps: 1_000 })
 * const optimizer = Optimizer.adam(rate)
 * ```
 *
 * A constructor given an argument out of range does not throw: the schedule carries the refusal as `problem`,
 * an optimizer built on it carries it on, and the fit fails with it before its first step.
 */
import { InvalidArgument } from "../tensor/errors.ts"
import { above, count, finite, nonNegative, positive, problemIn } from "./optimizer/hyperparameters.ts"

/** A rate for each step, counted from 0. Any function of one number will do; it should return a finite number. */
export interface Schedule {
  (step: number): number
  readonly problem?: InvalidArgument
}

/** The same value at every step. */
export const constant = (value: number): Schedule =>
  schedule(() => value, problemIn("Schedule.constant", [["value", value, finite]]))

/**
 * Exponential decay: value · decayRate^((step − transitionBegin) / transitionSteps), and `value` before
 * `transitionBegin` (default 0). `staircase` rounds the exponent down; `endValue` bounds the result from below
 * where decayRate < 1, and from above otherwise. As `optax.exponential_decay`.
 */
export const exponential = (
  value: number,
  options: {
    readonly transitionSteps: number
    readonly decayRate: number
    readonly transitionBegin?: number
    readonly staircase?: boolean
    readonly endValue?: number
  },
): Schedule => {
  const { transitionSteps, decayRate, transitionBegin = 0, staircase = false, endValue } = options
  const bound =
    endValue === undefined
      ? (rate: number) => rate
      : (rate: number) => (decayRate < 1 ? Math.max(rate, endValue) : Math.min(rate, endValue))
  return schedule(
    (step) => {
      const past = step - transitionBegin
      if (past <= 0) return bound(value)
      const exponent = past / transitionSteps
      return bound(value * decayRate ** (staircase ? Math.floor(exponent) : exponent))
    },
    problemIn("Schedule.exponential", [
      ["value", value, finite],
      ["transitionSteps", transitionSteps, positive],
      ["decayRate", decayRate, positive],
      ["transitionBegin", transitionBegin, nonNegative],
      ["endValue", endValue ?? 0, finite],
    ]),
  )
}

/**
 * Cosine decay: value · ((1 − alpha) · (½ (1 + cos(π min(step, decaySteps) / decaySteps)))^exponent + alpha),
 * so that it ends, and stays, at alpha · value. As `optax.cosine_decay_schedule`.
 *
 * Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2017, equation 5.
 */
export const cosine = (
  value: number,
  options: { readonly decaySteps: number; readonly alpha?: number; readonly exponent?: number },
): Schedule => {
  const { decaySteps, alpha = 0, exponent = 1 } = options
  return schedule(
    (step) => {
      const wave = 0.5 * (1 + Math.cos((Math.PI * Math.min(step, decaySteps)) / decaySteps))
      return value * ((1 - alpha) * wave ** exponent + alpha)
    },
    problemIn("Schedule.cosine", [
      ["value", value, finite],
      ["decaySteps", decaySteps, positive],
      ["alpha", alpha, finite],
      ["exponent", exponent, positive],
    ]),
  )
}

/**
 * A straight line from `from` (default 0) to the first value of `after` over `steps` steps; then `after`,
 * its steps counted from there. With `cosine` it is `optax.warmup_cosine_decay_schedule`, whose `decay_steps`
 * counts the warm-up too.
 */
export const warmup = (
  after: number | Schedule,
  options: { readonly steps: number; readonly from?: number },
): Schedule => {
  const { steps, from = 0 } = options
  const next = fromRate(after)
  return schedule(
    (step) => (step < steps ? from + (next(0) - from) * (step / steps) : next(step - steps)),
    problemIn("Schedule.warmup", [
      ["steps", steps, count],
      ["from", from, finite],
    ]) ?? next.problem,
  )
}

/**
 * One schedule or value after another: `pieces[i]` holds from step `boundaries[i − 1]` on, and counts its own
 * steps from there. There is one boundary fewer than pieces, and they rise. As `optax.join_schedules`.
 */
export const piecewise = (
  pieces: ReadonlyArray<number | Schedule>,
  boundaries: ReadonlyArray<number>,
): Schedule => {
  const schedules = pieces.map(fromRate)
  const problem =
    pieces.length === 0 || boundaries.length !== pieces.length - 1
      ? new InvalidArgument({
          where: "Schedule.piecewise",
          expected: "at least one piece, and one boundary fewer than pieces",
          found: `${pieces.length} pieces and ${boundaries.length} boundaries`,
        })
      : (problemIn(
          "Schedule.piecewise",
          boundaries.map((boundary, i) => [`boundaries[${i}]`, boundary, above(boundaries[i - 1] ?? 0)]),
        ) ?? schedules.find((piece) => piece.problem !== undefined)?.problem)
  return schedule((step) => {
    let piece = 0
    while (piece < boundaries.length && step >= boundaries[piece]!) piece++
    return schedules[piece]?.(step - (boundaries[piece - 1] ?? 0)) ?? Number.NaN
  }, problem)
}

/** A learning rate as a schedule: a number is a constant one. */
export const fromRate = (rate: number | Schedule): Schedule =>
  typeof rate === "number" ? constant(rate) : rate

const schedule = (at: (step: number) => number, problem: InvalidArgument | undefined): Schedule =>
  problem === undefined ? (step) => at(step) : Object.assign((step: number) => at(step), { problem })
