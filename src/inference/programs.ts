/**
 * A model and a guide as pure synchronous calls, and the two run together: the guide first, the model at its draws.
 */
import { type Context, Effect } from "effect"
import { SiteMismatch } from "../effects/errors.ts"
import { replayed } from "../effects/handlers/replay.ts"
import type { Handler, SampleSite, Settled } from "../effects/Interpreter.ts"
import type { Rest } from "../effects/Program.ts"
import { type Recording, type RunOptions, run } from "../effects/run.ts"
import * as Key from "../tensor/Key.ts"

/** A model and a guide as synchronous calls, with data and parameters already given. */
export interface Programs {
  readonly model: (options: RunOptions) => Recording
  readonly guide: (options: RunOptions) => Recording
  /** The supports of those of the model's sites that the guide may leave out. */
  readonly sumsOut?: ReadonlyArray<string> | undefined
}

/** A model and a guide over batches `B`, as synchronous calls. */
export interface ProgramPair<in B> {
  readonly model: (batch: B, options: RunOptions) => Recording
  readonly guide: (batch: B, options: RunOptions) => Recording
  readonly sumsOut?: ReadonlyArray<string> | undefined
}

/** Two programs with their services, as calls that a gradient closure can make. */
export const synchronous = <D, ME, MR, GE, GR>(
  model: (data: D) => Effect.Effect<unknown, ME, MR>,
  guide: (data: D) => Effect.Effect<unknown, GE, GR>,
  context: Context.Context<Rest<MR> | Rest<GR>>,
): ProgramPair<D> => {
  const services = context as unknown as Context.Context<never>
  // Suspended, so that a program function that throws fails as a program, not as a call.
  return {
    model: (batch, options) =>
      run(
        Effect.suspend(() => model(batch)),
        services,
        options,
      ),
    guide: (batch, options) =>
      run(
        Effect.suspend(() => guide(batch)),
        services,
        options,
      ),
  }
}

/** The pair on one batch, under handlers that stand outside those of each run. */
export const onBatch = <B>(
  programs: ProgramPair<B>,
  batch: B,
  handlers: ReadonlyArray<Handler> = [],
): Programs => {
  const inside = (options: RunOptions): RunOptions => ({
    ...options,
    handlers: [...handlers, ...(options.handlers ?? [])],
  })
  return {
    model: (options) => programs.model(batch, inside(options)),
    guide: (options) => programs.guide(batch, inside(options)),
    sumsOut: programs.sumsOut,
  }
}

/** The pair, and whether it is the guide that runs at a moment. */
export const telling = <B>(
  programs: ProgramPair<B>,
): { readonly told: ProgramPair<B>; readonly isGuide: () => boolean } => {
  let isGuide = false
  const guide: ProgramPair<B>["guide"] = (batch, options) => {
    isGuide = true
    try {
      return programs.guide(batch, options)
    } finally {
      isGuide = false
    }
  }
  return { told: { ...programs, guide }, isGuide: () => isGuide }
}

/** The guide's run, and the model's at the guide's draws, checked against each other. */
export const pair = (
  programs: Programs,
  key: Key.Key,
  training: boolean,
  validate = false,
): readonly [guide: Recording, model: Recording] => {
  const guide = programs.guide({ key: Key.foldInName(key, "guide"), training, validate })
  const model = programs.model({
    key: Key.foldInName(key, "model"),
    training,
    validate,
    handlers: atDrawsOf(guide),
  })
  checkSites(model, guide, programs.sumsOut)
  return [guide, model]
}

/** The run-time half of `GuideCheck`, for names that the compiler could not see. */
export const checkSites = (model: Recording, guide: Recording, sumsOut: ReadonlyArray<string> = []): void => {
  const refuse = (reason: string, sites: ReadonlyArray<string>) => {
    if (sites.length > 0) throw new SiteMismatch({ reason, sites })
  }
  const latent = latents(model)
  refuse(
    "guide lacks latent sites of the model",
    [...latent.values()]
      .filter((site) => !guide.samples.has(site.name) && !sumsOut.includes(supportOf(site)))
      .map(({ name }) => name),
  )
  refuse("a guide cannot observe", [
    ...[...guide.samples.values()].filter((site) => site.observed).map((site) => site.name),
    ...guide.factors.keys(),
  ])
  refuse(
    "guide samples sites that the model does not have",
    [...guide.samples.keys()].filter((name) => !latent.has(name)),
  )
}

/** Handlers that put a model's latent sites at what the guide drew, and refuse what does not fit there. */
export const atDrawsOf = (guide: Recording): ReadonlyArray<Handler> => [
  agreeing(guide),
  replayed(new Map([...guide.samples.values()].map((site) => [site.name, site.value]))),
]

/** Refuses a guide's value at a site with another support: before the model checks the value against its own. */
const agreeing =
  (guide: Recording): Handler =>
  (outer) => ({
    ...outer,
    sample: (site) => {
      const drawn = site.observed || site.hidden ? undefined : guide.samples.get(site.name)
      if (drawn !== undefined && supportOf(drawn) !== supportOf(site)) {
        throw new SiteMismatch({
          reason: "guide and model disagree on the support of",
          sites: [site.name],
        })
      }
      return outer.sample(site)
    },
  })

const supportOf = (site: Pick<SampleSite, "distribution">): string => site.distribution.support.name

/** Refuses guide sites whose draws are not differentiable: the run-time half of `ScoreSites`. */
export const checkPathwise = (guide: Recording): void => {
  const sites = [...latents(guide).values()].filter(({ distribution }) => distribution.gradient === "score")
  if (sites.length === 0) return
  throw new SiteMismatch({
    reason: "this objective needs pathwise gradients, but these guide sites have none",
    sites: sites.map(({ name }) => name),
  })
}

/** The latent sites of a recording, in the order of the program. */
export const latents = (recording: Recording): ReadonlyMap<string, Settled<SampleSite>> =>
  new Map([...recording.samples].filter(([, site]) => !site.observed))
