/**
 * Stochastic variational inference as an algorithm: parameters of model and guide climb the objective together.
 *
 *   (θ, φ) ← (θ, φ) + optimizer(∇ objective(θ, φ; batch, key))
 *
 * (Hoffman et al. 2013; Kingma & Welling 2014 for the amortized case.) Parameters are kept unconstrained; a program
 * sees their image in its `support`.
 */
import * as tf from "@tensorflow/tfjs-core"
import { biject } from "../distributions/Transform.ts"
import { MissingParam, SiteMismatch, UnknownSite } from "../effects/errors.ts"
import { substituted } from "../effects/handlers/substitute.ts"
import type { Handler } from "../effects/Interpreter.ts"
import type { Recording } from "../effects/run.ts"
import { InvalidArgument, ShapeMismatch } from "../tensor/errors.ts"
import { allFinite } from "../tensor/fused.ts"
import { valueAndGradient } from "../tensor/gradient.ts"
import type * as Key from "../tensor/Key.ts"
import * as Shape from "../tensor/Shape.ts"
import * as Tree from "../tensor/Tree.ts"
import type { Algorithm } from "./Algorithm.ts"
import { blame } from "./blame.ts"
import { checkWhole } from "./minibatches.ts"
import { checkMoving, watched } from "./moving.ts"
import type { Memory, Objective, Progress } from "./Objective.ts"
import type { Optimizer, OptimizerState } from "./Optimizer.ts"
import { onBatch, type ProgramPair, pair, telling } from "./programs.ts"
import { GRADIENT_NORM } from "./Telemetry.ts"

/** Unconstrained parameters by name. */
export type ParamTree = { readonly [name: string]: Tree.Tree }

/** What the next step needs. */
export interface SviState {
  readonly params: ParamTree
  readonly optimizer: OptimizerState
  /** What the objective remembers. */
  readonly memory: Memory
  /** What the optimizer's updates are multiplied by: 1 until a fit has had to shrink its steps. */
  readonly rate: number
}

/** What {@link svi} does besides. */
export interface SviOptions {
  /** Whether a step's metrics hold the norm of its gradient; default false. */
  readonly measureGradient?: boolean
  /** How many rows the data have, if every batch holds them all: the plates are checked against it. */
  readonly whole?: number | undefined
}

/** The algorithm for these programs. Its state's parameters come from {@link SviState}, the guide's first. */
export const svi = <B>(
  programs: ProgramPair<B>,
  objective: Objective<never, string>,
  optimizer: Optimizer,
  initial: ParamTree = {},
  { measureGradient = false, whole }: SviOptions = {},
): Algorithm<B, SviState> => {
  const estimate = (
    params: ParamTree,
    key: Key.Key,
    batch: B,
    progress?: Progress,
    handlers: ReadonlyArray<Handler> = [],
    given = programs,
  ) =>
    objective.estimate(
      onBatch(given, batch, [constrained(params), ...handlers]),
      key,
      progress !== undefined,
      progress,
    )
  const progressOf = ({ optimizer, memory }: SviState): Progress => ({ step: optimizer.count, memory })
  return {
    init: (key, batch) => {
      const params = firstParams(programs, key, batch, initial, whole)
      return { params, optimizer: optimizer.init(params), memory: {}, rate: 1 }
    },
    step: (key, state, batch) => {
      const progress = progressOf(state)
      const guides = new Set<string>()
      const given = progress.step === 0 ? watched(programs, guides) : programs
      const { value, aux, gradient, untouched } = valueAndGradient(state.params, (params) => {
        const { loss, metrics, memory = {} } = estimate(params, key, batch, progress, [], given)
        return { value: loss, aux: { ...metrics, ...renamed(memory, (name) => `${remembered}${name}`) } }
      })
      checkMoving(guides, state.params, untouched)
      const [memory, parts] = parted(aux, (name) => name.startsWith(remembered))
      const { updates, state: optimizerState } = optimizer.update(gradient, state.optimizer, state.params)
      const params = Tree.zipWith(state.params, updates as ParamTree, (param, update) =>
        tf.add(param, state.rate === 1 ? update : tf.mul(update, state.rate)),
      )
      const metrics = measureGradient ? { ...parts, [GRADIENT_NORM]: Tree.norm(gradient) } : parts
      const health = allFinite([value, ...Tree.leaves(gradient)])
      return [
        {
          params,
          optimizer: optimizerState,
          memory: renamed(memory, (name) => name.slice(remembered.length)),
          rate: state.rate,
        },
        { metrics, health },
      ]
    },
    evaluate: (key, state, batch) => estimate(state.params, key, batch).metrics,
    blame: (key, state, batch) => {
      const { told, isGuide } = telling(programs)
      return blame(
        state.params,
        (params, watch) => estimate(params, key, batch, progressOf(state), [watch], told).loss,
        { isGuide },
      )
    },
    shrink: (state) => ({ ...state, rate: state.rate / 2 }),
  }
}

/** Marks what the objective remembers among a step's by-products. */
const remembered = "memory: "

const renamed = (tensors: Memory, rename: (name: string) => string): Memory =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [rename(name), tensor]))

/** The tensors whose names `belong`, and the others. */
const parted = (tensors: Memory, belong: (name: string) => boolean): readonly [Memory, Memory] => {
  const part = (side: boolean): Memory =>
    Object.fromEntries(Object.entries(tensors).filter(([name]) => belong(name) === side))
  return [part(true), part(false)]
}

/** Every parameter that the programs read at this state, constrained. The tensors are new. */
export const paramsAt = <B>(programs: ProgramPair<B>, state: SviState, key: Key.Key, batch: B): ParamTree => {
  const [guide, model] = pair(onBatch(programs, batch, [constrained(state.params)]), key, false)
  const read = [...guide.params.values(), ...model.params.values()]
  return Object.fromEntries(read.map(({ name, value }) => [name, Tree.clone(value)]))
}

/** Answers each parameter with the image of its unconstrained value in the parameter's support. */
export const constrained =
  (params: ParamTree): Handler =>
  (outer) => ({
    ...outer,
    param: (site) => {
      if (site.hidden) return outer.param(site)
      const unconstrained = params[site.name]
      if (unconstrained === undefined) {
        throw new MissingParam({ param: site.name, known: Object.keys(params) })
      }
      const { forward } = biject(site.support)
      return outer.param({ ...site, value: Tree.map(unconstrained, forward) })
    },
  })

/** The first value of every parameter, from one run of guide and model in which everything is checked. */
const firstParams = <B>(
  programs: ProgramPair<B>,
  key: Key.Key,
  batch: B,
  initial: ParamTree,
  whole: number | undefined,
): ParamTree => {
  const [guide, model] = pair(onBatch(programs, batch, [substituted(initial)]), key, true, true)
  checkTied(guide, model)
  if (whole !== undefined) checkWhole(model, whole)
  const params: Record<string, Tree.Tree> = {}
  for (const { name, value, support } of [...guide.params.values(), ...model.params.values()]) {
    // A program may hand over a tensor of its own as `init`; the state's tensors must be the state's.
    params[name] ??= Tree.map(value, (leaf) => tf.clone(biject(support).inverse(leaf)))
  }
  if (Tree.count(params) === 0) {
    throw new InvalidArgument({
      where: "fitSVI",
      expected: "a model or guide with at least one parameter",
      found: "none: there is nothing to fit",
    })
  }
  const known = Object.keys(params)
  const site = Object.keys(initial).find((name) => !known.includes(name))
  if (site !== undefined) throw new UnknownSite({ where: "fitSVI: params", site, known })
  return params
}

/** Refuses a parameter that guide and model share and do not mean alike: there is one unconstrained value for both. */
const checkTied = (guide: Recording, model: Recording): void => {
  for (const { name, support, value } of model.params.values()) {
    const other = guide.params.get(name)
    if (other === undefined) continue
    if (other.support.name !== support.name) {
      throw new SiteMismatch({
        reason: "guide and model disagree on the support of parameter",
        sites: [name],
      })
    }
    Tree.zipWith(other.value, value, (theirs, ours) => {
      if (Shape.equals(theirs.shape, ours.shape)) return ours
      throw new ShapeMismatch({
        where: `parameter "${name}" of guide and model`,
        expected: `one shape: ${Shape.format(theirs.shape)}, as in the guide`,
        found: Shape.format(ours.shape),
      })
    })
  }
}
