/**
 * A hidden Markov model: a chain of K states that is seen only through what each state emits.
 *
 *   z₀ ~ Categorical(initial),  z_t | z_{t−1} ~ Categorical(transition[z_{t−1}]),  x_t | z_t ~ emission(z_t)
 *
 * (L. R. Rabiner, "A tutorial on hidden Markov models and selected applications in speech recognition", 1989.) The
 * states are one site "z" of a `scan`, so that enumeration sums them out by the forward algorithm, and the exact E-step is
 * forward-backward.
 *
 * ```ts
 * const hmm = HiddenMarkov.make({ states: 3, size: 40 })
 * const params = yield* hmm.initialize({ x, mask }, { method: "k-means", key })
 * const fit = yield* fitEM(hmm.model, { x, mask }, { mStep: closedForm(hmm.maximize), params })
 * const { states } = yield* hmm.decode(fit.params, { x, mask })     // [N, T]
 * ```
 *
 * States emit Normals with parameters "loc" and "scale", both `[K]`, unless another `emission` is given.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { Categorical } from "../distributions/Categorical.ts"
import { simplex } from "../distributions/Support.ts"
import { mask as masked } from "../effects/handlers/mask.ts"
import { param } from "../effects/Param.ts"
import { plate } from "../effects/Plate.ts"
import type { Observe, Param, Sample } from "../effects/Program.ts"
import { observe, sample } from "../effects/Sample.ts"
import { scan } from "../effects/Scan.ts"
import { sizeProblem } from "../nn/dense.ts"
import type { Named } from "../tensor/Named.ts"
import type { Tree } from "../tensor/Tree.ts"
import { type Answers, answers } from "./hiddenMarkov/answers.ts"
import {
  type ClosedEmission,
  type Emission,
  type NormalRequirements,
  normalEmission,
} from "./hiddenMarkov/emission.ts"
import { type Initialize, initialize } from "./hiddenMarkov/initialize.ts"
import { maximized } from "./hiddenMarkov/maximize.ts"
import { mismatch, type Sequences, timeFirst } from "./hiddenMarkov/sequences.ts"
import { sized } from "./hiddenMarkov/sized.ts"
import { refuse } from "./refuse.ts"

export type { Answers, Decoded, Sampled } from "./hiddenMarkov/answers.ts"
export type { ClosedEmission, Emission, NormalRequirements } from "./hiddenMarkov/emission.ts"

export type { Initialization, Initialize } from "./hiddenMarkov/initialize.ts"
export type { Sequences } from "./hiddenMarkov/sequences.ts"

/** Sizes are whole numbers from 1 up. */
export interface HiddenMarkovOptions {
  /** K. */
  readonly states: number
  /** How many sequences there are: the size of the plate `"sequences"`. */
  readonly size: number
}

/** The same with emissions of one's own. */
export interface EmittingOptions<E> extends HiddenMarkovOptions {
  readonly emission: E
}

/** What the model's own programs read: `"initial"` `[K]` and `"transition"` `[K, K]`, each row a probability vector. */
export type ChainRequirements = Param<"initial", tf.Tensor> | Param<"transition", tf.Tensor>

/** The model, and what a fitted one is asked (see {@link Answers}). */
export interface HiddenMarkov<R> extends Answers<R> {
  /** p(z) p(x | z), observing the sequences, time first: `[T, N, ...event]`; gives the states, `[T, N]`. */
  readonly model: (
    data: Sequences,
  ) => Effect.Effect<
    tf.Tensor,
    never,
    Sample<"z", "integerInterval", "score"> | Observe<"x"> | ChainRequirements | R
  >
}

/** A hidden Markov model whose emissions have a closed M-step, so that it has one itself. */
export interface ClosedHiddenMarkov<R> extends HiddenMarkov<R> {
  /**
   * The maximum-likelihood parameters under a belief, for `closedForm` (Rabiner, equations 40a to 40c, and the
   * emission's own). A state that is never visited keeps its row and its emission. Throws `InvalidArgument` for a belief that
   * does not know each state together with the one before it.
   */
  readonly maximize: (
    belief: ChainBelief,
    data: Sequences,
    before: Readonly<Record<string, Tree>>,
  ) => { readonly initial: tf.Tensor; readonly transition: tf.Tensor; readonly [name: string]: Tree }
  /**
   * First parameters, which live until the scope closes: the emissions of K means of the observations, whatever their order,
   * and the chain of the nearest means, each transition counted once more than it is seen. Or parameters of an earlier fit,
   * checked and copied.
   */
  readonly initialize: Initialize<R>
}

/**
 * What the M-step reads of a belief: the states' probabilities, `[T, N, K]`, and those of each with the one before it, or draws
 * of the states that tell them.
 */
export interface ChainBelief {
  readonly probabilities: Readonly<Record<string, tf.Tensor>>
  readonly joint: Readonly<Record<string, Named>>
  /** Of the states, `[draws, T, N]`. */
  readonly draws?: Readonly<Record<string, tf.Tensor>>
}

/**
 * A hidden Markov model. Sizes that cannot be are refused when it runs, with `InvalidArgument` or `PlateError`, and
 * sequences that do not fit with `ShapeMismatch`.
 */
export const make: {
  <P extends {}, R>(options: EmittingOptions<ClosedEmission<P, R>>): ClosedHiddenMarkov<R>
  <P extends {}, R>(options: EmittingOptions<Emission<P, R>>): HiddenMarkov<R>
  (options: HiddenMarkovOptions & { readonly emission?: undefined }): ClosedHiddenMarkov<NormalRequirements>
} = (options: HiddenMarkovOptions & Partial<EmittingOptions<unknown>>): ClosedHiddenMarkov<never> => {
  const { states: k, size } = options
  // What an emission's parameters are matters to it alone.
  const emission = (options.emission ?? normalEmission(k)) as ClosedEmission<{}, never>
  const problem = sizeProblem("HiddenMarkov.make", [k])
  const checked = refuse(problem)
  const reads = Effect.all({
    initial: sized(
      "initial",
      [k],
      param("initial", () => tf.fill([k], 1 / k), { support: simplex }),
    ),
    transition: sized(
      "transition",
      [k, k],
      param("transition", () => tf.fill([k, k], 1 / k), { support: simplex }),
    ),
    emitting: emission.params,
  })
  const model = Effect.fnUntraced(
    function* (data: Sequences) {
      yield* refuse(mismatch("HiddenMarkov", data))(Effect.void)
      const { initial, transition, emitting } = yield* reads
      // The chain starts in a state of its own, K, whose row is the initial one.
      const rows = tf.concat([transition, tf.expandDims(initial, 0)])
      return yield* scan("time", timeFirst(data), tf.scalar(k), (before, { x, mask }) =>
        Effect.gen(function* () {
          const probs = tf.gather(rows, tf.cast(before, "int32"))
          const z = yield* sample("z", Categorical({ probs }))
          const emitted = observe("x", emission.at(emitting, z), x)
          yield* mask === undefined ? emitted : masked(emitted, mask)
          return z
        }),
      )
    },
    plate("sequences", { size }),
    checked,
  )
  const maximize: ClosedHiddenMarkov<never>["maximize"] = (belief, data, before) =>
    tf.tidy(() => maximized(belief, data, before, emission) as never)
  const asked = answers(k, emission, problem)
  // Where the emission has no closed M-step, neither has the model, and its type says so.
  return (
    emission.maximize === undefined
      ? { model, ...asked }
      : { model, ...asked, maximize, initialize: initialize(k, emission, problem) }
  ) as ClosedHiddenMarkov<never>
}
