/**
 * The variational E-step: a guide, moved towards the posterior at the present parameters by gradient steps on the bound.
 * It goes on from where the iteration before left it.
 */
import * as tf from "@tensorflow/tfjs-core"
import { biject } from "../../distributions/Transform.ts"
import type { Recording, RunOptions } from "../../effects/run.ts"
import { InvalidArgument } from "../../tensor/errors.ts"
import { valueAndGradient } from "../../tensor/gradient.ts"
import * as Key from "../../tensor/Key.ts"
import { along } from "../../tensor/Named.ts"
import * as Tree from "../../tensor/Tree.ts"
import { enumerated } from "../Enumerated.ts"
import { isEnumerable, logJoint, negativeEntropy, probability, runPair } from "../enumeration/pair.ts"
import { checkMoving } from "../moving.ts"
import type { Memory, Objective } from "../Objective.ts"
import type { Optimizer, OptimizerState } from "../Optimizer.ts"
import type { Programs } from "../programs.ts"
import { constrained, type ParamTree } from "../svi.ts"
import { type EStep, type Model, supportsOf } from "./steps.ts"

/** How {@link guided} moves its guide. */
export interface GuidedOptions {
  readonly optimizer: Optimizer
  /** Gradient steps in each E-step: a whole number from 1 up. Default 20. */
  readonly steps?: number
  /**
   * What they climb; default `enumerated()`, which sums the guide's finite sites and differentiates along the others. Its
   * schedules count the steps of all E-steps so far.
   */
  readonly objective?: Objective<never, string>
}

/** The guide's parameters, unconstrained; the optimizer's state; and what the objective remembers. */
export interface GuidedState {
  readonly params: ParamTree
  readonly optimizer: OptimizerState
  readonly memory: Memory
}

/** The E-step of variational EM, with a guide run on a batch. */
export const guided = <B>(
  guide: (batch: B, options: RunOptions) => Recording,
  { optimizer, steps = 20, objective = enumerated() }: GuidedOptions,
): EStep<B, GuidedState> => {
  let depth = 1
  const at = (model: Model, theta: ParamTree, phi: ParamTree, batch: B): Programs => ({
    model: (options) => model(theta, options),
    guide: (options) =>
      guide(batch, { ...options, handlers: [constrained(phi), ...(options.handlers ?? [])] }),
    sumsOut: objective.sumsOut,
  })
  return {
    name: "guide",
    measures: "bound",
    isMonotone: false,
    init: (key, _, __, batch) => {
      const { params } = guide(batch, { key: Key.foldInName(key, "guide"), validate: true })
      if (params.size === 0) {
        throw new InvalidArgument({
          where: "fitVariationalEM: guide",
          expected: "at least one parameter",
          found: "none: it would never move",
        })
      }
      const free = Object.fromEntries(
        [...params.values()].map(({ name, value, support }) => [
          name,
          Tree.map(value, (leaf) => tf.clone(biject(support).inverse(leaf))),
        ]),
      )
      return { params: free, optimizer: optimizer.init(free), memory: {} }
    },
    expect: (key, model, params, state, batch) => {
      let { params: phi, optimizer: optimizing, memory } = state
      for (let step = 0; step < steps; step++) {
        const progress = { step: optimizing.count, memory }
        const { gradient, aux, untouched } = valueAndGradient(phi, (phi) => {
          const programs = at(model, params, phi, batch)
          const { loss, memory = {} } = objective.estimate(programs, Key.foldIn(key, step), true, progress)
          return { value: loss, aux: memory }
        })
        if (progress.step === 0) checkMoving(Object.keys(phi), phi, untouched)
        const { updates, state: next } = optimizer.update(gradient, optimizing, phi)
        phi = Tree.zipWith(phi, updates as ParamTree, (param, update) => tf.add(param, update))
        optimizing = next
        memory = aux
      }
      const settled = phi
      const last = Key.foldIn(key, steps)
      // The same key at all parameters: the same draws of the guide.
      const pairAt = (theta: ParamTree) => {
        const pair = runPair(at(model, theta, settled, batch), last, true, isEnumerable, depth)
        depth = pair.depth
        return pair
      }
      const pair = pairAt(params)
      const joint = Object.fromEntries(
        [...pair.kept].map((name) => [name, probability(pair, new Set([name]))] as const),
      )
      return {
        belief: {
          joint,
          probabilities: Object.fromEntries(
            Object.entries(joint).map(([name, table]) => [
              name,
              along(table, [...pair.given.variables.get(name)!, name]),
            ]),
          ),
          supports: supportsOf(pair.model),
          expected: (theta) => logJoint(pairAt(theta)),
        },
        state: { params: settled, optimizer: optimizing, memory },
        value: tf.sub(logJoint(pair), negativeEntropy(pair)),
      }
    },
  }
}
