/**
 * What every automatic guide does with a model: it runs the model, answers each latent site with a draw of its own, and
 * lets nothing else of the model be seen. Unconstrained coordinates are those of `biject(support)`.
 */
import type * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import type { Distribution } from "../../distributions/Distribution.ts"
import type { Support } from "../../distributions/Support.ts"
import { type BijectableSupport, biject, type Transform } from "../../distributions/Transform.ts"
import { PlateError, type ProgramError, SiteMismatch } from "../../effects/errors.ts"
import type { Handler, Interpretation, SampleSite } from "../../effects/Interpreter.ts"
import { place } from "../../effects/place.ts"
import { InvalidArgument } from "../../tensor/errors.ts"
import type * as Key from "../../tensor/Key.ts"
import { type Shape, sumRightmost } from "../../tensor/Shape.ts"

/** A latent site of the model. */
export interface Latent {
  readonly name: string
  /** The model's, with the batch of the site's plates. */
  readonly distribution: Distribution
  readonly support: BijectableSupport
  /** From unconstrained coordinates onto the support. */
  readonly transform: Transform<"real">
  /** Of the unconstrained coordinates: `[...batch, ...]`. */
  readonly shape: Shape
  /** How many of the shape's dimensions belong to one event. */
  readonly eventRank: number
}

/** The site as a latent one. Throws what is wrong with it, and `SiteMismatch` where its support is no continuous one. */
export const latentOf = (site: SampleSite): Latent => {
  if (site.plates.some(({ isChain }) => isChain)) {
    const reason =
      "no automatic guide draws the steps of a scan (name the site in summedOut, or write its guide)"
    throw new SiteMismatch({ reason, sites: [site.name] })
  }
  const distribution = place(site, false)
  const { batchShape, eventShape } = distribution
  const support = distribution.support as Support as BijectableSupport
  const transform = bijection(site.name, support)
  const shape = transform.inverseShape([...batchShape, ...eventShape])!
  return {
    name: site.name,
    distribution,
    support,
    transform,
    shape,
    eventRank: shape.length - batchShape.length,
  }
}

const bijection = (site: string, support: BijectableSupport): Transform<"real"> => {
  try {
    return biject(support)
  } catch (thrown) {
    if (!(thrown instanceof InvalidArgument)) throw thrown
    const reason = `an automatic guide cannot draw on a set such as "${support.name}" (name the site in summedOut, or write its guide)`
    throw new SiteMismatch({ reason, sites: [site] })
  }
}

/** log |det ∂y/∂x| of a latent's value y at unconstrained x, for each cell of its batch. */
export const volumeOf = ({ transform, eventRank }: Latent, x: tf.Tensor, y: tf.Tensor): tf.Tensor =>
  sumRightmost(transform.logAbsDetJacobian(x, y), eventRank - transform.eventRank)

/** Refuses parameters for each member of a plate of which only some are there. */
export const checkPlates = (site: SampleSite): void => {
  const plate = site.plates.find(({ size, extent }) => extent < size)
  if (plate === undefined) return
  throw new PlateError({
    plate: plate.name,
    expected: `all ${plate.size} members present, for each of which "${site.name}" has parameters; or an encoder for "${site.name}" (see amortise)`,
    found: `${plate.extent} of them`,
  })
}

/** How an automatic guide is set up, besides what its kind asks. */
export interface Settings {
  readonly summedOut: ReadonlySet<string>
  /** Answers a latent site. */
  readonly answer: (site: SampleSite, outer: Interpretation) => ReturnType<Interpretation["sample"]>
}

/**
 * The model as a guide: its latent sites are answered, those that are summed out are drawn from the model and hidden, and
 * so is all that it observes, weighs or computes. Its parameters pass.
 */
export const asGuide =
  ({ summedOut, answer }: Settings): Handler =>
  (outer) => ({
    ...outer,
    sample: (site) => {
      if (site.hidden) return outer.sample(site)
      if (site.observed || summedOut.has(site.name)) return outer.sample({ ...site, hidden: true })
      // A guide is a distribution, which no scale of the model's changes.
      return answer({ ...site, scale: 1 }, outer)
    },
    factor: (site) => outer.factor({ ...site, hidden: true }),
    deterministic: (site) => outer.deterministic({ ...site, hidden: true }),
  })

/** One of the guide's own parameters, read from whoever runs it. */
export const readParam = (
  outer: Interpretation,
  name: string,
  init: (key: Key.Key) => tf.Tensor,
  support: BijectableSupport,
): tf.Tensor =>
  outer.param({ kind: "param", name, init, support, value: undefined, hidden: false }).value as tf.Tensor

/** The effect, unless there is a problem. */
export const unless = <A, E, R>(
  problem: ProgramError | undefined,
  effect: Effect.Effect<A, E, R>,
): Effect.Effect<A, E, R> => (problem === undefined ? effect : (Effect.fail(problem) as never))

/** What is wrong with a number that must be positive and finite. */
export const scaleProblem = (where: string, scale: number): InvalidArgument | undefined =>
  scale > 0 && Number.isFinite(scale)
    ? undefined
    : new InvalidArgument({
        where: `${where}: scale`,
        expected: "a positive, finite number",
        found: String(scale),
      })
