/**
 * The root that the inverse of a planar flow needs, of tensors; within half an ulp of float32, or little more.
 * Differentiable once, by the implicit function theorem.
 */

import type * as tf from "@tensorflow/tfjs-core"
import { type Elementwise, elementwise } from "./elementwise.ts"
import * as scalar from "./scalar/planar.ts"

type Binary = Elementwise<[z: tf.Tensor, s: tf.Tensor]>

/** The a for which a + (s − 1) tanh a = z, for s > 0. */
export const planarRoot: Binary = elementwise(
  "planarRoot",
  ["z", "s"],
  scalar.planarRoot,
  (z, s) => planarRootSlope(z, s),
  (z, s) => planarRootShare(z, s),
)

/** ∂a/∂z. */
export const planarRootSlope: Binary = elementwise(
  "planarRootSlope",
  ["z", "s"],
  scalar.planarRootSlope,
  "a second derivative of planarRoot",
  "a second derivative of planarRoot",
)

/** ∂a/∂s. */
export const planarRootShare: Binary = elementwise(
  "planarRootShare",
  ["z", "s"],
  scalar.planarRootShare,
  "a second derivative of planarRoot",
  "a second derivative of planarRoot",
)
