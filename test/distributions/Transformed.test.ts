import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { LogNormal } from "../../src/distributions/LogNormal.ts"
import { Normal } from "../../src/distributions/Normal.ts"
import {
  boolean,
  integerInterval,
  interval,
  oneHot,
  positive,
  real,
  simplex,
} from "../../src/distributions/Support.ts"
import {
  affine,
  type BijectableSupport,
  biject,
  exp,
  identity,
  sigmoid,
  stickBreaking,
} from "../../src/distributions/Transform.ts"
import { Transformed } from "../../src/distributions/Transformed.ts"
import { InvalidArgument } from "../../src/tensor/errors.ts"
import * as Key from "../../src/tensor/Key.ts"
import { expectClose, numbers } from "../laws/numbers.ts"
import { on } from "../laws/onBackends.ts"

const key = Key.key(0)

describe("Transformed", () => {
  on(["cpu", "wasm"], (check) => {
    check("a normal through exp is a log-normal, in density, draws and gradient", () => {
      const xs = tf.tensor([1e-3, 0.4, 1, 7, 300])
      const d = Transformed(Normal({ loc: 0.3, scale: 1.4 }), exp)
      const same = LogNormal({ loc: 0.3, scale: 1.4 })
      expectClose(
        numbers(() => d.logProb(xs)),
        numbers(() => same.logProb(xs)),
        { relative: 1e-5 },
      )
      expect(numbers(() => d.sample(key, [5]))).toEqual(numbers(() => same.sample(key, [5])))
      const slope = (of: { logProb: (x: tf.Tensor) => tf.Tensor }) =>
        numbers(() => tf.grad((x: tf.Tensor) => tf.sum(of.logProb(x)))(xs))
      expectClose(slope(d), slope(same), { relative: 1e-4 })
      xs.dispose()
    })

    check("a draw that has saturated is scored by what it came from, not by a lost inverse", () => {
      const base = Normal({ loc: 20, scale: 1 })
      const d = Transformed(base, sigmoid)
      tf.tidy(() => {
        const draw = d.rsample(key, [4])
        expect(numbers(() => draw)).toEqual([1, 1, 1, 1])
        const x = base.rsample(key, [4])
        // log N(x) − log σ′(x), where σ′(x) is e⁻ˣ to float32's precision.
        expectClose(
          numbers(() => d.logProb(draw)),
          numbers(() => tf.add(base.logProb(x), x)),
          { relative: 1e-5 },
        )
        // The same numbers in another tensor have only the inverse, which is finite all the same.
        expect(numbers(() => d.logProb(tf.ones([4]))).every(Number.isFinite)).toBe(true)
      })
    })

    check("so is a draw of an event of such, and one transformed twice", () => {
      const base = Normal({ loc: [20, 21], scale: 1 })
      const event = Transformed(base, sigmoid).toEvent(1)
      const twice = Transformed(Transformed(base, affine(1, 1)), sigmoid)
      tf.tidy(() => {
        const x = base.rsample(key)
        const expected = numbers(() => tf.sum(tf.add(base.logProb(x), x)))
        expectClose(
          numbers(() => event.logProb(event.rsample(key))),
          expected,
          { relative: 1e-5 },
        )
        expectClose(
          numbers(() => event.logProb(event.sample(key))),
          expected,
          { relative: 1e-5 },
        )
        const shifted = numbers(() => tf.add(tf.sum(tf.add(base.logProb(x), x)), 2))
        expectClose(
          numbers(() => tf.sum(twice.logProb(twice.rsample(key)))),
          shifted,
          { relative: 1e-5 },
        )
      })
    })

    check("the score of a draw is differentiable in the parameters, as E[log q] is", () => {
      // log q along a draw is −½ε² − log σ − log 2π/2 − log σ′(μ + σε): its gradient by hand.
      const gradients = numbers(() => {
        const g = tf.grads((loc: tf.Tensor, scale: tf.Tensor) => {
          const d = Transformed(Normal({ loc, scale }), sigmoid)
          return tf.sum(d.logProb(d.rsample(key)))
        })([tf.scalar(0.4), tf.scalar(0.7)])
        return tf.stack(g)
      })
      const [epsilon] = Key.normalValues(key, [])
      const x = 0.4 + 0.7 * epsilon!
      // d/dx of −log(σ(x) σ(−x)) is 2σ(x) − 1.
      const slope = 2 / (1 + Math.exp(-x)) - 1
      expectClose(gradients, [slope, -1 / 0.7 + slope * epsilon!], { relative: 1e-4 })
    })

    check("a draw may be differentiated itself, within the gradient it was made in and outside", () => {
      const d = Transformed(Normal({ loc: 0, scale: 1 }), sigmoid)
      tf.tidy(() => {
        const draw = d.rsample(key)
        const found = numbers(() => tf.grad((y: tf.Tensor) => tf.sum(d.logProb(y)))(draw))
        const again = numbers(() => tf.grad((y: tf.Tensor) => tf.sum(d.logProb(y)))(tf.clone(draw)))
        expect(found).toEqual(again)
        expect(found[0]).not.toBe(0)
        const nested = numbers(() =>
          tf.grad((loc: tf.Tensor) => {
            const q = Transformed(Normal({ loc, scale: 1 }), sigmoid)
            const inner = q.rsample(key)
            return tf.sum(tf.grad((y: tf.Tensor) => tf.sum(q.logProb(y)))(inner))
          })(tf.scalar(0)),
        )
        expect(nested.every(Number.isFinite)).toBe(true)
      })
    })

    check("the score of a fixed draw sees the transform's own parameters", () => {
      // y = a + b x is normal: d log N(y; a, b)/da = (y − a)/b².
      const [gradient, expected] = numbers(() => {
        let draw: tf.Tensor = tf.scalar(0)
        const g = tf.grad((a: tf.Tensor) => {
          const d = Transformed(Normal({ loc: 0, scale: 1 }), affine(a, 2))
          draw = d.sample(key)
          return tf.sum(d.logProb(draw))
        })(tf.scalar(3))
        const [epsilon] = Key.normalValues(key, [])
        return tf.stack([g, tf.scalar(epsilon! / 2)])
      })
      expectClose([gradient!], [expected!], { relative: 1e-5 })
    })
  })

  on(["cpu"], (check) => {
    check("has the base's batch and the transform's event", () => {
      const d = Transformed(Normal({ loc: [[0, 0, 0]], scale: [[1], [2]] }).toEvent(1), stickBreaking)
      expect(d.problem).toBeUndefined()
      expect(d.batchShape).toEqual([2])
      expect(d.eventShape).toEqual([4])
      expect(d.support.name).toBe("simplex")
      expect(d.gradient).toBe("pathwise")
      // Transform parameters make a batch, whose cells are independent.
      const cells = Transformed(Normal({ loc: 0, scale: 1 }), affine([0, 10], 1))
      expect(cells.batchShape).toEqual([2])
      const [a, b] = numbers(() => cells.sample(key)) as [number, number]
      expect(Math.abs(b - 10 - a)).toBeGreaterThan(1e-3)
    })

    check("refuses a base whose events do not fit the transform", () => {
      expect(Transformed(Normal({ loc: [0, 0], scale: 1 }), stickBreaking).problem?.message).toBe(
        "Transformed(Normal, stickBreaking): expected a base with events of rank 1 at least (use toEvent), found batch shape [2], event shape []",
      )
      const wrong = Transformed(LogNormal({ loc: 0, scale: 1 }) as unknown as Normal, sigmoid)
      expect(wrong.problem?.message).toBe(
        'Transformed: parameter "transform" must be a map from "positive", which the base is on, found sigmoid, a map from "real"',
      )
      expect(Transformed(Normal({ loc: 0, scale: -1 }), exp).problem?.message).toBe(
        'Normal: parameter "scale" must be positive and finite, found -1',
      )
      expect(
        Transformed(Normal({ loc: [0, 0], scale: 1 }).toEvent(1), affine([1, 2, 3], 1)).problem?._tag,
      ).toBe("ShapeMismatch")
    })

    check("the identity changes nothing, and frees nothing that is in use", () => {
      const d = Transformed(Normal({ loc: 1, scale: 2 }), identity)
      const before = tf.memory().numTensors
      const draw = d.sample(key, [3])
      expectClose(
        numbers(() => d.logProb(draw)),
        numbers(() => Normal({ loc: 1, scale: 2 }).logProb(draw)),
        {
          relative: 1e-6,
        },
      )
      draw.dispose()
      expect(tf.memory().numTensors).toBe(before)
    })
  })
})

describe("biject", () => {
  on(["cpu"], (check) => {
    check("maps onto each continuous support, by its name", () => {
      expect(biject(real).name).toBe("identity")
      expect(biject(positive).name).toBe("exp")
      expect(biject(simplex).forwardShape([5, 2])).toEqual([5, 3])
      expect(biject(simplex).inverseShape([5, 3])).toEqual([5, 2])
      expect(biject(simplex).forwardShape([])).toBeUndefined()
      expect(biject(simplex).inverseShape([1])).toBeUndefined()
      const y = numbers(() => biject(interval([0, 10], tf.tensor([1, 20]))).forward(tf.zeros([2])))
      expect(y).toEqual([0.5, 15])
    })

    check("refuses discrete supports and intervals without an end, with a message", () => {
      for (const support of [boolean, oneHot, integerInterval(0, 3), interval(0, Infinity)]) {
        let thrown: unknown
        try {
          biject(support as unknown as BijectableSupport)
        } catch (error) {
          thrown = error
        }
        expect(thrown).toBeInstanceOf(InvalidArgument)
        expect((thrown as InvalidArgument).message).toContain(`found ${support.name} (${support.describe})`)
      }
    })
  })
})
