import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Categorical } from "../../src/distributions/Categorical.ts"
import { firstOutside } from "../../src/distributions/Distribution.ts"
import { kl } from "../../src/distributions/kl.ts"
import { OneHotCategorical } from "../../src/distributions/OneHotCategorical.ts"
import * as Key from "../../src/tensor/Key.ts"
import { expectClose, numbers } from "../laws/numbers.ts"
import { on } from "../laws/onBackends.ts"

describe("Categorical", () => {
  on(["cpu", "wasm"], (check) => {
    check("a class without probability scores −∞, and spoils no gradient", () => {
      for (const params of [{ probs: [0.25, 0, 0.75] }, { logits: [0, -Infinity, Math.log(3)] }] as const) {
        const d = Categorical(params)
        const scores = numbers(() => d.logProb(tf.tensor([0, 1, 2])))
        expectClose(scores, [Math.log(0.25), -Infinity, Math.log(0.75)], { relative: 1e-6 })
        expectClose(
          numbers(() => d.entropy()),
          [0.25 * Math.log(4) + 0.75 * Math.log(4 / 3)],
          { relative: 1e-6 },
        )
        const [name, at] = Object.entries(params)[0] as ["probs", ReadonlyArray<number>]
        const through = (f: (d: Categorical) => tf.Tensor) =>
          numbers(() =>
            tf.grad((x: tf.Tensor) => tf.sum(f(Categorical({ [name]: x } as { probs: tf.Tensor }))))(
              tf.tensor([...at]),
            ),
          )
        expect(through((d) => d.logProb(tf.tensor([0, 2]))).every(Number.isFinite)).toBe(true)
        expect(through((d) => d.logProb(tf.tensor([1]))).every(Number.isFinite)).toBe(true)
        expect(through((d) => d.entropy()).every(Number.isFinite)).toBe(true)
        const even = Categorical({ probs: [1 / 3, 1 / 3, 1 / 3] })
        expect(through((d) => kl(d, even)).every(Number.isFinite)).toBe(true)
        expect(new Set(numbers(() => d.sample(Key.key(0), [500])))).toEqual(new Set([0, 2]))
      }
    })

    check("the divergence leaves out what p excludes, and is infinite where q excludes what p allows", () => {
      const p = Categorical({ probs: [0.5, 0.5, 0] })
      expectClose(
        numbers(() => kl(p, Categorical({ probs: [0.25, 0.25, 0.5] }))),
        [Math.LN2],
        { relative: 1e-6 },
      )
      expectClose(
        numbers(() => kl(p, Categorical({ logits: [0, 0, -Infinity] }))),
        [0],
        { absolute: 1e-7 },
      )
      expect(numbers(() => kl(p, Categorical({ logits: [0, -Infinity, 0] })))).toEqual([Infinity])
    })

    check("logits far apart, and large ones, do not overflow", () => {
      const d = Categorical({ logits: [1e4, 1e4 - 1, -1e4] })
      const norm = Math.log1p(Math.exp(-1))
      expectClose(
        numbers(() => d.logProb(tf.tensor([0, 1, 2]))),
        [-norm, -1 - norm, -2e4 - norm],
        { relative: 1e-6 },
      )
    })

    check("a batch of weights scores a batch of classes", () => {
      const probs = [
        [0.1, 0.9],
        [0.6, 0.4],
      ]
      const d = Categorical({ probs })
      expect(d.batchShape).toEqual([2])
      const table = numbers(() => d.logProb(d.enumerate()))
      expectClose(table, [0.1, 0.6, 0.9, 0.4].map(Math.log), { relative: 1e-6 })
      const oneHot = OneHotCategorical({ probs })
      expectClose(
        numbers(() => oneHot.logProb(oneHot.enumerate())),
        table,
        { relative: 1e-6 },
      )
      expect(numbers(() => d.mode())).toEqual([1, 0])
      expect(numbers(() => oneHot.mode())).toEqual([0, 1, 1, 0])
    })
  })

  on(["cpu"], (check) => {
    check("the support is the classes, by their number", () => {
      const { support } = Categorical({ logits: [0, 0, 0] })
      expect(support.describe).toBe("an integer from 0 to 2")
      expect(firstOutside(support, [0, 2, 3], [3])).toEqual({ found: "3", index: [2] })
      expect(firstOutside(support, [0, 0.5], [2])).toEqual({ found: "0.5", index: [1] })
      const oneHot = OneHotCategorical({ logits: [0, 0, 0] }).support
      expect(firstOutside(oneHot, [1, 0, 0, 1, 1, 0], [2, 3])).toEqual({ found: "[1, 1, 0]", index: [1] })
    })

    check("a number alone is no vector of weights", () => {
      const d = Categorical({ probs: 0.5 })
      expect(d.problem?.message).toBe(
        'Categorical: parameter "probs": expected a probability vector (non-negative, summing to 1), found shape []',
      )
      expect(OneHotCategorical({ logits: 0.5 }).problem?._tag).toBe("ShapeMismatch")
    })
  })
})
