/**
 * The families of counts and the relaxed ones, beyond the laws: values that can be listed only where the types
 * say so, what zero inflation refuses, and the gradients of straight-through draws.
 */
import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { BetaBinomial } from "../../src/distributions/BetaBinomial.ts"
import { Binomial } from "../../src/distributions/Binomial.ts"
import { DirichletMultinomial } from "../../src/distributions/DirichletMultinomial.ts"
import { DiscreteUniform } from "../../src/distributions/DiscreteUniform.ts"
import { Geometric } from "../../src/distributions/Geometric.ts"
import { kl } from "../../src/distributions/kl.ts"
import { Multinomial } from "../../src/distributions/Multinomial.ts"
import { NegativeBinomial } from "../../src/distributions/NegativeBinomial.ts"
import { OrderedLogistic } from "../../src/distributions/OrderedLogistic.ts"
import { Poisson } from "../../src/distributions/Poisson.ts"
import {
  RelaxedBernoulli,
  RelaxedBernoulliStraightThrough,
} from "../../src/distributions/RelaxedBernoulli.ts"
import {
  RelaxedOneHotCategorical,
  RelaxedOneHotCategoricalStraightThrough,
} from "../../src/distributions/RelaxedOneHotCategorical.ts"
import { ZeroInflated } from "../../src/distributions/ZeroInflated.ts"
import * as Key from "../../src/tensor/Key.ts"
import { expectClose, numbers } from "../laws/numbers.ts"
import { on } from "../laws/onBackends.ts"

const key = Key.key(3)

describe("values", () => {
  on(["cpu"], (check) => {
    check("are listed where the number of trials is on the host, whatever the batch", () => {
      const six = DiscreteUniform({ low: 1, high: 6 })
      expect(numbers(() => six.enumerate())).toEqual([1, 2, 3, 4, 5, 6])
      const many = Binomial({ totalCount: 2, probs: [0.1, 0.2] }).expand([3, 2])
      const values = tf.tidy(() => many.enumerate())
      expect(values.shape).toEqual([3, 1, 1])
      values.dispose()
      const vectors = tf.tidy(() => Multinomial({ totalCount: 2, probs: [[0.5, 0.5]] }).enumerate())
      expect(vectors.shape).toEqual([3, 1, 2])
      expect(Array.from(vectors.dataSync())).toEqual([2, 0, 1, 1, 0, 2])
      vectors.dispose()
      const inflated = ZeroInflated(Binomial({ totalCount: 2, probs: 0.5 }), { gate: [0.1, 0.2] })
      expect(numbers(() => inflated.enumerate())).toEqual([0, 1, 2])
      expect(numbers(() => tf.sum(tf.exp(inflated.logProb(inflated.enumerate())), 0))[1]).toBeCloseTo(1, 6)
    })

    check("are not listed where it is a tensor, nor do such programs compile", () => {
      const n = tf.scalar(6)
      const d = DiscreteUniform({ low: 1, high: n })
      // @ts-expect-error -- a tensor would have to be read
      expect(d.enumerate).toBeUndefined()
      // @ts-expect-error -- a tensor would have to be read
      expect(Binomial({ totalCount: n, probs: 0.5 }).enumerate).toBeUndefined()
      // @ts-expect-error -- there is no end of them
      expect(Poisson({ rate: 2 }).enumerate).toBeUndefined()
      // @ts-expect-error -- draws of counts are not differentiable
      expect(Poisson({ rate: 2 }).rsample).toBeUndefined()
      // @ts-expect-error -- no closed form
      expect(ZeroInflated(Geometric({ probs: 0.5 }), { gate: 0.1 }).entropy).toBeUndefined()
      // @ts-expect-error -- a real number is no count
      expect(ZeroInflated(RelaxedBernoulli({ temperature: 1, logits: 0 }), { gate: 0.1 })).toBeDefined()
      n.dispose()
    })

    check("of a batch of numbers of trials score by their own", () => {
      const d = Binomial({ totalCount: [2, 5], probs: 0.5 })
      expectClose(
        numbers(() => d.logProb(tf.tensor1d([2, 2]))),
        [Math.log(1 / 4), Math.log(10 / 32)],
        { relative: 1e-6 },
      )
      expect(numbers(() => d.logProb(tf.scalar(3)))[0]).toBe(-Infinity)
      const vectors = DirichletMultinomial({ totalCount: [1, 3], concentration: [1, 1] })
      expectClose(
        numbers(() =>
          vectors.logProb(
            tf.tensor2d([
              [0, 1],
              [2, 1],
            ]),
          ),
        ),
        [Math.log(1 / 2), Math.log(1 / 4)],
        { relative: 1e-6 },
      )
      const uneven = BetaBinomial({ totalCount: [1, 4], concentration1: 1, concentration0: [1, 1] })
      expectClose(
        numbers(() => uneven.logProb(tf.scalar(1))),
        [Math.log(1 / 2), Math.log(1 / 5)],
        { relative: 1e-6 },
      )
      expect(tf.memory().numTensors).toBe(0)
    })
  })
})

describe("divergences", () => {
  on(["cpu"], (check) => {
    check("of other numbers of trials are infinite or unknown", () => {
      const few = Binomial({ totalCount: 3, probs: 0.2 })
      const many = Binomial({ totalCount: 9, probs: 0.2 })
      expect(numbers(() => kl(many, few))).toEqual([Infinity])
      expect(numbers(() => kl(few, many))).toEqual([Number.NaN])
      const [a, b] = [1, 2].map((totalCount) => NegativeBinomial({ totalCount, probs: 0.3 }))
      expect(numbers(() => kl(a!, b!))).toEqual([Number.NaN])
    })

    check("of a Poisson that is always zero are the other's rate, with a gradient of one", () => {
      const rate = tf.tensor1d([0, 2])
      const none = Poisson({ rate: 0 })
      expect(numbers(() => kl(none, Poisson({ rate })))).toEqual([0, 2])
      expect(numbers(() => kl(Poisson({ rate }), none))).toEqual([0, Infinity])
      expect(numbers(() => tf.grad((rate) => kl(none, Poisson({ rate })))(rate))).toEqual([1, 1])
      rate.dispose()
    })
  })
})

describe("zero inflation", () => {
  on(["cpu"], (check) => {
    check("refuses a base that cannot be zero, or whose events are vectors", () => {
      const die = ZeroInflated(DiscreteUniform({ low: 1, high: 6 }), { gate: 0.5 })
      expect(die.problem?.message).toBe(
        'ZeroInflated: parameter "base" must be a distribution that can be zero, ' +
          "found DiscreteUniform, which is an integer from 1 to 6",
      )
      const vectors = ZeroInflated(Poisson({ rate: [1, 2] }).toEvent(1), { gate: 0.5 })
      expect(vectors.problem?.message).toContain("a base whose events are single numbers")
    })

    check("of a gate that never shuts is the base, far below float32's smallest probability too", () => {
      const base = Poisson({ rate: 500 })
      const x = tf.tensor1d([0, 3])
      const gradient = tf.grad((gate) => tf.sum(ZeroInflated(base, { gate }).logProb(x)))
      expectClose(
        numbers(() => ZeroInflated(base, { gate: 0 }).logProb(x)),
        numbers(() => base.logProb(x)),
        { relative: 1e-6 },
      )
      expect(numbers(() => gradient(tf.scalar(0))).every(Number.isFinite)).toBe(true)
      expectClose(
        numbers(() => ZeroInflated(base, { gateLogits: -1e4 }).logProb(x)),
        numbers(() => base.logProb(x)),
        { relative: 1e-6 },
      )
      x.dispose()
    })
  })
})

describe("ordered logistic classes", () => {
  on(["cpu", "wasm"], (check) => {
    check("between cuts far from the predictor have finite scores and gradients", () => {
      const d = (predictor: tf.Tensor) => OrderedLogistic({ predictor, cutpoints: [-1, 0, 1] })
      const found = tf.tidy(() => {
        const values = tf.tensor2d([[0], [1], [2], [3]])
        const at = tf.tensor1d([-1e4, 1e4])
        const score = (predictor: tf.Tensor) => d(predictor).logProb(values)
        return [...score(at).dataSync(), ...tf.grad(score)(at).dataSync()]
      })
      expect(found.every(Number.isFinite)).toBe(true)
      // log σ(b) σ(−a) (1 − 1/e), of which one of the first two is 1.
      const room = Math.log1p(-Math.exp(-1))
      expectClose(found.slice(2, 4), [-9999 + room, -10_000 + room], { relative: 1e-6 })
    })
  })
})

describe("a relaxed draw", () => {
  on(["cpu", "wasm"], (check) => {
    check("that has rounded to 0 or 1 has a finite score, and so has its gradient", () => {
      const score = (logits: tf.Tensor) => {
        const d = RelaxedBernoulli({ temperature: 0.01, logits })
        return tf.sum(d.logProb(d.rsample(key, [50])))
      }
      const vector = (logits: tf.Tensor) => {
        const d = RelaxedOneHotCategorical({ temperature: 0.01, logits })
        return tf.sum(d.logProb(d.rsample(key, [50])))
      }
      for (const [f, at] of [
        [score, [0.3]],
        [vector, [0.3, 1, -2]],
      ] as const) {
        const found = tf.tidy(() => {
          const { value, grad } = tf.valueAndGrad(f)(tf.tensor1d([...at]))
          return [...value.dataSync(), ...grad.dataSync()]
        })
        expect(found.every(Number.isFinite), String(found)).toBe(true)
        expect(found.slice(1).some((g) => g !== 0)).toBe(true)
      }
    })

    check("straight through has the value of the discrete one and the gradient of the relaxed", () => {
      const logits = tf.tensor1d([0.3, -1, 2])
      const temperature = 0.7
      const weigh = (x: tf.Tensor) => tf.sum(tf.mul(x, tf.tensor1d([1, 2, 3])))
      const soft = tf.grad((logits: tf.Tensor) =>
        weigh(RelaxedBernoulli({ temperature, logits }).rsample(key, [4])),
      )
      const hard = tf.grad((logits: tf.Tensor) =>
        weigh(RelaxedBernoulliStraightThrough({ temperature, logits }).rsample(key, [4])),
      )
      expectClose(
        numbers(() => hard(logits)),
        numbers(() => soft(logits)),
        { relative: 1e-5 },
      )
      const halves = numbers(() => RelaxedBernoulli({ temperature, logits }).rsample(key, [40]))
      expect(
        numbers(() => RelaxedBernoulliStraightThrough({ temperature, logits }).rsample(key, [40])),
      ).toEqual(halves.map((y) => (y > 0.5 ? 1 : 0)))
      const softVector = tf.grad((logits: tf.Tensor) =>
        weigh(RelaxedOneHotCategorical({ temperature, logits }).rsample(key, [4])),
      )
      const hardVector = tf.grad((logits: tf.Tensor) =>
        weigh(RelaxedOneHotCategoricalStraightThrough({ temperature, logits }).rsample(key, [4])),
      )
      expectClose(
        numbers(() => hardVector(logits)),
        numbers(() => softVector(logits)),
        { relative: 1e-5, absolute: 1e-6 },
      )
      // The score has a gradient in the value: the entropy's, along a draw.
      const one = tf.tensor1d([0, 0, 1])
      const d = RelaxedOneHotCategoricalStraightThrough({ temperature, logits })
      expectClose(
        numbers(() => tf.grad((x) => d.logProb(x))(one)),
        numbers(() => tf.logSoftmax(logits)),
        { relative: 1e-5 },
      )
      one.dispose()
      logits.dispose()
    })
  })
})
