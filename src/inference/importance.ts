/**
 * The log-evidence by importance sampling, one estimate for each member of a plate.
 *
 * log p(xₙ) ≈ log (1/K) Σ_k p(xₙ, z_k) / q(z_k | xₙ), z_k ~ q (Burda, Grosse & Salakhutdinov 2016, equation 8): a
 * lower bound in expectation, which rises to log p(xₙ) with K; at K = 1 it is the ELBO.
 *
 * ```ts
 * const { mean, standardError } = yield* logEvidence(model, guide, x, {
 *   over: "images", samples: 200, key, params: fit.params,
 * })
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Scope } from "effect"
import type { DataError } from "../data/errors.ts"
import { PlateError, type ProgramError } from "../effects/errors.ts"
import { atParams } from "../effects/handlers/substitute.ts"
import type { Handler, PlateFrame } from "../effects/Interpreter.ts"
import type { GuideCheck, Params, Rest } from "../effects/Program.ts"
import { attempt, type Recording } from "../effects/run.ts"
import type { Backend } from "../tensor/Backend.ts"
import { InvalidArgument } from "../tensor/errors.ts"
import * as Key from "../tensor/Key.ts"
import { blame, located } from "./blame.ts"
import { sum } from "./Elbo.ts"
import { whereabouts } from "./errors.ts"
import { breather } from "./Loop.ts"
import { onBatch, pair, synchronous, telling } from "./programs.ts"
import { type Data, make as makeSource } from "./Source.ts"

/** How {@link logEvidence} estimates. */
export interface EvidenceOptions<MR, GR> {
  /** The plate whose members are estimated one by one; every site must lie in it. */
  readonly over: string
  /** Draws from the guide for each member: at least 1. */
  readonly samples: number
  readonly key: Key.Key
  /** Parameters of both programs, constrained; all or none: without them each is at its `init`. */
  readonly params?: Params<MR | GR>
  /** Rows at a time; default all. */
  readonly batchSize?: number
  /** Called after each batch's draw, with the share of the work done. */
  readonly onProgress?: (done: number) => Effect.Effect<void>
}

/** Log-evidence, in nats. */
export interface Evidence {
  /** For each member of the plate. */
  readonly values: Float64Array
  readonly mean: number
  /** Of the mean, over members; NaN where there is one. */
  readonly standardError: number
}

/**
 * Estimates log p(xₙ) for every row of `data`. Fails with `PlateError` where a site lies outside the plate `over`,
 * or where it is the steps of a scan, since the evidence then does not factorize over its members.
 */
export const logEvidence = <D, ME, MR, GE, GR>(
  model: (data: D) => Effect.Effect<unknown, ME, MR>,
  guide: ((data: D) => Effect.Effect<unknown, GE, GR>) & GuideCheck<MR, GR, "pathwise" | "score">,
  data: Data<NoInfer<D>>,
  options: EvidenceOptions<MR, GR>,
): Effect.Effect<Evidence, ME | GE | ProgramError | DataError, Rest<MR> | Rest<GR> | Backend> =>
  Effect.acquireUseRelease(
    Scope.make(),
    (scope) => estimate<D, ME, MR, GE, GR>(model, guide, data, { ...options, scope }),
    Scope.close,
  )

const estimate = Effect.fnUntraced(function* <D, ME, MR, GE, GR>(
  model: (data: D) => Effect.Effect<unknown, ME, MR>,
  guide: (data: D) => Effect.Effect<unknown, GE, GR>,
  data: Data<D>,
  options: EvidenceOptions<MR, GR> & { readonly scope: Scope.Scope },
): Effect.fn.Return<Evidence, ME | GE | ProgramError | DataError, Rest<MR> | Rest<GR> | Backend> {
  const { samples, key, batchSize, over, params, onProgress, scope } = options
  if (!Number.isInteger(samples) || samples < 1) {
    return yield* new InvalidArgument({
      where: "logEvidence: samples",
      expected: "a whole number, at least 1",
      found: String(samples),
    })
  }
  const programs = synchronous<D, ME, MR, GE, GR>(model, guide, yield* Effect.context<Rest<MR> | Rest<GR>>())
  const source = yield* Scope.provide(makeSource<D>(data, { batchSize, key, shuffle: false }), scope)
  const breathe = yield* breather
  const batches = yield* source.plan(0)
  const values: Array<Float64Array> = []
  const given = atParams(params)
  for (const [b, batch] of batches.entries()) {
    if (batch.load !== undefined) yield* batch.load
    const batchKey = Key.foldIn(key, b)
    const average = new LogMeanExp()
    for (let k = 0; k < samples; k++) {
      average.add(
        yield* attempt<Float32Array, ME | GE>(() =>
          tf.tidy(() => {
            // Taken with the same key each time: dynamically binarized pixels stay as they are over the draws.
            const rows = batch.take(batchKey)
            const ratios = (validate: boolean) => {
              const [q, p] = pair(onBatch(programs, rows, given), Key.foldIn(batchKey, k), false, validate)
              return tf.sub(perMember(p, over), perMember(q, over)).dataSync() as Float32Array
            }
            const found = ratios(false)
            const member = found.findIndex(Number.isNaN)
            if (member < 0) return found
            // Only now is everything read back, to name what is wrong where that can be done.
            ratios(true)
            const { told, isGuide } = telling(programs)
            const again = (_: {}, watch: Handler) => {
              const [q, p] = pair(onBatch(told, rows, [...given, watch]), Key.foldIn(batchKey, k), false)
              return tf.sub(perMember(p, over), perMember(q, over))
            }
            const at = located(blame({}, again, { differentiate: false, isGuide }), source, batch)
            throw new InvalidArgument({
              where: `logEvidence: batch ${b}, member ${member}`,
              expected: "log-densities whose difference is a number",
              found: `NaN${whereabouts(at)}: ${at.found}`,
            })
          }),
        ),
      )
      if (onProgress !== undefined) yield* onProgress((b * samples + k + 1) / (batches.length * samples))
      yield* breathe
    }
    values.push(average.value())
  }
  return summarize(Float64Array.from(values.flatMap((batch) => [...batch])))
})

/** Σ of a recording's log-densities for each member of plate `over`: a vector of its extent, without its scale. */
const perMember = (recording: Recording, over: string): tf.Tensor => {
  const terms: Array<tf.Tensor> = []
  for (const site of recording.samples.values()) {
    terms.push(
      alongPlate(site.name, site.distribution.logProb(site.value), site.plates, over, site.mask, site.scale),
    )
  }
  for (const site of recording.factors.values()) {
    terms.push(alongPlate(site.name, site.logWeight, site.plates, over, site.mask, site.scale))
  }
  return sum(terms)
}

const alongPlate = (
  site: string,
  term: tf.Tensor,
  plates: ReadonlyArray<PlateFrame>,
  over: string,
  mask: tf.Tensor | undefined,
  scale: number,
): tf.Tensor => {
  const plate = plates.find(({ name }) => name === over)
  if (plate === undefined) {
    throw new PlateError({
      plate: over,
      expected: `every site inside it, so that the evidence is one term for each member`,
      found: `site "${site}" outside`,
    })
  }
  if (plate.isChain) {
    throw new PlateError({
      plate: over,
      expected: "members that are independent, so that each has an evidence of its own",
      found: "the steps of a scan",
    })
  }
  const counted =
    mask === undefined
      ? term
      : tf.where(tf.broadcastTo(tf.cast(mask, "bool"), term.shape), term, tf.zerosLike(term))
  const others = term.shape.map((_, axis) => axis).filter((axis) => axis !== term.rank + plate.dim)
  const inner = plates.filter(({ name }) => name !== over)
  const weight = inner.reduce((weight, { size, extent }) => (weight * size) / extent, scale)
  return tf.mul(tf.sum(counted, others), weight)
}

/** log of the mean of exponentials, elementwise over vectors that arrive one by one; in float64 on the host. */
class LogMeanExp {
  #max: Float64Array | undefined
  #sum = new Float64Array(0)
  #count = 0

  add(terms: Float32Array): void {
    this.#count++
    if (this.#max === undefined) {
      this.#max = Float64Array.from(terms)
      this.#sum = new Float64Array(terms.length).fill(1)
      return
    }
    const max = this.#max
    for (let i = 0; i < terms.length; i++) {
      const term = terms[i]!
      if (term <= max[i]!) {
        // Between two impossible draws the difference would be ∞ − ∞.
        this.#sum[i]! += term === -Infinity ? 0 : Math.exp(term - max[i]!)
      } else {
        this.#sum[i] = this.#sum[i]! * Math.exp(max[i]! - term) + 1
        max[i] = term
      }
    }
  }

  value(): Float64Array {
    return Float64Array.from(this.#sum, (sum, i) => this.#max![i]! + Math.log(sum / this.#count))
  }
}

const summarize = (values: Float64Array): Evidence => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  const standardError = Math.sqrt(squares / (values.length - 1) / values.length)
  return { values, mean, standardError }
}
