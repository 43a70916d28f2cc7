/** Picking a class's number from a table, against plain indexing; and draws of classes, against their weights. */
import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { drawClasses, pick } from "../../src/tensor/classes.ts"
import * as Key from "../../src/tensor/Key.ts"
import { expectClose, numbers } from "../laws/numbers.ts"
import { on } from "../laws/onBackends.ts"

const table = [
  [0.5, -1, 3],
  [2, -Infinity, 7],
]
/** `[sample 3, batch 2]`. */
const classes = [
  [0, 2],
  [2, 1],
  [1, 0],
]

/** Pearson's statistic of counts against shares of `n`. */
const chiSquare = (counts: ReadonlyArray<number>, shares: ReadonlyArray<number>, n: number): number =>
  counts.reduce(
    (sum, c, i) => (shares[i] === 0 ? sum : sum + (c - n * shares[i]!) ** 2 / (n * shares[i]!)),
    0,
  )

describe("classes", () => {
  on(["cpu", "wasm"], (check) => {
    check("are looked up in the row of their batch, however many share it", () => {
      expect(numbers(() => pick(tf.tensor(table), tf.tensor(classes)))).toEqual([0.5, 7, 3, -Infinity, -1, 2])
      expect(numbers(() => pick(tf.tensor(table[0]!), tf.tensor([2, 0, 5, -1, Number.NaN, 0.5])))).toEqual([
        3,
        0.5,
        NaN,
        NaN,
        NaN,
        NaN,
      ])
      // A batch of one row stretches, and so does one class.
      expect(numbers(() => pick(tf.tensor([table[0]!]), tf.tensor(classes)))).toEqual([
        0.5, 3, 3, -1, -1, 0.5,
      ])
      expect(numbers(() => pick(tf.tensor(table), tf.scalar(2)))).toEqual([3, 7])
    })

    check("give their row what flows back into them, and twice", () => {
      tf.tidy(() => {
        const x = tf.tensor(classes)
        const weights = tf.tensor([
          [1, 2],
          [3, 4],
          [5, 6],
        ])
        const f = (t: tf.Tensor) => tf.sum(tf.mul(weights, pick(t, x)))
        expect(
          Array.from(
            tf
              .grad(f)(tf.zeros([2, 3]))
              .dataSync(),
          ),
        ).toEqual([1, 5, 3, 6, 4, 2])
        // f(t) = Σ w pick(t)², of which the second derivative is 2w where a class stands.
        const squares = (t: tf.Tensor) => tf.sum(tf.mul(weights, tf.square(pick(t, x))))
        const second = tf.grad((t: tf.Tensor) => tf.sum(tf.grad(squares)(t)))(tf.ones([2, 3]))
        expect(Array.from(second.dataSync())).toEqual([2, 10, 6, 12, 8, 4])
        // The log-softmax behind it: −softmax · Σw, and w where the class stands.
        const slope = tf.grad((t: tf.Tensor) => tf.sum(pick(tf.logSoftmax(t), tf.tensor([0, 0, 2]))))
        const shares = [0, 1, 2].map((i) => Math.exp(i) / (1 + Math.exp(1) + Math.exp(2)))
        expectClose(
          Array.from(slope(tf.tensor([0, 1, 2])).dataSync()),
          [2, 0, 1].map((n, i) => n - 3 * shares[i]!),
          { absolute: 1e-6 },
        )
      })
    })

    check("are drawn as often as their weights say, and never without any", () => {
      const n = 20_000
      const shares = [0, 0.5, 0.2, 0, 0.3, 0]
      for (const [name, weights] of [
        ["probs", { probs: tf.tensor(shares) }],
        ["logits", { logits: tf.tensor(shares.map((p) => Math.log(p) + 80)) }],
      ] as const) {
        const draws = numbers(() => drawClasses(Key.key(3), weights, [n]))
        const counts = shares.map((_, i) => draws.filter((d) => d === i).length)
        expect(counts[0]! + counts[3]! + counts[5]!, name).toBe(0)
        // Two degrees of freedom: beyond 30 with probability 3e-7.
        expect(chiSquare(counts, shares, n), name).toBeLessThan(30)
        tf.dispose(Object.values(weights))
      }
      const rows = numbers(() =>
        drawClasses(
          Key.key(4),
          {
            probs: tf.tensor([
              [1, 0],
              [0, 1],
            ]),
          },
          [3, 2],
        ),
      )
      expect(rows).toEqual([0, 1, 0, 1, 0, 1])
    })
  })
})
