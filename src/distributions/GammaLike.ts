/**
 * What the gamma distribution and its special cases share, by shape a and rate:
 * log p(x) = a log rate + (a − 1) log x − rate · x − log Γ(a), on the positive numbers.
 *
 * Draws are Marsaglia and Tsang's, differentiable in both parameters by implicit reparameterization (Figurnov,
 * Mohamed and Mnih, "Implicit reparameterization gradients", NeurIPS 2018).
 */
import * as tf from "@tensorflow/tfjs-core"
import {
  drawGamma,
  gammaCdf,
  gammaDivergence,
  gammaEntropy,
  gammaIcdf,
  gammaLogDensity,
} from "../tensor/gammas.ts"
import type * as Key from "../tensor/Key.ts"
import { quotient } from "../tensor/quotient.ts"
import type { Shape } from "../tensor/Shape.ts"
import { broadcastTo, toTensor, type Value } from "./Distribution.ts"
import { PathwiseFamily } from "./Family.ts"

/** A gamma distribution by its shape and its rate. */
export interface ShapeRate {
  readonly concentration: Value
  readonly rate: Value
}

/** See the head of this file. */
export abstract class GammaLike<F extends string> extends PathwiseFamily<F, "positive"> {
  /** The shape and the rate. Call it inside a tidy. */
  protected abstract shapeRate(): { readonly a: tf.Tensor; readonly rate: tf.Tensor }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    const { a, rate } = this.shapeRate()
    return drawGamma(key, broadcastTo(a, full), broadcastTo(rate, full))
  }

  protected score(value: tf.Tensor): tf.Tensor {
    const { a, rate } = this.shapeRate()
    return gammaLogDensity(value, a, rate)
  }

  /** a / rate. */
  mean(): tf.Tensor {
    return this.batched(() => {
      const { a, rate } = this.shapeRate()
      return quotient(a, rate)
    })
  }

  /** a / rate². */
  variance(): tf.Tensor {
    return this.batched(() => {
      const { a, rate } = this.shapeRate()
      return quotient(quotient(a, rate), rate)
    })
  }

  /** (a − 1) / rate; 0, where the density has no highest point, for a below 1. */
  mode(): tf.Tensor {
    return this.batched(() => {
      const { a, rate } = this.shapeRate()
      return quotient(tf.relu(tf.sub(a, 1)), rate)
    })
  }

  /** a + log Γ(a) + (1 − a) ψ(a) − log rate. */
  entropy(): tf.Tensor {
    return this.batched(() => {
      const { a, rate } = this.shapeRate()
      return tf.sub(gammaEntropy(a), tf.log(rate))
    })
  }

  /** P(X ≤ value), the incomplete gamma function P(a, rate · value). */
  cdf(value: tf.Tensor): tf.Tensor {
    return this.pointwise(value, "cdf", (x) => {
      const { a, rate } = this.shapeRate()
      return gammaCdf(tf.relu(x), a, rate)
    })
  }

  icdf(probability: tf.Tensor): tf.Tensor {
    return this.pointwise(probability, "icdf", (p) => {
      const { a, rate } = this.shapeRate()
      return gammaIcdf(p, a, rate)
    })
  }
}

/** KL of two gammas, (a − b) ψ(a) − log Γ(a) + log Γ(b) − b log ρ + a(ρ − 1) with ρ the rate of q over that of p. */
export const klShapeRate = (p: ShapeRate, q: ShapeRate): tf.Tensor =>
  gammaDivergence(
    toTensor(p.concentration),
    toTensor(q.concentration),
    quotient(toTensor(q.rate), toTensor(p.rate)),
  )
