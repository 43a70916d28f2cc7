/** Flows: distributions through several maps, their draws' memory of where they came from, and fits with them. */
import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import type { Distribution, Reparameterized } from "../../src/distributions/Distribution.ts"
import {
  Backend,
  Bernoulli,
  bind,
  elbo,
  Flow,
  factor,
  fitSVI,
  Gamma,
  Initializer,
  Key,
  made,
  Normal,
  Optimizer,
  observe,
  param,
  plate,
  Schedule,
  ShapeMismatch,
  sample,
  Transform,
  Transformed,
} from "../../src/index.ts"
import { ndtri } from "../../src/tensor/special.ts"
import { expectClose, numbers } from "../laws/numbers.ts"
import { on } from "../laws/onBackends.ts"
import { affineNetwork } from "../laws/rows/flowTransforms.ts"
import { thrownBy } from "../nn/support.ts"

const key = Key.key(5)
const strict = [
  [0, 0.7, -0.4],
  [0, 0, 1.1],
  [0, 0, 0],
]

/** A network that counts how often it is asked. */
const counting = () => {
  const network = affineNetwork(strict, strict)
  const counter = {
    calls: 0,
    network: (x: tf.Tensor) => {
      counter.calls++
      return network(x)
    },
  }
  return counter
}

/** A strictly triangular network of two numbers whose one weight is given. */
const weighted = (weight: tf.Tensor) => (x: tf.Tensor) => {
  const first = tf.mul(tf.slice(x, [0, 0], [-1, 1]), weight)
  const both = tf.concat([tf.zerosLike(first), first], -1)
  return { shift: both, logScale: tf.mul(both, 0.5) }
}

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const holds = <T extends true>(...proof: Array<T>): number => proof.length

/** Never called: its body is for the compiler. */
const mustNotCompile = (many: ReadonlyArray<Transform.Transform<"real", "positive">>) => {
  const { exp, sigmoid, reverse } = Transform
  // @ts-expect-error the sigmoid takes real numbers, not what comes out of exp
  Flow(Normal.standard([2]), [reverse, exp, sigmoid])
  // @ts-expect-error nor a positive base
  Flow(Gamma({ concentration: 1, rate: 1 }), [sigmoid])
  // @ts-expect-error maps of which each would have to be the last
  Flow(Normal.standard([2]), many)
  // @ts-expect-error a draw of such a base is not differentiable
  Flow(Normal.standard([2]) as unknown as Distribution<"real", "score">, [reverse]).rsample(key)
  // @ts-expect-error a split is a must
  Transform.coupling({ network: () => ({ shift: 0, logScale: 0 }) })
  // @ts-expect-error a network's output is what the map takes
  Transform.maskedAutoregressive({ network: () => ({ shift: 0 }) })
}

describe("Flow", () => {
  on(["cpu", "wasm"], (check) => {
    check("is its base through one map after the other", () => {
      tf.tidy(() => {
        const base = Normal({ loc: [0.2, -0.1], scale: 0.7 }).toEvent(1)
        const maps = [
          Transform.planar({ u: [1, 0.3], w: [0.4, -1], b: 0.1 }),
          Transform.reverse,
          Transform.affine([1, 2], 0.5),
        ] as const
        const flow = Flow(base, maps)
        const nested = Transformed(Transformed(Transformed(base, maps[0]), maps[1]), maps[2])
        const draw = flow.sample(key, [6])
        expect(numbers(() => draw)).toEqual(numbers(() => nested.sample(key, [6])))
        const expected = numbers(() => nested.logProb(tf.clone(draw)))
        // Remembered, and by the inverse.
        expectClose(
          numbers(() => flow.logProb(draw)),
          expected,
          { absolute: 1e-5 },
        )
        expectClose(
          numbers(() => flow.logProb(tf.clone(draw))),
          expected,
          { absolute: 1e-5 },
        )
      })
    })

    check("scores its own draws with no further call of a network, and others by the inverse", () => {
      const [first, second] = [counting(), counting()]
      const flow = Flow(Normal.standard([3]), [
        Transform.inverseAutoregressive(first),
        Transform.reverse,
        Transform.inverseAutoregressive(second),
      ])
      for (const draw of [() => flow.rsample(key, [4]), () => flow.sample(key, [4])]) {
        tf.tidy(() => {
          first.calls = second.calls = 0
          const y = draw()
          const remembered = numbers(() => flow.logProb(y))
          expect([first.calls, second.calls]).toEqual([1, 1])
          const inverted = numbers(() => flow.logProb(tf.clone(y)))
          // Three calls for the three numbers; and one for the volume.
          expect([first.calls, second.calls]).toEqual([1 + 4, 1 + 4])
          expectClose(remembered, inverted, { absolute: 2e-4 })
        })
      }
    })

    check("has a density in one call of a network that is masked the other way", () => {
      const counter = counting()
      const flow = Flow(Normal.standard([3]), [Transform.maskedAutoregressive(counter)])
      tf.tidy(() => {
        expect(numbers(() => flow.logProb(tf.ones([5, 3]))).every(Number.isFinite)).toBe(true)
        expect(counter.calls).toBe(1)
      })
    })

    check("the score of a draw is differentiable in a network's weights, along the draw", () => {
      const score = (weight: tf.Tensor): tf.Tensor => {
        const flow = Flow(Normal.standard([2]), [
          Transform.inverseAutoregressive({ network: weighted(weight) }),
          Transform.planar({ u: [1, 0.3], w: [0.4, -1], b: 0.1 }),
        ])
        const draw = flow.rsample(key, [7])
        return tf.add(tf.sum(flow.logProb(draw)), tf.sum(tf.square(draw)))
      }
      const at = (w: number) => numbers(() => score(tf.scalar(w)))[0]!
      const [found] = numbers(() => tf.grad(score)(tf.scalar(0.6)))
      expectClose([found!], [(at(0.61) - at(0.59)) / 0.02], { relative: 2e-3 })
    })

    check("the score of a fixed draw sees what a network closes over", () => {
      const of = (weight: tf.Tensor) =>
        Flow(Normal.standard([2]), [Transform.inverseAutoregressive({ network: weighted(weight) })])
      let fixed: ReadonlyArray<number> = []
      const [found] = numbers(() =>
        tf.grad((weight: tf.Tensor) => {
          const flow = of(weight)
          const draw = flow.sample(key, [7])
          fixed = Array.from(draw.dataSync())
          return tf.sum(flow.logProb(draw))
        })(tf.scalar(0.6)),
      )
      const at = (w: number) =>
        numbers(() => tf.sum(of(tf.scalar(w)).logProb(tf.tensor(fixed as number[], [7, 2]))))[0]!
      expectClose([found!], [(at(0.61) - at(0.59)) / 0.02], { relative: 2e-3 })
    })

    check("leaves nothing behind", () => {
      const flow = Flow(Normal.standard([3]), [
        Transform.inverseAutoregressive(counting()),
        Transform.permute([1, 2, 0]),
        Transform.maskedAutoregressive(counting()),
        Transform.coupling({ split: 2, network: (x) => ({ shift: tf.mean(x, -1, true), logScale: 0.1 }) }),
        Transform.radial({ x0: [0, 0, 0], alpha: 0, beta: 1 }),
        Transform.exp,
      ])
      const value = tf.ones([2, 3])
      const before = tf.memory().numTensors
      flow.sample(key, [2]).dispose()
      flow.rsample(key, [2]).dispose()
      flow.logProb(value).dispose()
      tf.tidy(() => {
        const draw = flow.rsample(key, [2])
        flow.logProb(draw)
      })
      tf.grad((v: tf.Tensor) => tf.sum(flow.logProb(v)))(value).dispose()
      const broken = Flow(Normal.standard([3]), [
        Transform.inverseAutoregressive(counting()),
        Transform.coupling({ split: 1, network: () => ({ shift: [1, 2, 3], logScale: 0 }) }),
      ])
      expect(thrownBy(() => broken.logProb(value))).toBeInstanceOf(ShapeMismatch)
      expect(thrownBy(() => broken.sample(key))).toBeInstanceOf(ShapeMismatch)
      expect(thrownBy(() => broken.rsample(key))).toBeInstanceOf(ShapeMismatch)
      expect(tf.memory().numTensors).toBe(before)
      value.dispose()
    })
  })

  on(["cpu"], (check) => {
    check("has the base's batch, stretched to that of the maps' parameters", () => {
      const flow = Flow(Normal.standard([2]), [
        Transform.planar({ u: [1, 0], w: tf.ones([5, 2]), b: 0 }),
        Transform.affine(tf.zeros([5, 2]), [1, 2]),
        Transform.exp,
      ])
      expect(flow.problem).toBeUndefined()
      expect(flow.batchShape).toEqual([5])
      expect(flow.eventShape).toEqual([2])
      expect(flow.support.name).toBe("positive")
      expect(flow.support.eventRank).toBe(1)
      expect(flow.gradient).toBe("pathwise")
      const larger = flow.expand([4, 5])
      tf.tidy(() => {
        expect(larger.rsample(key, [3]).shape).toEqual([3, 4, 5, 2])
        expect(larger.logProb(larger.sample(key, [3])).shape).toEqual([3, 4, 5])
        expect(larger.toEvent(2).logProb(tf.ones([4, 5, 2])).shape).toEqual([])
        // In two of the numbers at most one is below e^0: a value outside has density zero.
        expect(numbers(() => flow.logProb(tf.tensor([-1, 1])))).toEqual(new Array(5).fill(-Infinity))
      })
      expect(Object.keys(flow.params)).toContain("transform.1.scale")
    })

    check("asks networks for draws of any sample shape, and wants their batch of the base", () => {
      const context = tf.tensor([[1], [2], [3]])
      const network = (x: tf.Tensor) => ({ shift: tf.add(tf.zerosLike(x), context), logScale: 0 })
      const flow = (base: Reparameterized<"real">) =>
        Flow(base, [Transform.inverseAutoregressive({ network })])
      tf.tidy(() => {
        expect(flow(Normal.standard([2]).expand([3])).rsample(key, [4]).shape).toEqual([4, 3, 2])
        const error = thrownBy(() => flow(Normal.standard([2])).rsample(key))
        expect((error as Error).message).toContain(
          "for values of shape [2], found boundedAffine with shift [3, 2]",
        )
      })
      context.dispose()
    })

    check("without maps is its base, and of width one as of any other", () => {
      tf.tidy(() => {
        const [base, x] = [Normal.standard([2]), tf.tensor([[0.3, 2]])]
        const none = Flow(base, [])
        expect(none.support.eventRank).toBe(1)
        expect(numbers(() => none.logProb(x))).toEqual(numbers(() => base.logProb(x)))
        expect(numbers(() => none.sample(key))).toEqual(numbers(() => base.sample(key)))
        const network = (x: tf.Tensor) => ({ shift: tf.add(tf.mul(x, 0), 1), logScale: 0 })
        for (const map of [Transform.maskedAutoregressive, Transform.inverseAutoregressive]) {
          const flow = Flow(Normal.standard([1]), [map({ network })])
          const slope = tf.grad((y: tf.Tensor) => tf.sum(flow.logProb(y)))(tf.tensor([3]))
          expectClose(
            numbers(() => slope),
            [-2],
            { absolute: 1e-6 },
          )
        }
      })
    })

    check("has its support and its gradient in its type, for lists of known and of unknown length", () => {
      expect(mustNotCompile).toBeTypeOf("function")
      const onPositive = Flow(Normal.standard([2]), [Transform.reverse, Transform.exp])
      const many: ReadonlyArray<Transform.Transform<"real", "real">> = [Transform.reverse, Transform.reverse]
      const onReal = Flow(Normal.standard([2]), many)
      const discrete = Flow(Bernoulli({ probs: 0.5 }), [])
      expect(
        holds(
          true as Equal<typeof onPositive.support.name, "positive">,
          true as Equal<typeof onReal.support.name, "real">,
          true as Equal<typeof onReal.gradient, "pathwise">,
          true as Equal<typeof discrete.gradient, "score">,
        ),
      ).toBe(4)
    })
  })
})

/** z₁ ~ N(0, 1), z₂ ~ N(½(z₁² − 1), 0.5), times e^1.7. */
const logNormalizer = 1.7
const logBanana = (z: tf.Tensor) => {
  const [a, b] = tf.unstack(z, -1) as [tf.Tensor, tf.Tensor]
  const second = Normal({ loc: tf.mul(tf.sub(tf.square(a), 1), 0.5), scale: 0.5 }).logProb(b)
  return tf.add(tf.add(Normal({ loc: 0, scale: 1 }).logProb(a), second), logNormalizer)
}

layer(Backend.cpu())("a fit with a flow", (it) => {
  it.effect("an inverse autoregressive guide's bound comes within 0.06 of a banana's log normalizer", () =>
    Effect.gen(function* () {
      const copies = plate("copies", { size: 48 })
      const standard = Normal.standard([2])
      const model = Effect.fnUntraced(function* (_: undefined) {
        const z = yield* sample("z", standard)
        yield* factor("target", tf.sub(logBanana(z), standard.logProb(z)))
      }, copies)
      const network = made({
        inputs: 2,
        hidden: [16],
        outputs: { shift: [], logScale: [] },
        activation: "elu",
        outputInitializer: Initializer.zeros,
      })
      const flow = (network: (z: tf.Tensor) => Transform.ShiftAndLogScale) =>
        Flow(standard, [Transform.inverseAutoregressive({ network })])
      const guide = Effect.fnUntraced(function* (_: undefined) {
        yield* sample("z", flow(yield* bind("network", network)))
      }, copies)
      const steps = 300
      const fit = yield* fitSVI(model, guide, undefined, {
        steps,
        key: Key.key(3),
        optimizer: Optimizer.adam(Schedule.cosine(0.02, { decaySteps: steps })),
        objective: elbo({ kl: "monteCarlo" }),
      })
      const gap = (q: Reparameterized) =>
        numbers(() => {
          const z = q.rsample(Key.key(9), [20_000])
          return tf.mean(tf.sub(logNormalizer, tf.sub(logBanana(z), q.logProb(z))))
        })[0]!
      const run = { where: "test", key: () => key, training: false }
      // The draws' log-ratios have a deviation of 0.3 at most: their mean is off by 0.01 with probability 1e-5.
      expect(gap(flow((z) => network.apply(fit.params.network, z, run)))).toBeLessThan(0.06)
      // Of normals without correlation this is the best, at 0.317.
      expect(gap(Normal({ loc: [0, -0.305], scale: [0.625, 0.5] }).toEvent(1))).toBeGreaterThan(0.29)
    }),
  )

  it.effect("a spline comes within 0.01 of a density of two modes, by maximum likelihood", () =>
    Effect.gen(function* () {
      const mode = (x: number, loc: number) =>
        Math.exp(-((x - loc) ** 2) / 0.32) / (0.4 * Math.sqrt(2 * Math.PI))
      const truth = (x: number) => Math.log((mode(x, -1.3) + mode(x, 1.3)) / 2)
      const n = 240
      // Its quantiles, rather than draws: what is left is what the spline cannot do.
      const quantiles = numbers(() => ndtri(tf.linspace(1 / n, 1 - 1 / n, n / 2)))
      const data = tf.tensor1d([-1.3, 1.3].flatMap((loc) => quantiles.map((q) => loc + 0.4 * q)))
      const flow = (raw: Omit<Transform.Spline, "bound">) =>
        Flow(Normal({ loc: 0, scale: 1 }), [Transform.rationalQuadraticSpline({ ...raw, bound: 4 })])
      const zeros = (k: number) => new Array<number>(k).fill(0)
      const model = Effect.fnUntraced(function* (x: tf.Tensor) {
        const widths = yield* param("widths", zeros(8))
        const heights = yield* param("heights", zeros(8))
        const derivatives = yield* param("derivatives", zeros(7))
        yield* plate("rows", { size: n })(observe("x", flow({ widths, heights, derivatives }), x), x)
      })
      const steps = 150
      const fit = yield* fitSVI(model, () => Effect.void, data, {
        steps,
        key: Key.key(3),
        optimizer: Optimizer.adam(Schedule.cosine(0.15, { decaySteps: steps })),
      })
      // KL(truth ‖ fitted) by the midpoint rule.
      const xs = Array.from({ length: 800 }, (_, i) => -4 + (i + 0.5) * 0.01)
      const divergence = (d: Distribution) => {
        const found = numbers(() => d.logProb(tf.tensor1d(xs)))
        return xs.reduce((sum, x, i) => sum + 0.01 * Math.exp(truth(x)) * (truth(x) - found[i]!), 0)
      }
      expect(divergence(flow(fit.params))).toBeLessThan(0.01)
      // Of normals the one with the truth's moments is the best.
      expect(divergence(Normal({ loc: 0, scale: Math.hypot(1.3, 0.4) }))).toBeGreaterThan(0.3)
      data.dispose()
    }),
  )
})
