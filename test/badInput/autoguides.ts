/** Guides made from models. */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import {
  amortise,
  autoDelta,
  autoFlow,
  autoLowRank,
  autoMultivariateNormal,
  autoNormal,
  Bernoulli,
  fitSVI,
  initToUniform,
  initToValues,
  LogNormal,
  mask,
  plate,
  sample,
  trace,
} from "../../src/index.ts"
import { key, model, perRow, standard, y } from "./models.ts"
import { fails, named, own, type Row, untyped } from "./Row.ts"

const traced = <E, R>(guide: (data: tf.Tensor) => Effect.Effect<void, E, R>) => trace(guide(y()), { key })
const coin = (_: tf.Tensor) => sample("coin", Bernoulli({ probs: 0.5 }))
const spread = (_: tf.Tensor) => sample("spread", LogNormal({ loc: 0, scale: 1 }))
const some = (_: tf.Tensor) => plate("rows", { size: 9, subsample: 4 })(sample("z", standard))
const joint = "autoMultivariateNormal autoLowRank autoFlow"

/** Another site in each run but the first. */
const fickle = () => {
  let runs = 0
  return (_: tf.Tensor) => Effect.suspend(() => sample(named(`z${runs++}`), standard))
}

// biome-ignore format: a table
export const rows: ReadonlyArray<Row> = [
  fails("autoNormal autoDelta", "a discrete site that the compiler cannot see", () => traced(autoNormal(untyped(coin))),
    "SiteMismatch", '"boolean"', "summedOut", '"coin"'),
  fails(joint, "a discrete site that the compiler cannot see", () => traced(autoFlow(untyped(coin))),
    "SiteMismatch", '"boolean"', "summedOut", '"coin"'),
  fails("autoNormal", "an unknown site to sum out", () => traced(autoNormal(model, { summedOut: [untyped("zz")] })),
    "UnknownSite", "autoNormal", '"zz"', '"loc"'),
  fails("autoLowRank", "an unknown site to sum out", () => traced(autoLowRank(model, { summedOut: [untyped("zz")] })),
    "UnknownSite", "autoLowRank: summedOut", '"zz"', '"loc"'),
  fails("autoNormal", "some members of a plate", () => traced(autoNormal(some)),
    "PlateError", 'plate "rows"', "all 9 members", '"z"', "amortise", "found 4"),
  fails("autoDelta", "some members of a plate", () => traced(autoDelta(some)),
    "PlateError", 'plate "rows"', "all 9 members", "found 4"),
  fails("autoNormal fitSVI", "minibatches and no encoder",
    () => fitSVI(perRow, autoNormal(perRow), y(), { steps: 2, batchSize: 2 }),
    "PlateError", 'plate "rows"', "all 4 members", "amortise", "found 2"),
  fails(joint, "some members of a plate", () => traced(autoMultivariateNormal(some)),
    "PlateError", 'plate "rows"', "all 9 members", "found 4"),
  fails("autoLowRank", "independent members only", () => traced(autoLowRank(perRow)),
    "PlateError", 'plate "rows"', "autoLowRank", "independent", "every latent site in it"),
  fails("autoFlow", "independent members only", () => traced(autoFlow(perRow)),
    "PlateError", 'plate "rows"', "autoFlow", "every latent site in it"),
  fails(joint, "a masked site", () => traced(autoMultivariateNormal((_: tf.Tensor) => mask(sample("z", standard), 0))),
    "SiteMismatch", "masked", '"z"'),
  fails(joint, "sites that change from run to run", () => traced(autoMultivariateNormal(fickle())),
    "SiteMismatch", "the same sites", '"z1"'),
  fails("autoNormal", "a scale of 0", () => traced(autoNormal(model, { scale: 0 })),
    "InvalidArgument", "autoNormal: scale", "positive", "found 0"),
  fails("autoMultivariateNormal", "a scale of NaN", () => traced(autoMultivariateNormal(model, { scale: Number.NaN })),
    "InvalidArgument", "autoMultivariateNormal: scale", "found NaN"),
  fails("autoLowRank", "a negative scale", () => traced(autoLowRank(model, { scale: -1 })),
    "InvalidArgument", "autoLowRank: scale", "found -1"),
  fails("autoLowRank", "no factor", () => traced(autoLowRank(model, { rank: 0 })),
    "InvalidArgument", "autoLowRank: rank", "at least 1", "found 0"),
  fails("autoFlow", "an infinite scale", () => traced(autoFlow(model, { scale: Infinity })),
    "InvalidArgument", "autoFlow: scale", "found Infinity"),
  fails("autoFlow", "no layers", () => traced(autoFlow(model, { layers: 0 })),
    "InvalidArgument", "autoFlow: layers", "found 0"),
  fails("autoFlow", "a spline of one piece", () => traced(autoFlow(model, { bins: 1 })),
    "InvalidArgument", "autoFlow: bins", "from 2 to 999", "found 1"),
  fails("autoFlow", "a kind that there is not", () => traced(autoFlow(model, { kind: untyped("planar") })),
    "InvalidArgument", "autoFlow: kind", '"spline"', "planar"),
  fails("autoFlow", "a hidden layer of half a unit", () => traced(autoFlow(model, { hidden: [2.5] })),
    "InvalidArgument", "made", "2.5"),
  fails("initToUniform", "a radius of 0", () => traced(autoNormal(model, { init: initToUniform(0) })),
    "InvalidArgument", "initToUniform", "positive", "found 0"),
  fails("initToValues", "a value of another shape", () => traced(autoNormal(model, { init: initToValues({ loc: [1, 2] }) })),
    "ShapeMismatch", 'initToValues: "loc"', "shape []", "found [2]"),
  fails("initToValues", "a value outside the support", () => traced(autoDelta(spread, { init: initToValues({ spread: -1 }) })),
    "InvalidParameter", "auto/spread/value", "positive", "found -1"),
  fails("amortise", "an unknown site",
    () => traced(amortise(autoNormal(model), untyped({ zz: () => Effect.succeed({ loc: 0, scale: 1 }) }))),
    "UnknownSite", "autoNormal", '"zz"', '"loc"'),
  fails("amortise", "an encoder of another shape",
    () => traced(amortise(autoNormal(model), { loc: (x) => Effect.succeed({ loc: x, scale: x }) })),
    "ShapeMismatch", '"loc" of site "loc"', "shape []", "found [4]"),
  fails("amortise", "an encoder that gives no scale",
    () => traced(amortise(autoNormal(model), untyped({ loc: () => Effect.succeed({ loc: own(tf.scalar(0)) }) }))),
    "ShapeMismatch", '"scale" of site "loc"', "nothing"),
  fails("amortise", "a negative scale",
    () => traced(amortise(autoNormal(model), { loc: () => Effect.succeed({ loc: own(tf.scalar(0)), scale: own(tf.scalar(-1)) }) })),
    "InvalidParameter", "Normal", '"scale"', 'site "loc"', "found -1"),
]
