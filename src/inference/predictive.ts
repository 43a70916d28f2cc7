/**
 * Draws from programs: the prior predictive, the posterior predictive, and the guide's posterior.
 *
 * ```ts
 * const prior = yield* predictive(model, x, { samples: 500, key })
 * const posterior = yield* predictive(model, x, { samples: 500, key, guide, params: fit.params })
 * posterior.y          // [500, ...]: the observed site, drawn anew
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect, type Scope } from "effect"
import { type ProgramError, SiteMismatch } from "../effects/errors.ts"
import { atParams } from "../effects/handlers/substitute.ts"
import type { Handler } from "../effects/Interpreter.ts"
import type {
  DeterministicName,
  GuideCheck,
  LatentName,
  ObservedName,
  Params,
  Rest,
} from "../effects/Program.ts"
import { attempt, type Recording, type RunOptions } from "../effects/run.ts"
import type { Backend } from "../tensor/Backend.ts"
import { InvalidArgument, ShapeMismatch } from "../tensor/errors.ts"
import * as Key from "../tensor/Key.ts"
import { scoped } from "../tensor/Memory.ts"
import * as Shape from "../tensor/Shape.ts"
import { atDrawsOf, checkSites, onBatch, synchronous } from "./programs.ts"
import type { ParamTree } from "./svi.ts"

/** A stack of draws for every site: `[samples, ...site shape]`. */
export type Predicted<R> = {
  readonly [K in LatentName<R> | ObservedName<R> | DeterministicName<R>]: tf.Tensor
}

/** How {@link predictive} draws. */
export interface PredictiveOptions<D, MR, GE, GR> {
  /** How many draws: at least 1. */
  readonly samples: number
  readonly key: Key.Key
  /** Draws the latent sites, in place of the prior: a posterior predictive. */
  readonly guide?: ((data: D) => Effect.Effect<unknown, GE, GR>) & GuideCheck<MR, GR, "pathwise" | "score">
  /** Parameters of both programs, constrained; all or none: without them each is at its `init`. */
  readonly params?: Params<MR | GR>
}

/**
 * Runs the model `samples` times with its observed sites drawn instead of scored; `data` give their shapes. With a
 * guide, latent sites come from it, and it must have them all. The tensors live until the scope closes.
 */
export const predictive = Effect.fnUntraced(function* <D, ME, MR, GE = never, GR = never>(
  model: (data: D) => Effect.Effect<unknown, ME, MR>,
  data: NoInfer<D>,
  options: PredictiveOptions<NoInfer<D>, MR, GE, GR>,
): Effect.fn.Return<Predicted<MR>, ME | GE | ProgramError, Rest<MR> | Rest<GR> | Backend | Scope.Scope> {
  const { guide, params } = options
  const context = yield* Effect.context<Rest<MR> | Rest<GR>>()
  const programs = synchronous<D, ME, MR, GE, GR>(model, guide ?? (() => Effect.never), context)
  const drawn = (batch: D, runOptions: RunOptions): Recording => {
    const pair = onBatch(programs, batch, atParams(params))
    const q = guide === undefined ? undefined : pair.guide(runOptions)
    const latents = q === undefined ? [] : atDrawsOf(q)
    const p = pair.model({ ...runOptions, handlers: [...latents, redrawn] })
    if (q !== undefined) checkSites(p, q)
    return p
  }
  return yield* drawSites<Predicted<MR>, ME | GE, D>(drawn, () => data, options)
})

/** Observed sites lose their data, and so are drawn. */
const redrawn: Handler = (outer) => ({
  ...outer,
  sample: (site) => outer.sample(site.observed && !site.isDrawn ? { ...site, value: undefined } : site),
  ahead: (site, asked) => outer.ahead(site.observed ? { ...site, value: undefined } : site, asked),
})

/** Runs `program` with `samples` keys and stacks what each site drew. */
export const drawSites = <Sites extends object, E, D = unknown>(
  program: (batch: D, options: RunOptions) => Recording,
  take: () => D,
  options: { readonly samples: number; readonly key: Key.Key; readonly handlers?: ReadonlyArray<Handler> },
): Effect.Effect<Sites, E | ProgramError, Scope.Scope> => {
  const { samples, key, handlers = [] } = options
  if (!Number.isInteger(samples) || samples < 1) {
    return Effect.fail(
      new InvalidArgument({
        where: "samples",
        expected: "a whole number, at least 1",
        found: String(samples),
      }),
    )
  }
  return scoped(
    attempt<ParamTree, E>(
      () =>
        tf.tidy(() => {
          const batch = take()
          const draws = new Map<string, Array<tf.Tensor>>()
          for (let i = 0; i < samples; i++) {
            const kept = tf.tidy(() => {
              // The first draw is checked: bad parameters would give NaN in all of them.
              const recording = program(batch, { key: Key.foldIn(key, i), handlers, validate: i === 0 })
              const sites = [...recording.samples.values(), ...recording.deterministics.values()]
              return Object.fromEntries(sites.map(({ name, value }) => [name, tf.clone(value)]))
            })
            for (const [name, value] of Object.entries(kept)) {
              const stack = draws.get(name) ?? []
              draws.set(name, stack)
              checkAlike(name, stack[0] ?? value, value)
              stack.push(value)
            }
          }
          const sites = [...draws].filter(([, stack]) => stack.length < samples).map(([name]) => name)
          if (sites.length > 0) {
            throw new SiteMismatch({ reason: "draws cannot be stacked, as only some of them have", sites })
          }
          return Object.fromEntries([...draws].map(([name, stack]) => [name, tf.stack(stack)]))
        }) as ParamTree,
    ),
    (sites) => Object.values(sites) as Array<tf.Tensor>,
  ) as unknown as Effect.Effect<Sites, E | ProgramError, Scope.Scope>
}

const checkAlike = (site: string, first: tf.Tensor, value: tf.Tensor): void => {
  if (Shape.equals(first.shape, value.shape)) return
  throw new ShapeMismatch({
    where: `site "${site}"`,
    expected: `the same shape in every draw, ${Shape.format(first.shape)}`,
    found: Shape.format(value.shape),
  })
}
