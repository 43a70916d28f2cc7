/**
 * The Gaussian random walk: vectors whose steps, the first from zero, are independent normals.
 * log p(x) = Σₜ log N(xₜ − xₜ₋₁; 0, scale) with x₀ = 0.
 *
 * ```ts
 * GaussianRandomWalk({ scale: 0.1, numSteps: 100 })   // batch [], event [100]
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Key from "../tensor/Key.ts"
import { requireVector } from "../tensor/linalg/shapes.ts"
import { quotient } from "../tensor/quotient.ts"
import type { Shape } from "../tensor/Shape.ts"
import { halfLog2Pi } from "../tensor/stable.ts"
import { float, operand, toTensor, type Value } from "./Distribution.ts"
import { PathwiseFamily } from "./Family.ts"
import { checkShapes, weightedMean } from "./fit.ts"
import { klNormalNormal } from "./Normal.ts"
import { independent, positive, real, type Support } from "./Support.ts"

/** Parameters of {@link GaussianRandomWalk}: the standard deviation of a step, one for each cell of the batch. */
export interface GaussianRandomWalkParams {
  readonly scale: Value
  /** The length of one event, 1 at least. */
  readonly numSteps: number
}

class GaussianRandomWalkDistribution extends PathwiseFamily<"GaussianRandomWalk", "real"> {
  readonly scale: Value
  readonly numSteps: number

  constructor({ scale, numSteps }: GaussianRandomWalkParams) {
    super({
      family: "GaussianRandomWalk",
      support: independent(real, 1),
      params: {
        scale: { value: scale, constraint: positive },
        numSteps: { value: numSteps, constraint: count },
      },
      eventShape: [numSteps],
    })
    this.scale = scale
    this.numSteps = numSteps
  }

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    const noise = Key.normalValues(key, full)
    for (let i = 0; i < noise.length; i += this.numSteps) {
      let place = 0
      for (let t = i; t < i + this.numSteps; t++) {
        place += noise[t]!
        noise[t] = place
      }
    }
    return tf.mul(this.column(), tf.tensor(noise, [...full], "float32"))
  }

  protected score(value: tf.Tensor): tf.Tensor {
    const squares = tf.sum(tf.square(quotient(stepsOf(value), this.column())), -1)
    const constant = tf.mul(tf.add(tf.log(operand(this.scale)), halfLog2Pi), this.numSteps)
    return tf.sub(tf.mul(squares, -0.5), constant)
  }

  /** Zeros. */
  mean(): tf.Tensor {
    return this.batched(() => tf.zeros([this.numSteps]))
  }

  /** t · scale² after t steps. */
  variance(): tf.Tensor {
    return this.batched(() => tf.mul(tf.square(this.column()), tf.range(1, this.numSteps + 1)))
  }

  mode(): tf.Tensor {
    return this.mean()
  }

  /** numSteps · (½ + ½ log 2π + log scale). */
  entropy(): tf.Tensor {
    return this.batched(
      () => tf.mul(tf.add(tf.log(operand(this.scale)), 0.5 + halfLog2Pi), this.numSteps),
      [],
    )
  }

  /** The scale with a last dimension for the steps. */
  private column(): tf.Tensor {
    return tf.expandDims(toTensor(this.scale), -1)
  }
}

/** A Gaussian random walk; see {@link GaussianRandomWalkParams}. */
export type GaussianRandomWalk = GaussianRandomWalkDistribution

const make = (params: GaussianRandomWalkParams): GaussianRandomWalk =>
  new GaussianRandomWalkDistribution(params)

/** Makes a Gaussian random walk. `GaussianRandomWalk.fit` is its weighted maximum-likelihood estimate. */
export const GaussianRandomWalk: {
  (params: GaussianRandomWalkParams): GaussianRandomWalk
  /**
   * The root of the steps' weighted mean square, the first step from zero; 0 where nothing moves. Values
   * `[N, ...batch, numSteps]`; see `fit.ts`.
   */
  readonly fit: (
    values: tf.Tensor,
    weights?: tf.Tensor,
  ) => { readonly scale: tf.Tensor; readonly numSteps: number }
  /** Σₜ (xₜ − xₜ₋₁)² with x₀ = 0, `[...]`, of walks `[..., numSteps]`. */
  readonly sufficientStatistics: (values: tf.Tensor) => { readonly stepsSquared: tf.Tensor }
} = Object.assign(make, {
  fit: (values: tf.Tensor, weights?: tf.Tensor) => {
    checkShapes(values, weights, 1)
    const scale = tf.tidy(() =>
      tf.sqrt(tf.mean(weightedMean(tf.square(stepsOf(float(values))), weights, 1), -1)),
    )
    return { scale, numSteps: values.shape.at(-1)! }
  },
  sufficientStatistics: (values: tf.Tensor) => {
    requireVector("GaussianRandomWalk.sufficientStatistics", values)
    return tf.tidy(() => ({ stepsSquared: tf.sum(tf.square(stepsOf(float(values))), -1) }))
  },
})

/** KL(p ‖ q): that of one step, times the number of steps. */
export const klGaussianRandomWalks = (p: GaussianRandomWalk, q: GaussianRandomWalk): tf.Tensor =>
  tf.mul(klNormalNormal({ loc: 0, scale: p.scale }, { loc: 0, scale: q.scale }), p.numSteps)

/** How far each place is from the one before, the first from zero. */
const stepsOf = (walk: tf.Tensor): tf.Tensor => {
  const outer = walk.shape.slice(0, -1)
  const before = tf.slice(walk, 0, [...outer, walk.shape.at(-1)! - 1])
  return tf.sub(walk, tf.concat([tf.zeros([...outer, 1]), before], -1))
}

const count: Support<"count"> = {
  ...real,
  name: "count",
  describe: "a whole number from 1 up",
  contains: (cell) => Number.isInteger(cell[0]) && cell[0]! >= 1,
  member: () => 1,
}
