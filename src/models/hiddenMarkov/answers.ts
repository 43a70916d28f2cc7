/**
 * What a fitted hidden Markov model is asked: how likely sequences are, which states they were in, draws.
 *
 *   table_t[i, j] = log p(z_t = j | z_{t−1} = i) + log p(x_t | z_t = j)
 *
 * is summed over all paths, or its best path is found (L. R. Rabiner, 1989, section III). What is missing adds nothing; after
 * a sequence's last observation the state stays what it is, for certain, so that it has no influence on the path before.
 */
import * as tf from "@tensorflow/tfjs-core"
import { type Context, Effect, type Scope } from "effect"
import { Categorical } from "../../distributions/Categorical.ts"
import { simplex } from "../../distributions/Support.ts"
import type { ProgramError } from "../../effects/errors.ts"
import { atParams } from "../../effects/handlers/substitute.ts"
import type { Param, Params, Rest } from "../../effects/Program.ts"
import { checkMember } from "../../effects/place.ts"
import { attempt, run } from "../../effects/run.ts"
import { chainBest, chainFiltered, chainLogSum, chainMarginals } from "../../tensor/chain.ts"
import { InvalidArgument } from "../../tensor/errors.ts"
import * as Key from "../../tensor/Key.ts"
import { scoped } from "../../tensor/Memory.ts"
import { expandRight } from "../../tensor/Shape.ts"
import { where } from "../../tensor/stable.ts"
import type { Emission } from "./emission.ts"
import { filled, mismatch, type Sequences, seenIn, withinOf } from "./sequences.ts"
import { sizeOf } from "./sized.ts"

/** The parameters of a chain, and of emissions that read `R`. */
export type ChainParams<R> = Params<Param<"initial", tf.Tensor> | Param<"transition", tf.Tensor> | R>

/** The likeliest path of each sequence. */
export interface Decoded {
  /** `[N, T]`, int32; after a sequence's last observation the state stays. */
  readonly states: tf.Tensor
  /** log p(x, states), `[N]`. */
  readonly logProb: tf.Tensor
}

/** Sequences that were drawn. */
export interface Sampled {
  /** `[N, T, ...event]`. */
  readonly x: tf.Tensor
  /** `[N, T]`, float32. */
  readonly states: tf.Tensor
}

type Answer<A, R> = Effect.Effect<A, ProgramError, Rest<R> | Scope.Scope>

/**
 * Questions to parameters. What is a tensor lives until the scope closes. Each fails with `ShapeMismatch` where parameters or
 * sequences do not have the model's sizes, with `OutsideSupport` where rows of `initial` or `transition` do not sum to one,
 * and as the emission's distribution refuses its parameters and observations. Sequences that cannot be have probability 0,
 * logarithm −∞: their states have probabilities 0, and the path is state 0 throughout.
 */
export interface Answers<R> {
  /** log p(x) of each sequence, `[N]`. */
  readonly scoreSamples: (params: ChainParams<R>, data: Sequences) => Answer<tf.Tensor, R>
  /** log p(x) of all sequences together: a total, in nats. */
  readonly score: (params: ChainParams<R>, data: Sequences) => Effect.Effect<number, ProgramError, Rest<R>>
  /** p(z_t | x₀ … x_{T−1}), `[N, T, K]`. */
  readonly smooth: (params: ChainParams<R>, data: Sequences) => Answer<tf.Tensor, R>
  /** p(z_t | x₀ … x_t), `[N, T, K]`. */
  readonly filter: (params: ChainParams<R>, data: Sequences) => Answer<tf.Tensor, R>
  /**
   * The likeliest path, by the Viterbi algorithm, exactly (in float64, of float32 log-probabilities). Of several that are
   * alike, the one whose last state is least; of these, the one whose last but one is least; and so on.
   */
  readonly decode: (params: ChainParams<R>, data: Sequences) => Answer<Decoded, R>
  /** The states of {@link decode}, `[N, T]`, int32. */
  readonly predict: (params: ChainParams<R>, data: Sequences) => Answer<tf.Tensor, R>
  /** Draws `sequences` chains of `steps` steps, whole numbers from 1 up (`InvalidArgument`). */
  readonly sample: (
    params: ChainParams<R>,
    size: { readonly sequences: number; readonly steps: number },
    key: Key.Key,
  ) => Answer<Sampled, R>
}

/** The questions, to a model of K states; `problem` is what is wrong with its options. */
export const answers = <P, R>(
  k: number,
  emission: Emission<P, R>,
  problem: InvalidArgument | undefined,
): Answers<R> => {
  /** The answer in a tidy, from checked parameters, the emission's as its program reads them. */
  const ask = <A extends tf.TensorContainer>(
    name: string,
    params: ChainParams<R>,
    answer: (chain: Chain<P>) => A,
  ): Effect.Effect<A, ProgramError, Rest<R>> =>
    Effect.contextWith((context: Context.Context<Rest<R>>) =>
      attempt<A>(() => {
        if (problem !== undefined) throw problem
        return tf.tidy(() => {
          const own = params as unknown as Readonly<Record<"initial" | "transition", tf.Tensor>>
          sizeOf(`HiddenMarkov.${name}: initial`, [k], own.initial)
          sizeOf(`HiddenMarkov.${name}: transition`, [k, k], own.transition)
          checkMember(`HiddenMarkov.${name}: initial`, simplex, own.initial)
          checkMember(`HiddenMarkov.${name}: transition`, simplex, own.transition)
          const handlers = atParams(params as {})
          const emitting = run(emission.params, context as never, { handlers, validate: true }).result
          return answer({ initial: own.initial, transition: own.transition, emitting })
        })
      }),
    )
  const through =
    <A extends tf.TensorContainer>(name: string, answer: (table: tf.Tensor) => A) =>
    (params: ChainParams<R>, data: Sequences): Effect.Effect<A, ProgramError, Rest<R>> =>
      ask(name, params, (chain) => answer(tableOf(`HiddenMarkov.${name}`, k, emission, chain, data)))
  const kept =
    (name: string, answer: (table: tf.Tensor) => tf.Tensor): Answers<R>["smooth"] =>
    (params, data) =>
      scoped(through(name, answer)(params, data), (tensor) => [tensor])
  return {
    scoreSamples: kept("scoreSamples", chainLogSum),
    score: (params, data) =>
      Effect.map(through("score", chainLogSum)(params, data), (terms) => {
        const values = terms.dataSync() as Float32Array
        terms.dispose()
        return values.reduce((sum, term) => sum + term, 0)
      }),
    smooth: kept("smooth", (table) => tf.sum(chainMarginals(table), -2)),
    filter: kept("filter", (table) => tf.exp(chainFiltered(table))),
    decode: (params, data) =>
      scoped(
        through("decode", (table) => {
          const { path, logWeight } = chainBest(table)
          return { states: path, logProb: logWeight }
        })(params, data),
        ({ states, logProb }) => [states, logProb],
      ),
    predict: kept("predict", (table) => chainBest(table).path),
    sample: (params, size, key) =>
      scoped(
        ask("sample", params, (chain) => drawn(emission, chain, size, key)),
        ({ x, states }) => [x, states],
      ),
  }
}

/** What states emit, whatever its parameters' program requires. */
type Emitting<P> = Pick<Emission<P, never>, "at">

/** A chain's parameters, and its emission's. */
interface Chain<P> {
  readonly initial: tf.Tensor
  readonly transition: tf.Tensor
  readonly emitting: P
}

/** `[N, T, K, K]`: the log-probability of each state and its observation after each state before. */
const tableOf = <P>(
  name: string,
  k: number,
  emission: Emitting<P>,
  { initial, transition, emitting }: Chain<P>,
  data: Sequences,
): tf.Tensor => {
  const refused = mismatch(name, data)
  if (refused !== undefined) throw refused
  const [n, steps] = data.x.shape as [number, number]
  const seen = seenIn(data)
  const states = tf.reshape(tf.range(0, k), [k, 1, 1])
  const emitted = emission.at(emitting, states).expand([k, n, steps]).logProb(filled(data.x, seen))
  const isSeen = () => tf.broadcastTo(tf.cast(seen, "bool"), [k, n, steps])
  const emissions = tf.transpose(where(isSeen, emitted, 0), [1, 2, 0])
  // After the end a state is followed by itself; before it, by the transition, and at first by the initial state.
  const within = tf.cast(expandRight(withinOf(seen), 2), "bool")
  const stays = tf.log(tf.eye(k))
  const moves = where(() => tf.broadcastTo(within, [n, steps, k, k]), tf.log(transition), stays)
  const isFirst = () => tf.reshape(tf.equal(tf.range(0, steps), 0), [1, steps, 1, 1])
  const chain = where(() => tf.broadcastTo(isFirst(), [n, steps, k, k]), tf.log(initial), moves)
  return tf.add(chain, tf.expandDims(emissions, 2))
}

/** One step after another; the observations all at once. */
const drawn = <P>(
  emission: Emitting<P>,
  { initial, transition, emitting }: Chain<P>,
  { sequences, steps }: { readonly sequences: number; readonly steps: number },
  key: Key.Key,
): { x: tf.Tensor; states: tf.Tensor } => {
  for (const [name, count] of [["sequences", sequences] as const, ["steps", steps] as const]) {
    if (Number.isInteger(count) && count >= 1) continue
    const expected = `a number of ${name} from 1 up`
    throw new InvalidArgument({ where: "HiddenMarkov.sample", expected, found: String(count) })
  }
  const ofStates = Key.foldInName(key, "z")
  let z = Categorical({ probs: initial }).sample(Key.foldIn(ofStates, 0), [sequences])
  const path = [z]
  for (let t = 1; t < steps; t++) {
    const probs = tf.gather(transition, tf.cast(z, "int32"))
    z = Categorical({ probs }).sample(Key.foldIn(ofStates, t))
    path.push(z)
  }
  const states = tf.stack(path, 1)
  return { x: emission.at(emitting, states).sample(Key.foldInName(key, "x")), states }
}
