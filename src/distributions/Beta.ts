/**
 * The beta distribution on [0, 1], with a = concentration1 and b = concentration0:
 * log p(x) = (a − 1) log x + (b − 1) log(1 − x) − log B(a, b).
 *
 * ```ts
 * Beta({ concentration1: 3, concentration0: 1 })   // mean ¾: what 2 successes make of a uniform prior
 * ```
 *
 * Draws are g₁/(g₁ + g₀) of two gammas, differentiable through these, and never exactly 0 or 1.
 */
import * as tf from "@tensorflow/tfjs-core"
import {
  betaCdf,
  betaLogDensity,
  dirichletDivergence,
  dirichletEntropy,
  dirichletEstimate,
  drawDirichlet,
} from "../tensor/gammas.ts"
import type * as Key from "../tensor/Key.ts"
import { broadcast, type Shape } from "../tensor/Shape.ts"
import { betaincinv } from "../tensor/special/inverseIncomplete.ts"
import { where } from "../tensor/stable.ts"
import { broadcastTo, toTensor, type Value } from "./Distribution.ts"
import { PathwiseFamily } from "./Family.ts"
import { weightedMean } from "./fit.ts"
import { positive, unitInterval } from "./Support.ts"

/** Parameters of {@link Beta}: the powers of x and of 1 − x, plus one. Shapes broadcast to the batch. */
export interface BetaParams {
  readonly concentration1: Value
  readonly concentration0: Value
}

class BetaDistribution extends PathwiseFamily<"Beta", "unitInterval"> {
  readonly concentration1: Value
  readonly concentration0: Value

  constructor({ concentration1, concentration0 }: BetaParams) {
    super({
      family: "Beta",
      support: unitInterval,
      params: {
        concentration1: { value: concentration1, constraint: positive },
        concentration0: { value: concentration0, constraint: positive },
      },
    })
    this.concentration1 = concentration1
    this.concentration0 = concentration0
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    const [share] = tf.split(drawDirichlet(key, concentrations(this, full)), 2, -1)
    return tf.minimum(tf.squeeze(share!, [-1]), 1 - 2 ** -24)
  }

  protected score(value: tf.Tensor): tf.Tensor {
    return betaLogDensity(value, toTensor(this.concentration1), toTensor(this.concentration0))
  }

  /** a / (a + b). */
  mean(): tf.Tensor {
    return this.batched(() => {
      const [a, b] = this.both()
      return tf.div(a, tf.add(a, b))
    })
  }

  /** m (1 − m) / (a + b + 1), with m the mean. */
  variance(): tf.Tensor {
    return this.batched(() => {
      const [a, b] = this.both()
      const total = tf.add(a, b)
      return tf.div(tf.mul(tf.div(a, total), tf.div(b, total)), tf.add(total, 1))
    })
  }

  /** (a − 1) / (a + b − 2), a concentration below 1 counting as 1; 0 where both do, save that it is 1 for a = 1 > b. */
  mode(): tf.Tensor {
    return this.batched(() => {
      const [a, b] = this.both()
      const [left, right] = [tf.relu(tf.sub(a, 1)), tf.relu(tf.sub(b, 1))]
      const climbs = () => tf.logicalAnd(tf.equal(a, 1), tf.less(b, 1))
      return where(climbs, 1, tf.divNoNan(left, tf.add(left, right)))
    })
  }

  /** log B(a, b) − (a − 1) ψ(a) − (b − 1) ψ(b) + (a + b − 2) ψ(a + b). */
  entropy(): tf.Tensor {
    return this.batched(() => dirichletEntropy(concentrations(this, this.batchShape)))
  }

  /** P(X ≤ value), the incomplete beta function. */
  cdf(value: tf.Tensor): tf.Tensor {
    return this.pointwise(value, "cdf", (x) => betaCdf(tf.clipByValue(x, 0, 1), ...this.both()))
  }

  icdf(probability: tf.Tensor): tf.Tensor {
    return this.pointwise(probability, "icdf", (p) => betaincinv(...this.both(), p))
  }

  private both(): readonly [tf.Tensor, tf.Tensor] {
    return [toTensor(this.concentration1), toTensor(this.concentration0)]
  }
}

/** A beta distribution; see {@link BetaParams}. */
export type Beta = BetaDistribution

const make = (params: BetaParams): Beta => new BetaDistribution(params)

/** Makes a beta distribution. `Beta.fit` is its weighted maximum-likelihood estimate. */
export const Beta: {
  (params: BetaParams): Beta
  /**
   * By Newton's method from the means of log x and log(1 − x); for the shapes see `fit.ts`. As large as rounding makes
   * them, 1e6 or more, where all values are equal; NaN where one is 0 or 1, for the likelihood has no maximum.
   */
  readonly fit: (
    values: tf.Tensor,
    weights?: tf.Tensor,
  ) => { readonly concentration1: tf.Tensor; readonly concentration0: tf.Tensor }
  /** log x and log(1 − x), each of the values' shape. */
  readonly sufficientStatistics: (values: tf.Tensor) => {
    readonly logX: tf.Tensor
    readonly log1mX: tf.Tensor
  }
} = Object.assign(make, {
  fit: (values: tf.Tensor, weights?: tf.Tensor) =>
    tf.tidy(() => {
      const logs = tf.stack(
        [weightedMean(tf.log(values), weights), weightedMean(tf.log1p(tf.neg(values)), weights)],
        -1,
      )
      const [concentration1, concentration0] = tf.unstack(dirichletEstimate(logs), -1)
      return { concentration1: concentration1!, concentration0: concentration0! }
    }),
  sufficientStatistics: (values: tf.Tensor) =>
    tf.tidy(() => ({ logX: tf.log(values), log1mX: tf.log1p(tf.neg(values)) })),
})

/** KL(p ‖ q), that of two Dirichlets of two classes. */
export const klBetaBeta = (p: Beta, q: Beta): tf.Tensor => {
  const batch = broadcast(p.batchShape, q.batchShape)!
  return dirichletDivergence(concentrations(p, batch), concentrations(q, batch))
}

/** Both concentrations, `[...shape, 2]`. */
const concentrations = ({ concentration1, concentration0 }: BetaParams, shape: Shape): tf.Tensor =>
  tf.stack(
    [concentration1, concentration0].map((c) => broadcastTo(toTensor(c), shape)),
    -1,
  )
