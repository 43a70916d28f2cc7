/**
 * The base of families of x = loc + scale · z, where z has a fixed distribution on the reals:
 * log p(x) = log p((x − loc)/scale) − log scale. A family writes the mathematics of z alone.
 *
 * ```ts
 * class LogisticDistribution extends LocationScaleFamily<"Logistic"> {
 *   protected noise(key, full) { ... }   // draws of z
 *   protected standard(z) { ... }        // its log-density
 *   cdf(value) { return this.pointwise(value, "cdf", (x) => tf.sigmoid(this.z(x))) }
 * }
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import type * as Key from "../tensor/Key.ts"
import { quotient } from "../tensor/quotient.ts"
import type { Shape } from "../tensor/Shape.ts"
import { operand, toTensor, type Value } from "./Distribution.ts"
import { PathwiseFamily } from "./Family.ts"
import { positive, real } from "./Support.ts"

/** A place and a width. Shapes broadcast to the batch. */
export interface LocationScaleParams {
  readonly loc: Value
  readonly scale: Value
}

/** See the head of this file. */
export abstract class LocationScaleFamily<F extends string> extends PathwiseFamily<F, "real"> {
  readonly loc: Value
  readonly scale: Value

  constructor(family: F, { loc, scale }: LocationScaleParams) {
    super({
      family,
      support: real,
      params: { loc: { value: loc, constraint: real }, scale: { value: scale, constraint: positive } },
    })
    this.loc = loc
    this.scale = scale
  }

  /** Draws of z at this shape. */
  protected abstract noise(key: Key.Key, full: Shape): tf.Tensor
  /** The log-density of z. */
  protected abstract standard(z: tf.Tensor): tf.Tensor

  protected draw(key: Key.Key, full: Shape): tf.Tensor {
    return this.x(this.noise(key, full))
  }

  protected score(value: tf.Tensor): tf.Tensor {
    return tf.sub(this.standard(this.z(value)), tf.log(operand(this.scale)))
  }

  /** (x − loc) / scale. */
  protected z(x: tf.Tensor): tf.Tensor {
    return standardized(x, this)
  }

  /** loc + scale · z. */
  protected x(z: tf.Tensor | number): tf.Tensor {
    return tf.add(operand(this.loc), tf.mul(operand(this.scale), z))
  }
}

/** (x − loc) / scale. */
export const standardized = (x: tf.Tensor, { loc, scale }: LocationScaleParams): tf.Tensor =>
  quotient(tf.sub(x, operand(loc)), toTensor(scale))
