/**
 * The rows of the fixtures once more, for names computed at run time: they compile, and the same mistake fails as a
 * typed error when the program runs. (`condition` and `intervene` are in test/effects/handlers.)
 */
import { describe, expect, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Cause, Effect, Exit } from "effect"
import {
  Backend,
  Bernoulli,
  type Distribution,
  factor,
  fitSVI,
  LogNormal,
  Normal,
  observe,
  param,
  SiteMismatch,
  sample,
} from "../../src/index.ts"
import { Database, NoSuchPatient } from "./programs.ts"

/** Widens a name, as one read from a file would be. */
const named = (name: string): string => name

/** Latent sites by name, drawn from the given distributions, and one observation. */
const model = (sites: Readonly<Record<string, Distribution>>) =>
  Effect.fnUntraced(function* (data: tf.Tensor) {
    for (const [name, distribution] of Object.entries(sites)) yield* sample(name, distribution)
    return yield* observe(named("y"), Normal({ loc: 0, scale: 1 }), data)
  })

const guide = (
  sites: Readonly<Record<string, Distribution>>,
  rest: Effect.Effect<unknown, never, never> = Effect.void,
) =>
  Effect.fnUntraced(function* (_: tf.Tensor) {
    const center = yield* param(named("center"), 0)
    for (const [name, distribution] of Object.entries(sites)) {
      yield* sample(name, distribution === real ? Normal({ loc: center, scale: 1 }) : distribution)
    }
    yield* rest
  })

const real = Normal({ loc: 0, scale: 1 })
const positive = LogNormal({ loc: 0, scale: 1 })
const coin = Bernoulli({ probs: 0.5 })

layer(Backend.cpu())((it) => {
  const attemptFit = Effect.fnUntraced(function* (m: ReturnType<typeof model>, g: ReturnType<typeof guide>) {
    const before = tf.memory().numTensors
    const data = tf.scalar(1)
    const exit = yield* Effect.exit(Effect.scoped(fitSVI(m, g, data, { steps: 2 })))
    data.dispose()
    expect(tf.memory().numTensors).toBe(before)
    return exit
  })

  const refused = Effect.fnUntraced(function* (
    m: ReturnType<typeof model>,
    g: ReturnType<typeof guide>,
    reason: string,
    sites: ReadonlyArray<string>,
  ) {
    const exit = yield* attemptFit(m, g)
    const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
    expect(error).toBeInstanceOf(SiteMismatch)
    expect(error).toMatchObject({ reason, sites })
  })

  describe("with names computed at run time", () => {
    it.effect("a guide that fits is fitted", () =>
      Effect.gen(function* () {
        const exit = yield* attemptFit(model({ z: real, s: positive }), guide({ s: positive, z: real }))
        expect(Exit.isSuccess(exit)).toBe(true)
      }),
    )

    it.effect("a guide that misses a site is refused", () =>
      refused(model({ z: real, s: positive }), guide({ z: real }), "guide lacks latent sites of the model", [
        "s",
      ]),
    )

    it.effect("a guide that adds one is refused", () =>
      refused(
        model({ z: real }),
        guide({ z: real, extra: real }),
        "guide samples sites that the model does not have",
        ["extra"],
      ),
    )

    it.effect("a guide with another support is refused", () =>
      refused(model({ s: positive }), guide({ s: real }), "guide and model disagree on the support of", [
        "s",
      ]),
    )

    it.effect("a guide that observes, or adds a factor, is refused", () =>
      Effect.gen(function* () {
        const seen = observe("seen", real, 0) as Effect.Effect<unknown>
        yield* refused(model({ z: real }), guide({ z: real }, seen), "a guide cannot observe", ["seen"])
        const weight = factor("weight", 1) as Effect.Effect<unknown>
        yield* refused(model({ z: real }), guide({ z: real }, weight), "a guide cannot observe", ["weight"])
      }),
    )

    it.effect("a score site under a pathwise objective is refused", () =>
      refused(
        model({ coin }),
        guide({ coin }),
        "this objective needs pathwise gradients, but these guide sites have none",
        ["coin"],
      ),
    )
  })

  describe("a model's own service and failure", () => {
    it.effect("reach the caller of a fit", () =>
      Effect.gen(function* () {
        const program = Effect.fnUntraced(function* (data: tf.Tensor) {
          const { rows } = yield* Database
          if (rows === 0) return yield* new NoSuchPatient({ id: 5 })
          const loc = yield* param("loc", 0)
          return yield* observe("y", Normal({ loc, scale: 1 }), data)
        })
        const data = tf.scalar(1)
        const fitted = fitSVI(program, () => Effect.void, data, { steps: 1 })
        const failed = fitted.pipe(
          Effect.provideService(Database, { rows: 0 }),
          Effect.catchTag("NoSuchPatient", ({ id }) => Effect.succeed(id)),
        )
        expect(yield* failed).toBe(5)
        const fit = yield* fitted.pipe(Effect.provideService(Database, { rows: 1 }))
        expect(Object.keys(fit.params)).toEqual(["loc"])
        data.dispose()
      }),
    )
  })
})
