/** What is refused of a mixture's parameters: tensors of other sizes, and numbers outside their sets. */
import { firstOutside } from "../../distributions/Distribution.ts"
import { OutsideSupport } from "../../distributions/errors.ts"
import { real, type Support, simplex } from "../../distributions/Support.ts"
import type { GaussianMixtureOptions, GaussianMixtureParams } from "../GaussianMixture.ts"
import { scaleShape, scaleSupport } from "./component.ts"
import { requireEqual } from "./observations.ts"

type Options = Required<GaussianMixtureOptions>

/** Throws `ShapeMismatch` unless the parameters have the mixture's sizes. */
export const requireSizes = (where: string, options: Options, params: GaussianMixtureParams): void => {
  const { components: k, dimensions: d, covariance } = options
  requireEqual(where, "weights", params.weights, [k])
  requireEqual(where, "loc", params.loc, [k, d])
  requireEqual(where, "scale", params.scale, scaleShape(covariance, k, d))
}

/** Throws besides, by reading them back, `OutsideSupport` where numbers are none that a mixture can have. */
export const requireParams = (where: string, options: Options, params: GaussianMixtureParams): void => {
  requireSizes(where, options, params)
  const sets: Readonly<Record<keyof GaussianMixtureParams, Support>> = {
    weights: simplex,
    loc: real,
    scale: scaleSupport(options.covariance),
  }
  for (const [name, support] of Object.entries(sets)) {
    const tensor = params[name as keyof GaussianMixtureParams]
    const outside = firstOutside(support, tensor.dataSync(), tensor.shape)
    if (outside !== undefined) {
      throw new OutsideSupport({ where: `${where}: ${name}`, support: support.describe, ...outside })
    }
  }
}
