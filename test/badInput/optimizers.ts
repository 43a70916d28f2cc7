/** Optimizers and schedules. */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { fitSVI, Normal, Optimizer, observe, param, Schedule } from "../../src/index.ts"
import { carries, fails, own, type Row, throws, untyped } from "./Row.ts"

const finite = "a finite number"
const model = Effect.fnUntraced(function* (y: number) {
  yield* observe("y", Normal({ loc: yield* param("loc", 0), scale: 1 }), y)
})
const guide = () => Effect.void
const fitted = (optimizer: Optimizer.Optimizer) => fitSVI(model, guide, 1, { steps: 2, optimizer })
const x = (...values: ReadonlyArray<number>) => own(tf.tensor1d([...values]))
/** One update of a parameter "w" by gradients and state as given. */
const update = (grads: object, params: object, state: object = {}) => {
  const optimizer = Optimizer.momentum(0.1)
  const first = optimizer.init({ w: x(1, 2) })
  Object.values(first.slots[0] as Record<string, Record<string, tf.Tensor>>).forEach((tree) => {
    Object.values(tree).forEach(own)
  })
  return optimizer.update(untyped(grads), { ...first, ...state }, untyped(params))
}

// biome-ignore format: a table
export const rows: ReadonlyArray<Row> = [
  carries("Optimizer.sgd", "a negative learning rate", () => Optimizer.sgd(-0.1),
    "InvalidArgument", "Optimizer.sgd, learningRate", "at least 0", "found -0.1"),
  carries("Optimizer.momentum", "a decay of 1", () => Optimizer.momentum(0.1, { decay: 1 }),
    "InvalidArgument", "Optimizer.momentum, decay", "below 1", "found 1"),
  carries("Optimizer.adam", "NaN as learning rate", () => Optimizer.adam(Number.NaN),
    "InvalidArgument", "Optimizer.adam, learningRate", finite, "found NaN"),
  carries("Optimizer.adam", "a b2 of 1.5", () => Optimizer.adam(1e-3, { b2: 1.5 }),
    "InvalidArgument", "Optimizer.adam, b2", "at least 0 and below 1", "found 1.5"),
  carries("Optimizer.adamW", "a negative weight decay", () => Optimizer.adamW(1e-3, { weightDecay: -1 }),
    "InvalidArgument", "Optimizer.adamW, weightDecay", "at least 0", "found -1"),
  carries("Optimizer.rmsprop", "an eps of 0", () => Optimizer.rmsprop(1e-3, { eps: 0 }),
    "InvalidArgument", "Optimizer.rmsprop, eps", "above 0", "found 0"),
  carries("Optimizer.rmsprop", "a momentum of 2", () => Optimizer.rmsprop(1e-3, { momentum: 2 }),
    "InvalidArgument", "Optimizer.rmsprop, momentum", "below 1", "found 2"),
  carries("Optimizer.adagrad", "a negative start", () => Optimizer.adagrad(1e-3, { initialAccumulator: -1 }),
    "InvalidArgument", "Optimizer.adagrad, initialAccumulator", "at least 0", "found -1"),
  carries("Optimizer.scaleByAdam", "a b1 of 1", () => Optimizer.scaleByAdam({ b1: 1 }),
    "InvalidArgument", "Optimizer.scaleByAdam, b1", "below 1", "found 1"),
  carries("Optimizer.scaleBySchedule", "a bad schedule",
    () => Optimizer.scaleBySchedule(Schedule.constant(Number.NaN)),
    "InvalidArgument", "Schedule.constant, value", finite, "found NaN"),
  carries("Optimizer.clipByNorm", "a norm of 0", () => Optimizer.clipByNorm(0),
    "InvalidArgument", "Optimizer.clipByNorm, maxNorm", "above 0", "found 0"),
  carries("Optimizer.clipByValue", "a negative value", () => Optimizer.clipByValue(-1),
    "InvalidArgument", "Optimizer.clipByValue, maxValue", "above 0", "found -1"),
  carries("Optimizer.chain", "nothing", () => Optimizer.chain(),
    "InvalidArgument", "Optimizer.chain", "at least one optimizer", "none"),
  carries("Optimizer.chain", "a bad member",
    () => Optimizer.chain(Optimizer.clipByNorm(1), Optimizer.adam(-1)),
    "InvalidArgument", "Optimizer.adam, learningRate", "found -1"),
  carries("Schedule.constant", "NaN", () => Schedule.constant(Number.NaN),
    "InvalidArgument", "Schedule.constant, value", finite, "found NaN"),
  carries("Schedule.exponential", "no steps",
    () => Schedule.exponential(1, { transitionSteps: 0, decayRate: 0.5 }),
    "InvalidArgument", "Schedule.exponential, transitionSteps", "above 0", "found 0"),
  carries("Schedule.cosine", "a negative number of steps", () => Schedule.cosine(1, { decaySteps: -5 }),
    "InvalidArgument", "Schedule.cosine, decaySteps", "above 0", "found -5"),
  carries("Schedule.warmup", "half a step", () => Schedule.warmup(1, { steps: 0.5 }),
    "InvalidArgument", "Schedule.warmup, steps", "a whole number", "found 0.5"),
  carries("Schedule.piecewise", "as many boundaries as pieces", () => Schedule.piecewise([1, 2], [3, 4]),
    "InvalidArgument", "Schedule.piecewise", "one boundary fewer", "2 pieces and 2 boundaries"),
  carries("Schedule.piecewise", "boundaries that fall", () => Schedule.piecewise([1, 2, 3], [5, 4]),
    "InvalidArgument", "Schedule.piecewise, boundaries[1]", "above 5", "found 4"),
  carries("Schedule.fromRate", "an infinite rate", () => Schedule.fromRate(Number.POSITIVE_INFINITY),
    "InvalidArgument", finite, "found Infinity"),
  carries("Optimizer.sgd Schedule.warmup", "a bad schedule inside another",
    () => Optimizer.sgd(Schedule.warmup(Schedule.cosine(1, { decaySteps: 0 }), { steps: 5 })),
    "InvalidArgument", "Schedule.cosine, decaySteps", "found 0"),

  fails("fitSVI Optimizer.adam", "a negative learning rate", () => fitted(Optimizer.adam(-1)),
    "InvalidArgument", "Optimizer.adam, learningRate", "at least 0", "found -1"),
  fails("fitSVI Schedule.exponential", "a decay rate of 0",
    () => fitted(Optimizer.sgd(Schedule.exponential(1, { transitionSteps: 1, decayRate: 0 }))),
    "InvalidArgument", "Schedule.exponential, decayRate", "above 0", "found 0"),
  fails("fitSVI Optimizer.sgd", "a schedule of one's own that gives NaN",
    () => fitted(Optimizer.sgd((step) => (step === 1 ? Number.NaN : 0.1))),
    "InvalidArgument", "learning rate", "step 1", finite, "found NaN"),
  fails("fitSVI Optimizer.adam", "a schedule of one's own that gives NaN",
    () => fitted(Optimizer.adam((step) => (step === 1 ? Number.NaN : 0.1))),
    "InvalidArgument", "learning rate", "step 1", finite, "found NaN"),
  fails("fitSVI Optimizer.scaleBySchedule", "a schedule that gives infinity",
    () => fitted(Optimizer.scaleBySchedule((step) => -1 / step)),
    "InvalidArgument", "step 0", finite, "found -Infinity"),
  throws("Optimizer.momentum", "parameters without one that has a gradient",
    () => update({ w: x(1, 2) }, { v: x(1, 2) }),
    "TreeMismatch", "Optimizer.update, params", "missing w", "unexpected v"),
  throws("Optimizer.momentum", "a gradient of another shape", () => update({ w: x(1, 2, 3) }, { w: x(1, 2) }),
    "ShapeMismatch", 'Optimizer.update, params, "w"', "[3]", "[2]"),
  throws("Optimizer.momentum", "the state of another optimizer",
    () => update({ w: x(1, 2) }, { w: x(1, 2) }, { slots: {} }),
    "TreeMismatch", "Optimizer.update, state, trace", "missing w"),
]
