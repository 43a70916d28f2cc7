import { describe, expect, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Context, type Effect, Result } from "effect"
import { Bernoulli } from "../../src/distributions/Bernoulli.ts"
import { Categorical } from "../../src/distributions/Categorical.ts"
import { Dirichlet } from "../../src/distributions/Dirichlet.ts"
import { findProblem } from "../../src/distributions/Distribution.ts"
import { hasKl, kl, klResult } from "../../src/distributions/kl.ts"
import { LogNormal } from "../../src/distributions/LogNormal.ts"
import { Masked } from "../../src/distributions/Masked.ts"
import { Normal } from "../../src/distributions/Normal.ts"
import { Uniform } from "../../src/distributions/Uniform.ts"
import { mask } from "../../src/effects/handlers/mask.ts"
import { total } from "../../src/effects/logDensity.ts"
import { plate } from "../../src/effects/Plate.ts"
import { run } from "../../src/effects/run.ts"
import { observe } from "../../src/effects/Sample.ts"
import { ShapeMismatch } from "../../src/tensor/errors.ts"
import * as Key from "../../src/tensor/Key.ts"
import { expectClose, numbers } from "../laws/numbers.ts"
import { on } from "../laws/onBackends.ts"

const key = Key.key(9)

describe("Masked", () => {
  on(["cpu", "wasm"], (check) => {
    check("scores the base where the mask is true, and 0 elsewhere", () => {
      tf.tidy(() => {
        const base = Normal({ loc: [0, 1, 2], scale: 0.5 })
        const x = tf.tensor([0.3, 7, -1])
        const all = numbers(() => base.logProb(x))
        for (const mask of [
          [true, false, true],
          [1, 0, 1],
          tf.tensor([1, 0, 1], [3], "bool"),
          tf.tensor([1, 0, 1]),
        ]) {
          const d = Masked(base, mask)
          expect(d.problem).toBeUndefined()
          expect(numbers(() => d.logProb(x))).toEqual([all[0], 0, all[2]])
        }
        expect(numbers(() => Masked(base, true).logProb(x))).toEqual(all)
        expect(numbers(() => Masked(base, false).logProb(x))).toEqual([0, 0, 0])
        // Each row of a sample is masked alike.
        expect(numbers(() => Masked(base, [false, true, false]).logProb(tf.stack([x, x])))).toEqual([
          0,
          all[1],
          0,
          0,
          all[1],
          0,
        ])
      })
    })

    check("lets nothing of a masked cell into value or gradient", () => {
      tf.tidy(() => {
        const slopes = (
          family: typeof LogNormal | typeof Normal,
          x: ReadonlyArray<number>,
          mask?: Array<number>,
        ) =>
          tf
            .grads((loc: tf.Tensor, scale: tf.Tensor, x: tf.Tensor) => {
              const base = family({ loc, scale })
              return tf.sum((mask ? Masked(base, mask) : base).logProb(x))
            })([tf.scalar(0.2), tf.scalar(1.5), tf.tensor1d([...x])])
            .map((g) => Array.from(g.dataSync()))
        // The one masks what is outside its support; the other takes any number for one of its own.
        for (const family of [LogNormal, Normal]) {
          const [loc, scale, value] = slopes(family, [0.5, Number.NaN, -1, Infinity, 3], [1, 0, 0, 0, 1])
          const [locAlone, scaleAlone, valueAlone] = slopes(family, [0.5, 3])
          expectClose(loc!, locAlone!, { relative: 1e-6 })
          expectClose(scale!, scaleAlone!, { relative: 1e-6 })
          expectClose(value!, [valueAlone![0]!, 0, 0, 0, valueAlone![1]!], { relative: 1e-6 })
        }
      })
    })

    check("masks whole events, of a support that is one of vectors too", () => {
      tf.tidy(() => {
        const base = Dirichlet({ concentration: [[2, 3, 4]] }).expand([2])
        const x = tf.tensor([
          [0.2, 0.3, 0.5],
          [Number.NaN, 7, -1],
        ])
        const [first] = numbers(() => base.logProb(x))
        expect(numbers(() => Masked(base, [1, 0]).logProb(x))).toEqual([first, 0])
        const event = Normal({ loc: 0, scale: 1 }).expand([2, 3]).toEvent(1)
        const d = Masked(event, [true, false])
        expect([d.batchShape, d.eventShape]).toEqual([[2], [3]])
        expectClose(
          numbers(() =>
            d.logProb(
              tf.tensor([
                [0, 0, 0],
                [0, Number.NaN, 0],
              ]),
            ),
          ),
          [-1.5 * Math.log(2 * Math.PI), 0],
          { relative: 1e-6 },
        )
        expectClose(
          numbers(() =>
            Masked(Normal({ loc: 0, scale: 1 }), [1, 0, 1])
              .toEvent(1)
              .logProb(tf.zeros([3])),
          ),
          [-Math.log(2 * Math.PI)],
          { relative: 1e-6 },
        )
      })
    })

    check("draws the base's numbers, in masked cells too, and says of them what the base does", () => {
      const base = Normal({ loc: 2, scale: 0.5 })
      const d = Masked(base, [1, 0])
      expect(d.batchShape).toEqual([2])
      expect(numbers(() => d.sample(key, [4]))).toEqual(numbers(() => base.sample(key, [4, 2])))
      expect(numbers(() => d.rsample(key))).toEqual(numbers(() => base.rsample(key, [2])))
      expect(numbers(() => d.mean())).toEqual([2, 2])
      expect(numbers(() => d.variance())).toEqual([0.25, 0.25])
      expect(numbers(() => d.cdf(tf.scalar(2)))).toEqual([0.5, 0.5])
      expect(numbers(() => Masked(Categorical({ probs: [0.5, 0.5] }), [1, 0]).enumerate())).toEqual([0, 1])
    })

    check("has the divergence of the bases where one mask counts, and 0 elsewhere", () => {
      tf.tidy(() => {
        const [p, q] = [Normal({ loc: [0, 1], scale: 1 }), Normal({ loc: 0.5, scale: 2 })]
        const all = numbers(() => kl(p, q))
        const shared = tf.tensor([0, 1])
        for (const [a, b] of [
          [
            [false, true],
            [0, 1],
          ],
          [shared, shared],
        ] as const) {
          expect(numbers(() => kl(Masked(p, a), Masked(q, b)))).toEqual([0, all[1]])
        }
        expect(numbers(() => kl(Masked(p, true), Masked(q, 1)))).toEqual(all)
      })
    })

    check("leaves no tensor behind", () => {
      const mask = tf.tensor([1, 0])
      const x = tf.tensor([Number.NaN, 1])
      const before = tf.memory().numTensors
      const d = Masked(LogNormal({ loc: 0, scale: 1 }), mask)
      for (const make of [() => d.logProb(x), () => d.sample(key), () => kl(d, d), () => d.mean()])
        make().dispose()
      const wrong = tf.zeros([3])
      expect(() => d.logProb(wrong)).toThrow(ShapeMismatch)
      wrong.dispose()
      expect(tf.memory().numTensors).toBe(before)
      tf.dispose([mask, x])
    })
  })

  on(["cpu"], (check) => {
    check("has no divergence where the masks may differ: an entropy would be left over", () => {
      tf.tidy(() => {
        const d = Normal({ loc: 0, scale: 1 })
        const [a, b] = [tf.tensor([1, 0]), tf.tensor([1, 0])]
        for (const [one, other] of [
          [
            [1, 0],
            [1, 1],
          ],
          [true, false],
          [a, b],
          [a, [1, 0]],
        ] as const) {
          expect(hasKl(Masked(d, one), Masked(d, other))).toBe(false)
          expect(Result.isFailure(klResult(Masked(d, one), Masked(d, other)))).toBe(true)
        }
        expect(hasKl(Masked(d, [1, 0]), d)).toBe(false)
      })
    })

    check("refuses a mask in a tensor that is neither 0 nor 1, and a base's own problem", () => {
      tf.tidy(() => {
        const d = Masked(Normal({ loc: 0, scale: 1 }), tf.tensor([1, 0.5]))
        expect(d.problem).toBeUndefined()
        expect(findProblem(d)?.message).toBe(
          'Masked: parameter "mask" must be 0 or 1, found 0.5 at index [1]',
        )
        const late = Masked(Normal({ loc: 0, scale: tf.scalar(-1) }), true)
        expect(findProblem(late)?.message).toContain('Normal: parameter "scale"')
      })
    })

    check("counts as the handler `mask` does, over a plate", () => {
      tf.tidy(() => {
        const base = LogNormal({ loc: [0, 1, 2], scale: 0.5 })
        const x = tf.tensor([0.3, Number.NaN, 4])
        const score = (program: Effect.Effect<unknown, never, unknown>) =>
          numbers(() => total(run(plate("rows", { size: 3 })(program), Context.empty(), {})))
        const [found] = score(observe("x", Masked(base, [1, 0, 1]), x))
        expect(found).toBeLessThan(0)
        expect(score(mask(observe("x", base, x), [1, 0, 1]))).toEqual([found])
      })
    })
  })

  it("can do what its base can, but for the entropy", () => {
    const masked = Masked(Normal({ loc: 0, scale: 1 }), true)
    const mustNotCompile = () => {
      // @ts-expect-error where the mask is false −E log p is no entropy
      masked.entropy()
      // @ts-expect-error draws of a Bernoulli are not differentiable
      Masked(Bernoulli({ probs: 0.5 }), true).rsample(key)
      // @ts-expect-error a uniform has no single mode
      Masked(Uniform({ low: 0, high: 1 }), true).mode()
      // @ts-expect-error one masked, one not
      kl(masked, Normal({ loc: 0, scale: 1 }))
      // @ts-expect-error the bases have no closed form
      kl(masked, Masked(Bernoulli({ probs: 0.5 }), true))
    }
    expect(mustNotCompile).toBeTypeOf("function")
    expect("entropy" in masked).toBe(false)
    expect("rsample" in Masked(Bernoulli({ probs: 0.5 }), true)).toBe(false)
    expect("mode" in Masked(Uniform({ low: 0, high: 1 }), true)).toBe(false)
  })
})
