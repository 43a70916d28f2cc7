/**
 * Smooth one-to-one maps between sets, with the logarithm of the volume they stretch: what makes a distribution on
 * one set from a distribution on another, and what keeps a fitted parameter in its set.
 *
 * ```ts
 * biject(positive).forward(tf.scalar(0))   // 1, by exp
 * compose(affine(1, 2), exp)               // x ↦ exp(1 + 2x)
 * Transformed(Normal({ loc: 0, scale: 1 }), sigmoid)
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { InvalidArgument } from "../tensor/errors.ts"
import { broadcast, type Shape, sumRightmost } from "../tensor/Shape.ts"
import { where } from "../tensor/stable.ts"
import { operand, type Parameter, shapeOf, type Value } from "./Distribution.ts"
import {
  type Bounded,
  independent,
  interval as intervalSupport,
  positive,
  real,
  type Support,
  simplex,
  unitInterval,
} from "./Support.ts"

/** A map from `domain` onto `codomain`. All methods are differentiable; call them inside a tidy. */
export interface Transform<out D extends string = string, out C extends string = string> {
  readonly name: string
  readonly domain: Support<D>
  readonly codomain: Support<C>
  /** The number of trailing dimensions that are mapped together: 0 for a map of numbers, 1 for one of vectors. */
  readonly eventRank: number
  /** The map's own parameters, which a distribution made with it shows as its own. */
  readonly params: Readonly<Record<string, Parameter>>
  readonly forward: (x: tf.Tensor) => tf.Tensor
  readonly inverse: (y: tf.Tensor) => tf.Tensor
  /** log |det ∂y/∂x| where y = forward(x); the last `eventRank` dimensions are summed out. */
  readonly logAbsDetJacobian: (x: tf.Tensor, y: tf.Tensor) => tf.Tensor
  /** The shape of `forward(x)`, or undefined where a shape does not fit. Touches no backend. */
  readonly forwardShape: (shape: Shape) => Shape | undefined
  /** The shape of `inverse(y)`, or undefined where a shape does not fit. Touches no backend. */
  readonly inverseShape: (shape: Shape) => Shape | undefined
}

/** The names of the supports that {@link biject} maps onto. */
export type BijectableName = "real" | "positive" | "nonNegative" | "unitInterval" | "interval" | "simplex"

/** A support that the unconstrained reals can be mapped onto: the continuous ones. */
export type BijectableSupport = Support<BijectableName>

/**
 * The map from unconstrained numbers onto `support`: exp for the positive, a scaled sigmoid for intervals,
 * stick-breaking for the simplex. Where types are not known: throws `InvalidArgument` for a discrete support.
 */
export const biject = <C extends BijectableName>(support: Support<C>): Transform<"real", C> => {
  const onto = unbounded(support) as Transform<"real">
  // One event of many independent cells is mapped cell by cell.
  return { ...onto, codomain: { ...support, eventRank: support.cellRank } }
}

/** x ↦ x. */
export const identity: Transform<"real", "real"> = elementwise({
  name: "identity",
  domain: real,
  codomain: real,
  forward: (x) => x,
  inverse: (y) => y,
  logAbsDetJacobian: (x) => tf.zerosLike(x),
})

/** x ↦ eˣ, from the reals to the positive numbers. The inverse of zero, to which e⁻¹⁰⁴ rounds, is −87. */
export const exp: Transform<"real", "positive"> = elementwise({
  name: "exp",
  domain: real,
  codomain: positive,
  forward: (x) => tf.exp(x),
  inverse: (y) => logPositive(y),
  logAbsDetJacobian: (x) => x,
})

/** x ↦ log(1 + eˣ), from the reals to the positive numbers; nearly x for a large x. */
export const softplus: Transform<"real", "positive"> = elementwise({
  name: "softplus",
  domain: real,
  codomain: positive,
  forward: (x) => tf.softplus(x),
  // log(eʸ − 1) as it stands overflows from y = 89 on.
  inverse: (y) => tf.add(y, logPositive(tf.neg(tf.expm1(tf.neg(y))))),
  logAbsDetJacobian: (x) => tf.neg(tf.softplus(tf.neg(x))),
})

/** x ↦ loc + scale·x; the parameters broadcast with x. */
export const affine = (loc: Value, scale: Value): Transform<"real", "real"> => {
  const parameters = broadcast(shapeOf(loc), shapeOf(scale))
  return {
    ...elementwise({
      name: "affine",
      domain: real,
      codomain: real,
      forward: (x) => tf.add(operand(loc), tf.mul(operand(scale), x)),
      inverse: (y) => tf.div(tf.sub(y, operand(loc)), operand(scale)),
      logAbsDetJacobian: (x) => tf.add(tf.log(tf.abs(operand(scale))), tf.zerosLike(x)),
    }),
    params: { loc: { value: loc, constraint: real }, scale: { value: scale, constraint: nonZero } },
    forwardShape: (shape) => parameters && broadcast(shape, parameters),
  }
}

/** x ↦ 1 / (1 + e⁻ˣ), from the reals to [0, 1]. The inverse of an end is finite, ∓87. */
export const sigmoid: Transform<"real", "unitInterval"> = elementwise({
  name: "sigmoid",
  domain: real,
  codomain: unitInterval,
  forward: (x) => tf.sigmoid(x),
  inverse: (y) => tf.sub(logPositive(y), logPositive(tf.sub(1, y))),
  logAbsDetJacobian: (x) => logSigmoidSlope(x),
})

/** x ↦ low + (high − low) / (1 + e⁻ˣ), from the reals to [low, high]; the parameters broadcast with x. */
export const interval = (low: Value, high: Value): Transform<"real", "interval"> => {
  const parameters = broadcast(shapeOf(low), shapeOf(high))
  const width = () => tf.sub(operand(high), operand(low))
  return {
    ...elementwise({
      name: "interval",
      domain: real,
      codomain: intervalSupport(low, high),
      forward: (x) => tf.add(operand(low), tf.mul(width(), tf.sigmoid(x))),
      inverse: (y) => tf.sub(logPositive(tf.sub(y, operand(low))), logPositive(tf.sub(operand(high), y))),
      logAbsDetJacobian: (x) => tf.add(tf.log(width()), logSigmoidSlope(x)),
    }),
    params: {
      low: { value: low, constraint: real },
      high: { value: high, constraint: real, above: "low" },
    },
    forwardShape: (shape) => parameters && broadcast(shape, parameters),
  }
}

/**
 * Vectors of K − 1 numbers to probability vectors of K: each number says, by a sigmoid, what share of the rest of a
 * stick to break off (Stan Reference Manual, "Unit simplex"). Zero goes to the uniform vector.
 *
 * In logarithms throughout: the product of the remaining shares underflows long before its logarithm does.
 */
export const stickBreaking: Transform<"real", "simplex"> = {
  name: "stickBreaking",
  domain: independent(real, 1),
  codomain: simplex,
  eventRank: 1,
  params: {},
  forward: (x) => {
    const { broken, kept, before } = sticks(x)
    const last = tf.sum(kept, -1, true)
    // The logarithms are of numbers that sum to one already; softmax takes out what rounding has added up.
    return tf.softmax(tf.concat([tf.add(broken, before), last], -1))
  },
  inverse: (y) => {
    const axis = y.rank - 1
    const size = [...y.shape.slice(0, axis), y.shape[axis]! - 1]
    const origin = y.shape.map(() => 0)
    const first = (t: tf.Tensor) => tf.slice(t, origin, size)
    // Summed from the far end: 1 − Σ of those before has no digit left when little is.
    const after = tf.cumsum(y, axis, true, true)
    return tf.add(tf.sub(logPositive(first(y)), logPositive(first(after))), evenShares(size[axis]!))
  },
  logAbsDetJacobian: (x) => {
    const { broken, kept, before } = sticks(x)
    return tf.sum(tf.add(tf.add(broken, kept), before), -1)
  },
  forwardShape: (shape) => resized(shape, 1),
  inverseShape: (shape) => resized(shape, -1),
}

/** x ↦ g(f(x)). */
export const compose = <A extends string, B extends string, C extends string>(
  f: Transform<A, B>,
  g: Transform<NoInfer<B>, C>,
): Transform<A, C> => {
  const eventRank = Math.max(f.eventRank, g.eventRank)
  return {
    name: `${g.name} ∘ ${f.name}`,
    domain: independent(f.domain, eventRank - f.eventRank),
    codomain: independent(g.codomain, eventRank - g.eventRank),
    eventRank,
    params: { ...prefixed("inner", f), ...prefixed("outer", g) },
    forward: (x) => g.forward(f.forward(x)),
    inverse: (y) => f.inverse(g.inverse(y)),
    logAbsDetJacobian: (x, y) => {
      const between = f.forward(x)
      return tf.add(
        sumRightmost(f.logAbsDetJacobian(x, between), eventRank - f.eventRank),
        sumRightmost(g.logAbsDetJacobian(between, y), eventRank - g.eventRank),
      )
    },
    forwardShape: (shape) => then(f.forwardShape(shape), g.forwardShape),
    inverseShape: (shape) => then(g.inverseShape(shape), f.inverseShape),
  }
}

// A declaration, since the transforms above are made with it as the module loads.
function elementwise<D extends string, C extends string>(
  parts: Pick<Transform<D, C>, "name" | "domain" | "codomain" | "forward" | "inverse" | "logAbsDetJacobian">,
): Transform<D, C> {
  return {
    ...parts,
    eventRank: 0,
    params: {},
    forwardShape: (shape) => shape,
    inverseShape: (shape) => shape,
  }
}

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
    case "simplex":
      return stickBreaking
    default:
      throw notBijectable(support)
  }
}

const notBijectable = (support: Support): InvalidArgument =>
  new InvalidArgument({
    where: "biject",
    expected:
      "a continuous support (real, positive, nonNegative, unitInterval, simplex, or an interval with ends)",
    found: `${support.name} (${support.describe})`,
  })

/** log y, with zero taken as the smallest normal float32 and no gradient there: what has underflowed scores finitely. */
const logPositive = (y: tf.Tensor): tf.Tensor => {
  const isNormal = () => tf.greaterEqual(y, 2 ** -126)
  return where(isNormal, tf.log(where(isNormal, y, 1)), Math.log(2 ** -126))
}

/** log of the sigmoid's derivative, σ(x)·σ(−x); from σ itself it is −∞ from 17 on. */
const logSigmoidSlope = (x: tf.Tensor): tf.Tensor => tf.neg(tf.add(tf.softplus(x), tf.softplus(tf.neg(x))))

/** For each number: log of the share broken off, of the share kept, and of what there was before. */
const sticks = (x: tf.Tensor) => {
  const t = tf.sub(x, evenShares(x.shape[x.rank - 1]!))
  const broken = tf.neg(tf.softplus(tf.neg(t)))
  const kept = tf.neg(tf.softplus(t))
  return { broken, kept, before: tf.cumsum(kept, x.rank - 1, true) }
}

/** log(K − k) for the k-th of K pieces, k from 1 to K − 1: the logits that break a stick evenly are minus these. */
const evenShares = (n: number): tf.Tensor => tf.tensor1d(Array.from({ length: n }, (_, k) => Math.log(n - k)))

const resized = (shape: Shape, by: number): Shape | undefined => {
  const n = (shape.at(-1) ?? 0) + by
  return shape.length === 0 || n < 1 ? undefined : [...shape.slice(0, -1), n]
}

const then = (shape: Shape | undefined, next: (shape: Shape) => Shape | undefined): Shape | undefined =>
  shape && next(shape)

/** A map's parameters under longer names, so that two maps together can show all of theirs. */
export const prefixed = (prefix: string, t: Transform): Readonly<Record<string, Parameter>> =>
  Object.fromEntries(
    Object.entries(t.params).map(([name, { above, ...parameter }]) => [
      `${prefix}.${name}`,
      above === undefined ? parameter : { ...parameter, above: `${prefix}.${above}` },
    ]),
  )

const nonZero: Support<"nonZero"> = {
  ...real,
  name: "nonZero",
  describe: "finite and not zero",
  contains: (cell) => real.contains(cell) && !(cell[0] === 0),
  member: () => 1,
}
