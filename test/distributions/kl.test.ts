import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Result } from "effect"
import { Bernoulli } from "../../src/distributions/Bernoulli.ts"
import { Categorical } from "../../src/distributions/Categorical.ts"
import { Delta } from "../../src/distributions/Delta.ts"
import type { Distribution } from "../../src/distributions/Distribution.ts"
import { InvalidParameter, NoClosedForm } from "../../src/distributions/errors.ts"
import { hasKl, kl, klResult } from "../../src/distributions/kl.ts"
import { MultivariateNormal } from "../../src/distributions/MultivariateNormal.ts"
import { Normal } from "../../src/distributions/Normal.ts"
import { positive, unitInterval } from "../../src/distributions/Support.ts"
import { affine, biject, exp, softplus } from "../../src/distributions/Transform.ts"
import { Transformed } from "../../src/distributions/Transformed.ts"
import { Uniform } from "../../src/distributions/Uniform.ts"
import { ShapeMismatch } from "../../src/tensor/errors.ts"
import { expectClose, numbers } from "../laws/numbers.ts"
import { on } from "../laws/onBackends.ts"

const thrownBy = (body: () => unknown): unknown => {
  try {
    body()
  } catch (thrown) {
    return thrown
  }
  return "nothing was thrown"
}

describe("kl", () => {
  on(["cpu", "wasm"], (check) => {
    check("has the shape of both batches together, expanded ones too", () => {
      tf.tidy(() => {
        const p = Normal({ loc: 0, scale: 1 })
        const shape = (a: Distribution, b: Distribution) => Result.getOrThrow(klResult(a, b)).shape
        expect(shape(p, p)).toEqual([])
        expect(shape(p.expand([3]), p)).toEqual([3])
        expect(shape(p.expand([3]), p.expand([2, 1]))).toEqual([2, 3])
        expect(shape(Normal({ loc: [0, 1], scale: 1 }), p.expand([4, 1]))).toEqual([4, 2])
        expect(shape(p.expand([5, 20]).toEvent(1), Normal.standard([20]))).toEqual([5])
        expect(shape(Normal.standard([20]), Normal.standard([20]))).toEqual([])
        // An expanded scalar counts once for each of its cells.
        const far = Normal({ loc: 1, scale: 1 })
        expect(numbers(() => kl(far.expand([20]).toEvent(1), Normal.standard([20])))).toEqual([10])
        expect(numbers(() => kl(far.expand([2, 20]).toEvent(1), Normal.standard([20])))).toEqual([10, 10])
      })
    })

    check("is exact for confident and for distant Bernoulli", () => {
      const logits = (l: number) => Bernoulli({ logits: l })
      const sigmoid = (l: number) => 1 / (1 + Math.exp(-l))
      const exact = (a: number, b: number) =>
        sigmoid(a) * (Math.log1p(Math.exp(-b)) - Math.log1p(Math.exp(-a))) +
        sigmoid(-a) * (Math.log1p(Math.exp(b)) - Math.log1p(Math.exp(a)))
      for (const [a, b] of [
        [0, 3],
        [30, 25],
        [-40, 40],
        [12, -12],
        [5, 5.01],
      ] as const) {
        expectClose(
          numbers(() => kl(logits(a), logits(b))),
          [exact(a, b)],
          { relative: 1e-5, absolute: 1e-7 },
        )
      }
      const probs = (p: number) => Bernoulli({ probs: p })
      expect(numbers(() => kl(probs(0), probs(0)))).toEqual([0])
      expect(numbers(() => kl(probs(1), probs(0)))).toEqual([Infinity])
      expect(numbers(() => kl(probs(0.5), probs(1)))).toEqual([Infinity])
      expectClose(
        numbers(() => kl(probs(0), logits(0))),
        [Math.LN2],
        { relative: 1e-6 },
      )
      expectClose(
        numbers(() => kl(logits(0), probs(0.5))),
        [0],
        { absolute: 1e-7 },
      )
    })

    check("of a point is less the log-density there, of whatever q it is taken from", () => {
      tf.tidy(() => {
        const value = tf.tensor([0.5, 2])
        const p = Delta({ value, support: positive })
        const normal = Normal({ loc: [0, 1], scale: 3 })
        const far = Normal({ loc: 0, scale: 1 })
        const surprise = (q: Distribution, x: tf.Tensor = value) => numbers(() => tf.neg(q.logProb(x)))
        expect(numbers(() => kl(p, normal))).toEqual(surprise(normal))
        expect(numbers(() => kl(p, Transformed(far, exp)))).toEqual(surprise(Transformed(far, exp)))
        // Batches stretch both ways; the value is scored by each cell of q.
        const column = Normal({ loc: [[0], [4]], scale: 1 })
        expect(kl(p, column).shape).toEqual([2, 2])
        expect(numbers(() => kl(p, column))).toEqual(surprise(column.expand([2, 2])))
        expect(kl(p.expand([3, 2]), far).shape).toEqual([3, 2])
        const event = kl(p.toEvent(1), normal.toEvent(1))
        expect(event.shape).toEqual([])
        expect(numbers(() => event)).toEqual(surprise(normal.toEvent(1)))
        const joint = MultivariateNormal({
          loc: [0, 0],
          scaleTril: [
            [1, 0],
            [1, 1],
          ],
        })
        expect(numbers(() => kl(p.toEvent(1), joint))).toEqual(surprise(joint))
        // The density that the point states of itself counts, once for each number of an event.
        const stated = Delta({ value, logDensity: 0.25 }).toEvent(1)
        expectClose(
          numbers(() => kl(stated, joint)),
          surprise(joint).map((x) => x + 0.5),
          { relative: 1e-6 },
        )
        expect(numbers(() => kl(Delta({ value: 0.5 }), Bernoulli({ probs: 0.5 })))).toEqual([Infinity])
        expect(numbers(() => kl(Delta({ value: [1, 2] }), Delta({ value: [1, 3] })))).toEqual([0, Infinity])
        const slope = tf.grad((value: tf.Tensor) => tf.sum(kl(Delta({ value }), far)))(value)
        expect(numbers(() => slope)).toEqual([0.5, 2])
      })
    })

    check("of one map in two objects is that of the bases", () => {
      tf.tidy(() => {
        const [p, q] = [Normal({ loc: [0.2, 1], scale: 0.5 }), Normal({ loc: 0, scale: 2 })]
        const bases = numbers(() => kl(p, q))
        expect(biject(positive)).not.toBe(biject(positive))
        const mapped = (d: Normal) => Transformed(d, biject(positive))
        expect(numbers(() => kl(mapped(p), mapped(q)))).toEqual(bases)
        expect(numbers(() => kl(Transformed(p, exp), Transformed(q, biject(positive))))).toEqual(bases)
        const shared = affine(1, 2)
        expect(numbers(() => kl(Transformed(p, shared), Transformed(q, shared)))).toEqual(bases)
        // Equal parameters may be those of another map: only one and the same function is known to be.
        expect(hasKl(Transformed(p, affine(1, 2)), Transformed(q, affine(1, 2)))).toBe(false)
        expect(hasKl(Transformed(p, biject(positive)), Transformed(q, biject(unitInterval)))).toBe(false)
      })
    })

    check("of a uniform is infinite where the second does not cover the first", () => {
      const q = Uniform({ low: 0, high: 4 })
      expectClose(
        numbers(() => kl(Uniform({ low: 1, high: 2 }), q)),
        [Math.log(4)],
        { relative: 1e-6 },
      )
      expect(numbers(() => kl(Uniform({ low: -1, high: 2 }), q))).toEqual([Infinity])
      expect(numbers(() => kl(Uniform({ low: 1, high: 4.5 }), q))).toEqual([Infinity])
    })
  })

  on(["cpu"], (check) => {
    check("of a pair without a closed form is a value that names both", () => {
      const normal: Distribution = Normal({ loc: 0, scale: 1 })
      const before = tf.memory().numTensors
      for (const [p, q, message] of [
        [normal, Bernoulli({ probs: 0.5 }), "KL(Normal ‖ Bernoulli)"],
        [normal, Normal.standard([]), "KL(Normal ‖ Independent(Normal))"],
        [
          Normal.standard([2]),
          Delta({ value: [0, 0] }).toEvent(1),
          "KL(Independent(Normal) ‖ Independent(Delta))",
        ],
        [
          Transformed(Normal({ loc: 0, scale: 1 }), exp),
          Transformed(Normal({ loc: 0, scale: 1 }), softplus),
          "KL(Transformed(Normal, exp) ‖ Transformed(Normal, softplus))",
        ],
      ] as const) {
        expect(hasKl(p, q), message).toBe(false)
        const error = Result.match(klResult(p, q), { onFailure: (e) => e, onSuccess: () => undefined })
        expect(error, message).toBeInstanceOf(NoClosedForm)
        expect(error!.message).toBe(`no closed form is known for ${message}; estimate it by Monte Carlo`)
      }
      // Two `Transformed` look alike to the compiler; that their transforms differ shows when it is run.
      const [a, b] = [
        Transformed(Normal({ loc: 0, scale: 1 }), exp),
        Transformed(Normal({ loc: 0, scale: 1 }), softplus),
      ]
      expect(thrownBy(() => kl(a, b))).toBeInstanceOf(NoClosedForm)
      expect(hasKl(normal, normal)).toBe(true)
      expect(tf.memory().numTensors).toBe(before)
    })

    check("refuses events that do not match, and bad parameters, with nothing left behind", () => {
      const before = tf.memory().numTensors
      const [three, four] = [Normal.standard([3]), Normal.standard([4])]
      expect((thrownBy(() => kl(three, four)) as ShapeMismatch).message).toBe(
        "kl(Independent(Normal) ‖ Independent(Normal)): expected batch shapes that broadcast and equal event shapes, found batch [] and [], event [3] and [4]",
      )
      const table = Normal({ loc: 0, scale: 1 }).expand([2, 3])
      for (const attempt of [
        () => kl(table.toEvent(2), table.toEvent(1)),
        () => kl(table, Normal({ loc: 0, scale: 1 }).expand([2])),
        () => kl(Categorical({ probs: [0.5, 0.5] }), Categorical({ probs: [0.2, 0.3, 0.5] })),
      ]) {
        expect(thrownBy(attempt)).toBeInstanceOf(ShapeMismatch)
      }
      const answered = klResult(three, four)
      expect(Result.isFailure(answered) && answered.failure).toBeInstanceOf(ShapeMismatch)
      const bad = Normal({ loc: 0, scale: 0 })
      expect(thrownBy(() => kl(Normal({ loc: 0, scale: 1 }), bad))).toBeInstanceOf(InvalidParameter)
      expect(tf.memory().numTensors).toBe(before)
    })

    check("needs equally many dimensions in the event of both", () => {
      // The same event shape, reached by different ways: one base is an event already.
      const p = Categorical({ probs: [[0.5, 0.5]] }).toEvent(1)
      const q = Categorical({ probs: [[0.5, 0.5]] })
        .expand([1, 1])
        .toEvent(2)
      expect(thrownBy(() => kl(p, q))).toBeInstanceOf(ShapeMismatch)
    })
  })
})
