/**
 * Learned baselines: b(x), a program of the data with parameters of its own, for the learning signals of a site whose
 * draws have no pathwise gradient. With the moving average m of the signals, they climb
 *
 *   Σ (R − m − b(x)) ∇log q(z | x),  and b descends  ½ Σ (R − m − b(x))²
 *
 * (A. Mnih and K. Gregor, "Neural variational inference and learning in belief networks", 2014, equations 8 to 10.) The
 * signals are constants there: the baseline's parameters have no gradient of the bound, and it has none of theirs.
 *
 * ```ts
 * const learned = withBaselines(guide, {
 *   z: Effect.fnUntraced(function* (x: tf.Tensor) {
 *     return tf.squeeze(yield* apply("baseline", mlp([784, 50, 1]), x), [1])      // one number for each row
 *   }),
 * })
 * yield* fitSVI(model, learned, images, { objective: scoreFunction(), batchSize: 128 })
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { UnknownSite } from "../../effects/errors.ts"
import { deterministic } from "../../effects/Factor.ts"
import type { SampleSite, Settled } from "../../effects/Interpreter.ts"
import type { Deterministic, LatentName } from "../../effects/Program.ts"
import { frameShape } from "../../effects/place.ts"
import type { Recording } from "../../effects/run.ts"
import { ShapeMismatch } from "../../tensor/errors.ts"
import { add, mul, type Named, named, sum } from "../../tensor/Named.ts"
import { broadcast, equals, format } from "../../tensor/Shape.ts"
import { detach } from "../../tensor/stable.ts"
import { factorTable } from "../enumeration/tables.ts"
import { latents } from "../programs.ts"
import { less } from "./baselines.ts"
import type { Signal } from "./terms.ts"

/** A program of the data that predicts a site's learning signals. */
export type BaselineProgram<D, E = unknown, R = unknown> = (data: D) => Effect.Effect<tf.Tensor, E, R>

/**
 * The guide with a baseline for each site that `baselines` names: a tensor that stretches to the batch shape of the site's
 * plates, one number for each member, in nats of that member alone (a sub-sampled plate's scale is put on afterwards).
 * `scoreFunction` and `mixed` take it off the signals, besides the baseline that they have by themselves, and train its
 * parameters; by an objective that has no use for it, a fit fails with `UnusedParam`. It is recorded as `baseline/<site>`.
 * Baselines of different requirements take a call each. A name that the guide does not have is a compile error where names
 * are known, and fails with `UnknownSite` otherwise; what does not stretch to the site's plates fails with `ShapeMismatch`.
 */
export const withBaselines =
  <D, E, R, const K extends LatentName<R>, XE, XR>(
    guide: (data: D) => Effect.Effect<unknown, E, R>,
    baselines: { readonly [N in K]: BaselineProgram<NoInfer<D>, XE, XR> },
  ): ((data: D) => Effect.Effect<void, E | XE, R | XR | Deterministic<`baseline/${K}`>>) =>
  (data) =>
    Effect.gen(function* () {
      yield* guide(data)
      for (const [site, program] of Object.entries<BaselineProgram<D, XE, XR>>(baselines)) {
        yield* deterministic(`${prefix}${site as K}`, yield* program(data))
      }
    })

const prefix = "baseline/"

/** What a guide's run gave as the baseline of a site, for each member of the site's plates; undefined if nothing. */
export const learnedBaseline = (guide: Recording, site: string): Named | undefined => {
  const found = guide.deterministics.get(`${prefix}${site}`)
  return found === undefined ? undefined : overPlates(found.value, guide.samples.get(site)!)
}

/** Refuses baselines of sites that the guide does not have. */
export const checkBaselines = (guide: Recording): void => {
  const known = [...latents(guide).keys()]
  for (const name of guide.deterministics.keys()) {
    const site = name.slice(prefix.length)
    if (name.startsWith(prefix) && !known.includes(site)) {
      throw new UnknownSite({ where: "withBaselines", site, known })
    }
  }
}

/** What a learned baseline leaves of a signal; and −½ Σ of its squared error, which alone its parameters climb. */
export const centeredBy = (
  baseline: Named,
  signal: Signal,
): { readonly signal: Signal; readonly fit: tf.Tensor } => {
  const { variables, weight, scale } = signal
  const constant = named(
    detach(() => tf.mul(baseline.tensor, scale)),
    baseline.axes,
  )
  const whole = variables.reduce(sum, signal.value)
  const perMember = named(
    detach(() => tf.div(whole.tensor, scale)),
    whole.axes,
  )
  const error = add([perMember, named(tf.neg(baseline.tensor), baseline.axes)])
  return {
    signal: less(signal, mul([constant, weight])),
    fit: tf.mul(tf.sum(tf.square(error.tensor)), -0.5),
  }
}

const overPlates = (value: tf.Tensor, site: Settled<SampleSite>): Named => {
  const frame = frameShape(site.plates)
  if (!equals(broadcast(value.shape, frame) ?? [Number.NaN], frame)) {
    throw new ShapeMismatch({
      where: `withBaselines: site "${site.name}"`,
      expected: `a baseline that stretches to the batch shape ${format(frame)}`,
      found: format(value.shape),
    })
  }
  return factorTable({
    ...site,
    kind: "factor",
    axes: [],
    mask: undefined,
    logWeight: tf.broadcastTo(value, [...frame]),
  })
}
