/**
 * The alternation that every method of the ladder is: believe, then maximize.
 *
 *   q ← E-step at θ;  θ ← M-step under q
 *
 * As an algorithm of the one loop (`Loop.ts`): one step is one iteration on one batch. What a step reports is of the
 * parameters it started from, as the E-step found it.
 */
import * as tf from "@tensorflow/tfjs-core"
import { UnknownSite } from "../../effects/errors.ts"
import { substituted } from "../../effects/handlers/substitute.ts"
import type { Handler } from "../../effects/Interpreter.ts"
import type { Recording, RunOptions } from "../../effects/run.ts"
import { allFinite } from "../../tensor/fused.ts"
import * as Key from "../../tensor/Key.ts"
import * as Tree from "../../tensor/Tree.ts"
import type { Algorithm } from "../Algorithm.ts"
import { blame, firstNonFinite } from "../blame.ts"
import type { ParamTree } from "../svi.ts"
import { type Belief, type EStep, type Model, type MStep, supportsOf } from "./steps.ts"

/**
 * What the next iteration needs: constrained parameters, and what the two halves carry along. All of it is tensors, in trees,
 * and numbers.
 */
export interface AlternationState<E, M> {
  readonly params: ParamTree
  readonly eStep: E
  readonly mStep: M
}

/** The algorithm that alternates `eStep` and `mStep` on a model over batches `B`. */
export const alternation = <B, E extends object, M extends object, Q extends Belief = Belief>(
  model: (batch: B, options: RunOptions) => Recording,
  eStep: EStep<B, E, Q>,
  mStep: MStep<B, M, Q>,
  initial: ParamTree = {},
): Algorithm<B, AlternationState<E, M>> => {
  const on =
    (batch: B): Model =>
    (params, options) =>
      model(batch, { ...options, handlers: [substituted(params), ...(options.handlers ?? [])] })
  const iterate = (key: Key.Key, state: AlternationState<E, M>, batch: B) => {
    const { params } = state
    const eKey = Key.foldInName(key, "eStep")
    const believed = eStep.expect(eKey, on(batch), params, state.eStep, batch)
    const mKey = Key.foldInName(key, "mStep")
    return { believed, raised: mStep.maximize(mKey, params, state.mStep, believed.belief, batch) }
  }
  return {
    init: (key, batch) => {
      const recording = on(batch)(initial, { key, validate: true })
      const known = [...recording.params.keys()]
      const site = Object.keys(initial).find((name) => !known.includes(name))
      if (site !== undefined) throw new UnknownSite({ where: "fitEM: params", site, known })
      const params: ParamTree = Object.fromEntries(
        [...recording.params.values()].map(({ name, value }) => [name, Tree.clone(value)]),
      )
      return {
        params,
        eStep: eStep.init(Key.foldInName(key, "eStep"), on(batch), params, batch),
        mStep: mStep.init(params, supportsOf(recording)),
      }
    },
    step: (key, state, batch) => {
      const { believed, raised } = iterate(key, state, batch)
      const params = Tree.map(raised.params as Tree.Tree, (leaf) => tf.clone(leaf)) as ParamTree
      const health = allFinite([believed.value, ...Tree.leaves(params)])
      return [
        { params, eStep: believed.state, mStep: raised.state },
        { metrics: { ...believed.metrics, [eStep.measures]: believed.value }, health },
      ]
    },
    evaluate: (key, state, batch) => ({
      [eStep.measures]: eStep.expect(key, on(batch), state.params, state.eStep, batch).value,
    }),
    blame: (key, state, batch) => {
      const { believed, raised } = iterate(key, state, batch)
      // Where the E-step came to a number nothing is wrong with it, whatever has no probability there.
      const isSound = firstNonFinite(believed.value) === undefined
      for (const [parameter, leaf] of isSound ? Tree.entries(raised.params) : []) {
        const bad = firstNonFinite(leaf)
        if (bad !== undefined) return { parameter, index: bad.index, found: `${bad.found}, from the M-step` }
      }
      const believe = (params: ParamTree, watch: Handler) => {
        const watched: Model = (at, options) =>
          on(batch)(at, { ...options, handlers: [watch, ...(options.handlers ?? [])] })
        return eStep.expect(Key.foldInName(key, "eStep"), watched, params, state.eStep, batch).value
      }
      const found = blame(state.params, believe, { differentiate: false })
      if (found.site !== undefined || found.parameter !== undefined) return found
      // An E-step that moves parameters of its own may have lost them where no site shows it.
      const { params: own = {} } = believed.state as { readonly params?: ParamTree }
      for (const [parameter, leaf] of Tree.entries(own)) {
        const bad = firstNonFinite(leaf)
        if (bad !== undefined) return { parameter, index: bad.index, found: `${bad.found}, from the E-step` }
      }
      return found
    },
  }
}
