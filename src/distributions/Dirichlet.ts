/**
 * The Dirichlet distribution on the simplex of K classes, with A = Σa:
 * log p(x) = Σ (aᵢ − 1) log xᵢ + log Γ(A) − Σ log Γ(aᵢ), a density over any K − 1 of the coordinates.
 *
 * ```ts
 * Dirichlet({ concentration: [1, 1, 1] })   // uniform over probability vectors of three
 * ```
 *
 * Draws are the shares of K gammas, differentiable through these, and none is exactly 0. Of a vector with zeros, log p is
 * −∞ where one of them has a concentration above 1, though others have less; else ∞ where one has less than 1; both with
 * gradients of zero. There is no `mode`: it is inside the simplex only where all concentrations are above 1.
 */
import * as tf from "@tensorflow/tfjs-core"
import {
  dirichletDivergence,
  dirichletEntropy,
  dirichletEstimate,
  dirichletLogDensity,
  drawDirichlet,
} from "../tensor/gammas.ts"
import type * as Key from "../tensor/Key.ts"
import { requireVector } from "../tensor/linalg/shapes.ts"
import type { Shape } from "../tensor/Shape.ts"
import { broadcastTo, shapeOf, toTensor, type Value } from "./Distribution.ts"
import { PathwiseFamily } from "./Family.ts"
import { weightedMean } from "./fit.ts"
import { independent, positive, simplex } from "./Support.ts"

/** Parameters of {@link Dirichlet}: one concentration for each class, `[...batch, K]`. */
export interface DirichletParams {
  readonly concentration: Value
}

class DirichletDistribution extends PathwiseFamily<"Dirichlet", "simplex"> {
  readonly concentration: Value

  constructor({ concentration }: DirichletParams) {
    super({
      family: "Dirichlet",
      support: simplex,
      params: { concentration: { value: concentration, constraint: vectorOfPositives } },
      eventShape: shapeOf(concentration).slice(-1),
      // The kernel asks of each row whether it is on the simplex.
      scoresAnything: true,
    })
    this.concentration = concentration
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    return drawDirichlet(key, broadcastTo(toTensor(this.concentration), full))
  }

  protected score(value: tf.Tensor): tf.Tensor {
    return dirichletLogDensity(value, toTensor(this.concentration))
  }

  /** aᵢ / A. */
  mean(): tf.Tensor {
    return this.batched(() => {
      const a = toTensor(this.concentration)
      return tf.div(a, tf.sum(a, -1, true))
    })
  }

  /** mᵢ (1 − mᵢ) / (A + 1), with m the mean. */
  variance(): tf.Tensor {
    return this.batched(() => {
      const a = toTensor(this.concentration)
      const total = tf.sum(a, -1, true)
      const mean = tf.div(a, total)
      return tf.div(tf.mul(mean, tf.sub(1, mean)), tf.add(total, 1))
    })
  }

  /** log B(a) + (A − K) ψ(A) − Σ (aᵢ − 1) ψ(aᵢ). */
  entropy(): tf.Tensor {
    return this.batched(() => dirichletEntropy(toTensor(this.concentration)), [])
  }
}

/** A Dirichlet distribution; see {@link DirichletParams}. */
export type Dirichlet = DirichletDistribution

const make = (params: DirichletParams): Dirichlet => new DirichletDistribution(params)

/** Makes a Dirichlet distribution. `Dirichlet.fit` is its weighted maximum-likelihood estimate. */
export const Dirichlet: {
  (params: DirichletParams): Dirichlet
  /** By Newton's method from the means of log xᵢ; for the shapes see `fit.ts`. Of one class it is 1: any fits. */
  readonly fit: (values: tf.Tensor, weights?: tf.Tensor) => { readonly concentration: tf.Tensor }
  /** log x, of the values' shape `[..., K]`. */
  readonly sufficientStatistics: (values: tf.Tensor) => { readonly logX: tf.Tensor }
} = Object.assign(make, {
  fit: (values: tf.Tensor, weights?: tf.Tensor) =>
    tf.tidy(() => ({ concentration: dirichletEstimate(weightedMean(tf.log(values), weights, 1)) })),
  sufficientStatistics: (values: tf.Tensor) => {
    requireVector("Dirichlet.sufficientStatistics", values)
    return tf.tidy(() => ({ logX: tf.log(values) }))
  },
})

/** KL(p ‖ q) = log B(b) − log B(a) + Σ (aᵢ − bᵢ) (ψ(aᵢ) − ψ(A)). */
export const klDirichletDirichlet = (p: DirichletParams, q: DirichletParams): tf.Tensor =>
  dirichletDivergence(toTensor(p.concentration), toTensor(q.concentration))

const vectorOfPositives = independent(positive, 1)
