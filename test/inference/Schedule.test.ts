/** Schedules against Optax's in float64 (`goldens/optimizers.py`), and what their constructors refuse. */
import { describe, expect, it } from "@effect/vitest"
import * as Schedule from "../../src/inference/Schedule.ts"
import goldens from "../goldens/optimizers.json" with { type: "json" }

const cases: { readonly [name in keyof typeof goldens.schedules]: Schedule.Schedule } = {
  constant: Schedule.constant(0.3),
  exponential: Schedule.exponential(0.5, { transitionSteps: 10, decayRate: 0.8 }),
  exponentialStaircase: Schedule.exponential(0.5, {
    transitionSteps: 4,
    decayRate: 0.7,
    transitionBegin: 3,
    staircase: true,
  }),
  exponentialEnd: Schedule.exponential(0.5, { transitionSteps: 5, decayRate: 0.5, endValue: 0.2 }),
  exponentialGrowth: Schedule.exponential(0.5, {
    transitionSteps: 5,
    decayRate: 1.5,
    transitionBegin: 2,
    endValue: 0.9,
  }),
  cosine: Schedule.cosine(0.4, { decaySteps: 20 }),
  cosineAlpha: Schedule.cosine(0.4, { decaySteps: 12, alpha: 0.25, exponent: 2 }),
  warmupCosine: Schedule.warmup(Schedule.cosine(0.4, { decaySteps: 20, alpha: 0.1 }), {
    steps: 5,
    from: 0.1,
  }),
  warmupConstant: Schedule.warmup(0.4, { steps: 8 }),
  piecewiseConstant: Schedule.piecewise([1, 0.5, 0.05], [5, 12]),
  joined: Schedule.piecewise(
    [
      0.2,
      Schedule.exponential(0.5, { transitionSteps: 10, decayRate: 0.8 }),
      Schedule.cosine(0.1, { decaySteps: 10 }),
    ],
    [4, 15],
  ),
}

describe("values at steps 0 … 30 are Optax's", () => {
  it("covers every golden", () =>
    expect(Object.keys(cases).sort()).toEqual(Object.keys(goldens.schedules).sort()))

  it.each(Object.entries(cases))("%s", (name, schedule) => {
    const expected = goldens.schedules[name as keyof typeof cases]
    expect(schedule.problem).toBeUndefined()
    expect(expected).toHaveLength(31)
    // The goldens keep 12 digits.
    expected.forEach((value, step) => {
      expect(Math.abs(schedule(step) - value)).toBeLessThan(1e-11)
    })
  })
})

describe("arguments out of range", () => {
  const nan = Number.NaN
  const bad = Schedule.constant(nan)
  it.each<readonly [string, Schedule.Schedule, message: string]>([
    ["a constant NaN", bad, "Schedule.constant, value: expected a finite number, found NaN"],
    [
      "no transition steps",
      Schedule.exponential(1, { transitionSteps: 0, decayRate: 0.5 }),
      "Schedule.exponential, transitionSteps: expected a finite number above 0, found 0",
    ],
    [
      "a negative decay rate",
      Schedule.exponential(1, { transitionSteps: 5, decayRate: -0.5 }),
      "Schedule.exponential, decayRate: expected a finite number above 0, found -0.5",
    ],
    [
      "a beginning before the first step",
      Schedule.exponential(1, { transitionSteps: 5, decayRate: 0.5, transitionBegin: -1 }),
      "Schedule.exponential, transitionBegin: expected a finite number, at least 0, found -1",
    ],
    [
      "an infinite end",
      Schedule.exponential(1, { transitionSteps: 5, decayRate: 0.5, endValue: Number.POSITIVE_INFINITY }),
      "Schedule.exponential, endValue: expected a finite number, found Infinity",
    ],
    [
      "negative decay steps",
      Schedule.cosine(1, { decaySteps: -3 }),
      "Schedule.cosine, decaySteps: expected a finite number above 0, found -3",
    ],
    [
      "alpha NaN",
      Schedule.cosine(1, { decaySteps: 3, alpha: nan }),
      "Schedule.cosine, alpha: expected a finite number, found NaN",
    ],
    [
      "half a warm-up step",
      Schedule.warmup(1, { steps: 0.5 }),
      "Schedule.warmup, steps: expected a whole number, at least 1, found 0.5",
    ],
    ["a warm-up to a bad schedule", Schedule.warmup(bad, { steps: 5 }), bad.problem!.message],
    [
      "no pieces",
      Schedule.piecewise([], []),
      "Schedule.piecewise: expected at least one piece, and one boundary fewer than pieces, found 0 pieces and 0 boundaries",
    ],
    [
      "a boundary too many",
      Schedule.piecewise([1, 2], [3, 4]),
      "Schedule.piecewise: expected at least one piece, and one boundary fewer than pieces, found 2 pieces and 2 boundaries",
    ],
    [
      "boundaries that fall",
      Schedule.piecewise([1, 2, 3], [5, 4]),
      "Schedule.piecewise, boundaries[1]: expected a finite number above 5, found 4",
    ],
    ["a bad piece", Schedule.piecewise([1, bad], [5]), bad.problem!.message],
  ])("%s", (_, schedule, message) => {
    expect(schedule.problem?._tag).toBe("InvalidArgument")
    expect(schedule.problem?.message).toBe(message)
    expect(() => schedule(0)).not.toThrow()
  })
})
