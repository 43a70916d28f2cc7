/** Networks, and the model built of them. */
import * as tf from "@tensorflow/tfjs-core"
import type { Effect } from "effect"
import {
  Activation,
  apply,
  branch,
  compose,
  dense,
  dropout,
  Initializer,
  Key,
  mlp,
  Network,
  sequential,
  substitute,
  trace,
  Vae,
} from "../../src/index.ts"
import { carries, fails, own, type Row, throws, untyped } from "./Row.ts"

const key = Key.key(0)
const traced = <A, E, R>(program: Effect.Effect<A, E, R>) => trace(program, { key })
const x = (...shape: ReadonlyArray<number>) => own(tf.zeros([...shape]))
const run = { where: "here", key: () => key, training: true }
const sizes = "whole numbers from 1 up"
const vae = (options: object) =>
  Vae.make(untyped({ size: 4, inputs: 6, hidden: 3, latent: 2, ...options })) as ReturnType<typeof Vae.make>

const initializers = [
  "glorotUniform",
  "glorotNormal",
  "heUniform",
  "heNormal",
  "lecunUniform",
  "lecunNormal",
] as const

// biome-ignore format: a table
export const rows: ReadonlyArray<Row> = [
  carries("dense", "no inputs", () => dense(0, 3), "InvalidArgument", "dense(0, 3)", sizes, "found 0"),
  carries("dense", "half an output", () => dense(2, 1.5), "InvalidArgument", "dense(2, 1.5)", sizes, "found 1.5"),
  carries("dense Activation.activationOf", "an activation that there is not",
    () => dense(2, 3, { activation: untyped("swish") }),
    "InvalidArgument", "activation", "relu", '"swish"'),
  carries("mlp", "one size", () => mlp([4]), "InvalidArgument", "mlp(4)", "at least two sizes", "found 1"),
  carries("mlp", "a negative size", () => mlp([4, -2, 1]), "InvalidArgument", "mlp(4, -2, 1)", sizes, "found -2"),
  carries("mlp", "NaN as a size", () => mlp([4, Number.NaN]), "InvalidArgument", "mlp(4, NaN)", sizes, "found NaN"),
  carries("sequential", "no network", () => sequential(...(untyped([]) as [typeof Activation.relu])),
    "InvalidArgument", "sequential", "at least one network", "none"),
  carries("branch", "no network", () => branch({}),
    "InvalidArgument", "branch", "at least one network", "none"),
  carries("dropout", "a rate of 1", () => dropout(1), "InvalidArgument", "dropout", "[0, 1)", "found 1"),
  carries("dropout", "NaN", () => dropout(Number.NaN), "InvalidArgument", "dropout", "[0, 1)", "found NaN"),
  carries("sequential dropout", "a bad part", () => sequential(dense(2, 2), dropout(-1)),
    "InvalidArgument", "1/dropout", "[0, 1)", "found -1"),
  carries("branch mlp", "a bad part", () => branch({ loc: mlp([3]) }),
    "InvalidArgument", "loc/mlp(3)", "at least two sizes"),
  carries("compose", "a bad part",
    () =>
      compose({ name: "mine", children: { body: dense(0, 1) }, apply: (call, input) => call("body", input) }),
    "InvalidArgument", "body/dense(0, 1)", sizes),
  throws("dense", "first parameters although there is a problem", () => dense(0, 3).init(key),
    "InvalidArgument", "dense(0, 3)", sizes),
  throws("dense Initializer.constant", "an initializer that gives another shape",
    () => dense(2, 3, { initializer: (key) => Initializer.constant(1)(key, [3, 2]) }).init(key),
    "ShapeMismatch", 'dense(2, 3): initializer of "kernel"', "[2, 3]", "[3, 2]"),
  throws("Network.make", "a network with a problem",
    () => Network.make({ ...Activation.relu, problem: dropout(2).problem }).apply({}, x(2), run),
    "InvalidArgument", "here/dropout", "found 2"),
  throws("Network.leaf", "a parameter that is missing",
    () => Network.leaf({ kernel: x(2) }, "bias", [3], "here"),
    "TreeMismatch", "here", "missing bias"),
  throws("Network.leaf", "a parameter of another shape",
    () => Network.leaf({ bias: x(2) }, "bias", [3], "here"),
    "ShapeMismatch", 'here: parameter "bias"', "[3]", "[2]"),
  ...initializers.map((name) =>
    throws(`Initializer.${name}`, "a negative size", () => Initializer[name](key, [2, -1]),
      "InvalidArgument", "whole numbers", "found [2, -1]"),
  ),

  fails("apply dense", "an input of another width", () => traced(apply("layer", dense(3, 2), x(5, 4))),
    "ShapeMismatch", 'apply("layer")/dense(3, 2)', "[..., 3]", "[5, 4]"),
  fails("apply mlp", "an input of another width", () => traced(apply("decoder", mlp([3, 4, 2]), x(2))),
    "ShapeMismatch", 'apply("decoder")/0/dense(3, 4)', "[..., 3]", "[2]"),
  fails("apply", "a network with a problem", () => traced(apply("decoder", mlp([3, 0, 2]), x(3))),
    "InvalidArgument", 'apply("decoder")/mlp(3, 0, 2)', sizes, "found 0"),
  fails("apply", "a number as input", () => traced(apply("decoder", mlp([3, 2]), untyped(3))),
    "InvalidArgument", 'apply("decoder")', "a tensor", "number"),
  fails("apply substitute", "weights of another network",
    () => traced(substitute(apply("layer", dense(3, 2), x(3)), { layer: { kernel: x(3, 5), bias: x(5) } })),
    "ShapeMismatch", 'apply("layer")/dense(3, 2)', '"kernel"', "[3, 2]", "[3, 5]"),
  fails("apply substitute", "weights without a bias",
    () => traced(substitute(apply("layer", dense(3, 2), x(3)), untyped({ layer: { kernel: x(3, 2) } }))),
    "TreeMismatch", 'apply("layer")/dense(3, 2)', "missing bias"),
  fails("apply Activation.elementwise", "a function that throws",
    () => traced(apply("mine", Activation.elementwise("odd", (x) => tf.reshape(x, [7])), x(3))),
    "ProgramThrew", "Size(3)", "shape 7"),

  fails("Vae.make", "a latent of size 0", () => traced(vae({ latent: 0 }).model(x(4, 6))),
    "InvalidArgument", "Vae.make", sizes, "found 0"),
  fails("Vae.make", "a hidden layer of size −3", () => traced(vae({ hidden: [5, -3] }).guide(x(4, 6))),
    "InvalidArgument", "Vae.make", sizes, "found -3"),
  fails("Vae.make", "no images", () => traced(vae({ size: 0 }).model(x(4, 6))),
    "PlateError", 'plate "images"', "from 1 up", "found 0"),
  fails("Vae.make", "observations that there are not",
    () => traced(vae({ observations: "poisson" }).model(x(4, 6))),
    "InvalidArgument", "Vae.make: observations", '"bernoulli"', "poisson"),
  fails("Vae.make", "a fixed deviation of −1",
    () => traced(vae({ observations: { fixed: -1 } }).model(x(4, 6))),
    "InvalidParameter", 'site "x"', '"scale"', "positive", "found -1"),
  fails("Vae.make", "an activation that there is not",
    () => traced(vae({ activation: "swish" }).guide(x(4, 6))),
    "InvalidArgument", "encoder", "relu", '"swish"'),
  fails("Vae.make", "images of another size", () => traced(vae({}).guide(x(4, 7))),
    "ShapeMismatch", 'apply("encoder")', "[..., 6]", "[4, 7]"),
  fails("Vae.make", "more images than it is for", () => traced(vae({}).guide(x(5, 6))),
    "PlateError", 'plate "images"', "from 1 to 4", "found 5"),
  fails("Vae.make", "pixels above 1", () => traced(vae({}).model(own(tf.fill([4, 6], 255)))),
    "OutsideSupport", 'site "x"', "in [0, 1]", "found 255"),
  fails("Vae.make", "latents of another size to decode", () => traced(vae({}).decode(x(4, 3))),
    "ShapeMismatch", 'apply("decoder")', "[..., 2]", "[4, 3]"),
]
