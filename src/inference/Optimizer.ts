/**
 * Optimizers as pairs of pure functions, after Optax: `init` makes the state for a set of parameters, `update`
 * turns gradients of a loss into what to *add* to the parameters, and the next state. They compose with `chain`.
 *
 * ```ts
 * const optimizer = Optimizer.chain(Optimizer.clipByNorm(10), Optimizer.adam(1e-3))
 * let state = optimizer.init(params)
 * const next = optimizer.update(grads, state, params)
 * const moved = Tree.zipWith(params, next.updates, tf.add)
 * ```
 *
 * `update` reads nothing back from the device. It returns new tensors only, the state's among them; the old
 * state's stay the caller's to dispose. It throws `TreeMismatch` or `ShapeMismatch` where gradients, parameters
 * and state do not have the same names and shapes: broadcasting would hide that.
 *
 * A constructor given a hyperparameter out of range does not throw. The optimizer carries the refusal as
 * `problem`, `chain` passes on the first of its members', and a fit fails with it before its first step.
 *
 * Below, g is the gradient, t the number of steps taken before this one (0 at first), and the learning rate α a
 * number or a `Schedule` of t, at least 0. Operations are elementwise.
 */
import * as tf from "@tensorflow/tfjs-core"
import { InvalidArgument } from "../tensor/errors.ts"
import { adamMoments } from "../tensor/fused.ts"
import type * as Tree from "../tensor/Tree.ts"
import { decayRate, nonNegative, positive, problemIn, rateAt } from "./optimizer/hyperparameters.ts"
import { owned, perLeaf } from "./optimizer/perLeaf.ts"
import type { Optimizer, OptimizerState } from "./optimizer/Update.ts"
import * as Schedule from "./Schedule.ts"

export { clipByNorm, clipByValue } from "./optimizer/clip.ts"
export type { Optimizer, OptimizerState } from "./optimizer/Update.ts"

/** α: the same for all steps, or by step. */
export type LearningRate = number | Schedule.Schedule

/** Decay rates of Adam's moments, in [0, 1), and ε, above 0. */
export interface AdamOptions {
  readonly b1?: number
  readonly b2?: number
  readonly eps?: number
}

/** Gradient descent: update = −α g. */
export const sgd = (learningRate: LearningRate): Optimizer => scaleByRate("Optimizer.sgd", learningRate)

/**
 * Gradient descent with momentum: b ← decay · b + g, update = −α b; with `nesterov`, update = −α (g + decay · b).
 * `decay` is in [0, 1), default 0.9. As `optax.sgd` and `torch.optim.SGD` have it.
 *
 * Polyak 1964; Sutskever, Martens, Dahl and Hinton, On the importance of initialization and momentum in deep
 * learning, ICML 2013.
 */
export const momentum = (
  learningRate: LearningRate,
  options: { readonly decay?: number; readonly nesterov?: boolean } = {},
): Optimizer => {
  const { decay = 0.9, nesterov = false } = options
  return chain(trace("Optimizer.momentum", decay, nesterov), scaleByRate("Optimizer.momentum", learningRate))
}

/**
 * Adam: m ← b1 m + (1 − b1) g, v ← b2 v + (1 − b2) g²,
 * update = −α · (m / (1 − b1ᵗ⁺¹)) / (√(v / (1 − b2ᵗ⁺¹)) + eps).
 * Defaults b1 = 0.9, b2 = 0.999, eps = 1e-8.
 *
 * Kingma and Ba, Adam: A Method for Stochastic Optimization, ICLR 2015, algorithm 1.
 */
export const adam = (learningRate: LearningRate, options: AdamOptions = {}): Optimizer => {
  const rate = Schedule.fromRate(learningRate)
  return moments(
    "Optimizer.adam",
    (count) => -rateAt(rate, count),
    options,
    rateProblem("Optimizer.adam", learningRate),
  )
}

/**
 * Adam with decoupled weight decay: Adam's update − α · weightDecay · parameter. `weightDecay` is at least 0,
 * default 1e-4 (as in Optax; PyTorch's is 1e-2). `decayed` says by path which parameters decay; default all.
 *
 * Loshchilov and Hutter, Decoupled Weight Decay Regularization, ICLR 2019, algorithm 2.
 */
export const adamW = (
  learningRate: LearningRate,
  options: AdamOptions & {
    readonly weightDecay?: number
    readonly decayed?: (path: string) => boolean
  } = {},
): Optimizer => {
  const { weightDecay = 1e-4, decayed = () => true } = options
  const rate = Schedule.fromRate(learningRate)
  const problem =
    rateProblem("Optimizer.adamW", learningRate) ??
    problemIn("Optimizer.adamW", [["weightDecay", weightDecay, nonNegative]])
  return moments(
    "Optimizer.adamW",
    (count) => -rateAt(rate, count),
    options,
    problem,
    (update, param, path, count) =>
      decayed(path) ? tf.sub(update, tf.mul(param, rateAt(rate, count) * weightDecay)) : update,
  )
}

/**
 * RMSProp: v ← decay · v + (1 − decay) g², update = −α g / √(v + eps); `centered` subtracts from v the square of
 * the mean gradient, decayed likewise; `momentum` (off by default) runs the update through a decaying sum, with
 * `nesterov` as above. Defaults decay = 0.9, eps = 1e-8, v = 0 at first. As `optax.rmsprop`.
 *
 * Hinton, Neural Networks for Machine Learning, lecture 6e, 2012; centered: Graves, Generating Sequences With
 * Recurrent Neural Networks, 2013, equations 38–45.
 */
export const rmsprop = (
  learningRate: LearningRate,
  options: {
    readonly decay?: number
    readonly eps?: number
    readonly centered?: boolean
    readonly momentum?: number
    readonly nesterov?: boolean
  } = {},
): Optimizer => {
  const { decay = 0.9, eps = 1e-8, centered = false, momentum, nesterov = false } = options
  const average = (old: tf.Tensor, x: tf.Tensor) => tf.add(tf.mul(old, decay), tf.mul(x, 1 - decay))
  const scaled = perLeaf({
    slots: centered ? ["v", "m"] : ["v"],
    problem: problemIn("Optimizer.rmsprop", [
      ["decay", decay, decayRate],
      ["eps", eps, positive],
    ]),
    step: (g, [v, m]) => {
      const newV = average(v!, tf.square(g))
      if (m === undefined) return [tf.mul(g, tf.rsqrt(tf.add(newV, eps))), newV]
      const newM = average(m, g)
      // Rounding can take the variance of a steady gradient below 0, and by more than eps.
      const variance = tf.relu(tf.sub(newV, tf.square(newM)))
      return [tf.mul(g, tf.rsqrt(tf.add(variance, eps))), newV, newM]
    },
  })
  const rate = scaleByRate("Optimizer.rmsprop", learningRate)
  return momentum === undefined
    ? chain(scaled, rate)
    : chain(scaled, rate, trace("Optimizer.rmsprop", momentum, nesterov, "momentum"))
}

/**
 * AdaGrad: s ← s + g², update = −α g / √(s + eps), and 0 where s is 0. s starts at `initialAccumulator`, at least
 * 0, default 0.1; eps defaults to 1e-7. As `optax.adagrad`.
 *
 * Duchi, Hazan and Singer, Adaptive Subgradient Methods for Online Learning and Stochastic Optimization, JMLR 2011.
 */
export const adagrad = (
  learningRate: LearningRate,
  options: { readonly initialAccumulator?: number; readonly eps?: number } = {},
): Optimizer => {
  const { initialAccumulator = 0.1, eps = 1e-7 } = options
  const scaled = perLeaf({
    slots: ["s"],
    initial: initialAccumulator,
    problem: problemIn("Optimizer.adagrad", [
      ["initialAccumulator", initialAccumulator, nonNegative],
      ["eps", eps, positive],
    ]),
    step: (g, [s]) => {
      const sum = tf.add(s!, tf.square(g))
      return [tf.mul(g, tf.rsqrt(tf.add(sum, eps))), sum]
    },
  })
  return chain(scaled, scaleByRate("Optimizer.adagrad", learningRate))
}

/** Adam's direction m̂ / (√v̂ + eps), without a learning rate or a sign: a part for `chain`. */
export const scaleByAdam = (options: AdamOptions = {}): Optimizer =>
  moments("Optimizer.scaleByAdam", () => 1, options, undefined)

/** Multiplies by schedule(t), whose sign is kept: to descend, let the schedule be negative. A part for `chain`. */
export const scaleBySchedule = (schedule: Schedule.Schedule): Optimizer =>
  perLeaf({
    slots: [],
    problem: schedule.problem,
    step: (g, _, __, ___, count) => [tf.mul(g, rateAt(schedule, count))],
  })

/**
 * One after another: each takes the updates of the one before it as its gradients. The state of member i is under
 * `i`. A chain of none has a `problem`.
 */
export const chain = (...members: ReadonlyArray<Optimizer>): Optimizer => {
  const problem =
    members.length === 0
      ? new InvalidArgument({ where: "Optimizer.chain", expected: "at least one optimizer", found: "none" })
      : members.find((member) => member.problem !== undefined)?.problem
  return {
    init: (params) => ({
      count: 0,
      slots: Object.fromEntries(members.map((member, i) => [i, member.init(params).slots])),
    }),
    update: (grads, { count, slots }, params) =>
      owned(() => {
        let updates = grads
        const next: Record<string, Tree.Tree> = {}
        members.forEach((member, i) => {
          // A member without tensors leaves no trace in a checkpoint of the tree's entries.
          const own = (slots[i] ?? {}) as OptimizerState["slots"]
          const result = member.update(updates, { count, slots: own }, params)
          updates = result.updates
          next[i] = result.state.slots
        })
        return { updates, state: { count: count + 1, slots: next } }
      }),
    ...(problem && { problem }),
  }
}

/** Adam's moments, scaled by a function of the step and perhaps adjusted by the parameter. */
const moments = (
  where: string,
  scale: (count: number) => number,
  { b1 = 0.9, b2 = 0.999, eps = 1e-8 }: AdamOptions,
  problem: InvalidArgument | undefined,
  adjust: (update: tf.Tensor, param: tf.Tensor, path: string, count: number) => tf.Tensor = (update) =>
    update,
): Optimizer =>
  perLeaf({
    slots: ["m", "v"],
    problem:
      problem ??
      problemIn(where, [
        ["b1", b1, decayRate],
        ["b2", b2, decayRate],
        ["eps", eps, positive],
      ]),
    step: (g, slots, param, path, count) => {
      const { update, m, v } = adamMoments(g, slots[0]!, slots[1]!, {
        b1,
        b2,
        eps,
        correction1: 1 - b1 ** (count + 1),
        correction2: 1 - b2 ** (count + 1),
        scale: scale(count),
      })
      return [adjust(update, param, path, count), m, v]
    },
  })

const trace = (where: string, decay: number, nesterov: boolean, name = "decay"): Optimizer =>
  perLeaf({
    slots: ["trace"],
    problem: problemIn(where, [[name, decay, decayRate]]),
    step: (g, [old]) => {
      const sum = tf.add(g, tf.mul(old!, decay))
      return [nesterov ? tf.add(g, tf.mul(sum, decay)) : tf.clone(sum), sum]
    },
  })

const scaleByRate = (where: string, learningRate: LearningRate): Optimizer => {
  const rate = Schedule.fromRate(learningRate)
  return perLeaf({
    slots: [],
    problem: rateProblem(where, learningRate),
    step: (g, _, __, ___, count) => [tf.mul(g, -rateAt(rate, count))],
  })
}

const rateProblem = (where: string, rate: LearningRate): InvalidArgument | undefined =>
  typeof rate === "number" ? problemIn(where, [["learningRate", rate, nonNegative]]) : rate.problem
