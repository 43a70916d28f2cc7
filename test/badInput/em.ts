/** Expectation maximization, exact, variational and Monte Carlo; chains. */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import {
  Bernoulli,
  closedForm,
  fitEM,
  fitMonteCarloEM,
  fitVariationalEM,
  gibbs,
  gradientSteps,
  Key,
  markov,
  metropolis,
  Normal,
  Optimizer,
  observe,
  param,
  sample,
  trace,
} from "../../src/index.ts"
import { fails, own, type Row, untyped } from "./Row.ts"

const x = () => own(tf.scalar(0.3))
const mStep = closedForm<tf.Tensor>(() => ({}))
const optimizer = Optimizer.adam(0.1)
const coins = Effect.fnUntraced(function* (x: tf.Tensor) {
  const z = yield* sample("z", Bernoulli({ logits: yield* param("logit", 0) }))
  return yield* observe("x", Normal({ loc: z, scale: 1 }), x)
})
const guide = Effect.fnUntraced(function* (_: tf.Tensor) {
  return yield* sample("z", Bernoulli({ logits: yield* param("q", 0) }))
})
const continuous = Effect.fnUntraced(function* (x: tf.Tensor) {
  const z = yield* sample("z", Normal({ loc: yield* param("loc", 0), scale: 1 }))
  return yield* observe("x", Normal({ loc: z, scale: 1 }), x)
})
const whole = "a whole number, at least 1"

// biome-ignore format: a table
export const rows: ReadonlyArray<Row> = [
  fails("fitEM", "no iterations", () => fitEM(coins, x(), { mStep, iterations: 0 }),
    "InvalidArgument", "fitEM: iterations", whole, "found 0"),
  fails("fitEM", "a tolerance below 0", () => fitEM(coins, x(), { mStep, tolerance: -1 }),
    "InvalidArgument", "fitEM: tolerance", "at least 0", "found -1"),
  fails("fitEM", "a site that cannot be summed", () => fitEM(continuous, x(), { mStep }),
    "SiteMismatch", "no list of values", '"z"'),
  fails("fitEM", "a parameter that there is not", () => fitEM(coins, x(), { mStep, params: { logit: own(tf.tensor([0, 1])) } }),
    "ShapeMismatch", 'site "z"'),
  fails("closedForm", "a parameter that the model lacks",
    () => fitEM(coins, x(), { mStep: closedForm<tf.Tensor>(() => ({ mean: tf.scalar(0) })) }),
    "UnknownSite", "closedForm: maximize", '"mean"', '"logit"'),
  fails("closedForm", "what lowers the bound",
    () => fitEM(coins, x(), { mStep: closedForm<tf.Tensor>((_, __, { logit }) => ({ logit: tf.add(logit as tf.Tensor, 30) })) }),
    "BoundDecreased", "iteration 1 lowered the bound"),
  fails("gradientSteps", "half a step", () => fitEM(coins, x(), { mStep: gradientSteps({ optimizer, steps: 0.5 }) }),
    "InvalidArgument", "gradientSteps: steps", whole, "found 0.5"),
  fails("gradientSteps", "a learning rate below 0",
    () => fitEM(coins, x(), { mStep: gradientSteps({ optimizer: Optimizer.adam(-1) }) }),
    "InvalidArgument", "Optimizer.adam", "found -1"),
  fails("fitVariationalEM", "a guide without a parameter",
    () => fitVariationalEM(coins, (_: tf.Tensor) => sample("z", Bernoulli({ probs: 0.5 })), x(), { mStep, optimizer }),
    "InvalidArgument", "fitVariationalEM: guide", "at least one parameter", "never move"),
  fails("fitEM", "first values of an unknown parameter",
    () => fitEM(coins, x(), { mStep, params: { logits: x() } }), "UnknownSite", "fitEM: params", '"logits"', '"logit"'),
  fails("closedForm", "a function that throws",
    () => fitEM(coins, x(), { mStep: closedForm<tf.Tensor>(() => { throw new Error("no such row") }) }),
    "ProgramThrew", "closedForm: maximize threw", "no such row"),
  fails("fitVariationalEM", "no steps", () => fitVariationalEM(coins, guide, x(), { mStep, optimizer, steps: 0 }),
    "InvalidArgument", "fitVariationalEM: steps", whole, "found 0"),
  fails("fitMonteCarloEM", "no draws", () => fitMonteCarloEM(coins, x(), { mStep, draws: 0 }),
    "InvalidArgument", "fitMonteCarloEM: draws", whole, "found 0"),
  fails("fitMonteCarloEM", "a warm-up below 0", () => fitMonteCarloEM(coins, x(), { mStep, warmup: -1 }),
    "InvalidArgument", "fitMonteCarloEM: warmup", "at least 0", "found -1"),
  fails("gibbs", "a site that has no list of values",
    () => fitMonteCarloEM(continuous, x(), { mStep, kernel: gibbs() }), "SiteMismatch", "Gibbs", '"z"'),
  fails("metropolis", "a step of 0",
    () => fitMonteCarloEM(continuous, x(), { mStep, kernel: metropolis({ stepSize: 0 }) }),
    "InvalidArgument", "metropolis: stepSize", "above 0", "found 0"),
  fails("metropolis", "half a transition to adapt in",
    () => fitMonteCarloEM(continuous, x(), { mStep, kernel: metropolis({ adaptation: 0.5 }) }),
    "InvalidArgument", "metropolis: adaptation", "at least 0", "found 0.5"),
  fails("metropolis", "proposals that there are not",
    () => fitMonteCarloEM(coins, x(), { mStep, kernel: metropolis({ finite: untyped("gibbs") }) }),
    "InvalidArgument", "metropolis: finite", '"uniform" or "prior"', "found gibbs"),
  fails("markov", "no history", () => trace(markov([1, 2], 0, (s) => Effect.succeed(s), { history: 0 }), { key: Key.key(0) }),
    "InvalidArgument", "markov", "history", "found 0"),
]
