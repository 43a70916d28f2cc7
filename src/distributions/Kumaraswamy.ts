/**
 * The Kumaraswamy distribution on [0, 1], much like a beta, but with a cumulative distribution in closed form:
 * 1 − (1 − xᵃ)ᵇ, with a and b the two concentrations. log p(x) = log ab + (a − 1) log x + (b − 1) log(1 − xᵃ).
 *
 * ```ts
 * Kumaraswamy({ concentration1: 2, concentration0: 5 })
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { kumaraswamyCdf, kumaraswamyIcdf, kumaraswamyLogDensity } from "../tensor/gammas.ts"
import type * as Key from "../tensor/Key.ts"
import { quotient } from "../tensor/quotient.ts"
import type { Shape } from "../tensor/Shape.ts"
import { log1mexp } from "../tensor/special/exponential.ts"
import { digamma, lbeta } from "../tensor/special/gamma.ts"
import { logComplement, logPowerMean, logPowerSpread } from "../tensor/special/moments.ts"
import { eulerGamma, where } from "../tensor/stable.ts"
import type { Beta } from "./Beta.ts"
import { toTensor, type Value } from "./Distribution.ts"
import { PathwiseFamily } from "./Family.ts"
import { exponential } from "./noise.ts"
import { positive, unitInterval } from "./Support.ts"

/** Parameters of {@link Kumaraswamy}: a and b in the formulas. Shapes broadcast to the batch. */
export interface KumaraswamyParams {
  readonly concentration1: Value
  readonly concentration0: Value
}

class KumaraswamyDistribution extends PathwiseFamily<"Kumaraswamy", "unitInterval"> {
  readonly concentration1: Value
  readonly concentration0: Value

  constructor({ concentration1, concentration0 }: KumaraswamyParams) {
    super({
      family: "Kumaraswamy",
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
    // An end, to which a draw may round, can have an infinite density.
    return tf.clipByValue(this.at(exponential(key, full)), 2 ** -126, 1 - 2 ** -24)
  }

  protected score(value: tf.Tensor): tf.Tensor {
    return kumaraswamyLogDensity(value, toTensor(this.concentration1), toTensor(this.concentration0))
  }

  /** b B(1 + 1/a, b). */
  mean(): tf.Tensor {
    return this.batched(() => tf.exp(logPowerMean(this.inverse(), toTensor(this.concentration0))))
  }

  /** b B(1 + 2/a, b) − mean², as mean² (E x²/mean² − 1). */
  variance(): tf.Tensor {
    return this.batched(() => {
      const spread = logPowerSpread(this.inverse(), toTensor(this.concentration0))
      return tf.mul(tf.square(this.mean()), tf.expm1(spread))
    })
  }

  /**
   * ((a − 1)/(ab − 1))^(1/a) for a, b ≥ 1. Else an end where the density is infinite: 0 for a < 1, 1 for b < 1 ≤ a. 0
   * where a = b = 1.
   */
  mode(): tf.Tensor {
    return this.batched(() => {
      const [a, b] = [toTensor(this.concentration1), toTensor(this.concentration0)]
      const climbs = () => tf.greater(a, 1)
      const rise = where(climbs, tf.sub(a, 1), 1)
      // The quotient is 1/(1 + a(b − 1)/(a − 1)); b < 1 counts as 1, where it is 1.
      const fall = tf.mul(a, quotient(tf.relu(tf.sub(b, 1)), rise))
      const inside = tf.exp(tf.neg(quotient(tf.log1p(fall), a)))
      const level = () => tf.logicalAnd(tf.equal(a, 1), tf.less(b, 1))
      return where(climbs, inside, tf.cast(level(), "float32"))
    })
  }

  /** 1 − 1/b + (1 − 1/a)(ψ(b + 1) + γ) − log ab, with Euler's γ. */
  entropy(): tf.Tensor {
    return this.batched(() => {
      const [a, b] = [toTensor(this.concentration1), toTensor(this.concentration0)]
      const harmonic = tf.add(digamma(tf.add(b, 1)), eulerGamma)
      const tops = tf.add(tf.sub(1, tf.reciprocal(b)), tf.mul(tf.sub(1, this.inverse()), harmonic))
      return tf.sub(tops, tf.add(tf.log(a), tf.log(b)))
    })
  }

  /** 1 − (1 − valueᵃ)ᵇ. */
  cdf(value: tf.Tensor): tf.Tensor {
    return this.pointwise(value, "cdf", (x) =>
      kumaraswamyCdf(tf.clipByValue(x, 0, 1), toTensor(this.concentration1), toTensor(this.concentration0)),
    )
  }

  icdf(probability: tf.Tensor): tf.Tensor {
    return this.pointwise(probability, "icdf", (p) =>
      kumaraswamyIcdf(p, toTensor(this.concentration1), toTensor(this.concentration0)),
    )
  }

  /** (1 − e^(−t/b))^(1/a). */
  private at(t: tf.Tensor): tf.Tensor {
    const log = log1mexp(quotient(t, toTensor(this.concentration0)))
    return tf.exp(tf.mul(log, this.inverse()))
  }

  /** 1/a. */
  private inverse(): tf.Tensor {
    return quotient(tf.scalar(1), toTensor(this.concentration1))
  }
}

/** A Kumaraswamy distribution; see {@link KumaraswamyParams}. */
export type Kumaraswamy = KumaraswamyDistribution

/** Makes a Kumaraswamy distribution. */
export const Kumaraswamy = (params: KumaraswamyParams): Kumaraswamy => new KumaraswamyDistribution(params)

/**
 * KL(p ‖ q) of a Kumaraswamy p and a beta q, elementwise, by E log x = −(ψ(b + 1) + γ)/a and E log(1 − x), which is an
 * integral.
 */
export const klKumaraswamyBeta = (p: Kumaraswamy, q: Beta): tf.Tensor => {
  const [a, b] = [toTensor(p.concentration1), toTensor(p.concentration0)]
  const [one, zero] = [toTensor(q.concentration1), toTensor(q.concentration0)]
  const inverse = quotient(tf.scalar(1), a)
  const log = tf.neg(quotient(tf.add(digamma(tf.add(b, 1)), eulerGamma), a))
  const low = tf.mul(tf.sub(one, 1), log)
  const high = tf.mul(tf.sub(zero, 1), logComplement(inverse, b))
  return tf.sub(tf.sub(lbeta(one, zero), tf.add(low, high)), p.entropy())
}
