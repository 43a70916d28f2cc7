/**
 * Von Mises' distribution on the circle, angles from −π to π:
 * log p(x) = κ cos(x − loc) − log 2π I₀(κ), with κ = concentration.
 *
 * ```ts
 * VonMises({ loc: Math.PI / 2, concentration: 4 })   // a wind from the north, more or less
 * ```
 *
 * Draws are differentiable by implicit reparameterization (Figurnov, Mohamed and Mnih, "Implicit reparameterization
 * gradients", NeurIPS 2018). One that goes round the end jumps by 2π: take periodic functions of it.
 *
 * The mean and the variance of the angle as a number depend on where the circle is cut, and have no closed form but for
 * loc = 0; there is `circularMean` and `circularVariance` instead. `cdf` starts at the cut, −π, wherever loc is.
 */
import * as tf from "@tensorflow/tfjs-core"
import type * as Key from "../tensor/Key.ts"
import { cosineLess1, drawVonMises, vonMisesCdf, vonMisesLogDensity } from "../tensor/paths.ts"
import type { Shape } from "../tensor/Shape.ts"
import { sphereConcentration } from "../tensor/special/sphere.ts"
import { besselRatio, besselRatioRest, logI0e } from "../tensor/special.ts"
import { broadcastTo, float, operand, toTensor, type Value } from "./Distribution.ts"
import { PathwiseFamily } from "./Family.ts"
import { weightedMean } from "./fit.ts"
import { interval, positive, real } from "./Support.ts"

/** Parameters of {@link VonMises}: the mean direction, and about 1 over the variance. Shapes broadcast to the batch. */
export interface VonMisesParams {
  readonly loc: Value
  readonly concentration: Value
}

class VonMisesDistribution extends PathwiseFamily<"VonMises", "interval"> {
  readonly loc: Value
  readonly concentration: Value

  constructor({ loc, concentration }: VonMisesParams) {
    super({
      family: "VonMises",
      support: circle,
      params: {
        loc: { value: loc, constraint: real },
        concentration: { value: concentration, constraint: positive },
      },
    })
    this.loc = loc
    this.concentration = concentration
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    return drawVonMises(
      key,
      broadcastTo(toTensor(this.loc), full),
      broadcastTo(toTensor(this.concentration), full),
    )
  }

  protected score(value: tf.Tensor): tf.Tensor {
    return vonMisesLogDensity(value, toTensor(this.loc), toTensor(this.concentration))
  }

  /** The direction of the mean of (cos x, sin x): loc, from −π to π. */
  circularMean(): tf.Tensor {
    return this.mode()
  }

  /** One less the length of the mean of (cos x, sin x): 1 − I₁(κ)/I₀(κ). */
  circularVariance(): tf.Tensor {
    return this.batched(() => tf.neg(besselRatioRest(toTensor(this.concentration))))
  }

  /** loc, from −π to π. */
  mode(): tf.Tensor {
    return this.batched(() => {
      const loc = toTensor(this.loc)
      return tf.sub(loc, tf.mul(tf.round(tf.div(loc, 2 * Math.PI)), 2 * Math.PI))
    })
  }

  /** P(X ≤ x) of the angle as a number in [−π, π], by quadrature. */
  cdf(value: tf.Tensor): tf.Tensor {
    return this.pointwise(value, "cdf", (x) =>
      vonMisesCdf(tf.clipByValue(x, -end, end), toTensor(this.loc), toTensor(this.concentration)),
    )
  }

  /** log 2π I₀(κ) − κ I₁(κ)/I₀(κ). */
  entropy(): tf.Tensor {
    return this.batched(() => {
      const k = toTensor(this.concentration)
      return tf.sub(tf.add(logI0e(k), Math.log(2 * Math.PI)), tf.mul(k, besselRatioRest(k)))
    })
  }
}

/** A von Mises distribution; see {@link VonMisesParams}. */
export type VonMises = VonMisesDistribution

const make = (params: VonMisesParams): VonMises => new VonMisesDistribution(params)

/** Makes a von Mises distribution. `VonMises.fit` is its weighted maximum-likelihood estimate. */
export const VonMises: {
  (params: VonMisesParams): VonMises
  /** The direction of the mean of (cos x, sin x), and κ from its length by Newton's method; shapes as in `fit.ts`. */
  readonly fit: (
    values: tf.Tensor,
    weights?: tf.Tensor,
  ) => { readonly loc: tf.Tensor; readonly concentration: tf.Tensor }
  /** cos x and sin x, each of the values' shape. */
  readonly sufficientStatistics: (values: tf.Tensor) => {
    readonly cos: tf.Tensor
    readonly sin: tf.Tensor
  }
} = Object.assign(make, {
  fit: (values: tf.Tensor, weights?: tf.Tensor) =>
    tf.tidy(() => {
      const [x, y] = [weightedMean(tf.cos(values), weights), weightedMean(tf.sin(values), weights)]
      const loc = tf.atan2(y, x)
      // 1 less the mean's length, of which the length itself has no digit where the angles are close together.
      const rest = tf.neg(weightedMean(cosineLess1(tf.sub(float(values), loc)), weights))
      return { loc, concentration: sphereConcentration(tf.scalar(0), rest) }
    }),
  sufficientStatistics: (values: tf.Tensor) => tf.tidy(() => ({ cos: tf.cos(values), sin: tf.sin(values) })),
})

/** KL(p ‖ q) = log I₀(κq)/I₀(κp) + A (κp − κq cos Δ), with A = I₁(κp)/I₀(κp) and Δ the angle between the means. */
export const klVonMisesVonMises = (p: VonMisesParams, q: VonMisesParams): tf.Tensor => {
  const [kp, kq] = [toTensor(p.concentration), toTensor(q.concentration)]
  // With I₀ scaled by e^−κ what is left of A (κp − κq) is its part below κp − κq.
  const heights = tf.sub(tf.sub(logI0e(kq), logI0e(kp)), tf.mul(tf.sub(kq, kp), besselRatioRest(kp)))
  const turn = cosineLess1(tf.sub(operand(p.loc), operand(q.loc)))
  return tf.sub(heights, tf.mul(tf.mul(besselRatio(kp), kq), turn))
}

/** To the float32 next to π, which is a little more. */
const end = Math.fround(Math.PI)
const circle = interval(-end, end)
