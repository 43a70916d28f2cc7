/**
 * Divergences of two members of one location-scale family, and of truncated normals, elementwise over the batch. An
 * asymmetric Laplace's has a closed form. The others are quadratures in float64, exact to a float32 (see
 * `tensor/divergences.ts`): E log cosh, E log(1 + y²/ν) and the like have no closed form where the scales differ.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as divergences from "../../tensor/divergences.ts"
import { logRatio, quotient } from "../../tensor/quotient.ts"
import { where } from "../../tensor/stable.ts"
import type { AsymmetricLaplaceParams } from "../AsymmetricLaplace.ts"
import { operand, toTensor, type Value } from "../Distribution.ts"
import type { LocationScaleParams } from "../LocationScale.ts"
import type { StudentTParams } from "../StudentT.ts"

/** KL(p ‖ q) of two logistics, by quadrature. */
export const klLogisticLogistic = (p: LocationScaleParams, q: LocationScaleParams): tf.Tensor =>
  divergences.logisticDivergence(placesAndScales(p, q))

/** KL(p ‖ q) of two soft Laplaces, by quadrature. */
export const klSoftLaplaceSoftLaplace = (p: LocationScaleParams, q: LocationScaleParams): tf.Tensor =>
  divergences.hyperbolicSecantDivergence(placesAndScales(p, q))

/** KL(p ‖ q) of two Student's t distributions, by quadrature. */
export const klStudentTStudentT = (p: StudentTParams, q: StudentTParams): tf.Tensor =>
  divergences.studentDivergence({ ...placesAndScales(p, q), dfP: toTensor(p.df), dfQ: toTensor(q.df) })

/** A normal between two ends, of which none, one or both are there. */
interface Between extends LocationScaleParams {
  readonly low?: Value | undefined
  readonly high?: Value | undefined
}

/** A half-normal is a normal above its mean. */
export const halfNormalAsTruncated = ({ scale }: { readonly scale: Value }): Between => ({
  loc: 0,
  scale,
  low: 0,
})

/** KL(p ‖ q) of two truncated normals, by quadrature; q may be a whole normal. Infinite where q does not cover p. */
export const klTruncatedNormals = (p: Between, q: Between): tf.Tensor =>
  divergences.truncatedNormalDivergence({
    ...placesAndScales(p, q),
    lowP: toTensor(p.low ?? -Infinity),
    highP: toTensor(p.high ?? Infinity),
    lowQ: toTensor(q.low ?? -Infinity),
    highQ: toTensor(q.high ?? Infinity),
  })

/**
 * KL(p ‖ q) of two asymmetric Laplaces. With a the mean on p's side towards q's loc, b on its other one, c and e those of
 * q, T = a + b, d the distance of the locs and w = d/a,
 *
 *   (a/T) (a/c) e⁻ʷ + (b/T) (b + d)/e + (a/T) (a/e) (e⁻ʷ − 1 + w) + log((c + e)/T) − 1
 *
 * where the second and third term are how far p lies on average on the near side of q's loc.
 */
export const klAsymmetricLaplaceAsymmetricLaplace = (
  p: AsymmetricLaplaceParams,
  q: AsymmetricLaplaceParams,
): tf.Tensor => {
  const difference = tf.sub(operand(q.loc), operand(p.loc))
  const isAbove = () => tf.greaterEqual(difference, 0)
  const toward = ({ below, above }: Sides) => [where(isAbove, above, below), where(isAbove, below, above)]
  const [a, b] = toward(sidesOf(p)) as [tf.Tensor, tf.Tensor]
  const [c, e] = toward(sidesOf(q)) as [tf.Tensor, tf.Tensor]
  const total = tf.add(a, b)
  // Not `tf.abs`, whose derivative at 0 is that of the other side.
  const distance = where(isAbove, difference, tf.neg(difference))
  const w = quotient(distance, a)
  const beyond = tf.mul(quotient(a, c), tf.exp(tf.neg(w)))
  const within = tf.mul(quotient(a, e), tf.add(tf.expm1(tf.neg(w)), w))
  const behind = tf.mul(quotient(b, total), quotient(tf.add(b, distance), e))
  const mean = tf.add(tf.mul(quotient(a, total), tf.add(beyond, within)), behind)
  return tf.sub(tf.add(mean, logRatio(tf.add(c, e), total)), 1)
}

interface Sides {
  readonly below: tf.Tensor
  readonly above: tf.Tensor
}

/** The mean distances from loc on its two sides. */
const sidesOf = (d: AsymmetricLaplaceParams): Sides => {
  const [scale, asymmetry] = [toTensor(d.scale), toTensor(d.asymmetry)]
  return { below: tf.mul(scale, asymmetry), above: quotient(scale, asymmetry) }
}

const placesAndScales = (p: LocationScaleParams, q: LocationScaleParams): divergences.PlacesAndScales => ({
  locP: toTensor(p.loc),
  scaleP: toTensor(p.scale),
  locQ: toTensor(q.loc),
  scaleQ: toTensor(q.scale),
})
