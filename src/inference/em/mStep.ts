/**
 * M-steps: in closed form where the families' weighted maximum-likelihood estimates give one, by gradient steps
 * elsewhere.
 *
 * ```ts
 * const mStep = closedForm<tf.Tensor>(({ probabilities }, x) => Normal.fit(tf.expandDims(x, 1), probabilities.z!))
 * yield* fitEM(model, x, { mStep })
 * yield* fitEM(model, x, { mStep: gradientSteps({ optimizer: adam(0.1), steps: 5 }) })
 * ```
 */
import * as tf from "@tensorflow/tfjs-core"
import { biject } from "../../distributions/Transform.ts"
import { UnknownSite } from "../../effects/errors.ts"
import { guarded } from "../../effects/run.ts"
import { InvalidArgument } from "../../tensor/errors.ts"
import { valueAndGradient } from "../../tensor/gradient.ts"
import * as Tree from "../../tensor/Tree.ts"
import type { Optimizer, OptimizerState } from "../Optimizer.ts"
import type { ParamTree } from "../svi.ts"
import type { Belief, MStep } from "./steps.ts"

/**
 * The M-step that `maximize` computes: new values, constrained, of some of the parameters or of all. What it does not
 * name stays as it is. What it reads of a belief says which E-steps it goes with. Throws `UnknownSite` for a name that is
 * no parameter, and `ProgramThrew` for what `maximize` throws. Say `isMonotone: false` where it does not quite maximize, as
 * with a floor that is added to variances: then a bound that falls is no failure.
 */
export const closedForm = <B, Q extends Belief = Belief>(
  maximize: (belief: Q, batch: B, params: ParamTree) => ParamTree,
  { isMonotone = true }: { readonly isMonotone?: boolean } = {},
): MStep<B, {}, Q> => ({
  name: "closed form",
  isMonotone,
  init: () => ({}),
  maximize: (_, params, state, belief, batch) => {
    const found = guarded("closedForm: maximize", () => maximize(belief, batch, params))
    const known = Object.keys(params)
    const site = Object.keys(found).find((name) => !known.includes(name))
    if (site !== undefined) throw new UnknownSite({ where: "closedForm: maximize", site, known })
    return { params: { ...params, ...found }, state }
  },
})

/** How {@link gradientSteps} climbs. */
export interface GradientSteps {
  readonly optimizer: Optimizer
  /** Steps in each M-step: a whole number from 1 up. Default 1. */
  readonly steps?: number
}

/** An M-step by gradient steps on E_q[log p(x, z; θ)], in the unconstrained images of the parameters. */
export const gradientSteps = <B>({ optimizer, steps = 1 }: GradientSteps): MStep<B, OptimizerState> => ({
  name: "gradient steps",
  isMonotone: false,
  init: (params, supports) => {
    if (optimizer.problem !== undefined) throw optimizer.problem
    if (!(Number.isInteger(steps) && steps >= 1)) {
      const expected = "a whole number, at least 1"
      throw new InvalidArgument({ where: "gradientSteps: steps", expected, found: String(steps) })
    }
    return optimizer.init(unconstrained(params, supports))
  },
  maximize: (_, params, state, { expected, supports }) => {
    const at = (free: ParamTree) => mapped(free, (leaf, name) => biject(supports[name]!).forward(leaf))
    let free = unconstrained(params, supports)
    let optimizing = state
    for (let step = 0; step < steps; step++) {
      const { gradient } = valueAndGradient(free, (here) => ({ value: tf.neg(expected(at(here))), aux: {} }))
      const { updates, state: next } = optimizer.update(gradient, optimizing, free)
      free = Tree.zipWith(free, updates as ParamTree, (param, update) => tf.add(param, update))
      optimizing = next
    }
    return { params: at(free), state: optimizing }
  },
})

const unconstrained = (params: ParamTree, supports: Belief["supports"]): ParamTree =>
  mapped(params, (leaf, name) => biject(supports[name]!).inverse(leaf))

/** Each parameter's leaves through `f`, which is told the parameter's name. */
const mapped = (params: ParamTree, f: (leaf: tf.Tensor, name: string) => tf.Tensor): ParamTree =>
  Object.fromEntries(
    Object.entries(params).map(([name, tree]) => [name, Tree.map(tree, (leaf) => f(leaf, name))]),
  )
