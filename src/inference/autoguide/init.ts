/**
 * Where an automatic guide starts: a first value for each latent site, from the site's own prior (given the first values
 * of the sites before it), from nowhere in particular, or from the user. The names are NumPyro's.
 *
 * ```ts
 * autoNormal(model)                                        // initToMedian
 * autoNormal(model, { init: initToUniform(1) })
 * autoNormal(model, { init: initToValues({ tau: 1 }) })    // the other sites start at their medians
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Distribution, Value } from "../../distributions/Distribution.ts"
import { biject } from "../../distributions/Transform.ts"
import { given } from "../../effects/place.ts"
import { InvalidArgument, ShapeMismatch } from "../../tensor/errors.ts"
import * as Key from "../../tensor/Key.ts"
import { equals, format, size } from "../../tensor/Shape.ts"
import type { Latent } from "./latent.ts"

/** A site that needs a first value. */
export interface InitSite {
  readonly name: string
  /** The model's, with the batch of the site's plates. */
  readonly distribution: Distribution
}

/** The first value of a site: in its support, of shape `[...batch, ...event]`. */
export type Init = (site: InitSite, key: Key.Key) => tf.Tensor

/** The median of 15 draws from the site's prior, each number of it in unconstrained coordinates. */
export const initToMedian: Init = ({ distribution }, key) => {
  const transform = biject(distribution.support as never)
  const draws = transform.inverse(distribution.sample(key, [medianOf]))
  const [, ...shape] = draws.shape
  const each = tf.transpose(tf.reshape(draws, [medianOf, size(shape)]))
  const upper = tf.topk(each, (medianOf + 1) / 2).values
  return transform.forward(tf.reshape(tf.min(upper, -1), shape))
}

/** A draw from the site's prior. */
export const initToSample: Init = ({ distribution }, key) => distribution.sample(key)

/**
 * Uniform between −`radius` and `radius` (positive, finite; default 2) in unconstrained coordinates. Fails with
 * `InvalidArgument` for another radius.
 */
export const initToUniform =
  (radius = 2): Init =>
  ({ distribution }, key) => {
    if (!(radius > 0 && Number.isFinite(radius))) {
      throw new InvalidArgument({
        where: "initToUniform",
        expected: "a positive, finite radius",
        found: String(radius),
      })
    }
    const transform = biject(distribution.support as never)
    const shape = transform.inverseShape([...distribution.batchShape, ...distribution.eventShape])!
    return transform.forward(Key.uniform(key, shape, -radius, radius))
  }

/**
 * The given value where a site has one, in its support and of its full shape or a single number; the others as
 * `otherwise` says. Fails with `ShapeMismatch` for a value of another shape, and with `InvalidParameter` for one outside
 * the support.
 */
export const initToValues =
  (values: { readonly [site: string]: Value }, otherwise: Init = initToMedian): Init =>
  (site, key) => {
    const value = values[site.name]
    if (value === undefined) return otherwise(site, key)
    const { batchShape, eventShape } = site.distribution
    const [found, shape] = [given(`initToValues: "${site.name}"`, value), [...batchShape, ...eventShape]]
    if (found.rank === 0) return tf.broadcastTo(found, shape)
    if (equals(found.shape, shape)) return found
    throw new ShapeMismatch({
      where: `initToValues: "${site.name}"`,
      expected: `a number, or a value of shape ${format(shape)}`,
      found: format(found.shape),
    })
  }

/** The first value in unconstrained coordinates. */
export const initialLoc = ({ name, distribution, transform }: Latent, init: Init, key: Key.Key): tf.Tensor =>
  transform.inverse(init({ name, distribution }, key))

const medianOf = 15
