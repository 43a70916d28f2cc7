/**
 * A hidden Markov model: a chain of K states that is seen only through what each state emits.
 *
 *   z₀ ~ Categorical(initial),  z_t | z_{t−1} ~ Categorical(transition[z_{t−1}]),  x_t | z_t ~ emission(z_t)
 *
 * (L. R. Rabiner, "A tutorial on hidden Markov models and selected applications in speech recognition", 1989.) The
 * states are sites "z/0", "z/1", … of a `markov` chain, so that enumeration sums them out by the forward algorithm, and
 * the exact E-step is forward-backward.
 *
 * ```ts
 * const hmm = HiddenMarkov.make({ states: 3, size: 40 })
 * const fit = yield* fitEM(hmm.model, { x, mask }, { mStep: closedForm(hmm.maximize), params: { loc } })
 * fit.params.transition      // [3, 3]
 * ```
 *
 * States emit Normals with parameters "loc" and "scale", both `[K]`, unless another `emission` is given.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { Categorical } from "../distributions/Categorical.ts"
import { simplex } from "../distributions/Support.ts"
import { mask as masked } from "../effects/handlers/mask.ts"
import { markov } from "../effects/Markov.ts"
import { param } from "../effects/Param.ts"
import { plate } from "../effects/Plate.ts"
import type { Observe, Param, Sample } from "../effects/Program.ts"
import { observe, sample } from "../effects/Sample.ts"
import { sizeProblem } from "../nn/dense.ts"
import { ShapeMismatch } from "../tensor/errors.ts"
import type { Named } from "../tensor/Named.ts"
import { equals, format } from "../tensor/Shape.ts"
import type { Tree } from "../tensor/Tree.ts"
import {
  type ClosedEmission,
  type Emission,
  type NormalRequirements,
  normalEmission,
} from "./hiddenMarkov/emission.ts"
import { maximized } from "./hiddenMarkov/maximize.ts"
import { refuse } from "./refuse.ts"

export type { ClosedEmission, Emission, NormalRequirements } from "./hiddenMarkov/emission.ts"

/** N sequences of up to T observations. */
export interface Sequences {
  /** `[N, T, ...event]`. */
  readonly x: tf.Tensor
  /** `[N, T]`: 1 where an observation is, 0 where one is missing or the sequence is over. Default: all are there. */
  readonly mask?: tf.Tensor
}

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

/** The model. What its own parameters are: `"initial"` `[K]`, `"transition"` `[K, K]`, each row a probability vector. */
export interface HiddenMarkov<R> {
  /** p(z) p(x | z), observing the sequences; gives the last state. */
  readonly model: (
    data: Sequences,
  ) => Effect.Effect<
    tf.Tensor,
    never,
    | Sample<`z/${number}`, "integerInterval", "score">
    | Observe<`x/${number}`>
    | Param<"initial", tf.Tensor>
    | Param<"transition", tf.Tensor>
    | R
  >
}

/** A hidden Markov model whose emissions have a closed M-step, so that it has one itself. */
export interface ClosedHiddenMarkov<R> extends HiddenMarkov<R> {
  /**
   * The maximum-likelihood parameters under a belief, for `closedForm` (Rabiner, equations 40a to 40c, and the
   * emission's own). A state that is never visited keeps its row and its emission.
   */
  readonly maximize: (
    belief: ChainBelief,
    data: Sequences,
    before: Readonly<Record<string, Tree>>,
  ) => { readonly initial: tf.Tensor; readonly transition: tf.Tensor; readonly [name: string]: Tree }
}

/** What the M-step reads of a belief: each state's probabilities, `[N, K]`, and those of each with the one before it. */
export interface ChainBelief {
  readonly probabilities: Readonly<Record<string, tf.Tensor>>
  readonly joint: Readonly<Record<string, Named>>
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
  const checked = refuse(sizeProblem("HiddenMarkov.make", [k]))
  const reads = Effect.all({
    initial: param("initial", () => tf.fill([k], 1 / k), { support: simplex }),
    transition: param("transition", () => tf.fill([k, k], 1 / k), { support: simplex }),
    emitting: emission.params,
  })
  const model = Effect.fnUntraced(
    function* (data: Sequences) {
      yield* refuse(mismatch(data))(Effect.void)
      const { initial, transition, emitting } = yield* reads
      const steps = tf.unstack(data.x, 1)
      const present = data.mask === undefined ? undefined : tf.unstack(data.mask, 1)
      return yield* markov(steps, undefined as tf.Tensor | undefined, (before, x, t) =>
        Effect.gen(function* () {
          const probs = before === undefined ? initial : tf.gather(transition, tf.cast(before, "int32"))
          const z = yield* sample(`z/${t}`, Categorical({ probs }))
          const emitted = observe(`x/${t}`, emission.at(emitting, z), x)
          yield* present === undefined ? emitted : masked(emitted, present[t]!)
          return z
        }),
      )
    },
    plate("sequences", { size }),
    checked,
  )
  const maximize: ClosedHiddenMarkov<never>["maximize"] = (belief, data, before) =>
    tf.tidy(() => maximized(belief, data, before, emission) as never)
  // Where the emission has no closed M-step, neither has the model, and its type says so.
  return (emission.maximize === undefined ? { model } : { model, maximize }) as ClosedHiddenMarkov<never>
}

const mismatch = ({ x, mask }: Sequences): ShapeMismatch | undefined => {
  const refused = (what: string, expected: string, found: tf.Tensor) =>
    new ShapeMismatch({ where: `HiddenMarkov: ${what}`, expected, found: format(found.shape) })
  if (x.rank < 2 || x.shape[1] === 0) return refused("x", "sequences [N, T, ...event], T above 0", x)
  return mask === undefined || equals(mask.shape, x.shape.slice(0, 2))
    ? undefined
    : refused("mask", format(x.shape.slice(0, 2)), mask)
}
