/**
 * The evidence lower bound, with pathwise gradients.
 *
 * ELBO = E_q[log p(x | z)] − Σ_i E_q[KL(q(z_i | ·) ‖ p(z_i | ·))], estimated with draws from the guide (Kingma &
 * Welling 2014, equations 3 and 7; Jordan et al. 1999 for the bound). For each latent site the KL term is analytic
 * where the pair of families has a closed form and the site's place in the two programs allows it, and
 * log q − log p at the draw elsewhere.
 *
 * ```ts
 * yield* fitSVI(model, guide, data, { objective: elbo({ particles: 5, kl: "monteCarlo" }) })
 * yield* fitSVI(model, guide, data, {
 *   objective: elbo({ klWeight: Schedule.warmup(1, { steps: 5_000 }), freeBits: 0.1 }),
 * })
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { Result } from "effect"
import { NoClosedForm } from "../distributions/errors.ts"
import { klResult } from "../distributions/kl.ts"
import type { SampleSite, Settled } from "../effects/Interpreter.ts"
import { factorLogDensity, siteLogDensity, weigh } from "../effects/logDensity.ts"
import type { Recording } from "../effects/run.ts"
import { InvalidArgument } from "../tensor/errors.ts"
import * as Key from "../tensor/Key.ts"
import type { Objective, Progress } from "./Objective.ts"
import { atDraws, detachedParams } from "./objectives/stopped.ts"
import { nonNegative } from "./optimizer/hyperparameters.ts"
import { checkPathwise, latents, type Programs, pair } from "./programs.ts"
import type { Schedule } from "./Schedule.ts"

/** How {@link elbo} estimates. */
export interface ElboOptions {
  /** Draws from the guide for one estimate; default 1. */
  readonly particles?: number
  /**
   * `"auto"` (the default) chooses per site; `"analytic"` fails with `NoClosedForm` where a site allows none;
   * `"monteCarlo"` never uses a closed form.
   */
  readonly kl?: Choice
  /**
   * Leaves out the part of the gradient that goes through log q's parameters, whose expectation is zero: what remains
   * goes along the draws, and vanishes at every draw where the guide is the posterior. No closed form is used; the guide
   * runs twice. Default false. (G. Roeder, Y. Wu and D. Duvenaud, "Sticking the landing", 2017, equation 7.)
   */
  readonly stickingTheLanding?: boolean
  /**
   * Multiplies the KL terms in what is climbed, from 0 up: a number, or by step a schedule that rises to 1 so that the
   * posterior does not collapse early (S. R. Bowman et al., "Generating sentences from a continuous space", 2016,
   * section 3.1). Default 1. The metrics are those of the ELBO itself.
   */
  readonly klWeight?: number | Schedule
  /**
   * Nats that each site has for free: its KL term, averaged over the particles and over the members of its plates that
   * are present, counts as at least this much (D. P. Kingma et al., "Improved variational inference with inverse
   * autoregressive flow", 2016, equation 15). Default 0: none. At least 0.
   */
  readonly freeBits?: number
}

/** The ELBO. Metrics: `elbo`, `logLikelihood`, and `kl/<site>` for each latent site. */
export const elbo = (options: ElboOptions = {}): Objective<"pathwise"> => {
  const { particles = 1, freeBits = 0 } = options
  return {
    name: "elbo",
    estimate: (programs, key, training, progress) => {
      checkOptions(options)
      const weight = weightAt(options.klWeight ?? 1, training, progress)
      const { logLikelihood, kls } = average(
        Array.from({ length: particles }, (_, particle) =>
          single(programs, Key.foldIn(key, particle), training, options),
        ),
      )
      const bound = kls.reduce((bound, { kl }) => tf.sub(bound, kl), logLikelihood)
      const climbed =
        weight === 1 && freeBits === 0
          ? bound
          : kls.reduce((sum, term) => tf.sub(sum, tf.mul(atLeast(freeBits, term), weight)), logLikelihood)
      const metrics = Object.fromEntries(kls.map(({ site, kl }) => [`kl/${site}`, kl]))
      return { loss: tf.neg(climbed), metrics: { elbo: bound, logLikelihood, ...metrics } }
    },
  }
}

const choices = ["auto", "analytic", "monteCarlo"] as const
type Choice = (typeof choices)[number]

/** Refuses options out of range. */
const checkOptions = ({
  particles = 1,
  kl = "auto",
  stickingTheLanding,
  freeBits = 0,
}: ElboOptions): void => {
  const refuse = (where: string, expected: string, found: unknown) => {
    throw new InvalidArgument({ where, expected, found: String(found) })
  }
  if (!Number.isInteger(particles) || particles < 1) {
    refuse("elbo", "a whole number of particles, at least 1", particles)
  }
  if (!choices.includes(kl)) {
    refuse("elbo: kl", `one of ${choices.map((choice) => `"${choice}"`).join(", ")}`, kl)
  }
  if (stickingTheLanding && kl === "analytic") {
    refuse(
      "elbo: kl",
      '"auto" or "monteCarlo" under stickingTheLanding, which goes along the draws',
      `"${kl}"`,
    )
  }
  if (!nonNegative.accepts(freeBits)) refuse("elbo: freeBits", nonNegative.expected, freeBits)
}

/** The weight of the KL terms at this step. An evaluation, which climbs nothing, has none to ask for. */
const weightAt = (klWeight: number | Schedule, training: boolean, progress: Progress | undefined): number => {
  if (typeof klWeight !== "number" && progress === undefined && !training) return 1
  const refuse = (expected: string, found: string) =>
    new InvalidArgument({ where: "elbo: klWeight", expected, found })
  if (typeof klWeight !== "number" && klWeight.problem !== undefined) throw klWeight.problem
  if (typeof klWeight !== "number" && progress === undefined) {
    throw refuse("a number, where no steps are counted", "a schedule")
  }
  const weight = typeof klWeight === "number" ? klWeight : klWeight(progress!.step)
  if (nonNegative.accepts(weight)) return weight
  throw refuse(nonNegative.expected, String(weight))
}

/** A site's KL term, summed over its plates. */
interface KlTerm {
  readonly site: string
  readonly kl: tf.Tensor
  /** The members of its plates in all. */
  readonly members: number
}

interface Terms {
  readonly logLikelihood: tf.Tensor
  readonly kls: ReadonlyArray<KlTerm>
}

/** The KL term, at `freeBits` a member at least. */
const atLeast = (freeBits: number, { kl, members }: KlTerm): tf.Tensor =>
  freeBits === 0 ? kl : tf.maximum(kl, freeBits * members)

/** One draw's terms. */
const single = (
  programs: Programs,
  key: Key.Key,
  training: boolean,
  { kl = "auto", stickingTheLanding = false }: ElboOptions,
): Terms => {
  const [guide, model] = pair(programs, key, training)
  checkPathwise(guide)
  // The same guide at its own draws, on which alone its parameters now act.
  const landing = () =>
    programs.guide({
      key: Key.foldInName(key, "guide"),
      training,
      handlers: [detachedParams, atDraws(guide)],
    })
  const scored = stickingTheLanding ? landing() : guide
  const choice = stickingTheLanding ? "monteCarlo" : kl
  const sound = precedence(model, guide)
  const kls = [...latents(model)].map(([site, p]) => ({
    site,
    kl: klTerm(scored.samples.get(site)!, p, sound(site), choice),
    members: p.plates.reduce((members, { size }) => members * size, 1),
  }))
  const terms = [
    ...[...model.samples.values()].filter((site) => site.observed).map(siteLogDensity),
    ...[...model.factors.values()].map(factorLogDensity),
  ]
  return { logLikelihood: sum(terms), kls }
}

/** One site's KL term: in closed form where that is `sound` and there is one, at the guide's draw elsewhere. */
const klTerm = (
  q: Settled<SampleSite>,
  p: Settled<SampleSite>,
  sound: boolean,
  choice: Choice,
): tf.Tensor => {
  const alike = comparable(p, q)
  if (choice !== "monteCarlo" && sound && alike) {
    const closed = klResult(q.distribution, p.distribution)
    if (Result.isSuccess(closed)) return weigh(closed.success, p)
    if (!(closed.failure instanceof NoClosedForm)) throw closed.failure
  }
  if (choice === "analytic") {
    const why = !sound ? " given what the guide draws later" : !alike ? " under a mask or another scale" : ""
    throw new NoClosedForm({
      p: `${q.distribution.family} at "${q.name}"`,
      q: `${p.distribution.family}${why}`,
    })
  }
  return tf.sub(siteLogDensity(q), siteLogDensity(p))
}

/** Whether the two sites weigh their terms alike, so that one KL term can stand for both. */
const comparable = (p: Settled<SampleSite>, q: Settled<SampleSite>): boolean =>
  p.mask === undefined &&
  q.mask === undefined &&
  p.scale === q.scale &&
  p.plates.length === q.plates.length &&
  p.plates.every((plate, i) => {
    const other = q.plates[i]!
    return plate.dim === other.dim && plate.size === other.size && plate.extent === other.extent
  })

/**
 * Whether a site's KL may be taken in closed form: the latent sites before it in the model must all come before it
 * in the guide. Then q's draw of the site is fresh given all that p(site | ·) may depend on, and integrating it out
 * leaves the expectation as it is. Otherwise p may depend on a value that the guide drew after the site, and given
 * it; the closed form would be biased.
 */
const precedence = (model: Recording, guide: Recording): ((name: string) => boolean) => {
  const drawn = new Map([...guide.samples.keys()].map((name, position) => [name, position]))
  const sound = new Set<string>()
  let latest = -1
  for (const name of latents(model).keys()) {
    const position = drawn.get(name)!
    if (latest < position) sound.add(name)
    latest = Math.max(latest, position)
  }
  return (name) => sound.has(name)
}

const average = (draws: ReadonlyArray<Terms>): Terms => {
  const [first] = draws
  if (draws.length === 1) return first!
  const mean = (pick: (terms: Terms) => tf.Tensor) => tf.div(sum(draws.map(pick)), draws.length)
  return {
    logLikelihood: mean(({ logLikelihood }) => logLikelihood),
    kls: first!.kls.map((term, i) => ({ ...term, kl: mean(({ kls }) => kls[i]!.kl) })),
  }
}

/** The sum of tensors that broadcast; 0 for none. */
export const sum = (terms: ReadonlyArray<tf.Tensor>): tf.Tensor =>
  terms.length === 0 ? tf.scalar(0) : terms.reduce((total, term) => tf.add(total, term))
