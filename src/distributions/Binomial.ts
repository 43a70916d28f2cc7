/**
 * The binomial distribution: the number of successes in `totalCount` trials of chance p, by `probs` or by `logits`.
 * log p(x) = log C(n, x) + x log p + (n − x) log(1 − p), in Loader's saddle-point form (`binomialLogMass`), so that a
 * million trials keep their digits.
 *
 * ```ts
 * Binomial({ totalCount: 10, probs: 0.3 })
 * Binomial({ totalCount: trials, logits })   // a tensor of numbers of trials
 * ```
 *
 * With one number of trials on the host its values can be enumerated.
 */
import * as tf from "@tensorflow/tfjs-core"
import { binomialCdf, binomialLogMass, drawBinomial } from "../tensor/counts.ts"
import type { Key } from "../tensor/Key.ts"
import type { Shape } from "../tensor/Shape.ts"
import { where } from "../tensor/stable.ts"
import { type Chance, chanceParams, complement, given, klChance, probability } from "./chance.ts"
import { broadcastTo, float, type HasEnumerate, operand, toTensor, type Value } from "./Distribution.ts"
import { withEnumerate } from "./enumerable.ts"
import { Family } from "./Family.ts"
import { weightedMean } from "./fit.ts"
import { integerInterval, nonNegativeInteger } from "./Support.ts"

/** Parameters of {@link Binomial}: a whole number of trials; `logits` or `probs` of a success, never both. */
export type BinomialParams<N extends Value = Value> = Chance & { readonly totalCount: N }

class BinomialDistribution extends Family<"Binomial", "integerInterval", "score"> {
  readonly totalCount: Value
  readonly logits: Value | undefined
  readonly probs: Value | undefined

  constructor(params: BinomialParams) {
    const { totalCount } = params
    super({
      family: "Binomial",
      support: integerInterval(0, totalCount),
      gradient: "score",
      params: {
        ...chanceParams(params),
        totalCount: { value: totalCount, constraint: nonNegativeInteger },
      },
    })
    this.totalCount = totalCount
    this.logits = params.logits
    this.probs = params.probs
  }

  protected draw(key: Key, full: Shape): tf.Tensor {
    const { chance, by } = given(this)
    return drawBinomial(key, broadcastTo(toTensor(this.totalCount), full), broadcastTo(chance, full), by)
  }

  protected score(value: tf.Tensor): tf.Tensor {
    const { chance, by } = given(this)
    return binomialLogMass(value, toTensor(this.totalCount), chance, by)
  }

  /** n p. */
  mean(): tf.Tensor {
    return this.batched(() => tf.mul(operand(this.totalCount), probability(this)))
  }

  /** n p (1 − p). */
  variance(): tf.Tensor {
    return this.batched(() => tf.mul(tf.mul(operand(this.totalCount), probability(this)), complement(this)))
  }

  /** ⌈(n + 1) p⌉ − 1 but not below 0: of two modes the first. */
  mode(): tf.Tensor {
    return this.batched(() =>
      tf.relu(tf.sub(tf.ceil(tf.mul(tf.add(operand(this.totalCount), 1), probability(this))), 1)),
    )
  }

  /** P(X ≤ value), in either tail to rounding. */
  cdf(value: tf.Tensor): tf.Tensor {
    return this.pointwise(value, "cdf", (x) => {
      const { chance, by } = given(this)
      return binomialCdf(x, toTensor(this.totalCount), chance, by)
    })
  }
}

/** A binomial distribution; see {@link BinomialParams}. */
export type Binomial = BinomialDistribution

/** Makes a binomial distribution. `Binomial.fit` is its weighted maximum-likelihood estimate. */
export const Binomial: {
  (params: BinomialParams<number>): Binomial & HasEnumerate
  (params: BinomialParams): Binomial
  readonly fit: FitTrials
  /** The count x, of the values' shape. */
  readonly sufficientStatistics: (values: tf.Tensor) => { readonly x: tf.Tensor }
} = Object.assign(
  (params: BinomialParams): Binomial & HasEnumerate =>
    withCounts(new BinomialDistribution(params), params.totalCount),
  {
    fit: ((values, weights, { totalCount }) => ({
      totalCount,
      probs: tf.tidy(() => tf.div(weightedMean(float(values), weights), operand(totalCount))),
    })) satisfies FitTrials,
    sufficientStatistics: (values: tf.Tensor) => tf.tidy(() => ({ x: tf.clone(float(values)) })),
  },
)

/**
 * Weighted maximum likelihood of counts among a known number of trials: probs = Σwx / nΣw, for `totalCount` n
 * `[...batch]`; for the shapes see `fit.ts`.
 */
export type FitTrials = (
  values: tf.Tensor,
  weights: tf.Tensor | undefined,
  given: { readonly totalCount: Value },
) => { readonly totalCount: Value; readonly probs: tf.Tensor }

/** KL(p ‖ q), elementwise: n times that of one trial. NaN where p has fewer trials, ∞ where it has more. */
export const klBinomialBinomial = (p: Binomial, q: Binomial): tf.Tensor => {
  const [n, m] = [toTensor(p.totalCount), toTensor(q.totalCount)]
  const same = tf.mul(n, klChance(p, q))
  const other = where(() => tf.greater(n, m), Number.POSITIVE_INFINITY, Number.NaN)
  return where(() => tf.equal(n, m), same, other)
}

/** `d` with its values 0 … n, where the number of trials is on the host. */
export const withCounts = <D extends Family<string, "integerInterval", "score">>(d: D, totalCount: Value) =>
  withEnumerate(d, typeof totalCount === "number" ? () => tf.range(0, totalCount + 1) : undefined)
