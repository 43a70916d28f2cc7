import { describe, expect, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import type { Distribution, HasEnumerate } from "../../src/distributions/Distribution.ts"
import { Empirical } from "../../src/distributions/Empirical.ts"
import { positive, simplex } from "../../src/distributions/Support.ts"
import { ShapeMismatch } from "../../src/tensor/errors.ts"
import * as Key from "../../src/tensor/Key.ts"
import { expectClose, numbers } from "../laws/numbers.ts"
import { on } from "../laws/onBackends.ts"

const key = Key.key(21)

describe("Empirical", () => {
  on(["cpu", "wasm"], (check) => {
    check("counts equal atoms together, each by its weight", () => {
      const d = Empirical({ samples: [1, 2, 2, 5] })
      const x = [1, 2, 5, 3, Number.NaN]
      expectClose(
        numbers(() => d.logProb(tf.tensor1d(x))),
        [Math.log(1 / 4), Math.log(1 / 2), Math.log(1 / 4), -Infinity, -Infinity],
        { relative: 1e-6 },
      )
      const logWeights = [1, 2, 3, 10].map((w) => Math.log(w) + 700)
      const weighted = Empirical({ samples: [1, 2, 2, 5], logWeights })
      const known = [1 / 16, 5 / 16, 10 / 16]
      expectClose(
        numbers(() => weighted.logProb(tf.tensor([1, 2, 5]))),
        known.map(Math.log),
        { absolute: 2e-4 },
      )
      const mean = known[0]! + 2 * known[1]! + 5 * known[2]!
      expectClose(
        numbers(() => weighted.mean()),
        [mean],
        { relative: 2e-4 },
      )
      const square = known[0]! + 4 * known[1]! + 25 * known[2]!
      expectClose(
        numbers(() => weighted.variance()),
        [square - mean ** 2],
        { relative: 2e-4 },
      )
      expect(numbers(() => weighted.mode())).toEqual([5])
      // Two atoms of a half outweigh each single one.
      expect(numbers(() => d.mode())).toEqual([2])
      expectClose(
        numbers(() => d.entropy()),
        [1.5 * Math.LN2],
        { relative: 1e-6 },
      )
      expect(numbers(() => d.enumerate())).toEqual([1, 2, 5])
    })

    check("keeps an atom without weight out of everything", () => {
      const d = Empirical({ samples: [1, 2, 9], logWeights: [0, 0, -Infinity] })
      expectClose(
        numbers(() => d.logProb(tf.tensor([2, 9]))),
        [-Math.LN2, -Infinity],
        { relative: 1e-6 },
      )
      expect(numbers(() => d.mean())).toEqual([1.5])
      expectClose(
        numbers(() => d.entropy()),
        [Math.LN2],
        { relative: 1e-6 },
      )
      expect(new Set(numbers(() => d.sample(key, [200])))).toEqual(new Set([1, 2]))
      const gradient = tf.tidy(() =>
        Array.from(
          tf
            .grad((logWeights: tf.Tensor) =>
              tf.sum(Empirical({ samples: [1, 2, 9], logWeights }).logProb(tf.scalar(2))),
            )(tf.tensor([0, 0, -Infinity]))
            .dataSync(),
        ),
      )
      expectClose(gradient, [-0.5, 0.5, 0], { absolute: 1e-6 })
    })

    check("has a batch of lists, of numbers or of vectors, each cell with its own atoms and weights", () => {
      tf.tidy(() => {
        const atoms = [
          [1, 10],
          [2, 20],
          [3, 10],
        ]
        const d = Empirical({ samples: atoms })
        expect([d.batchShape, d.eventShape]).toEqual([[2], []])
        expectClose(
          numbers(() =>
            d.logProb(
              tf.tensor([
                [1, 10],
                [10, 1],
              ]),
            ),
          ),
          [Math.log(1 / 3), Math.log(2 / 3), -Infinity, -Infinity],
          { relative: 1e-6 },
        )
        expect(numbers(() => d.mode())).toEqual([1, 10])
        expectClose(
          numbers(() => d.mean()),
          [2, 40 / 3],
          { relative: 1e-6 },
        )
        const draws = d.sample(key, [300])
        expect(draws.shape).toEqual([300, 2])
        const [left, right] = [0, 1].map((i) => numbers(() => tf.slice(draws, [0, i], [300, 1])))
        expect(new Set(left)).toEqual(new Set([1, 2, 3]))
        expect(new Set(right)).toEqual(new Set([10, 20]))
        // One list of weights for both; then one each.
        const skewed = Empirical({ samples: atoms, logWeights: [-Infinity, 0, -Infinity] })
        expect(numbers(() => skewed.sample(key))).toEqual([2, 20])
        const each = Empirical({
          samples: atoms,
          logWeights: [
            [0, -Infinity],
            [-Infinity, 0],
            [-Infinity, -Infinity],
          ],
        })
        expect(numbers(() => each.sample(key, [2]))).toEqual([1, 20, 1, 20])
        expect(numbers(() => each.expand([3, 2]).sample(key))).toEqual([1, 20, 1, 20, 1, 20])
        // Weights may have a batch where the atoms have none.
        const shared = Empirical({
          samples: [1, 2],
          logWeights: [
            [0, -Infinity],
            [-Infinity, 0],
          ],
        })
        expect(numbers(() => shared.sample(key))).toEqual([1, 2])

        const vectors = Empirical({
          samples: tf.tensor([
            [0.2, 0.8],
            [0.5, 0.5],
            [0.2, 0.8],
          ]),
          support: simplex,
        })
        expect([vectors.batchShape, vectors.eventShape]).toEqual([[], [2]])
        expectClose(
          numbers(() =>
            vectors.logProb(
              tf.tensor([
                [0.2, 0.8],
                [0.2, 0.5],
              ]),
            ),
          ),
          [Math.log(2 / 3), -Infinity],
          { relative: 1e-6 },
        )
        expectClose(
          numbers(() => vectors.mean()),
          [0.3, 0.7],
          { relative: 1e-6 },
        )
        expectClose(
          numbers(() => vectors.mode()),
          [0.2, 0.8],
          { relative: 1e-6 },
        )
      })
    })

    check("leaves no tensor behind", () => {
      const samples = tf.tensor([1, 2, 2])
      const x = tf.tensor([1, 7])
      const before = tf.memory().numTensors
      const d = Empirical({ samples })
      for (const make of [
        () => d.sample(key, [5]),
        () => d.logProb(x),
        () => d.mean(),
        () => d.variance(),
        () => d.mode(),
        () => d.entropy(),
      ]) {
        make().dispose()
      }
      expect(tf.memory().numTensors).toBe(before)
      tf.dispose([samples, x])
    })
  })

  on(["cpu"], (check) => {
    check("of a large posterior draws each atom alike", () => {
      // 20,000 draws of 1,000 atoms; chi-square of 999 degrees of freedom lies beyond 1,210 with probability 4e-6.
      const n = 1000
      const d = Empirical({ samples: tf.range(0, n) })
      const counts = new Float64Array(n)
      for (const i of numbers(() => d.sample(key, [20_000]))) counts[i]!++
      const statistic = counts.reduce((sum, count) => sum + (count - 20) ** 2 / 20, 0)
      expect(statistic).toBeLessThan(1210)
      tf.dispose(d.samples as tf.Tensor)
    })

    check("refuses atoms and weights that do not go together", () => {
      const at = [
        Empirical({ samples: 3 }),
        Empirical({ samples: [1, 2], logWeights: [0] }),
        Empirical({
          samples: [
            [1, 2],
            [3, 4],
          ],
          logWeights: [
            [0, 0, 0],
            [0, 0, 0],
          ],
        }),
        Empirical({ samples: [] }),
        Empirical({ samples: [0.2, 0.8], support: simplex }),
      ]
      for (const { problem } of at) expect(problem).toBeInstanceOf(ShapeMismatch)
      expect(Empirical({ samples: [1, 0], support: positive }).problem?.message).toBe(
        'Empirical: parameter "samples" must be positive and finite, found 0 at index [1]',
      )
      const several = Empirical({
        samples: [1, 2],
        logWeights: [
          [0, 1],
          [0, Number.NaN],
        ],
      })
      expect(several.problem?.message).toContain("below infinity")
      expect(several.problem?.message).toContain("found NaN at index [1, 1]")
    })
  })

  it("lists its values where they are an array of numbers, and has the support that it is given", () => {
    const listed: Distribution<"positive", "score"> & HasEnumerate = Empirical({
      samples: [1, 2],
      support: positive,
    })
    expect("enumerate" in listed).toBe(true)
    const table = Empirical({
      samples: [
        [1, 2],
        [3, 4],
      ],
    })
    const mustNotCompile = () => {
      // @ts-expect-error each cell of the batch has values of its own
      table.enumerate()
      // @ts-expect-error draws do not depend on the atoms differentiably
      table.rsample(key)
      // @ts-expect-error positive numbers are not the reals
      const real: Distribution<"real"> = listed
      return real
    }
    expect(mustNotCompile).toBeTypeOf("function")
    expect("enumerate" in table).toBe(false)
  })
})
