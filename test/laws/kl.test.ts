/**
 * Laws of the closed-form divergences: KL(p ‖ q) is the integral of p (log p − log q), is what draws from p give on
 * the average, is zero where p = q and nowhere negative, and has the gradient that finite differences of it give.
 *
 * The Monte Carlo comparison takes 20,000 draws and fails a correct library with probability 6e-5 for each of fewer
 * than 300 comparisons (4 standard errors), 1.8% in all; the seeds are fixed.
 */
import { describe, expect } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Result } from "effect"
import type { Distribution } from "../../src/distributions/Distribution.ts"
import { hasKl, klResult } from "../../src/distributions/kl.ts"
import { Normal } from "../../src/distributions/Normal.ts"
import { exp, stickBreaking } from "../../src/distributions/Transform.ts"
import { Transformed } from "../../src/distributions/Transformed.ts"
import * as Key from "../../src/tensor/Key.ts"
import { changed, families, numbersOf, tensors } from "./families.ts"
import { expectation, type Grid, line, logProbs, simplexGrid } from "./grid.ts"
import { expectClose, numbers } from "./numbers.ts"
import { on } from "./onBackends.ts"
import { builtCrosses } from "./rows/built.ts"
import { discreteCrosses } from "./rows/discreteCrosses.ts"
import { gammaCrosses } from "./rows/gammaCrosses.ts"
import { realLineCrosses } from "./rows/realLineCrosses.ts"
import { vectorCrosses } from "./rows/vectorCrosses.ts"

interface Pair {
  readonly title: string
  readonly p: Distribution
  readonly q: Distribution
  readonly grid: Grid
  /** Whether it is its family's first: those are compared with draws. */
  readonly first?: boolean
}

const divergence = (p: Distribution, q: Distribution): tf.Tensor => Result.getOrThrow(klResult(p, q))

/** Families whose row has a formula, with the parameters of each in turn; and rows for what is built of others. */
const sameFamily: ReadonlyArray<Pair> = families.flatMap((row) => {
  const pairs = row.params.flatMap((a) => row.params.map((b) => [a, b] as const))
  return pairs.flatMap(([a, b]) => {
    const [p, q] = [row.make(a), row.make(b)]
    const sameClasses = Object.keys(a).every((k) => numbersOf(a[k]!).length === numbersOf(b[k]!).length)
    const shares = (row.alike ?? []).every((k) => a[k] === b[k])
    if (!hasKl(p, q) || !sameClasses || !shares) return []
    return [
      {
        title: `${row.name} ${JSON.stringify(a)} ‖ ${JSON.stringify(b)}`,
        p,
        q,
        grid: row.grid(a),
        first: a !== b && row.params.indexOf(a) < 2 && row.params.indexOf(b) < 2,
      },
    ]
  })
})

const plane: Grid = (() => {
  const side = line(-7, 7, 150)
  return {
    events: side.events.flatMap(([x]) => side.events.map(([y]) => [x!, y!])),
    weights: side.weights.flatMap((v) => side.weights.map((w) => v * w)),
    discrete: false,
  }
})()

const built: ReadonlyArray<Pair> = [
  {
    title: "Independent",
    p: Normal({ loc: [0, 1], scale: [1, 0.5] }).toEvent(1),
    q: Normal({ loc: [0.4, -0.2], scale: 1.2 }).toEvent(1),
    grid: plane,
  },
  {
    title: "Independent of an expanded scalar",
    p: Normal({ loc: 0.3, scale: 0.8 }).expand([2]).toEvent(1),
    q: Normal.standard([2]),
    grid: plane,
  },
  {
    title: "Transformed by exp",
    p: Transformed(Normal({ loc: 0.2, scale: 0.4 }), exp),
    q: Transformed(Normal({ loc: 0, scale: 0.6 }), exp),
    grid: line(0, 20, 20_000),
  },
  {
    title: "Transformed by stick-breaking",
    p: Transformed(Normal({ loc: [0.2, 0], scale: 0.7 }).toEvent(1), stickBreaking),
    q: Transformed(Normal.standard([2]), stickBreaking),
    grid: simplexGrid(200),
  },
]

/** Pairs of families that differ. */
const crosses: ReadonlyArray<Pair> = [
  ...discreteCrosses,
  ...realLineCrosses,
  ...gammaCrosses,
  ...vectorCrosses,
  ...builtCrosses,
]

describe("KL(p ‖ q) in closed form", () => {
  on(["cpu"], (check) => {
    check("is there for every family that is said to have one", () => {
      const names = new Set(sameFamily.map(({ p }) => p.family))
      expect([...names].sort()).toEqual([
        "AsymmetricLaplace",
        "Bernoulli",
        "Beta",
        "Binomial",
        "Categorical",
        "Cauchy",
        "Chi2",
        "ContinuousBernoulli",
        "Delta",
        "Dirichlet",
        "DiscreteUniform",
        "Exponential",
        "Gamma",
        "GammaPoisson",
        "GaussianRandomWalk",
        "Geometric",
        "Gumbel",
        "HalfCauchy",
        "HalfNormal",
        "InverseGamma",
        "InverseGaussian",
        "LKJCholesky",
        "Laplace",
        "LogNormal",
        "LogUniform",
        "Logistic",
        "LowRankMultivariateNormal",
        "Masked",
        "MatrixNormal",
        "Multinomial",
        "MultivariateNormal",
        "NegativeBinomial",
        "NegativeBinomial2",
        "Normal",
        "OneHotCategorical",
        "OrderedLogistic",
        "Pareto",
        "Poisson",
        "SoftLaplace",
        "StudentT",
        "Transformed",
        "TruncatedNormal",
        "Uniform",
        "VonMises",
        "VonMisesFisher",
        "Weibull",
        "WishartCholesky",
      ])
    })

    check("is the integral of p (log p − log q)", () => {
      for (const { title, p, q, grid } of [...sameFamily, ...built, ...crosses]) {
        const logP = logProbs(p, grid.events)
        const logQ = logProbs(q, grid.events)
        const expected = expectation(
          logP.map((logProb, i) => Math.exp(logProb) * grid.weights[i]!),
          grid,
          (_, i) => logP[i]! - logQ[i]!,
        )
        const [found] = numbers(() => divergence(p, q))
        // Far apart, log q is so large a number that its rounding is what is left.
        expectClose([found!], [expected], { relative: 2e-4, absolute: 2e-5 }, title)
        expect(found, title).toBeGreaterThan(-1e-6)
      }
    })

    check("is zero between equals", () => {
      for (const { title, p } of [...sameFamily, ...built]) {
        expectClose(
          numbers(() => divergence(p, p)),
          [0],
          { absolute: 2e-7 },
          title,
        )
      }
    })

    check("is what draws from p give on the average", () => {
      let compared = 0
      for (const [i, { title, p, q }] of [
        ...sameFamily.filter(({ first }) => first),
        ...built,
        ...crosses,
      ].entries()) {
        const [found] = numbers(() => divergence(p, q))
        if (!Number.isFinite(found)) continue
        const terms = numbers(() => {
          const draw = p.sample(Key.foldIn(Key.key(23), i), [20_000])
          return tf.sub(p.logProb(draw), q.logProb(draw))
        })
        const mean = terms.reduce((a, b) => a + b, 0) / terms.length
        const variance = terms.reduce((a, x) => a + (x - mean) ** 2, 0) / terms.length
        const error = Math.sqrt(variance / terms.length)
        expect(Math.abs(mean - found!), `${title}: ${mean} ± ${error} for ${found}`).toBeLessThan(
          4 * error + 1e-5 * Math.max(1, Math.abs(found!)),
        )
        compared++
      }
      expect(compared).toBeGreaterThan(20)
    })
  })

  on(["cpu", "wasm"], (check) => {
    check("has the gradient of its finite differences, and leaves no tensor behind", () => {
      for (const row of families) {
        const [a, b] = row.params as [(typeof row.params)[0], (typeof row.params)[0]]
        if (!hasKl(row.make(a), row.make(b))) continue
        // Within the support of both: a step must not leave it, nor start where the divergence is infinite.
        const near = Object.fromEntries(
          Object.entries(a).map(([k, v]) => [
            k,
            typeof v === "number" ? v * 1.2 : changed(v, (x) => x * 0.9 + 0.1 / v.length),
          ]),
        )
        const wide = row.wider ?? near
        // A point is covered by no other: there is nothing to step from where the divergence is infinite.
        const isCovered = numbers(() => divergence(row.make(a), row.make(wide))).every(Number.isFinite)
        if (row.movingSupport && !isCovered) continue
        const values = { ...a }
        const names = Object.keys(values)
        const before = tf.memory().numTensors
        const params = tensors(values)
        const gradients = tf.grads((...parts: Array<tf.Tensor>) =>
          tf.sum(
            divergence(row.make(Object.fromEntries(names.map((n, i) => [n, parts[i]!]))), row.make(wide)),
          ),
        )(Object.values(params))
        const found = gradients.map((g) => Array.from(g.dataSync()))
        for (const t of [...gradients, ...Object.values(params)]) t.dispose()
        expect(tf.memory().numTensors, row.name).toBe(before)
        names.forEach((name, n) => {
          if (row.alike?.includes(name)) return
          const expected = numbersOf(values[name]!).map((at, i) => {
            const kl = (step: number) =>
              numbers(() => {
                const there = {
                  ...values,
                  [name]: changed(values[name]!, (x, j) => (j === i ? x + step : x)),
                }
                return divergence(row.make(tensors(there)), row.make(wide))
              })[0]!
            const h = 0.02 * Math.max(Math.abs(at), 0.3)
            return (8 * (kl(h) - kl(-h)) - (kl(2 * h) - kl(-2 * h))) / (12 * h)
          })
          expectClose(found[n]!, expected, { relative: 1e-3, absolute: 2e-4 }, `${row.name}.${name}`)
        })
      }
    })
  })
})
