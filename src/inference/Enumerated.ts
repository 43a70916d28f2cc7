/**
 * The evidence lower bound with every finite discrete site summed exactly: the guide's weighed by their probability,
 * the model's own (which the guide then need not have) summed out. What is left of randomness is pathwise.
 *
 * ```ts
 * // z is discrete and the guide gives its probabilities: no draw, no variance
 * yield* fitSVI(model, guide, x, { objective: enumerated() })
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { SiteMismatch } from "../effects/errors.ts"
import { type EnumeratedPair, isEnumerable, logJoint, negativeEntropy, runPair } from "./enumeration/pair.ts"
import type { Objective } from "./Objective.ts"
import { latents } from "./programs.ts"

/** The supports that have a list of values. One that has none for its parameters is refused when the model runs. */
export type FiniteSupport = (typeof finite)[number]

/** The same, as a list. */
export const finite = ["boolean", "integerInterval", "oneHot", "multinomial"] as const

/**
 * The ELBO over enumerated and pathwise sites. A guide's site that is neither does not compile, or fails with
 * `SiteMismatch`. Metrics: `elbo`, `logJoint`, `entropy`.
 */
export const enumerated = (): Objective<"pathwise", FiniteSupport> => {
  // Found at the first estimate, and the same at all: a wrong guess costs a run, never a wrong number.
  let depth = 1
  return {
    name: "enumerated",
    sumsOut: finite,
    estimate: (programs, key, training) => {
      const pair = runPair(programs, key, training, isEnumerable, depth)
      depth = pair.depth
      checkDrawn(pair)
      const joint = logJoint(pair)
      const negative = negativeEntropy(pair)
      const elbo = tf.sub(joint, negative)
      return { loss: tf.neg(elbo), metrics: { elbo, logJoint: joint, entropy: tf.neg(negative) } }
    },
  }
}

/** Refuses guide sites that were drawn and have no gradient: theirs would be missing from the estimate. */
const checkDrawn = ({ guide, kept }: EnumeratedPair): void => {
  const sites = [...latents(guide).values()].filter(
    ({ name, distribution }) => !kept.has(name) && distribution.gradient === "score",
  )
  if (sites.length === 0) return
  throw new SiteMismatch({
    reason:
      "enumerated() needs guide sites with a list of values or a pathwise gradient, and these have neither",
    sites: sites.map(({ name }) => name),
  })
}
