/** Messages a person can act on: who refused what, what was found, and where. */
import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { findProblem, firstOutside } from "../../src/distributions/Distribution.ts"
import { OutsideSupport } from "../../src/distributions/errors.ts"
import { Normal } from "../../src/distributions/Normal.ts"
import * as Support from "../../src/distributions/Support.ts"
import { Uniform } from "../../src/distributions/Uniform.ts"
import { on } from "../laws/onBackends.ts"

describe("messages", () => {
  on(["cpu"], (check) => {
    check("of a bad number name the family, the parameter, the constraint, the number and its place", () => {
      expect(
        Normal({
          loc: 0,
          scale: [
            [1, 2],
            [3, -4],
          ],
        }).problem?.message,
      ).toBe('Normal: parameter "scale" must be positive and finite, found -4 at index [1, 1]')
      expect(Normal({ loc: Number.NaN, scale: 1 }).problem?.message).toBe(
        'Normal: parameter "loc" must be a finite number, found NaN',
      )
      expect(Uniform({ low: 2, high: 1 }).problem?.message).toBe(
        'Uniform: parameter "high" must be greater than "low", found high − low = -1',
      )
      tf.tidy(() => {
        const d = Normal({ loc: 0, scale: tf.tensor([1, 0]) })
        expect(d.problem).toBeUndefined()
        expect(findProblem(d)?.message).toBe(
          'Normal: parameter "scale" must be positive and finite, found 0 at index [1]',
        )
        expect(findProblem(d.toEvent(1).expand([3]))?.message).toBe(findProblem(d)?.message)
        expect(findProblem(Uniform({ low: [0, 5], high: tf.tensor([1, 4]) }))?.message).toBe(
          'Uniform: parameter "high" must be greater than "low", found high − low = -1 at index [1]',
        )
        expect(findProblem(Uniform({ low: [0, 5], high: 4 }))?.message).toBe(
          'Uniform: parameter "high" must be greater than "low", found high − low = -1 at index [1]',
        )
      })
    })

    check("of bad shapes name the parameters and their shapes", () => {
      expect(Normal({ loc: [0, 0], scale: [1, 1, 1] }).problem?.message).toBe(
        "Normal(loc, scale): expected parameters that broadcast, found loc [2], scale [3]",
      )
      expect(Normal({ loc: [[0, 0], [1]], scale: 1 }).problem?.message).toBe(
        'Normal: parameter "loc": expected rows of one length, found rows that differ in length',
      )
      expect(Normal({ loc: [], scale: 1 }).problem?.message).toBe(
        'Normal: parameter "loc": expected no dimension of size 0, found shape [0]',
      )
      expect(Normal({ loc: [0, 0], scale: 1 }).toEvent(2).problem?.message).toBe(
        "Normal.toEvent(2): expected a whole number of batch dimensions, at most 1, found batch shape [2]",
      )
      expect(Normal({ loc: [0, 0], scale: 1 }).expand([3]).problem?.message).toBe(
        "Normal.expand: expected a batch shape that [2] stretches to, found [3]",
      )
    })

    check("of an observation outside the support say which one", () => {
      const found = firstOutside(Support.positive, [1, 2, -3, 4], [2, 2])!
      expect(
        new OutsideSupport({ where: 'site "x"', support: Support.positive.describe, ...found }).message,
      ).toBe('site "x": the value must be positive and finite, found -3 at index [1, 0]')
    })
  })
})

describe("a support", () => {
  const cases: ReadonlyArray<
    readonly [
      Support.Support,
      ReadonlyArray<number | ReadonlyArray<number>>,
      ReadonlyArray<number | ReadonlyArray<number>>,
    ]
  > = [
    [Support.real, [0, -1e30, 3.5], [Infinity, Number.NaN]],
    [Support.positive, [1e-40, 3], [0, -1, Infinity, Number.NaN]],
    [Support.nonNegative, [0, 3], [-1e-9, Infinity, Number.NaN]],
    [Support.unitInterval, [0, 0.5, 1], [-1e-6, 1.001, Number.NaN]],
    [Support.interval(-1, 2), [-1, 0, 2], [-1.1, 2.1, Infinity, Number.NaN]],
    [Support.boolean, [0, 1], [0.5, 2, -1, Infinity, Number.NaN]],
    [Support.integerInterval(1, 3), [1, 2, 3], [0, 4, 1.5, Number.NaN]],
    [
      Support.simplex,
      [
        [0.25, 0.75],
        [0, 1],
      ],
      [
        [0.5, 0.6],
        [-0.1, 1.1],
        [Number.NaN, 1],
      ],
    ],
    [
      Support.oneHot,
      [
        [0, 1],
        [1, 0],
      ],
      [
        [0, 0],
        [1, 1],
        [0.5, 0.5],
        [Number.NaN, 1],
      ],
    ],
    [
      Support.logWeights,
      [
        [0, 1],
        [-Infinity, 3],
      ],
      [
        [-Infinity, -Infinity],
        [Infinity, 0],
        [Number.NaN, 0],
      ],
    ],
  ]

  on(["cpu", "wasm"], (check) => {
    check("says the same of a number on the host and in a tensor", () => {
      for (const [support, members, others] of cases) {
        for (const [list, expected] of [
          [members, true],
          [others, false],
        ] as const) {
          for (const one of list) {
            const cell = [one].flat()
            expect(support.contains(cell), `${support.name} ${one}`).toBe(expected)
            if (!support.inside) continue
            const inside = tf.tidy(
              () => support.inside!(tf.tensor(one as tf.TensorLike, undefined, "float32")).dataSync()[0],
            )
            expect(Boolean(inside), `${support.name} ${one} in a tensor`).toBe(expected)
          }
        }
        const n = support.cellRank === 0 ? 1 : 3
        const member = support.member(n) as number | ReadonlyArray<number>
        const cell = typeof member === "number" ? new Array<number>(n).fill(member) : member
        expect(support.contains(cell), `the member of ${support.name}`).toBe(true)
        expect(Support.independent(support, 2).eventRank).toBe(support.eventRank + 2)
        expect(Support.independent(support, 2).name).toBe(support.name)
      }
    })

    check("with a tensor for an end is checked within the step alone", () => {
      tf.tidy(() => {
        const support = Support.interval(tf.tensor([0, 10]), [1, 12])
        expect(support.describe).toBe("in [-Infinity, 12]")
        expect(support.contains([-5])).toBe(true)
        expect(support.contains([13])).toBe(false)
        expect(Array.from(support.inside!(tf.tensor([0.5, 0.5])).dataSync())).toEqual([1, 0])
      })
    })
  })
})
