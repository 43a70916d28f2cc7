/** Models with exact answers, the steps of EM that fit them, and latent sites in other coordinates. */
import * as tf from "@tensorflow/tfjs-core"
import {
  alternate,
  autoReparam,
  conjugate,
  type Distribution,
  FactorAnalysis,
  fitEM,
  Gamma,
  HiddenMarkov,
  Key,
  lbfgs,
  Normal,
  nonCentered,
  type Reparam,
  reparam,
  sample,
  trace,
  transformReparam,
} from "../../src/index.ts"
import { fails, named, own, type Row, throws, untyped } from "./Row.ts"

const key = Key.key(0)
const sizes = "whole numbers from 1 up"
const zeros = (...shape: ReadonlyArray<number>) => own(tf.zeros([...shape]))
const withNaN = (...shape: ReadonlyArray<number>) => {
  const values = new Float32Array(shape.reduce((n, size) => n * size, 1))
  values[1] = Number.NaN
  return own(tf.tensor(values, [...shape]))
}
const factors = (options: object = {}) =>
  FactorAnalysis.make<"isotropic">(untyped({ inputs: 3, latent: 2, size: 4, noise: "isotropic", ...options }))
const factored = (options: object) => trace(factors(options).model(zeros(4, 3)), { key })
const params = () => ({ loadings: zeros(3, 2), loc: zeros(3), scale: own(tf.scalar(1)) })
const chain = (options: object = {}) => HiddenMarkov.make(untyped({ states: 2, size: 4, ...options }))
const chainParams = () => ({
  initial: own(tf.tensor([0.5, 0.5])),
  transition: own(tf.fill([2, 2], 0.5)),
  loc: own(tf.tensor([0, 1])),
  scale: own(tf.ones([2])),
})
const chained = (data: HiddenMarkov.Sequences, options: object = {}) =>
  trace(chain(options).model(data), { key })
const standard = Normal({ loc: 0, scale: 1 })
const moved = (d: Distribution, names: ReadonlyArray<string>, how: Reparam<string>) =>
  trace(reparam(sample("z", d), untyped(names), how), { key })
const climbed = (options: object) =>
  fitEM(chain().model, { x: zeros(4, 3) }, { mStep: lbfgs(options), iterations: 1 })

// biome-ignore format: a table
export const rows: ReadonlyArray<Row> = [
  fails("FactorAnalysis.make", "no inputs", () => factored({ inputs: 0 }),
    "InvalidArgument", "FactorAnalysis.make", sizes, "found 0"),
  fails("FactorAnalysis.make", "half a factor", () => factored({ latent: 0.5 }),
    "InvalidArgument", "FactorAnalysis.make", sizes, "found 0.5"),
  fails("FactorAnalysis.make", "no observations", () => factored({ size: 0 }), "PlateError", 'plate "data"', "found 0"),
  fails("FactorAnalysis.make", "a noise that there is not", () => factored({ noise: "full" }),
    "InvalidArgument", "FactorAnalysis.make: noise", '"diagonal" or "isotropic"', "found full"),
  fails("FactorAnalysis.make", "a floor of 0", () => factored({ floor: 0 }),
    "InvalidArgument", "FactorAnalysis.make: floor", "above 0", "found 0"),
  fails("FactorAnalysis.make", "observations of another length to its model",
    () => trace(factors().model(zeros(4, 5)), { key }), "ShapeMismatch", 'site "x"', "[4, 5]"),
  throws("FactorAnalysis.make", "observations of another length to its posterior",
    () => factors().posterior(params(), zeros(4, 5)), "ShapeMismatch", "FactorAnalysis", "[N, 3]", "[4, 5]"),
  throws("FactorAnalysis.make", "no observations to its first values", () => factors().initialize(zeros(0, 3)),
    "ShapeMismatch", "FactorAnalysis", "N above 0", "[0, 3]"),
  throws("FactorAnalysis.make", "NaN to its closed form", () => factors().closedForm(withNaN(4, 3)),
    "OutsideSupport", "FactorAnalysis.closedForm", "a finite number", "NaN", "[0, 1]"),
  throws("FactorAnalysis.make", "NaN to its first values", () => factors().initialize(withNaN(4, 3)),
    "OutsideSupport", "FactorAnalysis.initialize", "a finite number", "NaN", "[0, 1]"),
  throws("FactorAnalysis.make", "loadings of another size to its evidence",
    () => factors().evidence({ ...params(), loadings: zeros(3, 5) }, zeros(4, 3)),
    "ShapeMismatch", "FactorAnalysis: loadings", "[3, 2]", "[3, 5]"),
  throws("FactorAnalysis.make", "the posterior of other observations to its M-step",
    () => factors().maximize({ mean: zeros(3, 2), covariance: zeros(2, 2) }, zeros(4, 3)),
    "ShapeMismatch", "FactorAnalysis: posterior mean", "[4, 2]", "[3, 2]"),
  fails("alternate conjugate", "NaN in the data",
    () => alternate(factors().model, withNaN(4, 3), conjugate(factors()), { iterations: 1 }),
    "OutsideSupport", 'site "x"', "NaN", "[0, 1]"),

  fails("HiddenMarkov.make", "no states", () => chained({ x: zeros(4, 3) }, { states: 0 }),
    "InvalidArgument", "HiddenMarkov.make", sizes, "found 0"),
  fails("HiddenMarkov.make", "more sequences than it has", () => chained({ x: zeros(5, 3) }),
    "PlateError", 'plate "sequences"', "from 1 to 4", "found 5"),
  fails("HiddenMarkov.make", "sequences without a step", () => chained({ x: zeros(4, 0) }),
    "ShapeMismatch", "HiddenMarkov: x", "T above 0", "[4, 0]"),
  fails("HiddenMarkov.make", "one sequence by itself", () => chained({ x: zeros(4) }),
    "ShapeMismatch", "HiddenMarkov: x", "[N, T, ...event]", "[4]"),
  fails("HiddenMarkov.make", "a mask of another length", () => chained({ x: zeros(4, 3), mask: zeros(4, 2) }),
    "ShapeMismatch", "HiddenMarkov: mask", "[4, 3]", "[4, 2]"),
  fails("HiddenMarkov.make", "NaN where nothing is masked", () => chained({ x: withNaN(4, 3) }),
    "OutsideSupport", 'site "x"', "NaN", "[1, 0]"),
  fails("HiddenMarkov.make", "rows that do not sum to one",
    () => chain().decode({ ...chainParams(), transition: zeros(2, 2) }, { x: zeros(4, 3) }),
    "OutsideSupport", "HiddenMarkov.decode: transition", "sum"),
  fails("HiddenMarkov.make", "parameters of another size",
    () => chain().smooth({ ...chainParams(), initial: own(tf.tensor([0.5, 0.25, 0.25])) }, { x: zeros(4, 3) }),
    "ShapeMismatch", "HiddenMarkov.smooth: initial", "[2]", "[3]"),
  fails("HiddenMarkov.make", "a deviation of 0",
    () => chain().score({ ...chainParams(), scale: zeros(2) }, { x: zeros(4, 3) }), "InvalidParameter", "scale", "0"),
  fails("HiddenMarkov.make", "no parameter", () => chain().filter(untyped({}), { x: zeros(4, 3) }),
    "ShapeMismatch", "HiddenMarkov.filter: initial", "no tensor"),
  fails("HiddenMarkov.make", "one sequence by itself to what a fit is asked",
    () => chain().scoreSamples(chainParams(), { x: zeros(4) }), "ShapeMismatch", "HiddenMarkov.scoreSamples: x", "[4]"),
  fails("HiddenMarkov.make", "a mask of another length to the path",
    () => chain().predict(chainParams(), { x: zeros(4, 3), mask: zeros(4, 2) }),
    "ShapeMismatch", "HiddenMarkov.predict: mask", "[4, 3]", "[4, 2]"),
  fails("HiddenMarkov.make", "draws of no steps",
    () => chain().sample(chainParams(), { sequences: 2, steps: 0 }, key),
    "InvalidArgument", "HiddenMarkov.sample", "steps from 1 up", "found 0"),
  fails("HiddenMarkov.make", "fewer observations than states to its first values",
    () => chain().initialize({ x: zeros(1, 1) }, { method: "k-means", key }),
    "InvalidArgument", "HiddenMarkov.initialize", "at least 2 observations", "1"),
  fails("HiddenMarkov.make", "NaN to its first values",
    () => chain().initialize({ x: withNaN(4, 3) }, { method: "k-means", key }),
    "OutsideSupport", "HiddenMarkov.initialize: x", "NaN", "[0, 1]"),
  fails("HiddenMarkov.make", "a method that there is not",
    () => chain().initialize({ x: zeros(4, 3) }, { method: untyped("means"), key }),
    "InvalidArgument", "HiddenMarkov.initialize", '"k-means"', "means"),

  fails("reparam", "an unknown name", () => moved(standard, [named("zz")], nonCentered()),
    "UnknownSite", "reparam", '"zz"', '"z"'),
  fails("reparam nonCentered", "a family without a location and a scale",
    () => moved(Gamma({ concentration: 2, rate: 1 }), ["z"], nonCentered()),
    "InvalidArgument", 'reparam: site "z"', "a location-scale family", "found Gamma"),
  fails("nonCentered", "more than centered", () => moved(standard, ["z"], nonCentered({ centered: 2 })),
    "InvalidArgument", "nonCentered: centered", "from 0 to 1", "found 2"),
  fails("reparam autoReparam", "a family that nothing applies to",
    () => moved(Gamma({ concentration: 2, rate: 1 }), ["z"], autoReparam()),
    "InvalidArgument", 'site "z"', "or a Transformed distribution", "found Gamma"),
  fails("reparam transformReparam", "no transform", () => moved(standard, ["z"], transformReparam()),
    "InvalidArgument", 'site "z"', "a Transformed distribution", "found Normal"),

  fails("lbfgs", "no memory", () => climbed({ memory: 0 }), "InvalidArgument", "lbfgs, memory", "found 0"),
  fails("lbfgs", "no iterations", () => climbed({ iterations: 0 }),
    "InvalidArgument", "lbfgs, iterations", "found 0"),
  fails("lbfgs", "half an evaluation", () => climbed({ evaluations: 0.5 }),
    "InvalidArgument", "lbfgs, evaluations", "found 0.5"),
]
