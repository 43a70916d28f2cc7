/**
 * The importance-weighted bound.
 *
 *   L_K = log (1/K) Σ_k w_k,  w_k = p(x, z_k) / q(z_k),  z_k ~ q
 *
 * (Y. Burda, R. Grosse and R. Salakhutdinov, "Importance weighted autoencoders", 2016, equation 8.) It rises to
 * log p(x) with K, for each member of the plates that all sites share by itself. Its plain gradient in the guide's
 * parameters φ drowns in noise as K grows. The doubly reparameterized one, with w̃_k = w_k / Σ w, does not:
 *
 *   ∇_φ L_K = E Σ_k w̃_k² · (∂ log w_k / ∂z_k) (∂z_k / ∂φ)
 *
 * (G. Tucker, D. Lawson, S. Gu and C. J. Maddison, "Doubly reparameterized gradient estimators for Monte Carlo
 * objectives", 2019, equation 8.) It vanishes, draw by draw, where the guide is the posterior.
 *
 * ```ts
 * yield* fitSVI(model, guide, images, { objective: iwae(50), batchSize: 128 })
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { InvalidArgument } from "../../tensor/errors.ts"
import * as Key from "../../tensor/Key.ts"
import { detach } from "../../tensor/stable.ts"
import type { Estimate, Objective } from "../Objective.ts"
import { atDrawsOf, checkPathwise, checkSites, type Programs } from "../programs.ts"
import {
  checkParticles,
  estimateOf,
  layoutOf,
  logDensityOf,
  logMeanExp,
  logWeight,
  normalized,
  weighted,
} from "./particles.ts"
import { renyi } from "./renyi.ts"
import { atConstantDraws, atDraws, detachedParams } from "./stopped.ts"

/** How {@link iwae} differentiates. */
export interface IwaeOptions {
  /** `"dreg"` (the default) runs each program twice a draw; `"standard"` differentiates the bound as it stands. */
  readonly gradient?: (typeof gradients)[number]
}

const gradients = ["dreg", "standard"] as const

/**
 * The importance-weighted bound of `particles` draws, at least 1. Metrics: `elbo` and `bound`. A fit fails with
 * `InvalidArgument` where an argument is out of range.
 */
export const iwae = (particles: number, { gradient = "dreg" }: IwaeOptions = {}): Objective<"pathwise"> => {
  const standard = renyi(0, { particles })
  return {
    name: "iwae",
    estimate: (programs, key, training) => {
      checkParticles("iwae", particles)
      if (!gradients.includes(gradient)) {
        throw new InvalidArgument({
          where: "iwae: gradient",
          expected: `one of ${gradients.map((name) => `"${name}"`).join(", ")}`,
          found: String(gradient),
        })
      }
      return gradient === "standard"
        ? standard.estimate(programs, key, training)
        : doublyReparameterized(programs, key, training, particles)
    },
  }
}

/** The bound, with the gradient in φ along the draws only, and that in θ off them. */
const doublyReparameterized = (
  programs: Programs,
  key: Key.Key,
  training: boolean,
  particles: number,
): Estimate => {
  const runs = Array.from({ length: particles }, (_, k) => run(programs, Key.foldIn(key, k), training))
  const layout = layoutOf(runs.flatMap(({ alongDraws: { guide, model } }) => [guide, model]))
  const logWeights = tf.stack(runs.map(({ alongDraws }) => logWeight(alongDraws, layout)))
  const logJoints = tf.stack(runs.map(({ model }) => logDensityOf(model, layout)))
  const weights = normalized(logWeights)
  const squares = detach(() => tf.square(weights))
  const surrogate = tf.add(weighted(squares, logWeights), weighted(weights, logJoints))
  return estimateOf(logMeanExp(logWeights), logWeights, layout, surrogate)
}

/**
 * One draw, twice: `alongDraws` depends on φ through the draw only, since all parameters are constants there; `model`
 * depends on θ only, since the draw is.
 */
const run = (programs: Programs, key: Key.Key, training: boolean) => {
  const inGuide = { key: Key.foldInName(key, "guide"), training }
  const inModel = { key: Key.foldInName(key, "model"), training }
  const drawn = programs.guide(inGuide)
  checkPathwise(drawn)
  const guide = programs.guide({ ...inGuide, handlers: [detachedParams, atDraws(drawn)] })
  const path = programs.model({ ...inModel, handlers: [detachedParams, ...atDrawsOf(drawn)] })
  checkSites(path, guide)
  const model = programs.model({ ...inModel, handlers: [atConstantDraws(drawn)] })
  return { alongDraws: { guide, model: path }, model }
}
