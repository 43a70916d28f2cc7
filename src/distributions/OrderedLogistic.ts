/**
 * Ordered logistic regression: the classes 0 … K − 1 of a latent logistic number around `predictor`, cut at K − 1
 * ordered points. P(X ≤ k) = σ(cₖ − predictor).
 *
 * ```ts
 * OrderedLogistic({ predictor: 0.3, cutpoints: [-1, 0, 2] })   // four classes
 * ```
 *
 * A class has probability σ(b) − σ(a), with a and b its ends less the predictor, taken as
 * σ(b) σ(−a) (1 − e^−(b−a)): the difference as it stands is 0 in float32 where both are near 1.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Key from "../tensor/Key.ts"
import type { Shape } from "../tensor/Shape.ts"
import { logit, where } from "../tensor/stable.ts"
import { operand, shapeOf, toTensor, type Value } from "./Distribution.ts"
import { Family } from "./Family.ts"
import { integerInterval, ordered, real } from "./Support.ts"
import { isClass, likeliest, type Weights, weightCdf } from "./weights.ts"

/** Parameters of {@link OrderedLogistic}: `predictor` `[...batch]`, increasing `cutpoints` `[...batch, K − 1]`. */
export interface OrderedLogisticParams {
  readonly predictor: Value
  readonly cutpoints: Value
}

class OrderedLogisticDistribution extends Family<"OrderedLogistic", "integerInterval", "score"> {
  readonly predictor: Value
  readonly cutpoints: Value

  constructor({ predictor, cutpoints }: OrderedLogisticParams) {
    super({
      family: "OrderedLogistic",
      support: integerInterval(0, shapeOf(cutpoints).at(-1) ?? 0),
      gradient: "score",
      params: {
        predictor: { value: predictor, constraint: real },
        cutpoints: { value: cutpoints, constraint: ordered },
      },
    })
    this.predictor = predictor
    this.cutpoints = cutpoints
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    // The latent number, compared with the cuts; the noise is the host's, so that every backend draws the same.
    const noise = tf.tensor(Key.uniformValues(key, full, 2 ** -24, 1).map(logit), [...full])
    const latent = tf.expandDims(tf.add(noise, operand(this.predictor)), -1)
    return tf.sum(tf.cast(tf.greater(latent, operand(this.cutpoints)), "float32"), -1)
  }

  protected score(value: tf.Tensor): tf.Tensor {
    const weights = orderedWeights(this)
    return tf.sum(
      where(() => isClass(weights, value), weights.logits, 0),
      -1,
    )
  }

  /** The likeliest class; the first of several. */
  mode(): tf.Tensor {
    return this.batched(() => tf.cast(likeliest(orderedWeights(this)), "float32"))
  }

  /** −Σ p log p, from the logarithms as they are: normalizing them again would round a near-certain one to 0. */
  entropy(): tf.Tensor {
    return this.batched(() => {
      const { logits } = orderedWeights(this)
      return tf.neg(tf.sum(tf.mul(tf.exp(logits), logits), -1))
    })
  }

  /** P(X ≤ value) = σ(c − predictor) at the cut above ⌊value⌋. */
  cdf(value: tf.Tensor): tf.Tensor {
    return this.pointwise(value, "cdf", (x) => weightCdf(orderedWeights(this), x))
  }

  /** 0 … K − 1, of shape `[K, 1…]`. */
  enumerate(): tf.Tensor {
    const k = (shapeOf(this.cutpoints).at(-1) ?? 0) + 1
    return this.checked(() => tf.reshape(tf.range(0, k), [k, ...this.batchShape.map(() => 1)]))
  }
}

/** An ordered logistic distribution; see {@link OrderedLogisticParams}. */
export type OrderedLogistic = OrderedLogisticDistribution

/** Makes an ordered logistic distribution. */
export const OrderedLogistic = (params: OrderedLogisticParams): OrderedLogistic =>
  new OrderedLogisticDistribution(params)

/** The log-probabilities `[...batch, K]`, which sum to one: weights like those of a categorical. */
export const orderedWeights = (d: OrderedLogisticParams): Weights & { readonly logits: tf.Tensor } => {
  const cuts = toTensor(d.cutpoints)
  const k = cuts.shape.at(-1)!
  const ends = tf.sub(cuts, tf.expandDims(toTensor(d.predictor), -1))
  const first = (x: tf.Tensor, from: number, n: number) =>
    tf.slice(x, [...x.shape.slice(0, -1).map(() => 0), from], [...x.shape.slice(0, -1), n])
  const edge = (x: tf.Tensor) => tf.zeros([...x.shape.slice(0, -1), 1])
  const below = tf.neg(tf.softplus(tf.neg(ends)))
  const above = tf.neg(tf.softplus(ends))
  const both = tf.add(tf.concat([below, edge(below)], -1), tf.concat([edge(above), above], -1))
  if (k === 1) return { logits: both }
  const gaps = tf.sub(first(cuts, 1, k - 1), first(cuts, 0, k - 1))
  const room = tf.log(tf.neg(tf.expm1(tf.neg(gaps))))
  return { logits: tf.add(both, tf.concat([edge(room), room, edge(room)], -1)) }
}
