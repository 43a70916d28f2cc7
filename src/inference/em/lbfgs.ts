/**
 * An M-step by L-BFGS on E_q[log p(x, z; θ)], in the unconstrained images of the parameters: for parameters without a
 * closed form, in few iterations and without a learning rate. What was learned of the curvature is carried from one
 * M-step to the next.
 *
 * ```ts
 * yield* fitEM(model, x, { mStep: lbfgs({ iterations: 5 }) })
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { biject } from "../../distributions/Transform.ts"
import * as Tree from "../../tensor/Tree.ts"
import { count, problemIn } from "../optimizer/hyperparameters.ts"
import { forget, type History, start, step } from "../optimizer/lbfgs.ts"
import type { ParamTree } from "../svi.ts"
import type { Belief, MStep } from "./steps.ts"

/** Whole numbers from 1 up. */
export interface LbfgsOptions {
  /** Pairs of steps and gradients that are remembered. Default 10. */
  readonly memory?: number
  /** Iterations in each M-step. Default 5. */
  readonly iterations?: number
  /** Evaluations of the objective and its gradient in each line search, all of them taken. Default 6. */
  readonly evaluations?: number
}

/** The M-step. It never lowers the objective. Options out of range are an `InvalidArgument` of the fit. */
export const lbfgs = <B>({
  memory = 10,
  iterations = 5,
  evaluations = 6,
}: LbfgsOptions = {}): MStep<B, History> => ({
  name: "L-BFGS",
  isMonotone: true,
  init: (params, supports) => {
    const problem = problemIn("lbfgs", [
      ["memory", memory, count],
      ["iterations", iterations, count],
      ["evaluations", evaluations, count],
    ])
    if (problem !== undefined) throw problem
    return forget(memory, Tree.count(through("inverse", params, supports)))
  },
  maximize: (_, params, history, { expected, supports }) => {
    const loss = (free: ParamTree) => tf.neg(expected(through("forward", free, supports)))
    let state = start(loss, through("inverse", params, supports), { history })
    for (let i = 0; i < iterations; i++) state = step(loss, state, evaluations)
    return { params: through("forward", state.params, supports), state: state.history }
  },
})

/** Each parameter through the map onto its set, or back. */
const through = (way: "forward" | "inverse", params: ParamTree, supports: Belief["supports"]): ParamTree =>
  Object.fromEntries(
    Object.entries(params).map(([name, tree]) => [name, Tree.map(tree, biject(supports[name]!)[way])]),
  )
