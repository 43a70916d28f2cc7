/**
 * Mixtures beside their laws: classes without weight and values without density; class probabilities; the path of each
 * draw; what does not fit or does not compile; mixtures in programs.
 */
import { describe, expect, it, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import {
  type Distribution,
  findProblem,
  type HasCdf,
  toTensor,
} from "../../src/distributions/Distribution.ts"
import {
  Backend,
  Beta,
  Categorical,
  Cauchy,
  Exponential,
  fitSVI,
  HalfNormal,
  InvalidParameter,
  Key,
  Laplace,
  Mixture,
  MixtureSameFamily,
  MultivariateNormal,
  Normal,
  Optimizer,
  observe,
  Pareto,
  Poisson,
  param,
  plate,
  type Reparameterized,
  ShapeMismatch,
  StudentT,
  sample,
  Transform,
  Transformed,
  trace,
  Uniform,
} from "../../src/index.ts"
import { erfc } from "../../src/tensor/special/scalar/erf.ts"
import { expectClose, numbers } from "../laws/numbers.ts"
import { on } from "../laws/onBackends.ts"

const standard = Normal({ loc: 0, scale: 1 })
const thirds = Categorical({ probs: [0.2, 0.3, 0.5] })
const halves = Categorical({ probs: [0.5, 0.5] })

interface NormalMixture {
  readonly loc: ReadonlyArray<number>
  readonly scale: ReadonlyArray<number>
  readonly probs: ReadonlyArray<number>
}

/** F(x) of a mixture of normals, in float64. */
const distributionAt = (x: number, { loc, scale, probs }: NormalMixture): number => {
  const parts = probs.map((p, k) => (p / 2) * erfc((loc[k]! - x) / (scale[k]! * Math.SQRT2)))
  return parts.reduce((a, b) => a + b) / probs.reduce((a, b) => a + b)
}

/** The x with F(x) = u. */
const quantile = (u: number, mixture: NormalMixture): number => {
  let [low, high] = [-20, 20]
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2
    if (distributionAt(middle, mixture) < u) low = middle
    else high = middle
  }
  return low
}

/** The shares of two classes. */
const odds = (a: number, b: number): [number, number] => [a / (a + b), b / (a + b)]

/** log p of `value`, and its gradients in the value and the tensors that `make` takes. */
const slopes = (
  make: (...params: Array<tf.Tensor>) => Distribution,
  params: ReadonlyArray<tf.TensorLike>,
  value: number,
) =>
  tf.tidy(() => {
    const score = (x: tf.Tensor, ...rest: Array<tf.Tensor>) => make(...rest).logProb(x)
    const inputs = [tf.scalar(value), ...params.map((p) => tf.tensor(p))] as [tf.Tensor, ...Array<tf.Tensor>]
    return {
      logProb: score(...inputs).dataSync()[0]!,
      gradients: tf
        .grads((...at) => score(...(at as typeof inputs)))(inputs)
        // Zero is zero.
        .map((g) => Array.from(g.dataSync(), (x) => x + 0)),
    }
  })

describe("a mixture", () => {
  on(["cpu", "wasm"], (check) => {
    check("takes no number from a class without weight, and gives it no gradient", () => {
      const normals = (loc: tf.Tensor, probs: tf.Tensor) =>
        MixtureSameFamily(Categorical({ probs }), Normal({ loc, scale: 1 }))
      const alone = slopes((loc) => Normal({ loc, scale: 1 }), [3], 2)
      const mixed = slopes(
        normals,
        [
          [5, 3, 1e30],
          [0, 1, 0],
        ],
        2,
      )
      expectClose([mixed.logProb], [alone.logProb], { relative: 1e-6 })
      // The weights are divided by their sum: in each of those without, log p falls as log Σ w grows.
      expect(mixed.gradients).toEqual([[1], [0, -1, 0], [-1, 0, -1]])
      const byLogits = slopes(
        (loc, logits) => MixtureSameFamily(Categorical({ logits }), Normal({ loc, scale: 1 })),
        [
          [5, 3],
          [-Infinity, 7],
        ],
        2,
      )
      expectClose([byLogits.logProb], [alone.logProb], { relative: 1e-6 })
      expect(byLogits.gradients).toEqual([[1], [0, -1], [0, 0]])
      // Nor an infinite density, mean or variance, which else are the mixture's.
      const empty = slopes(
        (a, logits) =>
          MixtureSameFamily(Categorical({ logits }), Beta({ concentration1: a, concentration0: 2 })),
        [
          [1, 0.5],
          [0, -Infinity],
        ],
        0,
      )
      expectClose([empty.logProb], [Math.log(2)], { relative: 1e-6 })
      // The slope of log p in the first concentration is log x, and infinite.
      expect(empty.gradients.slice(1)).toEqual([
        [-Infinity, 0],
        [0, 0],
      ])
      const pareto = MixtureSameFamily(halves, Pareto({ scale: 1, alpha: [0.9, 3] }))
      expect(numbers(() => tf.stack([pareto.mean(), pareto.variance()]))).toEqual([Infinity, Infinity])
      const free = Mixture(Categorical({ probs: [0, 1] }), [
        StudentT({ df: 0.5, loc: 0, scale: 1 }),
        StudentT({ df: 3, loc: 2, scale: 1 }),
      ])
      expect(numbers(() => free.mean())).toEqual([2])
      expectClose(
        numbers(() => free.variance()),
        [3],
        { relative: 1e-6 },
      )
    })

    check("leaves out the components that have no density at a value, and is −∞ where none has", () => {
      const uniforms = (low: tf.Tensor, high: tf.Tensor, probs: tf.Tensor) =>
        MixtureSameFamily(Categorical({ probs }), Uniform({ low, high }))
      const params = [
        [0, 4],
        [1, 6],
        [0.25, 0.75],
      ]
      const inOne = slopes(uniforms, params, 5)
      expectClose([inOne.logProb], [Math.log(0.75 / 2)], { relative: 1e-6 })
      // log w − log(high − low), with w = p₁ / (p₀ + p₁).
      expect(inOne.gradients[1]).toEqual([0, 0.5])
      expect(inOne.gradients[2]).toEqual([0, -0.5])
      expectClose(inOne.gradients[3]!, [-1, 1 / 0.75 - 1], { relative: 1e-6 })
      const between = slopes(uniforms, params, 2)
      expect(between.logProb).toBe(-Infinity)
      expect(between.gradients).toEqual([[0], [0, 0], [0, 0], [0, 0]])
      const mixed = (rate: tf.Tensor, logits: tf.Tensor) =>
        Mixture(Categorical({ logits }), [Exponential({ rate }), HalfNormal({ scale: 2 })])
      const outside = slopes(mixed, [2, [0, 1]], -1)
      expect(outside.logProb).toBe(-Infinity)
      expect(outside.gradients).toEqual([[0], [0], [0, 0]])
      // Densities of zero within the support, whose slopes are infinite.
      const ends = slopes(
        (a, probs) =>
          MixtureSameFamily(Categorical({ probs }), Beta({ concentration1: a, concentration0: [1, 3] })),
        [
          [1, 2],
          [0.5, 0.5],
        ],
        1,
      )
      expectClose([ends.logProb], [Math.log(0.5)], { relative: 1e-6 })
      expect(ends.gradients).toEqual([[0], [1, 0], [1, -1]])
      const none = slopes((rate) => MixtureSameFamily(halves, Poisson({ rate })), [[0, 4]], 3)
      expectClose([none.logProb], [Math.log((0.5 * 64) / 6) - 4], { relative: 1e-6 })
      expectClose(none.gradients[1]!, [0, 3 / 4 - 1], { relative: 1e-6 })
      const far = slopes(
        (loc) => MixtureSameFamily(halves, Normal({ loc, scale: [1, 1e20] })),
        [[0, 0]],
        1e20,
      )
      expectClose(far.gradients.flat(), [-1e-20, 0, 1e-20], { relative: 1e-6 })
      // An infinite density is all of the mixture.
      const infinite = MixtureSameFamily(thirds, Beta({ concentration1: [0.5, 2, 0.1], concentration0: 1 }))
      expect(numbers(() => infinite.logProb(tf.scalar(0)))).toEqual([Infinity])
      expectClose(
        numbers(() => infinite.responsibilities(tf.scalar(0))),
        [2 / 7, 0, 5 / 7],
        { relative: 1e-6 },
      )
      // Together with a value that has a density.
      const both = tf.tidy(() => {
        const x = tf.tensor([2, 0.5])
        const total = (rate: tf.Tensor) => tf.sum(tf.maximum(mixed(rate, tf.tensor([0, 1])).logProb(x), -1e3))
        return Array.from(tf.grad(total)(tf.scalar(2)).dataSync())
      })
      expect(both.every(Number.isFinite)).toBe(true)
    })

    check("gives the probability of each class given a value", () => {
      const d = MixtureSameFamily(
        Categorical({ probs: [0.2, 0.8] }),
        Normal({
          loc: tf.tensor([
            [0, 1],
            [0, -1],
            [5, 5],
          ]),
          scale: 1,
        }),
      )
      tf.tidy(() => {
        const x = tf.tensor([
          [0.5, 0, 12],
          [-3, 2, Number.POSITIVE_INFINITY],
        ])
        const shares = d.responsibilities(x)
        expect(shares.shape).toEqual([2, 3, 2])
        expect(d.componentLogProbs(x).shape).toEqual([2, 3, 2])
        const [s] = shares.arraySync() as Array<Array<[number, number]>>
        expectClose(s!.flat(), [0.2, 0.8, ...odds(0.2, 0.8 * Math.exp(-0.5)), 0.2, 0.8], {
          relative: 1e-5,
        })
        expectClose(
          numbers(() => tf.sum(d.responsibilities(x), -1)),
          [1, 1, 1, 1, 1, 1],
          { absolute: 1e-6 },
        )
        expectClose(
          numbers(() => tf.logSumExp(tf.slice(d.componentLogProbs(x), [0, 0, 0], [1, 3, 2]), -1)),
          numbers(() => tf.slice(d.logProb(x), [0, 0], [1, 3])),
          { relative: 1e-6 },
        )
      })
      // Nothing is known of a value that cannot be: the weights stay.
      const half = MixtureSameFamily(Categorical({ probs: [0.2, 0.8] }), HalfNormal({ scale: [1, 2] }))
      expectClose(
        numbers(() => half.responsibilities(tf.scalar(-1))),
        [0.2, 0.8],
        { relative: 1e-6 },
      )
    })

    check("has no more than all its mass below any value", () => {
      const logits = tf.tidy(() => tf.mul(Key.normal(Key.key(0), [300, 7]), 2))
      const d = MixtureSameFamily(Categorical({ logits }), Normal({ loc: [0, 0, 0, 0, 0, 0, 0], scale: 1 }))
      const above = numbers(() => d.cdf(tf.scalar(50)))
      expect(Math.max(...above)).toBe(1)
      expect(Math.min(...above)).toBeGreaterThan(1 - 1e-6)
      logits.dispose()
    })

    check("grows likelier with each step of expectation maximization", () => {
      tf.tidy(() => {
        const truth = MixtureSameFamily(
          Categorical({ probs: [0.3, 0.7] }),
          Normal({ loc: [-2, 3], scale: [0.5, 1] }),
        )
        const x = truth.sample(Key.key(0), [4000])
        let d = MixtureSameFamily(halves, Normal({ loc: [-1, 1], scale: 2 }))
        let before = -Infinity
        for (let step = 0; step < 30; step++) {
          const [likelihood] = numbers(() => tf.mean(d.logProb(x)))
          expect(likelihood).toBeGreaterThan(before - 1e-5)
          before = likelihood!
          const shares = d.responsibilities(x)
          const column = tf.broadcastTo(tf.expandDims(x, 1), [4000, 2])
          d = MixtureSameFamily(
            Categorical({ probs: tf.mean(shares, 0) }),
            Normal(Normal.fit(column, shares)),
          )
        }
        // Five standard errors of the estimates.
        expectClose(
          numbers(() => d.components.mean()),
          [-2, 3],
          { absolute: 0.1 },
        )
        expectClose(
          numbers(() => d.mixing.params.probs!.value as tf.Tensor),
          [0.3, 0.7],
          { absolute: 0.037 },
        )
      })
    })

    check("moves each draw along the quantile function, in the weights too", () => {
      const params = { loc: [-1, 0.5, 2], scale: [0.7, 1, 0.4], probs: [0.2, 0.5, 0.3] }
      const drawn = (loc: tf.Tensor, scale: tf.Tensor, probs: tf.Tensor) =>
        MixtureSameFamily(Categorical({ probs }), Normal({ loc, scale })).rsample(Key.key(4), [6])
      tf.tidy(() => {
        const inputs = Object.values(params).map((p) => tf.tensor(p)) as [tf.Tensor, tf.Tensor, tf.Tensor]
        const z = drawn(...inputs).dataSync()
        for (let i = 0; i < 6; i++) {
          const found = tf
            .grads((...at) => tf.slice(drawn(...(at as typeof inputs)), [i], [1]))(inputs)
            .flatMap((g) => Array.from(g.dataSync()))
          const expected = (["loc", "scale", "probs"] as const).flatMap((name) =>
            [0, 1, 2].map((k) => {
              const at = (h: number) =>
                quantile(distributionAt(z[i]!, params), {
                  ...params,
                  [name]: params[name].map((x, j) => (j === k ? x + h : x)),
                })
              return (at(1e-5) - at(-1e-5)) / 2e-5
            }),
          )
          expectClose(found, expected, { relative: 1e-3, absolute: 1e-3 }, `draw ${z[i]}`)
        }
      })
    })

    check("has the gradient of its list in the gradient of its batch", () => {
      const [loc, scale, logits] = [
        [-1, 2],
        [0.5, 1],
        [0.3, -0.2],
      ]
      const path = (make: (loc: tf.Tensor, scale: tf.Tensor, logits: tf.Tensor) => Distribution & HasCdf) =>
        tf.tidy(() => {
          const inputs = [loc, scale, logits].map((p) => tf.tensor(p!)) as [tf.Tensor, tf.Tensor, tf.Tensor]
          const x = tf.tensor([-1.2, 0, 2.5])
          return tf
            .grads((...at) => {
              const d = make(...(at as typeof inputs))
              return tf.sum(tf.add(d.cdf(x), d.logProb(x)))
            })(inputs)
            .flatMap((g) => Array.from(g.dataSync()))
        })
      const cell = (x: tf.Tensor, k: number) => tf.squeeze(tf.slice(x, [k], [1]))
      expectClose(
        path((loc, scale, logits) =>
          Mixture(
            Categorical({ logits }),
            [0, 1].map((k) => Normal({ loc: cell(loc, k), scale: cell(scale, k) })),
          ),
        ),
        path((loc, scale, logits) => MixtureSameFamily(Categorical({ logits }), Normal({ loc, scale }))),
        { relative: 1e-5, absolute: 1e-6 },
      )
    })
  })

  on(["cpu"], (check) => {
    check("may be of vectors, of mixtures, and within other distributions", () => {
      tf.tidy(() => {
        const key = Key.key(2)
        const images = MixtureSameFamily(
          Categorical({ logits: tf.zeros([4, 3]) }),
          Normal({ loc: tf.ones([3, 20]), scale: 2 }).toEvent(1),
        )
        expect([images.batchShape, images.eventShape, images.gradient]).toEqual([[4], [20], "score"])
        expect(images.sample(key, [5]).shape).toEqual([5, 4, 20])
        expect(images.mean().shape).toEqual([4, 20])
        expect("rsample" in images || "cdf" in images).toBe(false)
        expectClose(
          numbers(() => images.logProb(tf.zeros([20]))),
          numbers(() =>
            tf.fill(
              [4],
              Normal({ loc: tf.ones([20]), scale: 2 })
                .toEvent(1)
                .logProb(tf.zeros([20]))
                .dataSync()[0]!,
            ),
          ),
          { relative: 1e-6 },
        )
        const list = Mixture(thirds, [
          Normal({ loc: [[0], [1]], scale: [1, 2, 3] }).toEvent(1),
          MultivariateNormal({ loc: [3, 2, 1], scaleTril: tf.eye(3) }),
          Laplace({ loc: [-1, -2, -3], scale: 1 }).toEvent(1),
        ])
        expect([list.batchShape, list.eventShape]).toEqual([[2], [3]])
        expectClose(
          numbers(() => list.mean()),
          [0.4, -0.4, -1.2, 0.6, -0.2, -1],
          { absolute: 1e-6 },
        )
        const draws = list.sample(key, [20_000])
        expect(draws.shape).toEqual([20_000, 2, 3])
        const { mean, variance } = tf.moments(draws, 0)
        // Five standard errors, of variances up to 8 and fourth moments about 300.
        expectClose(
          numbers(() => mean),
          numbers(() => list.mean()),
          { absolute: 0.1 },
        )
        expectClose(
          numbers(() => variance),
          numbers(() => list.variance()),
          { absolute: 0.6 },
        )
        const inner = Mixture(halves, [standard, Normal({ loc: 4, scale: 1 })])
        const nested = Mixture(Categorical({ probs: [0.4, 0.6] }), [inner, Laplace({ loc: 0, scale: 1 })])
        const flat = Mixture(Categorical({ probs: [0.2, 0.2, 0.6] }), [
          standard,
          Normal({ loc: 4, scale: 1 }),
          Laplace({ loc: 0, scale: 1 }),
        ])
        const x = tf.tensor([-1, 0.5, 6])
        expectClose(
          numbers(() => nested.logProb(x)),
          numbers(() => flat.logProb(x)),
          { relative: 1e-6 },
        )
        expectClose(
          numbers(() => nested.variance()),
          numbers(() => flat.variance()),
          { relative: 1e-6 },
        )
        expect(nested.rsample(key, [3]).shape).toEqual([3])
        const positive = Transformed(nested, Transform.exp)
        expectClose(
          numbers(() => positive.logProb(tf.exp(x))),
          numbers(() => tf.sub(flat.logProb(x), x)),
          { relative: 1e-5 },
        )
        expect(flat.toEvent(0).rsample(key).shape).toEqual([])
        const wide = flat.expand([2, 3]).toEvent(1)
        expect(wide.logProb(wide.sample(key, [7])).shape).toEqual([7, 2])
      })
    })

    check("lies in the union of its components' supports", () => {
      const d = MixtureSameFamily(halves, Uniform({ low: [0, 4], high: [1, 6] }))
      const list = Mixture(halves, [Uniform({ low: 0, high: 1 }), Uniform({ low: 4, high: 6 })])
      for (const { support } of [d, list]) {
        expect(support.name).toBe("interval")
        expect(support).toMatchObject({ lower: 0, upper: 6 })
        expect(numbers(() => support.inside!(tf.tensor([-1, 0.5, 3, 5, 7])))).toEqual([0, 1, 0, 1, 0])
        expect(support.contains([7])).toBe(false)
        expect(numbers(() => support.inside!(toTensor(support.member(1))))).toEqual([1])
      }
      const [low, high] = [tf.tensor([0, 4]), tf.tensor([1, 6])]
      const unknown = MixtureSameFamily(halves, Uniform({ low, high })).support
      tf.dispose([low, high])
      // The host does not know ends that are tensors: no bijection is made onto them.
      expect(unknown).toMatchObject({ lower: -Infinity, upper: Infinity })
      expect(
        MixtureSameFamily(Categorical({ probs: [1] }), Normal({ loc: [0], scale: 1 })).support.inside,
      ).toBeUndefined()
    })
  })
})

describe("a mixture that does not fit together", () => {
  const mismatched = (d: Distribution): ShapeMismatch => {
    expect(d.problem).toBeInstanceOf(ShapeMismatch)
    expect(() => d.sample(Key.key(0))).toThrow(d.problem!.message)
    expect(d.expand([2]).problem).toBe(d.problem)
    return d.problem as ShapeMismatch
  }

  it("says how many components there should be", () => {
    expect(mismatched(MixtureSameFamily(thirds, Normal({ loc: [0, 1], scale: 1 }))).message).toBe(
      "MixtureSameFamily(mixing, components): expected components whose last batch dimension is the mixing's 3 classes, " +
        "found batch shape [2]",
    )
    expect(mismatched(MixtureSameFamily(thirds, standard)).message).toContain("found batch shape []")
    expect(mismatched(Mixture(thirds, [standard, standard])).message).toBe(
      "Mixture(mixing, components): expected one component for each of the mixing's 3 classes, found 2 components",
    )
    expect(mismatched(Mixture(thirds, [])).message).toContain("found 0 components")
  })

  it("says which shapes differ", () => {
    const rows = Categorical({
      probs: [
        [0.5, 0.5],
        [0.1, 0.9],
      ],
    })
    const wide = Normal({ loc: [[0], [1], [2]], scale: [1, 2] })
    expect(mismatched(MixtureSameFamily(rows, wide)).message).toContain("found components [3], mixing [2]")
    expect(mismatched(Mixture(halves, [wide, Normal({ loc: [0, 0, 0, 0], scale: 1 })])).message).toContain(
      "found Normal [3, 2], Normal [4]",
    )
    expect(mismatched(Mixture(halves, [standard, wide.toEvent(1)])).message).toContain(
      "components with one event shape, found Normal [], Independent [2]",
    )
  })

  it("names the component that is wrong", () => {
    const bad = Mixture(halves, [standard, Normal({ loc: 0, scale: [1, -1] })])
    expect(bad.problem).toBeInstanceOf(InvalidParameter)
    expect(bad.problem!.message).toBe(
      'Mixture: parameter "components[1].scale" must be positive and finite, found -1 at index [1]',
    )
    const ragged = Mixture(halves, [standard, Normal({ loc: [0, 1], scale: [1, 2, 3] })])
    expect(mismatched(ragged).where).toBe("Mixture: components[1]: Normal(loc, scale)")
    // First the components, then the mixing, then how they fit.
    const all = MixtureSameFamily(Categorical({ probs: [0.5, 0.6, 0] }), Normal({ loc: [0, 1], scale: 0 }))
    expect((all.problem as InvalidParameter).parameter).toBe("components.scale")
    const two = MixtureSameFamily(Categorical({ probs: [0.5, 0.6, 0] }), Normal({ loc: [0, 1], scale: 1 }))
    expect((two.problem as InvalidParameter).parameter).toBe("mixing.probs")
  })

  it("refuses components on different sets where the compiler does not know them", () => {
    const components: ReadonlyArray<Distribution> = [standard, HalfNormal({ scale: 1 })]
    expect(Mixture(halves, components).problem!.message).toBe(
      'Mixture: parameter "components" must be distributions on one set, found Normal on "real", HalfNormal on "positive"',
    )
  })

  on(["cpu"], (check) => {
    check("is found among tensors, within mixtures too", () => {
      tf.tidy(() => {
        const ends = MixtureSameFamily(halves, Uniform({ low: tf.tensor([0, 1]), high: tf.tensor([1, 0.5]) }))
        expect(findProblem(ends)!.message).toBe(
          'MixtureSameFamily: parameter "components.high" must be greater than "components.low", ' +
            "found components.high − components.low = -0.5 at index [1]",
        )
        const inner = MixtureSameFamily(
          Categorical({ probs: tf.tensor([0.5, 0.6]) }),
          Normal({ loc: [0, 1], scale: 1 }),
        )
        const outer = Mixture(halves, [standard, inner])
        expect(outer.problem).toBeUndefined()
        expect((findProblem(outer) as InvalidParameter).parameter).toBe("components[1].mixing.probs")
      })
    })
  })
})

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const holds = <T extends true>(...proof: Array<T>): number => proof.length

const normals = MixtureSameFamily(halves, Normal({ loc: [0, 1], scale: 1 }))
const heavy = Mixture(halves, [standard, Cauchy({ loc: 0, scale: 1 })])
const counts = MixtureSameFamily(halves, Poisson({ rate: [1, 20] }))
const vectors = MixtureSameFamily(halves, Normal({ loc: [[0], [1]], scale: [1, 2, 3] }).toEvent(1))

/** Never called: its body is for the compiler. */
const mustNotCompile = (key: Key.Key) => {
  // @ts-expect-error a Cauchy has no mean
  heavy.mean()
  // @ts-expect-error so there is no variance
  heavy.variance()
  // @ts-expect-error a count is not differentiable
  counts.rsample(key)
  // @ts-expect-error a vector has no cumulative distribution
  vectors.rsample(key)
  // @ts-expect-error a number and a positive number
  Mixture(halves, [standard, HalfNormal({ scale: 1 })])
  // @ts-expect-error the weights of classes are a categorical's
  Mixture(standard, [standard, standard])
  // @ts-expect-error counts are no numbers on the line
  const real: Distribution<"real"> = counts
  return real
}

describe("the type of a mixture", () => {
  it("has what all its components have", () => {
    expect(mustNotCompile).toBeTypeOf("function")
    expect(
      holds(
        true as Equal<typeof normals.support.name, "real">,
        true as Equal<typeof normals.gradient, "pathwise">,
        true as Equal<typeof heavy.gradient, "pathwise">,
        true as Equal<typeof counts.gradient, "score">,
        true as Equal<typeof counts.support.name, "nonNegativeInteger">,
        true as Equal<typeof vectors.gradient, "score">,
      ),
    ).toBe(6)
    const pathwise: ReadonlyArray<Reparameterized<"real">> = [normals, heavy, normals.toEvent(0)]
    for (const d of pathwise) expect([d.gradient, "rsample" in d]).toEqual(["pathwise", true])
    for (const d of [counts, vectors]) expect([d.gradient, "rsample" in d]).toEqual(["score", false])
    expect(["mean" in heavy, "variance" in heavy, "cdf" in heavy]).toEqual([false, false, true])
    expect(["mean" in vectors, "variance" in vectors, "cdf" in vectors]).toEqual([true, true, false])
    expect(["mean" in counts, "variance" in counts, "cdf" in counts]).toEqual([true, true, true])
  })
})

const truth = { loc: [-2, 1.5], scale: [0.5, 0.8], probs: [0.35, 0.65] }

layer(Backend.wasm())((it) => {
  describe("a mixture in a program", () => {
    it.effect("is drawn and scored at a site, in a plate, and observed", () =>
      Effect.gen(function* () {
        const program = Effect.gen(function* () {
          const z = yield* sample("z", normals)
          yield* sample("count", counts).pipe(plate("rows", { size: 5 }))
          yield* observe("x", heavy, 0.7)
          return z
        })
        const t = yield* trace(program, { key: Key.key(3) })
        expect(t.values.count.shape).toEqual([5])
        expectClose(
          numbers(() => t.sites.get("z")!.logProb),
          numbers(() => normals.logProb(tf.clone(t.values.z))),
          { relative: 1e-6 },
        )
        expectClose(
          numbers(() => t.sites.get("x")!.logProb),
          [Math.log(0.5 / Math.sqrt(2 * Math.PI) / Math.exp(0.245) + 0.5 / Math.PI / 1.49)],
          { relative: 1e-6 },
        )
        const wrong = yield* Effect.flip(
          trace(sample("w", Mixture(halves, [standard, Normal({ loc: 0, scale: -1 })])), { key: Key.key(0) }),
        )
        expect(wrong.message).toContain('site "w": Mixture: parameter "components[1].scale"')
      }),
    )

    it.effect("is fitted to data by its parameters", () =>
      Effect.gen(function* () {
        const x = tf.tidy(() =>
          MixtureSameFamily(Categorical({ probs: truth.probs }), Normal(truth)).sample(Key.key(1), [2000]),
        )
        const model = Effect.fnUntraced(function* (x: tf.Tensor) {
          const loc = yield* param("loc", [-1, 1])
          const logits = yield* param("logits", [0, 0])
          const d = MixtureSameFamily(Categorical({ logits }), Normal({ loc, scale: truth.scale }))
          yield* plate("rows", { size: 2000 })(observe("x", d, x), x)
        })
        const fit = yield* fitSVI(model, (_: tf.Tensor) => Effect.void, x, {
          optimizer: Optimizer.adam(0.05),
          steps: 200,
          key: Key.key(0),
        })
        // Five standard errors of the estimates.
        expectClose(
          numbers(() => fit.params.loc),
          truth.loc,
          { absolute: 0.12 },
        )
        expectClose(
          numbers(() => tf.softmax(fit.params.logits)),
          truth.probs,
          { absolute: 0.06 },
        )
        tf.dispose([x, fit.params])
      }),
    )
  })
})
