/**
 * The loops over pairs of numbers: in WebAssembly and in JavaScript the same bits, both what is written out here in
 * float64; and JavaScript's where nothing may be compiled.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from "@effect/vitest"
import type { Lanes } from "../../../src/tensor/kernels/lanes/lanes.ts"
import { loops } from "../../../src/tensor/kernels/lanes/loops.ts"
import { compiled } from "../../../src/tensor/kernels/lanes/module.ts"
import { random } from "./reference.ts"

const room = 70_000
const [n, rows, k] = [7, 12, 3]
const fours = rows / 4
const half = (n * (n + 1)) / 2

/** Where things lie: rows, their weights, a location, factors or a triangle, and what comes of them. */
const at = { x: 0, w: 1000, loc: 2000, l: 2100, y: 3000, out: 4000 }

/** Fills the room with numbers on [−1, 1) and calls a loop: the numbers from `out` on. */
const run = (make: (count: number) => Lanes, call: (lanes: Lanes) => void, count: number) => {
  const lanes = make(room)
  lanes.numbers.set(random([5000], 3).values)
  lanes.numbers.fill(0, at.out)
  for (let i = 0; i < n; i++) lanes.numbers[at.l + i * (n + 1)] = 1.25
  call(lanes)
  return Array.from(lanes.numbers.subarray(at.out, at.out + count))
}

const start = (() => {
  const { numbers } = loops(5000)
  numbers.set(random([5000], 3).values)
  for (let i = 0; i < n; i++) numbers[at.l + i * (n + 1)] = 1.25
  return numbers
})()

/** Number i of row r, of rows of `size` numbers in fours. */
const inFours = (from: number, r: number, i: number, size: number): number =>
  start[from + (Math.floor(r / 4) * size + i) * 4 + (r % 4)]!

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i)
const sum = (terms: ReadonlyArray<number>) => terms.reduce((a, b) => a + b, 0)

interface Case {
  readonly call: (lanes: Lanes) => void
  readonly expected: ReadonlyArray<number>
  /** From what comes out to what is expected. */
  readonly read?: (out: ReadonlyArray<number>) => ReadonlyArray<number>
  readonly count: number
}

const halves = (out: ReadonlyArray<number>) => upTo(out.length / 2).map((i) => out[2 * i]! + out[2 * i + 1]!)

const cases: Readonly<Record<string, Case>> = {
  distances: {
    call: ({ distances }) => distances(at.x, fours, n, at.loc, at.l, at.out),
    expected: upTo(rows).map((r) =>
      sum(upTo(n).map((i) => ((inFours(at.x, r, i, n) - start[at.loc + i]!) * start[at.l + i]!) ** 2)),
    ),
    count: rows,
  },
  whitened: {
    call: ({ whitened }) => whitened(at.x, fours, n, at.loc, at.l, at.y, at.out),
    expected: upTo(rows).map((r) => {
      const y: Array<number> = []
      for (let i = 0; i < n; i++) {
        const rest = sum(y.map((v, j) => start[at.l + i * n + j]! * v))
        y.push((inFours(at.x, r, i, n) - start[at.loc + i]! - rest) * 1.25)
      }
      return sum(y.map((v) => v * v))
    }),
    count: rows,
  },
  addMoments: {
    call: ({ addMoments }) => addMoments(at.x, at.w, fours, n, k, at.out, at.out + 2 * k * n),
    expected: [1, 2].flatMap((power) =>
      upTo(k).flatMap((c) =>
        upTo(n).map((i) =>
          sum(upTo(rows).map((r) => inFours(at.w, r, c, k) * inFours(at.x, r, i, n) ** power)),
        ),
      ),
    ),
    read: halves,
    count: 4 * k * n,
  },
  addOuters: {
    call: ({ addOuters }) => addOuters(at.x, at.w, fours, n, k, at.out),
    expected: upTo(k).flatMap((c) =>
      upTo(n).flatMap((i) =>
        upTo(i + 1).map((j) =>
          sum(
            upTo(rows).map((r) => inFours(at.w, r, c, k) * inFours(at.x, r, i, n) * inFours(at.x, r, j, n)),
          ),
        ),
      ),
    ),
    read: halves,
    count: 2 * k * half,
  },
}

describe("lanes", () => {
  it.each(Object.entries(cases))("%s: what they should be, the same bits both ways", (_, one) => {
    const [native, plain] = [
      run((count) => compiled(count)!, one.call, one.count),
      run(loops, one.call, one.count),
    ]
    expect(native).toEqual(plain)
    const found = (one.read ?? ((out) => out))(native)
    expect(found.length).toBe(one.expected.length)
    for (const [i, v] of found.entries()) expect(Math.abs(v / one.expected[i]! - 1)).toBeLessThan(1e-12)
  })

  it("columnExps: e^(x − top) to 1e-11 from 0 to −708, the tops, the sums; the same bits both ways", () => {
    const [height, pairs] = [40, 3]
    const x = upTo(height * 2 * pairs).map((i) => (i < 6 ? 0 : (i % 6) - (707 * (i - 5)) / (height * 6)))
    const [top, total] = [height * 6, height * 6 + 6]
    const run = ({ numbers, columnExps }: Lanes) => {
      numbers.set(x)
      columnExps(0, height, pairs, top, total)
      return Array.from(numbers.subarray(0, total + 6))
    }
    const native = run(compiled(room)!)
    expect(native).toEqual(run(loops(room)))
    for (let c = 0; c < 6; c++) {
      const column = upTo(height).map((j) => x[j * 6 + c]!)
      const most = Math.max(...column)
      expect(native[top + c]).toBe(most)
      for (const [j, v] of column.entries()) {
        expect(Math.abs(native[j * 6 + c]! / Math.exp(v - most) - 1)).toBeLessThan(1e-11)
      }
      const whole = sum(column.map((v) => Math.exp(v - most)))
      expect(Math.abs(native[total + c]! / whole - 1)).toBeLessThan(1e-11)
    }
  })

  it("columnExps: nothing of −∞ that float32 could hold, NaN of NaN", () => {
    const x = [0, Number.NaN, Number.NEGATIVE_INFINITY, 1, -0, 2, -800, 3]
    const run = ({ numbers, columnExps }: Lanes) => {
      numbers.set(x)
      columnExps(0, 4, 1, 8, 10)
      return Array.from(numbers.subarray(0, 12))
    }
    const native = run(compiled(room)!)
    expect(native).toEqual(run(loops(room)))
    expect([native[0], Math.fround(native[2]!), native[4], Math.fround(native[6]!), native[8]]).toEqual([
      1, 0, 1, 0, 0,
    ])
    expect([1, 3, 9, 11].every((i) => Number.isNaN(native[i]))).toBe(true)
  })

  it("have more room when more is asked for", () => {
    expect(compiled(10)!.numbers.length).toBeGreaterThanOrEqual(10)
    const more = compiled(300_000)!
    expect(more.numbers.length).toBeGreaterThanOrEqual(300_000)
    more.numbers[299_999] = 3
    more.distances(299_996, 1, 1, 0, 1, 2)
    more.numbers.set([1, 2], 0)
    more.distances(299_996, 1, 1, 0, 1, 2)
    expect(more.numbers[5]).toBe(16)
  })

  describe("where nothing may be compiled", () => {
    beforeEach(() => {
      vi.resetModules()
      vi.stubGlobal("WebAssembly", {
        ...WebAssembly,
        Module: function refused() {
          throw new WebAssembly.CompileError("compiling is forbidden")
        },
      })
    })
    afterEach(() => {
      vi.unstubAllGlobals()
      vi.resetModules()
    })

    it("run in JavaScript", async () => {
      const { compiled } = await import("../../../src/tensor/kernels/lanes/module.ts")
      expect(compiled(10)).toBeUndefined()
      const { lanes } = await import("../../../src/tensor/kernels/lanes/lanes.ts")
      const { numbers, distances } = lanes(10)
      numbers.set([1, 2, 3, 4, 1, 2])
      distances(0, 1, 1, 4, 5, 6)
      expect(Array.from(numbers.subarray(6, 10))).toEqual([0, 4, 16, 36])
    })
  })
})
