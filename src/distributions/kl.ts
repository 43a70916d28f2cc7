/**
 * The Kullback–Leibler divergence KL(p ‖ q) = E_p[log p(x) − log q(x)] where a closed form is known,
 * or a quadrature exact to float32.
 *
 * {@link pairs} lists them: the family of p, then of q, where `Independent(Normal)` is a `Normal` whose batch was made
 * part of the event. Two `Independent` distributions, and two `Transformed` by one and the same transform, have the
 * divergence of their bases; two `Masked` by one and the same mask have it where the mask is true, and 0 elsewhere. A
 * `Delta` at v, alone or `Independent`, has one from any q: its log-density less log q(v), the density being that
 * which it states of itself. A pair that is not listed does not compile where both families are known; `klResult` asks
 * at run time.
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
import { type DeltaDistribution, isPoint, klFromPoint } from "./Delta.ts"
import { broadcastTo, type Distribution } from "./Distribution.ts"
import { InvalidParameter, NoClosedForm } from "./errors.ts"
import { IndependentDistribution } from "./Independent.ts"
import { pairs } from "./kl/pairs.ts"
import { MaskedDistribution, sameMask, whereMasked } from "./Masked.ts"
import { TransformedDistribution } from "./Transformed.ts"

export { pairs }

type Pairs = typeof pairs

/** The pairs among P × Q that have no closed form, as text; never, if all have one. */
type Unknown<P, Q> = P extends unknown ? (IsPoint<P> extends true ? never : UnknownBases<P, Q>) : never

type UnknownBases<P, Q> =
  P extends IndependentDistribution<infer A>
    ? Q extends IndependentDistribution<infer B>
      ? Unknown<A, B>
      : Unlisted<P, Q>
    : P extends TransformedDistribution<infer A, string>
      ? Q extends TransformedDistribution<infer B, string>
        ? Unknown<A, B>
        : Named<P, Q>
      : P extends MaskedDistribution<infer A>
        ? Q extends MaskedDistribution<infer B>
          ? Unknown<A, B>
          : Named<P, Q>
        : Unlisted<P, Q>

/** Whether P is a `Delta`, or an `Independent` of one. */
type IsPoint<P> =
  P extends IndependentDistribution<infer A> ? IsPoint<A> : P extends DeltaDistribution<string> ? true : false

type Unlisted<P, Q> =
  Label<P> extends infer F extends keyof Pairs
    ? Q extends unknown
      ? Label<Q> extends keyof Pairs[F]
        ? never
        : Named<P, Q>
      : never
    : Named<P, Q>

type Named<P, Q> = `${Label<P>} ‖ ${Label<Q>}`

/** What {@link pairs} calls a distribution. */
type Label<P> =
  P extends IndependentDistribution<infer A>
    ? `Independent(${Label<A>})`
    : P extends { readonly family: infer F extends string }
      ? F
      : never

/** Nothing to ask of Q, or a property that it lacks and whose name says what is wrong. */
export type HasClosedForm<P, Q> = [Unknown<P, Q>] extends [never]
  ? unknown
  : { readonly [K in `no closed form is known for KL(${Unknown<P, Q>}); use klResult or Monte Carlo`]: never }

/**
 * KL(p ‖ q) in nats, of the shape that the two batch shapes broadcast to. Throws `ShapeMismatch` where their shapes
 * do not agree, `NoClosedForm` where two `Transformed` differ in their transform or two `Masked` in their mask, and
 * where the events of a `Delta` have another rank than those of q.
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
export const klResult = (
  p: Distribution,
  q: Distribution,
): Result.Result<tf.Tensor, NoClosedForm | InvalidParameter | ShapeMismatch> => {
  const formula = find(p, q)
  if (formula === undefined) return Result.fail(new NoClosedForm({ p: describe(p), q: describe(q) }))
  try {
    return Result.succeed(evaluate(p, q, formula))
  } catch (thrown) {
    if (thrown instanceof InvalidParameter || thrown instanceof ShapeMismatch) return Result.fail(thrown)
    throw thrown
  }
}

/** Whether KL(p ‖ q) has a closed form here. Makes no tensors. */
export const hasKl = (p: Distribution, q: Distribution): boolean => find(p, q) !== undefined

type Formula = (p: Distribution, q: Distribution) => tf.Tensor

const find = (p: Distribution, q: Distribution): Formula | undefined => {
  if (isPoint(p)) return p.eventShape.length === q.eventShape.length ? klFromPoint : undefined
  if (p instanceof IndependentDistribution && q instanceof IndependentDistribution) {
    const base = find(p.base, q.base)
    return base && (() => sumRightmost(evaluate(p.base, q.base, base), alignedRank(p, q)))
  }
  if (p instanceof TransformedDistribution && q instanceof TransformedDistribution) {
    // One map may come in two objects: `biject` makes one each time it is asked.
    if (p.transform.forward !== q.transform.forward) return undefined
    const base = find(p.base, q.base)
    return base && (() => evaluate(p.base, q.base, base))
  }
  if (p instanceof MaskedDistribution && q instanceof MaskedDistribution) {
    // Where one counts and the other does not, an entropy of p is left over.
    if (!sameMask(p, q)) return undefined
    const base = find(p.base, q.base)
    return base && (() => whereMasked(p, evaluate(p.base, q.base, base)))
  }
  const table: Readonly<Record<string, Readonly<Record<string, unknown>>>> = pairs
  return table[describe(p)]?.[describe(q)] as Formula | undefined
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
  if (d instanceof MaskedDistribution) return `Masked(${describe(d.base)})`
  if (d instanceof TransformedDistribution) return `Transformed(${describe(d.base)}, ${d.transform.name})`
  return d.family
}
