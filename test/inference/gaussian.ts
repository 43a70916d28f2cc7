/**
 * Linear-Gaussian programs and their exact answers in float64, without the library: what an ELBO, its gradient, a
 * fitted posterior and an estimate of the evidence are compared with.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Context, Effect } from "effect"
import { Normal, observe, param, plate, Support, sample } from "../../src/index.ts"
import { type ElboOptions, elbo } from "../../src/inference/Elbo.ts"
import type { Estimate } from "../../src/inference/Objective.ts"
import { onBatch, synchronous } from "../../src/inference/programs.ts"
import { constrained, type ParamTree } from "../../src/inference/svi.ts"
import * as Key from "../../src/tensor/Key.ts"
import { normal, sum } from "../effects/numbers.ts"

type Program<E, R> = (data: tf.Tensor) => Effect.Effect<unknown, E, R>

/** One estimate of the ELBO at parameters on the real line, as a call that a tidy or a gradient can hold. */
export const estimateAt = <ME, MR, GE, GR>(
  model: Program<ME, MR>,
  guide: Program<GE, GR>,
  options: ElboOptions,
  at: { readonly params: ParamTree; readonly key: Key.Key; readonly data: tf.Tensor },
): Estimate => {
  const programs = synchronous(model, guide, Context.empty() as never)
  return elbo(options).estimate(onBatch(programs, at.data, [constrained(at.params)]), at.key, false)
}

/** The standard normals that a guide's site is drawn from, in a run of the ELBO at `key`. */
export const noise = (key: Key.Key, particle: number, site: string, shape: ReadonlyArray<number> = []) =>
  Array.from(
    Key.normalValues(Key.foldInName(Key.foldInName(Key.foldIn(key, particle), "guide"), site), shape),
  )

/** One unknown mean: mu ~ N(0, 2²), x_n ~ N(mu, 1.5²), q(mu) = N(loc, scale²). */
export const mean = {
  prior: 2,
  noise: 1.5,

  model: (size: number) =>
    Effect.fnUntraced(function* (x: tf.Tensor) {
      const mu = yield* sample("mu", Normal({ loc: 0, scale: 2 }))
      yield* plate("rows", { size })(observe("x", Normal({ loc: mu, scale: 1.5 }), x), x)
    }),

  guide: Effect.fnUntraced(function* (_: tf.Tensor) {
    const loc = yield* param("loc", 0)
    const scale = yield* param("scale", 1, { support: Support.positive })
    yield* sample("mu", Normal({ loc, scale }))
  }),

  posterior: (x: ReadonlyArray<number>) => {
    const precision = 1 / 4 + x.length / 2.25
    return { loc: sum(x) / 2.25 / precision, scale: precision ** -0.5 }
  },

  /** log p(x), by p(x) = p(x, mu) / p(mu | x) at mu = 0. */
  evidence: (x: ReadonlyArray<number>): number => {
    const { loc, scale } = mean.posterior(x)
    return normal(0, 0, 2) + sum(x.map((x) => normal(x, 0, 1.5))) - normal(0, loc, scale)
  },
}

/** A latent for each row: z_n ~ N(0, 1), x_n ~ N(weight · z_n + bias, 0.5²), q(z_n | x_n) = N(a·x_n + c, scale²). */
export const rows = {
  model: (size: number, weight: number, bias: number) =>
    Effect.fnUntraced(
      function* (x: tf.Tensor) {
        const z = yield* sample("z", Normal({ loc: 0, scale: 1 }))
        yield* observe("x", Normal({ loc: tf.add(tf.mul(z, weight), bias), scale: 0.5 }), x)
      },
      plate("rows", { size }),
    ),

  guide: (size: number) =>
    Effect.fnUntraced(
      function* (x: tf.Tensor) {
        const [a, c] = [yield* param("a", 0), yield* param("c", 0)]
        const scale = yield* param("scale", 1, { support: Support.positive })
        yield* sample("z", Normal({ loc: tf.add(tf.mul(x, a), c), scale }))
      },
      plate("rows", { size }),
    ),

  /** The parameters at which the guide is the exact posterior. */
  posterior: (weight: number, bias: number) => {
    const precision = 1 + weight ** 2 / 0.25
    const a = weight / 0.25 / precision
    return { a, c: -a * bias, scale: precision ** -0.5 }
  },

  /** log p(x_n). */
  evidence: (x: number, weight: number, bias: number): number => normal(x, bias, Math.hypot(weight, 0.5)),
}

/** KL(N(loc, scale²) ‖ N(priorLoc, priorScale²)). */
export const klNormal = (loc: number, scale: number, priorLoc: number, priorScale: number): number =>
  Math.log(priorScale / scale) + (scale ** 2 + (loc - priorLoc) ** 2) / (2 * priorScale ** 2) - 0.5

/** Least squares by the normal equations: coefficients of `features` that best give `targets`, and the worst residual. */
export const leastSquares = (
  features: ReadonlyArray<ReadonlyArray<number>>,
  targets: ReadonlyArray<number>,
): { readonly coefficients: ReadonlyArray<number>; readonly residual: number } => {
  const n = features[0]!.length
  const rows = Array.from({ length: n }, (_, i) => [
    ...Array.from({ length: n }, (_, j) => sum(features.map((f) => f[i]! * f[j]!))),
    sum(features.map((f, k) => f[i]! * targets[k]!)),
  ])
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      if (k === i) continue
      const ratio = rows[k]![i]! / rows[i]![i]!
      for (let j = i; j <= n; j++) rows[k]![j]! -= ratio * rows[i]![j]!
    }
  }
  const coefficients = rows.map((row, i) => row[n]! / row[i]!)
  const residuals = features.map((f, k) => Math.abs(sum(f.map((x, i) => x * coefficients[i]!)) - targets[k]!))
  return { coefficients, residual: Math.max(...residuals) }
}
