/**
 * Factor analysis, and with the same noise on every input probabilistic principal components:
 *
 *   zₙ ~ N(0, I),  xₙ | zₙ ~ N(W zₙ + loc, Ψ),  Ψ diagonal,  so that  xₙ ~ N(loc, WWᵀ + Ψ)
 *
 * (D. B. Rubin and D. T. Thayer, "EM algorithms for ML factor analysis", 1982; M. E. Tipping and C. M. Bishop,
 * "Probabilistic principal component analysis", 1999.) Everything about it is known exactly, so that it is what
 * approximate methods are measured by.
 *
 * ```ts
 * const factors = FactorAnalysis.make({ inputs: 5, latent: 2, size: 200 })
 * const fit = yield* alternate(factors.model, x, conjugate(factors), { params: factors.initialize(x) })
 * const { mean } = factors.posterior(fit.params, x)      // of z, [200, 2]
 * ```
 *
 * W is known up to a rotation of z: compare WWᵀ, or the span of W's columns, and not W.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { firstOutside } from "../distributions/Distribution.ts"
import { OutsideSupport } from "../distributions/errors.ts"
import { LowRankMultivariateNormal } from "../distributions/LowRankMultivariateNormal.ts"
import { MultivariateNormal } from "../distributions/MultivariateNormal.ts"
import { Normal } from "../distributions/Normal.ts"
import { lowerCholesky, positive, real } from "../distributions/Support.ts"
import { param } from "../effects/Param.ts"
import { plate } from "../effects/Plate.ts"
import type { Observe, Param, Sample } from "../effects/Program.ts"
import { observe, sample } from "../effects/Sample.ts"
import { apply } from "../nn/apply.ts"
import { type DenseParams, dense, sizeProblem } from "../nn/dense.ts"
import { InvalidArgument, ShapeMismatch } from "../tensor/errors.ts"
import * as Key from "../tensor/Key.ts"
import { equals, format, type Shape } from "../tensor/Shape.ts"
import { expectedLogJoint, maximized, posteriorOf, principal } from "./factorAnalysis/gaussian.ts"
import { refuse } from "./refuse.ts"

/** Ψ: a variance for each input (factor analysis), or one for all (probabilistic PCA). */
export type Noise = "diagonal" | "isotropic"

/** Sizes are whole numbers from 1 up. */
export interface FactorAnalysisOptions<N extends Noise> {
  /** D, the length of an observation. */
  readonly inputs: number
  /** L, the number of factors. */
  readonly latent: number
  /** How many observations there are: the size of the plate `"data"`. */
  readonly size: number
  /** Default `"diagonal"`. */
  readonly noise?: N
  /** The least variance that the M-step gives, above 0; default 1e-6. The likelihood may be unbounded without one. */
  readonly floor?: number
}

/** The parameters. */
export type FactorParams = {
  /** W, `[D, L]`. */
  readonly loadings: tf.Tensor
  /** `[D]`. */
  readonly loc: tf.Tensor
  /** Standard deviations of the noise: `[D]`, or `[]` where it is isotropic. */
  readonly scale: tf.Tensor
}

/** The exact posterior of z given x, a Gaussian whose covariance is the same for all observations. */
export type FactorPosterior = {
  /** `[N, L]`. */
  readonly mean: tf.Tensor
  /** `[L, L]`. */
  readonly covariance: tf.Tensor
}

/**
 * The model's programs and its exact answers. Observations `x` are `[N, D]`; for others, and for parameters of other sizes,
 * the answers throw `ShapeMismatch`.
 */
export interface FactorAnalysis {
  /** p(z) p(x | z), observing `x`. */
  readonly model: (
    x: tf.Tensor,
  ) => Effect.Effect<tf.Tensor, never, Sample<"z", "real", "pathwise"> | Observe<"x"> | FactorRequirements>
  /** q(z | x) = N(Ax + b, LLᵀ), A and b the layer `"encoder"`, L `"encoderScale"`: the exact posterior is of this form. */
  readonly guide: (
    x: tf.Tensor,
  ) => Effect.Effect<
    tf.Tensor,
    never,
    Sample<"z", "real", "pathwise"> | Param<"encoder", DenseParams> | Param<"encoderScale", tf.Tensor>
  >
  /** p(x), with z integrated out: `logProb` scores observations, `sample` makes them. */
  readonly marginal: (params: FactorParams) => LowRankMultivariateNormal
  /** log p(x), a total over the plate: a scalar. */
  readonly evidence: (params: FactorParams, x: tf.Tensor) => tf.Tensor
  /** p(z | x): the E-step. */
  readonly posterior: (params: FactorParams, x: tf.Tensor) => FactorPosterior
  /** E[log p(x, z)] under a posterior, a total over the plate: a scalar, which `maximize` maximizes. */
  readonly expected: (params: FactorParams, posterior: FactorPosterior, x: tf.Tensor) => tf.Tensor
  /** The parameters that are best under a posterior: the M-step. */
  readonly maximize: (posterior: FactorPosterior, x: tf.Tensor) => FactorParams
  /**
   * Where a fit may start: the data's mean and variances, half of these left to loadings at random. Reads `x`: not for use
   * inside a step. Throws `OutsideSupport` for a number that is not finite.
   */
  readonly initialize: (x: tf.Tensor, key?: Key.Key) => FactorParams
}

/** Probabilistic principal components: factor analysis whose maximum is known. */
export interface PrincipalComponents extends FactorAnalysis {
  /**
   * The maximum-likelihood parameters, by eigenvalues λ and eigenvectors U of the data's covariance:
   * σ² the mean of the λ left out, W = U_L (Λ_L − σ²I)^½ (Tipping and Bishop, equations 7 and 8). Reads `x`: not for
   * use inside a step. Throws `OutsideSupport` for a number that is not finite.
   */
  readonly closedForm: (x: tf.Tensor) => FactorParams
}

/** The parameters that the model reads. */
export type FactorRequirements =
  | Param<"loadings", tf.Tensor>
  | Param<"loc", tf.Tensor>
  | Param<"scale", tf.Tensor>

/** A factor analysis. Sizes that cannot be are refused when its programs run, with `InvalidArgument` or `PlateError`. */
export const make = <const N extends Noise = "diagonal">(
  options: FactorAnalysisOptions<N>,
): N extends "isotropic" ? PrincipalComponents : FactorAnalysis => {
  const { inputs: d, latent: l, size, floor = 1e-6 } = options
  const noise: Noise = options.noise ?? "diagonal"
  const checked = refuse(problemIn(d, l, noise, floor))
  const data = plate("data", { size })
  const encoder = dense(d, l)
  const reads = Effect.map(
    Effect.all({
      loadings: param("loadings", (key) => Key.normal(key, [d, l])),
      loc: param("loc", () => tf.zeros([d])),
      scale: param("scale", () => tf.ones(noise === "isotropic" ? [] : [d]), { support: positive }),
    }),
    (params) => sized(params, d, l),
  )
  const marginal: FactorAnalysis["marginal"] = (params) => {
    const { loadings, loc, scale } = sized(params, d, l)
    return LowRankMultivariateNormal({
      loc,
      covFactor: loadings,
      covDiag: tf.tidy(() => tf.broadcastTo(tf.square(scale), [d])),
    })
  }
  const on = <A extends tf.TensorContainer>(x: tf.Tensor, body: () => A): A => {
    requireRows(x, d)
    return tf.tidy(body)
  }
  const finite = (name: string, x: tf.Tensor): void => {
    const found = firstOutside(real, x.dataSync(), x.shape)
    if (found === undefined) return
    throw new OutsideSupport({ where: `FactorAnalysis.${name}`, support: real.describe, ...found })
  }
  // A batch that is part of the plate stands for all of it.
  const whole = (total: tf.Tensor, x: tf.Tensor) => tf.mul(total, size / x.shape[0]!)
  const exact: PrincipalComponents = {
    model: Effect.fnUntraced(
      function* (x: tf.Tensor) {
        const { loadings, loc, scale } = yield* reads
        const z = yield* sample("z", Normal.standard([l]))
        const mean = tf.add(tf.matMul(z, loadings, false, true), loc)
        return yield* observe("x", Normal({ loc: mean, scale }).toEvent(1), x)
      },
      data,
      checked,
    ),
    guide: Effect.fnUntraced(
      function* (x: tf.Tensor) {
        const scaleTril = yield* param("encoderScale", () => tf.eye(l), { support: lowerCholesky })
        return yield* sample("z", MultivariateNormal({ loc: yield* apply("encoder", encoder, x), scaleTril }))
      },
      data,
      checked,
    ),
    marginal,
    evidence: (params, x) => on(x, () => whole(tf.sum(marginal(params).logProb(x)), x)),
    posterior: (params, x) => on(x, () => posteriorOf(sized(params, d, l), x)),
    expected: (params, posterior, x) =>
      on(x, () => whole(expectedLogJoint(sized(params, d, l), beside(posterior, x, l), x), x)),
    maximize: (posterior, x) => on(x, () => maximized(beside(posterior, x, l), x, { noise, floor })),
    initialize: (x, key = Key.key(0)) =>
      on(x, () => {
        finite("initialize", x)
        const { mean, variance } = tf.moments(x, 0)
        const deviation = tf.sqrt(tf.maximum(variance, floor))
        const loadings = tf.mul(
          Key.normal(key, [d, l]),
          tf.expandDims(tf.mul(deviation, Math.sqrt(0.5 / l)), 1),
        )
        const total = noise === "isotropic" ? tf.mean(variance) : variance
        // From below the floor the first M-step could only come down to less likelihood.
        return { loadings, loc: mean, scale: tf.sqrt(tf.maximum(tf.mul(total, 0.5), floor)) }
      }),
    closedForm: (x) =>
      on(x, () => {
        finite("closedForm", x)
        return principal(x, l, floor)
      }),
  }
  return exact
}

const requireRows = (x: tf.Tensor, d: number): void => {
  if (x.rank === 2 && x.shape[0]! > 0 && x.shape[1] === d) return
  throw new ShapeMismatch({
    where: "FactorAnalysis",
    expected: `observations [N, ${d}], N above 0`,
    found: format(x.shape),
  })
}

/** The parameters, unless they are of other sizes. */
const sized = (params: FactorParams, d: number, l: number): FactorParams => {
  requireSize("loadings", params.loadings, [d, l])
  requireSize("loc", params.loc, [d])
  requireSize("scale", params.scale, params.scale.rank === 0 ? [] : [d])
  return params
}

/** The posterior, unless it is of other observations or of another number of factors. */
const beside = (posterior: FactorPosterior, x: tf.Tensor, l: number): FactorPosterior => {
  requireSize("posterior mean", posterior.mean, [x.shape[0]!, l])
  requireSize("posterior covariance", posterior.covariance, [l, l])
  return posterior
}

const requireSize = (what: string, tensor: tf.Tensor, shape: Shape): void => {
  if (equals(tensor.shape, shape)) return
  throw new ShapeMismatch({
    where: `FactorAnalysis: ${what}`,
    expected: `shape ${format(shape)}`,
    found: format(tensor.shape),
  })
}

const problemIn = (d: number, l: number, noise: string, floor: number): InvalidArgument | undefined => {
  const refused = (option: string, expected: string, found: string) =>
    new InvalidArgument({ where: `FactorAnalysis.make: ${option}`, expected, found })
  if (noise !== "diagonal" && noise !== "isotropic")
    return refused("noise", '"diagonal" or "isotropic"', noise)
  if (!(floor > 0 && floor < Number.POSITIVE_INFINITY))
    return refused("floor", "a finite number above 0", `${floor}`)
  return sizeProblem("FactorAnalysis.make", [d, l])
}
