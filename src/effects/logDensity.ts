/**
 * The log-density of a recorded run, and of a program at given values.
 *
 * log p(z, x) = Σ over sites of scale · Σ over the batch of log p(value), with the plates' scales in `scale` and
 * masked cells left out.
 *
 * ```ts
 * const lp = yield* logDensity(model(x), { values: { z }, params: { decoder } })
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect, type Scope } from "effect"
import type { Value } from "../distributions/Distribution.ts"
import type { Backend } from "../tensor/Backend.ts"
import { scoped } from "../tensor/Memory.ts"
import { type ProgramError, UnknownSite } from "./errors.ts"
import { replayed } from "./handlers/replay.ts"
import { atParams } from "./handlers/substitute.ts"
import type { FactorSite, SampleSite, Settled } from "./Interpreter.ts"
import type { LatentName, Params, Rest } from "./Program.ts"
import { given, withPlaceholders } from "./place.ts"
import { attempt, type Recording, run } from "./run.ts"

/**
 * log p of every latent value, observation and factor together, as a scalar tensor that lives until the scope
 * closes. `values` names every latent site and no other; `params` every parameter, at its constrained value. Fails with a
 * `ProgramError`, or as the program itself fails.
 */
export const logDensity = Effect.fnUntraced(function* <A, E, R>(
  program: Effect.Effect<A, E, R>,
  at: { readonly values: { readonly [K in LatentName<R>]: Value }; readonly params: Params<R> },
): Effect.fn.Return<tf.Tensor, E | ProgramError, Rest<R> | Backend | Scope.Scope> {
  const context = yield* Effect.context<Rest<R>>()
  return yield* scoped(
    attempt<tf.Tensor, E>(() =>
      tf.tidy(() => {
        const values = new Map<string, tf.Tensor>()
        for (const [name, value] of Object.entries<Value>(at.values))
          values.set(name, given(`logDensity: value of "${name}"`, value))
        const handlers = [...atParams(at.params), replayed(values)]
        const recording = run(program, context as never, { handlers, validate: true })
        const known = [...recording.samples.values()].filter((s) => !s.observed).map(({ name }) => name)
        const site = [...values.keys()].find((name) => !known.includes(name))
        if (site !== undefined) throw new UnknownSite({ where: "logDensity: values", site, known })
        return total(recording)
      }),
    ),
    (density) => [density],
  )
})

/** Σ of every site of a recording: a scalar. */
export const total = (recording: Recording): tf.Tensor => {
  const terms = [
    ...[...recording.samples.values()].map(siteLogDensity),
    ...[...recording.factors.values()].map(factorLogDensity),
  ]
  return terms.reduce((sum, term) => tf.add(sum, term), tf.scalar(0))
}

/** One sample site's term: scale · Σ mask · log p(value), a scalar. */
export const siteLogDensity = (site: Settled<SampleSite>): tf.Tensor =>
  weigh(site.distribution.logProb(withPlaceholders(site)), site)

/** One factor's term: a scalar. */
export const factorLogDensity = (site: FactorSite): tf.Tensor => weigh(site.logWeight, site)

/** Sums a term of batch shape under the site's mask, its scale and its plates' scales. */
export const weigh = (term: tf.Tensor, site: Pick<SampleSite, "mask" | "scale" | "plates">): tf.Tensor => {
  // Multiplying by the mask would let a NaN through: 0 · NaN is NaN.
  const counted =
    site.mask === undefined
      ? term
      : tf.where(tf.broadcastTo(tf.cast(site.mask, "bool"), term.shape), term, tf.zerosLike(term))
  const scale = site.plates.reduce((scale, plate) => (scale * plate.size) / plate.extent, site.scale)
  const sum = tf.sum(counted)
  return scale === 1 ? sum : tf.mul(sum, scale)
}
