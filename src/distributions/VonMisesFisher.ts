/**
 * Von Mises and Fisher's distribution on the sphere of unit vectors in d dimensions, d from 2 up, a density over its
 * surface: with ν = d/2 − 1, κ = concentration and μ = meanDirection,
 *
 *   log p(x) = κ μ·x + ν log κ − (d/2) log 2π − log I_ν(κ)
 *
 * (K. V. Mardia and P. E. Jupp, "Directional Statistics", 2000, section 9.3.2). In two dimensions it is `VonMises`, of a
 * vector in place of its angle.
 *
 * ```ts
 * VonMisesFisher({ meanDirection: [0, 0, 1], concentration: 20 })   // event [3], near the north pole
 * ```
 *
 * Draws are differentiable in both parameters (see `tensor/kernels/paths/vonMisesFisher.ts`). Directions count by what
 * they point at: parameters and values are divided by their length, which float32 keeps within 1e-7 of 1, so that
 * gradients lie along the sphere. A fitted one is `param("μ", [0, 0, 1], { support: Support.sphere })`.
 */
import * as tf from "@tensorflow/tfjs-core"
import type * as Key from "../tensor/Key.ts"
import { drawVonMisesFisher, versine } from "../tensor/paths.ts"
import type { Shape } from "../tensor/Shape.ts"
import {
  besselQuotient,
  besselQuotientSlope,
  besselShare,
  logMeanExp,
} from "../tensor/special/besselOrder.ts"
import { lgamma } from "../tensor/special/scalar/gamma.ts"
import { sphereConcentration, sphereDivergence, sphereEntropy } from "../tensor/special/sphere.ts"
import { broadcastTo, float, toTensor, type Value } from "./Distribution.ts"
import { PathwiseFamily } from "./Family.ts"
import { weightedMean } from "./fit.ts"
import { positive, sphere } from "./Support.ts"
import { sizeOf } from "./scatter.ts"

/**
 * Parameters of {@link VonMisesFisher}: the mean direction, a unit vector `[...batch, d]` with d from 2 up, and the
 * concentration κ, `[...batch]`, about d − 1 over the mean squared angle from it. The batches broadcast.
 */
export interface VonMisesFisherParams {
  readonly meanDirection: Value
  readonly concentration: Value
}

class VonMisesFisherDistribution extends PathwiseFamily<"VonMisesFisher", "sphere"> {
  readonly meanDirection: Value
  readonly concentration: Value

  constructor({ meanDirection, concentration }: VonMisesFisherParams) {
    const d = sizeOf(meanDirection)
    super({
      family: "VonMisesFisher",
      support: sphere,
      params: {
        meanDirection: { value: meanDirection, constraint: sphere },
        concentration: { value: concentration, constraint: positive },
      },
      eventShape: [d],
      // The two points of the sphere in one dimension have no angle between them.
      eventSizes: { meanDirection: [Math.max(d, 2)] },
    })
    this.meanDirection = meanDirection
    this.concentration = concentration
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    return drawVonMisesFisher(
      key,
      broadcastTo(toTensor(this.meanDirection), full),
      broadcastTo(toTensor(this.concentration), full.slice(0, -1)),
    )
  }

  // Against the uniform density: at a small κ the terms of the formula above cancel.
  protected score(value: tf.Tensor): tf.Tensor {
    const k = toTensor(this.concentration)
    const height = tf.mul(k, versine(value, toTensor(this.meanDirection)))
    return tf.sub(tf.sub(-this.logArea(), logMeanExp(this.order(), k)), height)
  }

  /** A μ, where A = I_{d/2}(κ)/I_{d/2−1}(κ). */
  mean(): tf.Tensor {
    return this.batched(() => {
      const length = besselQuotient(this.order(), toTensor(this.concentration))
      return tf.mul(tf.expandDims(length, -1), this.unit())
    })
  }

  /** The covariance's diagonal, (A/κ) (1 − μᵢ²) + A′ μᵢ². */
  variance(): tf.Tensor {
    return this.batched(() => {
      const k = tf.expandDims(toTensor(this.concentration), -1)
      const square = tf.square(this.unit())
      const across = tf.mul(besselShare(this.order(), k), tf.sub(1, square))
      return tf.add(across, tf.mul(besselQuotientSlope(this.order(), k), square))
    })
  }

  /** μ. */
  mode(): tf.Tensor {
    return this.batched(() => this.unit())
  }

  /** Over the surface: −log C(κ) − κ A, with C the density's constant. */
  entropy(): tf.Tensor {
    return this.batched(
      () => tf.add(sphereEntropy(this.order(), toTensor(this.concentration)), this.logArea()),
      [],
    )
  }

  /** @internal */
  order(): tf.Tensor {
    return tf.scalar(this.eventShape[0]! / 2 - 1)
  }

  private unit(): tf.Tensor {
    return normalized(toTensor(this.meanDirection))
  }

  /** log 2π^{d/2}/Γ(d/2), of the whole sphere. */
  private logArea(): number {
    const half = this.eventShape[0]! / 2
    return Math.LN2 + half * Math.log(Math.PI) - lgamma(half)
  }
}

/** A von Mises–Fisher distribution; see {@link VonMisesFisherParams}. */
export type VonMisesFisher = VonMisesFisherDistribution

const make = (params: VonMisesFisherParams): VonMisesFisher => new VonMisesFisherDistribution(params)

/** Makes a von Mises–Fisher distribution. `VonMisesFisher.fit` is its weighted maximum-likelihood estimate. */
export const VonMisesFisher: {
  (params: VonMisesFisherParams): VonMisesFisher
  /**
   * The direction of the mean, and the κ at which A is its length, by Newton's method; values `[N, ...batch, d]`, see
   * `fit.ts`. Values that are all alike give an infinite κ.
   */
  readonly fit: (
    values: tf.Tensor,
    weights?: tf.Tensor,
  ) => { readonly meanDirection: tf.Tensor; readonly concentration: tf.Tensor }
  /** x itself, `[..., d]`. */
  readonly sufficientStatistics: (values: tf.Tensor) => { readonly x: tf.Tensor }
} = Object.assign(make, {
  fit: (values: tf.Tensor, weights?: tf.Tensor) =>
    tf.tidy(() => {
      const x = float(values)
      const meanDirection = normalized(weightedMean(x, weights, 1))
      // 1 less the mean's length, of which the length itself has no digit where the values are close together.
      const rest = weightedMean(versine(x, meanDirection), weights)
      const order = tf.scalar(x.shape.at(-1)! / 2 - 1)
      return { meanDirection, concentration: sphereConcentration(order, rest) }
    }),
  sufficientStatistics: (values: tf.Tensor) => tf.tidy(() => ({ x: tf.clone(values) })),
})

/** KL(p ‖ q) = log C(κp)/C(κq) + A(κp) (κp − κq cos Δ), with Δ the angle between the mean directions. */
export const klVonMisesFishers = (p: VonMisesFisher, q: VonMisesFisher): tf.Tensor => {
  const [kp, kq] = [toTensor(p.concentration), toTensor(q.concentration)]
  const turn = versine(toTensor(p.meanDirection), toTensor(q.meanDirection))
  const along = sphereDivergence(p.order(), kp, kq)
  return tf.add(along, tf.mul(tf.mul(besselQuotient(p.order(), kp), kq), turn))
}

const normalized = (x: tf.Tensor): tf.Tensor => tf.div(x, tf.norm(x, 2, -1, true))
