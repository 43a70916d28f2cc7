/**
 * The Kullback–Leibler divergence KL(p ‖ q) = E_p[log p(x) − log q(x)] where a closed form is known.
 *
 * {@link pairs} lists them: the family of p, then of q. Two `Independent` distributions, and two `Transformed` by
 * one and the same transform, have the divergence of their bases. A pair that is not listed does not compile where
 * both families are known; `klResult` asks at run time.
 *
 * ```ts
 * kl(Normal({ loc: [0, 1], scale: 1 }), Normal({ loc: 0, scale: 2 }))   // shape [2]
 * kl(Normal({ loc: 0, scale: 1 }), Bernoulli({ probs: 0.5 }))           // does not compile
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { Result } from "effect"
import { ShapeMismatch } from "../tensor/errors.ts"
import { broadcast, equals, format, sumRightmost } from "../tensor/Shape.ts"
import { type Bernoulli, klBernoulliBernoulli } from "./Bernoulli.ts"
import type { Categorical } from "./Categorical.ts"
import { broadcastTo, type Distribution } from "./Distribution.ts"
import { NoClosedForm } from "./errors.ts"
import { type HalfNormal, klHalfNormalHalfNormal } from "./HalfNormal.ts"
import { IndependentDistribution } from "./Independent.ts"
import type { LogNormal } from "./LogNormal.ts"
import { klNormalNormal, type Normal } from "./Normal.ts"
import type { OneHotCategorical } from "./OneHotCategorical.ts"
import { TransformedDistribution } from "./Transformed.ts"
import { klUniformUniform, type Uniform } from "./Uniform.ts"
import { klWeights } from "./weights.ts"

/** The closed forms, elementwise over the batch: the family of p, then of q, then the formula. */
export const pairs = {
  Normal: { Normal: (p: Normal, q: Normal) => klNormalNormal(p, q) },
  // A divergence does not change under a map of both, here the logarithm.
  LogNormal: { LogNormal: (p: LogNormal, q: LogNormal) => klNormalNormal(p, q) },
  HalfNormal: { HalfNormal: (p: HalfNormal, q: HalfNormal) => klHalfNormalHalfNormal(p, q) },
  Uniform: { Uniform: (p: Uniform, q: Uniform) => klUniformUniform(p, q) },
  Bernoulli: { Bernoulli: (p: Bernoulli, q: Bernoulli) => klBernoulliBernoulli(p, q) },
  Categorical: { Categorical: (p: Categorical, q: Categorical) => klWeights(p.weights, q.weights) },
  OneHotCategorical: {
    OneHotCategorical: (p: OneHotCategorical, q: OneHotCategorical) => klWeights(p.weights, q.weights),
  },
} as const

type Pairs = typeof pairs

/** The pairs among P × Q that have no closed form, as text; never, if all have one. */
type Unknown<P, Q> =
  P extends IndependentDistribution<infer A>
    ? Q extends IndependentDistribution<infer B>
      ? Unknown<A, B>
      : Named<P, Q>
    : P extends TransformedDistribution<infer A, string>
      ? Q extends TransformedDistribution<infer B, string>
        ? Unknown<A, B>
        : Named<P, Q>
      : P extends { readonly family: infer F extends keyof Pairs }
        ? Q extends { readonly family: keyof Pairs[F] }
          ? never
          : Named<P, Q>
        : Named<P, Q>

type Named<P, Q> = P extends { readonly family: infer F extends string }
  ? Q extends { readonly family: infer G extends string }
    ? `${F} ‖ ${G}`
    : never
  : never

/** Nothing to ask of Q, or a property that it lacks and whose name says what is wrong. */
export type HasClosedForm<P, Q> = [Unknown<P, Q>] extends [never]
  ? unknown
  : { readonly [K in `no closed form is known for KL(${Unknown<P, Q>}); use klResult or Monte Carlo`]: never }

/**
 * KL(p ‖ q) in nats, of the shape that the two batch shapes broadcast to. Throws `ShapeMismatch` where their shapes
 * do not agree, `NoClosedForm` where two `Transformed` differ in their transform.
 */
export const kl = <P extends Distribution, Q extends Distribution>(
  p: P,
  q: Q & HasClosedForm<P, Q>,
): tf.Tensor => {
  const formula = find(p, q)
  if (formula === undefined) throw new NoClosedForm({ p: describe(p), q: describe(q) })
  return evaluate(p, q, formula)
}

/** {@link kl} for families that are known only at run time. */
export const klResult = (p: Distribution, q: Distribution): Result.Result<tf.Tensor, NoClosedForm> => {
  const formula = find(p, q)
  return formula === undefined
    ? Result.fail(new NoClosedForm({ p: describe(p), q: describe(q) }))
    : Result.succeed(evaluate(p, q, formula))
}

/** Whether KL(p ‖ q) has a closed form here. Makes no tensors. */
export const hasKl = (p: Distribution, q: Distribution): boolean => find(p, q) !== undefined

type Formula = (p: Distribution, q: Distribution) => tf.Tensor

const find = (p: Distribution, q: Distribution): Formula | undefined => {
  if (p instanceof IndependentDistribution && q instanceof IndependentDistribution) {
    const base = find(p.base, q.base)
    return base && (() => sumRightmost(evaluate(p.base, q.base, base), alignedRank(p, q)))
  }
  if (p instanceof TransformedDistribution && q instanceof TransformedDistribution) {
    if (p.transform !== q.transform) return undefined
    const base = find(p.base, q.base)
    return base && (() => evaluate(p.base, q.base, base))
  }
  const table: Readonly<Record<string, Readonly<Record<string, unknown>>>> = pairs
  return table[p.family]?.[q.family] as Formula | undefined
}

const evaluate = (p: Distribution, q: Distribution, formula: Formula): tf.Tensor => {
  const problem = p.problem ?? q.problem
  if (problem !== undefined) throw problem
  const batch = broadcast(p.batchShape, q.batchShape)
  if (batch === undefined || !equals(p.eventShape, q.eventShape)) {
    throw new ShapeMismatch({
      where: `kl(${describe(p)} ‖ ${describe(q)})`,
      expected: "batch shapes that broadcast and equal event shapes",
      found: `batch ${format(p.batchShape)} and ${format(q.batchShape)}, event ${format(p.eventShape)} and ${format(q.eventShape)}`,
    })
  }
  return tf.tidy(() => broadcastTo(formula(p, q), batch))
}

const alignedRank = (
  p: IndependentDistribution<Distribution>,
  q: IndependentDistribution<Distribution>,
): number => {
  if (p.reinterpreted === q.reinterpreted) return p.reinterpreted
  throw new ShapeMismatch({
    where: `kl(${describe(p)} ‖ ${describe(q)})`,
    expected: "the same number of batch dimensions made part of the event in both",
    found: `${p.reinterpreted} and ${q.reinterpreted}`,
  })
}

const describe = (d: Distribution): string => {
  if (d instanceof IndependentDistribution) return `Independent(${describe(d.base)})`
  if (d instanceof TransformedDistribution) return `Transformed(${describe(d.base)}, ${d.transform.name})`
  return d.family
}
