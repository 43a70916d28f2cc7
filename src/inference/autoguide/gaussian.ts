/**
 * Guides that are one normal distribution over all unconstrained numbers: with any covariance, or with one of low rank
 * and a diagonal (Kucukelbir et al., JMLR 18, 2017, §2.5; Ong, Nott and Smith, "Gaussian variational approximation with
 * a factor covariance structure", JCGS 27, 2018). Sites in plates take part, and all members must be present.
 *
 * ```ts
 * const fit = yield* fitSVI(model, autoMultivariateNormal(model), x)
 * fit.params["auto/scaleTril"]      // [n, n], over the sites in the order of the model
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Distribution } from "../../distributions/Distribution.ts"
import { LowRankMultivariateNormal } from "../../distributions/LowRankMultivariateNormal.ts"
import { MultivariateNormal } from "../../distributions/MultivariateNormal.ts"
import {
  independent,
  lowerCholesky,
  real,
  realMatrix,
  realVector,
  type Support,
} from "../../distributions/Support.ts"
import { compose, type Transform } from "../../distributions/Transform.ts"
import { Transformed } from "../../distributions/Transformed.ts"
import type { LatentName, Param } from "../../effects/Program.ts"
import { InvalidArgument } from "../../tensor/errors.ts"
import * as Key from "../../tensor/Key.ts"
import { diagPart, triangularSolve } from "../../tensor/linalg.ts"
import { equals, type Shape, size } from "../../tensor/Shape.ts"
import { halfLog2Pi } from "../../tensor/stable.ts"
import type { EncodableGuide } from "./encoders.ts"
import { joint } from "./joint.ts"
import { type Latent, readParam, scaleProblem } from "./latent.ts"
import type { Drawable, Guided, SpreadOptions } from "./types.ts"

/**
 * N(loc, LLᵀ) in unconstrained coordinates: parameters `auto/<site>/loc` and L, `auto/scaleTril`. A model with discrete
 * latent sites does not compile, unless they are `summedOut`.
 */
export const autoMultivariateNormal = <D, E, R, const K extends LatentName<R> = never>(
  model: Drawable<D, E, R, K>,
  options: SpreadOptions<K> = {},
): EncodableGuide<D, E, Guided<R, K, "loc"> | Param<"auto/scaleTril", tf.Tensor>, "loc" | "scaleTril"> => {
  const { scale = 0.1 } = options
  return joint(model, options, {
    name: "autoMultivariateNormal",
    problem: scaleProblem("autoMultivariateNormal", scale),
    hasScale: false,
    isWhole: false,
    vector: ({ size, loc }, outer) => {
      const scaleTril = readParam(outer, "auto/scaleTril", () => tf.mul(tf.eye(size), scale), lowerCholesky)
      return {
        distribution: MultivariateNormal({ loc, scaleTril }),
        // Given those before it, each number is normal, with the diagonal as its scale.
        terms: (u) => {
          const noise = triangularSolve(scaleTril, tf.expandDims(tf.sub(u, loc), -1))
          const quadratic = tf.mul(tf.square(tf.squeeze(noise, [-1])), -0.5)
          return tf.sub(tf.sub(quadratic, halfLog2Pi), tf.log(diagPart(scaleTril)))
        },
      }
    },
    encoding: {
      parameters: ["loc", "scaleTril"],
      shapes: (latent) => {
        const { batch, width } = vectorOf(latent)
        return { loc: latent.shape, scaleTril: [...batch, width, width] }
      },
      distribution: (latent, { loc, scaleTril }) => {
        const { shape } = vectorOf(latent)
        return onSite(latent, MultivariateNormal({ loc: tf.reshape(loc!, shape), scaleTril: scaleTril! }))
      },
    },
  })
}

/** How {@link autoLowRank} is set up. */
export interface LowRankOptions<K extends string = string> extends SpreadOptions<K> {
  /** How many factors move the numbers together: a whole number from 1 up. Default ⌈√n⌉ for n numbers. */
  readonly rank?: number
}

/**
 * N(loc, WWᵀ + diag(scale²)) in unconstrained coordinates: parameters `auto/<site>/loc`, `auto/<site>/scale` (positive)
 * and W, `auto/factor`, `[n, rank]`. A model with discrete latent sites does not compile, unless they are `summedOut`.
 * Some latent site must lie outside of any plate that the others share.
 */
export const autoLowRank = <D, E, R, const K extends LatentName<R> = never>(
  model: Drawable<D, E, R, K>,
  options: LowRankOptions<K> = {},
): EncodableGuide<
  D,
  E,
  Guided<R, K, "loc" | "scale"> | Param<"auto/factor", tf.Tensor>,
  "loc" | "scale" | "factor"
> => {
  const { scale = 0.1, rank } = options
  return joint(model, options, {
    name: "autoLowRank",
    problem: scaleProblem("autoLowRank", scale) ?? rankProblem(rank),
    hasScale: true,
    isWhole: true,
    vector: ({ size, loc, scale: spread }, outer) => {
      const columns = rank ?? Math.ceil(Math.sqrt(size))
      // At zero the bound is level in every direction of the factor.
      const start = (key: Key.Key) => tf.mul(Key.normal(key, [size, columns]), scale / Math.sqrt(columns))
      const covFactor = readParam(outer, "auto/factor", start, realMatrix)
      return {
        distribution: LowRankMultivariateNormal({ loc, covFactor, covDiag: tf.square(spread!) }),
      }
    },
    encoding: {
      parameters: ["loc", "scale", "factor"],
      shapes: (latent) => {
        const { batch, width } = vectorOf(latent)
        return { loc: latent.shape, scale: latent.shape, factor: [...batch, width, undefined] }
      },
      distribution: (latent, { loc, scale, factor }) => {
        const { shape } = vectorOf(latent)
        const [at, covDiag] = [tf.reshape(loc!, shape), tf.reshape(tf.square(scale!), shape)]
        return onSite(latent, LowRankMultivariateNormal({ loc: at, covFactor: factor!, covDiag }))
      },
    },
  })
}

const rankProblem = (rank: number | undefined): InvalidArgument | undefined =>
  rank === undefined || (Number.isSafeInteger(rank) && rank >= 1)
    ? undefined
    : new InvalidArgument({
        where: "autoLowRank: rank",
        expected: "a whole number, at least 1",
        found: String(rank),
      })

/** The unconstrained numbers of each event as one vector. */
const vectorOf = ({ shape, eventRank }: Latent) => {
  const batch = shape.slice(0, shape.length - eventRank)
  const width = size(shape.slice(batch.length))
  return { batch, width, shape: [...batch, width] }
}

/** A distribution of such vectors, on the site's support. */
const onSite = (
  { shape, eventRank, support, transform }: Latent,
  base: MultivariateNormal | LowRankMultivariateNormal,
): Distribution => {
  // The identity would hide the pair's closed form of the KL divergence.
  if (eventRank === 1 && support.name === "real") return base
  if (eventRank === 1) return Transformed(base, transform)
  return Transformed(base, compose(unflattened(shape.slice(shape.length - eventRank)), transform))
}

/** Vectors as events of this shape. */
const unflattened = (event: Shape): Transform<"real", "real"> => {
  const outer = (shape: Shape, rank: number) => shape.slice(0, Math.max(shape.length - rank, 0))
  const resized = (from: Shape, to: Shape) => (shape: Shape) => {
    const batch = outer(shape, from.length)
    return equals(shape, [...batch, ...from]) ? [...batch, ...to] : undefined
  }
  const flat = [size(event)]
  return {
    name: "unflattened",
    domain: realVector as Support<"real">,
    codomain: independent(real, event.length),
    eventRank: 1,
    params: {},
    forward: (x) => tf.reshape(x, [...outer(x.shape, 1), ...event]),
    inverse: (y) => tf.reshape(y, [...outer(y.shape, event.length), ...flat]),
    logAbsDetJacobian: (x) => tf.zeros([...outer(x.shape, 1)]),
    forwardShape: resized(flat, event),
    inverseShape: resized(event, flat),
  }
}
