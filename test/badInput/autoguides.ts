/** Guides made from models. */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import {
  amortise,
  autoDelta,
  autoFlow,
  autoLaplace,
  autoLowRank,
  autoMultivariateNormal,
  autoNormal,
  Bernoulli,
  factor,
  fitSVI,
  initToUniform,
  initToValues,
  LogNormal,
  mask,
  Normal,
  observe,
  Poisson,
  plate,
  sample,
  trace,
} from "../../src/index.ts"
import { key, model, perRow, rowsOf, standard, y } from "./models.ts"
import { fails, named, own, type Row, untyped } from "./Row.ts"

const traced = <E, R>(guide: (data: tf.Tensor) => Effect.Effect<void, E, R>) => trace(guide(y()), { key })
const coin = (_: tf.Tensor) => sample("coin", Bernoulli({ probs: 0.5 }))
const spread = (_: tf.Tensor) => sample("spread", LogNormal({ loc: 0, scale: 1 }))
const count = Effect.fnUntraced(function* (_: tf.Tensor) {
  yield* sample("z", standard)
  yield* sample("n", Poisson({ rate: 1 }))
})
const some = (_: tf.Tensor) => plate("rows", { size: 9, subsample: 4 })(sample("z", standard))
const joint = "autoMultivariateNormal autoLowRank autoFlow autoLaplace"
/** Prior and factor together say nothing. */
const flat = Effect.fnUntraced(function* (_: tf.Tensor) {
  const z = yield* sample("z", Normal.standard([2]))
  yield* factor("none", tf.mul(tf.sum(tf.square(z)), 0.5))
})
const laplace = (options: object) => autoLaplace(model).approximate(y(), options)
const perVector = (_: tf.Tensor) => plate("rows", { size: 4 })(sample("z", Normal.standard([2])))
const identities = () => own(tf.eye(4, 4, [4]))

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
    "UnknownSite", "autoLowRank", '"zz"', '"loc"'),
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
  fails("autoLaplace", "a density that is flat", () => autoLaplace(flat).approximate(y()),
    "NoMode", 'site "z", index [1]', "second derivative of −log p is 0.00", "proper prior"),
  fails("autoLaplace", "a start without a density",
    () => autoLaplace((_: tf.Tensor) => Effect.flatMap(sample("z", standard), (z) => factor("never", tf.mul(z, Infinity)))).approximate(y()),
    "NonFinite", "the log-density", 'site "never"', "Infinity"),
  fails("autoLaplace", "half an iteration", () => laplace({ iterations: 0.5 }),
    "InvalidArgument", "autoLaplace: iterations", "from 0 up", "found 0.5"),
  fails("autoLaplace", "some parameters", () => laplace({ params: {} }),
    "MissingParam", '"auto/loc/loc"'),
  fails("autoLaplace", "a location of another shape", () => laplace({ params: { "auto/loc/loc": rowsOf(1, 2) } }),
    "ShapeMismatch", 'site "loc"', "[2]"),
  fails("autoLaplace", "a model without latents",
    () => autoLaplace(untyped((y: tf.Tensor) => plate("rows", { size: 4 })(observe("y", standard, y)))).approximate(y()),
    "InvalidArgument", "autoLaplace", "a continuous latent site", "found none"),
  fails("autoLaplace", "a discrete site that cannot be summed out",
    () => autoLaplace(count, { summedOut: ["n"] }).approximate(y()),
    "SiteMismatch", '"n"'),
  fails("autoLaplace", "some members of a plate", () => autoLaplace(some).approximate(y()),
    "PlateError", 'plate "rows"', "all 9 members", "found 4"),
  fails("autoLaplace", "no draws", () => Effect.flatMap(laplace({}), ({ posterior }) => posterior(0)),
    "InvalidArgument", "samples", "at least 1", "found 0"),
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
  fails("amortise", "a scale for each number where a row has a factor",
    () => traced(amortise(autoMultivariateNormal(perRow), { z: (x) => Effect.succeed({ loc: x, scaleTril: x }) })),
    "ShapeMismatch", '"scaleTril" of site "z"', "shape [4, 1, 1]", "found [4]"),
  fails("amortise", "a factor that is not lower-triangular",
    () => traced(amortise(autoMultivariateNormal(perVector), { z: () => Effect.succeed({ loc: own(tf.zeros([4, 2])), scaleTril: own(tf.ones([4, 2, 2])) }) })),
    "InvalidParameter", "MultivariateNormal", '"scaleTril"', 'site "z"'),
  fails("amortise", "factors of other numbers than there are",
    () => traced(amortise(autoLowRank(perVector), { z: () => Effect.succeed({ loc: own(tf.zeros([4, 2])), scale: own(tf.ones([4, 2])), factor: identities() }) })),
    "ShapeMismatch", '"factor" of site "z"', "shape [4, 2, any]", "found [4, 4, 4]"),
  fails("amortise", "an unknown site of a guide of all sites",
    () => traced(amortise(autoMultivariateNormal(model), untyped({ zz: () => Effect.succeed({ loc: 0, scaleTril: 1 }) }))),
    "UnknownSite", "autoMultivariateNormal", '"zz"', '"loc"'),
]
