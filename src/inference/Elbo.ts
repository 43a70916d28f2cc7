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
import type { Estimate, Objective } from "./Objective.ts"
import { checkPathwise, latents, type Programs, pair } from "./programs.ts"

/** How {@link elbo} estimates. */
export interface ElboOptions {
  /** Draws from the guide for one estimate; default 1. */
  readonly particles?: number
  /**
   * `"auto"` (the default) chooses per site; `"analytic"` fails with `NoClosedForm` where a site allows none;
   * `"monteCarlo"` never uses a closed form.
   */
  readonly kl?: Choice
}

/** The ELBO. Metrics: `elbo`, `logLikelihood`, and `kl/<site>` for each latent site. */
export const elbo = (options: ElboOptions = {}): Objective<"pathwise"> => {
  const { particles = 1, kl = "auto" } = options
  return {
    name: "elbo",
    estimate: (programs, key, training) => {
      if (!Number.isInteger(particles) || particles < 1) {
        throw new InvalidArgument({
          where: "elbo",
          expected: "a whole number of particles, at least 1",
          found: String(particles),
        })
      }
      if (!choices.includes(kl)) {
        throw new InvalidArgument({
          where: "elbo: kl",
          expected: `one of ${choices.map((choice) => `"${choice}"`).join(", ")}`,
          found: String(kl),
        })
      }
      const estimates = Array.from({ length: particles }, (_, particle) =>
        single(programs, Key.foldIn(key, particle), training, kl),
      )
      return average(estimates)
    },
  }
}

const choices = ["auto", "analytic", "monteCarlo"] as const
type Choice = (typeof choices)[number]

/** One draw's estimate. */
const single = (programs: Programs, key: Key.Key, training: boolean, choice: Choice): Estimate => {
  const [guide, model] = pair(programs, key, training)
  checkPathwise(guide)
  const kls: Record<string, tf.Tensor> = {}
  const sound = precedence(model, guide)
  for (const [name, p] of latents(model)) {
    kls[`kl/${name}`] = klTerm(guide.samples.get(name)!, p, sound(name), choice)
  }
  const terms = [
    ...[...model.samples.values()].filter((site) => site.observed).map(siteLogDensity),
    ...[...model.factors.values()].map(factorLogDensity),
  ]
  const logLikelihood = sum(terms)
  const bound = Object.values(kls).reduce<tf.Tensor>((bound, term) => tf.sub(bound, term), logLikelihood)
  return { loss: tf.neg(bound), metrics: { elbo: bound, logLikelihood, ...kls } }
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

const average = (estimates: ReadonlyArray<Estimate>): Estimate => {
  const [first] = estimates
  if (estimates.length === 1) return first!
  const mean = (pick: (estimate: Estimate) => tf.Tensor) => tf.div(sum(estimates.map(pick)), estimates.length)
  return {
    loss: mean((estimate) => estimate.loss),
    metrics: Object.fromEntries(
      Object.keys(first!.metrics).map((name) => [name, mean((estimate) => estimate.metrics[name]!)]),
    ),
  }
}

/** The sum of tensors that broadcast; 0 for none. */
export const sum = (terms: ReadonlyArray<tf.Tensor>): tf.Tensor =>
  terms.length === 0 ? tf.scalar(0) : terms.reduce((total, term) => tf.add(total, term))
