/**
 * Smooth one-to-one maps between sets, with the logarithm of the volume they stretch: what makes a distribution on
 * one set from a distribution on another, and what keeps a fitted parameter in its set.
 *
 * The maps are in `transforms/`, by what they map onto: numbers, vectors, matrices; and in `transforms/flows/` those
 * that normalizing flows are made of. Here is how they are chosen and put together.
 *
 * ```ts
 * biject(positive).forward(tf.scalar(0))   // 1, by exp
 * compose(affine(1, 2), exp)               // x ↦ exp(1 + 2x)
 * Transformed(Normal({ loc: 0, scale: 1 }), sigmoid)
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { InvalidArgument } from "../tensor/errors.ts"
import { type Shape, sumRightmost } from "../tensor/Shape.ts"
import type { Parameter, Value } from "./Distribution.ts"
import { type Bounded, independent, type Support } from "./Support.ts"
import { forwardAndVolume, inverseAndVolume, type Transform } from "./transforms/contract.ts"
import { corrCholesky, covariance, lowerCholesky } from "./transforms/matrices.ts"
import { exp, greaterThan, identity, interval, lessThan, sigmoid } from "./transforms/scalar.ts"
import { ordered, positiveOrdered, sphere, stickBreaking } from "./transforms/vectors.ts"

export type { Transform } from "./transforms/contract.ts"
export { boundedAffine, type ShiftAndLogScale } from "./transforms/flows/affine.ts"
export {
  type Autoregressive,
  inverseAutoregressive,
  maskedAutoregressive,
} from "./transforms/flows/autoregressive.ts"
export { type Coupling, coupling } from "./transforms/flows/coupling.ts"
export { permute, reverse } from "./transforms/flows/order.ts"
export { type Planar, planar } from "./transforms/flows/planar.ts"
export { type Radial, radial } from "./transforms/flows/radial.ts"
export { rationalQuadraticSpline, type Spline } from "./transforms/flows/rationalQuadraticSpline.ts"
export { corrCholesky, covariance, lowerCholesky } from "./transforms/matrices.ts"
export {
  affine,
  exp,
  greaterThan,
  identity,
  interval,
  lessThan,
  sigmoid,
  softplus,
} from "./transforms/scalar.ts"
export { ordered, positiveOrdered, sphere, stickBreaking } from "./transforms/vectors.ts"

/** The names of the supports that {@link biject} maps onto. */
export type BijectableName =
  | "real"
  | "positive"
  | "nonNegative"
  | "unitInterval"
  | "interval"
  | "greaterThan"
  | "lessThan"
  | "simplex"
  | "ordered"
  | "positiveOrdered"
  | "sphere"
  | "lowerCholesky"
  | "corrCholesky"
  | "covariance"

/** A support that the unconstrained reals can be mapped onto: the continuous ones. */
export type BijectableSupport = Support<BijectableName>

/**
 * The map from unconstrained numbers onto `support`: exp for the positive, a scaled sigmoid for intervals,
 * stick-breaking for the simplex, a filled triangle for matrices. Where types are not known: throws `InvalidArgument`
 * for a discrete support.
 */
export const biject = <C extends BijectableName>(support: Support<C>): Transform<"real", C> => {
  const onto = unbounded(support) as Transform<"real">
  // One event of many independent cells is mapped cell by cell.
  return { ...onto, codomain: { ...support, eventRank: support.cellRank } }
}

/** x ↦ g(f(x)). */
export const compose = <A extends string, B extends string, C extends string>(
  f: Transform<A, B>,
  g: Transform<NoInfer<B>, C>,
): Transform<A, C> => {
  // One of the two may map more dimensions together than the other; then the other is applied along them.
  const between = Math.max(f.codomain.eventRank, g.domain.eventRank)
  const beyondF = between - f.codomain.eventRank
  const beyondG = between - g.domain.eventRank
  const volume = (ofF: tf.Tensor, ofG: tf.Tensor) =>
    tf.add(sumRightmost(ofF, beyondF), sumRightmost(ofG, beyondG))
  return {
    name: `${g.name} ∘ ${f.name}`,
    domain: independent(f.domain, beyondF),
    codomain: independent(g.codomain, beyondG),
    eventRank: f.eventRank + beyondF,
    params: { ...prefixed("inner", f), ...prefixed("outer", g) },
    opaque: f.opaque === true || g.opaque === true,
    forward: (x) => g.forward(f.forward(x)),
    inverse: (y) => f.inverse(g.inverse(y)),
    logAbsDetJacobian: (x, y) => {
      const inner = forwardAndVolume(f, x)
      return volume(inner.volume, g.logAbsDetJacobian(inner.value, y))
    },
    forwardAndVolume: (x) => {
      const inner = forwardAndVolume(f, x)
      const outer = forwardAndVolume(g, inner.value)
      return { value: outer.value, volume: volume(inner.volume, outer.volume) }
    },
    inverseAndVolume: (y) => {
      const outer = inverseAndVolume(g, y)
      const inner = inverseAndVolume(f, outer.value)
      return { value: inner.value, volume: volume(inner.volume, outer.volume) }
    },
    forwardShape: (shape) => then(f.forwardShape(shape), g.forwardShape),
    inverseShape: (shape) => then(g.inverseShape(shape), f.inverseShape),
  }
}

/** A map's parameters under longer names, so that two maps together can show all of theirs. */
export const prefixed = (prefix: string, t: Pick<Transform, "params">): Readonly<Record<string, Parameter>> =>
  Object.fromEntries(
    Object.entries(t.params).map(([name, { above, ...parameter }]) => [
      `${prefix}.${name}`,
      above === undefined ? parameter : { ...parameter, above: `${prefix}.${above}` },
    ]),
  )

const unbounded = (support: Support): Transform => {
  switch (support.name) {
    case "real":
      return identity
    case "positive":
    case "nonNegative":
      return exp
    case "unitInterval":
      return sigmoid
    case "interval": {
      const { lower, upper } = support as Support & Bounded
      if (lower === -Infinity || upper === Infinity) throw notBijectable(support)
      return interval(lower, upper)
    }
    case "greaterThan":
      return greaterThan((support as Support & { readonly lower: Value }).lower)
    case "lessThan":
      return lessThan((support as Support & { readonly upper: Value }).upper)
    case "simplex":
      return stickBreaking
    case "ordered":
      return ordered
    case "positiveOrdered":
      return positiveOrdered
    case "sphere":
      return sphere
    case "lowerCholesky":
      return lowerCholesky
    case "corrCholesky":
      return corrCholesky
    case "covariance":
      return covariance
    default:
      throw notBijectable(support)
  }
}

const notBijectable = (support: Support): InvalidArgument =>
  new InvalidArgument({
    where: "biject",
    expected:
      "a continuous support (real, positive, nonNegative, unitInterval, greaterThan, lessThan, an interval with ends, " +
      "simplex, ordered, positiveOrdered, sphere, lowerCholesky, corrCholesky or covariance)",
    found: `${support.name} (${support.describe})`,
  })

const then = (shape: Shape | undefined, next: (shape: Shape) => Shape | undefined): Shape | undefined =>
  shape && next(shape)
