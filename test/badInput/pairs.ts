/** Fits: what is wrong with the model, the guide, or the two together. */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import {
  Bernoulli,
  factor,
  fitSVI,
  LogNormal,
  Normal,
  Optimizer,
  observe,
  param,
  Support,
  sample,
} from "../../src/index.ts"
import { guide, model, nothing, standard, y } from "./models.ts"
import { fails, named, type Row, throwing, untyped } from "./Row.ts"

/** The model with another guide, and the guide with another model. */
const guided = (guide: () => unknown) => fitSVI(model, untyped(guide), y(), { steps: 2 })
const modelled = (model: (y: tf.Tensor) => unknown) =>
  fitSVI(untyped(model), untyped(guide), y(), { steps: 2 })
/** A model alone, with nothing to draw. */
const alone = (model: () => Effect.Effect<unknown, never, unknown>, optimizer = Optimizer.adam(1e-3)) =>
  fitSVI(untyped(model), untyped(nothing), 0, { steps: 3, optimizer })
/** Goes the wrong way; goes too far. */
const ascending = Optimizer.scaleBySchedule(() => 1)
const leaping = Optimizer.sgd(2)
const coin = (logits: tf.Tensor | number) => sample(named("coin"), Bernoulli({ logits }))

// biome-ignore format: a table
export const rows: ReadonlyArray<Row> = [
  fails("fitSVI", "a guide without a site", () => guided(() => param("at", 0)),
    "SiteMismatch", "guide lacks latent sites of the model", '"loc"'),
  fails("fitSVI", "a guide with a site too many",
    () => guided(() => Effect.andThen(guide(), sample("extra", standard))),
    "SiteMismatch", "that the model does not have", '"extra"'),
  fails("fitSVI", "a guide that observes", () => guided(() => Effect.andThen(guide(), observe("seen", standard, 1))),
    "SiteMismatch", "a guide cannot observe", '"seen"'),
  fails("fitSVI", "a guide with a factor", () => guided(() => Effect.andThen(guide(), factor("weight", 1))),
    "SiteMismatch", "a guide cannot observe", '"weight"'),
  fails("fitSVI", "a guide on another support",
    () => guided(() => Effect.andThen(param("at", 0), sample("loc", LogNormal({ loc: 0, scale: 1 })))),
    "SiteMismatch", "disagree on the support", '"loc"'),
  fails("fitSVI", "a guide whose draw has no gradient",
    () => fitSVI((_: number) => coin(0), () => Effect.flatMap(param("at", 0), coin), 0, { steps: 1 }),
    "SiteMismatch", "pathwise", '"coin"'),
  fails("fitSVI", "a guide's site of another shape", () => guided(() => sample("loc", Normal.standard([2]))),
    "ShapeMismatch", 'site "loc"', "shape []", "found [2]"),
  fails("fitSVI", "no parameter to fit", () => guided(() => sample("loc", standard)),
    "InvalidArgument", "fitSVI", "at least one parameter", "nothing to fit"),
  fails("fitSVI", "a parameter shared and of another shape",
    () => fitSVI((_: number) => param("w", [1, 2]), () => param("w", [1, 2, 3]), 0, { steps: 1 }),
    "ShapeMismatch", 'parameter "w"', "[3], as in the guide", "found [2]"),
  fails("fitSVI", "a parameter shared and on another support",
    () => fitSVI((_: number) => param("w", 1), () => param("w", 1, { support: Support.positive }), 0, { steps: 1 }),
    "SiteMismatch", "disagree on the support of parameter", '"w"'),
  fails("fitSVI", "a parameter on a discrete support",
    () => alone(() => param("w", 1, { support: untyped(Support.boolean) })),
    "InvalidArgument", "a continuous support", "boolean"),
  fails("fitSVI", "a parameter that shows up later",
    () => {
      let runs = 0
      return alone(() => Effect.andThen(param("w", 1), runs++ > 0 ? param("late", 1) : Effect.void))
    },
    "MissingParam", '"late"', "given are w"),
  fails("fitSVI", "a site in the model twice", () => modelled((y) => Effect.andThen(model(y), model(y))),
    "DuplicateSite", '"loc"', "twice"),
  fails("fitSVI", "a model that sleeps", () => modelled((y) => Effect.andThen(Effect.sleep(1), model(y))),
    "ProgramSuspended", "before its first site", "synchronously"),
  fails("fitSVI", "a guide that throws", () => guided(() => Effect.andThen(guide(), throwing("out of cheese"))),
    "ProgramThrew", 'after site "loc"', "out of cheese"),
  fails("fitSVI", "a model that throws before it is a program",
    () => modelled(() => { throw new Error("no model today") }),
    "ProgramThrew", "before its first site", "no model today"),
  fails("fitSVI", "a model that is no program", () => modelled(() => 3),
    "ProgramThrew", "before its first site", "Not a valid effect: 3"),
  fails("fitSVI", "a density that turns NaN",
    () => alone(() => Effect.flatMap(param("w", 1), (w) => factor("f", tf.log(w))), ascending),
    "NonFinite", "step 2", 'site "f"', ": -Infinity"),
  fails("fitSVI", "a scale that turns negative",
    () => alone(() => Effect.flatMap(param("w", 1), (scale) => observe("y", Normal({ loc: 0, scale }), 0)), leaping),
    "NonFinite", "step 2", 'site "y"', '"scale"', "positive", "found -1"),
  fails("fitSVI Optimizer.sgd", "an update that overflows, at the last step",
    () => fitSVI((_: number) => Effect.flatMap(param("w", 1), (w) => factor("f", tf.mul(100, w))), nothing, 0,
      { steps: 1, optimizer: Optimizer.sgd(3e38) }),
    "NonFinite", "step 1", '"w": Infinity'),
]
