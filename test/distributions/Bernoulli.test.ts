import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Bernoulli } from "../../src/distributions/Bernoulli.ts"
import { firstOutside } from "../../src/distributions/Distribution.ts"
import { expectClose, numbers } from "../laws/numbers.ts"
import { on } from "../laws/onBackends.ts"

const gradientIn = (name: "logits" | "probs", at: number, value: number): number =>
  numbers(() =>
    tf.grad((x: tf.Tensor) =>
      tf.sum(Bernoulli({ [name]: x } as { logits: tf.Tensor }).logProb(tf.scalar(value))),
    )(tf.scalar(at)),
  )[0]!

describe("Bernoulli", () => {
  on(["cpu", "wasm"], (check) => {
    check("soft: grey values score their cross-entropy", () => {
      const logits = [-3, -0.2, 0, 1.5, 8]
      for (const x of [0, 0.25, 0.5, 1]) {
        const expected = logits.map((l) => -x * Math.log1p(Math.exp(-l)) - (1 - x) * Math.log1p(Math.exp(l)))
        const soft = Bernoulli({ logits, soft: true })
        expectClose(
          numbers(() => soft.logProb(tf.scalar(x))),
          expected,
          { relative: 1e-6, absolute: 1e-6 },
        )
        const probs = logits.map((l) => 1 / (1 + Math.exp(-l)))
        const byProbs = Bernoulli({ probs, soft: true })
        expectClose(
          numbers(() => byProbs.logProb(tf.scalar(x))),
          expected,
          { relative: 1e-4, absolute: 1e-6 },
        )
        const hard = Bernoulli({ logits })
        const isBinary = x === 0 || x === 1
        expectClose(
          numbers(() => hard.logProb(tf.scalar(x))),
          isBinary ? expected : expected.map(() => -Infinity),
          { relative: 1e-6, absolute: 1e-6 },
        )
      }
    })

    check("soft: the gradient is value − probability, the same as for binary values", () => {
      const gradient = numbers(() =>
        tf.grad((l: tf.Tensor) =>
          tf.sum(
            Bernoulli({ logits: l, soft: true })
              .toEvent(1)
              .logProb(tf.tensor([0.3, 1, 0])),
          ),
        )(tf.tensor([0, 2, -1])),
      )
      const p = [0, 2, -1].map((l) => 1 / (1 + Math.exp(-l)))
      expectClose(gradient, [0.3 - p[0]!, 1 - p[1]!, -p[2]!], { absolute: 1e-6 })
    })

    check("confident logits score finitely, with finite gradients", () => {
      const d = Bernoulli({ logits: [-1000, 1000, -90, 90] })
      expectClose(
        numbers(() => d.logProb(tf.tensor([0, 1, 1, 0]))),
        [0, 0, -90, -90],
        { relative: 1e-6 },
      )
      expectClose(
        numbers(() => d.logProb(tf.tensor([1, 0, 0, 1]))),
        [-1000, -1000, 0, 0],
        { absolute: 1e-30 },
      )
      expect(gradientIn("logits", 1000, 0)).toBe(-1)
      expect(gradientIn("logits", -1000, 1)).toBe(1)
      expect(gradientIn("logits", 1000, 1)).toBe(0)
    })

    check(
      "probabilities of exactly 0 and 1 score 0 or −∞, never NaN; gradients are finite where the score is",
      () => {
        const d = Bernoulli({ probs: [0, 0, 1, 1] })
        expect(numbers(() => d.logProb(tf.tensor([0, 1, 0, 1])))).toEqual([0, -Infinity, -Infinity, 0])
        // d/dp log(1 − p) at 0, and d/dp log p at 1.
        expect(gradientIn("probs", 0, 0)).toBe(-1)
        expect(gradientIn("probs", 1, 1)).toBe(1)
        expect(gradientIn("probs", 0, 1)).toBe(Infinity)
        expect(gradientIn("probs", 1, 0)).toBe(-Infinity)
        expectClose(
          numbers(() => d.entropy()),
          [0, 0, 0, 0],
          {},
        )
        expectClose(
          numbers(() => d.variance()),
          [0, 0, 0, 0],
          {},
        )
      },
    )

    check("takes integer and boolean data and parameters", () => {
      const expected = [Math.log(0.7), Math.log(0.3)]
      for (const dtype of ["int32", "bool"] as const) {
        const found = numbers(() => Bernoulli({ probs: 0.3 }).logProb(tf.tensor([0, 1], [2], dtype)))
        expectClose(found, expected, { relative: 1e-6 })
      }
      const logits = numbers(() =>
        Bernoulli({ logits: tf.tensor([1], [1], "int32") }).logProb(tf.tensor([1])),
      )
      expectClose(logits, [-Math.log1p(Math.exp(-1))], { relative: 1e-6 })
    })
  })

  on(["cpu"], (check) => {
    check("the support is {0, 1}, and [0, 1] when soft, under one name", () => {
      const hard = Bernoulli({ probs: 0.5 }).support
      const soft = Bernoulli({ probs: 0.5, soft: true }).support
      expect(soft.name).toBe(hard.name)
      expect(firstOutside(hard, [0, 1, 0.5], [3])).toEqual({ found: "0.5", index: [2] })
      expect(firstOutside(soft, [0, 1, 0.5], [3])).toBeUndefined()
      expect(firstOutside(soft, [0, 1.5], [2])).toEqual({ found: "1.5", index: [1] })
      expect(hard.describe).toBe("0 or 1")
      expect(soft.describe).toBe("in [0, 1]")
    })

    check("draws the impossible never and the certain always", () => {
      expect(new Set(numbers(() => Bernoulli({ probs: 0 }).sample({ hi: 0, lo: 1 }, [5000])))).toEqual(
        new Set([0]),
      )
      expect(new Set(numbers(() => Bernoulli({ probs: 1 }).sample({ hi: 0, lo: 1 }, [5000])))).toEqual(
        new Set([1]),
      )
    })
  })
})
