/** Mixtures of Gaussians, and restarts: options, observations, starts and parameters that cannot be. */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { GaussianMixture, logDensity, restarts } from "../../src/index.ts"
import { key } from "./models.ts"
import { fails, own, type Row, untyped } from "./Row.ts"

const options = { components: 2, dimensions: 2, size: 3 }
const mixture = GaussianMixture.make(options)
const x = () =>
  own(
    tf.tensor2d([
      [0, 1],
      [2, 3],
      [5, 4],
    ]),
  )
const params = () => ({
  weights: own(tf.tensor1d([0.5, 0.5])),
  loc: own(tf.zeros([2, 2])),
  scale: own(tf.ones([2, 2])),
})
const full = () => ({ ...params(), scale: own(tf.tidy(() => tf.stack([tf.eye(2), tf.eye(2)]))) })
const random = { method: "random", key } as const
const started = (wrong: object) => GaussianMixture.make({ ...options, ...wrong }).initialize(x(), random)
const run = (wrong: object) => {
  const { model } = GaussianMixture.make({ ...options, ...wrong })
  return logDensity(model(x()), { values: { z: own(tf.zeros([3])) }, params: params() })
}

// biome-ignore format: one row, one line or two
export const rows: ReadonlyArray<Row> = [
  fails("GaussianMixture.make", "no components", () => started({ components: 0 }),
    "InvalidArgument", "GaussianMixture.make: components", "whole number from 1 up", "found 0"),
  fails("GaussianMixture.make", "half a dimension, in its model", () => run({ dimensions: 1.5 }),
    "InvalidArgument", "GaussianMixture.make: dimensions", "found 1.5"),
  fails("GaussianMixture.make", "a size that is no number", () => started({ size: Number.NaN }),
    "InvalidArgument", "GaussianMixture.make: size", "found NaN"),
  fails("GaussianMixture.make", "an unknown covariance", () => started({ covariance: untyped("diag") }),
    "InvalidArgument", "GaussianMixture.make: covariance", '"diagonal"', "found diag"),
  fails("GaussianMixture.make", "a floor below 0", () => started({ floor: -1 }),
    "InvalidArgument", "GaussianMixture.make: floor", "from 0 up", "found -1"),
  fails("GaussianMixture.make", "more components than observations", () => started({ components: 4 }),
    "InvalidArgument", "GaussianMixture.initialize", "at least 4 observations", "found 3"),
  fails("GaussianMixture.make", "an unknown start",
    () => mixture.initialize(x(), { method: untyped("kmeans"), key }),
    "InvalidArgument", "GaussianMixture.initialize", '"k-means"', "found kmeans"),
  fails("GaussianMixture.make", "observations of another size",
    () => mixture.initialize(own(tf.zeros([3, 5])), random),
    "ShapeMismatch", "GaussianMixture.initialize: observations", "[3, 2]", "[3, 5]"),
  fails("GaussianMixture.make", "no observations", () => mixture.initialize(own(tf.zeros([0, 2])), random),
    "ShapeMismatch", "observations", "[1, 2]", "[0, 2]"),
  fails("GaussianMixture.make", "a row with NaN",
    () => mixture.initialize(own(tf.tensor2d([[0, 1], [2, Number.NaN], [3, 4]])), random),
    "OutsideSupport", "GaussianMixture.initialize: observations", "NaN", "[1"),
  fails("GaussianMixture.make", "a weight below 0",
    () => mixture.initialize({ x: x(), weights: own(tf.tensor1d([1, -1, 1])) }, random),
    "InvalidArgument", "weights", "from 0 up", "-1 at index [1]"),
  fails("GaussianMixture.make", "weights all 0",
    () => mixture.initialize({ x: x(), weights: own(tf.zeros([3])) }, random),
    "InvalidArgument", "weights", "not all 0", "zeros"),
  fails("GaussianMixture.make", "weights of another size",
    () => mixture.initialize({ x: x(), weights: own(tf.ones([2])) }, random),
    "ShapeMismatch", "weights", "[3]", "[2]"),
  fails("GaussianMixture.make", "responsibilities of another size",
    () => mixture.initialize(x(), { responsibilities: own(tf.ones([3, 3])) }),
    "ShapeMismatch", "responsibilities", "[3, 2]", "[3, 3]"),
  fails("GaussianMixture.make", "parameters of another covariance, to start from",
    () => mixture.initialize(x(), { params: params() }),
    "ShapeMismatch", "GaussianMixture.initialize: scale", "[2, 2, 2]", "[2, 2]"),
  fails("GaussianMixture.make", "parameters of another covariance, to predict with",
    () => mixture.predict(params(), x()),
    "ShapeMismatch", "GaussianMixture.predict: scale", "[2, 2, 2]", "[2, 2]"),
  fails("GaussianMixture.make", "NaN among the observations to predict for",
    () => mixture.predict(full(), own(tf.tensor2d([[0, 1], [2, Number.NaN]]))),
    "OutsideSupport", "GaussianMixture.predict: observations", "NaN", "[1, 1]"),
  fails("GaussianMixture.make", "an observation that no component reaches",
    () => mixture.predictProba(full(), own(tf.tensor2d([[0, 1], [1e30, 0]]))),
    "InvalidArgument", "GaussianMixture.predictProba: observations", "a density above 0", "none at index [1]"),
  fails("GaussianMixture.make", "one observation by itself", () => mixture.scoreSamples(full(), own(tf.tensor1d([0, 1]))),
    "ShapeMismatch", "GaussianMixture.scoreSamples: observations", "found [2]"),
  fails("GaussianMixture.make", "numbers that are no tensor", () => mixture.predict(full(), untyped([[0, 1]])),
    "ShapeMismatch", "GaussianMixture.predict: observations", "no tensor"),
  fails("GaussianMixture.make", "a weight below 0 to its criteria",
    () => mixture.bic(full(), { x: x(), weights: own(tf.tensor1d([1, -1, 1])) }),
    "InvalidArgument", "GaussianMixture.bic: weights", "-1 at index [1]"),
  fails("GaussianMixture.make", "weights that are no probabilities, to draw by",
    () => mixture.sample({ ...full(), weights: own(tf.tensor1d([2, -1])) }, 3, key),
    "OutsideSupport", "GaussianMixture.sample: weights", "probability vector", "[2, -1]"),
  fails("GaussianMixture.make", "a singular covariance to score with",
    () => mixture.aic({ ...full(), scale: own(tf.zeros([2, 2, 2])) }, x()),
    "OutsideSupport", "GaussianMixture.aic: scale", "positive diagonal", "index [0]"),
  fails("GaussianMixture.make", "a location too few to diagnose",
    () => mixture.diagnose({ ...full(), loc: own(tf.zeros([1, 2])) }),
    "ShapeMismatch", "GaussianMixture.diagnose: loc", "[2, 2]", "[1, 2]"),
  fails("GaussianMixture.make", "NaN to start from", () =>
    mixture.initialize(x(), { params: { ...full(), loc: own(tf.fill([2, 2], Number.NaN)) } }),
    "OutsideSupport", "GaussianMixture.initialize: loc", "NaN", "[0, 0]"),
  fails("GaussianMixture.make", "responsibilities below 0",
    () => mixture.initialize(x(), { responsibilities: own(tf.tensor2d([[1, 0], [-1, 2], [0, 1]])) }),
    "InvalidArgument", "responsibilities", "from 0 up", "-1 at index [1, 0]"),
  fails("GaussianMixture.make", "responsibilities all 0",
    () => mixture.initialize(x(), { responsibilities: own(tf.zeros([3, 2])) }),
    "InvalidArgument", "responsibilities", "not all 0", "zeros"),
  fails("GaussianMixture.make", "equal observations without a floor",
    () => GaussianMixture.make({ ...options, floor: 0 }).initialize(own(tf.ones([3, 2])), random),
    "InvalidArgument", "vary in every direction", "floor 0"),
  fails("GaussianMixture.make", "half a draw",
    () => GaussianMixture.make({ ...options, covariance: "diagonal" }).sample(params(), 0.5, key),
    "InvalidArgument", "GaussianMixture.sample", "from 1 up", "found 0.5"),
  fails("restarts", "no attempts", () => restarts({ times: 0, key }, () => Effect.succeed({ bound: 0 })),
    "InvalidArgument", "restarts: times", "at least 1", "found 0"),
]
