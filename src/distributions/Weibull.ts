/**
 * The Weibull distribution on the positive numbers: (x/scale)^concentration is exponential of rate 1.
 * log p(x) = log k − log scale + (k − 1) log(x/scale) − (x/scale)ᵏ, with k the concentration.
 *
 * ```ts
 * Weibull({ scale: 2, concentration: 1.5 })   // a lifetime; what is old wears out faster
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import type * as Key from "../tensor/Key.ts"
import { logRatio, quotient } from "../tensor/quotient.ts"
import type { Shape } from "../tensor/Shape.ts"
import { lgamma } from "../tensor/special/gamma.ts"
import { logGammaSpread } from "../tensor/special/moments.ts"
import { eulerGamma, where } from "../tensor/stable.ts"
import { operand, toTensor, type Value } from "./Distribution.ts"
import { PathwiseFamily } from "./Family.ts"
import { exponential } from "./noise.ts"
import { positive } from "./Support.ts"

/** Parameters of {@link Weibull}: shapes broadcast to the batch; a concentration of 1 is an exponential. */
export interface WeibullParams {
  readonly scale: Value
  readonly concentration: Value
}

class WeibullDistribution extends PathwiseFamily<"Weibull", "positive"> {
  readonly scale: Value
  readonly concentration: Value

  constructor({ scale, concentration }: WeibullParams) {
    super({
      family: "Weibull",
      support: positive,
      params: {
        scale: { value: scale, constraint: positive },
        concentration: { value: concentration, constraint: positive },
      },
    })
    this.scale = scale
    this.concentration = concentration
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    // A small concentration's draws may be beyond float32, on either side.
    return tf.clipByValue(this.at(exponential(key, full)), 2 ** -149, 3.4028234663852886e38)
  }

  protected score(value: tf.Tensor): tf.Tensor {
    const k = operand(this.concentration)
    const log = logRatio(value, toTensor(this.scale))
    const power = tf.exp(tf.mul(k, log))
    const density = tf.add(
      logRatio(toTensor(this.concentration), toTensor(this.scale)),
      tf.mul(tf.sub(k, 1), log),
    )
    return tf.sub(density, power)
  }

  /** scale · Γ(1 + 1/k). */
  mean(): tf.Tensor {
    return this.batched(() => tf.mul(operand(this.scale), tf.exp(lgamma(tf.add(this.inverse(), 1)))))
  }

  /** scale² (Γ(1 + 2/k) − Γ(1 + 1/k)²), as mean² (E x²/mean² − 1). */
  variance(): tf.Tensor {
    return this.batched(() => tf.mul(tf.square(this.mean()), tf.expm1(logGammaSpread(this.inverse()))))
  }

  /** scale (1 − 1/k)^(1/k); for k up to 1 it is 0, which is not of the support, but next to it. */
  mode(): tf.Tensor {
    return this.batched(() => {
      const k = toTensor(this.concentration)
      const isInner = () => tf.greater(k, 1)
      const inverse = tf.reciprocal(where(isInner, k, 2))
      const inner = tf.exp(tf.mul(tf.log1p(tf.neg(inverse)), inverse))
      return tf.mul(operand(this.scale), where(isInner, inner, 0))
    })
  }

  /** γ (1 − 1/k) + log(scale/k) + 1, with Euler's γ. */
  entropy(): tf.Tensor {
    return this.batched(() => {
      const log = logRatio(toTensor(this.scale), toTensor(this.concentration))
      return tf.add(tf.mul(tf.sub(1, this.inverse()), eulerGamma), tf.add(log, 1))
    })
  }

  /** 1 − exp(−(value/scale)ᵏ), which keeps its digits where it is small. */
  cdf(value: tf.Tensor): tf.Tensor {
    return this.pointwise(value, "cdf", (x) => {
      const ratio = quotient(tf.relu(x), toTensor(this.scale))
      return tf.neg(tf.expm1(tf.neg(tf.pow(ratio, toTensor(this.concentration)))))
    })
  }

  icdf(probability: tf.Tensor): tf.Tensor {
    return this.pointwise(probability, "icdf", (p) => this.at(tf.neg(tf.log1p(tf.neg(p)))))
  }

  /** scale · t^(1/k). */
  private at(t: tf.Tensor): tf.Tensor {
    return tf.mul(operand(this.scale), tf.pow(t, this.inverse()))
  }

  private inverse(): tf.Tensor {
    return quotient(tf.scalar(1), toTensor(this.concentration))
  }
}

/** A Weibull distribution; see {@link WeibullParams}. */
export type Weibull = WeibullDistribution

/** Makes a Weibull distribution. */
export const Weibull = (params: WeibullParams): Weibull => new WeibullDistribution(params)
