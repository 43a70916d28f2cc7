/**
 * log F(x) and log S(x) = log(1 − F(x)) of distributions of one number, and the logarithm of what lies between two
 * numbers: what a censored observation contributes to a likelihood (Klein and Moeschberger, "Survival Analysis",
 * 2003, section 3.5).
 *
 * From F itself S has no digits left where F rounds to 1, some 5 standard deviations out. The families listed here
 * have forms that keep them; for any other, S is 1 − F, good to about 6e-8 of probability, and −∞ where F is 1. So are
 * incomplete gamma and beta functions below 1e-45.
 *
 * ```ts
 * logSurvival(Normal({ loc: 0, scale: 1 }), tf.scalar(12))                      // −75.41, where F is 1
 * logBetween(Exponential({ rate: 1 }), tf.scalar(50), tf.scalar(51))            // −50.459
 * ```
 *
 * Tensor code: call it inside a tidy. All take any number, infinite ones too. Where a result is −∞ by underflow, or
 * because the number is outside the support, its gradient is zero.
 */
import * as tf from "@tensorflow/tfjs-core"
import { studentCdf } from "../tensor/gammas.ts"
import { logRatio, quotient } from "../tensor/quotient.ts"
import { betaincc, gammainc, gammaincc, log1mexp, logNdtr } from "../tensor/special.ts"
import { where } from "../tensor/stable.ts"
import type { Beta } from "./Beta.ts"
import type { Chi2 } from "./Chi2.ts"
import { weighLogs } from "./chance.ts"
import { type Distribution, type HasCdf, operand, toTensor, type Value } from "./Distribution.ts"
import type { Exponential } from "./Exponential.ts"
import type { Gamma } from "./Gamma.ts"
import type { Geometric } from "./Geometric.ts"
import type { HalfCauchy } from "./HalfCauchy.ts"
import type { HalfNormal } from "./HalfNormal.ts"
import type { InverseGamma } from "./InverseGamma.ts"
import type { Kumaraswamy } from "./Kumaraswamy.ts"
import type { LogNormal } from "./LogNormal.ts"
import type { LogUniform } from "./LogUniform.ts"
import type { Pareto } from "./Pareto.ts"
import type { Poisson } from "./Poisson.ts"
import type { StudentT } from "./StudentT.ts"
import type { Uniform } from "./Uniform.ts"
import type { Weibull } from "./Weibull.ts"

/** What has tails: distributions of one number with a cumulative distribution. */
export type Tailed = Distribution & HasCdf

/** log P(X ≤ x), of the shape that x and the batch broadcast to. */
export const logCdf = (d: Tailed, x: tf.Tensor): tf.Tensor => {
  const lower = tailsOf(d)?.lower ?? ((d: Tailed, x: tf.Tensor) => logOf(d.cdf(x)))
  return atFinite(d, x, { start: -Infinity, end: 0 }, (x) => lower(d as never, x))
}

/** log P(X > x), of the shape that x and the batch broadcast to. */
export const logSurvival = (d: Tailed, x: tf.Tensor): tf.Tensor => {
  const upper = tailsOf(d)?.upper ?? ((d: Tailed, x: tf.Tensor) => logComplement(d.cdf(x)))
  return atFinite(d, x, { start: 0, end: -Infinity }, (x) => upper(d as never, x))
}

/**
 * log P(low < X ≤ high), from the side on which the tails are smaller; log p(low) where the two are equal, and −∞ where
 * they are the wrong way round. A short piece of a continuous distribution comes from its density at two points (the
 * Gauss–Legendre rule), since the tails at its ends differ in their last digits only.
 */
export const logBetween = (d: Tailed, low: tf.Tensor, high: tf.Tensor): tf.Tensor => {
  const [below, upTo] = [logCdf(d, low), logCdf(d, high)]
  const [above, beyond] = [logSurvival(d, low), logSurvival(d, high)]
  const isLower = () => tf.lessEqual(upTo, above)
  const most = where(isLower, upTo, above)
  const least = where(isLower, below, beyond)
  const isPossible = () => tf.logicalAnd(tf.greater(most, -Infinity), tf.lessEqual(low, high))
  const gap = where(isPossible, tf.sub(where(isPossible, most, 0), least), 1)
  const isShort = () => {
    const isPoint = tf.equal(low, high)
    // Of counts the tails differ by a whole probability.
    return d.support.discrete
      ? isPoint
      : tf.logicalOr(isPoint, tf.logicalAnd(isPossible(), tf.less(gap, 1 / 8)))
  }
  const byTails = tf.add(most, log1mexp(where(isShort, 1, gap)))
  return where(isShort, logPiece(d, low, high, isShort), where(isPossible, byTails, -Infinity))
}

/** log(eᵃ + eᵇ), −∞ where both are. */
export const logAdd = (a: tf.Tensor, b: tf.Tensor): tf.Tensor => {
  const isNothing = () => tf.logicalAnd(tf.equal(a, -Infinity), tf.equal(b, -Infinity))
  const sum = tf.logSumExp(tf.stack([where(isNothing, 0, a), where(isNothing, 0, b)], -1), -1)
  return where(isNothing, -Infinity, sum)
}

/** log ∫ p from `low` to `high` by two points, or log p(low) where the two are equal; anything where not `isUsed`. */
const logPiece = (d: Tailed, low: tf.Tensor, high: tf.Tensor, isUsed: () => tf.Tensor): tf.Tensor => {
  const isSafe = () => tf.logicalAnd(isUsed(), tf.less(tf.abs(low), Infinity))
  const start = where(isSafe, low, inside(d))
  const width = where(isSafe, tf.sub(high, low), 0)
  const hasWidth = () => tf.greater(width, 0)
  const [one, other] = [0.5 - 0.5 / Math.sqrt(3), 0.5 + 0.5 / Math.sqrt(3)].map((share) =>
    d.logProb(tf.add(start, tf.mul(width, share))),
  ) as [tf.Tensor, tf.Tensor]
  const mean = tf.sub(logAdd(one, other), Math.LN2)
  return where(hasWidth, tf.add(mean, tf.log(where(hasWidth, width, 1))), one)
}

/** How a family knows its tails: log F below, log S above, each for any finite number. */
interface Tails<D> {
  readonly lower?: (d: D, x: tf.Tensor) => tf.Tensor
  readonly upper: (d: D, x: tf.Tensor) => tf.Tensor
}

const tailsOf = (d: Distribution): Tails<never> | undefined =>
  Object.hasOwn(table, d.family) ? table[d.family as keyof typeof table] : undefined

/** A location and a scale. */
interface Placed {
  readonly loc: Value
  readonly scale: Value
}

const z = (d: Placed, x: tf.Tensor): tf.Tensor => quotient(tf.sub(x, operand(d.loc)), toTensor(d.scale))

/** Both tails of a density that is symmetric about loc, from that of z upward. */
const symmetric = (tail: (z: tf.Tensor) => tf.Tensor): Tails<Placed> => ({
  lower: (d, x) => tail(tf.neg(z(d, x))),
  upper: (d, x) => tail(z(d, x)),
})

/** `f` of the numbers where `isInside`, whatever it is of others; `start` below them and `end` above. */
const within = (
  x: tf.Tensor,
  isInside: () => tf.Tensor,
  member: tf.Tensor | number,
  { start, end }: { readonly start: number; readonly end: number },
  f: (x: tf.Tensor) => tf.Tensor,
): tf.Tensor => {
  const isBelow = () => tf.less(x, member)
  return where(isInside, f(where(isInside, x, member)), where(isBelow, tf.fill(x.shape, start), end))
}

const outsideUpper = { start: 0, end: -Infinity }
const onPositive = (x: tf.Tensor, f: (x: tf.Tensor) => tf.Tensor, start = 0): tf.Tensor =>
  within(x, () => tf.greater(x, 0), 1, { start, end: start }, f)
const onUnit = (x: tf.Tensor, f: (x: tf.Tensor) => tf.Tensor): tf.Tensor =>
  within(x, () => tf.logicalAnd(tf.greater(x, 0), tf.less(x, 1)), 0.5, outsideUpper, f)
const onInterval = (d: Uniform | LogUniform, x: tf.Tensor, f: (x: tf.Tensor) => tf.Tensor): tf.Tensor => {
  const [low, high] = [toTensor(d.low), toTensor(d.high)]
  const isInside = () => tf.logicalAnd(tf.greater(x, low), tf.less(x, high))
  return within(x, isInside, tf.mul(tf.add(low, high), 0.5), outsideUpper, f)
}

/** From where on e⁻ᶻ is too small for its square to count. */
const far = 15

const logNormalTail = (d: LogNormal, x: tf.Tensor, sign: 1 | -1): tf.Tensor =>
  onPositive(x, (x) => logNdtr(tf.mul(z(d, tf.log(x)), sign)), sign === 1 ? -Infinity : 0)

const table = {
  Normal: symmetric((z) => logNdtr(tf.neg(z))),
  Logistic: symmetric((z) => tf.neg(tf.softplus(z))),
  Cauchy: symmetric((z) => tf.log(tf.div(tf.atan2(tf.onesLike(z), z), Math.PI))),
  Laplace: symmetric((z) => {
    const under = tf.log1p(tf.mul(tf.exp(tf.minimum(z, 0)), -0.5))
    return where(() => tf.greater(z, 0), tf.sub(tf.neg(z), Math.LN2), under)
  }),
  SoftLaplace: symmetric((z) => {
    const share = tf.mul(tf.atan(tf.exp(tf.neg(tf.minimum(tf.abs(z), far)))), 2 / Math.PI)
    const over = where(() => tf.greater(z, far), tf.sub(Math.log(2 / Math.PI), z), tf.log(share))
    return where(() => tf.greater(z, 0), over, tf.log1p(tf.neg(share)))
  }),
  Gumbel: {
    // Past 88 the exponential is infinite, and the gradient infinite times zero.
    lower: (d, x) => tf.neg(tf.exp(tf.minimum(tf.neg(z(d, x)), 88))),
    upper: (d, x) => {
      const at = z(d, x)
      const near = tf.minimum(tf.maximum(at, -far), far)
      return where(() => tf.greater(at, far), tf.neg(at), log1mexp(tf.exp(tf.neg(near))))
    },
  } satisfies Tails<Placed>,
  LogNormal: {
    lower: (d, x) => logNormalTail(d, x, 1),
    upper: (d, x) => logNormalTail(d, x, -1),
  } satisfies Tails<LogNormal>,
  HalfNormal: {
    upper: (d, x) => onPositive(x, (x) => tf.add(logNdtr(tf.neg(quotient(x, toTensor(d.scale)))), Math.LN2)),
  } satisfies Tails<HalfNormal>,
  HalfCauchy: {
    upper: (d, x) =>
      onPositive(x, (x) => {
        const at = quotient(x, toTensor(d.scale))
        return tf.log(tf.mul(tf.atan2(tf.onesLike(at), at), 2 / Math.PI))
      }),
  } satisfies Tails<HalfCauchy>,
  StudentT: {
    upper: (d, x) => logOf(studentCdf(tf.neg(x), toTensor(d.df), tf.neg(operand(d.loc)), toTensor(d.scale))),
  } satisfies Tails<StudentT>,
  Exponential: {
    upper: (d, x) => tf.neg(tf.mul(operand(d.rate), tf.relu(x))),
  } satisfies Tails<Exponential>,
  Weibull: {
    upper: (d, x) =>
      onPositive(x, (x) => tf.neg(tf.pow(quotient(x, toTensor(d.scale)), toTensor(d.concentration)))),
  } satisfies Tails<Weibull>,
  Pareto: {
    upper: (d, x) => {
      const scale = toTensor(d.scale)
      const fromScale = where(() => tf.less(x, scale), scale, x)
      return tf.neg(tf.mul(operand(d.alpha), logRatio(fromScale, scale)))
    },
  } satisfies Tails<Pareto>,
  Kumaraswamy: {
    upper: (d, x) =>
      onUnit(x, (x) =>
        tf.mul(operand(d.concentration0), log1mexp(tf.neg(tf.mul(operand(d.concentration1), tf.log(x))))),
      ),
  } satisfies Tails<Kumaraswamy>,
  Gamma: {
    upper: (d, x) =>
      onPositive(x, (x) => logOf(gammaincc(toTensor(d.concentration), tf.mul(operand(d.rate), x)))),
  } satisfies Tails<Gamma>,
  Chi2: {
    upper: (d, x) => onPositive(x, (x) => logOf(gammaincc(tf.mul(operand(d.df), 0.5), tf.mul(x, 0.5)))),
  } satisfies Tails<Chi2>,
  InverseGamma: {
    upper: (d, x) =>
      onPositive(x, (x) => logOf(gammainc(toTensor(d.concentration), quotient(toTensor(d.rate), x)))),
  } satisfies Tails<InverseGamma>,
  Beta: {
    upper: (d, x) =>
      onUnit(x, (x) => logOf(betaincc(toTensor(d.concentration1), toTensor(d.concentration0), x))),
  } satisfies Tails<Beta>,
  Uniform: {
    upper: (d, x) =>
      onInterval(d, x, (x) => logRatio(tf.sub(operand(d.high), x), tf.sub(operand(d.high), operand(d.low)))),
  } satisfies Tails<Uniform>,
  LogUniform: {
    upper: (d, x) =>
      onInterval(d, x, (x) => {
        const high = toTensor(d.high)
        return logRatio(logRatio(high, x), logRatio(high, toTensor(d.low)))
      }),
  } satisfies Tails<LogUniform>,
  Poisson: {
    upper: (d, x) => {
      const next = tf.add(tf.floor(x), 1)
      return within(
        next,
        () => tf.greater(next, 0),
        1,
        { start: 0, end: 0 },
        (n) => logOf(gammainc(n, toTensor(d.rate))),
      )
    },
  } satisfies Tails<Poisson>,
  Geometric: {
    upper: (d, x) => {
      const failures = tf.relu(tf.add(tf.floor(x), 1))
      return weighLogs(d, tf.zerosLike(failures), failures)
    },
  } satisfies Tails<Geometric>,
}

/** log p; −∞, with no gradient, where it is 0. */
const logOf = (p: tf.Tensor): tf.Tensor => {
  const isSome = () => tf.greater(p, 0)
  return where(isSome, tf.log(where(isSome, p, 1)), -Infinity)
}

/** log(1 − p); −∞, with no gradient, where p is 1. */
const logComplement = (p: tf.Tensor): tf.Tensor => {
  const isSome = () => tf.less(p, 1)
  return where(isSome, tf.log1p(tf.neg(where(isSome, p, 0))), -Infinity)
}

/** `f` of finite numbers (and NaN), and what it comes to at −∞ and at ∞. */
const atFinite = (
  d: Tailed,
  x: tf.Tensor,
  ends: { readonly start: number; readonly end: number },
  f: (x: tf.Tensor) => tf.Tensor,
): tf.Tensor => {
  const isInfinite = () => tf.equal(tf.abs(x), Infinity)
  const atEnds = where(() => tf.less(x, 0), tf.fill(x.shape, ends.start), ends.end)
  return where(isInfinite, atEnds, f(where(isInfinite, inside(d), x)))
}

/** Some member of the support. */
const inside = (d: Distribution): tf.Tensor => toTensor(d.support.member(1))
