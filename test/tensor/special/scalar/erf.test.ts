import { describe, expect, it } from "@effect/vitest"
import { erf, erfc, erfinv } from "../../../../src/tensor/special/scalar/erf.ts"
import golden from "../../../goldens/special.json" with { type: "json" }

const worst = (f: (x: number) => number, table: ReadonlyArray<ReadonlyArray<number>>): number =>
  Math.max(...table.map(([x, y]) => Math.abs(f(x!) / y! - 1)))

describe("special functions against 50-digit arithmetic", () => {
  it("erf", () => {
    expect(worst(erf, golden.erf)).toBeLessThan(5e-16)
    for (const [x] of golden.erf) expect(erf(-x!)).toBe(-erf(x!)) // odd to the last bit
    expect([0, -0, 7, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN].map(erf)).toEqual([
      0,
      -0,
      1,
      1,
      -1,
      Number.NaN,
    ])
  })

  it("erfc", () => {
    expect(worst(erfc, golden.erfc)).toBeLessThan(2e-15)
    expect([0, 30, -30, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN].map(erfc)).toEqual([
      1,
      0,
      2,
      0,
      2,
      Number.NaN,
    ])
  })

  it("erfinv", () => {
    expect(worst(erfinv, golden.erfinv)).toBeLessThan(1e-15)
    for (const [x] of golden.erfinv) expect(erfinv(-x!)).toBe(-erfinv(x!))
    expect([0, -0, 1, -1, 1.0000001, -2, Number.NaN].map(erfinv)).toEqual([
      0,
      -0,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
      Number.NaN,
      Number.NaN,
    ])
  })
})
