/** Objectives that are told what cannot be, and baselines for what is not there. */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { Bernoulli, choices, fitSVI, mixed, param, sample, withBaselines } from "../../src/index.ts"
import { fitted, guide, model, y } from "./models.ts"
import { fails, named, own, type Row, untyped } from "./Row.ts"

const coin = (_: number) => sample("coin", Bernoulli({ probs: 0.5 }))
const coinGuide = (_: number) =>
  Effect.flatMap(param("logit", 0), (logits) => sample("coin", Bernoulli({ logits })))
/** What `choices` says of the coin, if told this. */
const told = (options: object) => choices(coin, coinGuide, 0, untyped(options))
const learned = (site: string, baseline: () => tf.Tensor) =>
  fitSVI(
    coin,
    untyped(withBaselines(coinGuide, untyped({ [named(site)]: () => Effect.sync(baseline) }))),
    0,
    { steps: 1, objective: untyped(mixed({ sites: { coin: "score function" } })) },
  )

// biome-ignore format: a table
export const rows: ReadonlyArray<Row> = [
  fails("mixed", "no particles", () => fitted({ objective: mixed({ particles: 0 }) }),
    "InvalidArgument", "mixed", "a whole number of particles, at least 1", "found 0"),
  fails("mixed", "a baseline that there is not", () => fitted({ objective: mixed({ baseline: untyped("best") }) }),
    "InvalidArgument", "mixed: baseline", 'one of "none", "leaveOneOut", "average"', "found best"),
  fails("mixed", "a table of none", () => fitted({ objective: mixed({ maxTable: 0 }) }),
    "InvalidArgument", "mixed: maxTable", "a number, at least 1", "found 0"),
  fails("mixed", "a site that the guide does not have", () => fitted({ objective: mixed({ sites: { at: "pathwise" } }) }),
    "UnknownSite", "mixed: sites", '"at"', 'it has "loc"'),
  fails("mixed", "all values of a normal", () => fitted({ objective: mixed({ sites: { loc: "enumerated" } }) }),
    "InvalidArgument", 'mixed: sites: "loc"', "a site with a list of values", '"enumerated" for Normal'),
  fails("choices", "a gradient along a coin's draws", () => told({ sites: { coin: "pathwise" } }),
    "InvalidArgument", 'mixed: sites: "coin"', "draws have a gradient", '"pathwise" for Bernoulli'),
  fails("choices", "a choice that there is not", () => told({ sites: { coin: "sum" } }),
    "InvalidArgument", 'mixed: sites: "coin"', 'one of "enumerated", "pathwise", "score function"', 'found "sum"'),
  fails("choices", "NaN as the largest table", () => told({ maxTable: Number.NaN }),
    "InvalidArgument", "mixed: maxTable", "a number, at least 1", "found NaN"),
  fails("choices", "a sum that is too large", () => choices(coin, untyped(() => Effect.void), 0, { maxTable: 1 }),
    "InvalidArgument", 'mixed: site "coin" of the model', "a sum that fits", "a table of 2 numbers would exceed 1"),
  fails("choices", "a batch of none", () => choices(model, guide, y(), { batchSize: 0 }),
    "InvalidArgument", "batchSize", "found 0"),
  fails("withBaselines", "a site that the guide does not have", () => learned("con", () => tf.scalar(1)),
    "UnknownSite", "withBaselines", '"con"', 'it has "coin"'),
  fails("withBaselines", "one number for each of two rows, of a site in no plate",
    () => learned("coin", () => own(tf.tensor1d([1, 2]))),
    "ShapeMismatch", 'withBaselines: site "coin"', "the batch shape []", "found [2]"),
]
